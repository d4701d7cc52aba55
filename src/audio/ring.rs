//! The two lock-free rings between the application and the media.
//!
//! [`PcmRing`] carries what the application pushes: samples, cut where they fall. [`FrameRing`] carries what it
//! reads: whole frames, each with a description. Both have one producer and one consumer at a time; a second one
//! is turned away, not kept waiting. Nothing is allocated after creation.
//!
//! # How it works
//! Positions count samples (or frames) since the start and never go back. The producer alone moves `head`; the
//! consumer claims `tail..tail + n` by moving `tail` with a compare-and-swap, and so does whoever drops what is
//! oldest, so that each sample is either taken or dropped, never both. Before it claims, the consumer says in
//! `held` where it is about to read, and takes that back when it has copied: the producer overwrites only what
//! lies before both. A claim that failed read nothing, so a `held` that turns out stale is merely cautious.
//!
//! A producer that finds the ring empty starts again at the first slot (`base`): memory is touched up to the
//! fullest the ring ever was, and not a page further.

#[cfg(loom)]
use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64},
};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
#[cfg(not(loom))]
use std::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64},
};

/// Value of `held` when the consumer is not copying.
const NOTHING: u64 = u64::MAX;
/// The head word is an epoch of 16 bits above a position of 48: enough for 90 years of 48 kHz stereo.
const POSITION_BITS: u32 = 48;

/// Memory that two threads use, at places they have agreed upon. It is not touched before it is written.
struct Slab<T>(Box<[UnsafeCell<MaybeUninit<T>>]>);

// SAFETY: the rings below hand each place to one thread at a time, and T is plain data.
unsafe impl<T: Send> Sync for Slab<T> {}
// SAFETY: as above; the slab owns its memory.
unsafe impl<T: Send> Send for Slab<T> {}

#[cfg(not(loom))]
impl<T: Copy> Slab<T> {
    fn new(len: usize) -> Self {
        let memory = Box::<[UnsafeCell<MaybeUninit<T>>]>::new_uninit_slice(len);
        // SAFETY: a MaybeUninit needs no initialisation.
        Self(unsafe { memory.assume_init() })
    }

    /// # Safety
    /// No other thread uses these places meanwhile.
    unsafe fn write(&self, at: usize, from: &[T]) {
        let places = &self.0[at..at + from.len()];
        // SAFETY: `places` is as long as `from`, writable through its cells, and ours by the contract.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), places.as_ptr() as *mut T, from.len()) }
    }

    /// # Safety
    /// These places have been written, and no other thread writes them meanwhile.
    unsafe fn read(&self, at: usize, to: &mut [T]) {
        let places = &self.0[at..at + to.len()];
        // SAFETY: `places` is as long as `to`, initialised, and not written meanwhile by the contract.
        unsafe { std::ptr::copy_nonoverlapping(places.as_ptr() as *const T, to.as_mut_ptr(), to.len()) }
    }
}

/// The same one place at a time, so that the model checker sees every access.
#[cfg(loom)]
impl<T: Copy> Slab<T> {
    fn new(len: usize) -> Self {
        Self((0..len).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect())
    }

    unsafe fn write(&self, at: usize, from: &[T]) {
        for (cell, value) in self.0[at..].iter().zip(from) {
            // SAFETY: the caller owns the place.
            cell.with_mut(|place| unsafe { (*place).write(*value) });
        }
    }

    unsafe fn read(&self, at: usize, to: &mut [T]) {
        for (cell, value) in self.0[at..at + to.len()].iter().zip(to) {
            // SAFETY: the place has been written, and nobody writes it now.
            *value = cell.with(|place| unsafe { (*place).assume_init() });
        }
    }
}

/// The right to be the only producer, or the only consumer, until dropped (also by a panic).
struct Turn<'a>(&'a AtomicBool);

impl<'a> Turn<'a> {
    fn claim(taken: &'a AtomicBool) -> Option<Self> {
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
struct Positions {
    capacity: u64,
    head: AtomicU64,
    tail: AtomicU64,
    held: AtomicU64,
    /// The position that lies in slot 0 (modulo the capacity). Only the producer changes it, only while the ring is
    /// empty and nothing is held: so for a consumer whose claim succeeds it has not changed.
    base: AtomicU64,
    producing: AtomicBool,
    consuming: AtomicBool,
}

impl Positions {
    fn new(capacity: usize) -> Self {
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

    fn head(&self) -> Head {
        Head::of(self.head.load(Acquire))
    }

    fn tail(&self) -> u64 {
        self.tail.load(Acquire)
    }

    /// How much is in the ring. Exact when neither side moves.
    fn len(&self) -> u64 {
        let tail = self.tail();
        self.head().position - tail
    }

    /// Producer only: what lies before this may be overwritten.
    fn freed(&self) -> u64 {
        // In this order: a tail that shows a claim also shows the `held` stored before it.
        self.tail().min(self.held.load(Acquire))
    }

    /// Producer only: free places from `end` on. A stale `held` can lie more than the capacity back.
    fn room(&self, end: u64) -> u64 {
        self.capacity.saturating_sub(end - self.freed())
    }

    /// Producer only: the slot of a position not yet committed.
    fn slot(&self, position: u64) -> usize {
        ((position - self.base.load(Relaxed)) % self.capacity) as usize
    }

    /// Producer only, before anything is written behind `end`: begins again at slot 0 if the ring is empty.
    fn rewind(&self, end: u64) {
        if self.freed() == end {
            self.base.store(end, Relaxed);
        }
    }

    /// Producer only: commits up to `to`, unless there was an interrupt since `from` was seen.
    fn commit(&self, from: Head, to: u64) -> bool {
        let next = Head { position: to, ..from };
        self.head.compare_exchange(from.word(), next.word(), Release, Relaxed).is_ok()
    }

    /// Consumer only: claims as many as `choose` says, given how many there are and the slot of the first.
    /// What `choose` returns as an error stands only if the tail has not been dropped in between.
    fn claim<E>(&self, choose: impl Fn(u64, usize) -> Result<u64, E>) -> Result<Option<Hold<'_>>, E> {
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

    /// Any thread: drops what lies before `to`, except what the consumer has claimed. Returns what was dropped; if
    /// that is nothing, it starts where the tail is.
    fn discard(&self, to: u64) -> Range<u64> {
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
struct Hold<'a> {
    positions: &'a Positions,
    range: Range<u64>,
    slot: usize,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.positions.held.store(NOTHING, Release);
    }
}

/// A ring of interleaved 16-bit samples with exact interrupts.
///
/// An interrupt, from any thread, is a point in time: a push committed before it can be dropped to the last sample
/// ([`PcmRing::interrupt`], then [`PcmRing::discard`]); one that was still under way does not commit.
pub struct PcmRing {
    positions: Positions,
    samples: Slab<i16>,
}

impl PcmRing {
    /// A ring for `capacity` samples (at least 1).
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self { positions: Positions::new(capacity), samples: Slab::new(capacity) }
    }

    /// Samples that fit.
    pub fn capacity(&self) -> usize {
        self.positions.capacity as usize
    }

    /// The end of what has been committed.
    pub fn head(&self) -> Head {
        self.positions.head()
    }

    /// Total that was read or dropped since the start.
    pub fn tail(&self) -> u64 {
        self.positions.tail()
    }

    /// Samples queued now.
    pub fn queued(&self) -> u64 {
        self.positions.len()
    }

    /// Becomes the producer; `None` while another thread is it.
    pub fn producer(&self) -> Option<PcmProducer<'_>> {
        let turn = Turn::claim(&self.positions.producing)?;
        Some(PcmProducer { ring: self, _turn: turn, from: self.head(), staged: 0 })
    }

    /// Becomes the consumer; `None` while another thread is it.
    pub fn consumer(&self) -> Option<PcmConsumer<'_>> {
        let turn = Turn::claim(&self.positions.consuming)?;
        Some(PcmConsumer { ring: self, _turn: turn })
    }

    /// Any thread: the push under way, if any, will not commit. Returns the end of what is committed: hand it to
    /// [`PcmRing::discard`] to drop all of it.
    pub fn interrupt(&self) -> u64 {
        Head::of(self.positions.head.fetch_add(1 << POSITION_BITS, AcqRel)).position
    }

    /// Any thread: drops what is queued before position `to`. Returns the positions dropped, which
    /// start where the consumer had got to.
    pub fn discard(&self, to: u64) -> Range<u64> {
        self.positions.discard(to)
    }
}

/// The right to push into a [`PcmRing`]. It remembers the epoch in which it began.
pub struct PcmProducer<'a> {
    ring: &'a PcmRing,
    _turn: Turn<'a>,
    from: Head,
    staged: u64,
}

impl PcmProducer<'_> {
    /// The end of what has been committed.
    pub fn position(&self) -> u64 {
        self.from.position
    }

    /// Samples that can be staged now.
    pub fn room(&self) -> usize {
        self.ring.positions.room(self.from.position + self.staged) as usize
    }

    /// Copies as many samples as fit, behind those already staged; nobody sees them yet. Returns how many.
    pub fn stage(&mut self, pcm: &[i16]) -> usize {
        let (positions, samples) = (&self.ring.positions, &self.ring.samples);
        if self.staged == 0 {
            positions.rewind(self.from.position);
        }
        let count = self.room().min(pcm.len());
        let slot = positions.slot(self.from.position + self.staged);
        let (first, rest) = pcm[..count].split_at(count.min(self.ring.capacity() - slot));
        // SAFETY: `room` says that the consumer is done with these places, and there is no other producer.
        unsafe {
            samples.write(slot, first);
            samples.write(0, rest);
        }
        self.staged += count as u64;
        count
    }

    /// Makes what is staged visible, all at once. `false`: it was interrupted, and is forgotten.
    pub fn commit(&mut self) -> bool {
        let end = self.from.position + std::mem::take(&mut self.staged);
        let done = self.ring.positions.commit(self.from, end);
        if done {
            self.from.position = end;
        }
        done
    }
}

/// The right to take samples from a [`PcmRing`].
pub struct PcmConsumer<'a> {
    ring: &'a PcmRing,
    _turn: Turn<'a>,
}

impl PcmConsumer<'_> {
    /// Takes at most `out.len()` samples, and none if fewer than `at_least` are there. Returns their positions.
    pub fn read(&mut self, out: &mut [i16], at_least: usize) -> Option<Range<u64>> {
        let most = out.len() as u64;
        let enough = |available, _| -> Result<u64, std::convert::Infallible> {
            Ok(if available < at_least as u64 { 0 } else { most.min(available) })
        };
        let Ok(hold) = self.ring.positions.claim(enough);
        let hold = hold?;
        let count = (hold.range.end - hold.range.start) as usize;
        let (first, rest) = out[..count].split_at_mut(count.min(self.ring.capacity() - hold.slot));
        // SAFETY: these places were committed, and the producer leaves them alone while they are held.
        unsafe {
            self.ring.samples.read(hold.slot, first);
            self.ring.samples.read(0, rest);
        }
        Some(hold.range.clone())
    }
}

/// What a full [`FrameRing`] does with a new frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest unread frame makes room.
    #[default]
    DropOldest,
    /// The new frame is not stored.
    DropNewest,
}

/// What became of a frame that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Stored.
    Stored,
    /// Stored in the place of the oldest unread one, which is lost.
    DroppedOldest,
    /// Lost: the ring was full, or its last free place is still being read.
    DroppedNewest,
    /// Lost: it has more samples than a slot holds.
    TooLong,
    /// Lost: the ring has been closed.
    Closed,
    /// Lost: another thread is writing.
    Busy,
}

/// What a reader of a [`FrameRing`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A frame with this many samples, now in the reader's buffer.
    Frame(usize),
    /// Nothing yet.
    Empty,
    /// Nothing, and nothing will come.
    End,
    /// The next frame has this many samples, more than the buffer; it stays where it is.
    TooSmall(usize),
}

/// A ring of frames: at most so many samples each, with a description `I`.
pub struct FrameRing<I> {
    positions: Positions,
    /// Atomic, for a reader looks at the length before it claims the frame.
    lengths: Box<[AtomicU32]>,
    infos: Slab<I>,
    samples: Slab<i16>,
    frame_len: usize,
    overflow: Overflow,
    closed: AtomicBool,
    dropped_oldest: AtomicU64,
    dropped_newest: AtomicU64,
}

impl<I: Copy> FrameRing<I> {
    /// A ring of `slots` frames (at least 1) of at most `frame_len` interleaved samples each.
    pub fn new(slots: usize, frame_len: usize, overflow: Overflow) -> Self {
        let slots = slots.max(1);
        Self {
            positions: Positions::new(slots),
            lengths: (0..slots).map(|_| AtomicU32::new(0)).collect(),
            infos: Slab::new(slots),
            samples: Slab::new(slots * frame_len),
            frame_len,
            overflow,
            closed: AtomicBool::new(false),
            dropped_oldest: AtomicU64::new(0),
            dropped_newest: AtomicU64::new(0),
        }
    }

    /// Frames that can be read now.
    pub fn readable(&self) -> usize {
        self.positions.len() as usize
    }

    /// No frame will be stored from now on; the reader drains what is there, then finds the end. Any thread.
    pub fn close(&self) {
        self.closed.store(true, Release);
    }

    /// Whether [`FrameRing::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Acquire)
    }

    /// Frames lost because newer ones took their place.
    pub fn dropped_oldest(&self) -> u64 {
        self.dropped_oldest.load(Relaxed)
    }

    /// Frames lost because there was no place for them.
    pub fn dropped_newest(&self) -> u64 {
        self.dropped_newest.load(Relaxed)
    }

    /// Becomes the writer; `None` while another thread is it.
    pub fn writer(&self) -> Option<FrameWriter<'_, I>> {
        Turn::claim(&self.positions.producing).map(|turn| FrameWriter { ring: self, _turn: turn })
    }

    /// Becomes the reader; `None` while another thread is it.
    pub fn reader(&self) -> Option<FrameReader<'_, I>> {
        Turn::claim(&self.positions.consuming).map(|turn| FrameReader { ring: self, _turn: turn })
    }
}

/// The right to write into a [`FrameRing`].
pub struct FrameWriter<'a, I> {
    ring: &'a FrameRing<I>,
    _turn: Turn<'a>,
}

impl<I: Copy> FrameWriter<'_, I> {
    /// Stores a frame, or what the policy says when the ring is full.
    pub fn write(&mut self, info: &I, pcm: &[i16]) -> Written {
        let ring = self.ring;
        if pcm.len() > ring.frame_len {
            return Written::TooLong;
        }
        if ring.is_closed() {
            return Written::Closed;
        }
        let positions = &ring.positions;
        let head = positions.head();
        let oldest = positions.tail();
        let full = head.position - oldest == positions.capacity;
        // If the reader takes the oldest first, its slot is the one we need, and it is being read.
        let stolen = full && ring.overflow == Overflow::DropOldest && !positions.discard(oldest + 1).is_empty();
        if stolen {
            ring.dropped_oldest.fetch_add(1, Relaxed);
        } else if positions.room(head.position) == 0 {
            ring.dropped_newest.fetch_add(1, Relaxed);
            return Written::DroppedNewest;
        }
        positions.rewind(head.position);
        let slot = positions.slot(head.position);
        // SAFETY: the slot's last frame was stolen from under the reader's claim, or `room` says that the reader is
        // done with it; there is no other writer.
        unsafe {
            ring.infos.write(slot, std::slice::from_ref(info));
            ring.samples.write(slot * ring.frame_len, pcm);
        }
        // After the theft, which a reader that sees this length then sees too.
        ring.lengths[slot].store(pcm.len() as u32, Release);
        positions.commit(head, head.position + 1);
        if stolen { Written::DroppedOldest } else { Written::Stored }
    }
}

/// The right to read from a [`FrameRing`].
pub struct FrameReader<'a, I> {
    ring: &'a FrameRing<I>,
    _turn: Turn<'a>,
}

impl<I: Copy> FrameReader<'_, I> {
    /// Copies the oldest frame into `out` and its description into `info`, or says why not.
    pub fn read(&mut self, out: &mut [i16], info: &mut I) -> Found {
        let ring = self.ring;
        // First this: what was written before the end is then seen below.
        let closed = ring.is_closed();
        let fits = |available, slot: usize| match ring.lengths[slot].load(Acquire) as usize {
            _ if available == 0 => Ok(0),
            len if len > out.len() => Err(len),
            _ => Ok(1),
        };
        let hold = match ring.positions.claim(fits) {
            Ok(Some(hold)) => hold,
            Ok(None) if closed => return Found::End,
            Ok(None) => return Found::Empty,
            Err(needed) => return Found::TooSmall(needed),
        };
        let len = ring.lengths[hold.slot].load(Relaxed) as usize;
        // SAFETY: the slot was committed, and the writer leaves it alone while it is held.
        unsafe {
            ring.infos.read(hold.slot, std::slice::from_mut(info));
            ring.samples.read(hold.slot * ring.frame_len, &mut out[..len]);
        }
        Found::Frame(len)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn push(ring: &PcmRing, pcm: &[i16]) -> usize {
        let mut producer = ring.producer().expect("no other producer");
        let staged = producer.stage(pcm);
        assert!(producer.commit());
        staged
    }

    fn pull(ring: &PcmRing, most: usize) -> Vec<i16> {
        let mut out = vec![0; most];
        let got = ring.consumer().expect("no other consumer").read(&mut out, 1);
        out.truncate(got.map_or(0, |range| (range.end - range.start) as usize));
        out
    }

    #[test]
    fn samples_come_out_in_order_across_the_end_of_the_memory() {
        let ring = PcmRing::new(5);
        assert_eq!(push(&ring, &[1, 2, 3, 4]), 4);
        assert_eq!(pull(&ring, 3), [1, 2, 3]);
        assert_eq!(push(&ring, &[5, 6, 7, 8, 9]), 4, "one sample is still queued");
        assert_eq!(push(&ring, &[9]), 0);
        assert_eq!(pull(&ring, 9), [4, 5, 6, 7, 8]);
        assert_eq!((ring.tail(), ring.head().position, ring.queued()), (8, 8, 0));
    }

    #[test]
    fn an_empty_ring_starts_again_at_its_first_slot() {
        let ring = PcmRing::new(1000);
        for _ in 0..100 {
            push(&ring, &[7; 30]);
            pull(&ring, 30);
        }
        push(&ring, &[1, 2]);
        assert_eq!(ring.positions.slot(ring.tail()), 0, "memory beyond what was ever queued stays untouched");
        assert_eq!(pull(&ring, 9), [1, 2]);
    }

    #[test]
    fn fewer_samples_than_asked_for_stay() {
        let ring = PcmRing::new(10);
        push(&ring, &[1, 2, 3]);
        let mut out = [0; 4];
        let mut consumer = ring.consumer().expect("no other consumer");
        assert_eq!(consumer.read(&mut out, 4), None);
        assert_eq!(consumer.read(&mut out, 3), Some(0..3));
        assert_eq!(consumer.read(&mut out, 1), None);
    }

    #[test]
    fn an_interrupt_drops_what_is_committed_and_stops_what_is_not() {
        let ring = PcmRing::new(10);
        push(&ring, &[1, 2, 3]);
        let mut producer = ring.producer().expect("no other producer");
        assert_eq!(producer.stage(&[4, 5]), 2);
        assert_eq!(pull(&ring, 1), [1]);
        let end = ring.interrupt();
        assert_eq!(end, 3);
        assert_eq!(ring.discard(end), 1..3);
        assert!(!producer.commit());
        drop(producer);
        assert_eq!(pull(&ring, 9), [0i16; 0]);
        push(&ring, &[6]);
        assert_eq!(pull(&ring, 9), [6]);
        assert_eq!(ring.tail(), 4);
    }

    #[test]
    fn discarding_stops_at_the_end_of_what_is_committed() {
        let ring = PcmRing::new(4);
        push(&ring, &[1, 2]);
        assert_eq!(ring.discard(9), 0..2);
        assert!(ring.discard(1).is_empty());
    }

    #[test]
    fn a_second_producer_or_consumer_is_turned_away_until_the_first_is_gone() {
        let ring = PcmRing::new(4);
        let (producer, consumer) = (ring.producer(), ring.consumer());
        assert!(producer.is_some() && consumer.is_some());
        for _ in 0..2 {
            assert!(ring.producer().is_none() && ring.consumer().is_none(), "asking changes nothing");
        }
        drop((producer, consumer));
        assert!(ring.producer().is_some() && ring.consumer().is_some());
        let frames = FrameRing::<u8>::new(1, 1, Overflow::DropOldest);
        let (writer, reader) = (frames.writer(), frames.reader());
        for _ in 0..2 {
            assert!(frames.writer().is_none() && frames.reader().is_none(), "asking changes nothing");
        }
        drop((writer, reader));
        assert!(frames.writer().is_some() && frames.reader().is_some());
    }

    #[test]
    fn epochs_wrap_without_moving_the_position() {
        let ring = PcmRing::new(4);
        push(&ring, &[1]);
        for _ in 0..65_537 {
            assert_eq!(ring.interrupt(), 1);
        }
        assert_eq!(ring.head(), Head { epoch: 1, position: 1 });
    }

    fn write(ring: &FrameRing<u32>, info: u32, pcm: &[i16]) -> Written {
        ring.writer().expect("no other writer").write(&info, pcm)
    }

    fn read(ring: &FrameRing<u32>) -> (Found, u32, [i16; 3]) {
        let (mut info, mut out) = (0, [0; 3]);
        (ring.reader().expect("no other reader").read(&mut out, &mut info), info, out)
    }

    #[test]
    fn a_full_ring_drops_its_oldest_frame() {
        let ring = FrameRing::new(2, 3, Overflow::DropOldest);
        assert_eq!(write(&ring, 1, &[1]), Written::Stored);
        assert_eq!(write(&ring, 2, &[2, 2]), Written::Stored);
        assert_eq!(write(&ring, 3, &[3, 3, 3]), Written::DroppedOldest);
        assert_eq!((ring.readable(), ring.dropped_oldest(), ring.dropped_newest()), (2, 1, 0));
        assert_eq!(read(&ring), (Found::Frame(2), 2, [2, 2, 0]));
        assert_eq!(read(&ring), (Found::Frame(3), 3, [3, 3, 3]));
        assert_eq!(read(&ring).0, Found::Empty);
    }

    #[test]
    fn or_its_newest_if_the_policy_says_so() {
        let ring = FrameRing::new(1, 3, Overflow::DropNewest);
        assert_eq!(write(&ring, 1, &[1]), Written::Stored);
        assert_eq!(write(&ring, 2, &[2]), Written::DroppedNewest);
        assert_eq!((ring.dropped_oldest(), ring.dropped_newest()), (0, 1));
        assert_eq!(read(&ring), (Found::Frame(1), 1, [1, 0, 0]));
    }

    #[test]
    fn a_frame_that_is_being_read_is_never_overwritten() {
        let ring = FrameRing::new(2, 1, Overflow::DropOldest);
        write(&ring, 1, &[1]);
        write(&ring, 2, &[2]);
        let hold = ring.positions.claim(|_, _| Ok::<_, ()>(1)).expect("no error").expect("a frame");
        assert_eq!(write(&ring, 3, &[3]), Written::DroppedNewest);
        drop(hold);
        assert_eq!(write(&ring, 4, &[4]), Written::Stored);
        assert_eq!((ring.dropped_oldest(), ring.dropped_newest()), (0, 1));
        assert_eq!(read(&ring).1, 2);
        assert_eq!(read(&ring).1, 4);
    }

    #[test]
    fn a_small_buffer_is_told_how_large_it_must_be_and_loses_nothing() {
        let ring = FrameRing::new(2, 4, Overflow::DropOldest);
        assert_eq!(write(&ring, 1, &[1; 5]), Written::TooLong);
        write(&ring, 1, &[1; 4]);
        assert_eq!(read(&ring).0, Found::TooSmall(4));
        let (mut info, mut out) = (0, [0; 4]);
        assert_eq!(ring.reader().expect("no other").read(&mut out, &mut info), Found::Frame(4));
    }

    #[test]
    fn a_closed_ring_is_drained_before_it_ends() {
        let ring = FrameRing::new(2, 3, Overflow::DropOldest);
        write(&ring, 1, &[]);
        ring.close();
        assert_eq!(write(&ring, 2, &[]), Written::Closed);
        assert_eq!(read(&ring).0, Found::Frame(0));
        assert_eq!(read(&ring).0, Found::End);
    }
}

/// `RUSTFLAGS="--cfg loom" cargo test --release --lib loom`: every order in which the threads can meet.
#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use loom::{sync::Arc, thread};

    /// Threads are preempted at most three times in each run: faults need two at most, and the models end in seconds.
    fn model(run: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(run);
    }

    fn push(ring: &PcmRing, pcm: &[i16]) -> bool {
        let mut producer = ring.producer().expect("the only producer");
        producer.stage(pcm) == pcm.len() && producer.commit()
    }

    /// The sample at position n is n + 1. Returns how many there were.
    fn pull(ring: &PcmRing, most: usize) -> u64 {
        let mut out = [0; 2];
        let Some(range) = ring.consumer().expect("the only consumer").read(&mut out[..most], 1) else { return 0 };
        for (position, sample) in range.clone().zip(out) {
            assert_eq!(sample as u64, position + 1);
        }
        range.end - range.start
    }

    #[test]
    fn loom_push_and_consume() {
        model(|| {
            let ring = Arc::new(PcmRing::new(2));
            let producer = thread::spawn({
                let ring = ring.clone();
                move || {
                    let mut next = 1;
                    for _ in 0..3 {
                        next += i16::from(push(&ring, &[next]));
                    }
                    next as u64 - 1
                }
            });
            let mut pulled = pull(&ring, 1) + pull(&ring, 2);
            let pushed = producer.join().expect("no panic");
            pulled += pull(&ring, 2) + pull(&ring, 2);
            assert_eq!(pulled, pushed);
        });
    }

    #[test]
    fn loom_push_and_interrupt_and_consume() {
        model(|| {
            let ring = Arc::new(PcmRing::new(2));
            assert!(push(&ring, &[1]));
            let producer = thread::spawn({
                let ring = ring.clone();
                move || push(&ring, &[2])
            });
            let interrupter = thread::spawn({
                let ring = ring.clone();
                move || {
                    let end = ring.interrupt();
                    let dropped = ring.discard(end);
                    assert!(ring.tail() >= end, "everything committed before is gone");
                    dropped.end - dropped.start
                }
            });
            let mut pulled = pull(&ring, 1);
            let pushed = 1 + u64::from(producer.join().expect("no panic"));
            let dropped = interrupter.join().expect("no panic");
            pulled += pull(&ring, 2);
            assert_eq!(pulled + dropped, pushed);
        });
    }

    #[test]
    fn loom_drop_oldest_and_consume() {
        model(|| {
            let ring = Arc::new(PcmRing::new(2));
            assert!(push(&ring, &[1, 2]));
            let producer = thread::spawn({
                let ring = ring.clone();
                move || {
                    let dropped = ring.discard(1);
                    (dropped.end - dropped.start, u64::from(push(&ring, &[3])))
                }
            });
            let mut pulled = pull(&ring, 1);
            let (dropped, pushed) = producer.join().expect("no panic");
            pulled += pull(&ring, 2);
            assert_eq!(pulled + dropped, 2 + pushed);
        });
    }

    fn write(ring: &FrameRing<u8>, value: u8) -> Written {
        ring.writer().expect("the only writer").write(&value, &[i16::from(value)])
    }

    fn read(ring: &FrameRing<u8>) -> Result<u8, Found> {
        let (mut info, mut out) = (0, [0; 1]);
        match ring.reader().expect("the only reader").read(&mut out, &mut info) {
            Found::Frame(1) => {
                assert_eq!(out[0], i16::from(info), "one frame, not two halves");
                Ok(info)
            }
            other => Err(other),
        }
    }

    fn steal_and_read(slots: usize) {
        model(move || {
            let ring = Arc::new(FrameRing::new(slots, 1, Overflow::DropOldest));
            for value in 1..=slots {
                assert_eq!(write(&ring, value as u8), Written::Stored);
            }
            let writer = thread::spawn({
                let ring = ring.clone();
                move || [write(&ring, 11), write(&ring, 12)]
            });
            let mut seen = Vec::new();
            seen.extend(read(&ring));
            let written = writer.join().expect("no panic");
            while let Ok(value) = read(&ring) {
                seen.push(value);
            }
            assert!(seen.is_sorted(), "in order: {seen:?}");
            let lost = ring.dropped_oldest() + ring.dropped_newest();
            assert_eq!(seen.len() as u64 + lost, slots as u64 + 2, "each is read or counted: {seen:?} {written:?}");
        });
    }

    #[test]
    fn loom_steal_and_read_one_slot() {
        steal_and_read(1);
    }

    #[test]
    fn loom_steal_and_read_two_slots() {
        steal_and_read(2);
    }

    #[test]
    fn loom_close_and_read() {
        model(|| {
            let ring = Arc::new(FrameRing::new(2, 1, Overflow::DropOldest));
            let writer = thread::spawn({
                let ring = ring.clone();
                move || {
                    write(&ring, 1);
                    ring.close();
                }
            });
            let early = read(&ring);
            assert_ne!(early, Err(Found::End), "the frame comes before the end");
            writer.join().expect("no panic");
            if early.is_err() {
                assert_eq!(read(&ring), Ok(1));
            }
            assert_eq!(read(&ring), Err(Found::End));
        });
    }
}
