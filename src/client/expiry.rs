//! The end of the token in use, told in time to renew it.

use crate::clock::Clock;
use crate::token::pass;
use std::time::{Duration, Instant};

/// How long before the end it is told.
const NOTICE: Duration = Duration::from_secs(30);

/// Watches one token at a time.
#[derive(Debug, Default)]
pub struct Expiry {
    /// When the token expires, microseconds since the Unix epoch; None: it does not say, or was told.
    at_us: Option<u64>,
}

impl Expiry {
    /// Watches a token. One that cannot be read is the server's to refuse.
    pub fn of(token: &str, room: &str) -> Expiry {
        let ends = pass::read(token, room).ok().map(|pass| pass.expires_at);
        Expiry { at_us: ends.map(|end_s| end_s.saturating_mul(1_000_000)) }
    }

    /// When [`Expiry::poll`] has something to tell, by the wall clock.
    pub fn deadline(&self, wall: &Clock) -> Option<Instant> {
        wall.instant(self.at_us?.saturating_sub(NOTICE.as_micros() as u64))
    }

    /// Tells, once, how long the token still lasts, when that is little.
    pub fn poll(&mut self, wall: &Clock, now: Instant) -> Option<Duration> {
        self.deadline(wall).filter(|due| *due <= now)?;
        Some(self.poll_now(wall, now))
    }

    /// Tells now, whatever the time, and not again.
    pub fn poll_now(&mut self, wall: &Clock, now: Instant) -> Duration {
        self.at_us.take().map_or(Duration::ZERO, |at| Duration::from_micros(at.saturating_sub(wall.micros(now))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::jwt::{Claims, build};

    fn token(exp: u64) -> String {
        build(&Claims { exp, ..Claims::default() }, "k", "s")
    }

    #[test]
    fn it_is_told_once_and_in_time() {
        let start = Instant::now() + Duration::from_secs(3600);
        let wall = Clock::new(start, 1_000_000_000);
        let mut expiry = Expiry::of(&token(1_100), "");
        let due = start + Duration::from_secs(70);
        assert_eq!(expiry.deadline(&wall), Some(due));
        assert_eq!(expiry.poll(&wall, due - Duration::from_millis(1)), None);
        assert_eq!(expiry.poll(&wall, due), Some(NOTICE));
        assert_eq!((expiry.poll(&wall, due), expiry.deadline(&wall)), (None, None));
        // Less is left, nothing is left.
        assert_eq!(Expiry::of(&token(1_010), "").poll(&wall, start), Some(Duration::from_secs(10)));
        assert_eq!(Expiry::of(&token(900), "").poll(&wall, start), Some(Duration::ZERO));
        // A time without end, and no token at all.
        assert_eq!(Expiry::of(&token(u64::MAX), "").poll(&wall, due), None);
        assert_eq!(Expiry::of("hello", "").deadline(&wall), None);
    }

    #[test]
    fn it_goes_by_the_wall_clock_as_it_is_now() {
        let start = Instant::now();
        let mut wall = Clock::new(start, 1_000_000_000);
        let mut expiry = Expiry::of(&token(8_000), "");
        assert!(!wall.follow(start, 1_000_900_000), "no step");
        assert_eq!(expiry.poll(&wall, start), None);
        // The machine slept for 6,980 s.
        assert!(wall.follow(start, 7_980_000_000));
        assert_eq!(expiry.poll(&wall, start), Some(Duration::from_secs(20)));
    }
}
