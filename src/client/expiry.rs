//! The end of the token in use, told in time to renew it.

use crate::clock::Clock;
use crate::token::pass;
use std::time::{Duration, Instant};

/// How long before the end it is told.
const NOTICE: Duration = Duration::from_secs(30);

/// Watches one token at a time.
#[derive(Debug, Default)]
pub struct Expiry {
    /// When the token expires; None: it does not say, or was told.
    at: Option<Instant>,
}

impl Expiry {
    /// Watches a token. One that cannot be read is the server's to refuse.
    pub fn of(token: &str, room: &str, clock: Clock, now: Instant) -> Expiry {
        let left =
            |end_s: u64| Duration::from_micros(end_s.saturating_mul(1_000_000).saturating_sub(clock.micros(now)));
        let ends = pass::read(token, room).ok().map(|pass| pass.expires_at);
        Expiry { at: ends.and_then(|end_s| now.checked_add(left(end_s))) }
    }

    /// When [`Expiry::poll`] has something to tell.
    pub fn deadline(&self) -> Option<Instant> {
        // Who began less than the notice ago has no earlier moment: then it is due at once.
        self.at.map(|at| at.checked_sub(NOTICE).unwrap_or(at))
    }

    /// Tells, once, how long the token still lasts, when that is little.
    pub fn poll(&mut self, now: Instant) -> Option<Duration> {
        self.deadline().filter(|due| *due <= now)?;
        Some(self.at.take()?.saturating_duration_since(now))
    }

    /// Tells now, whatever the time, and not again.
    pub fn poll_now(&mut self, now: Instant) -> Duration {
        self.at.take().map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::jwt::{Claims, build};

    #[test]
    fn it_is_told_once_and_in_time() {
        let start = Instant::now() + Duration::from_secs(3600);
        let clock = Clock::new(start, 1_000_000_000);
        let token = |exp| build(&Claims { exp, ..Claims::default() }, "k", "s");
        let mut expiry = Expiry::of(&token(1_100), "", clock, start);
        let due = start + Duration::from_secs(70);
        assert_eq!(expiry.deadline(), Some(due));
        assert_eq!(expiry.poll(due - Duration::from_millis(1)), None);
        assert_eq!(expiry.poll(due), Some(NOTICE));
        assert_eq!((expiry.poll(due), expiry.deadline()), (None, None));
        // Less is left, nothing is left.
        assert_eq!(Expiry::of(&token(1_010), "", clock, start).poll(start), Some(Duration::from_secs(10)));
        assert_eq!(Expiry::of(&token(900), "", clock, start).poll(start), Some(Duration::ZERO));
        // A time without end, and no token at all.
        assert_eq!(Expiry::of(&token(u64::MAX), "", clock, start).poll(due), None);
        assert_eq!(Expiry::of("hello", "", clock, start).deadline(), None);
    }
}
