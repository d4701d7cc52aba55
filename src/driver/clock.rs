//! The library's clock: microseconds since the Unix epoch that never jump.

use crate::clock::Clock;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One for the process, so that the times of several engines can be compared: the system's time of day at first use,
/// and from then on monotonic.
static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::new(Instant::now(), time_of_day().as_micros() as u64));

/// The clock, for those who must not look at one by themselves.
pub fn clock() -> Clock {
    *CLOCK
}

/// The system's time of day since the Unix epoch, which jumps as the system has it: what tokens go by.
pub fn time_of_day() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Now.
pub fn time_us() -> u64 {
    CLOCK.micros(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_forward_from_the_time_of_day() {
        let first = time_us();
        assert!(first > 1_600_000_000_000_000, "later than 2020");
        let later = Instant::now();
        assert!(clock().micros(later) >= first);
        assert_eq!(clock().micros(later + Duration::from_secs(1)), clock().micros(later) + 1_000_000);
    }
}
