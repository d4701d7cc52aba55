//! A piece of sound that comes out of a receiver, and what is known about it.

use std::time::Instant;

/// Where the sound of a frame came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its own packet.
    Decoded,
    /// A redundant copy or the FEC of another packet.
    Recovered,
    /// Invented from the sound before.
    Concealed,
    /// The sender said that silence begins: the last, fading frame of a talk spurt.
    Silence,
}

/// What is known about a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameInfo {
    /// Where the sound came from.
    pub origin: Origin,
    /// RTP timestamp, 48 kHz, extended: the lower 32 bits are the sender's.
    pub rtp_time: u64,
    /// When the packet arrived that it was made from.
    pub arrival: Option<Instant>,
    /// Loudness as in RFC 6464: 0 the loudest to 127 silence, in -dBov.
    pub level: u8,
    /// Samples of one channel.
    pub samples_per_channel: usize,
}

/// A piece of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Interleaved PCM; give the buffer back with [`Receiver::recycle`](super::Receiver::recycle).
    pub pcm: Vec<i16>,
    /// What is known about it.
    pub info: FrameInfo,
}

/// Loudness as in RFC 6464: 0 the loudest to 127 silence, in -dBov.
pub fn level(pcm: &[i16]) -> u8 {
    let square: f64 = pcm.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    if square == 0.0 {
        return 127;
    }
    let mean = square / pcm.len() as f64;
    (-10.0 * (mean / (32768.0 * 32768.0)).log10()).round().clamp(0.0, 127.0) as u8
}
