//! What a receiver counts.

use super::Receiver;
use crate::stats::Delay;
use std::time::Duration;

/// Numbers of a track since the receiver was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiverStats {
    /// Packets that arrived, without duplicates and malformed ones.
    pub packets: u64,
    /// Packets that never arrived, or arrived malformed.
    pub lost: u64,
    /// Packets that came after their time had been filled.
    pub late: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets given up: the buffer was full, or their numbers made no sense.
    pub discarded: u64,
    /// Packets that could not be read: another payload type, a corrupt header, a corrupt inside.
    pub malformed: u64,
    /// Frames delivered, by origin; one of concealment has 10 or 20 ms.
    pub decoded: u64,
    /// ... from redundant copies.
    pub recovered_by_copy: u64,
    /// ... from in-band FEC.
    pub recovered_by_fec: u64,
    /// ... by concealment.
    pub concealed: u64,
    /// ... that ended a talk spurt.
    pub silence: u64,
    /// Ticks (48 kHz) of the sender's time that frames of each origin filled: decoded ...
    pub ticks_decoded: u64,
    /// ... recovered by copies and by FEC ...
    pub ticks_recovered: u64,
    /// ... concealed ...
    pub ticks_concealed: u64,
    /// ... and ends of talk spurts.
    pub ticks_silence: u64,
    /// From a packet's arrival to the beginning of its decoding.
    pub waited: Delay,
    /// Ticks (48 kHz) added by time-stretching.
    pub ticks_inserted: u64,
    /// Ticks (48 kHz) removed by time-stretching.
    pub ticks_removed: u64,
    /// The wait for a frame that is aimed at.
    pub target_delay: Duration,
    /// Interarrival jitter (RFC 3550).
    pub jitter: Duration,
    /// Sound in the buffer.
    pub buffered: Duration,
}

impl Receiver {
    /// The numbers so far.
    pub fn stats(&self) -> ReceiverStats {
        let counters = self.buffer.counters();
        ReceiverStats {
            packets: counters.received,
            lost: self.buffer.lost(),
            late: counters.late,
            duplicates: counters.duplicates,
            discarded: counters.discarded,
            target_delay: self.buffer.target(),
            jitter: self.buffer.jitter(),
            buffered: self.buffer.buffered(),
            ..self.stats
        }
    }
}
