//! The send clock: one frame every 20 ms, from the first full one on.
//!
//! It is no free-running tick. It starts the moment a full frame is there, so that sound waits for nothing. A frame
//! that comes late leaves at once; the clock keeps its beat, or every frame after it would wait for as long as the latest
//! one was late, and a microphone's delay would only ever grow. When nothing came for a while, what is left is padded and
//! sent, the talk spurt ends, and the clock stands still.

mod gap;
#[cfg(all(test, not(loom)))]
mod tests;

use super::send::{MarkOutcome, Outlook, SendQueue};
use gap::Dry;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Duration of a frame.
pub const FRAME: Duration = Duration::from_millis(20);
/// RTP time of a frame: Opus counts at 48 kHz whatever it carries (RFC 7587).
pub const FRAME_RTP_TIME: u64 = 960;
/// Without new samples for so long, a tail shorter than a frame is padded and the talk spurt ends.
const QUIET: Duration = Duration::from_millis(40);
/// A poll or a frame up to so much late is caught up with at once; after that the clock begins again.
const CATCH_UP: Duration = Duration::from_millis(60);

/// A frame to encode and send now. Its samples are in the buffer given to [`Pacer::poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacedFrame {
    /// RTP timestamp in units of 48 kHz, from 0; add a random offset. One frame more than the last, and the true
    /// time, in whole frames, wherever the clock stood still.
    pub rtp_time: u64,
    /// Position of the first sample among all pushed, for each channel.
    pub first_position: u64,
    /// Samples for each channel that were pushed; the rest is silence.
    pub samples: usize,
    /// First of a talk spurt: the RTP marker (RFC 3551, section 4.1).
    pub spurt_start: bool,
}

/// What [`Pacer::poll`] hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paced {
    /// A frame.
    Frame(PacedFrame),
    /// The talk spurt is over: one packet that says so (Opus DTX), with this RTP timestamp. Once in each spurt.
    SpurtEnd {
        /// RTP timestamp as for a frame.
        rtp_time: u64,
    },
}

/// Takes frames from a [`SendQueue`] in real time. Reads no clock: time is an argument.
pub struct Pacer {
    queue: Arc<SendQueue>,
    /// Interleaved samples of a frame.
    frame_len: usize,
    seen: Outlook,
    /// When the next frame is to leave; `None` while the clock stands still.
    due: Option<Instant>,
    /// Whether that time came and there was too little.
    starving: bool,
    in_spurt: bool,
    /// From when on the input counts as quiet; `None`: it does.
    quiet_at: Option<Instant>,
    next_rtp_time: u64,
    /// When the clock first started: true RTP time is counted from here, so that rounding never adds up.
    started: Option<Instant>,
    deadline: Option<Instant>,
    reached: VecDeque<(u64, MarkOutcome)>,
    dry: Option<Dry>,
    gap: Option<Duration>,
    /// How much of the newest frame is no sound.
    padding: Duration,
    /// Nothing more is expected until sound flows again.
    forgiven: bool,
}

impl Pacer {
    /// The only pacer of this queue, in frames of so many samples for each channel: 20 ms of them.
    pub fn new(queue: Arc<SendQueue>, samples_per_frame: usize) -> Self {
        Self {
            frame_len: samples_per_frame.max(1) * queue.channels(),
            seen: Outlook::default(),
            queue,
            due: None,
            starving: false,
            in_spurt: false,
            quiet_at: None,
            next_rtp_time: 0,
            started: None,
            deadline: None,
            reached: VecDeque::new(),
            dry: None,
            gap: None,
            padding: Duration::ZERO,
            forgiven: true,
        }
    }

    /// Interleaved samples of a frame.
    pub fn frame_len(&self) -> usize {
        self.frame_len
    }

    /// Poll when this time has come, and when the queue's waker is called. `None`: only then.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Hands out what is to leave now: poll until `None`. The first [`Pacer::frame_len`] samples of `out` are
    /// overwritten.
    ///
    /// # Panics
    /// If `out` is shorter.
    pub fn poll(&mut self, now: Instant, out: &mut [i16]) -> Option<Paced> {
        let out = &mut out[..self.frame_len];
        loop {
            self.queue.set_hungry(false);
            self.look(now);
            if let Some(due) = self.due.filter(|due| now < *due) {
                self.deadline = Some(due);
                return None;
            }
            if let Some(paced) = self.next(now, out) {
                // At once after the end of a spurt: only a poll that finds nothing may go to sleep.
                self.deadline = self.due.or(Some(now));
                return Some(paced);
            }
            self.run_dry();
            self.starving = self.due.is_some();
            self.queue.set_hungry(true);
            if self.queue.outlook() == self.seen {
                let pending = self.in_spurt || self.queue.queued() > 0;
                self.deadline = self.quiet_at.filter(|_| pending);
                return None;
            }
        }
    }

    /// The marks reached since the last call, in their order. A mark is reached when the frame with the last sample
    /// before it has been handed out, or when that sample was dropped. Ask after polling.
    pub fn marks(&mut self) -> impl Iterator<Item = (u64, MarkOutcome)> + '_ {
        self.queue.take_marks(&mut self.reached);
        self.reached.drain(..)
    }

    fn look(&mut self, now: Instant) {
        let seen = self.queue.outlook();
        if seen.head.epoch != self.seen.head.epoch {
            self.forgive();
        }
        if seen.closed || seen.head.epoch != self.seen.head.epoch && self.queue.queued() == 0 {
            self.quiet_at = None;
        } else if seen.head.position != self.seen.head.position {
            self.quiet_at = Some(now + QUIET);
        }
        self.seen = seen;
    }

    fn next(&mut self, now: Instant, out: &mut [i16]) -> Option<Paced> {
        let quiet = self.quiet_at.is_none_or(|at| at <= now);
        let flush = self.seen.flush_to > self.queue.ring.tail();
        let at_least = if quiet || flush { 1 } else { self.frame_len };
        let taken = self.queue.ring.consumer()?.read(out, at_least);
        if let Some(range) = taken {
            self.queue.wake.notify();
            let len = (range.end - range.start) as usize;
            out[len..].fill(0);
            self.flow(now, len as f64 / self.frame_len as f64, range.end);
            let channels = self.queue.channels();
            return Some(Paced::Frame(PacedFrame {
                rtp_time: self.tick(now, len == self.frame_len),
                first_position: range.start / channels as u64,
                samples: len / channels,
                spurt_start: !std::mem::replace(&mut self.in_spurt, true),
            }));
        }
        if !(quiet && self.in_spurt) {
            return None;
        }
        self.run_dry();
        let rtp_time = self.tick(now, false);
        (self.in_spurt, self.due) = (false, None);
        Some(Paced::SpurtEnd { rtp_time })
    }

    /// Advances the clock by a frame. Returns the frame's RTP time.
    fn tick(&mut self, now: Instant, full: bool) -> u64 {
        let caught_up = |due: &Instant| now.saturating_duration_since(*due) <= CATCH_UP;
        let on_time = self.due.filter(|due| (full || !self.starving) && caught_up(due));
        let rtp_time = match on_time {
            Some(_) => self.next_rtp_time,
            None => self.next_rtp_time.max(self.true_rtp_time(now)),
        };
        if full && self.due.is_some() && (self.starving || on_time.is_none()) {
            let counter: &AtomicU64 = if self.starving { &self.queue.starved } else { &self.queue.overslept };
            counter.fetch_add(1, Relaxed);
        }
        self.due = Some(on_time.unwrap_or(now) + FRAME);
        self.starving = false;
        self.next_rtp_time = rtp_time + FRAME_RTP_TIME;
        rtp_time
    }

    /// Time since the start, rounded to whole frames.
    fn true_rtp_time(&mut self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(*self.started.get_or_insert(now));
        let frames = (elapsed + FRAME / 2).as_micros() / FRAME.as_micros();
        frames as u64 * FRAME_RTP_TIME
    }
}
