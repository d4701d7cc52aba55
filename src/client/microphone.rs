//! The microphone's way out: paced PCM → Opus → redundancy → one packet every 20 ms.

use super::session::Session;
use crate::audio::opus::{Encoder, EncoderConfig, codec_rate};
use crate::audio::pace::{Paced, Pacer};
use crate::audio::receiver::level;
use crate::audio::red::RedEncoder;
use crate::audio::resample::Resampler;
use crate::audio::send::{MarkOutcome, SendQueue};
use crate::{Error, Result, Status};
use std::sync::Arc;
use std::time::Instant;

/// Opus packets of 20 ms at voice rates are far below this.
const MAX_PACKET: usize = 1275;

/// Encodes and sends what the application pushed. See the module.
pub(super) struct Microphone {
    pacer: Pacer,
    encoder: Encoder,
    red: RedEncoder,
    resampler: Option<Resampler>,
    muted: bool,
    frame: Vec<i16>,
    packet: Vec<u8>,
    /// In a talk spurt: the first byte of the newest packet, whose configuration the packet repeats that ends the spurt.
    toc: Option<u8>,
}

impl Microphone {
    pub(super) fn new(queue: Arc<SendQueue>, rate: u32, channels: u8, bitrate: u32) -> Result<Microphone> {
        let internal = |what: &dyn std::fmt::Display| {
            Error::new(Status::INTERNAL, format!("the sound encoder could not be made: {what}"))
        };
        let config = EncoderConfig { bitrate: bitrate as i32, ..EncoderConfig::new(channels) };
        let encoder = Encoder::new(codec_rate(rate), channels, &config).map_err(|e| internal(&e))?;
        let resampler = match codec_rate(rate) {
            same if same == rate => None,
            codec => Some(Resampler::new(rate, codec, channels).map_err(|e| internal(&e))?),
        };
        let samples = (rate / 50) as usize;
        Ok(Microphone {
            pacer: Pacer::new(queue, samples),
            encoder,
            red: RedEncoder::new(),
            resampler,
            muted: false,
            frame: vec![0; samples * usize::from(channels)],
            packet: Vec::with_capacity(2 * MAX_PACKET),
            toc: None,
        })
    }

    /// While muted, sound is paced out as before but nothing leaves.
    pub(super) fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pacer.deadline()
    }

    /// Sends what is due, and reports the playout marks that were passed.
    pub(super) fn poll(&mut self, session: &mut Session, now: Instant, mut passed: impl FnMut(u64, Status)) {
        while let Some(paced) = self.pacer.poll(now, &mut self.frame) {
            match paced {
                Paced::Frame(frame) => {
                    if self.muted {
                        self.end_spurt(session, now, frame.rtp_time);
                    } else {
                        self.send_frame(session, now, frame.rtp_time);
                    }
                }
                Paced::SpurtEnd { rtp_time } => self.end_spurt(session, now, rtp_time),
            }
        }
        for (mark, outcome) in self.pacer.marks() {
            passed(mark, if outcome == MarkOutcome::Played { Status::OK } else { Status::INTERRUPTED });
        }
    }

    /// Says that what follows is silence, not loss: one byte, "discontinuous transmission" (RFC 6716 §3.1).
    fn end_spurt(&mut self, session: &mut Session, now: Instant, rtp_time: u64) {
        if let Some(toc) = self.toc.take() {
            self.send(session, now, rtp_time, false, 127, &[toc & 0xfc]);
        }
    }

    fn send(&mut self, session: &mut Session, now: Instant, rtp_time: u64, marker: bool, loudness: u8, opus: &[u8]) {
        let types = session.send_payload_types();
        self.packet.clear();
        let red = types.red.is_some();
        if red {
            self.red.encode(rtp_time as u32, opus, types.opus, &mut self.packet);
        } else {
            self.packet.extend_from_slice(opus);
        }
        session.send_media(now, rtp_time as u32, marker, red, loudness, &self.packet);
    }

    fn send_frame(&mut self, session: &mut Session, now: Instant, rtp_time: u64) {
        let loudness = level(&self.frame);
        let mut resampled = Vec::new();
        let pcm = match &mut self.resampler {
            Some(resampler) => {
                // A chunk of 20 ms in, 20 ms out: the resampler's own blocks divide it.
                if resampler.process(&self.frame, &mut resampled).is_err() {
                    return;
                }
                &resampled
            }
            None => &self.frame,
        };
        let mut encoded = [0; MAX_PACKET];
        let Ok(length) = self.encoder.encode(pcm, &mut encoded) else { return };
        let marker = self.toc.is_none();
        if marker {
            self.red.reset();
        }
        self.toc = encoded.first().copied();
        self.send(session, now, rtp_time, marker, loudness, &encoded[..length]);
    }
}
