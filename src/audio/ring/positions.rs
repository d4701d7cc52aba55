//! The lock-free half of both rings: where producer and consumer are, and who may be which.

use super::{AtomicBool, AtomicU64};
use std::ops::Range;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Value of `held` when the consumer is not copying.
const NOTHING: u64 = u64::MAX;
/// The head word is an epoch of 16 bits above a position of 48: enough for 90 years of 48 kHz stereo.
const POSITION_BITS: u32 = 48;

/// The right to be the only producer, or the only consumer, until dropped (also by a panic).
pub(super) struct Turn<'a>(&'a AtomicBool);

impl<'a> Turn<'a> {
    pub(super) fn claim(taken: &'a AtomicBool) -> Option<Self> {
        // Made only if claimed: dropping it would take the turn from whoever has it.
        (!taken.swap(true, Acquire)).then(|| Turn(taken))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

/// The end of what has been committed, and how many interrupts there were before (modulo 65536).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of interrupts so far, modulo 65536.
    pub epoch: u16,
    /// Total committed since the start.
    pub position: u64,
}

impl Head {
    fn word(self) -> u64 {
        u64::from(self.epoch) << POSITION_BITS | self.position
    }

    fn of(word: u64) -> Self {
        Self { epoch: (word >> POSITION_BITS) as u16, position: word & ((1 << POSITION_BITS) - 1) }
    }
}

/// Where producer and consumer are.
pub(super) struct Positions {
    pub(super) capacity: u64,
    head: AtomicU64,
    tail: AtomicU64,
    held: AtomicU64,
    /// The position that lies in slot 0 (modulo the capacity). Only the producer changes it, only while the ring is
    /// empty and nothing is held: so for a consumer whose claim succeeds it has not changed.
    base: AtomicU64,
    pub(super) producing: AtomicBool,
    pub(super) consuming: AtomicBool,
}

impl Positions {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1) as u64,
            head: AtomicU64::new(0),
            tail: AtomicU64::new(0),
            held: AtomicU64::new(NOTHING),
            base: AtomicU64::new(0),
            producing: AtomicBool::new(false),
            consuming: AtomicBool::new(false),
        }
    }

    pub(super) fn head(&self) -> Head {
        Head::of(self.head.load(Acquire))
    }

    pub(super) fn tail(&self) -> u64 {
        self.tail.load(Acquire)
    }

    /// How much is in the ring. Exact when neither side moves.
    pub(super) fn len(&self) -> u64 {
        let tail = self.tail();
        self.head().position - tail
    }

    /// Producer only: what lies before this may be overwritten.
    fn freed(&self) -> u64 {
        // In this order: a tail that shows a claim also shows the `held` stored before it.
        self.tail().min(self.held.load(Acquire))
    }

    /// Producer only: free places from `end` on. A stale `held` can lie more than the capacity back.
    pub(super) fn room(&self, end: u64) -> u64 {
        self.capacity.saturating_sub(end - self.freed())
    }

    /// Producer only: the slot of a position not yet committed.
    pub(super) fn slot(&self, position: u64) -> usize {
        ((position - self.base.load(Relaxed)) % self.capacity) as usize
    }

    /// Producer only, before anything is written behind `end`: begins again at slot 0 if the ring is empty.
    pub(super) fn rewind(&self, end: u64) {
        if self.freed() == end {
            self.base.store(end, Relaxed);
        }
    }

    /// Producer only: commits up to `to`, unless there was an interrupt since `from` was seen.
    pub(super) fn commit(&self, from: Head, to: u64) -> bool {
        let next = Head { position: to, ..from };
        self.head.compare_exchange(from.word(), next.word(), Release, Relaxed).is_ok()
    }

    /// Consumer only: claims as many as `choose` says, given how many there are and the slot of the first.
    /// What `choose` returns as an error stands only if the tail has not been dropped in between.
    pub(super) fn claim<E>(&self, choose: impl Fn(u64, usize) -> Result<u64, E>) -> Result<Option<Hold<'_>>, E> {
        loop {
            let tail = self.tail();
            let available = self.head().position - tail;
            let base = self.base.load(Relaxed);
            // Wraps only if the tail is out of date, and then the claim fails.
            let slot = (tail.wrapping_sub(base) % self.capacity) as usize;
            let count = match choose(available, slot) {
                Ok(0) => return Ok(None),
                Ok(count) => count,
                Err(error) if self.tail() == tail => return Err(error),
                Err(_) => continue,
            };
            self.held.store(tail, Release);
            let hold = Hold { positions: self, range: tail..tail + count, slot };
            if self.tail.compare_exchange(tail, tail + count, AcqRel, Relaxed).is_ok() {
                return Ok(Some(hold));
            }
        }
    }

    /// Any thread: begins another epoch, so that a push under way does not commit. Returns the end of what is committed.
    pub(super) fn interrupt(&self) -> u64 {
        Head::of(self.head.fetch_add(1 << POSITION_BITS, AcqRel)).position
    }

    /// Any thread: drops what lies before `to`, except what the consumer has claimed. Returns what was dropped; if
    /// that is nothing, it starts where the tail is.
    pub(super) fn discard(&self, to: u64) -> Range<u64> {
        let mut tail = self.tail();
        let to = to.min(self.head().position);
        while tail < to {
            match self.tail.compare_exchange(tail, to, AcqRel, Acquire) {
                Ok(_) => return tail..to,
                Err(now) => tail = now,
            }
        }
        tail..tail
    }
}

/// What the consumer has claimed and is copying. Dropped, it is free for the producer.
pub(super) struct Hold<'a> {
    positions: &'a Positions,
    pub(super) range: Range<u64>,
    pub(super) slot: usize,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.positions.held.store(NOTHING, Release);
    }
}
