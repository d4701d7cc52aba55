//! Playout: marks that are told, and threads that wait, when the last sample before them has left or was dropped.

use super::{Control, Mark, SendQueue};
use crate::Status;
use crate::audio::wake::Deadline;
use std::collections::VecDeque;
use std::fmt;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::time::Duration;

/// Playout marks that can be outstanding at once.
pub const MAX_MARKS: usize = 256;

/// Threads that can be in [`SendQueue::wait_played`] at once.
pub const MAX_WAITERS: usize = 64;

/// How a wait for playout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playout {
    /// The last sample has left.
    Played,
    /// The last sample was dropped: by an interrupt, or for newer ones.
    Interrupted,
    /// Not yet.
    TimedOut,
    /// The queue was closed before.
    Closed,
    /// Too many threads wait already.
    Busy,
}

/// What became of a playout mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkOutcome {
    /// The frame with the last sample before it has been handed out for sending.
    Played,
    /// That sample was dropped: by an interrupt, or for newer ones.
    Interrupted,
}

impl MarkOutcome {
    /// As the event tells it.
    pub fn status(self) -> Status {
        if self == MarkOutcome::Played { Status::OK } else { Status::INTERRUPTED }
    }
}

/// Why a mark could not be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkError {
    /// [`MAX_MARKS`] are outstanding.
    TooMany,
    /// The queue is closed.
    Closed,
}

impl fmt::Display for MarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "{MAX_MARKS} playout marks are outstanding: wait until one has been reached"),
            Self::Closed => write!(f, "the send queue is closed: marks are for channels that still send"),
        }
    }
}

impl std::error::Error for MarkError {}

impl SendQueue {
    /// Places a playout mark after the last sample in the queue; the pacer reports it under this id
    /// ([`crate::audio::pace::Pacer::marks`]). Ids need not differ.
    ///
    /// # Errors
    /// Too many marks are outstanding, or the queue is closed.
    pub fn mark(&self, id: u64) -> Result<(), MarkError> {
        if self.is_closed() {
            return Err(MarkError::Closed);
        }
        self.control(|control| {
            if control.marks.len() >= MAX_MARKS {
                return Err(MarkError::TooMany);
            }
            let position = self.ring.head().position;
            control.marks.push_back(Mark { id, position, lost: false });
            self.marked.store(position, Relaxed);
            self.marks.store(control.marks.len(), Relaxed);
            Ok(())
        })
    }

    /// Waits until all that was pushed before this call has left. A tail shorter than a frame is padded with silence
    /// at the next tick rather than kept until more comes.
    pub fn wait_played(&self, timeout: Option<Duration>) -> Playout {
        let waiter = self.control(|control| {
            // Under the lock, so that no drop comes between the position and its registration.
            let (id, position) = (control.tickets, self.ring.head().position);
            control.tickets += 1;
            let free = control.waiters.len() < MAX_WAITERS;
            free.then(|| control.waiters.push(Mark { id, position, lost: false })).map(|()| (id, position))
        });
        let Some((id, position)) = waiter else { return Playout::Busy };
        self.flush_to.fetch_max(position, AcqRel);
        self.rouse();
        let over = || self.ring.tail() >= position;
        let woken = over()
            || timeout != Some(Duration::ZERO)
                && self.wake.wait(Deadline::after(timeout), || over() || self.is_closed());
        let waiter = self.control(|control| {
            let place = control.waiters.iter().position(|waiter| waiter.id == id)?;
            Some(control.waiters.swap_remove(place))
        });
        match waiter {
            Some(waiter) if waiter.lost => Playout::Interrupted,
            _ if over() => Playout::Played,
            _ if woken => Playout::Closed,
            _ => Playout::TimedOut,
        }
    }

    /// Playout marks that are outstanding.
    pub fn marks_waiting(&self) -> usize {
        self.marks.load(Relaxed)
    }

    /// The pacer's: moves the marks that have been reached, in their order. Never waits for the lock.
    pub(in crate::audio) fn take_marks(&self, into: &mut VecDeque<(u64, MarkOutcome)>) {
        if self.marks.load(Relaxed) == 0 {
            return;
        }
        if let Ok(mut control) = self.control.try_lock() {
            self.reached(&mut control, into);
        }
    }

    /// The same for an application thread, while there is no pacer.
    pub fn reached_marks(&self) -> VecDeque<(u64, MarkOutcome)> {
        let mut reached = VecDeque::new();
        self.reached(&mut self.control.lock().unwrap_or_else(PoisonError::into_inner), &mut reached);
        reached
    }

    fn reached(&self, control: &mut Control, into: &mut VecDeque<(u64, MarkOutcome)>) {
        let tail = self.ring.tail();
        while let Some(mark) = control.marks.pop_front_if(|mark| mark.position <= tail) {
            into.push_back((mark.id, if mark.lost { MarkOutcome::Interrupted } else { MarkOutcome::Played }));
        }
        self.marks.store(control.marks.len(), Relaxed);
    }
}
