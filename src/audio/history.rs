//! Which packets of a stream have arrived: tells duplicates, losses and restarts of the sender.

/// A timestamp this far back (1 s), in a newer packet, means that the sender started anew.
const RESTART_TICKS: u64 = 48_000;
/// Packets in a row whose numbers make no sense, until they mean that the sender started anew.
const RESTART_PACKETS: u32 = 3;
/// Sequence numbers remembered, to tell duplicates and losses.
const WINDOW: u64 = 128;

/// What a packet is, by its numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    New,
    Duplicate,
    /// Its number is far from all others: a stray, or the first of a sender that started anew.
    Implausible,
    /// The sender started anew: restart, and show the packet again.
    Restart,
}

/// Which of the last packets have arrived.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Highest sequence number, with its timestamp.
    highest: Option<(u64, u64)>,
    first: u64,
    /// Bit n: the packet n before the highest arrived; or came back by other means.
    arrived: u128,
    recovered: u128,
    unique: u64,
    lost_before: u64,
    implausible: u32,
    /// Redundant copies have been seen.
    has_copies: bool,
}

impl History {
    /// Counts a packet.
    pub fn see(&mut self, sequence: u64, rtp_time: u64) -> Seen {
        let Some((highest, time)) = self.highest else {
            self.highest = Some((sequence, rtp_time));
            self.first = sequence;
            self.arrived = 1;
            self.unique = 1;
            return Seen::New;
        };
        let newer = sequence > highest;
        let distance = sequence.abs_diff(highest);
        let old = !newer && distance >= WINDOW;
        if old {
            self.implausible += 1;
            return if self.implausible >= RESTART_PACKETS { Seen::Restart } else { Seen::Implausible };
        }
        self.implausible = 0;
        if newer {
            if rtp_time.saturating_add(RESTART_TICKS) < time {
                return Seen::Restart;
            }
            let shift = distance.min(WINDOW) as u32;
            self.arrived = self.arrived.checked_shl(shift).unwrap_or(0) | 1;
            self.recovered = self.recovered.checked_shl(shift).unwrap_or(0);
            self.highest = Some((sequence, rtp_time));
        } else {
            let bit = 1u128 << distance;
            if self.arrived & bit != 0 {
                return Seen::Duplicate;
            }
            self.arrived |= bit;
            // Reordered before the very first packet.
            self.first = self.first.min(sequence);
        }
        self.unique += 1;
        Seen::New
    }

    /// Marks a lost packet as recovered; false where it has arrived, or was recovered before.
    pub fn recover(&mut self, sequence: u64) -> bool {
        let Some((highest, _)) = self.highest else {
            return false;
        };
        let Some(distance) = highest.checked_sub(sequence).filter(|d| *d < WINDOW) else {
            return false;
        };
        let bit = 1u128 << distance;
        let missing = sequence >= self.first && (self.arrived | self.recovered) & bit == 0;
        self.recovered |= bit;
        missing
    }

    /// Starts anew with the next packet; what was lost stays counted.
    pub fn restart(&mut self) {
        *self = Self { lost_before: self.lost(), ..Self::default() };
    }

    /// From now on losses come back by redundant copies, if at all.
    pub fn expect_copies(&mut self) {
        self.has_copies = true;
    }

    /// Whether redundant copies have been seen.
    pub fn expects_copies(&self) -> bool {
        self.has_copies
    }

    /// Packets that have not arrived, over all restarts.
    pub fn lost(&self) -> u64 {
        let expected = self.highest.map_or(0, |(highest, _)| highest - self.first + 1);
        self.lost_before + expected.saturating_sub(self.unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_until_they_arrive_after_all() {
        let mut history = History::default();
        for sequence in [100, 101, 104, 106] {
            assert_eq!(history.see(sequence, sequence * 960), Seen::New);
        }
        assert_eq!(history.lost(), 3);
        assert_eq!(history.see(103, 103 * 960), Seen::New);
        assert_eq!(history.see(103, 103 * 960), Seen::Duplicate);
        assert_eq!(history.lost(), 2);
        assert_eq!(history.see(99, 99 * 960), Seen::New);
        assert_eq!(history.lost(), 2);
    }

    #[test]
    fn a_lost_packet_is_recovered_once() {
        let mut history = History::default();
        history.see(100, 0);
        history.see(103, 2880);
        assert!(history.recover(102));
        assert!(!history.recover(102));
        assert!(!history.recover(103), "it arrived");
        assert!(!history.recover(99), "from before the stream");
        assert!(!history.recover(104), "from after it");
        history.see(103 + 2 * WINDOW, 0x10000);
        assert!(!history.recover(101), "long ago");
    }

    #[test]
    fn strays_are_ignored_and_restarts_believed() {
        let mut history = History::default();
        history.see(1000, 500_000);
        assert_eq!(history.see(200, 0), Seen::Implausible);
        assert_eq!(history.see(1001, 500_960), Seen::New);
        assert_eq!(history.see(200, 0), Seen::Implausible);
        assert_eq!(history.see(201, 960), Seen::Implausible);
        assert_eq!(history.see(202, 1920), Seen::Restart);
        history.restart();
        assert_eq!(history.see(202, 1920), Seen::New);
        assert_eq!(history.see(203, 2880), Seen::New);
        history.see(204, 90_000);
        assert_eq!(history.see(205, 0), Seen::Restart, "an old time in a new packet");
    }
}
