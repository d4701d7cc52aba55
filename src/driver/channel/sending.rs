//! Data packets and messages on their way out.

use super::Channel;
use crate::client::voice::not_allowed;
use crate::driver::state::{Shared, closed};
use crate::driver::task::Command;
use crate::driver::{random_u64, validate};
use crate::message::chunks::{Chunks, Outgoing};
use crate::{Error, Result, Status};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

impl Channel {
    /// Sends a data packet. `to` empty: everyone. QUEUE_FULL: too many wait, nothing was taken.
    pub fn send_data(&self, payload: &[u8], reliable: bool, topic: &str, to: &[&str]) -> Result<()> {
        validate::data_length(payload.len())?;
        let shared = self.inner.lock();
        shared.in_room()?;
        if !shared.may_send_data {
            return Err(not_allowed());
        }
        drop(shared);
        let permit = self.inner.data_room.clone().try_acquire_owned().map_err(|_| {
            self.inner.data_refused.fetch_add(1, Relaxed);
            Error::new(Status::QUEUE_FULL, "too many data packets wait to be sent; try again in a moment")
        })?;
        let to = to.iter().map(|user| user.to_string()).collect();
        self.inner.command(Command::Data { payload: payload.to_vec(), reliable, topic: topic.into(), to, permit })
    }

    /// Queues a message and returns its ticket; an empty id lets the library choose one. Without a connection it waits for the
    /// next one. QUEUE_FULL: too many wait, nothing was taken.
    pub fn send_message(&self, mut message: Outgoing) -> Result<u64> {
        validate::message(&message)?;
        if message.id.is_empty() {
            // LiveKit's clients know streams by their id alone, whoever sent them.
            message.id = format!("{:016x}", random_u64());
        }
        let chunks = Chunks::new(message)?;
        let shared = self.inner.open()?;
        if shared.in_room().is_ok() && !shared.may_send_data {
            return Err(not_allowed());
        }
        // Under the lock: a connection that ends now fails it, or it waits for the next.
        self.inner.messages.push(chunks)
    }

    /// Waits until a message has left. OK or TIMED_OUT; otherwise why it did not leave.
    pub fn wait_sent(&self, ticket: u64, timeout: Option<Duration>) -> Result<Status> {
        let done = |shared: &Shared| shared.closed || self.inner.messages.outcome(ticket).is_some();
        let (shared, _) = self.inner.wait(timeout, done);
        match self.inner.messages.outcome(ticket) {
            Some(outcome) => outcome.map(|()| Status::OK),
            None if shared.closed => Err(closed()),
            None => Ok(Status::TIMED_OUT),
        }
    }
}
