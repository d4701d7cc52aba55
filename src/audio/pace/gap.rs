//! Gaps: for how long the hearers had no sound because it was pushed too late.

use super::{FRAME, Pacer};
use std::time::{Duration, Instant};

/// Sound that resumes after so long was not late: it begins anew.
const PAUSE: Duration = Duration::from_millis(500);

/// The sound ran out while more was to be expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dry {
    /// When the sound was over.
    since: Instant,
    /// What lies before this was pushed in time, also the tail that is still to leave.
    position: u64,
}

impl Pacer {
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
    pub(super) fn run_dry(&mut self) {
        let position = self.seen.head.position;
        if self.queue.ends_at(position) || self.seen.closed {
            self.forgive();
        }
        if let Some(due) = self.due.filter(|_| self.dry.is_none() && !self.forgiven) {
            self.dry = Some(Dry { since: due - self.padding, position });
        }
    }

    /// Sound is handed out: so much of a frame, up to this position.
    pub(super) fn flow(&mut self, now: Instant, share: f64, end: u64) {
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
}
