//! The engine's clock: one monotonic time line, told in microseconds since the Unix epoch.

use std::time::{Duration, Instant};

/// Ties an [`Instant`] to the Unix epoch, once. Steps of the system's clock after that do not show.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Instant,
    base_us: u64,
}

impl Clock {
    /// `base_us` is what the wall clock showed at `base`, in microseconds since the Unix epoch.
    pub fn new(base: Instant, base_us: u64) -> Clock {
        Clock { base, base_us }
    }

    /// Microseconds since the Unix epoch at `at`.
    pub fn micros(&self, at: Instant) -> u64 {
        match at.checked_duration_since(self.base) {
            Some(after) => self.base_us + after.as_micros() as u64,
            None => self.base_us.saturating_sub((self.base - at).as_micros() as u64),
        }
    }

    /// Seconds since the Unix epoch at `at`, for tokens.
    pub fn seconds(&self, at: Instant) -> u64 {
        Duration::from_micros(self.micros(at)).as_secs()
    }
}
