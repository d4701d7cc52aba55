//! Who gets a channel's events by callback: the one callback for all of them, and listeners by name.

#[cfg(test)]
mod tests;

use super::dispatch::Slot;
use super::events::{EventQueue, Kinds};
use super::state::closed;
use super::stream::CALLBACK_PATIENCE;
use crate::event::{Event, EventKind};
use crate::{Error, Result, Status};
use std::any::Any;
use std::cell::OnceCell;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Listeners of one channel.
const MAX_LISTENERS: usize = 256;

/// An event callback, run on the engine's dispatch thread.
pub type EventCallback = Box<dyn FnMut(&Told) + Send>;

/// An event on its way through the callbacks.
pub struct Told {
    event: Event,
    form: OnceCell<Box<dyn Any>>,
}

impl Told {
    pub(super) fn new(event: Event) -> Told {
        Told { event, form: OnceCell::new() }
    }

    pub(super) fn into_event(self) -> Event {
        self.event
    }

    /// Another form of the event, such as C's: the first callback makes it, those after it find it.
    /// None: the first one made it a different type.
    pub fn form<T: 'static>(&self, make: impl FnOnce(&Event) -> T) -> Option<&T> {
        self.form.get_or_init(|| Box::new(make(&self.event))).downcast_ref()
    }
}

impl Deref for Told {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

struct Listener {
    id: u64,
    /// None: every kind.
    kind: Option<EventKind>,
    once: bool,
    slot: Slot<EventCallback>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Listeners {
    /// The channel's one callback for all; it runs first.
    for_all: Slot<EventCallback>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In the order of their numbers, which is that of registration.
    listeners: Vec<Arc<Listener>>,
    last_id: u64,
    /// The one that was taken off last in the middle of its run: nobody may think that it is over before it is.
    leaving: Option<Arc<Listener>>,
    closed: bool,
}

impl Listeners {
    /// Sets or takes off the callback for all; see [`Slot::replace`].
    pub(super) fn set_for_all(&self, callback: Option<EventCallback>, queue: &EventQueue) -> Result<()> {
        let done = self.for_all.replace(callback, CALLBACK_PATIENCE);
        self.tell(&self.lock(), queue);
        done
    }

    /// Adds a listener. `number` is given its number before the callback can run.
    pub(super) fn add(
        &self,
        kind: Option<EventKind>,
        once: bool,
        callback: EventCallback,
        number: impl FnOnce(u64),
        queue: &EventQueue,
    ) -> Result<()> {
        let slot = Slot::new();
        slot.replace(Some(callback), Duration::ZERO)?;
        let mut state = self.lock();
        // What the callback owns is released without the lock.
        let refused = if state.closed {
            closed()
        } else if state.listeners.len() >= MAX_LISTENERS {
            let text = "256 listeners are on this channel already; take one off, or listen to every event with one";
            Error::new(Status::LIMIT, text)
        } else {
            state.last_id += 1;
            let id = state.last_id;
            number(id);
            state.listeners.push(Arc::new(Listener { id, kind, once, slot }));
            self.tell(&state, queue);
            return Ok(());
        };
        drop(state);
        Err(refused)
    }

    /// Takes a listener off: after OK it is not running, and never runs again.
    pub(super) fn off(&self, id: u64, queue: &EventQueue) -> Result<()> {
        let listener = self.remove(id, queue).ok_or_else(|| {
            let text = format!(
                "there is no listener {id}: it was taken off, or has had its event; give a number that is in use"
            );
            Error::new(Status::NOT_FOUND, text)
        })?;
        let done = listener.slot.replace(None, CALLBACK_PATIENCE);
        if done.is_err() {
            // Callbacks run one at a time, so there is one of these at most.
            self.lock().leaving = Some(listener);
        }
        done
    }

    /// Takes all off, for good.
    pub(super) fn close(&self, mut left: impl FnMut() -> Duration, queue: &EventQueue) -> Result<()> {
        let for_all = self.for_all.replace(None, left());
        let mut state = self.lock();
        state.closed = true;
        let mut listeners = std::mem::take(&mut state.listeners);
        self.tell(&state, queue);
        listeners.extend(state.leaving.take());
        drop(state);
        // Each is taken off, whatever became of the one before.
        let off: Vec<Result<()>> = listeners.iter().map(|listener| listener.slot.replace(None, left())).collect();
        off.into_iter().collect::<Result<()>>().and(for_all)
    }

    /// Hands an event to all who listen to it, in the order of their registration; those who come meanwhile wait for
    /// the next one. False: there was nobody any more.
    pub(super) fn deliver(&self, event: &Told, queue: &EventQueue) -> bool {
        let (mut after, last) = (0, self.lock().last_id);
        let mut taken = self.for_all.run(|call| call(event));
        while let Some(listener) = self.next(event.body.kind(), after, last) {
            after = listener.id;
            if listener.once {
                taken |= listener.slot.run_last(|call| call(event));
                self.remove(listener.id, queue);
            } else {
                taken |= listener.slot.run(|call| call(event));
            }
        }
        taken
    }

    fn next(&self, kind: EventKind, after: u64, last: u64) -> Option<Arc<Listener>> {
        let state = self.lock();
        let from = state.listeners.partition_point(|listener| listener.id <= after);
        let mut rest = state.listeners[from..].iter().take_while(|listener| listener.id <= last);
        rest.find(|listener| listener.kind.is_none_or(|of| of == kind)).cloned()
    }

    fn remove(&self, id: u64, queue: &EventQueue) -> Option<Arc<Listener>> {
        let mut state = self.lock();
        let place = state.listeners.binary_search_by_key(&id, |listener| listener.id).ok()?;
        let listener = state.listeners.remove(place);
        self.tell(&state, queue);
        Some(listener)
    }

    /// Tells the queue what callbacks take now.
    fn tell(&self, state: &State, queue: &EventQueue) {
        let of = |listener: &Arc<Listener>| listener.kind.map_or(Kinds::ALL, Kinds::of);
        let named = state.listeners.iter().map(of).fold(Kinds::default(), Kinds::and);
        queue.set_called(if self.for_all.is_set() { Kinds::ALL } else { named });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
