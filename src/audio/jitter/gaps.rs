//! What fills the time of a frame that is due and absent: FEC, concealment, or the pause that it was.

use super::{Action, JitterBuffer, Step};

/// What is concealed in one go, in 48 kHz ticks: while the next packet may come any moment, and
/// when the gap is known.
const CONCEAL_UNKNOWN: u64 = 480;
pub(super) const CONCEAL_KNOWN: u64 = 960;
/// How much is concealed in a row before silence is more honest.
const CONCEAL_LIMIT: u64 = 4800;
/// Concealment is made in multiples of 2.5 ms (libopus).
const CONCEAL_UNIT: u64 = 120;

impl JitterBuffer {
    /// A step for a gap before the first packet, or None after moving past (some of) it.
    pub(super) fn fill_gap(&mut self, next: u64) -> Option<Step> {
        let front = self.queue.front()?;
        let missing = self.missing(front);
        // What was bridged turns out to have stood for the lost frames.
        let bridged = core::mem::take(&mut self.bridged).min(front.rtp_time - next);
        if missing > 0 && bridged > 0 {
            self.next_time = Some(next + bridged);
            return None;
        }
        let gap = front.rtp_time - next;
        let fec = if missing > 0 && front.fec && gap >= front.duration { front.duration } else { 0 };
        let wanted = missing.saturating_mul(self.last_duration).min(CONCEAL_LIMIT);
        let duration =
            wanted.saturating_sub(self.concealed + fec).min(gap - fec).min(CONCEAL_KNOWN) / CONCEAL_UNIT * CONCEAL_UNIT;
        if duration > 0 {
            self.next_time = Some(next + duration);
            self.concealed += duration;
            return Some(Step { action: Action::Conceal { duration }, rtp_time: next, arrival: None, excess: 0 });
        }
        let (end, arrival) = (front.rtp_time, front.arrival);
        if gap > fec {
            // The rest of the gap is a pause of the sender: its frames come when they are due.
            self.due = self.estimator.due(end - fec).max(self.due);
            self.next_time = Some(end - fec);
            return None;
        }
        self.next_time = Some(end);
        self.last_sequence = front.sequence.saturating_sub(1);
        self.concealed = 0;
        let mut payload = self.payload_buffer();
        payload.extend_from_slice(&self.queue.front()?.payload);
        Some(Step { action: Action::Fec { payload, duration: fec }, rtp_time: next, arrival: Some(arrival), excess: 0 })
    }

    /// A step while nothing is there; after a while, none: the sender paused.
    pub(super) fn bridge(&mut self, next: u64) -> Option<Step> {
        if self.concealed >= CONCEAL_LIMIT {
            self.idle = true;
            return None;
        }
        let rtp_time = next + self.bridged;
        self.bridged += CONCEAL_UNKNOWN;
        self.concealed += CONCEAL_UNKNOWN;
        Some(Step { action: Action::Conceal { duration: CONCEAL_UNKNOWN }, rtp_time, arrival: None, excess: 0 })
    }
}
