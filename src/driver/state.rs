//! What a channel's handle, its task on the shard and its callbacks share.

use super::channel::{Channel, ChannelOptions, EventCallback};
use super::dispatch::{Scheduled, Slot, Source};
use super::engine;
use super::events::EventQueue;
use super::stream::{FrameCallback, Shape, Stream};
use super::task::Command;
use crate::audio::jitter::Delivery;
use crate::audio::send::SendQueue;
use crate::client::hearing::FrameSink;
use crate::client::voice::Voice;
use crate::event::{ConnectionState, Event, EventBody, Reason, SubscribeState};
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, mpsc};

/// Events handed to a callback before others get their turn.
const TURN: usize = 16;

/// A channel, behind its handles.
pub(super) struct Inner {
    pub(super) options: ChannelOptions,
    pub(super) engine: Arc<engine::Parts>,
    pub(super) queue: Arc<SendQueue>,
    pub(super) pushed: Arc<Notify>,
    pub(super) events: EventQueue,
    pub(super) event_callback: Slot<EventCallback>,
    pub(super) frame_callback: Arc<Slot<FrameCallback>>,
    pub(super) scheduled: Scheduled,
    pub(super) data_room: Arc<Semaphore>,
    pub(super) shared: Mutex<Shared>,
    pub(super) changed: Condvar,
    pub(super) this: Weak<Inner>,
}

/// What the application asks for, as of the last change.
pub(super) struct Shared {
    pub(super) state: ConnectionState,
    pub(super) since: Instant,
    pub(super) why: Error,
    pub(super) user: String,
    pub(super) token: String,
    pub(super) users: Vec<(Arc<str>, SubscribeState)>,
    pub(super) streams: BTreeMap<String, Weak<super::stream::Inner>>,
    pub(super) mix: Weak<super::stream::Inner>,
    /// Streams that live for the channel's frame callback alone.
    pub(super) for_callback: Vec<Stream>,
    pub(super) muted: bool,
    pub(super) may_send_data: bool,
    pub(super) commands: Option<mpsc::Sender<Command>>,
    pub(super) closed: bool,
}

impl Shared {
    pub(super) fn subscribe_state(&self, user: &str) -> Option<SubscribeState> {
        self.users.iter().find(|(known, _)| **known == *user).map(|(_, state)| *state)
    }
}

impl Inner {
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
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
        let shared = self.lock();
        if shared.closed && !matches!(command, Command::Leave) {
            return Err(closed());
        }
        let commands = shared.commands.as_ref();
        let commands =
            commands.ok_or_else(|| Error::new(Status::BAD_STATE, "the channel is not connected; connect it first"))?;
        commands
            .try_send(command)
            .map_err(|_| Error::new(Status::BUSY, "too many calls wait for this channel; try again in a moment"))
    }

    pub(super) fn known(&self, user: &str) -> Result<()> {
        let shared = self.lock();
        if shared.closed {
            return Err(closed());
        }
        if shared.state != ConnectionState::Connected {
            return Err(Error::new(Status::BAD_STATE, "the channel is not connected; connect it first"));
        }
        match shared.subscribe_state(user) {
            Some(_) => Ok(()),
            None => Err(Error::new(
                Status::NOT_FOUND,
                format!("no user '{user}' is in the room; wait for user_joined, or look at the users"),
            )),
        }
    }

    pub(super) fn make_stream(&self, user: &str) -> Stream {
        let shape = Shape {
            rate: self.options.sample_rate,
            channels: self.options.channels,
            queue_ms: self.options.receive_queue_ms,
            overflow: self.options.receive_overflow(),
        };
        Stream::new(user, &shape, self.frame_callback.clone(), self.engine.dispatcher.clone())
    }

    /// Opens a stream for every user that has none, for the channel's frame callback.
    pub(super) fn open_for_callback(&self) {
        let Some(inner) = self.this.upgrade() else { return };
        let channel = Channel { inner };
        for user in channel.users() {
            let Ok(stream) = channel.stream(&user) else { continue };
            stream.inner.wake_callback();
            let mut shared = self.lock();
            shared.for_callback.retain(|kept| !kept.is_over());
            if !shared.for_callback.iter().any(|kept| Arc::ptr_eq(&kept.inner, &stream.inner)) {
                shared.for_callback.push(stream);
            }
        }
    }

    pub(super) fn delivery(&self) -> Delivery {
        if self.options.eager { Delivery::Eager } else { Delivery::Steady }
    }

    /// An event for the application.
    pub(super) fn publish(&self, body: EventBody, now: Instant) {
        self.events.push(Event { time_us: self.engine.clock.micros(now), body });
        self.wake_callback();
    }

    pub(super) fn wake_callback(&self) {
        if let Some(this) = self.this.upgrade().filter(|_| self.event_callback.is_set()) {
            let source: Arc<dyn Source> = this;
            self.engine.dispatcher.wake(&source);
        }
    }

    /// Takes over what the voice knows now.
    pub(super) fn update(&self, voice: &Voice) {
        let mut shared = self.lock();
        shared.users = voice.users().map(|(user, state)| (user.clone(), state)).collect();
        if !voice.identity().is_empty() {
            shared.user = voice.identity().into();
        }
        if let Some(token) = voice.refreshed_token() {
            shared.token = token.into();
        }
        shared.may_send_data = voice.may_send_data();
        shared.set_state(voice.state());
        shared.why = voice.why().clone();
        drop(shared);
        self.changed.notify_all();
        if self.frame_callback.is_set() {
            self.open_for_callback();
        }
    }

    /// A connection that failed before, or without, its session.
    pub(super) fn fail(&self, reason: Reason, status: Status, text: String) {
        self.over(ConnectionState::Failed, reason, status, text);
    }

    /// A connection that was given up before it had a session.
    pub(super) fn gone(&self) {
        self.over(ConnectionState::Disconnected, Reason::Requested, Status::OK, String::new());
    }

    pub(super) fn over(&self, new: ConnectionState, reason: Reason, status: Status, text: String) {
        let mut shared = self.lock();
        let elapsed_us = shared.since.elapsed().as_micros() as u64;
        let old = shared.state;
        shared.users.clear();
        shared.why = Error::new(status, text.clone());
        shared.set_state(new);
        drop(shared);
        self.changed.notify_all();
        self.publish(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us }, Instant::now());
    }
}

impl Shared {
    pub(super) fn set_state(&mut self, state: ConnectionState) {
        if state != self.state {
            self.since = Instant::now();
        }
        self.state = state;
        if matches!(state, ConnectionState::Disconnected | ConnectionState::Failed) {
            self.commands = None;
            // Also those that the session had not heard of yet.
            let streams = std::mem::take(&mut self.streams);
            streams.values().filter_map(Weak::upgrade).for_each(|stream| FrameSink::close(&*stream));
        }
    }
}

impl Source for Inner {
    fn scheduled(&self) -> &Scheduled {
        &self.scheduled
    }

    fn run(&self) -> bool {
        for _ in 0..TURN {
            if !self.event_callback.is_set() {
                return false;
            }
            let Some(event) = self.events.pop(Some(Duration::ZERO)) else { return false };
            self.event_callback.run(|call| call(&event));
        }
        true
    }
}

pub(super) fn closed() -> Error {
    Error::new(Status::CLOSED, "the channel was closed with its engine; free it")
}
