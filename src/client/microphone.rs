//! The microphone's way out: paced PCM → Opus → redundancy → one packet every 20 ms.

use super::session::Session;
use super::tap::Tap;
use super::voice::VoiceConfig;
use crate::audio::opus::{Encoder, EncoderConfig, codec_rate};
use crate::audio::pace::{Paced, Pacer};
use crate::audio::receiver::level;
use crate::audio::red::RedEncoder;
use crate::audio::resample::Resampler;
use crate::audio::send::SendQueue;
use crate::{Error, Result, Status};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Opus packets of 20 ms at voice rates are far below this.
const MAX_PACKET: usize = 1275;

/// Encodes and sends what the application pushed. See the module.
pub(super) struct Microphone {
    pacer: Pacer,
    queue: Arc<SendQueue>,
    rate: u32,
    stopwatch: fn() -> Instant,
    encoder: Encoder,
    red: RedEncoder,
    resampler: Option<Resampler>,
    muted: bool,
    tap: Option<Arc<dyn Tap>>,
    frame: Vec<i16>,
    packet: Vec<u8>,
    /// In a talk spurt: the first byte of the newest packet, whose configuration the packet repeats that ends the spurt.
    toc: Option<u8>,
}

impl Microphone {
    pub(super) fn new(config: &VoiceConfig) -> Result<Microphone> {
        let VoiceConfig { rate, channels, bitrate, stopwatch, .. } = *config;
        let internal = |what: &dyn std::fmt::Display| {
            Error::new(Status::INTERNAL, format!("the sound encoder could not be made: {what}"))
        };
        let opus = EncoderConfig { bitrate: bitrate as i32, ..EncoderConfig::new(channels) };
        let encoder = Encoder::new(codec_rate(rate), channels, &opus).map_err(|e| internal(&e))?;
        let resampler = match codec_rate(rate) {
            same if same == rate => None,
            codec => Some(Resampler::new(rate, codec, channels).map_err(|e| internal(&e))?),
        };
        let samples = (rate / 50) as usize;
        Ok(Microphone {
            pacer: Pacer::new(config.queue.clone(), samples),
            queue: config.queue.clone(),
            rate,
            stopwatch,
            encoder,
            red: RedEncoder::new(),
            resampler,
            muted: false,
            tap: None,
            frame: vec![0; samples * usize::from(channels)],
            packet: Vec::with_capacity(2 * MAX_PACKET),
            toc: None,
        })
    }

    /// While muted, sound is paced out as before but nothing leaves.
    pub(super) fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
        self.pacer.forgive();
    }

    pub(super) fn muted(&self) -> bool {
        self.muted
    }

    /// A gap in the midst of sound that the hearers had, once.
    pub(super) fn take_gap(&mut self) -> Option<Duration> {
        self.pacer.take_gap().filter(|_| !self.muted)
    }

    /// Copies what leaves.
    pub(super) fn set_tap(&mut self, tap: Option<Arc<dyn Tap>>) {
        self.tap = tap;
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pacer.deadline()
    }

    /// Sends what is due, and reports the playout marks that were passed.
    pub(super) fn poll(&mut self, session: &mut Session, now: Instant, mut passed: impl FnMut(u64, Status)) {
        while let Some(paced) = self.pacer.poll(now, &mut self.frame) {
            match paced {
                Paced::Frame(frame) => {
                    let behind = self.queue.queued() * 1_000_000 / u64::from(self.rate);
                    session.stats.queued.add(Duration::from_micros(behind));
                    if self.muted {
                        session.stats.frames_muted += 1;
                        self.end_spurt(session, now, frame.rtp_time);
                    } else if !session.can_send() {
                        // What is said while the connection is being made again is not said later.
                        session.stats.frames_unsent += 1;
                        self.toc = None;
                    } else {
                        self.send_frame(session, now, frame.rtp_time);
                    }
                }
                Paced::SpurtEnd { rtp_time } => self.end_spurt(session, now, rtp_time),
            }
        }
        for (mark, outcome) in self.pacer.marks() {
            passed(mark, outcome.status());
        }
    }

    /// Says that what follows is silence, not loss: one byte, "discontinuous transmission" (RFC 6716 §3.1).
    fn end_spurt(&mut self, session: &mut Session, now: Instant, rtp_time: u64) {
        if let Some(toc) = self.toc.take() {
            session.stats.spurts_ended += 1;
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
        if let Some(tap) = &self.tap {
            tap.sent(now, &self.frame);
        }
        let loudness = level(&self.frame);
        let mut encoded = [0; MAX_PACKET];
        let begun = (self.stopwatch)();
        let Some(length) = self.encode(&mut encoded) else {
            session.stats.frames_failed += 1;
            return;
        };
        session.stats.encode.add((self.stopwatch)().saturating_duration_since(begun));
        session.stats.frames_encoded += 1;
        session.stats.frames_silent += u64::from(loudness == 127);
        let marker = self.toc.is_none();
        if marker {
            self.red.reset();
        }
        self.toc = encoded.first().copied();
        self.send(session, now, rtp_time, marker, loudness, &encoded[..length]);
    }

    /// The frame as Opus; its length.
    fn encode(&mut self, encoded: &mut [u8]) -> Option<usize> {
        let mut resampled = Vec::new();
        let pcm = match &mut self.resampler {
            Some(resampler) => {
                // A chunk of 20 ms in, 20 ms out: the resampler's own blocks divide it.
                resampler.process(&self.frame, &mut resampled).ok()?;
                &resampled
            }
            None => &self.frame,
        };
        self.encoder.encode(pcm, encoded).ok()
    }
}
