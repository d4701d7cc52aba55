//! Packets on their way in: opened where they are redundant, then put into the jitter buffer.

use super::Receiver;
use crate::audio::jitter::Packet;
use crate::audio::{opus, red};
use std::time::Instant;

/// The clock of Opus on RTP, whatever the rate of the sound (RFC 7587).
const RTP_RATE: u32 = 48_000;

/// An RTP packet, decrypted, without header and padding.
#[derive(Debug, Clone, Copy)]
pub struct RtpPacket<'a> {
    /// The 16 bits of the header.
    pub sequence: u16,
    /// The 32 bits of the header, 48 kHz.
    pub timestamp: u32,
    /// 7 bits.
    pub payload_type: u8,
    /// Opus, or RED with Opus inside.
    pub payload: &'a [u8],
}

impl Receiver {
    /// Takes a packet that arrived at `now`. Anything may come: what cannot be read counts as
    /// malformed, and as lost.
    pub fn receive(&mut self, packet: RtpPacket<'_>, now: Instant) {
        let sequence = self.sequence.unwrap(packet.sequence);
        let rtp_time = self.timestamp.unwrap(packet.timestamp);
        if packet.payload_type == self.config.opus_payload_type {
            self.insert(packet.payload, sequence, rtp_time, 0, now);
        } else if Some(packet.payload_type) == self.config.red_payload_type {
            match red::parse(packet.payload) {
                Ok(blocks) => {
                    // The primary first, so that the history knows the packet.
                    let primary = blocks.clone().filter(|b| b.timestamp_offset == 0).last();
                    let copies = blocks.filter(|b| b.timestamp_offset > 0);
                    for block in primary.into_iter().chain(copies) {
                        if block.payload_type == self.config.opus_payload_type {
                            let offset = u64::from(block.timestamp_offset);
                            self.insert(block.data, sequence, rtp_time, offset, now);
                        } else {
                            self.stats.malformed += u64::from(block.timestamp_offset == 0);
                        }
                    }
                }
                Err(_) => self.stats.malformed += 1,
            }
        } else {
            self.stats.malformed += 1;
        }
        if !self.active {
            self.buffer.flush();
        }
    }

    fn insert(&mut self, data: &[u8], sequence: u64, rtp_time: u64, offset: u64, now: Instant) {
        let Ok(samples) = opus::packet_samples(data, RTP_RATE) else {
            self.stats.malformed += u64::from(offset == 0);
            return;
        };
        let duration = samples as u64;
        let mut payload = self.buffer.payload_buffer();
        payload.extend_from_slice(data);
        self.buffer.insert(Packet {
            sequence: sequence.saturating_sub(offset.div_ceil(duration)),
            rtp_time: rtp_time.saturating_sub(offset),
            duration,
            fec: opus::packet_has_fec(data),
            silence: opus::packet_is_dtx(data),
            redundant: offset > 0,
            arrival: now,
            payload,
        });
    }
}
