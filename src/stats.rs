//! What statistics are made of, on every layer: sums and counts, of which two readings can be subtracted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The weight of a new value in the recent one, as in RFC 3550, 6.4.1: 1/16.
const WEIGHT: i64 = 16;

/// How long something took, many times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// Times that it was measured.
    pub count: u64,
    /// The sum of all, nanoseconds: divided by `count` it is the mean.
    pub total_ns: u64,
    /// The longest, nanoseconds.
    pub max_ns: u64,
    /// A moving average of the last some sixteen, nanoseconds.
    pub recent_ns: u64,
}

impl Delay {
    /// Counts one.
    pub fn add(&mut self, took: Duration) {
        let ns = nanos(took);
        self.recent_ns = if self.count == 0 { ns } else { moved(self.recent_ns, ns) };
        self.count += 1;
        self.total_ns = self.total_ns.saturating_add(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    /// The mean; zero before the first.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.total_ns.checked_div(self.count).unwrap_or(0))
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn moved(recent: u64, new: u64) -> u64 {
    recent.saturating_add_signed((new as i64).wrapping_sub(recent as i64) / WEIGHT)
}

/// A [`Delay`] that one thread at a time adds to and any thread reads. A reading may be of a moment between two members.
#[derive(Debug, Default)]
pub struct Meter {
    count: AtomicU64,
    total_ns: AtomicU64,
    max_ns: AtomicU64,
    recent_ns: AtomicU64,
}

impl Meter {
    /// Counts one. Two threads that add at once may lose one of them, no more.
    pub fn add(&self, took: Duration) {
        let mut delay = self.read();
        delay.add(took);
        self.count.store(delay.count, Relaxed);
        self.total_ns.store(delay.total_ns, Relaxed);
        self.max_ns.store(delay.max_ns, Relaxed);
        self.recent_ns.store(delay.recent_ns, Relaxed);
    }

    /// What was counted.
    pub fn read(&self) -> Delay {
        Delay {
            count: self.count.load(Relaxed),
            total_ns: self.total_ns.load(Relaxed),
            max_ns: self.max_ns.load(Relaxed),
            recent_ns: self.recent_ns.load(Relaxed),
        }
    }
}

/// How long [`Rate`] counts before it tells.
const WINDOW: Duration = Duration::from_secs(1);

/// Bits a second, as of the last second that is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    since: Option<Instant>,
    bytes: u64,
    last: u64,
}

impl Rate {
    /// Counts bytes that went at `now`.
    pub fn add(&mut self, now: Instant, bytes: usize) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= WINDOW {
            self.last = (self.bytes as f64 * 8.0 / passed.as_secs_f64()).round() as u64;
            (self.since, self.bytes) = (Some(now), 0);
        }
        self.bytes += bytes as u64;
    }

    /// The rate; zero when nothing went for a while.
    pub fn bits_per_second(&self, now: Instant) -> u64 {
        let idle = self.since.is_none_or(|since| now.saturating_duration_since(since) >= 2 * WINDOW);
        if idle { 0 } else { self.last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_delay_adds_up() {
        let mut delay = Delay::default();
        assert_eq!(delay.mean(), Duration::ZERO);
        for ms in [8, 8, 8, 40] {
            delay.add(ms * MS);
        }
        assert_eq!((delay.count, delay.total_ns, delay.max_ns), (4, 64_000_000, 40_000_000));
        assert_eq!((delay.recent_ns, delay.mean()), (10_000_000, 16 * MS));
        for _ in 0..200 {
            delay.add(Duration::ZERO);
        }
        assert!(delay.recent_ns < 100, "{}", delay.recent_ns);
        delay.add(Duration::MAX);
        delay.add(Duration::MAX);
        assert_eq!(delay.max_ns, u64::MAX);
    }

    #[test]
    fn a_meter_counts_as_a_delay_does() {
        let (meter, mut delay) = (Meter::default(), Delay::default());
        for n in [3, 1, 4, 1, 5] {
            meter.add(n * MS);
            delay.add(n * MS);
        }
        assert_eq!(meter.read(), delay);
    }

    #[test]
    fn a_rate_is_that_of_the_last_second() {
        let start = Instant::now();
        let mut rate = Rate::default();
        for n in 0..150 {
            rate.add(start + 20 * MS * n, 75);
        }
        assert_eq!(rate.bits_per_second(start + 3000 * MS), 30_000);
        assert_eq!(rate.bits_per_second(start + 9000 * MS), 0, "nobody speaks");
    }
}
