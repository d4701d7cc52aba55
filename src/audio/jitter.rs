//! The jitter buffer: packets in as the network brings them, steps of playout out.
//!
//! It knows timestamps and durations, not codecs. Frames are placed by RTP timestamp; sequence
//! numbers tell a loss (a number is missing) from a pause of the sender (none is). When a frame
//! is due and absent, the buffer says how to fill its time: from the FEC of the frame after it,
//! or by concealment. Where nothing at all has arrived, concealment only bridges the time: what
//! comes late is still played, later than planned, and stretching makes up for it.

mod gaps;
mod insert;
mod playout;
#[cfg(test)]
mod tests;

use super::delay::{DelayEstimator, ticks};
use super::history::History;
use gaps::CONCEAL_KNOWN;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Delay beyond the largest target, from which on the oldest packets are given up.
const MAX_EXCESS: Duration = Duration::from_millis(500);

/// How frames leave the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Evenly, by a playout clock.
    #[default]
    Steady,
    /// At once, in order; a gap is waited for no longer than the target delay.
    Eager,
}

/// A packet, or a copy of one that another packet carried.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Extended sequence number; of a copy, that of the packet it repeats.
    pub sequence: u64,
    /// Extended RTP timestamp, 48 kHz.
    pub rtp_time: u64,
    /// Ticks of sound, at 48 kHz; above 0.
    pub duration: u64,
    /// Whether it can recover the frame before it.
    pub fec: bool,
    /// Whether it only says that silence begins.
    pub silence: bool,
    /// Whether it is a redundant copy.
    pub redundant: bool,
    /// When it arrived.
    pub arrival: Instant,
    /// The codec's bytes.
    pub payload: Vec<u8>,
}

/// What to do next.
#[derive(Debug)]
pub enum Action {
    /// Decode this packet.
    Play(Packet),
    /// Recover what lies before a packet from its FEC.
    Fec {
        /// The bytes of that packet.
        payload: Vec<u8>,
        /// Ticks to recover.
        duration: u64,
    },
    /// Conceal.
    Conceal {
        /// Ticks to conceal.
        duration: u64,
    },
}

/// One step of playout; its length is reported back by [`JitterBuffer::played`].
#[derive(Debug)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// Extended RTP timestamp of the sound.
    pub rtp_time: u64,
    /// When the packet arrived that it is made from.
    pub arrival: Option<Instant>,
    /// Ticks by which the delay is too long (shorten) or, negative, too short (lengthen).
    pub excess: i32,
}

/// Counters since the buffer was made; see also [`JitterBuffer::lost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets that arrived, without duplicates.
    pub received: u64,
    /// Packets that arrived after their time had been filled by other means.
    pub late: u64,
    /// Packets that arrived again.
    pub duplicates: u64,
    /// Packets given up because the buffer was full, or their numbers made no sense.
    pub discarded: u64,
}

/// The adaptive jitter buffer of one stream.
#[derive(Debug)]
pub struct JitterBuffer {
    delivery: Delivery,
    max_sound: u64,
    estimator: DelayEstimator,
    /// By timestamp, oldest first.
    queue: VecDeque<Packet>,
    history: History,
    counters: Counters,
    /// No frame is expected: before the first packet, after silence, after an outage.
    idle: bool,
    /// Timestamp of the next frame to leave, and number of the last packet that left.
    next_time: Option<u64>,
    last_sequence: u64,
    last_duration: u64,
    /// When the next frame has to leave (Steady).
    due: Option<Instant>,
    /// Concealed while nothing was there, and not yet known to stand for lost frames.
    bridged: u64,
    /// Concealed since the last real frame.
    concealed: u64,
    shortening: bool,
    /// Buffers of payloads, for use again.
    spare: Vec<Vec<u8>>,
}

impl JitterBuffer {
    /// A buffer whose target delay stays between `min` and `max`.
    pub fn new(delivery: Delivery, min: Duration, max: Duration) -> Self {
        let sound_us = (max.max(min) + MAX_EXCESS).as_micros().min(60_000_000) as u64;
        Self {
            delivery,
            max_sound: sound_us * 6 / 125,
            estimator: DelayEstimator::new(min, max),
            queue: VecDeque::with_capacity(32),
            history: History::default(),
            counters: Counters::default(),
            idle: true,
            next_time: None,
            last_sequence: 0,
            last_duration: CONCEAL_KNOWN,
            due: None,
            bridged: 0,
            concealed: 0,
            shortening: false,
            spare: Vec::new(),
        }
    }

    /// Forgets the stream; counters stay.
    pub fn reset(&mut self) {
        self.flush();
        self.history.restart();
        self.estimator.reset();
    }

    /// Drops what is buffered and expects nothing; what was learnt about the line stays.
    pub fn flush(&mut self) {
        while let Some(packet) = self.queue.pop_front() {
            self.recycle(packet.payload);
        }
        self.idle = true;
        self.next_time = None;
        self.due = None;
        self.bridged = 0;
        self.concealed = 0;
        self.shortening = false;
    }

    /// An empty buffer for a payload, used before if possible.
    pub fn payload_buffer(&mut self) -> Vec<u8> {
        let mut payload = self.spare.pop().unwrap_or_default();
        payload.clear();
        payload
    }

    /// Takes back the buffer of a payload that has been used.
    pub fn recycle(&mut self, payload: Vec<u8>) {
        if self.spare.len() < 32 {
            self.spare.push(payload);
        }
    }

    /// A pause of the sender between two packets is no sound: it is not waited for again when both came at once.
    fn sound(&self) -> u64 {
        self.queue.iter().map(|packet| packet.duration).sum()
    }

    /// The wait for a frame, counted from when it would have come by the fastest way.
    pub fn target(&self) -> Duration {
        self.estimator.target()
    }

    /// Interarrival jitter, RFC 3550 section 6.4.1.
    pub fn jitter(&self) -> Duration {
        self.estimator.jitter()
    }

    /// The sound in the buffer.
    pub fn buffered(&self) -> Duration {
        ticks(self.sound())
    }

    /// Counters since the buffer was made.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Packets that have not arrived, by sequence number; falls again when they come late.
    pub fn lost(&self) -> u64 {
        self.history.lost()
    }
}
