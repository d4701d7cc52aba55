//! One speaker's way in: packets → jitter buffer → decoder → the ring that the application reads.

use super::gate::{Gate, Turn, VadConfig};
use super::peer::PayloadTypes;
use super::session::MediaPacket;
use super::stats::HearingStats;
use super::voice::VoiceConfig;
use crate::audio::receiver::{Done, Job, Origin, Receiver, ReceiverConfig, RtpPacket};
use crate::audio::vad::VoiceDetector;
use crate::clock::Clock;
use crate::stats::Delay;
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
    /// Its part in speech: 0 none, 1 the first, 2 in the midst, 3 the last; 0 without voice detection.
    pub speech: u32,
}

/// Where frames go. The application's side: a ring, and whoever waits for it.
pub trait FrameSink: Send + Sync {
    /// Takes one frame, interleaved. Never blocks.
    fn write(&self, info: FrameInfo, pcm: &[i16]);
    /// The stream is over: what was written can still be read.
    fn close(&self);
    /// Takes the numbers so far: at each [`super::voice::Voice::report`], and before the end.
    fn measured(&self, _: &HearingStats) {}
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
    /// The stream that the last packet was of.
    ssrc: Option<u32>,
    /// Made with the first reader: a decoder takes memory that a listener without ears should not cost.
    receiver: Option<Receiver>,
    voice: Option<VoiceDetector>,
    config: ReceiverConfig,
    clock: Clock,
    /// Held while somebody reads; without a reader nothing is decoded.
    sink: Weak<dyn FrameSink>,
    bytes: u64,
    unread: u64,
    pub(super) decode: Delay,
    gate: Option<Gate>,
}

impl Hearing {
    pub(super) fn new(serial: u64, config: &VoiceConfig, types: PayloadTypes, sink: Weak<dyn FrameSink>) -> Hearing {
        Hearing {
            serial,
            ssrc: None,
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
            bytes: 0,
            unread: 0,
            decode: Delay::default(),
            gate: None,
        }
    }

    /// Which subscription of the channel this is.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    pub(super) fn set_sink(&mut self, sink: Weak<dyn FrameSink>) {
        self.sink = sink;
    }

    /// The same user on another connection: another stream of packets, counted with the ones before.
    pub(super) fn restart(&mut self, types: PayloadTypes) {
        let same = (types.opus, types.red) == (self.config.opus_payload_type, self.config.red_payload_type);
        (self.config.opus_payload_type, self.config.red_payload_type) = (types.opus, types.red);
        match &mut self.receiver {
            Some(receiver) if same => receiver.reset(),
            // Made anew with the next packet.
            receiver => *receiver = None,
        }
    }

    /// Listens for speech in another way, or not at all.
    pub(super) fn set_vad(&mut self, config: Option<VadConfig>) {
        self.gate = config.map(|config| Gate::new(config, self.config.rate));
    }

    /// Ends the speech of one who says nothing any more, when that is due.
    pub(super) fn quiet(&mut self, now: Instant) -> Option<Turn> {
        self.gate.as_mut()?.quiet(now, self.sink.upgrade().as_deref())
    }

    /// Ends the speech of one who is not heard any more.
    pub(super) fn close_speech(&mut self) -> Option<Turn> {
        self.gate.as_mut()?.close(self.sink.upgrade().as_deref())
    }

    /// `wanted`: somebody beside the reader of the stream wants the sound.
    pub(super) fn receive(&mut self, packet: &MediaPacket, now: Instant, wanted: bool) {
        let wanted = wanted || self.gate.is_some() || self.sink.strong_count() > 0;
        if wanted && self.receiver.is_none() {
            // Out of memory is the only way to fail here; the next packet tries again.
            self.receiver = Receiver::new(self.config).ok();
            self.voice = Some(VoiceDetector::new(self.config.rate, self.config.channels));
        }
        let before = self.ssrc.replace(packet.ssrc);
        if let Some(receiver) = &mut self.receiver {
            // The numbers of another stream say nothing beside those of this one.
            if before.is_some_and(|before| before != packet.ssrc) {
                receiver.reset();
            }
            receiver.set_active(wanted);
            self.bytes += packet.payload.len() as u64;
            self.unread += u64::from(!wanted);
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

    /// The numbers so far; zeros before the first reader.
    pub(super) fn stats(&self) -> HearingStats {
        let receiver = self.receiver.as_ref().map(Receiver::stats).unwrap_or_default();
        let (bytes, unread, decode) = (self.bytes, self.unread, self.decode);
        HearingStats { receiver, bytes, unread, decode, ..HearingStats::default() }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let receiver = self.receiver.as_ref().and_then(|receiver| receiver.deadline());
        receiver.into_iter().chain(self.gate.as_ref().and_then(|gate| gate.deadline())).min()
    }

    pub(super) fn poll(&mut self, now: Instant) -> Option<Job> {
        self.receiver.as_mut()?.poll(now)
    }

    pub(super) fn finish(&mut self, done: Option<Done>, now: Instant, also: impl FnOnce(&[i16])) -> Option<Turn> {
        let receiver = self.receiver.as_mut()?;
        let Some(done) = done else {
            // The decoder is gone with its job; without memory for another one the speaker stays silent.
            let _ = receiver.abandon();
            return None;
        };
        let frame = receiver.finish(done)?;
        let level = frame.info.level;
        let voice_probability = self.voice.as_mut().map_or(0.0, |voice| f64::from(voice.listen(&frame.pcm, level)));
        let info = FrameInfo {
            timestamp_us: self.clock.micros(now),
            arrival_us: frame.info.arrival.map_or(0, |at| self.clock.micros(at)),
            rtp_time: frame.info.rtp_time,
            samples: frame.info.samples_per_channel as u32,
            sample_rate: self.config.rate,
            channels: u32::from(self.config.channels),
            origin: origin(frame.info.origin),
            level: u32::from(level),
            voice_probability,
            speech: 0,
        };
        let sink = self.sink.upgrade();
        let turn = match (&mut self.gate, sink) {
            (Some(gate), sink) => gate.frame(info, &frame.pcm, now, sink.as_deref()),
            (None, Some(sink)) => {
                sink.write(info, &frame.pcm);
                None
            }
            (None, None) => None,
        };
        also(&frame.pcm);
        receiver.recycle(frame.pcm);
        turn
    }
}

/// [`FrameInfo::origin`] of silence.
pub(super) const SILENCE: u32 = 3;

/// The numbers of the C surface.
fn origin(origin: Origin) -> u32 {
    match origin {
        Origin::Decoded => 0,
        Origin::Recovered => 1,
        Origin::Concealed => 2,
        Origin::Silence => SILENCE,
    }
}
