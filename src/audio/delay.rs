//! How late packets come, and how long to wait for them: the target delay of a jitter buffer.
//!
//! A frame's delay is measured against the fastest of late. The target is a high percentile of
//! those delays, which are forgotten slowly. A frame that was lost and came by a redundant copy
//! counts with the delay of the copy: so the wait grows to what recovery takes, once loss is
//! common enough to matter.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// RTP timestamps of Opus count at 48 kHz (RFC 7587), so a tick is 125/6 µs.
const TICK_US_NUMERATOR: i64 = 125;
const TICK_US_DENOMINATOR: i64 = 6;

/// Width and number of the histogram's buckets: up to 512 ms.
const BUCKET_US: i64 = 2000;
const BUCKETS: usize = 256;
/// The share of frames that may come later than the target.
const TOO_LATE: f32 = 0.02;
/// How much of the histogram survives each frame: 150 frames are remembered, 3 s of speech.
const MEMORY: f32 = 1.0 - 1.0 / 150.0;
/// The fastest transit is that of the last packets, so many and so old at most.
const FASTEST_OF: usize = 100;
const FASTEST_WITHIN_US: i64 = 10_000_000;
/// A packet this much slower than any delay aimed at did not come by a slow way: the sender's
/// timestamps stood still while it paused.
const STOOD_STILL_US: i64 = 500_000;

/// A duration of 48 kHz ticks.
pub fn ticks(count: u64) -> Duration {
    Duration::from_nanos(count.saturating_mul(62_500) / 3)
}

/// Measures arrivals, and says when a frame should be played.
#[derive(Debug)]
pub struct DelayEstimator {
    min_us: i64,
    max_us: i64,
    /// All instants count from here.
    origin: Option<Instant>,
    /// Packets counted, and for each candidate: its number, its arrival and its transit. Transits
    /// rise towards the back, so that the front is the fastest.
    packets: u64,
    fastest: VecDeque<(u64, i64, i64)>,
    histogram: [f32; BUCKETS],
    samples: u32,
    target_us: i64,
    last_transit: Option<i64>,
    jitter_us: f32,
}

impl DelayEstimator {
    /// An estimator whose target stays between `min` and `max`.
    pub fn new(min: Duration, max: Duration) -> Self {
        let min_us = min.as_micros().min(10_000_000) as i64;
        Self {
            min_us,
            max_us: (max.as_micros().min(10_000_000) as i64).max(min_us),
            origin: None,
            packets: 0,
            fastest: VecDeque::with_capacity(FASTEST_OF),
            histogram: [0.0; BUCKETS],
            samples: 0,
            target_us: min_us,
            last_transit: None,
            jitter_us: 0.0,
        }
    }

    /// Forgets everything: the sender's clock started anew.
    pub fn reset(&mut self) {
        *self = Self::new(Duration::from_micros(self.min_us as u64), Duration::from_micros(self.max_us as u64));
    }

    /// Counts a packet that arrived at `now` with its extended RTP timestamp.
    pub fn packet(&mut self, rtp_time: u64, now: Instant) {
        let origin = *self.origin.get_or_insert(now);
        let arrival = micros_between(origin, now);
        let transit = arrival - ticks_us(rtp_time);
        if let Some(last) = self.last_transit.replace(transit) {
            // RFC 3550, 6.4.1.
            self.jitter_us += ((transit - last).unsigned_abs() as f32 - self.jitter_us) / 16.0;
        }
        self.packets += 1;
        let limit = self.max_us + STOOD_STILL_US;
        if self.fastest.front().is_some_and(|&(_, _, t)| transit > t + limit) {
            self.fastest.clear();
        }
        while self.fastest.back().is_some_and(|&(_, _, t)| t >= transit) {
            self.fastest.pop_back();
        }
        self.fastest.push_back((self.packets, arrival, transit));
        while self.fastest.len() > 1
            && self.fastest.front().is_some_and(|&(number, at, _)| {
                number + FASTEST_OF as u64 <= self.packets || at + FASTEST_WITHIN_US < arrival
            })
        {
            self.fastest.pop_front();
        }
        self.count(transit);
    }

    /// Counts a lost frame of that RTP timestamp that something else brought back at `now`.
    pub fn recovered(&mut self, rtp_time: u64, now: Instant) {
        if let Some(origin) = self.origin {
            self.count(micros_between(origin, now) - ticks_us(rtp_time));
        }
    }

    fn count(&mut self, transit: i64) {
        let Some(&(_, _, fastest)) = self.fastest.front() else {
            return;
        };
        let bucket = ((transit - fastest).max(0) / BUCKET_US).min(BUCKETS as i64 - 1) as usize;
        self.samples = self.samples.saturating_add(1);
        let keep = MEMORY.min(1.0 - 1.0 / self.samples as f32);
        for share in &mut self.histogram {
            *share *= keep;
        }
        self.histogram[bucket] += 1.0 - keep;

        let mut later = 0.0;
        let mut percentile = BUCKETS;
        while percentile > 0 && later + self.histogram[percentile - 1] <= TOO_LATE {
            percentile -= 1;
            later += self.histogram[percentile];
        }
        self.target_us = (percentile as i64 * BUCKET_US).clamp(self.min_us, self.max_us);
    }

    /// When the frame of that RTP timestamp should be played; None before the first packet.
    pub fn due(&self, rtp_time: u64) -> Option<Instant> {
        let &(_, _, fastest) = self.fastest.front()?;
        let us = fastest + ticks_us(rtp_time) + self.target_us;
        let offset = Duration::from_micros(us.unsigned_abs());
        if us < 0 { self.origin?.checked_sub(offset) } else { self.origin?.checked_add(offset) }
    }

    /// The wait for a frame, counted from when it would have come by the fastest way.
    pub fn target(&self) -> Duration {
        Duration::from_micros(self.target_us as u64)
    }

    /// Interarrival jitter, RFC 3550 section 6.4.1.
    pub fn jitter(&self) -> Duration {
        Duration::from_micros(self.jitter_us as u64)
    }
}

fn ticks_us(rtp_time: u64) -> i64 {
    // Extended timestamps stay below 2^48 in any life of a stream.
    (rtp_time & ((1 << 48) - 1)) as i64 * TICK_US_NUMERATOR / TICK_US_DENOMINATOR
}

fn micros_between(origin: Instant, now: Instant) -> i64 {
    let forward = now.saturating_duration_since(origin).as_micros() as i64;
    forward - origin.saturating_duration_since(now).as_micros() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn feed(estimator: &mut DelayEstimator, from: u64, count: u64, late: impl Fn(u64) -> u32) {
        let origin = *estimator.origin.get_or_insert(Instant::now());
        for n in from..from + count {
            estimator.packet(n * 960, origin + MS * (n as u32 * 20 + late(n)));
        }
    }

    #[test]
    fn a_quiet_line_needs_the_minimum() {
        let mut estimator = DelayEstimator::new(10 * MS, 500 * MS);
        feed(&mut estimator, 0, 200, |n| n as u32 % 3);
        assert_eq!(estimator.target(), 10 * MS);
        assert!(estimator.jitter() < 2 * MS);
        let due = estimator.due(100 * 960).unwrap();
        assert_eq!(due - estimator.origin.unwrap(), 2010 * MS);
    }

    #[test]
    fn the_target_follows_jitter_up_quickly_and_down_slowly() {
        let mut estimator = DelayEstimator::new(10 * MS, 500 * MS);
        feed(&mut estimator, 0, 300, |_| 0);
        feed(&mut estimator, 300, 20, |n| n as u32 % 4 * 25);
        assert!(estimator.target() >= 75 * MS, "{:?}", estimator.target());
        feed(&mut estimator, 320, 100, |_| 0);
        assert!(estimator.target() >= 40 * MS, "{:?}", estimator.target());
        feed(&mut estimator, 420, 400, |_| 0);
        assert_eq!(estimator.target(), 10 * MS);
    }

    #[test]
    fn one_late_packet_in_a_hundred_changes_nothing() {
        let mut estimator = DelayEstimator::new(10 * MS, 500 * MS);
        feed(&mut estimator, 0, 1000, |n| if n % 100 == 99 { 90 } else { 0 });
        assert_eq!(estimator.target(), 10 * MS);
    }

    #[test]
    fn copies_of_lost_frames_count_with_their_own_delay() {
        let mut estimator = DelayEstimator::new(10 * MS, 500 * MS);
        let origin = Instant::now();
        for n in 2..400u64 {
            let now = origin + MS * (n as u32 * 20);
            if n % 10 != 0 {
                estimator.packet(n * 960, now);
            }
            if (n - 2) % 10 == 0 {
                estimator.recovered((n - 2) * 960, now);
            }
        }
        assert!((40 * MS..45 * MS).contains(&estimator.target()));
    }

    #[test]
    fn timestamps_that_stood_still_in_a_pause_are_no_delay() {
        let mut estimator = DelayEstimator::new(10 * MS, 500 * MS);
        feed(&mut estimator, 0, 200, |_| 0);
        feed(&mut estimator, 200, 10, |_| 5000);
        assert_eq!(estimator.target(), 10 * MS);
        let due = estimator.due(205 * 960).unwrap();
        assert_eq!(due - estimator.origin.unwrap(), (205 * 20 + 5010) * MS);
    }

    #[test]
    fn the_fastest_transit_follows_a_route_that_became_slower() {
        let mut estimator = DelayEstimator::new(10 * MS, 500 * MS);
        feed(&mut estimator, 0, 200, |_| 0);
        feed(&mut estimator, 200, FASTEST_OF as u64, |_| 50);
        let due = estimator.due(0).unwrap() - estimator.target();
        assert_eq!(due - estimator.origin.unwrap(), 50 * MS);
    }
}
