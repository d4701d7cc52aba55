//! Steps out: when the next one is due, which it is, and by how much the delay is too long or too short.

use super::{Action, Delivery, JitterBuffer, Packet, Step};
use crate::audio::delay::ticks;
use std::time::{Duration, Instant};

/// A playout clock this far behind has a caller that slept: it starts again from now.
const CLOCK_LAG: Duration = Duration::from_millis(100);
/// How much too long the delay may be before stretching begins, and where it ends, in ticks.
const SHORTEN_FROM: i64 = 192;
const SHORTEN_UNTIL: i64 = 120;
/// How much too short it may be, and by how much it is lengthened at least: frames come too late
/// until it is long enough, so better a little more.
const LENGTHEN_FROM: i64 = 48;
const LENGTHEN_LEAST: i64 = 240;

impl JitterBuffer {
    /// When [`poll`](Self::poll) has something to do; may lie in the past.
    pub fn deadline(&self) -> Option<Instant> {
        let front = self.queue.front();
        match self.delivery {
            Delivery::Steady if !self.idle => self.due,
            Delivery::Steady => self.start_of(front?),
            Delivery::Eager => {
                let front = front?;
                match self.next_time {
                    Some(next) if !self.idle && front.rtp_time > next && self.missing(front) > 0 => {
                        self.estimator.due(next)
                    }
                    _ => Some(front.arrival),
                }
            }
        }
    }

    /// When the clock may start with this packet: no earlier than the frames before it end.
    fn start_of(&self, front: &Packet) -> Option<Instant> {
        self.estimator.due(front.rtp_time).max(self.due)
    }

    /// How many packets are missing between the last one that left and this one.
    pub(super) fn missing(&self, front: &Packet) -> u64 {
        front.sequence.saturating_sub(self.last_sequence + 1)
    }

    /// The next step, if its time has come.
    pub fn poll(&mut self, now: Instant) -> Option<Step> {
        loop {
            if self.deadline()? > now {
                return None;
            }
            if self.idle {
                let front = self.queue.front()?;
                self.due = self.start_of(front);
                self.next_time = Some(front.rtp_time);
                self.bridged = 0;
                self.concealed = 0;
                if front.silence {
                    let packet = self.queue.pop_front()?;
                    self.take(&packet);
                    self.recycle(packet.payload);
                    continue;
                }
                self.idle = false;
            }
            if self.due.is_some_and(|due| due + CLOCK_LAG < now) {
                self.due = Some(now);
            }
            let next = self.next_time?;
            match self.queue.front() {
                Some(front) if front.rtp_time < next => {
                    // Its time was filled while it waited behind its own gap.
                    self.counters.late += u64::from(!front.redundant);
                    let packet = self.queue.pop_front()?;
                    self.recycle(packet.payload);
                }
                Some(front) if front.rtp_time == next => return self.play(),
                Some(_) => {
                    if let Some(step) = self.fill_gap(next) {
                        return Some(step);
                    }
                }
                None => return self.bridge(next),
            }
        }
    }

    fn play(&mut self) -> Option<Step> {
        let packet = self.queue.pop_front()?;
        let excess = self.excess(packet.rtp_time);
        self.take(&packet);
        self.idle = packet.silence;
        self.bridged = 0;
        self.concealed = 0;
        Some(Step { rtp_time: packet.rtp_time, arrival: Some(packet.arrival), excess, action: Action::Play(packet) })
    }

    fn take(&mut self, packet: &Packet) {
        self.next_time = Some(packet.rtp_time + packet.duration);
        self.last_sequence = packet.sequence;
        self.last_duration = packet.duration;
    }

    /// By how many ticks the frame of that timestamp leaves too late, where it is worth a change.
    fn excess(&mut self, rtp_time: u64) -> i32 {
        let (Delivery::Steady, Some(due), Some(wanted)) = (self.delivery, self.due, self.estimator.due(rtp_time))
        else {
            return 0;
        };
        let late = due.saturating_duration_since(wanted).as_micros() as i64;
        let early = wanted.saturating_duration_since(due).as_micros() as i64;
        let excess = (late - early) * 6 / 125;
        let target = self.estimator.target().as_micros() as i64 * 6 / 125;
        if excess < -LENGTHEN_FROM {
            self.shortening = false;
            return excess.min(-LENGTHEN_LEAST) as i32;
        }
        let margin = if self.shortening { SHORTEN_UNTIL } else { SHORTEN_FROM + target / 8 };
        self.shortening = excess > margin;
        if self.shortening { excess as i32 } else { 0 }
    }

    /// Tells how many ticks the last step really took, after stretching.
    pub fn played(&mut self, duration: u64) {
        self.due = self.due.map(|due| due + ticks(duration));
    }
}
