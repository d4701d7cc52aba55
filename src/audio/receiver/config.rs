//! How a track is received, and why it cannot be.

use crate::audio::jitter::Delivery;
use core::fmt;
use std::time::Duration;

/// How a track is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverConfig {
    /// PCM rate: 8000, 12000, 16000, 24000, 32000, 44100 or 48000 Hz.
    pub rate: u32,
    /// PCM channels: 1 or 2.
    pub channels: u8,
    /// Evenly, or as soon as possible.
    pub delivery: Delivery,
    /// RTP payload type of Opus.
    pub opus_payload_type: u8,
    /// RTP payload type of RED, where it was negotiated.
    pub red_payload_type: Option<u8>,
    /// Least wait for a frame, at most 10 s.
    pub min_delay: Duration,
    /// Longest wait for a frame that is aimed at, at most 10 s.
    pub max_delay: Duration,
    /// Conceal with neural networks: better, and a heavy job.
    pub deep_concealment: bool,
}

impl Default for ReceiverConfig {
    /// 24 kHz mono, steady, Opus as LiveKit numbers it (111, RED 63), 10 to 500 ms, deep.
    fn default() -> Self {
        Self {
            rate: 24_000,
            channels: 1,
            delivery: Delivery::Steady,
            opus_payload_type: 111,
            red_payload_type: Some(63),
            min_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(500),
            deep_concealment: true,
        }
    }
}

/// Why there can be no receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverError(pub(super) String);

impl fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot receive sound: {}", self.0)
    }
}

impl std::error::Error for ReceiverError {}
