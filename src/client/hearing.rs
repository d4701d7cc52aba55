//! One speaker's way in: packets → jitter buffer → decoder → the ring that the application reads.

use super::peer::PayloadTypes;
use super::session::MediaPacket;
use super::voice::VoiceConfig;
use crate::audio::receiver::{Done, Job, Origin, Receiver, ReceiverConfig, RtpPacket};
use crate::audio::vad::VoiceDetector;
use crate::clock::Clock;
use std::sync::Weak;
use std::time::Instant;

/// What is known about a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameInfo {
    /// When the frame was ready to be heard: microseconds since the Unix epoch, on the engine's clock.
    pub timestamp_us: u64,
    /// When its packet arrived; 0 where no packet did.
    pub arrival_us: u64,
    /// RTP time in 48 kHz units, without wrap; 0 in a mix.
    pub rtp_time: u64,
    /// Samples for each channel.
    pub samples: u32,
    /// Hz.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
    /// Where it came from: 0 decoded, 1 recovered, 2 concealed, 3 silence.
    pub origin: u32,
    /// Loudness in -dBov: 0 the loudest, 127 silence (RFC 6464).
    pub level: u32,
    /// How likely it is a voice, 0 to 1.
    pub voice_probability: f64,
}

/// Where frames go. The application's side: a ring, and whoever waits for it.
pub trait FrameSink: Send + Sync {
    /// Takes one frame, interleaved. Never blocks.
    fn write(&self, info: FrameInfo, pcm: &[i16]);
    /// The stream is over: what was written can still be read.
    fn close(&self);
}

/// Nobody listens.
pub(super) fn nobody() -> Weak<dyn FrameSink> {
    struct Nobody;
    impl FrameSink for Nobody {
        fn write(&self, _: FrameInfo, _: &[i16]) {}
        fn close(&self) {}
    }
    Weak::<Nobody>::new()
}

/// See the module.
pub(super) struct Hearing {
    serial: u64,
    /// Made with the first reader: a decoder takes memory that a listener without ears should not cost.
    receiver: Option<Receiver>,
    voice: Option<VoiceDetector>,
    config: ReceiverConfig,
    clock: Clock,
    /// Held while somebody reads; without a reader nothing is decoded.
    sink: Weak<dyn FrameSink>,
}

impl Hearing {
    pub(super) fn new(serial: u64, config: &VoiceConfig, types: PayloadTypes, sink: Weak<dyn FrameSink>) -> Hearing {
        Hearing {
            serial,
            receiver: None,
            voice: None,
            config: ReceiverConfig {
                rate: config.rate,
                channels: config.channels,
                delivery: config.delivery,
                opus_payload_type: types.opus,
                red_payload_type: types.red,
                ..ReceiverConfig::default()
            },
            clock: config.clock,
            sink,
        }
    }

    /// Which subscription of the channel this is.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    pub(super) fn set_sink(&mut self, sink: Weak<dyn FrameSink>) {
        self.sink = sink;
    }

    pub(super) fn receive(&mut self, packet: &MediaPacket, now: Instant, mixing: bool) {
        let wanted = mixing || self.sink.strong_count() > 0;
        if wanted && self.receiver.is_none() {
            // Out of memory is the only way to fail here; the next packet tries again.
            self.receiver = Receiver::new(self.config).ok();
            self.voice = VoiceDetector::new(self.config.rate, self.config.channels);
        }
        if let Some(receiver) = &mut self.receiver {
            receiver.set_active(wanted);
            receiver.receive(
                RtpPacket {
                    sequence: packet.seq as u16,
                    timestamp: packet.rtp_time as u32,
                    payload_type: packet.payload_type,
                    payload: &packet.payload,
                },
                now,
            );
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.receiver.as_ref()?.deadline()
    }

    pub(super) fn poll(&mut self, now: Instant) -> Option<Job> {
        self.receiver.as_mut()?.poll(now)
    }

    pub(super) fn finish(&mut self, done: Option<Done>, now: Instant, also: impl FnOnce(&[i16])) {
        let Some(receiver) = &mut self.receiver else { return };
        let Some(done) = done else {
            // The decoder is gone with its job; without memory for another one the speaker stays silent.
            let _ = receiver.abandon();
            return;
        };
        let Some(frame) = receiver.finish(done) else { return };
        let voice_probability = self.voice.as_mut().map_or(0.0, |voice| f64::from(voice.listen(&frame.pcm)));
        let info = FrameInfo {
            timestamp_us: self.clock.micros(now),
            arrival_us: frame.info.arrival.map_or(0, |at| self.clock.micros(at)),
            rtp_time: frame.info.rtp_time,
            samples: frame.info.samples_per_channel as u32,
            sample_rate: self.config.rate,
            channels: u32::from(self.config.channels),
            origin: origin(frame.info.origin),
            level: u32::from(frame.info.level),
            voice_probability,
        };
        if let Some(sink) = self.sink.upgrade() {
            sink.write(info, &frame.pcm);
        }
        also(&frame.pcm);
        receiver.recycle(frame.pcm);
    }
}

/// The numbers of the C surface.
fn origin(origin: Origin) -> u32 {
    match origin {
        Origin::Decoded => 0,
        Origin::Recovered => 1,
        Origin::Concealed => 2,
        Origin::Silence => 3,
    }
}
