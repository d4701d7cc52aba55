//! Whether sound is a voice: a small neural network (crate `earshot`) that listens to 16 of every 32 ms, at 16 kHz.
//!
//! The network costs about 10 µs for each 16 ms, a third of what Opus takes to decode as much. Hearing every second window
//! halves that, and comes to the same verdict (above or below 0.7) for 95 % of a voice and for all of a noise.

use super::resample::{gcd, stereo_to_mono};
use earshot::Detector;
use std::f64::consts::PI;

/// What the network listens to, Hz.
const RATE: u32 = 16_000;
/// Samples that it looks at together.
const WINDOW: usize = 256;
/// How often it looks, milliseconds: every second window.
const HOP_MS: u32 = 32;
/// Below this level, in -dBov, there is no voice, and the network is not asked.
const QUIET: u8 = 70;
/// Samples at the input that each sample at 16 kHz is made of.
const TAPS: usize = 32;

/// Tells how likely a stream's sound is a voice.
pub struct VoiceDetector {
    detector: Box<Detector>,
    rates: Rates,
    stereo: bool,
    /// Mono, since the last look.
    heard: Vec<i16>,
    hop: usize,
    probability: f32,
}

impl VoiceDetector {
    /// For PCM at `rate` Hz (8,000 to 48,000) with `channels` (1 or 2).
    pub fn new(rate: u32, channels: u8) -> VoiceDetector {
        let hop = (rate * HOP_MS / 1000) as usize;
        VoiceDetector {
            detector: Detector::default_boxed(),
            rates: Rates::new(rate),
            stereo: channels == 2,
            heard: Vec::with_capacity(2 * hop),
            hop,
            probability: 0.0,
        }
    }

    /// Listens to the next interleaved samples, any number, of this level in -dBov. Returns the probability of a voice, 0 to 1,
    /// when it last looked, which is at most 32 ms ago.
    pub fn listen(&mut self, pcm: &[i16], level: u8) -> f32 {
        if level > QUIET {
            self.heard.clear();
            self.probability = 0.0;
            return 0.0;
        }
        if self.stereo {
            stereo_to_mono(pcm, &mut self.heard);
        } else {
            self.heard.extend_from_slice(pcm);
        }
        let mut seen = 0;
        while let Some(newest) = self.heard.get(seen..seen + self.hop) {
            let window = self.rates.window(&newest[self.hop - self.rates.needed()..]);
            self.probability = self.detector.predict_i16(&window).clamp(0.0, 1.0);
            seen += self.hop;
        }
        self.heard.drain(..seen);
        self.probability
    }
}

/// From a rate to 16 kHz: a polyphase low pass, as good as a machine that only listens needs it, in whole numbers, since those
/// cost a third. Each window is made for itself.
struct Rates {
    /// One output sample is this many steps of `1 / phases.len()` input samples.
    step: usize,
    /// The filter at each place between two input samples, in units of 1/16384.
    phases: Vec<[i16; TAPS]>,
}

impl Rates {
    fn new(rate: u32) -> Rates {
        let common = gcd(rate, RATE);
        let count = (RATE / common) as usize;
        // In cycles for each input sample; below the edge, where the filter is down by 6 dB.
        let cutoff = 0.45 * f64::from(rate.min(RATE)) / f64::from(rate);
        Rates {
            step: (rate / common) as usize,
            phases: (0..count).map(|phase| taps(cutoff, phase as f64 / count as f64)).collect(),
        }
    }

    /// Input samples for one window.
    fn needed(&self) -> usize {
        (WINDOW - 1) * self.step / self.phases.len() + TAPS
    }

    fn window(&self, pcm: &[i16]) -> [i16; WINDOW] {
        let (mut at, mut phase) = (0, 0);
        std::array::from_fn(|_| {
            let sum: i32 = match pcm[at..].first_chunk::<TAPS>() {
                Some(chunk) => chunk.iter().zip(&self.phases[phase]).map(|(&s, &t)| i32::from(s) * i32::from(t)).sum(),
                None => 0,
            };
            phase += self.step;
            while phase >= self.phases.len() {
                phase -= self.phases.len();
                at += 1;
            }
            (sum >> 14).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
        })
    }
}

/// A windowed sinc around the middle of its samples, shifted by a part of a sample; its sum is 1.
fn taps(cutoff: f64, shift: f64) -> [i16; TAPS] {
    let middle = TAPS as f64 / 2.0 - 1.0 + shift;
    let weights: [f64; TAPS] = std::array::from_fn(|tap| {
        let distance = tap as f64 - middle;
        let angle = 2.0 * PI * cutoff * distance;
        let sinc = if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
        sinc * (PI * distance / TAPS as f64).cos().powi(2)
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| (weight / sum * 16_384.0).round() as i16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::receiver::level;
    use crate::audio::resample::Resampler;

    /// The voice of the demo: 24 kHz mono, 16 bit, behind a header of 44 bytes.
    fn voice() -> Vec<i16> {
        let wav = include_bytes!("../../demo/voice.wav");
        wav[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
    }

    fn share_above_half(rate: u32, channels: u8, pcm: &[i16]) -> f64 {
        let mut detector = VoiceDetector::new(rate, channels);
        let frame = (rate / 50) as usize * usize::from(channels);
        let heard: Vec<f32> = pcm.chunks_exact(frame).map(|frame| detector.listen(frame, level(frame))).collect();
        heard.iter().filter(|p| **p > 0.5).count() as f64 / heard.len() as f64
    }

    #[test]
    fn a_voice_is_one_and_noise_or_silence_is_none() {
        let voice = voice();
        assert!(share_above_half(24_000, 1, &voice) > 0.5, "{}", share_above_half(24_000, 1, &voice));
        let mut state = 1u32;
        let noise: Vec<i16> = (0..voice.len())
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16 / 16
            })
            .collect();
        assert!(share_above_half(24_000, 1, &noise) < 0.1, "{}", share_above_half(24_000, 1, &noise));
        assert_eq!(share_above_half(48_000, 2, &vec![0; 192_000]), 0.0);
    }

    #[test]
    fn every_rate_and_channel_count_is_heard_alike() {
        let voice = voice();
        let stereo: Vec<i16> = voice.iter().flat_map(|s| [*s, *s]).collect();
        assert_eq!(share_above_half(24_000, 2, &stereo), share_above_half(24_000, 1, &voice));
        for rate in [8_000, 16_000, 32_000, 44_100, 48_000] {
            let mut resampler = Resampler::new(24_000, rate, 1).unwrap();
            let mut other = Vec::new();
            resampler.process(&voice, &mut other).unwrap();
            let share = share_above_half(rate, 1, &other);
            assert!(share > 0.4, "{rate} Hz: {share}");
        }
    }

    #[test]
    fn what_it_listens_to_is_the_sound_at_16_khz() {
        for rate in [8_000, 16_000, 24_000, 32_000, 44_100, 48_000] {
            let rates = Rates::new(rate);
            let energy = |hertz: f64| {
                let sine: Vec<i16> = (0..rates.needed())
                    .map(|n| ((2.0 * PI * hertz * n as f64 / f64::from(rate)).sin() * 10_000.0) as i16)
                    .collect();
                let window = rates.window(&sine);
                window.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / WINDOW as f64
            };
            let full = 10_000f64.powi(2) / 2.0;
            assert!((0.8..1.2).contains(&(energy(1000.0) / full)), "{rate} Hz: {}", energy(1000.0) / full);
            if rate > 24_000 {
                assert!(energy(12_500.0) < full / 1000.0, "{rate} Hz: {}", energy(12_500.0) / full);
            }
        }
        let tone = Rates::new(48_000);
        let sine: Vec<i16> = (0..tone.needed()).map(|n| ((n as f64 * PI / 24.0).sin() * 10_000.0) as i16).collect();
        let crossings = tone.window(&sine).windows(2).filter(|w| (w[0] < 0) != (w[1] < 0)).count();
        assert!((31..=33).contains(&crossings), "1 kHz crosses zero 32 times in 16 ms, not {crossings}");
    }

    #[test]
    fn silence_is_no_voice_at_once() {
        let mut detector = VoiceDetector::new(24_000, 1);
        let heard = voice()[24_000..48_000].chunks_exact(480).map(|f| detector.listen(f, level(f))).fold(0.0, f32::max);
        assert!(heard > 0.8, "{heard}");
        assert_eq!(detector.listen(&[1; 480], level(&[1; 480])), 0.0);
    }

    /// cargo test --release --lib audio::vad -- --ignored --nocapture
    #[test]
    #[ignore = "measures"]
    fn cost_of_a_frame() {
        let voice = voice();
        for _ in 0..5 {
            let mut detector = VoiceDetector::new(24_000, 1);
            let start = std::time::Instant::now();
            let frames = voice.chunks_exact(480).map(|f| detector.listen(f, level(f))).count();
            println!("{:.2} µs for 20 ms", start.elapsed().as_secs_f64() * 1e6 / frames as f64);
        }
    }
}
