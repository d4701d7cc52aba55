//! The send queue: what the application pushes, until the pacer ([`super::pace`]) takes it frame by frame.
//!
//! Application threads never make the media wait: the samples are in a lock-free ring, and the lock around marks
//! and sums is one that the media only ever tries. Lengths and positions are samples for each channel.

use super::ring::{Head, PcmProducer, PcmRing};
use super::wake::{Deadline, Wake};
use crate::Status;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Playout marks that can be outstanding at once.
pub const MAX_MARKS: usize = 256;
/// Threads that can be in [`SendQueue::wait_played`] at once.
pub const MAX_WAITERS: usize = 64;
/// Samples converted at a time, on the stack.
const CONVERTED: usize = 512;
/// Looks at a place that the pacer is copying from (some 30 ns a frame) before a push gives up on it.
const PATIENCE: usize = 1000;

/// What a push does with samples for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backpressure {
    /// They stay with the caller, who is told how many were taken.
    #[default]
    Refuse,
    /// The oldest in the queue are dropped for them.
    DropOldest,
    /// They are dropped.
    DropNewest,
}

/// How a push ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushStatus {
    /// All samples were taken, or what was not was dropped as the policy says.
    Done,
    /// No more room; the rest is the caller's.
    Full,
    /// The same, after waiting.
    TimedOut,
    /// An interrupt came meanwhile: what was taken before it has been sent or dropped, the rest is not taken.
    Interrupted,
    /// The queue is closed.
    Closed,
    /// Another thread is pushing; nothing was taken.
    Busy,
    /// The length is not a multiple of the channels; nothing was taken.
    Misaligned,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushOutcome {
    /// Samples for each channel that entered the queue.
    pub accepted: usize,
    /// Why it ended.
    pub status: PushStatus,
}

/// What an interrupt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Samples for each channel handed out for sending since the start, at the moment of the interrupt.
    pub sent: u64,
    /// Samples for each channel that this interrupt dropped.
    pub dropped: u64,
}

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

/// A sample from -1 to 1 as 16 bits. Without branches and casts that saturate, so that it becomes a vector loop.
fn convert(sample: f32) -> i16 {
    /// Added to a small float, it leaves the nearest integer in the low bits: above it, floats are integers.
    const ROUND: f32 = 12_582_912.0;
    let sample = if sample.is_nan() { 0.0 } else { sample };
    ((sample * 32768.0).clamp(-32768.0, 32767.0) + ROUND).to_bits() as i16
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

/// What the pacer decides by.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outlook {
    pub head: Head,
    /// What lies before this need not wait for a full frame.
    pub flush_to: u64,
    pub closed: bool,
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

    /// Pushes interleaved samples, any number that is a multiple of the channels. Where it refuses, it first waits at
    /// most so long for room (zero: not at all; `None`: for ever); a policy that drops has no need to wait. Takes no lock and no memory, and makes
    /// no system call, unless it has to wait, to drop what is oldest, or to wake the pacer.
    pub fn push(&self, pcm: &[i16], timeout: Option<Duration>) -> PushOutcome {
        self.push_with(pcm.len(), timeout, |producer, range| producer.stage(&pcm[range]))
    }

    /// The same for samples from -1 to 1; what is beyond is clipped, and what is no number is silence.
    pub fn push_f32(&self, pcm: &[f32], timeout: Option<Duration>) -> PushOutcome {
        self.push_with(pcm.len(), timeout, |producer, range| {
            let mut staged = 0;
            for chunk in pcm[range].chunks(CONVERTED) {
                let mut converted = [0; CONVERTED];
                converted.iter_mut().zip(chunk).for_each(|(to, from)| *to = convert(*from));
                let count = producer.stage(&converted[..chunk.len()]);
                staged += count;
                if count < chunk.len() {
                    break;
                }
            }
            staged
        })
    }

    fn push_with(
        &self,
        len: usize,
        timeout: Option<Duration>,
        stage: impl Fn(&mut PcmProducer<'_>, Range<usize>) -> usize,
    ) -> PushOutcome {
        let mut accepted = 0;
        let status = self.push_all(len, timeout, stage, &mut accepted);
        PushOutcome { accepted: accepted / self.channels, status }
    }

    fn push_all(
        &self,
        len: usize,
        timeout: Option<Duration>,
        stage: impl Fn(&mut PcmProducer<'_>, Range<usize>) -> usize,
        accepted: &mut usize,
    ) -> PushStatus {
        if !len.is_multiple_of(self.channels) {
            return PushStatus::Misaligned;
        }
        let Some(mut producer) = self.ring.producer() else { return PushStatus::Busy };
        let mut deadline = None;
        loop {
            if self.is_closed() {
                return PushStatus::Closed;
            }
            let staged = stage(&mut producer, *accepted..len);
            if !producer.commit() {
                return PushStatus::Interrupted;
            }
            if staged > 0 {
                *accepted += staged;
                self.rouse();
            }
            let left = len - *accepted;
            if left == 0 {
                return PushStatus::Done;
            }
            if self.backpressure == Backpressure::Refuse && timeout != Some(Duration::ZERO) {
                let deadline = *deadline.get_or_insert_with(|| Deadline::after(timeout));
                // An interrupt makes room too.
                let ready = || producer.room() > 0 || self.is_closed();
                if self.wake.wait(deadline, ready) {
                    continue;
                }
            }
            match self.backpressure {
                Backpressure::Refuse => {
                    self.refused.fetch_add((left / self.channels) as u64, Relaxed);
                    return if deadline.is_some() { PushStatus::TimedOut } else { PushStatus::Full };
                }
                Backpressure::DropOldest if self.make_room(&producer, left) => {}
                Backpressure::DropOldest | Backpressure::DropNewest => {
                    self.dropped_newest.fetch_add((left / self.channels) as u64, Relaxed);
                    return PushStatus::Done;
                }
            }
        }
    }

    /// Drops what is oldest for `wanted` samples. `false`: the oldest are being copied by a pacer that has lost its
    /// processor, which the application cannot wait for.
    fn make_room(&self, producer: &PcmProducer<'_>, wanted: usize) -> bool {
        let capacity = self.ring.capacity();
        let to = (producer.position() + wanted.min(capacity) as u64).saturating_sub(capacity as u64);
        self.control(|control| {
            let dropped = self.ring.discard(to);
            control.dropped_oldest += dropped.end - dropped.start;
            control.lose(&dropped);
        });
        (0..PATIENCE).any(|_| {
            std::hint::spin_loop();
            producer.room() > 0
        })
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

    /// Places a playout mark after the last sample in the queue; the pacer reports it under this id
    /// ([`super::pace::Pacer::marks`]). Ids need not differ.
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

    /// Playout marks that are outstanding.
    pub fn marks_waiting(&self) -> usize {
        self.marks.load(Relaxed)
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

    /// Wakes the pacer if it waits for something new.
    fn rouse(&self) {
        // Either this load sees that it is hungry, or its last look, behind a fence of its own, sees what is new.
        fence(SeqCst);
        if self.hungry.load(Relaxed) && self.hungry.swap(false, AcqRel) {
            (self.waker)();
        }
    }

    /// The pacer's: what is new.
    pub(super) fn outlook(&self) -> Outlook {
        Outlook { head: self.ring.head(), flush_to: self.flush_to.load(Acquire), closed: self.is_closed() }
    }

    /// The pacer's: whether the application said that its sound ends at this position, by a mark or by waiting there.
    pub(super) fn ends_at(&self, position: u64) -> bool {
        [&self.flush_to, &self.marked].iter().any(|end| end.load(Relaxed) == position)
    }

    /// The pacer's: whether it wants to be woken for anything new. Look again after saying so.
    pub(super) fn set_hungry(&self, hungry: bool) {
        self.hungry.store(hungry, Relaxed);
        fence(SeqCst);
    }

    /// The pacer's: moves the marks that have been reached, in their order. Never waits for the lock.
    pub(super) fn take_marks(&self, into: &mut VecDeque<(u64, MarkOutcome)>) {
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::audio::pace::{Paced, Pacer};
    use std::sync::{Arc, Barrier};
    use std::thread;
    use std::time::Instant;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    fn queue(channels: usize, capacity: usize, backpressure: Backpressure) -> Arc<SendQueue> {
        Arc::new(SendQueue::new(channels, capacity, backpressure, Box::new(|| {})))
    }

    fn push(queue: &SendQueue, pcm: &[i16]) -> (usize, PushStatus) {
        let PushOutcome { accepted, status } = queue.push(pcm, AT_ONCE);
        (accepted, status)
    }

    fn pull(queue: &SendQueue, most: usize) -> Vec<i16> {
        let mut out = vec![0; most];
        let got = queue.ring.consumer().expect("no other").read(&mut out, 1);
        queue.wake.notify();
        out.truncate(got.map_or(0, |range| (range.end - range.start) as usize));
        out
    }

    /// Everything pushed is somewhere.
    fn balance(queue: &SendQueue) -> SendCounters {
        let counters = queue.counters();
        let accounted = counters.sent + counters.interrupted + counters.dropped_oldest + queue.queued();
        assert_eq!(counters.pushed, accounted, "{counters:?}");
        counters
    }

    #[test]
    fn refusing_takes_what_fits_and_says_how_much() {
        let queue = queue(2, 3, Backpressure::Refuse);
        assert_eq!((queue.channels(), queue.capacity()), (2, 3));
        assert_eq!(push(&queue, &[1, 1, 2, 2]), (2, PushStatus::Done));
        assert_eq!(push(&queue, &[3, 3, 4, 4]), (1, PushStatus::Full));
        assert_eq!(push(&queue, &[]), (0, PushStatus::Done));
        assert_eq!(pull(&queue, 9), [1, 1, 2, 2, 3, 3]);
        assert_eq!((queue.sent(), balance(&queue).refused), (3, 1));
    }

    #[test]
    fn dropping_the_oldest_keeps_the_end_of_any_push() {
        let queue = queue(1, 3, Backpressure::DropOldest);
        assert_eq!(push(&queue, &[1, 2]), (2, PushStatus::Done));
        assert_eq!(push(&queue, &[3, 4, 5, 6, 7, 8, 9]), (7, PushStatus::Done));
        assert_eq!(pull(&queue, 9), [7, 8, 9]);
        let counters = balance(&queue);
        assert_eq!((counters.pushed, counters.sent, counters.dropped_oldest), (9, 3, 6));
    }

    #[test]
    fn dropping_the_newest_keeps_the_beginning() {
        let queue = queue(1, 3, Backpressure::DropNewest);
        assert_eq!(push(&queue, &[1, 2, 3, 4, 5]), (3, PushStatus::Done));
        assert_eq!(pull(&queue, 9), [1, 2, 3]);
        assert_eq!(balance(&queue).dropped_newest, 2);
    }

    #[test]
    fn half_a_sample_is_refused() {
        assert_eq!(push(&queue(2, 3, Backpressure::Refuse), &[1, 1, 2]), (0, PushStatus::Misaligned));
    }

    #[test]
    fn floats_are_clipped_and_rounded() {
        let queue = queue(1, 2000, Backpressure::Refuse);
        let pcm = [0.0, 0.5, -0.5, 1.0, -1.0, 7.0, -7.0, f32::NAN, f32::INFINITY, 1.6 / 32768.0, -1.6 / 32768.0];
        assert_eq!(queue.push_f32(&pcm, AT_ONCE).accepted, 11);
        assert_eq!(pull(&queue, 99), [0, 16384, -16384, 32767, -32768, 32767, -32768, 0, 32767, 2, -2]);
        let long: Vec<f32> = (0..1999).map(|value| value as f32 / 32768.0).collect();
        assert_eq!(queue.push_f32(&long, AT_ONCE), PushOutcome { accepted: 1999, status: PushStatus::Done });
        assert_eq!(queue.push_f32(&long, AT_ONCE), PushOutcome { accepted: 1, status: PushStatus::Full });
        assert!(pull(&queue, 1999).into_iter().eq(0..1999));
    }

    #[test]
    fn a_push_waits_for_room_and_keeps_its_order() {
        let queue = queue(1, 4, Backpressure::Refuse);
        let pusher = thread::spawn({
            let queue = queue.clone();
            move || queue.push(&(0..1000).collect::<Vec<i16>>(), None)
        });
        let mut pulled = Vec::new();
        while pulled.len() < 1000 {
            pulled.extend(pull(&queue, 3));
        }
        assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 1000, status: PushStatus::Done });
        assert!(pulled.into_iter().eq(0..1000));
    }

    #[test]
    fn a_push_that_waits_in_vain_says_so() {
        let queue = queue(1, 4, Backpressure::Refuse);
        let outcome = queue.push(&[0; 6], Some(Duration::from_millis(3)));
        assert_eq!(outcome, PushOutcome { accepted: 4, status: PushStatus::TimedOut });
    }

    /// Fills the queue, and returns a thread that is then blocked in a push of five more samples.
    fn blocked(queue: &Arc<SendQueue>) -> thread::JoinHandle<PushOutcome> {
        let pusher = thread::spawn({
            let queue = queue.clone();
            move || queue.push(&[1; 9], None)
        });
        while queue.queued() < 4 {
            thread::yield_now();
        }
        pusher
    }

    #[test]
    fn an_interrupt_ends_a_blocked_push_to_the_sample() {
        let queue = queue(1, 4, Backpressure::Refuse);
        let pusher = blocked(&queue);
        assert_eq!(queue.push(&[2], AT_ONCE), PushOutcome { accepted: 0, status: PushStatus::Busy });
        assert_eq!(queue.interrupt(), Interrupted { sent: 0, dropped: 4 });
        assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 4, status: PushStatus::Interrupted });
        assert_eq!((queue.queued(), pull(&queue, 9)), (0, vec![]));
        assert_eq!(push(&queue, &[3]), (1, PushStatus::Done));
        assert_eq!(pull(&queue, 9), [3]);
        assert_eq!(queue.interrupt(), Interrupted { sent: 1, dropped: 0 });
        balance(&queue);
    }

    #[test]
    fn closing_ends_a_blocked_push() {
        let queue = queue(1, 4, Backpressure::Refuse);
        let pusher = blocked(&queue);
        queue.close();
        assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 4, status: PushStatus::Closed });
        assert_eq!(push(&queue, &[1]), (0, PushStatus::Closed));
        assert_eq!(queue.mark(1), Err(MarkError::Closed));
        assert_eq!(queue.wait_played(None), Playout::Closed);
        assert_eq!(queue.queued(), 4, "what is queued may still leave");
    }

    #[test]
    fn interrupts_are_exact_while_threads_push_and_take() {
        let queue = queue(1, 64, Backpressure::Refuse);
        let start = Barrier::new(3);
        let done = AtomicBool::new(false);
        let (taken, dropped) = thread::scope(|scope| {
            let taker = scope.spawn(|| {
                start.wait();
                let mut taken = 0;
                while !done.load(SeqCst) || queue.queued() > 0 {
                    taken += pull(&queue, 7).len() as u64;
                }
                taken
            });
            let interrupter = scope.spawn(|| {
                start.wait();
                let (mut dropped, mut sent) = (0, 0);
                while !done.load(SeqCst) {
                    let found = queue.interrupt();
                    assert!(found.sent >= sent);
                    (dropped, sent) = (dropped + found.dropped, found.sent);
                }
                dropped
            });
            start.wait();
            for _ in 0..20_000 {
                queue.push(&[5; 30], AT_ONCE);
            }
            done.store(true, SeqCst);
            (taker.join().expect("no panic"), interrupter.join().expect("no panic"))
        });
        let counters = balance(&queue);
        assert_eq!((counters.sent, counters.interrupted), (taken, dropped));
    }

    #[test]
    fn marks_are_bounded() {
        let queue = queue(1, 4, Backpressure::Refuse);
        (0..MAX_MARKS as u64).for_each(|id| queue.mark(id).expect("room"));
        let error = queue.mark(0).expect_err("one too many");
        assert_eq!(error, MarkError::TooMany);
        assert!(error.to_string().contains("256"));
    }

    #[test]
    fn waiting_for_playout_ends_when_the_last_sample_left() {
        let queue = queue(1, 960, Backpressure::Refuse);
        assert_eq!(queue.wait_played(None), Playout::Played, "nothing was pushed");
        push(&queue, &[1; 500]);
        assert_eq!(queue.wait_played(AT_ONCE), Playout::TimedOut);
        assert_eq!(queue.wait_played(Some(Duration::from_millis(2))), Playout::TimedOut);
        let waiter = thread::spawn({
            let queue = queue.clone();
            move || queue.wait_played(None)
        });
        assert_eq!(pull(&queue, 499).len(), 499);
        assert!(!waiter.is_finished());
        assert_eq!(pull(&queue, 1).len(), 1);
        assert_eq!(waiter.join().expect("no panic"), Playout::Played);
    }

    #[test]
    fn waiting_for_playout_ends_with_an_interrupt() {
        let queue = queue(1, 4, Backpressure::Refuse);
        push(&queue, &[1; 4]);
        let waiter = thread::spawn({
            let queue = queue.clone();
            move || queue.wait_played(None)
        });
        while queue.control(|control| control.waiters.is_empty()) {
            thread::yield_now();
        }
        queue.interrupt();
        assert_eq!(waiter.join().expect("no panic"), Playout::Interrupted);
        assert_eq!(queue.wait_played(None), Playout::Played, "what was dropped before does not count");
    }

    #[test]
    fn a_waiting_thread_flushes_the_tail() {
        let queue = queue(1, 960, Backpressure::Refuse);
        let (mut pacer, now, mut out) = (Pacer::new(queue.clone(), 480), Instant::now(), [9; 480]);
        push(&queue, &[1; 100]);
        assert_eq!(pacer.poll(now, &mut out), None, "more may come");
        queue.wait_played(AT_ONCE);
        let Some(Paced::Frame(frame)) = pacer.poll(now, &mut out) else { panic!("the tail leaves at once") };
        assert_eq!((frame.samples, &out[98..102]), (100, &[1, 1, 0, 0][..]));
    }

    #[test]
    fn the_pacer_makes_room_for_a_blocked_push() {
        let queue = queue(1, 4, Backpressure::Refuse);
        let pusher = blocked(&queue);
        while queue.wake.is_quiet() {
            thread::yield_now();
        }
        let (mut pacer, mut now, mut left) = (Pacer::new(queue.clone(), 2), Instant::now(), 9);
        while left > 0 {
            if let Some(Paced::Frame(frame)) = pacer.poll(now, &mut [0; 2]) {
                left -= frame.samples;
            }
            now += Duration::from_millis(20);
            thread::yield_now();
        }
        assert_eq!(pusher.join().expect("no panic"), PushOutcome { accepted: 9, status: PushStatus::Done });
    }

    #[test]
    fn the_pacer_is_woken_only_when_it_is_hungry() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let waker = {
            let wakes = wakes.clone();
            move || _ = wakes.fetch_add(1, SeqCst)
        };
        let queue = Arc::new(SendQueue::new(1, 9600, Backpressure::Refuse, Box::new(waker)));
        let (mut pacer, now, mut out) = (Pacer::new(queue.clone(), 480), Instant::now(), [0; 480]);
        push(&queue, &[1; 480]);
        push(&queue, &[1; 480]);
        assert_eq!(wakes.load(SeqCst), 1, "the first push");
        assert!(pacer.poll(now, &mut out).is_some());
        assert!(pacer.poll(now, &mut out).is_none());
        push(&queue, &[1; 480]);
        assert_eq!(wakes.load(SeqCst), 1, "its clock is running");
        while let Some(deadline) = pacer.deadline() {
            pacer.poll(deadline, &mut out);
        }
        assert_eq!(wakes.load(SeqCst), 1, "it sees for itself that the queue is empty");
        push(&queue, &[1; 10]);
        push(&queue, &[1; 10]);
        assert_eq!(wakes.load(SeqCst), 2, "it was hungry");
        assert!(pacer.poll(now + Duration::from_secs(1), &mut out).is_none());
        queue.mark(1).expect("room");
        assert_eq!(wakes.load(SeqCst), 3, "a mark may be reached already");
    }
}
