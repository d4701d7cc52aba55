//! What users tell of themselves and ask of each other: metadata, and calls.

mod calls;

pub use calls::RpcOutcome;
pub(super) use calls::{Calls, HeldCall};

use super::channel::Channel;
use super::state::Shared;
use super::task::Command;
use super::validate;
use crate::client::people::{OwnChange, Person};
use crate::client::voice::not_found;
use crate::event::ConnectionState;
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

fn connected(shared: &Shared) -> Result<()> {
    if shared.state == ConnectionState::Connected { Ok(()) } else { Err(shared.not_connected()) }
}

impl Channel {
    /// What is known of a user in the room; the empty name is this user.
    pub fn person(&self, user: &str) -> Result<Arc<Person>> {
        let shared = self.inner.open()?;
        connected(&shared)?;
        let user = if user.is_empty() { &shared.user } else { user };
        let found = shared.people.find(user).cloned();
        found.ok_or_else(|| not_found(user))
    }

    /// What is known of the room, as JSON.
    pub fn room_info(&self) -> Result<String> {
        let shared = self.inner.open()?;
        connected(&shared)?;
        Ok(shared.people.room_json().to_string())
    }

    /// Asks the server to tell something else of this user, and waits for its answer. OK or TIMED_OUT.
    pub fn change_own(&self, change: OwnChange, timeout: Option<Duration>) -> Result<Status> {
        if change == OwnChange::default() {
            let text = "name, metadata and attributes are all empty: give what is to change";
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        validate::optional_name("name", &change.name)?;
        let shared = self.inner.open()?;
        connected(&shared)?;
        drop(shared);
        let (answer, answered) = sync_channel(1);
        let done = Box::new(move |outcome: Result<()>| {
            if let Err(std::sync::mpsc::TrySendError::Disconnected(Err(error))) = answer.try_send(outcome) {
                crate::log::log(crate::log::Level::Warn, &error.text);
            }
        });
        self.inner.command(Command::ChangeOwn(change, done))?;
        let outcome = match timeout {
            // Nobody waits: a refusal is a line in the log.
            Some(Duration::ZERO) => return Ok(Status::TIMED_OUT),
            Some(timeout) => answered.recv_timeout(timeout),
            None => answered.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match outcome {
            Ok(Ok(())) => Ok(Status::OK),
            Ok(Err(error)) if error.status == Status::TIMED_OUT => Ok(Status::TIMED_OUT),
            Ok(Err(error)) => Err(error),
            Err(RecvTimeoutError::Timeout) => Ok(Status::TIMED_OUT),
            Err(RecvTimeoutError::Disconnected) => {
                let text = "the connection ended before the server had answered; look again when it is back";
                Err(Error::new(Status::DISCONNECTED, text))
            }
        }
    }
}

/// Reads attributes: a JSON object of strings. Empty text: none.
pub(crate) fn attributes(json: &str) -> Result<BTreeMap<String, String>> {
    if json.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(json).map_err(|error| {
        let text = format!("attributes is no JSON object of strings ({error}): give one such as {{\"seat\": \"3\"}}");
        Error::new(Status::BAD_ARGUMENT, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_strings() {
        assert_eq!(attributes(r#"{"a": "1", "b": ""}"#).unwrap()["a"], "1");
        assert!(attributes("").unwrap().is_empty());
        for wrong in ["[]", "{\"a\": 1}", "{", "null"] {
            assert_eq!(attributes(wrong).unwrap_err().status, Status::BAD_ARGUMENT, "{wrong}");
        }
    }
}
