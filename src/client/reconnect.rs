//! When a lost connection is tried again, and until when.

use crate::event::Reason;
use std::time::{Duration, Instant};

/// How long a connection is tried to be made again, where the application says nothing else.
pub const RECONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// The wait before each attempt, ms, as LiveKit's clients have it; the last one goes on.
const WAITS: [u64; 6] = [0, 300, 1200, 2700, 4800, 7000];
/// From the third attempt on up to so much more, ms, so that those who lost the same server do not come back all at once.
const JITTER: u64 = 1000;

/// The policy, and how far it has come. It decides; [`super::voice::Voice`] acts.
pub(super) struct Reconnect {
    /// None: a lost connection is the end.
    timeout: Option<Duration>,
    /// The state of a xorshift generator.
    random: u64,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    give_up_at: Instant,
    /// Attempts that have begun.
    attempts: usize,
    /// When the next one begins; None while one is being made.
    next: Option<Instant>,
    /// Only another session can take the lost one's place.
    anew: bool,
    /// The next attempt is not to wait, whatever becomes of this one.
    hurried: bool,
    /// What went wrong last.
    text: String,
}

impl Reconnect {
    pub(super) fn new(timeout: Option<Duration>, seed: u64) -> Reconnect {
        // A generator of this kind stands still at 0.
        Reconnect { timeout, random: seed | 1, under_way: None }
    }

    pub(super) fn is_on(&self) -> bool {
        self.timeout.is_some()
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// The connection was lost, or an attempt to make it again has failed.
    pub(super) fn lost(&mut self, now: Instant, over: bool, text: String) {
        let Some(timeout) = self.timeout else { return };
        let under_way = self.under_way.get_or_insert_with(|| UnderWay {
            give_up_at: now + timeout,
            attempts: 0,
            next: None,
            anew: false,
            hurried: false,
            text: String::new(),
        });
        // A server that asks for a new session gets it without a wait, once: what failed was the question, not the way.
        let at_once = over && !under_way.anew || std::mem::take(&mut under_way.hurried);
        under_way.anew |= over;
        under_way.text = text;
        let mut wait = WAITS[under_way.attempts.min(WAITS.len() - 1)];
        if under_way.attempts >= 2 {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            wait += self.random % JITTER;
        }
        under_way.next = Some(if at_once { now } else { now + Duration::from_millis(wait) });
    }

    /// Ends the wait for the next attempt. False: one is being made, and the one after it will not wait.
    pub(super) fn hurry(&mut self, now: Instant) -> bool {
        let Some(under_way) = &mut self.under_way else { return false };
        let waits = under_way.next.is_some();
        (under_way.next, under_way.hurried) = (waits.then_some(now), !waits);
        waits
    }

    /// An attempt is to begin now; true: with another session.
    pub(super) fn take(&mut self, now: Instant) -> Option<bool> {
        let under_way = self.under_way.as_mut()?;
        under_way.next.take_if(|next| *next <= now)?;
        under_way.attempts += 1;
        Some(under_way.anew)
    }

    /// The time is over; what went wrong last.
    pub(super) fn take_end(&mut self, now: Instant) -> Option<String> {
        let over = self.under_way.take_if(|under_way| under_way.give_up_at <= now)?;
        let seconds = self.timeout.unwrap_or_default().as_secs_f64();
        Some(format!("the connection was lost, and not made again within {seconds} s; at last: {}", over.text))
    }

    /// The connection is made, or not wanted any more.
    pub(super) fn done(&mut self) {
        self.under_way = None;
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let under_way = self.under_way.as_ref()?;
        Some(under_way.next.map_or(under_way.give_up_at, |next| next.min(under_way.give_up_at)))
    }
}

/// Whether an attempt that failed so may be followed by another one.
pub(super) fn may_pass(reason: Reason) -> bool {
    use Reason::{BadToken, DuplicateIdentity, Internal, Removed, Requested, RoomClosed, TokenExpired};
    !matches!(reason, BadToken | DuplicateIdentity | Internal | Removed | Requested | RoomClosed | TokenExpired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_fast_then_slowly_and_end_in_time() {
        let start = Instant::now();
        let mut reconnect = Reconnect::new(Some(Duration::from_secs(30)), 7);
        let (mut now, mut begun) = (start, Vec::new());
        loop {
            reconnect.lost(now, false, "nobody answers".into());
            let next = reconnect.deadline().unwrap();
            if reconnect.take(next).is_none() {
                assert_eq!(next, start + Duration::from_secs(30));
                let text = reconnect.take_end(next).unwrap();
                assert!(text.contains("within 30 s") && text.ends_with("nobody answers"), "{text}");
                break;
            }
            begun.push(next.duration_since(now).as_millis() as u64);
            now = next;
        }
        assert_eq!(begun[..2], [0, 300]);
        for (wait, least) in begun.iter().zip(WAITS).skip(2) {
            assert!((least..least + JITTER).contains(wait), "{begun:?}");
        }
        assert!(begun.len() >= 6 && !reconnect.is_under_way(), "{begun:?}");
    }

    #[test]
    fn a_wait_can_be_cut_short_and_a_new_session_is_asked_for_once() {
        let now = Instant::now();
        let mut reconnect = Reconnect::new(Some(Duration::from_secs(30)), 7);
        reconnect.lost(now, false, String::new());
        assert_eq!(reconnect.take(now), Some(false));
        reconnect.lost(now, false, String::new());
        assert_eq!(reconnect.take(now), None);
        reconnect.hurry(now);
        assert_eq!(reconnect.take(now), Some(false));
        reconnect.lost(now, true, String::new());
        assert_eq!(reconnect.take(now), Some(true));
        reconnect.lost(now, true, String::new());
        assert_eq!(reconnect.take(now), None, "the second time it waits");
    }
}
