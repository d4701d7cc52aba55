//! A channel's events on their way to the application: bounded, in order, polled or handed to callbacks.

#[cfg(test)]
mod tests;

use crate::audio::wake::{Patience, Wake};
use crate::event::{Event, EventBody, EventKind};
use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Events that wait to be read.
const CAPACITY: usize = 1024;
/// Bytes of the messages and data packets among them; one always fits.
const MAX_BYTES: usize = 64 << 20;

/// A set of kinds of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u32);

impl Kinds {
    pub(super) const ALL: Kinds = Kinds(u32::MAX);

    pub(super) fn of(kind: EventKind) -> Kinds {
        Kinds(1 << kind as u32)
    }

    pub(super) fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) fn has(self, kind: EventKind) -> bool {
        self.0 & Kinds::of(kind).0 != 0
    }
}

/// See the module. Each event is for callbacks or for polling, by its kind, at the moment at which it is taken.
#[derive(Default)]
pub(super) struct EventQueue {
    state: Mutex<State>,
    wake: Wake,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    bytes: usize,
    dropped: u64,
    /// When the last of them was.
    dropped_us: u64,
    dropped_ever: u64,
    closed: bool,
    /// What callbacks take; the others wait for polling.
    called: Kinds,
}

impl EventQueue {
    /// Adds an event. When the queue is full, state events merge into the newest of their kind and never vanish;
    /// other events are dropped, oldest first, and counted in an [`EventBody::Overflow`]. True: there is something
    /// for a callback.
    pub(super) fn push(&self, event: Event) -> bool {
        let mut state = self.lock();
        let mut told = Kinds::of(event.body.kind());
        let mut overflow = state.make_room(payload(&event), event.time_us);
        let full = state.events.len() >= CAPACITY;
        if !(state.add_up(&event) || full && state.merge(&event)) {
            if full {
                state.drop_one(event.time_us);
                overflow = true;
            }
            state.events.push_back(event);
        }
        if overflow {
            told = told.and(Kinds::of(EventKind::Overflow));
        }
        let (called, polled) = (told.0 & state.called.0 != 0, told.0 & !state.called.0 != 0);
        drop(state);
        if polled {
            self.wake.notify();
        }
        called
    }

    /// Takes the next event that no callback takes, waiting for it at most `timeout` (None: until there is one, or
    /// the queue closes). Where callbacks take all it does not wait.
    pub(super) fn pop(&self, timeout: Option<Duration>) -> Option<Event> {
        let mut patience = Patience::new(timeout);
        loop {
            let mut state = self.lock();
            let event = state.take(false);
            // Under the lock: nothing comes meanwhile, and of several readers one at a time says so.
            self.wake.settle(|| state.is_pollable());
            if event.is_some() || state.is_over() {
                return event;
            }
            drop(state);
            let ends_waiting = || self.lock().ends_waiting();
            if !patience.deadline().is_some_and(|deadline| self.wake.wait(deadline, ends_waiting)) {
                return None;
            }
        }
    }

    /// Takes the next event that a callback takes.
    pub(super) fn pop_called(&self) -> Option<Event> {
        self.lock().take(true)
    }

    /// Puts an event back in its place: the callback that was to take it went meanwhile.
    pub(super) fn put_back(&self, event: Event) {
        let mut state = self.lock();
        let polled = !state.called.has(event.body.kind());
        if let EventBody::Overflow { dropped } = event.body {
            state.dropped += dropped;
            state.dropped_us = event.time_us;
        } else {
            state.bytes += payload(&event);
            let place = state.events.partition_point(|other| other.time_us < event.time_us);
            state.events.insert(place, event);
        }
        drop(state);
        if polled {
            self.wake.notify();
        }
    }

    /// Says which kinds callbacks take from now on, of what waits as well.
    pub(super) fn set_called(&self, called: Kinds) {
        let mut state = self.lock();
        state.called = called;
        if state.ends_waiting() {
            self.wake.notify();
        }
        self.wake.settle(|| state.is_pollable());
    }

    /// A descriptor that polls readable while there is an event that no callback takes, or the queue is closed. It belongs to the queue.
    pub(super) fn descriptor(&self) -> io::Result<RawFd> {
        let state = self.lock();
        self.wake.descriptor(|| state.is_pollable())
    }

    /// Events that wait, and those that were dropped so far.
    pub(super) fn counts(&self) -> (usize, u64) {
        let state = self.lock();
        (state.events.len(), state.dropped_ever)
    }

    /// Wakes whoever waits; what is in the queue can still be taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Nothing is to come for who polls.
    fn is_over(&self) -> bool {
        self.closed || self.called == Kinds::ALL
    }

    /// Who polls waits no longer.
    fn ends_waiting(&self) -> bool {
        self.is_pollable() || self.is_over()
    }

    /// Who polls has something to see.
    fn is_pollable(&self) -> bool {
        let wanted = |kind| !self.called.has(kind);
        self.closed
            || self.dropped > 0 && wanted(EventKind::Overflow)
            || self.events.iter().any(|event| wanted(event.body.kind()))
    }

    /// The next event for callbacks, or for polling. An overflow is told before what came after it.
    fn take(&mut self, called: bool) -> Option<Event> {
        let wanted = |kind| self.called.has(kind) == called;
        if self.dropped > 0 && wanted(EventKind::Overflow) {
            let dropped = std::mem::take(&mut self.dropped);
            return Some(Event { time_us: self.dropped_us, body: EventBody::Overflow { dropped } });
        }
        let next = self.events.iter().position(|event| wanted(event.body.kind()))?;
        let next = self.events.remove(next)?;
        self.bytes -= payload(&next);
        Some(next)
    }

    /// Drops the oldest messages until another one has room. True: it did.
    fn make_room(&mut self, bytes: usize, now_us: u64) -> bool {
        let before = self.dropped;
        while bytes > 0 && self.bytes > 0 && self.bytes + bytes > MAX_BYTES {
            let Some(at) = self.events.iter().position(|event| payload(event) > 0) else { break };
            self.drop_at(at, now_us);
        }
        self.bytes += bytes;
        self.dropped > before
    }

    /// Adds what one stream dropped to what an unread event tells of that stream.
    fn add_up(&mut self, event: &Event) -> bool {
        let EventBody::StreamOverflow { user, track, dropped } = &event.body else { return false };
        let unread = self.events.iter_mut().find_map(|other| match &mut other.body {
            EventBody::StreamOverflow { user: of, track: which, dropped } if (&*of, &*which) == (user, track) => {
                Some(dropped)
            }
            _ => None,
        });
        let Some(sum) = unread else { return false };
        *sum += dropped;
        true
    }

    /// Joins a state event with an older one of the same thing: the old state stays the older one's.
    fn merge(&mut self, event: &Event) -> bool {
        let found = self.events.iter().rposition(|other| same_thing(&other.body, &event.body));
        let Some(older) = found.and_then(|at| self.events.remove(at)) else { return false };
        let mut merged = event.clone();
        match (&older.body, &mut merged.body) {
            (EventBody::ConnectionStateChanged { old: first, .. }, EventBody::ConnectionStateChanged { old, .. }) => {
                *old = *first
            }
            (EventBody::SubscribeStateChanged { old: first, .. }, EventBody::SubscribeStateChanged { old, .. }) => {
                *old = *first;
            }
            (
                EventBody::ConnectionQualityChanged { old: first, .. },
                EventBody::ConnectionQualityChanged { old, .. },
            ) => *old = *first,
            _ => {}
        }
        self.events.push_back(merged);
        true
    }

    fn drop_one(&mut self, now_us: u64) {
        let droppable = self.events.iter().position(|event| !is_state(event));
        self.drop_at(droppable.unwrap_or(0), now_us);
    }

    fn drop_at(&mut self, at: usize, now_us: u64) {
        if let Some(event) = self.events.remove(at) {
            self.bytes -= payload(&event);
            self.dropped += 1;
            self.dropped_us = now_us;
            self.dropped_ever += 1;
        }
    }
}

/// Bytes that an event carries for the application.
fn payload(event: &Event) -> usize {
    match &event.body {
        EventBody::DataReceived { payload, .. } | EventBody::Message { payload, .. } => payload.len(),
        EventBody::RpcCalled { payload, .. } | EventBody::RpcAnswered { payload, .. } => payload.len(),
        EventBody::UserMetadataChanged { metadata, .. } | EventBody::RoomMetadataChanged { metadata } => metadata.len(),
        EventBody::UserAttributesChanged { changed, .. } => changed.len(),
        EventBody::UserNameChanged { name, .. } => name.len(),
        EventBody::PermissionsChanged { permission, .. } => permission.len(),
        _ => 0,
    }
}

fn is_state(event: &Event) -> bool {
    use EventBody::{ConnectionQualityChanged, ConnectionStateChanged, SubscribeStateChanged};
    matches!(event.body, ConnectionStateChanged { .. } | SubscribeStateChanged { .. } | ConnectionQualityChanged { .. })
}

fn same_thing(a: &EventBody, b: &EventBody) -> bool {
    match (a, b) {
        (EventBody::ConnectionStateChanged { .. }, EventBody::ConnectionStateChanged { .. }) => true,
        (EventBody::SubscribeStateChanged { user: a, .. }, EventBody::SubscribeStateChanged { user: b, .. }) => a == b,
        (EventBody::ConnectionQualityChanged { user: a, .. }, EventBody::ConnectionQualityChanged { user: b, .. }) => {
            a == b
        }
        _ => false,
    }
}
