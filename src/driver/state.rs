//! What a channel's handle, its task on the shard and its callbacks share.

use super::channel::{Channel, ChannelOptions};
use super::dispatch::{Scheduled, Slot, Source};
use super::dump::Dump;
use super::engine;
use super::events::EventQueue;
use super::listeners::{Listeners, Told};
use super::people::Calls;
use super::stats::{Board, ChannelStats};
use super::stream::{FrameCallback, Shape, Stream};
use super::task::Command;
use crate::audio::jitter::Delivery;
use crate::audio::send::SendQueue;
use crate::client::gate::VadConfig;
use crate::client::hearing::FrameSink;
use crate::client::messages::gone;
use crate::client::people::People;
use crate::client::rpc::Callee;
use crate::client::voice::{Voice, not_found};
use crate::event::{ConnectionState, Event, EventBody, Reason, SubscribeState};
use crate::log::{self, Level};
use crate::message::queue::MessageQueue;
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
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

/// What the application asks for, as of the last change.
pub(super) struct Shared {
    pub(super) state: ConnectionState,
    /// The state that the last event told, and when.
    pub(super) told: (ConnectionState, Instant),
    pub(super) why: Error,
    pub(super) user: String,
    pub(super) token: String,
    /// The token is the application's: the library builds none in its place.
    pub(super) token_given: bool,
    /// The token is new, and the connection has not heard of it yet.
    pub(super) token_on_its_way: bool,
    pub(super) users: Vec<(Arc<str>, SubscribeState)>,
    pub(super) streams: BTreeMap<String, Weak<super::stream::Inner>>,
    pub(super) mix: Weak<super::stream::Inner>,
    /// Streams that live for the channel's frame callback alone.
    pub(super) for_callback: BTreeMap<Arc<str>, Stream>,
    pub(super) muted: bool,
    /// Calls that mute or unmute, on their way to the connection: what it tells of the microphone meanwhile is older than they are.
    pub(super) mutes: u32,
    pub(super) vad: Option<VadConfig>,
    pub(super) dump: Option<Arc<Dump>>,
    pub(super) may_send_data: bool,
    pub(super) calls: Calls,
    /// Who is in the room; empty without a connection.
    pub(super) people: Arc<People>,
    pub(super) commands: Option<mpsc::Sender<Command>>,
    /// The present connection is to end. Beside the commands, of which there can be too many.
    pub(super) leaving: Arc<Notify>,
    /// Subscribe commands that were passed on, and those whose outcome `users` has.
    pub(super) subscribes: u64,
    pub(super) subscribes_taken: u64,
    pub(super) closed: bool,
}

impl Shared {
    /// Passes a command on to the connection.
    pub(super) fn command(&self, command: Command) -> Result<()> {
        self.room()?.send(command);
        Ok(())
    }

    /// Room for one command on its way to the connection.
    pub(super) fn room(&self) -> Result<mpsc::OwnedPermit<Command>> {
        let commands = self.commands.clone().ok_or_else(|| self.not_connected())?;
        let busy = |_| Error::new(Status::BUSY, "too many calls wait for this channel; try again in a moment");
        commands.try_reserve_owned().map_err(busy)
    }

    /// Passes on what a connection is also told at its beginning: without one there is nothing to do.
    pub(super) fn tell(&self, command: Command) -> Result<()> {
        self.reserve().map(|room| pass(room, command))
    }

    /// The room for that; where there is none, the wish is not taken.
    pub(super) fn reserve(&self) -> Result<Option<mpsc::OwnedPermit<Command>>> {
        self.commands.is_some().then(|| self.room()).transpose()
    }

    /// The channel is in its room, or on its way back there.
    pub(super) fn in_room(&self) -> Result<()> {
        match self.state {
            ConnectionState::Connected | ConnectionState::Reconnecting => Ok(()),
            _ => Err(self.not_connected()),
        }
    }

    /// Why a call that needs the connection cannot be done in this state, and what to do.
    pub(super) fn not_connected(&self) -> Error {
        let text = match self.state {
            ConnectionState::Connecting => "the channel is still connecting; wait until it is connected",
            ConnectionState::Reconnecting => "the channel is reconnecting; wait until it is connected again",
            _ => "the channel is not connected; connect it first",
        };
        Error::new(Status::BAD_STATE, text)
    }

    pub(super) fn subscribe_state(&self, user: &str) -> Option<SubscribeState> {
        self.users.iter().find(|(known, _)| **known == *user).map(|(_, state)| *state)
    }
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

    pub(super) fn make_stream(&self, user: &str) -> Stream {
        let shape = Shape {
            rate: self.options.sample_rate,
            channels: self.options.channels,
            queue_ms: self.options.receive_queue_ms,
            overflow: self.options.receive_overflow(),
        };
        Stream::new(user, &shape, self.frame_callback.clone(), self.engine.dispatcher.clone(), self.this.clone())
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

    /// An event for the application.
    pub(super) fn publish(&self, mut body: EventBody, now: Instant) {
        self.note(&body);
        // Under the lock, so that they come in the order in which the states did; only these, since streams tell of
        // themselves while the lock is held.
        let mut shared = matches!(body, EventBody::ConnectionStateChanged { .. }).then(|| self.lock());
        if shared.as_mut().is_some_and(|shared| !shared.follows(&mut body, now)) {
            return;
        }
        self.log(&body, shared.as_deref());
        let called = self.events.push(Event { time_us: self.engine.clock.micros(now), body });
        if shared.take().is_some() {
            self.changed.notify_all();
        }
        if called {
            self.wake_callback();
        }
    }

    /// The connection's changes, and for who looks closely that there are events. `shared` is locked for the former.
    fn log(&self, body: &EventBody, shared: Option<&Shared>) {
        let room = &self.options.name;
        let (level, text) = match (body, shared) {
            (EventBody::ConnectionStateChanged { old, new, text, .. }, Some(shared)) if log::enabled(Level::Info) => {
                let because = if text.is_empty() { "" } else { ": " };
                (Level::Info, format!("{} in {room} is {new:?}, was {old:?}{because}{text}", shared.user))
            }
            (_, None) if log::enabled(Level::Debug) => {
                let name = body.kind().name().to_string_lossy();
                (Level::Debug, format!("{} in {room}: event {name}", self.options.user))
            }
            _ => return,
        };
        log::log(level, &text);
    }

    /// Lets the dispatch thread take what is for callbacks.
    pub(super) fn wake_callback(&self) {
        if let Some(this) = self.this.upgrade() {
            let source: Arc<dyn Source> = this;
            self.engine.dispatcher.wake(&source);
        }
    }

    /// Takes over what the voice knows now, after so many more commands to subscribe.
    pub(super) fn update(&self, voice: &Voice, subscribes: u64) {
        let mut shared = self.lock();
        shared.subscribes_taken += subscribes;
        shared.users = voice.users().map(|(user, state)| (user.clone(), state)).collect();
        if !voice.identity().is_empty() {
            shared.user = voice.identity().into();
        }
        if let Some(token) = voice.refreshed_token().filter(|_| !shared.token_on_its_way) {
            shared.token = token.into();
        }
        shared.may_send_data = voice.may_send_data();
        shared.people = voice.people().clone();
        let joined = !voice.identity().is_empty() && voice.state() == ConnectionState::Connected;
        self.may_speak.store(!joined || shared.people.own().may_speak(), Relaxed);
        shared.set_state(voice.state());
        shared.why = voice.why().clone();
        drop(shared);
        self.changed.notify_all();
        if self.frame_callback.is_set() {
            self.open_for_callback();
        }
    }

    /// The connection has a new token.
    pub(super) fn renewed(&self, token: &str) {
        let mut shared = self.lock();
        shared.token_on_its_way &= shared.token != token;
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
        // Before the lock: who waits for a message looks under it, and is woken after it.
        let failed = self.messages.fail(&gone(&text));
        let mut shared = self.lock();
        let old = shared.state;
        shared.users.clear();
        shared.people = Arc::default();
        self.may_speak.store(true, Relaxed);
        shared.why = Error::new(status, text.clone());
        shared.set_state(new);
        drop(shared);
        let now = Instant::now();
        self.changed.notify_all();
        failed.into_iter().for_each(|event| self.publish(event, now));
        self.publish(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us: 0 }, now);
    }
}

impl Shared {
    /// Makes a connection's event follow the last one: sessions come and go, and each counts from its own beginning.
    /// False: it says nothing new.
    fn follows(&mut self, body: &mut EventBody, now: Instant) -> bool {
        let EventBody::ConnectionStateChanged { old, new, elapsed_us, .. } = body else { return true };
        let (before, since) = self.told;
        if *new == before {
            return false;
        }
        *old = before;
        *elapsed_us = now.saturating_duration_since(since).as_micros() as u64;
        self.told = (*new, now);
        true
    }

    pub(super) fn set_state(&mut self, state: ConnectionState) {
        self.state = state;
        if matches!(state, ConnectionState::Disconnected | ConnectionState::Failed) {
            self.commands = None;
            self.token_on_its_way = false;
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
            let Some(event) = self.events.pop_called() else { return false };
            let told = Told::new(event);
            if !self.listeners.deliver(&told, &self.events) {
                self.events.put_back(told.into_event());
                return false;
            }
        }
        true
    }
}

/// Passes on what there was room for; without a connection there is nothing to do.
pub(super) fn pass(room: Option<mpsc::OwnedPermit<Command>>, command: Command) {
    if let Some(room) = room {
        room.send(command);
    }
}

pub(super) fn closed() -> Error {
    Error::new(Status::CLOSED, "the channel was closed with its engine; free it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{Engine, EngineOptions};

    /// Connection states by event: old, new, and the time in between, which the events' own times confirm.
    #[test]
    fn connection_events_follow_each_other_over_sessions() {
        use ConnectionState::{Connected, Connecting, Disconnected, Failed};
        let long = Some(Duration::from_secs(20));
        let options = EngineOptions { app_id: "key".into(), app_certificate: "secret".into(), ..Default::default() };
        let engine = Engine::new(options).unwrap();
        // Nobody answers there: the port was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (app_id, app_certificate) = ("key".into(), "secret".into());
        let url = format!("ws://{free}");
        let nowhere =
            Engine::new(EngineOptions { app_id, app_certificate, url, threads: 1, ..Default::default() }).unwrap();
        let named = || ChannelOptions { name: "room".into(), user: "ada".into(), ..Default::default() };
        let (there, nobody) = (engine.create_channel(named()).unwrap(), nowhere.create_channel(named()).unwrap());
        for _ in 0..2 {
            there.connect(long).unwrap();
            there.disconnect(long).unwrap();
            assert_eq!(nobody.connect(long).unwrap_err().status, Status::UNREACHABLE);
        }
        let changes = |channel: &Channel, count: usize| -> Vec<_> {
            let mut last = None;
            let change = |event: Event| {
                let EventBody::ConnectionStateChanged { old, new, status, elapsed_us, .. } = event.body else {
                    return None;
                };
                if let Some(last) = last.replace(event.time_us) {
                    // Each is rounded by itself.
                    assert!((event.time_us - last).abs_diff(elapsed_us) <= 2, "{elapsed_us} µs");
                }
                Some((old, new, status))
            };
            let events = std::iter::from_fn(|| channel.poll_event(long).unwrap());
            events.filter_map(change).take(count).collect()
        };
        let once = [(Connecting, Connected, Status::OK), (Connected, Disconnected, Status::OK)];
        let begin = (Disconnected, Connecting, Status::OK);
        assert_eq!(changes(&there, 6), [[begin].as_slice(), &once, &[begin], &once].concat());
        let failed = (Connecting, Failed, Status::UNREACHABLE);
        let again = (Failed, Connecting, Status::OK);
        assert_eq!(changes(&nobody, 4), [begin, failed, again, failed]);
    }
}
