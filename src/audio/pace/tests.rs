//! The clock on a bench: frames, spurts, gaps, marks and interrupts to the millisecond and the sample.

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
