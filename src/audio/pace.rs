//! The send clock: one frame every 20 ms, from the first full one on.
//!
//! It is no free-running tick. It starts the moment a full frame is there, so that sound waits for nothing. A frame
//! that comes late leaves at once; the clock keeps its beat, or every frame after it would wait for as long as the latest
//! one was late, and a microphone's delay would only ever grow. When nothing came for a while, what is left is padded and
//! sent, the talk spurt ends, and the clock stands still.

use super::send::{MarkOutcome, Outlook, SendQueue};
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

/// Sound that resumes after so long was not late: it begins anew.
const PAUSE: Duration = Duration::from_millis(500);

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

/// The sound ran out while more was to be expected.
#[derive(Clone, Copy, Debug)]
struct Dry {
    /// When the sound was over.
    since: Instant,
    /// What lies before this was pushed in time, also the tail that is still to leave.
    position: u64,
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

    /// How long the hearers had no sound because it was pushed too late: a frame's time or more, and not so long that
    /// it was a pause. Once for each gap, when sound goes on. There is none where the end was said, nor after an interrupt.
    pub fn take_gap(&mut self) -> Option<Duration> {
        self.gap.take()
    }

    /// Expects no more sound than there is: what comes next begins anew.
    pub fn forgive(&mut self) {
        (self.dry, self.gap, self.forgiven) = (None, None, true);
    }

    /// There is too little for the frame that is due.
    fn run_dry(&mut self) {
        let position = self.seen.head.position;
        if self.queue.ends_at(position) || self.seen.closed {
            self.forgive();
        }
        if let Some(due) = self.due.filter(|_| self.dry.is_none() && !self.forgiven) {
            self.dry = Some(Dry { since: due - self.padding, position });
        }
    }

    /// Sound is handed out: so much of a frame, up to this position.
    fn flow(&mut self, now: Instant, share: f64, end: u64) {
        let sound = FRAME.mul_f64(share);
        (self.padding, self.forgiven) = (FRAME - sound, false);
        let Some(dry) = &mut self.dry else { return };
        if end <= dry.position {
            // The tail was no gap.
            dry.since += sound;
            return;
        }
        let gap = now.saturating_duration_since(dry.since);
        self.dry = None;
        self.gap = (FRAME..=PAUSE).contains(&gap).then_some(gap);
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::send::Backpressure;
    use super::*;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    /// A virtual clock, and a pacer for frames of 480 samples.
    struct Bench {
        queue: Arc<SendQueue>,
        pacer: Pacer,
        zero: Instant,
        out: [i16; 480],
    }

    impl Bench {
        fn new() -> Self {
            let queue = Arc::new(SendQueue::new(1, 48_000, Backpressure::Refuse, Box::new(|| {})));
            Self { pacer: Pacer::new(queue.clone(), 480), queue, zero: Instant::now(), out: [0; 480] }
        }

        fn push(&self, samples: usize) {
            let start = self.queue.counters().pushed as usize;
            let pcm: Vec<i16> = (start..start + samples).map(|position| (position + 1) as i16).collect();
            assert_eq!(self.queue.push(&pcm, AT_ONCE).accepted, samples);
        }

        fn poll(&mut self, ms: u64) -> Option<Paced> {
            let paced = self.pacer.poll(self.zero + Duration::from_millis(ms), &mut self.out);
            if let Some(Paced::Frame(frame)) = paced {
                for (at, sample) in self.out.iter().enumerate() {
                    let expected = if at < frame.samples { frame.first_position as usize + at + 1 } else { 0 };
                    assert_eq!(*sample, expected as i16, "sample {at} of {frame:?}");
                }
            }
            paced
        }

        fn deadline(&self) -> Option<u64> {
            self.pacer.deadline().map(|at| at.duration_since(self.zero).as_millis() as u64)
        }

        /// Polls as a driver would, until this time. Returns (ms, RTP frames, first position, samples, start); an
        /// end of spurt has no samples and a position of -1.
        fn run(&mut self, from: u64, until: u64) -> Vec<(u64, u64, i64, usize, bool)> {
            let (mut now, mut seen) = (from, Vec::new());
            while now <= until {
                while let Some(paced) = self.poll(now) {
                    seen.push(match paced {
                        Paced::Frame(f) => (now, f.rtp_time / 960, f.first_position as i64, f.samples, f.spurt_start),
                        Paced::SpurtEnd { rtp_time } => (now, rtp_time / 960, -1, 0, false),
                    });
                }
                let Some(deadline) = self.deadline() else { break };
                assert!(deadline > now, "the deadline moves on");
                now = deadline;
            }
            seen
        }

        fn marks(&mut self) -> Vec<(u64, MarkOutcome)> {
            self.pacer.marks().collect()
        }
    }

    #[test]
    fn the_clock_starts_with_the_first_full_frame_and_ticks_every_20_ms() {
        let mut bench = Bench::new();
        assert_eq!((bench.poll(0), bench.deadline()), (None, None));
        bench.push(479);
        assert_eq!((bench.poll(3), bench.deadline()), (None, Some(43)));
        bench.push(961);
        let frames = bench.run(7, 50);
        assert_eq!(frames, [(7, 0, 0, 480, true), (27, 1, 480, 480, false), (47, 2, 960, 480, false)]);
        assert_eq!(bench.deadline(), Some(67));
    }

    #[test]
    fn a_spurt_ends_once_and_the_clock_stands_still() {
        let mut bench = Bench::new();
        bench.push(960);
        let frames = bench.run(0, 1000);
        assert_eq!(frames, [(0, 0, 0, 480, true), (20, 1, 480, 480, false), (40, 2, -1, 0, false)]);
        assert_eq!((bench.deadline(), bench.poll(500)), (None, None));
    }

    #[test]
    fn a_tail_waits_40_ms_for_more_and_is_then_padded() {
        let mut bench = Bench::new();
        bench.push(580);
        let frames = bench.run(0, 1000);
        assert_eq!(frames, [(0, 0, 0, 480, true), (40, 2, 480, 100, false), (60, 3, -1, 0, false)]);
        assert_eq!(bench.queue.counters().starved, 0, "an end is no starvation");
        let mut bench = Bench::new();
        bench.push(5);
        assert_eq!(bench.run(0, 1000), [(40, 0, 0, 5, true), (60, 1, -1, 0, false)], "a tail alone");
    }

    #[test]
    fn a_long_push_leaves_without_a_gap_before_its_tail() {
        let mut bench = Bench::new();
        bench.push(480 * 4 + 1);
        let frames = bench.run(0, 1000);
        assert_eq!(frames[4..], [(80, 4, 1920, 1, false), (100, 5, -1, 0, false)]);
    }

    #[test]
    fn a_late_frame_leaves_at_once_and_the_clock_keeps_its_beat() {
        let mut bench = Bench::new();
        bench.push(480);
        assert_eq!(bench.run(0, 19).len(), 1);
        assert_eq!(bench.poll(20), None);
        bench.push(100);
        assert_eq!((bench.poll(24), bench.deadline()), (None, Some(64)));
        bench.push(860);
        let frames = bench.run(27, 50);
        assert_eq!(frames, [(27, 1, 480, 480, false), (40, 2, 960, 480, false)]);
        assert_eq!(bench.queue.counters().starved, 1);
    }

    #[test]
    fn a_microphone_that_was_late_once_is_not_late_for_ever() {
        let mut bench = Bench::new();
        let mut frames = Vec::new();
        for ms in 0..400 {
            // One block every 20 ms, but the fourth comes with the fifth.
            match ms {
                60 => {}
                80 => bench.push(960),
                _ if ms % 20 == 0 => bench.push(480),
                _ => {}
            }
            frames.extend(bench.run(ms, ms));
        }
        let late = frames.iter().filter(|(ms, _, position, ..)| *ms as i64 > position / 24).count();
        assert_eq!((frames.len(), late), (20, 1), "{frames:?}");
    }

    /// Pushes of so many samples at these times; the gaps that are told.
    fn gaps(pushes: &[(u64, usize)], meanwhile: impl Fn(u64, &mut Bench)) -> Vec<(u64, u64)> {
        let (mut bench, mut gaps) = (Bench::new(), Vec::new());
        for ms in 0..2000 {
            pushes.iter().filter(|(at, _)| *at == ms).for_each(|(_, samples)| bench.push(*samples));
            meanwhile(ms, &mut bench);
            bench.run(ms, ms);
            gaps.extend(bench.pacer.take_gap().map(|gap| (ms, gap.as_millis() as u64)));
        }
        gaps
    }

    #[test]
    fn a_gap_is_told_once_and_when_sound_goes_on() {
        assert_eq!(gaps(&[(0, 960), (140, 960)], |_, _| ()), [(140, 100)]);
        assert_eq!(gaps(&[(0, 960), (100, 960), (190, 960)], |_, _| ()), [(100, 60), (190, 50)]);
        assert_eq!(gaps(&[(0, 960), (540, 960)], |_, _| ()), [(540, 500)]);
    }

    #[test]
    fn a_tail_that_leaves_is_no_part_of_the_gap() {
        // 5 ms of sound more, which leave 40 ms after they were pushed.
        assert_eq!(gaps(&[(0, 1080), (145, 960)], |_, _| ()), [(145, 100)]);
    }

    #[test]
    fn a_pause_a_late_frame_and_an_end_are_no_gaps() {
        assert_eq!(gaps(&[(0, 960)], |_, _| ()), [], "nothing followed");
        assert_eq!(gaps(&[(0, 960), (541, 960)], |_, _| ()), [], "a pause");
        assert_eq!(gaps(&[(0, 480), (39, 480), (59, 480)], |_, _| ()), [], "less than a frame's time");
        assert_eq!(gaps(&[(3, 100), (140, 960)], |_, _| ()), [(140, 92)], "a tail alone is sound too");
    }

    #[test]
    fn where_the_application_says_the_end_there_is_no_gap() {
        let pushes = [(0, 960), (140, 960)];
        for said in [0, 30, 139] {
            let mark = |ms, bench: &mut Bench| {
                if ms == said {
                    bench.queue.mark(1).expect("room")
                }
            };
            assert_eq!(gaps(&pushes, mark), [], "a mark at {said} ms");
            let wait = |ms, bench: &mut Bench| {
                if ms == said {
                    _ = bench.queue.wait_played(AT_ONCE)
                }
            };
            assert_eq!(gaps(&pushes, wait), [], "waited at {said} ms");
        }
        let early = |ms, bench: &mut Bench| {
            if ms == 140 {
                bench.queue.mark(1).expect("room")
            }
        };
        assert_eq!(gaps(&pushes, early), [(140, 100)], "a mark at the end of what came late");
    }

    #[test]
    fn an_interrupt_makes_no_gap() {
        for at in [10, 30, 139] {
            let interrupt = |ms, bench: &mut Bench| {
                if ms == at {
                    bench.queue.interrupt();
                }
            };
            assert_eq!(gaps(&[(0, 960), (140, 960)], interrupt), [], "at {at} ms");
        }
    }

    #[test]
    fn small_chunks_in_real_time_make_a_steady_stream() {
        let mut bench = Bench::new();
        let mut frames = Vec::new();
        for ms in (0..200).step_by(10) {
            bench.push(240);
            frames.extend(bench.run(ms, ms + 9));
        }
        let expected: Vec<_> = (0..10).map(|n| (10 + 20 * n, n, 480 * n as i64, 480, n == 0)).collect();
        assert_eq!(frames, expected);
    }

    #[test]
    fn a_poll_up_to_three_frames_late_catches_up() {
        let mut bench = Bench::new();
        bench.push(480 * 6);
        assert!(bench.poll(0).is_some());
        let frames = bench.run(80, 100);
        let catching: Vec<_> = (1..=5).map(|n| ((20 * n).max(80), n, 480 * n as i64, 480, false)).collect();
        assert_eq!(frames, catching);
        assert_eq!(bench.queue.counters().overslept, 0);
    }

    #[test]
    fn a_poll_that_is_later_starts_the_clock_again() {
        let mut bench = Bench::new();
        bench.push(480 * 4);
        assert!(bench.poll(0).is_some());
        let frames = bench.run(87, 110);
        assert_eq!(frames, [(87, 4, 480, 480, false), (107, 5, 960, 480, false)]);
        assert_eq!(bench.queue.counters().overslept, 1);
    }

    #[test]
    fn rtp_time_is_true_over_pauses_and_rounding_never_adds_up() {
        let mut bench = Bench::new();
        for turn in 0..50 {
            bench.push(480);
            let ms = turn * 109;
            let frames = bench.run(ms, ms + 108);
            assert_eq!(frames.len(), 2, "a frame and the end");
            assert_eq!((frames[0].0, frames[0].1, frames[0].4), (ms, (ms + 10) / 20, true));
        }
    }

    #[test]
    fn marks_are_exact_to_the_sample() {
        let mut bench = Bench::new();
        bench.queue.mark(0).expect("room");
        bench.push(480);
        bench.queue.mark(1).expect("room");
        bench.push(1);
        bench.queue.mark(2).expect("room");
        bench.queue.mark(2).expect("room");
        bench.push(480);
        assert_eq!(bench.marks(), [(0, MarkOutcome::Played)], "nothing was before it");
        assert!(bench.poll(0).is_some());
        assert_eq!(bench.marks(), [(1, MarkOutcome::Played)]);
        assert_eq!(bench.poll(19), None);
        assert_eq!(bench.marks(), []);
        assert!(bench.poll(20).is_some());
        assert_eq!(bench.marks(), [(2, MarkOutcome::Played), (2, MarkOutcome::Played)]);
    }

    #[test]
    fn an_interrupt_splits_marks_at_the_last_sample_sent() {
        let mut bench = Bench::new();
        bench.push(480);
        bench.queue.mark(1).expect("room");
        bench.push(1);
        bench.queue.mark(2).expect("room");
        assert!(bench.poll(0).is_some());
        let found = bench.queue.interrupt();
        assert_eq!((found.sent, found.dropped), (480, 1));
        bench.queue.mark(3).expect("room");
        bench.push(480);
        bench.queue.mark(4).expect("room");
        use MarkOutcome::{Interrupted, Played};
        assert_eq!(bench.marks(), [(1, Played), (2, Interrupted), (3, Played)]);
        assert_eq!(bench.run(5, 39), [(20, 1, 481, 480, false)]);
        assert_eq!(bench.marks(), [(4, Played)]);
    }

    #[test]
    fn marks_on_dropped_samples_are_interrupted() {
        let queue = Arc::new(SendQueue::new(1, 480, Backpressure::DropOldest, Box::new(|| {})));
        let mut pacer = Pacer::new(queue.clone(), 480);
        queue.push(&[1; 100], AT_ONCE);
        queue.mark(1).expect("room");
        queue.push(&[1; 1], AT_ONCE);
        queue.mark(2).expect("room");
        queue.push(&[2; 479], AT_ONCE);
        assert_eq!(pacer.marks().collect::<Vec<_>>(), [(1, MarkOutcome::Interrupted)]);
        assert!(pacer.poll(Instant::now(), &mut [0; 480]).is_some());
        assert_eq!(pacer.marks().collect::<Vec<_>>(), [(2, MarkOutcome::Played)]);
    }

    #[test]
    fn after_an_interrupt_nothing_leaves_and_the_spurt_ends_at_the_next_tick() {
        let mut bench = Bench::new();
        bench.push(48_000);
        assert_eq!(bench.run(0, 10).len(), 1);
        assert_eq!(bench.queue.interrupt().dropped, 47_520);
        assert_eq!(bench.run(10, 1000), [(20, 1, -1, 0, false)]);
    }

    #[test]
    fn a_closed_queue_is_drained_without_waiting() {
        let mut bench = Bench::new();
        bench.push(500);
        bench.queue.close();
        let frames = bench.run(0, 1000);
        assert_eq!(frames, [(0, 0, 0, 480, true), (20, 1, 480, 20, false), (40, 2, -1, 0, false)]);
    }

    #[test]
    fn stereo_counts_each_moment_once() {
        let queue = Arc::new(SendQueue::new(2, 960, Backpressure::Refuse, Box::new(|| {})));
        let mut pacer = Pacer::new(queue.clone(), 480);
        queue.push(&[1; 1000], AT_ONCE);
        queue.close();
        let (now, mut out) = (Instant::now(), [0; 960]);
        let first = pacer.poll(now, &mut out);
        let frame = PacedFrame { rtp_time: 0, first_position: 0, samples: 480, spurt_start: true };
        assert_eq!(first, Some(Paced::Frame(frame)));
        let second = pacer.poll(now + FRAME, &mut out);
        let frame = PacedFrame { rtp_time: 960, first_position: 480, samples: 20, spurt_start: false };
        assert_eq!(second, Some(Paced::Frame(frame)));
        assert_eq!((out[39], out[40]), (1, 0));
    }
}
