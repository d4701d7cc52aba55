//! One remote track: RTP packets in, PCM at the application's rate out.
//!
//! The receiver does no decoding itself. [`Receiver::poll`] hands out a [`Job`] when a frame is
//! due; the caller runs it where it likes (a heavy one on a pool) and gives the result back to
//! [`Receiver::finish`]. One job is out at a time.

use core::fmt;
use std::time::{Duration, Instant};

use super::jitter::{Action, Delivery, JitterBuffer, Packet, Step};
use super::opus;
use super::pipeline::{Outcome, Pipeline, Work};
use super::red;
use crate::stats::Delay;

/// The clock of Opus on RTP, whatever the rate of the sound (RFC 7587).
const RTP_RATE: u32 = 48_000;
/// PCM buffers kept for use again.
const SPARE_FRAMES: usize = 8;

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
pub struct ReceiverError(String);

impl fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot receive sound: {}", self.0)
    }
}

impl std::error::Error for ReceiverError {}

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
    /// Interleaved PCM; give the buffer back with [`Receiver::recycle`].
    pub pcm: Vec<i16>,
    /// What is known about it.
    pub info: FrameInfo,
}

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

/// Decoding to be done. Independent of the receiver, may move to any thread.
pub struct Job {
    pipeline: Box<Pipeline>,
    work: Work,
    origin: Origin,
    duration: u64,
    excess: i32,
    rtp_time: u64,
    arrival: Option<Instant>,
    heavy: bool,
    generation: u64,
    pcm: Vec<i16>,
}

impl Job {
    /// Whether it takes some hundred microseconds to 2 ms (deep concealment), not some ten.
    pub fn is_heavy(&self) -> bool {
        self.heavy
    }

    /// Does the work.
    pub fn run(mut self) -> Done {
        let outcome = self.pipeline.run(&self.work, self.duration, self.excess, &mut self.pcm);
        Done { job: self, outcome }
    }
}

/// A finished job, for [`Receiver::finish`].
pub struct Done {
    job: Job,
    outcome: Outcome,
}

/// Receives one remote track.
pub struct Receiver {
    config: ReceiverConfig,
    buffer: JitterBuffer,
    /// Absent while a job is out.
    pipeline: Option<Box<Pipeline>>,
    /// Results of jobs from before a reset are dropped.
    generation: u64,
    active: bool,
    sequence: Unwrapper<u16>,
    timestamp: Unwrapper<u32>,
    stats: ReceiverStats,
    spare: Vec<Vec<i16>>,
}

impl Receiver {
    /// A receiver, active.
    ///
    /// # Errors
    /// When rate or channels cannot be had, or memory is short.
    pub fn new(config: ReceiverConfig) -> Result<Self, ReceiverError> {
        let pipeline = pipeline(&config)?;
        Ok(Self {
            config,
            buffer: JitterBuffer::new(config.delivery, config.min_delay, config.max_delay),
            pipeline: Some(pipeline),
            generation: 0,
            active: true,
            sequence: Unwrapper::default(),
            timestamp: Unwrapper::default(),
            stats: ReceiverStats::default(),
            spare: Vec::new(),
        })
    }

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

    /// When [`poll`](Self::poll) has something to do; may lie in the past. None while nothing is
    /// expected, or a job is out.
    pub fn deadline(&self) -> Option<Instant> {
        self.pipeline.as_ref()?;
        self.buffer.deadline()
    }

    /// The next job, if one is due and none is out. Call until it is None.
    pub fn poll(&mut self, now: Instant) -> Option<Job> {
        self.pipeline.as_ref()?;
        let Step { action, rtp_time, arrival, excess } = self.buffer.poll(now)?;
        if let Some(arrival) = arrival {
            self.stats.waited.add(now.saturating_duration_since(arrival));
        }
        let deep = self.config.deep_concealment;
        let (work, origin, duration, heavy) = match action {
            Action::Play(packet) => {
                let duration = packet.duration;
                if packet.silence {
                    (Work::Silence(packet.payload), Origin::Silence, duration, deep)
                } else if packet.redundant {
                    (Work::Decode(packet.payload), Origin::Recovered, duration, false)
                } else {
                    (Work::Decode(packet.payload), Origin::Decoded, duration, false)
                }
            }
            Action::Fec { payload, duration } => {
                let ticks = duration;
                (Work::Fec { payload, ticks }, Origin::Recovered, duration, false)
            }
            Action::Conceal { duration } => {
                let ticks = duration;
                (Work::Conceal { ticks }, Origin::Concealed, duration, deep)
            }
        };
        Some(Job {
            pipeline: self.pipeline.take()?,
            work,
            origin,
            duration,
            excess,
            rtp_time,
            arrival,
            heavy,
            generation: self.generation,
            pcm: self.spare.pop().unwrap_or_default(),
        })
    }

    /// Takes back a finished job. The frame is None where there is nothing to deliver: the
    /// resampler still gathers, or the job is from before a reset.
    pub fn finish(&mut self, done: Done) -> Option<Frame> {
        let Done { mut job, outcome } = done;
        let by_fec = matches!(job.work, Work::Fec { .. });
        if let Work::Decode(payload) | Work::Fec { payload, .. } | Work::Silence(payload) = job.work {
            self.buffer.recycle(payload);
        }
        if job.generation != self.generation {
            job.pipeline.reset();
            self.pipeline = Some(job.pipeline);
            self.recycle(job.pcm);
            return None;
        }
        self.pipeline = Some(job.pipeline);
        self.buffer.played(outcome.ticks);
        if outcome.removed > 0 {
            self.stats.ticks_removed += outcome.removed.unsigned_abs();
        } else {
            self.stats.ticks_inserted += outcome.removed.unsigned_abs();
        }
        let mut origin = job.origin;
        if !outcome.decoded {
            self.stats.malformed += 1;
            origin = Origin::Concealed;
        }
        let stats = &mut self.stats;
        let (frames, ticks) = match origin {
            Origin::Decoded => (&mut stats.decoded, &mut stats.ticks_decoded),
            Origin::Recovered if by_fec => (&mut stats.recovered_by_fec, &mut stats.ticks_recovered),
            Origin::Recovered => (&mut stats.recovered_by_copy, &mut stats.ticks_recovered),
            Origin::Concealed => (&mut stats.concealed, &mut stats.ticks_concealed),
            Origin::Silence => (&mut stats.silence, &mut stats.ticks_silence),
        };
        *frames += 1;
        *ticks += job.duration;
        if job.pcm.is_empty() {
            self.recycle(job.pcm);
            return None;
        }
        Some(Frame {
            info: FrameInfo {
                origin,
                rtp_time: job.rtp_time,
                arrival: job.arrival,
                level: level(&job.pcm),
                samples_per_channel: job.pcm.len() / usize::from(self.config.channels),
            },
            pcm: job.pcm,
        })
    }

    /// Takes back the buffer of a frame that has been used.
    pub fn recycle(&mut self, pcm: Vec<i16>) {
        if self.spare.len() < SPARE_FRAMES {
            self.spare.push(pcm);
        }
    }

    /// Without a reader nothing is decoded and nothing kept; packets are still counted, and the
    /// line is still measured. Becoming active starts with the next packet.
    pub fn set_active(&mut self, active: bool) {
        if self.active != active {
            self.active = active;
            self.buffer.flush();
            self.renew();
        }
    }

    /// Forgets the stream, for a new SSRC or codec; the counters stay.
    pub fn reset(&mut self) {
        self.buffer.reset();
        self.sequence = Unwrapper::default();
        self.timestamp = Unwrapper::default();
        self.renew();
    }

    /// Goes on without a job that will never come back, because its thread panicked.
    ///
    /// # Errors
    /// When memory is short; the receiver then delivers nothing, and this may be tried again.
    pub fn abandon(&mut self) -> Result<(), ReceiverError> {
        self.generation += 1;
        if self.pipeline.is_none() {
            self.pipeline = Some(pipeline(&self.config)?);
        }
        Ok(())
    }

    fn renew(&mut self) {
        self.generation += 1;
        if let Some(pipeline) = &mut self.pipeline {
            pipeline.reset();
        }
    }

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

fn pipeline(config: &ReceiverConfig) -> Result<Box<Pipeline>, ReceiverError> {
    Pipeline::new(config.rate, config.channels, config.deep_concealment).map(Box::new).map_err(ReceiverError)
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

/// Extends wrapping counters of RTP headers to 64 bits.
#[derive(Debug, Default)]
struct Unwrapper<T> {
    last: Option<u64>,
    width: core::marker::PhantomData<T>,
}

impl Unwrapper<u16> {
    fn unwrap(&mut self, value: u16) -> u64 {
        // The first lies one turn up, so that what was reordered before it is not negative.
        let last = *self.last.get_or_insert(u64::from(value) + (1 << 16));
        let step = value.wrapping_sub(last as u16) as i16;
        let extended = last.saturating_add_signed(i64::from(step));
        self.last = Some(extended);
        extended
    }
}

impl Unwrapper<u32> {
    fn unwrap(&mut self, value: u32) -> u64 {
        let last = *self.last.get_or_insert(u64::from(value) + (1 << 32));
        let step = value.wrapping_sub(last as u32) as i32;
        let extended = last.saturating_add_signed(i64::from(step));
        self.last = Some(extended);
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_rfc_6464() {
        assert_eq!(level(&[0; 100]), 127);
        assert_eq!(level(&[]), 127);
        assert_eq!(level(&[i16::MIN; 100]), 0);
        assert_eq!(level(&[3277; 100]), 20);
        assert_eq!(level(&[1, 0, 0, 0]), 96);
    }

    #[test]
    fn counters_are_extended_over_wraps_and_reordering() {
        let mut sequence = Unwrapper::<u16>::default();
        assert_eq!(sequence.unwrap(65_534), 65_536 + 65_534);
        assert_eq!(sequence.unwrap(1), 131_073);
        assert_eq!(sequence.unwrap(65_535), 131_071);
        assert_eq!(sequence.unwrap(2), 131_074);
        let mut timestamp = Unwrapper::<u32>::default();
        assert_eq!(timestamp.unwrap(5), (1 << 32) + 5);
        assert_eq!(timestamp.unwrap(u32::MAX), (1 << 32) - 1);
        assert_eq!(timestamp.unwrap(960), (1 << 32) + 960);
    }

    #[test]
    fn jobs_may_move_between_threads() {
        fn send<T: Send>() {}
        send::<Job>();
        send::<Done>();
        send::<Receiver>();
    }

    #[test]
    fn a_lost_job_does_not_end_the_stream() {
        let mut receiver =
            Receiver::new(ReceiverConfig { delivery: Delivery::Eager, ..ReceiverConfig::default() }).unwrap();
        let now = Instant::now();
        let mut packet = RtpPacket { sequence: 7, timestamp: 960, payload_type: 111, payload: &[0x78, 0, 0] };
        receiver.receive(packet, now);
        drop(receiver.poll(now).unwrap());
        packet.sequence += 1;
        packet.timestamp += 960;
        receiver.receive(packet, now);
        assert!(receiver.poll(now).is_none());
        receiver.abandon().unwrap();
        assert!(receiver.poll(now).is_some());
    }
}
