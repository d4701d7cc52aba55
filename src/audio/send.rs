//! The send queue: what the application pushes, until the pacer ([`super::pace`]) takes it frame by frame.
//!
//! Application threads never make the media wait: the samples are in a lock-free ring, and the lock around marks
//! and sums is one that the media only ever tries. Lengths and positions are samples for each channel.

mod pacer;
mod playout;
mod push;
#[cfg(all(test, not(loom)))]
mod tests;

pub(super) use pacer::Outlook;
pub use playout::{MAX_MARKS, MAX_WAITERS, MarkError, MarkOutcome, Playout};
pub use push::{Backpressure, PushOutcome, PushStatus};

use super::ring::PcmRing;
use super::wake::Wake;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Mutex, PoisonError};

/// What an interrupt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Samples for each channel handed out for sending since the start, at the moment of the interrupt.
    pub sent: u64,
    /// Samples for each channel that this interrupt dropped.
    pub dropped: u64,
}

/// What has happened so far; samples are for each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendCounters {
    /// Samples taken into the queue: those sent, queued, interrupted and dropped as oldest.
    pub pushed: u64,
    /// Samples handed out for sending.
    pub sent: u64,
    /// Samples dropped by interrupts.
    pub interrupted: u64,
    /// Samples dropped to make room for newer ones.
    pub dropped_oldest: u64,
    /// Samples dropped before they entered the queue.
    pub dropped_newest: u64,
    /// Samples for which a push was told that there is no room.
    pub refused: u64,
    /// Times a full frame came after its tick, so that the clock began again within a talk spurt.
    pub starved: u64,
    /// Times the clock began again because it was polled more than three frames late.
    pub overslept: u64,
}

#[derive(Debug)]
struct Mark {
    id: u64,
    position: u64,
    lost: bool,
}

/// What application threads share among themselves.
#[derive(Debug, Default)]
struct Control {
    interrupted: u64,
    dropped_oldest: u64,
    marks: VecDeque<Mark>,
    waiters: Vec<Mark>,
    tickets: u64,
}

impl Control {
    /// Samples before `tail` that left; the others were dropped.
    fn sent(&self, tail: u64) -> u64 {
        tail - self.interrupted - self.dropped_oldest
    }

    /// Tells everyone who waits for the playout of a dropped sample.
    fn lose(&mut self, dropped: &Range<u64>) {
        for mark in self.marks.iter_mut().chain(&mut self.waiters) {
            mark.lost |= dropped.start < mark.position && mark.position <= dropped.end;
        }
    }
}

/// A bounded queue of PCM between one pushing thread at a time and the pacer.
pub struct SendQueue {
    pub(super) ring: PcmRing,
    channels: usize,
    backpressure: Backpressure,
    waker: Box<dyn Fn() + Send + Sync>,
    /// Whether the pacer has too little to go on and wants to be woken for anything new.
    hungry: AtomicBool,
    flush_to: AtomicU64,
    /// Where the newest mark is.
    marked: AtomicU64,
    closed: AtomicBool,
    control: Mutex<Control>,
    marks: AtomicUsize,
    /// For whoever waits for room or for playout.
    pub(super) wake: Wake,
    dropped_newest: AtomicU64,
    refused: AtomicU64,
    pub(super) starved: AtomicU64,
    pub(super) overslept: AtomicU64,
}

impl SendQueue {
    /// A queue of `capacity` samples for each channel. `waker` is called, on the thread that pushes, when the pacer
    /// ran out of samples and new ones came: then poll it.
    pub fn new(
        channels: usize,
        capacity: usize,
        backpressure: Backpressure,
        waker: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let channels = channels.max(1);
        Self {
            ring: PcmRing::new(capacity.max(1) * channels),
            channels,
            backpressure,
            waker,
            hungry: AtomicBool::new(true),
            flush_to: AtomicU64::new(0),
            marked: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            control: Mutex::default(),
            marks: AtomicUsize::new(0),
            wake: Wake::new(),
            dropped_newest: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            starved: AtomicU64::new(0),
            overslept: AtomicU64::new(0),
        }
    }

    /// Channels, which are interleaved.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples for each channel that fit.
    pub fn capacity(&self) -> usize {
        self.ring.capacity() / self.channels
    }

    /// Samples for each channel that are queued and have not left.
    pub fn queued(&self) -> u64 {
        self.ring.queued() / self.channels as u64
    }

    /// Samples for each channel that have left since the start.
    pub fn sent(&self) -> u64 {
        self.control(|control| control.sent(self.ring.tail())) / self.channels as u64
    }

    /// Drops all that is queued, and ends a push under way on another thread without taking more of it. Nothing
    /// pushed before leaves after this call, except a frame that the pacer handed out before it.
    pub fn interrupt(&self) -> Interrupted {
        let found = self.control(|control| {
            let end = self.ring.interrupt();
            let dropped = self.ring.discard(end);
            let sent = control.sent(dropped.start);
            control.interrupted += dropped.end - dropped.start;
            control.lose(&dropped);
            Interrupted {
                sent: sent / self.channels as u64,
                dropped: (dropped.end - dropped.start) / self.channels as u64,
            }
        });
        self.wake.notify();
        found
    }

    /// Takes no more samples and ends all waiting. What is queued still leaves while the pacer is polled.
    pub fn close(&self) {
        self.closed.store(true, SeqCst);
        self.wake.notify();
        self.rouse();
    }

    /// Whether [`SendQueue::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Acquire)
    }

    /// What has happened so far.
    pub fn counters(&self) -> SendCounters {
        let channels = self.channels as u64;
        let (sent, interrupted, dropped_oldest) =
            self.control(|control| (control.sent(self.ring.tail()), control.interrupted, control.dropped_oldest));
        SendCounters {
            pushed: self.ring.head().position / channels,
            sent: sent / channels,
            interrupted: interrupted / channels,
            dropped_oldest: dropped_oldest / channels,
            dropped_newest: self.dropped_newest.load(Relaxed),
            refused: self.refused.load(Relaxed),
            starved: self.starved.load(Relaxed),
            overslept: self.overslept.load(Relaxed),
        }
    }

    /// Application threads only. The pacer may have tried the lock meanwhile in order to report marks, in vain: so
    /// it is asked again.
    fn control<R>(&self, act: impl FnOnce(&mut Control) -> R) -> R {
        let result = act(&mut self.control.lock().unwrap_or_else(PoisonError::into_inner));
        if self.marks.load(Relaxed) > 0 {
            self.rouse();
        }
        result
    }
}
