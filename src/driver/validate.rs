//! What options may say: one sentence for everything that they may not.

use super::dial::Target;
use super::webhook::Hook;
use super::{ChannelOptions, EngineOptions, ServerOptions};
use crate::message::chunks::Outgoing;
use crate::{Error, Result, Status};
use std::time::Duration;

/// The longest room name, identity, app id and topic, bytes of UTF-8.
pub const MAX_NAME: usize = 256;

/// The rates that a channel may have, Hz.
pub const SAMPLE_RATES: [u32; 6] = [8000, 16000, 24000, 32000, 44100, 48000];

fn bad(text: String) -> Error {
    Error::new(Status::BAD_ARGUMENT, text)
}

fn range(what: &str, value: u32, low: u32, high: u32, unit: &str) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(bad(format!("{what} is {value}: give {low} to {high}{unit}, or 0 for the default")))
}

/// Checks a name that may be empty: at most [`MAX_NAME`] bytes, no zero byte (C could not read it back).
pub fn optional_name(what: &str, name: &str) -> Result<()> {
    if name.len() > MAX_NAME {
        return Err(bad(format!("{what} is {} bytes long: give at most {MAX_NAME}", name.len())));
    }
    if name.contains('\0') {
        return Err(bad(format!("{what} contains a zero byte: remove it")));
    }
    Ok(())
}

/// Checks a name that must be there, and is shorter than others: 1 to `most` bytes.
pub fn name_of(what: &str, name: &str, most: usize) -> Result<()> {
    if name.is_empty() {
        return Err(bad(format!("{what} is empty: give 1 to {most} bytes")));
    }
    if name.len() > most {
        return Err(bad(format!("{what} is {} bytes long: give at most {most}", name.len())));
    }
    optional_name(what, name)
}

/// Checks a name that must be there: 1 to [`MAX_NAME`] bytes.
pub fn name(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(bad(format!("{what} is empty: give 1 to {MAX_NAME} bytes")));
    }
    optional_name(what, name)
}

/// The longest data packet, bytes: with its envelope it stays below the 64 kB that data channels carry.
pub const MAX_DATA: usize = 60_000;

/// Checks the length of a data packet.
pub fn data_length(length: usize) -> Result<()> {
    if length <= MAX_DATA {
        return Ok(());
    }
    Err(bad(format!("a data packet of {length} bytes is too long: give at most {MAX_DATA}")))
}

/// Bytes of all the names that a message is for: they go with each of its parts.
const MAX_RECIPIENT_BYTES: usize = 16 * 1024;

/// Checks a message's id, topic and recipients; the rest is [`crate::message::chunks::Chunks::new`]'s.
pub fn message(message: &Outgoing) -> Result<()> {
    optional_name("message_id", &message.id)?;
    optional_name("topic", &message.topic)?;
    let bytes: usize = message.to.iter().map(String::len).sum();
    if bytes > MAX_RECIPIENT_BYTES {
        return Err(bad(format!(
            "the users in to have {bytes} bytes: give at most {MAX_RECIPIENT_BYTES}, or none for everyone"
        )));
    }
    Ok(())
}

/// Checks how long a token is to be valid: 1 second to 10 years.
pub fn token_ttl(ttl: Duration) -> Result<()> {
    const TEN_YEARS: u64 = 10 * 366 * 24 * 3600;
    if (1..=TEN_YEARS).contains(&ttl.as_secs()) {
        return Ok(());
    }
    Err(bad(format!("a token's time of {} s is out of range: give 1 s to 10 years", ttl.as_secs())))
}

impl EngineOptions {
    /// Checks everything that can be checked before the engine starts.
    pub fn validate(&self) -> Result<()> {
        name("app_id", &self.app_id)?;
        optional_name("app_certificate", &self.app_certificate)?;
        if !self.url.is_empty() {
            Target::parse(&self.url)?;
        }
        if self.threads > 64 {
            return Err(bad(format!("threads is {}: give 1 to 64, or 0 for the default", self.threads)));
        }
        Ok(())
    }
}

impl ChannelOptions {
    /// Checks everything that can be checked before the channel is made.
    pub fn validate(&self) -> Result<()> {
        name("name", &self.name)?;
        optional_name("user", &self.user)?;
        if self.uid != 0 && !self.user.is_empty() && self.user != self.uid.to_string() {
            return Err(bad(format!("user is \"{}\" and uid is {}: give only one of them", self.user, self.uid)));
        }
        if !SAMPLE_RATES.contains(&self.sample_rate) {
            return Err(bad(format!(
                "sample_rate is {} Hz: give 8000, 16000, 24000, 32000, 44100 or 48000",
                self.sample_rate
            )));
        }
        if !(1..=2).contains(&self.channels) {
            return Err(bad(format!("channels is {}: give 1 (mono) or 2 (stereo)", self.channels)));
        }
        range("send_queue_ms", self.send_queue_ms, 20, 600_000, " ms")?;
        if self.send_policy > 2 {
            return Err(bad(format!(
                "send_policy is {}: give STOA_QUEUE_DEFAULT (0, refuse), STOA_QUEUE_DROP_OLDEST (1) or STOA_QUEUE_DROP_NEWEST (2)",
                self.send_policy
            )));
        }
        range("receive_queue_ms", self.receive_queue_ms, 2_000, 60_000, " ms")?;
        if !(1..=2).contains(&self.receive_policy) {
            return Err(bad(format!(
                "receive_policy is {}: give STOA_QUEUE_DROP_OLDEST (1, the default) or STOA_QUEUE_DROP_NEWEST (2)",
                self.receive_policy
            )));
        }
        range("reconnect_timeout_ms", self.reconnect_timeout_ms, 1_000, 3_600_000, " ms")?;
        range("bitrate", self.bitrate, 6_000, 510_000, " bits a second")
    }
}

impl ServerOptions {
    /// Checks everything that can be checked before the server binds.
    pub fn validate(&self) -> Result<()> {
        if self.keys.is_empty() {
            return Err(bad("keys is empty: give at least one KEY:SECRET, or nobody could join".into()));
        }
        for (key, secret) in &self.keys {
            name("a key", key)?;
            name("the secret of a key", secret)?;
        }
        Hook::parse_all(&self.webhooks).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: ChannelOptions, word: &str) {
        let error = options.validate().unwrap_err();
        assert_eq!(error.status, Status::BAD_ARGUMENT);
        assert!(error.text.contains(word), "{}", error.text);
    }

    fn good() -> ChannelOptions {
        ChannelOptions { name: "room".into(), ..ChannelOptions::default() }
    }

    #[test]
    fn channel_options() {
        good().validate().unwrap();
        ChannelOptions { name: "é".repeat(128), uid: 7, user: "7".into(), ..good() }.validate().unwrap();
        refused(ChannelOptions { name: String::new(), ..good() }, "empty");
        refused(ChannelOptions { name: "é".repeat(129), ..good() }, "258 bytes");
        refused(ChannelOptions { user: "a\0b".into(), ..good() }, "zero byte");
        refused(ChannelOptions { user: "ada".into(), uid: 7, ..good() }, "only one");
        refused(ChannelOptions { sample_rate: 22050, ..good() }, "22050 Hz");
        refused(ChannelOptions { channels: 3, ..good() }, "channels");
        refused(ChannelOptions { send_queue_ms: 19, ..good() }, "send_queue_ms");
        refused(ChannelOptions { send_policy: 3, ..good() }, "send_policy");
        refused(ChannelOptions { receive_queue_ms: 1999, ..good() }, "receive_queue_ms");
        refused(ChannelOptions { receive_policy: 0, ..good() }, "receive_policy");
        refused(ChannelOptions { bitrate: 510_001, ..good() }, "bitrate");
    }

    #[test]
    fn engine_options() {
        let good = EngineOptions { app_id: "app".into(), ..EngineOptions::default() };
        good.validate().unwrap();
        EngineOptions { url: "ws://host".into(), ..good.clone() }.validate().unwrap();
        for url in ["host:7880", "ftp://host", "ws://", "ws:/host"] {
            let error = EngineOptions { url: url.into(), ..good.clone() }.validate().unwrap_err();
            assert!(error.text.contains(url), "{}", error.text);
        }
        assert!(EngineOptions { app_id: String::new(), ..good.clone() }.validate().is_err());
        assert!(EngineOptions { threads: 65, ..good }.validate().is_err());
    }

    #[test]
    fn server_options_and_token_times() {
        let mut options = ServerOptions::default();
        assert!(options.validate().is_err());
        options.keys = vec![("key".into(), "secret".into())];
        options.validate().unwrap();
        options.webhooks = vec!["ftp://hooks".into()];
        assert!(options.validate().unwrap_err().text.contains("https://"));
        options.webhooks = vec!["http://host/".into()];
        options.validate().unwrap();
        options.keys.push(("other".into(), String::new()));
        assert!(options.validate().is_err());
        token_ttl(Duration::from_secs(3600)).unwrap();
        assert!(token_ttl(Duration::from_millis(999)).is_err());
        assert!(token_ttl(Duration::MAX).is_err());
    }
}
