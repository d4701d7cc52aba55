//! The ring of what the application pushes.

use super::positions::{Head, Positions, Turn};
use super::slab::Slab;
use std::ops::Range;

/// A ring of interleaved 16-bit samples with exact interrupts.
///
/// An interrupt, from any thread, is a point in time: a push committed before it can be dropped to the last sample
/// ([`PcmRing::interrupt`], then [`PcmRing::discard`]); one that was still under way does not commit.
pub struct PcmRing {
    pub(super) positions: Positions,
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
        self.positions.interrupt()
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
