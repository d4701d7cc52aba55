//! A channel's events on their way to the application: bounded, in order, polled or handed to a callback.

use crate::event::{Event, EventBody};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Events that wait to be read.
const CAPACITY: usize = 1024;

/// See the module.
#[derive(Default)]
pub(super) struct EventQueue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    dropped: u64,
    closed: bool,
}

impl EventQueue {
    /// Adds an event. When the queue is full, state events merge into the newest of their kind and never vanish;
    /// other events are dropped, oldest first, and counted in an [`EventBody::Overflow`].
    pub(super) fn push(&self, event: Event) {
        let mut state = self.lock();
        let full = state.events.len() >= CAPACITY;
        if !(full && state.merge(&event)) {
            if full {
                state.drop_one();
            }
            state.events.push_back(event);
        }
        drop(state);
        self.arrived.notify_all();
    }

    /// Takes the next event, waiting for it at most `timeout` (None: until there is one, or the queue closes).
    pub(super) fn pop(&self, timeout: Option<Duration>) -> Option<Event> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        loop {
            if let Some(event) = state.take() {
                return Some(event);
            }
            if state.closed {
                return None;
            }
            state = match until {
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Wakes whoever waits; what is in the queue can still be taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// An overflow is told before what came after it.
    fn take(&mut self) -> Option<Event> {
        let next = self.events.front()?;
        if self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            return Some(Event { time_us: next.time_us, body: EventBody::Overflow { dropped } });
        }
        self.events.pop_front()
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
            _ => {}
        }
        self.events.push_back(merged);
        true
    }

    fn drop_one(&mut self) {
        let droppable = self.events.iter().position(|event| !is_state(event));
        if self.events.remove(droppable.unwrap_or(0)).is_some() {
            self.dropped += 1;
        }
    }
}

fn is_state(event: &Event) -> bool {
    matches!(event.body, EventBody::ConnectionStateChanged { .. } | EventBody::SubscribeStateChanged { .. })
}

fn same_thing(a: &EventBody, b: &EventBody) -> bool {
    match (a, b) {
        (EventBody::ConnectionStateChanged { .. }, EventBody::ConnectionStateChanged { .. }) => true,
        (EventBody::SubscribeStateChanged { user: a, .. }, EventBody::SubscribeStateChanged { user: b, .. }) => a == b,
        _ => false,
    }
}
