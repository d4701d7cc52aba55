//! What the pacer ([`crate::audio::pace`]) sees of the queue, and when it is woken.

use super::SendQueue;
use crate::audio::ring::Head;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::sync::atomic::fence;

/// What the pacer decides by.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::audio) struct Outlook {
    pub head: Head,
    /// What lies before this need not wait for a full frame.
    pub flush_to: u64,
    pub closed: bool,
}

impl SendQueue {
    /// The pacer's: what is new.
    pub(in crate::audio) fn outlook(&self) -> Outlook {
        Outlook { head: self.ring.head(), flush_to: self.flush_to.load(Acquire), closed: self.is_closed() }
    }

    /// The pacer's: whether the application said that its sound ends at this position, by a mark or by waiting there.
    pub(in crate::audio) fn ends_at(&self, position: u64) -> bool {
        [&self.flush_to, &self.marked].iter().any(|end| end.load(Relaxed) == position)
    }

    /// The pacer's: whether it wants to be woken for anything new. Look again after saying so.
    pub(in crate::audio) fn set_hungry(&self, hungry: bool) {
        self.hungry.store(hungry, Relaxed);
        fence(SeqCst);
    }

    /// Wakes the pacer if it waits for something new.
    pub(super) fn rouse(&self) {
        // Either this load sees that it is hungry, or its last look, behind a fence of its own, sees what is new.
        fence(SeqCst);
        if self.hungry.load(Relaxed) && self.hungry.swap(false, AcqRel) {
            (self.waker)();
        }
    }
}
