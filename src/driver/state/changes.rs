//! What the connection tells: the state as it is now, and the events of it, up to the callbacks.

use super::{Inner, Shared};
use crate::client::messages::gone;
use crate::client::voice::Voice;
use crate::driver::dispatch::{Scheduled, Source};
use crate::driver::listeners::Told;
use crate::event::{ConnectionState, Event, EventBody, Reason};
use crate::log::{self, Level};
use crate::{Error, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Events handed to a callback before others get their turn.
const TURN: usize = 16;

impl Inner {
    /// An event for the application.
    pub(in crate::driver) fn publish(&self, mut body: EventBody, now: Instant) {
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
    pub(in crate::driver) fn wake_callback(&self) {
        if let Some(this) = self.this.upgrade() {
            let source: Arc<dyn Source> = this;
            self.engine.dispatcher.wake(&source);
        }
    }

    /// Takes over what the voice knows now, after so many more commands to subscribe.
    pub(in crate::driver) fn update(&self, voice: &Voice, subscribes: u64) {
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
    pub(in crate::driver) fn renewed(&self, token: &str) {
        let mut shared = self.lock();
        shared.token_on_its_way &= shared.token != token;
    }

    /// A connection that failed before, or without, its session.
    pub(in crate::driver) fn fail(&self, reason: Reason, status: Status, text: String) {
        self.over(ConnectionState::Failed, reason, status, text);
    }

    /// A connection that was given up before it had a session.
    pub(in crate::driver) fn gone(&self) {
        self.over(ConnectionState::Disconnected, Reason::Requested, Status::OK, String::new());
    }

    pub(in crate::driver) fn over(&self, new: ConnectionState, reason: Reason, status: Status, text: String) {
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
