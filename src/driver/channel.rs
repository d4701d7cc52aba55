//! A channel: the application's side of one conversation.

use super::dial::SIGNALS;
use super::dispatch::{Scheduled, Slot};
use super::engine;
use super::events::EventQueue;
use super::listeners::{EventCallback, Listeners};
use super::people::Calls;
use super::state::{Inner, Shared, closed, pass};
use super::stats::{Board, ChannelStats};
use super::stream::{CALLBACK_PATIENCE, FrameCallback, Stream};
use super::task::{self, Command};
use crate::audio::ring::Overflow;
use crate::audio::send::{Backpressure, MarkError, Playout, PushOutcome, PushStatus, SendQueue};
use crate::client::hearing::FrameSink;
use crate::client::reconnect::RECONNECT_TIMEOUT;
use crate::client::voice::not_allowed;
use crate::event::{ConnectionState, Event, EventBody, EventKind, Reason, SubscribeState};
use crate::message::chunks::{Chunks, Outgoing};
use crate::message::queue::MessageQueue;
use crate::token::pass;
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, mpsc};

/// How long a token that the library builds is valid.
const TOKEN_TTL: Duration = Duration::from_secs(3600);
/// Data packets on their way to the shard.
const MAX_DATA_WAITING: usize = 128;
/// How long closing takes at most: for a callback that runs, and for the farewell.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
/// How long the farewell may take.
const FAREWELL_PATIENCE: Duration = Duration::from_millis(500);

/// How a channel is made.
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    /// The room's name, 1 to 256 bytes.
    pub name: String,
    /// The identity; empty with `uid` 0 lets the library choose one. At most 256 bytes.
    pub user: String,
    /// A numeric identity; used where `user` is empty.
    pub uid: u32,
    /// The caller's own token; empty: built from the engine's app id and certificate.
    pub token: String,
    /// 8000, 16000, 24000, 32000, 44100 or 48000 Hz.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
    /// Subscribe to every user as they publish.
    pub subscribe_all: bool,
    /// Deliver each frame the moment it can be decoded, instead of on an even clock.
    pub eager: bool,
    /// Capacity of the send queue, milliseconds.
    pub send_queue_ms: u32,
    /// What a full send queue does: 0 refuse, 1 drop oldest, 2 drop newest.
    pub send_policy: u32,
    /// Capacity of each stream's ring, milliseconds, at least 2000.
    pub receive_queue_ms: u32,
    /// What a full stream ring does: 1 drop oldest (default), 2 drop newest.
    pub receive_policy: u32,
    /// Opus bit rate, bits a second.
    pub bitrate: u32,
    /// Publish no microphone; pushing is an error.
    pub listen_only: bool,
    /// For how long a lost connection is tried to be made again, milliseconds, 1,000 to 3,600,000.
    pub reconnect_timeout_ms: u32,
    /// A lost connection is the end.
    pub no_reconnect: bool,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        ChannelOptions {
            name: String::new(),
            user: String::new(),
            uid: 0,
            token: String::new(),
            sample_rate: 24000,
            channels: 1,
            subscribe_all: false,
            eager: false,
            send_queue_ms: 30_000,
            send_policy: 0,
            receive_queue_ms: 2_000,
            receive_policy: 1,
            bitrate: 24_000,
            listen_only: false,
            reconnect_timeout_ms: RECONNECT_TIMEOUT.as_millis() as u32,
            no_reconnect: false,
        }
    }
}

/// A channel. Cloning shares it.
#[derive(Clone)]
pub struct Channel {
    pub(super) inner: Arc<Inner>,
}

impl Channel {
    pub(super) fn new(engine: Arc<engine::Parts>, options: ChannelOptions) -> Result<Channel> {
        options.validate()?;
        let (user, token) = identity(&engine, &options)?;
        let pushed = Arc::new(Notify::new());
        let queue = {
            let pushed = pushed.clone();
            let capacity = u64::from(options.sample_rate) * u64::from(options.send_queue_ms) / 1000;
            let waker = Box::new(move || pushed.notify_one());
            SendQueue::new(options.channels as usize, capacity as usize, options.backpressure(), waker)
        };
        let messages = {
            let pushed = pushed.clone();
            MessageQueue::new(Box::new(move || pushed.notify_one()))
        };
        let shared = Shared {
            state: ConnectionState::Disconnected,
            told: (ConnectionState::Disconnected, Instant::now()),
            why: Error::new(Status::OK, ""),
            user,
            token,
            token_given: !options.token.is_empty(),
            token_on_its_way: false,
            users: Vec::new(),
            streams: BTreeMap::new(),
            mix: Weak::new(),
            for_callback: BTreeMap::new(),
            muted: false,
            mutes: 0,
            vad: None,
            dump: None,
            may_send_data: true,
            calls: Calls::default(),
            people: Arc::default(),
            commands: None,
            leaving: Arc::default(),
            subscribes: 0,
            subscribes_taken: 0,
            closed: false,
        };
        let inner = Arc::new_cyclic(|this| Inner {
            options,
            engine,
            queue: Arc::new(queue),
            pushed,
            messages: Arc::new(messages),
            callee: Arc::default(),
            may_speak: AtomicBool::new(true),
            events: EventQueue::default(),
            listeners: Listeners::default(),
            frame_callback: Arc::new(Slot::new()),
            scheduled: Scheduled::default(),
            data_room: Arc::new(Semaphore::new(MAX_DATA_WAITING)),
            dump_lost: Arc::default(),
            shared: Mutex::new(shared),
            changed: Condvar::new(),
            counted: Board::default(),
            data_refused: AtomicU64::new(0),
            this: this.clone(),
        });
        Ok(Channel { inner })
    }

    /// Joins. Zero timeout: returns at once (OK) and reports by event; None waits for ever. Fails at state 5 with why.
    /// A join that takes longer than the timeout is given up: TIMED_OUT, state 1.
    pub fn connect(&self, timeout: Option<Duration>) -> Result<()> {
        let inner = &self.inner;
        let (commands, receiver) = mpsc::channel(SIGNALS);
        // The end of the last connection is told before the beginning of this one.
        let told = |shared: &Shared| shared.closed || shared.told.0 == shared.state;
        let (mut shared, _) = inner.wait(Some(FAREWELL_PATIENCE), told);
        if shared.closed {
            return Err(closed());
        }
        if !matches!(shared.state, ConnectionState::Disconnected | ConnectionState::Failed) || shared.commands.is_some()
        {
            return Err(Error::new(Status::BAD_STATE, "the channel is connected or connecting; disconnect it first"));
        }
        if !shared.token_given {
            // The one of an earlier connect may have expired since.
            shared.token = inner.engine.build_token(&inner.options.name, &shared.user, TOKEN_TTL)?;
        }
        shared.state = ConnectionState::Connecting;
        shared.mutes = u32::from(shared.muted);
        if shared.muted {
            let _ = commands.try_send(Command::Mute(true));
        }
        if let Some(mix) = shared.mix.upgrade() {
            let _ = commands.try_send(Command::OpenMix(Stream { inner: mix }.sink()));
        }
        if shared.vad.is_some() {
            let _ = commands.try_send(Command::SetVad(shared.vad));
        }
        if let Some(dump) = &shared.dump {
            let _ = commands.try_send(Command::SetTap(Some(dump.clone())));
        }
        shared.commands = Some(commands);
        // What the last connection did not come to is over with it.
        (shared.leaving, shared.subscribes_taken) = (Arc::default(), shared.subscribes);
        let start = task::Start {
            inner: inner.clone(),
            token: shared.token.clone(),
            commands: receiver,
            leaving: shared.leaving.clone(),
            pushed: inner.pushed.clone(),
        };
        drop(shared);
        inner.publish(connecting(), Instant::now());
        if let Err(error) = inner.engine.spawn(move || task::run(start)) {
            inner.fail(Reason::Internal, error.status, error.text.clone());
            return Err(error);
        }
        if timeout == Some(Duration::ZERO) {
            return Ok(());
        }
        let done = |shared: &Shared| !matches!(shared.state, ConnectionState::Connecting);
        let (shared, in_time) = inner.wait(timeout, done);
        match shared.state {
            ConnectionState::Failed => Err(shared.why.clone()),
            _ if !in_time => {
                drop(shared);
                inner.leave();
                drop(inner.wait(Some(FAREWELL_PATIENCE), |shared| shared.commands.is_none()));
                Err(Error::new(Status::TIMED_OUT, "the join took longer than the timeout and was given up"))
            }
            ConnectionState::Disconnected => {
                Err(Error::new(Status::DISCONNECTED, "the channel was disconnected while it was connecting"))
            }
            _ => Ok(()),
        }
    }

    /// Leaves; waits until state 1. Zero timeout: returns at once (OK), and an event tells the rest.
    /// A channel that is not connected is left as it is.
    pub fn disconnect(&self, timeout: Option<Duration>) -> Result<()> {
        if self.inner.lock().commands.is_none() {
            return Ok(());
        }
        self.inner.leave();
        if timeout == Some(Duration::ZERO) {
            return Ok(());
        }
        let (shared, in_time) = self.inner.wait(timeout, |shared| shared.commands.is_none());
        drop(shared);
        if in_time { Ok(()) } else { Err(Error::new(Status::TIMED_OUT, "still leaving; the end comes as an event")) }
    }

    /// Makes the connection again now: in state 4 it ends the wait for the next attempt, in state 3 it gives the connection up
    /// and comes back from new sockets. Does not wait. Other states: BAD_STATE.
    pub fn reconnect(&self) -> Result<()> {
        let shared = self.inner.open()?;
        if self.inner.options.no_reconnect {
            return Err(Error::new(
                Status::BAD_STATE,
                "the channel was made with no_reconnect; disconnect it, and connect it again",
            ));
        }
        shared.in_room()?;
        shared.command(Command::Reconnect)
    }

    /// The connection's state.
    pub fn state(&self) -> ConnectionState {
        self.inner.lock().state
    }

    /// The user's own identity (chosen when the options left it open).
    pub fn user(&self) -> String {
        self.inner.lock().user.clone()
    }

    /// The room's name.
    pub fn name(&self) -> String {
        self.inner.options.name.clone()
    }

    /// The token in use.
    pub fn token(&self) -> String {
        self.inner.lock().token.clone()
    }

    /// Takes a token in place of the one in use, without leaving. It must be for the same room and user; the server verifies it.
    pub fn renew_token(&self, token: &str) -> Result<()> {
        let mut shared = self.inner.open()?;
        token_user(token, &self.inner.options.name, Some(&shared.user))?;
        if shared.commands.is_some() {
            shared.command(Command::RenewToken(token.into()))?;
            shared.token_on_its_way = true;
        }
        shared.token = token.into();
        shared.token_given = true;
        Ok(())
    }

    /// Pushes interleaved 16-bit PCM. Returns the samples (each channel) accepted, and why it was not all:
    /// OK, QUEUE_FULL, TIMED_OUT or INTERRUPTED are statuses beside the count; misuse is an error.
    pub fn push(&self, pcm: &[i16], timeout: Option<Duration>) -> Result<(usize, Status)> {
        self.may_speak()?;
        outcome(self.inner.queue.push(pcm, timeout))
    }

    /// The same for floats in -1..1.
    pub fn push_f32(&self, pcm: &[f32], timeout: Option<Duration>) -> Result<(usize, Status)> {
        self.may_speak()?;
        outcome(self.inner.queue.push_f32(pcm, timeout))
    }

    fn may_ever_speak(&self) -> Result<()> {
        if self.inner.options.listen_only {
            let text = "the channel was made with listen_only; make another one to speak";
            return Err(Error::new(Status::BAD_STATE, text));
        }
        Ok(())
    }

    fn may_speak(&self) -> Result<()> {
        self.may_ever_speak()?;
        if !self.inner.may_speak.load(Relaxed) {
            let text = "this user may not speak in this room (any more); take a token with canPublish";
            return Err(Error::new(Status::NOT_ALLOWED, text));
        }
        Ok(())
    }

    /// Microseconds of sound queued and not yet sent.
    pub fn queued_us(&self) -> u64 {
        self.inner.queue.queued() * 1_000_000 / u64::from(self.inner.options.sample_rate)
    }

    /// Puts a playout mark at the end of what is queued.
    pub fn mark(&self, id: u64) -> Result<()> {
        self.may_ever_speak()?;
        let marked = self.inner.queue.mark(id).map_err(|error| match error {
            MarkError::Closed => closed(),
            MarkError::TooMany => Error::new(
                Status::LIMIT,
                "256 playout marks wait to be passed; set the next one after an event 'played'",
            ),
        });
        self.tell_marks();
        marked
    }

    /// Tells of the marks that were reached, where no connection does.
    fn tell_marks(&self) {
        if self.inner.lock().commands.is_none() {
            for (mark, outcome) in self.inner.queue.reached_marks() {
                self.inner.publish(EventBody::Played { mark, status: outcome.status() }, Instant::now());
            }
        }
    }

    /// Waits until all that was pushed before has left. OK, TIMED_OUT or INTERRUPTED.
    pub fn wait_played(&self, timeout: Option<Duration>) -> Result<Status> {
        match self.inner.queue.wait_played(timeout) {
            Playout::Played => Ok(Status::OK),
            Playout::Interrupted => Ok(Status::INTERRUPTED),
            Playout::TimedOut => Ok(Status::TIMED_OUT),
            Playout::Closed => Err(closed()),
            Playout::Busy => {
                Err(Error::new(Status::LIMIT, "64 threads wait for this channel's playout already; use marks"))
            }
        }
    }

    /// Drops what is queued or being pushed. Returns samples (each channel) sent since the start, and dropped now.
    pub fn interrupt(&self) -> Result<(u64, u64)> {
        let interrupted = self.inner.queue.interrupt();
        self.tell_marks();
        Ok((interrupted.sent, interrupted.dropped))
    }

    /// Mutes or unmutes the microphone for everyone; before connecting, from the start.
    pub fn mute(&self, muted: bool) -> Result<()> {
        let mut shared = self.inner.open()?;
        let room = shared.reserve()?;
        shared.muted = muted;
        shared.mutes += u32::from(room.is_some());
        pass(room, Command::Mute(muted));
        Ok(())
    }

    /// Subscribes to a user's audio and waits for that user's state 3. OK or TIMED_OUT; the wish stays.
    pub fn subscribe(&self, user: &str, timeout: Option<Duration>) -> Result<Status> {
        self.set_subscribed(user, true, timeout)
    }

    /// Unsubscribes and waits for that user's state 1. OK or TIMED_OUT; the wish stays.
    pub fn unsubscribe(&self, user: &str, timeout: Option<Duration>) -> Result<Status> {
        self.set_subscribed(user, false, timeout)
    }

    fn set_subscribed(&self, user: &str, wanted: bool, timeout: Option<Duration>) -> Result<Status> {
        self.inner.known(user)?;
        if wanted && !self.inner.lock().people.own().may_hear() {
            let text = "this user may not hear in this room (any more); take a token with canSubscribe";
            return Err(Error::new(Status::NOT_ALLOWED, text));
        }
        let target = if wanted { SubscribeState::Subscribed } else { SubscribeState::NoSubscribe };
        let mut shared = self.inner.open()?;
        // Where no earlier wish is on its way, what is there counts.
        let is_so = shared.subscribes == shared.subscribes_taken && shared.subscribe_state(user) == Some(target);
        shared.command(Command::Subscribe { user: user.into(), wanted })?;
        shared.subscribes += 1;
        let mine = if is_so { 0 } else { shared.subscribes };
        drop(shared);
        // Until ours is taken the state may be what an earlier call made it.
        let done = |shared: &Shared| shared.subscribes_taken >= mine && shared.subscribe_state(user) == Some(target);
        let (shared, _) = self.inner.wait(timeout, |shared| {
            done(shared) || shared.subscribe_state(user).is_none() || shared.commands.is_none()
        });
        match shared.subscribe_state(user) {
            _ if done(&shared) => Ok(Status::OK),
            Some(_) if shared.commands.is_some() => Ok(Status::TIMED_OUT),
            _ => {
                let text = format!(
                    "'{user}' left, or the channel did, before it could be done; try again when user_joined tells of them"
                );
                Err(Error::new(Status::NOT_FOUND, text))
            }
        }
    }

    /// A user's subscribe state; Idle for one who is not in the room.
    pub fn subscribe_state(&self, user: &str) -> SubscribeState {
        self.inner.lock().subscribe_state(user).unwrap_or(SubscribeState::Idle)
    }

    /// The remote users' identities, in the order they joined.
    pub fn users(&self) -> Vec<String> {
        self.inner.lock().users.iter().map(|(user, _)| user.to_string()).collect()
    }

    /// The stream of one user who is in the room (NOT_FOUND otherwise). The same stream for the same user until it ends.
    /// It may be opened before the user is subscribed: frames come once that is done.
    pub fn stream(&self, user: &str) -> Result<Stream> {
        self.inner.known(user)?;
        let mut shared = self.inner.lock();
        let present = shared.streams.get(user).and_then(Weak::upgrade).map(|inner| Stream { inner });
        if let Some(stream) = present.filter(|stream| !stream.is_over()) {
            return Ok(stream);
        }
        let stream = self.inner.make_stream(user);
        shared.streams.retain(|_, stream| stream.strong_count() > 0);
        shared.streams.insert(user.into(), Arc::downgrade(&stream.inner));
        drop(shared);
        self.inner.command(Command::OpenStream { user: user.into(), sink: stream.sink() })?;
        Ok(stream)
    }

    /// The stream of all users mixed. It outlives connections and ends with the channel.
    pub fn mixed_stream(&self) -> Result<Stream> {
        let mut shared = self.inner.open()?;
        if let Some(inner) = shared.mix.upgrade() {
            return Ok(Stream { inner });
        }
        let stream = self.inner.make_stream("");
        shared.mix = Arc::downgrade(&stream.inner);
        let told = shared.tell(Command::OpenMix(stream.sink()));
        drop(shared);
        told.map(|()| stream)
    }

    /// Sends a data packet. `to` empty: everyone. QUEUE_FULL: too many wait, nothing was taken.
    pub fn send_data(&self, payload: &[u8], reliable: bool, topic: &str, to: &[&str]) -> Result<()> {
        super::validate::data_length(payload.len())?;
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

    /// What was counted so far: queues as of now, the connection's numbers as of 100 ms ago or less.
    pub fn stats(&self) -> ChannelStats {
        let inner = &self.inner;
        let sound = |samples| Duration::from_micros(samples * 1_000_000 / u64::from(inner.options.sample_rate));
        let (events_waiting, events_dropped) = inner.events.counts();
        let calls = inner.lock().commands.as_ref().map_or(0, |calls| calls.max_capacity() - calls.capacity());
        ChannelStats {
            samples: inner.queue.counters(),
            messages: inner.messages.counters(),
            send_queue: sound(inner.queue.queued()),
            send_capacity: sound(inner.queue.capacity() as u64),
            marks_waiting: inner.queue.marks_waiting() as u64,
            data_waiting: (MAX_DATA_WAITING - inner.data_room.available_permits()) as u64,
            data_refused: inner.data_refused.load(Relaxed),
            events_waiting: events_waiting as u64,
            events_dropped,
            calls_waiting: calls as u64,
            ..inner.counted.read()
        }
    }

    /// Queues a message and returns its ticket; an empty id lets the library choose one. Without a connection it waits for the
    /// next one. QUEUE_FULL: too many wait, nothing was taken.
    pub fn send_message(&self, mut message: Outgoing) -> Result<u64> {
        super::validate::message(&message)?;
        if message.id.is_empty() {
            // LiveKit's clients know streams by their id alone, whoever sent them.
            message.id = format!("{:016x}", super::random_u64());
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

    /// The next event that no callback takes: None after the timeout, or when the channel is closed. With a callback
    /// for all events there are none.
    pub fn poll_event(&self, timeout: Option<Duration>) -> Result<Option<Event>> {
        Ok(self.inner.events.pop(timeout))
    }

    /// Every event by one callback instead of polling; None takes it off. After it returns, the old one runs no more
    /// (BUSY if it could not be waited for; inside the callback itself it does not wait).
    pub fn set_event_callback(&self, callback: Option<EventCallback>) -> Result<()> {
        let callback = callback.map(|callback| self.timed(callback));
        let done = self.inner.listeners.set_for_all(callback, &self.inner.events);
        self.inner.wake_callback();
        done
    }

    /// Adds a listener for one kind of event, or, with None, for every one; with `once` it has one run. `number` is
    /// given its number, for [`Channel::off`], before it can run. LIMIT: there are 256.
    pub fn on(
        &self,
        kind: Option<EventKind>,
        once: bool,
        callback: EventCallback,
        number: impl FnOnce(u64),
    ) -> Result<()> {
        self.inner.listeners.add(kind, once, self.timed(callback), number, &self.inner.events)?;
        self.inner.wake_callback();
        Ok(())
    }

    /// The same callback, counted among the dispatch thread's.
    fn timed(&self, mut callback: EventCallback) -> EventCallback {
        let dispatcher = self.inner.engine.dispatcher.clone();
        Box::new(move |event| dispatcher.timed(|| callback(event)))
    }

    /// Takes a listener off, as [`Channel::set_event_callback`] does. NOT_FOUND: it is off already.
    pub fn off(&self, listener: u64) -> Result<()> {
        let done = self.inner.listeners.off(listener, &self.inner.events);
        // The dispatch thread may have stopped at an event that was the listener's, with others behind it.
        self.inner.wake_callback();
        done
    }

    /// Frames of every user by callback (given the user's identity), except those with a callback of their own stream.
    pub fn set_frame_callback(&self, callback: Option<FrameCallback>) -> Result<()> {
        let set = callback.is_some();
        let done = self.inner.frame_callback.replace(callback, CALLBACK_PATIENCE);
        if set {
            self.inner.open_for_callback();
        }
        let mut shared = self.inner.lock();
        shared.for_callback.values().for_each(|stream| stream.inner.callback_changed());
        let unused = if set { BTreeMap::new() } else { std::mem::take(&mut shared.for_callback) };
        drop(shared);
        drop(unused);
        done
    }

    /// Disconnects and ends all streams, within a second. Idempotent; safe in callbacks.
    pub fn close(&self) -> Result<()> {
        self.close_by(Instant::now() + CLOSE_PATIENCE)
    }

    /// Takes no new calls and says farewell, without waiting.
    pub(super) fn begin_close(&self) {
        let mut shared = self.inner.lock();
        shared.closed = true;
        let streams = std::mem::take(&mut shared.for_callback);
        drop(shared);
        drop(streams);
        self.inner.changed.notify_all();
        self.inner.leave();
        self.inner.queue.close();
    }

    pub(super) fn close_by(&self, until: Instant) -> Result<()> {
        self.begin_close();
        let inner = &self.inner;
        let left = || until.saturating_duration_since(Instant::now());
        let events = inner.listeners.close(left, &inner.events);
        let frames = inner.frame_callback.replace(None, left());
        let (mut shared, _) = inner.wait(Some(left().min(FAREWELL_PATIENCE)), |shared| shared.commands.is_none());
        let dump = shared.dump.take();
        let streams: Vec<_> = shared.streams.values().chain([&shared.mix]).filter_map(Weak::upgrade).collect();
        drop(shared);
        inner.events.close();
        for stream in streams {
            FrameSink::close(&*stream);
        }
        if let Some(dump) = dump {
            dump.end(left());
        }
        events.and(frames)
    }
}

/// Who the user is and what lets them in: from the caller's token, or from the options and the engine's certificate.
fn identity(engine: &engine::Parts, options: &ChannelOptions) -> Result<(String, String)> {
    let named = match (options.user.as_str(), options.uid) {
        ("", 0) => None,
        ("", uid) => Some(uid.to_string()),
        (user, _) => Some(user.to_string()),
    };
    if options.token.is_empty() {
        let user = named.unwrap_or_else(chosen);
        let token = engine.build_token(&options.name, &user, TOKEN_TTL)?;
        return Ok((user, token));
    }
    let user = token_user(&options.token, &options.name, named.as_deref())?;
    // A token for anyone (AccessToken2, uid 0) leaves the choice.
    let user = if user.is_empty() { named.unwrap_or_else(chosen) } else { user };
    Ok((user, options.token.clone()))
}

/// An identity for a user who has none.
fn chosen() -> String {
    (super::random_u64() as u32).max(1).to_string()
}

/// Whom a token of the caller's is for; it must be for this room, and for this user where one is named. The server verifies it.
fn token_user(token: &str, room: &str, named: Option<&str>) -> Result<String> {
    let bad = |text| Err(Error::new(Status::BAD_TOKEN, text));
    let pass = pass::read(token, room)?;
    let (user, own) = (pass.claims.sub, pass.claims.video.room);
    let anyone = pass.access.is_some() && user.is_empty();
    if let Some(named) = named.filter(|named| *named != user && !anyone) {
        let text = format!(
            "the token is for the user '{user}', not for '{named}'; leave the user out of the options, or take its own token"
        );
        return bad(text);
    }
    if !own.is_empty() && own != room {
        return bad(format!("the token is for the room '{own}', not for '{room}'; take one for this room"));
    }
    Ok(user)
}

/// The event of a connection that begins.
fn connecting() -> EventBody {
    EventBody::ConnectionStateChanged {
        old: ConnectionState::Disconnected,
        new: ConnectionState::Connecting,
        reason: Reason::None,
        status: Status::OK,
        text: String::new(),
        elapsed_us: 0,
    }
}

/// What a push came to, as the surface tells it.
fn outcome(pushed: PushOutcome) -> Result<(usize, Status)> {
    let error = |status, text| Err(Error::new(status, text));
    match pushed.status {
        PushStatus::Done => Ok((pushed.accepted, Status::OK)),
        PushStatus::Full => Ok((pushed.accepted, Status::QUEUE_FULL)),
        PushStatus::TimedOut => Ok((pushed.accepted, Status::TIMED_OUT)),
        PushStatus::Interrupted => Ok((pushed.accepted, Status::INTERRUPTED)),
        PushStatus::Closed => Err(closed()),
        PushStatus::Busy => error(Status::BUSY, "another thread is pushing to this channel; push from one at a time"),
        PushStatus::Misaligned => {
            error(Status::BAD_ARGUMENT, "half a sample: the number of values is not a multiple of the channels")
        }
    }
}

impl ChannelOptions {
    /// For how long a lost connection is tried to be made again.
    pub(super) fn reconnect(&self) -> Option<Duration> {
        (!self.no_reconnect).then(|| Duration::from_millis(self.reconnect_timeout_ms.into()))
    }

    fn backpressure(&self) -> Backpressure {
        match self.send_policy {
            1 => Backpressure::DropOldest,
            2 => Backpressure::DropNewest,
            _ => Backpressure::Refuse,
        }
    }

    pub(super) fn receive_overflow(&self) -> Overflow {
        if self.receive_policy == 2 { Overflow::DropNewest } else { Overflow::DropOldest }
    }
}
