//! Samples in: what a push takes, what it waits for, and what it does where there is no room.

use super::SendQueue;
use crate::audio::ring::PcmProducer;
use crate::audio::wake::Deadline;
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

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

impl SendQueue {
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
}

/// A sample from -1 to 1 as 16 bits. Without branches and casts that saturate, so that it becomes a vector loop.
fn convert(sample: f32) -> i16 {
    /// Added to a small float, it leaves the nearest integer in the low bits: above it, floats are integers.
    const ROUND: f32 = 12_582_912.0;
    let sample = if sample.is_nan() { 0.0 } else { sample };
    ((sample * 32768.0).clamp(-32768.0, 32767.0) + ROUND).to_bits() as i16
}
