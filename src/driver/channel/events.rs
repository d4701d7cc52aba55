//! Events: one after the other, or by callbacks.

use super::Channel;
use crate::Result;
use crate::driver::listeners::EventCallback;
use crate::driver::stream::no_descriptor;
use crate::event::{Event, EventKind};
use std::os::fd::RawFd;
use std::time::Duration;

impl Channel {
    /// The next event that no callback takes: None after the timeout, or when the channel is closed. With a callback
    /// for all events there are none.
    pub fn poll_event(&self, timeout: Option<Duration>) -> Result<Option<Event>> {
        Ok(self.inner.events.pop(timeout))
    }

    /// A descriptor that polls readable while [`Channel::poll_event`] has something to take, or the channel is closed. It belongs to the
    /// channel.
    pub fn event_descriptor(&self) -> Result<RawFd> {
        self.inner.events.descriptor().map_err(no_descriptor)
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
}
