//! A safe wrapper over libopus (RFC 6716): encoder, decoder, and questions about packets.
//!
//! The only place that touches libopus. PCM is 16-bit and interleaved; lengths of slices count
//! all channels, returned lengths count samples of one channel.

mod decoder;
mod encoder;
mod error;
mod packet;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use encoder::{Encoder, EncoderConfig};
pub use error::OpusError;
pub use packet::{packet_has_fec, packet_is_dtx, packet_samples};

/// The longest packet that RFC 6716 allows: 120 ms.
pub const MAX_PACKET_MS: u32 = 120;

/// The rate to run the codec at for PCM of `rate` Hz: its own where Opus knows it, else 48,000, with a resampler beside it.
pub fn codec_rate(rate: u32) -> u32 {
    if matches!(rate, 8_000 | 12_000 | 16_000 | 24_000 | 48_000) { rate } else { 48_000 }
}
