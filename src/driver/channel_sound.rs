//! A channel's voice detection and its dump.

use super::channel::Channel;
use super::dump::{DUMP_PATIENCE, DumpOptions, Subject};
use super::state::pass;
use super::task::Command;
use crate::client::gate::VadConfig;
use crate::client::tap::Tap;
use crate::{Error, Result, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Channel {
    /// Listens for speech in every stream of a user; None: no more. Events tell its beginnings and ends, and so do frames.
    pub fn set_vad(&self, config: Option<VadConfig>) -> Result<()> {
        if let Some(config) = &config {
            config.speech.validate()?;
            self.pre_roll_fits(config)?;
        }
        let mut shared = self.inner.open()?;
        let room = shared.reserve()?;
        shared.vad = config;
        pass(room, Command::SetVad(config));
        Ok(())
    }

    /// The pre-roll comes all at once: a stream has to hold it, beside what it already has.
    fn pre_roll_fits(&self, config: &VadConfig) -> Result<()> {
        let (pre_roll, queue) = (config.speech.pre_roll().as_millis(), u128::from(self.inner.options.receive_queue_ms));
        if !config.speech_only || pre_roll * 2 <= queue {
            return Ok(());
        }
        let text = format!(
            "pre_start_recognize_count and start_recognize_count are {pre_roll} ms together, which with speech_only is more than \
             half of receive_queue_ms ({queue}): give less, or make the channel with a larger one"
        );
        Err(Error::new(Status::BAD_ARGUMENT, text))
    }

    /// Writes what is sent and heard to WAV files; None ends that and completes the files, for which it waits at most a second.
    /// Another dump takes the place of the one before.
    pub fn set_dump(&self, options: Option<DumpOptions>) -> Result<()> {
        let inner = &self.inner;
        if let Some(options) = &options {
            options.validate()?;
        }
        let mut shared = inner.open()?;
        let room = shared.reserve()?;
        let begin = |options| {
            let subject = Subject {
                room: inner.options.name.clone(),
                user: shared.user.clone(),
                rate: inner.options.sample_rate,
                channels: inner.options.channels,
                lost: inner.dump_lost.clone(),
            };
            inner.engine.dumper.begin(options, subject, inner.engine.clock).map(Arc::new)
        };
        let dump = options.map(begin).transpose()?;
        let old = std::mem::replace(&mut shared.dump, dump.clone());
        pass(room, Command::SetTap(dump.map(|dump| dump as Arc<dyn Tap>)));
        drop(shared);
        if let Some(old) = old {
            old.end(DUMP_PATIENCE);
        }
        Ok(())
    }

    /// Frames that are in no file of this channel's dumps, since a bound was reached.
    pub fn dump_dropped(&self) -> u64 {
        self.inner.dump_lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use crate::audio::speech::SpeechConfig;
    use crate::client::gate::VadConfig;
    use crate::driver::{Channel, ChannelOptions, DUMP_BYTES, DumpOptions, Engine, EngineOptions, ReadOutcome};
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    const LONG: Option<Duration> = Some(Duration::from_secs(20));
    const RATE: u32 = 24_000;

    fn join(engine: &Engine, user: &str) -> Channel {
        let options =
            ChannelOptions { name: "a/room".into(), user: user.into(), subscribe_all: true, ..Default::default() };
        let channel = engine.create_channel(options).unwrap();
        channel.connect(LONG).unwrap();
        channel
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("stoa-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn tone(hertz: f64, seconds: f64) -> Vec<i16> {
        let angle = |n: usize| std::f64::consts::TAU * hertz * n as f64 / f64::from(RATE);
        (0..(seconds * f64::from(RATE)) as usize).map(|n| (angle(n).sin() * 9000.0) as i16).collect()
    }

    /// The file's loud part: where it begins and how long it is, seconds, and its frequency.
    fn found(path: &Path) -> (f64, f64, f64) {
        let samples: Vec<i16> = hound::WavReader::open(path).unwrap().into_samples().map(|s| s.unwrap()).collect();
        let loud = |s: &i16| s.unsigned_abs() > 4000;
        let (first, last) = (samples.iter().position(loud).unwrap(), samples.iter().rposition(loud).unwrap());
        let crossings = samples[first..last].windows(2).filter(|w| (w[0] < 0) != (w[1] < 0)).count();
        let seconds = (last - first) as f64 / f64::from(RATE);
        (first as f64 / f64::from(RATE), seconds, crossings as f64 / 2.0 / seconds)
    }

    fn wait_until(what: &str, done: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !done() {
            assert!(Instant::now() < end, "{what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Bob speaks, then ada; whether her dump in this directory has both, as long, as high and as far apart as they were.
    fn has_both(ada: &Channel, bob: &Channel, directory: &Path) -> bool {
        let options = DumpOptions { directory: directory.into(), max_bytes: DUMP_BYTES, sent: true, heard: true };
        ada.set_dump(Some(options)).unwrap();
        // Nobody holds a stream: the dump alone hears bob.
        bob.push(&tone(800.0, 1.0), LONG).unwrap();
        bob.wait_played(LONG).unwrap();
        ada.push(&tone(500.0, 1.0), LONG).unwrap();
        ada.wait_played(LONG).unwrap();
        wait_until("both files", || directory.read_dir().unwrap().count() == 2);
        ada.set_dump(None).unwrap();
        let heard = found(&directory.join("a_room-ada-heard-bob_...wav"));
        let sent = found(&directory.join("a_room-ada-sent.wav"));
        eprintln!("heard {heard:?}, sent {sent:?}");
        (heard.2 - 800.0).abs() < 15.0
            && (sent.2 - 500.0).abs() < 15.0
            && (0.9..1.3).contains(&heard.1)
            && (0.9..1.1).contains(&sent.1)
            // Laid over each other: ada began when bob had said it all.
            && (0.7..1.6).contains(&(sent.0 - heard.0))
    }

    #[test]
    fn a_dump_has_both_sides_of_a_conversation() {
        let engine = Engine::new(EngineOptions { app_id: "app".into(), ..Default::default() }).unwrap();
        let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob/.."));
        wait_until("ada hears bob", || ada.subscribe_state("bob/..") as u32 == 3);
        // A machine that stands still in the midst of it leaves a gap; one time it does not.
        let fits = (0..5).any(|round| {
            let directory = directory(&format!("both-sides-{round}"));
            let fits = has_both(&ada, &bob, &directory);
            std::fs::remove_dir_all(directory).unwrap();
            fits
        });
        assert!(fits, "no time of five");
        assert_eq!(ada.dump_dropped(), 0);
        engine.close(Duration::from_secs(2)).unwrap();
    }

    #[test]
    fn a_directory_that_goes_away_does_not_disturb_the_media() {
        let directory = directory("gone");
        let engine = Engine::new(EngineOptions { app_id: "app".into(), ..Default::default() }).unwrap();
        let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
        wait_until("ada hears bob", || ada.subscribe_state("bob") as u32 == 3);
        let stream = ada.stream("bob").unwrap();
        let options = DumpOptions { directory: directory.clone(), max_bytes: DUMP_BYTES, sent: true, heard: true };
        ada.set_dump(Some(options.clone())).unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
        bob.push(&tone(800.0, 3.0), LONG).unwrap();
        let mut pcm = [0; 1920];
        for _ in 0..45 {
            let read = stream.read(&mut pcm, &mut Default::default(), LONG).unwrap();
            assert!(matches!(read, ReadOutcome::Frame(_)), "{read:?}");
        }
        assert!(ada.set_dump(Some(options)).unwrap_err().text.contains("make it first"));
        ada.set_dump(None).unwrap();
        engine.close(Duration::from_secs(2)).unwrap();
        assert!(!directory.exists());
    }

    #[test]
    fn a_pre_roll_that_no_stream_holds_is_refused() {
        let engine = Engine::new(EngineOptions { app_id: "app".into(), ..Default::default() }).unwrap();
        let options = ChannelOptions { name: "room".into(), ..Default::default() };
        let channel = engine.create_channel(options).unwrap();
        let speech = SpeechConfig { pre_start_recognize_count: 71, ..Default::default() };
        let refused = channel.set_vad(Some(VadConfig { speech, speech_only: true })).unwrap_err();
        assert!(
            refused.text.contains("1010 ms") && refused.text.contains("receive_queue_ms (2000)"),
            "{}",
            refused.text
        );
        channel.set_vad(Some(VadConfig { speech, speech_only: false })).unwrap();
        engine.close(Duration::from_secs(2)).unwrap();
    }
}
