//! The ring of what the application reads.

use super::positions::{Positions, Turn};
use super::slab::Slab;
use super::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

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
    pub(super) positions: Positions,
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
