//! A stream's frames by callback, on the dispatch thread.

use super::{CALLBACK_PATIENCE, FrameCallback, FrameInfo, Inner, Stream};
use crate::Result;
use crate::audio::frames;
use crate::audio::wake::Patience;
use crate::driver::dispatch::{Scheduled, Slot, Source};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Frames that one stream hands to its callback before others get their turn.
const TURN: usize = 16;

impl Stream {
    /// Frames by callback; None takes it off, as with [`crate::driver::Channel::set_event_callback`].
    pub fn set_frame_callback(&self, callback: Option<FrameCallback>) -> Result<()> {
        self.inner.callbacks.fetch_add(1, Relaxed);
        let done = self.inner.callback.replace(callback, CALLBACK_PATIENCE);
        // Without this one there may be the channel's.
        self.inner.callback_changed();
        done
    }

    /// Waits for a callback that was taken off before, and said BUSY.
    pub fn settle_callback(&self) -> Result<()> {
        self.inner.callback.settle(CALLBACK_PATIENCE)
    }

    /// How often [`Stream::set_frame_callback`] was called, by whichever handle: the callback is that of the last call.
    pub fn callbacks_set(&self) -> u64 {
        self.inner.callbacks.load(Relaxed)
    }
}

impl Inner {
    pub(super) fn has_callback(&self) -> bool {
        self.callback.is_set() || self.for_all.is_set()
    }

    /// There may be a callback now, or none any more: a reader that waits has to give its turn back, or may take it.
    pub(in crate::driver) fn callback_changed(&self) {
        self.ring.wake();
        self.wake_callback();
    }

    /// Lets the dispatch thread take what is in the ring.
    pub(in crate::driver) fn wake_callback(&self) {
        if self.has_callback()
            && let Some(this) = self.this.upgrade()
        {
            let source: Arc<dyn Source> = this;
            self.dispatcher.wake(&source);
        }
    }

    /// Hands the next frame to a callback. False: there is no frame; None: no callback.
    fn hand_over(&self, slot: &Slot<FrameCallback>, scratch: &mut [i16]) -> Option<bool> {
        let mut found = false;
        let called = slot.run(|call| {
            let mut info = FrameInfo::default();
            let read = self.take(scratch, &mut info, &mut Patience::new(Some(Duration::ZERO)), || false);
            if let frames::ReadOutcome::Frame { samples } = read {
                found = true;
                self.dispatcher.timed(|| call(&self.user, &info, &scratch[..samples]));
            }
        });
        called.then_some(found)
    }
}

impl Source for Inner {
    fn scheduled(&self) -> &Scheduled {
        &self.scheduled
    }

    fn run(&self) -> bool {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        scratch.resize(self.slot_len, 0);
        (0..TURN).all(|_| {
            // A frame leaves the ring only once there is a callback to take it.
            let taken = self.hand_over(&self.callback, &mut scratch);
            taken.or_else(|| self.hand_over(&self.for_all, &mut scratch)).unwrap_or(false)
        })
    }
}
