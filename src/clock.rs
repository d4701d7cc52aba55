//! The engine's clock: one monotonic time line, told in microseconds since the Unix epoch.

use std::time::{Duration, Instant};

/// By how much the wall clock must differ to be followed, microseconds: tokens count in seconds.
const STEP_US: u64 = 1_000_000;

/// Ties an [`Instant`] to the Unix epoch. Steps of the system's clock after that do not show, unless it follows them.
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

    /// Goes by what the wall clock shows now, where that is another time by more than a second: it may have been set, or the machine
    /// may have slept, and an [`Instant`] may tell of neither. Whether it was.
    pub fn follow(&mut self, now: Instant, unix_us: u64) -> bool {
        let stepped = self.micros(now).abs_diff(unix_us) > STEP_US;
        if stepped {
            *self = Clock::new(now, unix_us);
        }
        stepped
    }

    /// When it is so many microseconds since the Unix epoch; a time before the clock's own beginning is that. None: never.
    pub fn instant(&self, unix_us: u64) -> Option<Instant> {
        self.base.checked_add(Duration::from_micros(unix_us.saturating_sub(self.base_us)))
    }

    /// Microseconds since the Unix epoch at `at`.
    pub fn micros(&self, at: Instant) -> u64 {
        match at.checked_duration_since(self.base) {
            Some(after) => self.base_us + after.as_micros() as u64,
            None => self.base_us.saturating_sub((self.base - at).as_micros() as u64),
        }
    }
}
