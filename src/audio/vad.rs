//! Whether sound is a voice: a small neural network (crate `earshot`) that listens to 16 ms at a time at 16 kHz.

use super::resample::{Resampler, stereo_to_mono};
use earshot::Detector;

/// What the network listens to, Hz.
const RATE: u32 = 16_000;
/// Samples that it looks at together.
const WINDOW: usize = 256;

/// Tells how likely a stream's sound is a voice.
pub struct VoiceDetector {
    detector: Box<Detector>,
    resampler: Option<Resampler>,
    stereo: bool,
    mono: Vec<i16>,
    window: Vec<i16>,
    probability: f32,
}

impl VoiceDetector {
    /// For PCM at `rate` Hz with `channels` (1 or 2). None where the rate cannot be brought to 16 kHz.
    pub fn new(rate: u32, channels: u8) -> Option<VoiceDetector> {
        let resampler = match rate {
            RATE => None,
            other => Some(Resampler::new(other, RATE, 1).ok()?),
        };
        Some(VoiceDetector {
            detector: Box::new(Detector::default()),
            resampler,
            stereo: channels == 2,
            mono: Vec::new(),
            window: Vec::with_capacity(2 * WINDOW),
            probability: 0.0,
        })
    }

    /// Listens to the next interleaved samples, any number. Returns the probability of a voice, 0 to 1, in the last
    /// 16 ms that were complete; some 10 ms of sound may still wait for company.
    pub fn listen(&mut self, pcm: &[i16]) -> f32 {
        self.mono.clear();
        let mono = if self.stereo {
            stereo_to_mono(pcm, &mut self.mono);
            &self.mono
        } else {
            pcm
        };
        match &mut self.resampler {
            // Mono divides into one channel: nothing can be refused.
            Some(resampler) => drop(resampler.process(mono, &mut self.window)),
            None => self.window.extend_from_slice(mono),
        }
        let complete = self.window.len() / WINDOW * WINDOW;
        for window in self.window[..complete].chunks_exact(WINDOW) {
            self.probability = self.detector.predict_i16(window).clamp(0.0, 1.0);
        }
        self.window.drain(..complete);
        self.probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The voice of the demo: 24 kHz mono, 16 bit, behind a header of 44 bytes.
    fn voice() -> Vec<i16> {
        let wav = include_bytes!("../../demo/voice.wav");
        wav[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
    }

    fn share_above_half(rate: u32, channels: u8, pcm: &[i16]) -> f64 {
        let mut detector = VoiceDetector::new(rate, channels).unwrap();
        let frame = (rate / 50) as usize * usize::from(channels);
        let heard: Vec<f32> = pcm.chunks_exact(frame).map(|frame| detector.listen(frame)).collect();
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
}
