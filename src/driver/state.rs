//! What a channel's handle, its task on the shard and its callbacks share.

mod changes;
mod shared;
#[cfg(test)]
mod tests;

pub(super) use shared::{Shared, pass};

use super::channel::{Channel, ChannelOptions};
use super::dispatch::{Scheduled, Slot};
use super::engine;
use super::events::EventQueue;
use super::listeners::Listeners;
use super::stats::{Board, ChannelStats};
use super::stream::{FrameCallback, Shape, Stream};
use super::task::Command;
use crate::audio::jitter::Delivery;
use crate::audio::send::SendQueue;
use crate::client::rpc::Callee;
use crate::client::voice::not_found;
use crate::message::queue::MessageQueue;
use crate::{Error, Result, Status};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};

/// A channel, behind its handles.
pub(super) struct Inner {
    pub(super) options: ChannelOptions,
    pub(super) engine: Arc<engine::Parts>,
    pub(super) queue: Arc<SendQueue>,
    pub(super) pushed: Arc<Notify>,
    pub(super) messages: Arc<MessageQueue>,
    /// The methods that this user answers.
    pub(super) callee: Arc<Callee>,
    /// The server lets this user send sound, as far as is known.
    pub(super) may_speak: AtomicBool,
    pub(super) events: EventQueue,
    pub(super) listeners: Listeners,
    pub(super) frame_callback: Arc<Slot<FrameCallback>>,
    pub(super) scheduled: Scheduled,
    pub(super) data_room: Arc<Semaphore>,
    pub(super) dump_lost: Arc<AtomicU64>,
    pub(super) shared: Mutex<Shared>,
    pub(super) changed: Condvar,
    /// The connection's numbers, and those of the connections before it.
    pub(super) counted: Board<ChannelStats>,
    pub(super) data_refused: AtomicU64,
    pub(super) this: Weak<Inner>,
}

impl Inner {
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock of a channel that is to be used: CLOSED where it was closed.
    pub(super) fn open(&self) -> Result<MutexGuard<'_, Shared>> {
        let shared = self.lock();
        if shared.closed { Err(closed()) } else { Ok(shared) }
    }

    /// Waits until `done`; false: the time was over first.
    pub(super) fn wait(
        &self,
        timeout: Option<Duration>,
        done: impl Fn(&Shared) -> bool,
    ) -> (MutexGuard<'_, Shared>, bool) {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut shared = self.lock();
        while !done(&shared) {
            shared = match until {
                None => self.changed.wait(shared).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return (shared, false);
                    }
                    self.changed.wait_timeout(shared, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        (shared, true)
    }

    pub(super) fn command(&self, command: Command) -> Result<()> {
        self.open()?.command(command)
    }

    /// Has the connection end, if there is one, once what was asked for before is done.
    pub(super) fn leave(&self) {
        self.lock().leaving.notify_one();
    }

    pub(super) fn known(&self, user: &str) -> Result<()> {
        let shared = self.open()?;
        shared.in_room()?;
        match shared.subscribe_state(user) {
            Some(_) => Ok(()),
            None => Err(not_found(user)),
        }
    }

    pub(super) fn make_stream(&self, user: &str, track: &str) -> Stream {
        let shape = Shape {
            rate: self.options.sample_rate,
            channels: self.options.channels,
            queue_ms: self.options.receive_queue_ms,
            overflow: self.options.receive_overflow(),
        };
        // A callback for everyone's frames could not tell a named track from the voice.
        let for_all = if track.is_empty() { self.frame_callback.clone() } else { Arc::new(Slot::new()) };
        Stream::new(user, track, &shape, for_all, self.engine.dispatcher.clone(), self.this.clone())
    }

    /// Opens a stream for every user that has none, for the channel's frame callback.
    pub(super) fn open_for_callback(&self) {
        let Some(inner) = self.this.upgrade() else { return };
        let channel = Channel { inner };
        // What a stream's own callback owns is released without the lock.
        let _over: Vec<_>;
        let users = {
            let mut shared = self.lock();
            _over = shared.for_callback.extract_if(.., |_, kept| kept.is_over()).collect();
            let users = shared.users.iter().map(|(user, _)| user);
            users.filter(|user| !shared.for_callback.contains_key(*user)).cloned().collect::<Vec<_>>()
        };
        for user in users {
            if let Ok(stream) = channel.stream(&user) {
                stream.inner.wake_callback();
                self.lock().for_callback.insert(user, stream);
            }
        }
    }

    pub(super) fn delivery(&self) -> Delivery {
        if self.options.eager { Delivery::Eager } else { Delivery::Steady }
    }
}

pub(super) fn closed() -> Error {
    Error::new(Status::CLOSED, "the channel was closed with its engine; free it")
}
