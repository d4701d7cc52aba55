//! A sender, a network by seed, and a listener, all on a virtual clock.

#![allow(dead_code)] // each test file uses its part

use std::time::{Duration, Instant};

use stoa::audio::opus::{Encoder, EncoderConfig};
use stoa::audio::receiver::{Frame, Origin, Receiver, ReceiverConfig, RtpPacket};
use stoa::audio::red::RedEncoder;

pub const MS: Duration = Duration::from_millis(1);
pub const OPUS: u8 = 111;
pub const RED: u8 = 63;

/// xorshift64*: small, and the same everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    /// 0 to `end` - 1.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True in `percent` of the cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A packet on its way.
#[derive(Debug, Clone)]
pub struct Sent {
    pub arrives: Duration,
    pub sequence: u16,
    pub timestamp: u32,
    pub payload_type: u8,
    pub payload: Vec<u8>,
}

impl Sent {
    pub fn rtp(&self) -> RtpPacket<'_> {
        RtpPacket {
            sequence: self.sequence,
            timestamp: self.timestamp,
            payload_type: self.payload_type,
            payload: &self.payload,
        }
    }
}

/// A steady tone with an overtone.
pub fn tone(rate: u32, hertz: f64, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|i| {
            let phase = i as f64 * hertz * core::f64::consts::TAU / f64::from(rate);
            (phase.sin() * 8000.0 + (2.0 * phase).sin() * 2000.0) as i16
        })
        .collect()
}

/// Something like a voice at 48 kHz: pulses of a gliding pitch through two resonances, in
/// syllables, over a little noise. Opus takes it for speech.
pub fn voice(samples: usize) -> Vec<i16> {
    let mut rng = Rng::new(77);
    let tau = core::f64::consts::TAU;
    let mut phase = 0.0;
    let mut formants = [(0.0, 0.0, 650.0, 0.985), (0.0, 0.0, 1700.0, 0.97)];
    (0..samples)
        .map(|i| {
            let time = i as f64 / 48_000.0;
            phase += (130.0 + 30.0 * (time * 3.0).sin()) / 48_000.0;
            let pulse = if phase >= 1.0 { 6000.0 } else { 0.0 };
            phase %= 1.0;
            let syllable = (0.55 - 0.45 * (time * tau * 4.0).cos()).powi(2);
            let noise = rng.below(60) as f64 - 30.0;
            let mut out = 0.0;
            for (before, earlier, hertz, radius) in &mut formants {
                let bend: f64 = 1.0 + 0.2 * (time * 5.0).sin();
                let now = pulse + noise + 2.0 * *radius * (tau * *hertz * bend / 48_000.0).cos() * *before
                    - *radius * *radius * *earlier;
                *earlier = *before;
                *before = now;
                out += now;
            }
            (out * syllable * 0.3).clamp(-32_000.0, 32_000.0) as i16
        })
        .collect()
}

/// Encodes and numbers frames of 20 ms at 48 kHz mono; packet n leaves at n × 20 ms.
pub struct Sender {
    encoder: Encoder,
    red: Option<RedEncoder>,
    pub sequence: u16,
    pub timestamp: u32,
}

impl Sender {
    pub fn new(red: bool) -> Self {
        Self {
            encoder: Encoder::new(48_000, 1, &EncoderConfig::new(1)).unwrap(),
            red: red.then(RedEncoder::new),
            sequence: 1000,
            timestamp: 70_000,
        }
    }

    /// One packet from one frame of any length that Opus has.
    pub fn send(&mut self, pcm: &[i16], leaves: Duration) -> Sent {
        let mut opus = [0; 1500];
        let len = self.encoder.encode(pcm, &mut opus).unwrap();
        let mut payload = opus[..len].to_vec();
        let mut payload_type = OPUS;
        if let Some(red) = &mut self.red {
            red.encode(self.timestamp, &opus[..len], OPUS, &mut payload);
            payload_type = RED;
        }
        let sent = Sent { arrives: leaves, sequence: self.sequence, timestamp: self.timestamp, payload_type, payload };
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(pcm.len() as u32);
        sent
    }

    /// `seconds` of a tone in packets of 20 ms.
    pub fn tone(&mut self, hertz: f64, seconds: f64) -> Vec<Sent> {
        self.all(&tone(48_000, hertz, (seconds * 48_000.0) as usize))
    }

    /// `seconds` of a voice in packets of 20 ms.
    pub fn voice(&mut self, seconds: f64) -> Vec<Sent> {
        self.all(&voice((seconds * 48_000.0) as usize))
    }

    fn all(&mut self, pcm: &[i16]) -> Vec<Sent> {
        pcm.chunks_exact(960).enumerate().map(|(n, frame)| self.send(frame, MS * 20 * n as u32)).collect()
    }
}

/// A frame with the virtual time of its delivery.
pub struct Heard {
    pub at: Duration,
    pub frame: Frame,
}

pub fn config() -> ReceiverConfig {
    ReceiverConfig { rate: 48_000, deep_concealment: false, ..ReceiverConfig::default() }
}

/// Runs packets through a receiver until `until`, waking only at arrivals and deadlines.
pub fn run(receiver: &mut Receiver, packets: &[Sent], until: Duration) -> Vec<Heard> {
    run_observed(receiver, packets, until, |_, _| {})
}

/// As [`run`]; `observe` sees the receiver after every wake-up.
pub fn run_observed(
    receiver: &mut Receiver,
    packets: &[Sent],
    until: Duration,
    mut observe: impl FnMut(Duration, &Receiver),
) -> Vec<Heard> {
    let mut packets = packets.to_vec();
    packets.sort_by_key(|p| p.arrives);
    let origin = epoch();
    let mut heard = Vec::new();
    let mut next = 0;
    let mut now = Duration::ZERO;
    let mut idle_wakes = 0;
    loop {
        let arrival = packets.get(next).map(|p| p.arrives);
        let deadline = receiver.deadline().map(|d| d.saturating_duration_since(origin).max(now));
        let Some(wake) = arrival.into_iter().chain(deadline).min() else {
            break;
        };
        if wake > until {
            break;
        }
        assert!(idle_wakes < 5, "deadline without work at {now:?}");
        idle_wakes = if wake == now { idle_wakes + 1 } else { 0 };
        now = wake;
        while let Some(packet) = packets.get(next).filter(|p| p.arrives <= now) {
            receiver.receive(packet.rtp(), origin + now);
            next += 1;
            idle_wakes = 0;
        }
        while let Some(job) = receiver.poll(origin + now) {
            idle_wakes = 0;
            if let Some(frame) = receiver.finish(job.run()) {
                heard.push(Heard { at: now, frame });
            }
        }
        observe(now, receiver);
    }
    heard
}

/// One origin of virtual time for the whole process.
pub fn epoch() -> Instant {
    static EPOCH: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *EPOCH.get_or_init(|| Instant::now() + Duration::from_secs(1000))
}

pub fn count(heard: &[Heard], origin: Origin) -> usize {
    heard.iter().filter(|h| h.frame.info.origin == origin).count()
}

pub fn pcm(heard: &[Heard]) -> Vec<i16> {
    heard.iter().flat_map(|h| h.frame.pcm.clone()).collect()
}

/// The largest second difference: a click is a large one, a tone has a small one.
pub fn roughness(pcm: &[i16]) -> i32 {
    pcm.windows(3).map(|w| (i32::from(w[2]) - 2 * i32::from(w[1]) + i32::from(w[0])).abs()).max().unwrap_or(0)
}
