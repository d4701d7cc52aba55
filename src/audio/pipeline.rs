//! What turns the steps of a jitter buffer into PCM: decoder, fades, stretching, resampling.
//!
//! It travels with a job from thread to thread, so all that a step needs is in here.

use super::opus::{self, Decoder, MAX_PACKET_MS, OpusError};
use super::resample::Resampler;
use super::stretch::Stretcher;

/// Decoder complexity with and without deep concealment.
const COMPLEXITY_DEEP: i32 = 5;
const COMPLEXITY_CLASSIC: i32 = 0;
/// Concealment is as loud as what came before for this long, then fades until it is gone.
const CONCEAL_FULL_MS: usize = 40;
const CONCEAL_GONE_MS: usize = 100;
/// How quickly sound returns after a fade.
const RETURN_MS: usize = 5;

/// Decoding for one stream at one rate.
pub(super) struct Pipeline {
    decoder: Decoder,
    stretcher: Stretcher,
    resampler: Option<Resampler>,
    decoder_rate: usize,
    channels: usize,
    decoded: Vec<i16>,
    stretched: Vec<i16>,
    /// Loudness at the end of the last frame, 0 to 1.
    gain: f32,
    /// Samples concealed in a row.
    concealed: usize,
}

/// What to do with the decoder.
pub(super) enum Work {
    Decode(Vec<u8>),
    Fec {
        payload: Vec<u8>,
        ticks: u64,
    },
    Conceal {
        ticks: u64,
    },
    /// The last frame of a talk spurt: fades out.
    Silence(Vec<u8>),
}

/// How it went.
pub(super) struct Outcome {
    /// False where the packet was corrupt and its time was concealed.
    pub decoded: bool,
    /// Ticks (48 kHz) of sound before resampling, after stretching.
    pub ticks: u64,
    /// Ticks removed by stretching, negative where added.
    pub removed: i64,
}

impl Pipeline {
    pub fn new(rate: u32, channels: u8, deep: bool) -> Result<Self, String> {
        let decoder_rate = opus::codec_rate(rate);
        let mut decoder = Decoder::new(decoder_rate, channels).map_err(|e| e.to_string())?;
        let complexity = if deep { COMPLEXITY_DEEP } else { COMPLEXITY_CLASSIC };
        decoder.set_complexity(complexity).map_err(|e| e.to_string())?;
        let resampler = if decoder_rate == rate {
            None
        } else {
            Some(Resampler::new(decoder_rate, rate, channels).map_err(|e| e.to_string())?)
        };
        Ok(Self {
            decoder,
            stretcher: Stretcher::new(decoder_rate, channels),
            resampler,
            decoder_rate: decoder_rate as usize,
            channels: usize::from(channels),
            decoded: Vec::new(),
            stretched: Vec::new(),
            gain: 1.0,
            concealed: 0,
        })
    }

    pub fn reset(&mut self) {
        self.decoder.reset();
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
        self.gain = 1.0;
        self.concealed = 0;
    }

    /// Does the work and writes its PCM to `pcm` (cleared first). A corrupt packet is concealed
    /// for `expected_ticks`, its declared duration.
    pub fn run(&mut self, work: &Work, expected_ticks: u64, excess: i32, pcm: &mut Vec<i16>) -> Outcome {
        pcm.clear();
        let (result, concealing) = match work {
            Work::Decode(payload) => (self.decode(payload), false),
            Work::Fec { payload, ticks } => {
                (self.exactly(*ticks, |decoder, out| decoder.decode_fec(payload, out)), false)
            }
            Work::Conceal { ticks } => (self.exactly(*ticks, Decoder::conceal), true),
            Work::Silence(payload) => (self.decode(payload), false),
        };
        let decoded = result.is_ok();
        if !decoded && self.exactly(expected_ticks, Decoder::conceal).is_err() {
            self.decoded.fill(0);
        }
        if concealing || !decoded {
            self.fade_concealed();
        } else if matches!(work, Work::Silence(_)) {
            self.ramp(0.0, self.decoded.len() / self.channels);
            self.concealed = 0;
        } else {
            self.ramp(1.0, self.samples_of_ms(RETURN_MS));
            self.concealed = 0;
        }

        let ticks_per_sample = 48_000 / self.decoder_rate as i64;
        let mut removed = 0;
        if excess != 0 && decoded {
            self.stretched.clear();
            let excess = excess / ticks_per_sample as i32;
            removed = self.stretcher.stretch(&self.decoded, excess, &mut self.stretched);
            core::mem::swap(&mut self.decoded, &mut self.stretched);
        }
        match &mut self.resampler {
            // The lengths always divide, and the filter does not fail with the sizes it asked for.
            Some(resampler) => drop(resampler.process(&self.decoded, pcm)),
            None => pcm.extend_from_slice(&self.decoded),
        }
        Outcome {
            decoded,
            ticks: (self.decoded.len() / self.channels) as u64 * ticks_per_sample as u64,
            removed: i64::from(removed) * ticks_per_sample,
        }
    }

    fn samples_of_ms(&self, ms: usize) -> usize {
        self.decoder_rate * ms / 1000
    }

    fn decode(&mut self, payload: &[u8]) -> Result<usize, OpusError> {
        let room = self.samples_of_ms(MAX_PACKET_MS as usize) * self.channels;
        self.decoded.resize(room, 0);
        let samples = self.decoder.decode(payload, &mut self.decoded)?;
        self.decoded.truncate(samples * self.channels);
        Ok(samples)
    }

    fn exactly(
        &mut self,
        ticks: u64,
        fill: impl FnOnce(&mut Decoder, &mut [i16]) -> Result<usize, OpusError>,
    ) -> Result<usize, OpusError> {
        let samples = ticks as usize * self.decoder_rate / 48_000;
        self.decoded.clear();
        self.decoded.resize(samples * self.channels, 0);
        fill(&mut self.decoder, &mut self.decoded)
    }

    fn fade_concealed(&mut self) {
        let (full, gone) = (self.samples_of_ms(CONCEAL_FULL_MS), self.samples_of_ms(CONCEAL_GONE_MS));
        let start = self.gain;
        for (i, sample) in self.decoded.chunks_exact_mut(self.channels).enumerate() {
            let at = self.concealed + i + 1;
            let wanted = gone.saturating_sub(at) as f32 / (gone - full) as f32;
            // Never louder than at the start: sound does not return by invention.
            self.gain = wanted.min(start);
            scale(sample, self.gain);
        }
        self.concealed += self.decoded.len() / self.channels;
    }

    /// Moves the gain to `end` within `over` samples and keeps it there.
    fn ramp(&mut self, end: f32, over: usize) {
        if self.gain == end && end == 1.0 {
            return;
        }
        let step = (end - self.gain) / over.max(1) as f32;
        let start = self.gain;
        for (i, sample) in self.decoded.chunks_exact_mut(self.channels).enumerate() {
            self.gain = if i + 1 < over { start + step * (i + 1) as f32 } else { end };
            scale(sample, self.gain);
        }
    }
}

fn scale(sample: &mut [i16], gain: f32) {
    for value in sample {
        *value = (f32::from(*value) * gain).round() as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::opus::{Encoder, EncoderConfig};

    /// A second of a tone in packets of 20 ms.
    fn packets() -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(24_000, 1, &EncoderConfig::new(1)).unwrap();
        (0..50)
            .map(|n| {
                let frame: Vec<i16> = (0..480).map(|i| (((n * 480 + i) as f32 * 0.06).sin() * 9000.0) as i16).collect();
                let mut out = [0; 1500];
                let len = encoder.encode(&frame, &mut out).unwrap();
                out[..len].to_vec()
            })
            .collect()
    }

    fn peak(pcm: &[i16]) -> i32 {
        pcm.iter().map(|&s| i32::from(s).abs()).max().unwrap_or(0)
    }

    #[test]
    fn concealment_fades_until_it_is_gone_and_sound_returns_without_a_jump() {
        for deep in [false, true] {
            let mut pipeline = Pipeline::new(24_000, 1, deep).unwrap();
            let mut pcm = Vec::new();
            let packets = packets();
            for packet in &packets[..20] {
                pipeline.run(&Work::Decode(packet.clone()), 960, 0, &mut pcm);
            }
            let before = peak(&pcm);
            let mut peaks = Vec::new();
            for _ in 0..6 {
                let outcome = pipeline.run(&Work::Conceal { ticks: 960 }, 960, 0, &mut pcm);
                assert_eq!((outcome.ticks, pcm.len()), (960, 480));
                peaks.push(peak(&pcm));
            }
            assert!(peaks[0] > before / 3, "{before} {peaks:?}");
            assert!(peaks[4] < before / 2);
            assert_eq!(peaks[5], 0);
            pipeline.run(&Work::Decode(packets[30].clone()), 960, 0, &mut pcm);
            assert!(i32::from(pcm[0]).abs() < before / 50);
            pipeline.run(&Work::Decode(packets[31].clone()), 960, 0, &mut pcm);
            assert!(peak(&pcm) > before / 2);
        }
    }

    #[test]
    fn a_corrupt_packet_is_concealed_for_its_time() {
        let mut pipeline = Pipeline::new(24_000, 1, false).unwrap();
        let mut pcm = Vec::new();
        let outcome = pipeline.run(&Work::Decode(vec![0xFF; 3]), 1920, 0, &mut pcm);
        assert!(!outcome.decoded);
        assert_eq!((outcome.ticks, pcm.len()), (1920, 960));
    }

    #[test]
    fn stretching_is_reported_in_ticks() {
        let mut pipeline = Pipeline::new(24_000, 1, false).unwrap();
        let mut pcm = Vec::new();
        for (n, packet) in packets().into_iter().enumerate() {
            let excess = if n % 2 == 0 { 480 } else { -480 };
            let outcome = pipeline.run(&Work::Decode(packet), 960, excess, &mut pcm);
            assert_eq!(outcome.ticks as i64, 960 - outcome.removed);
            assert_eq!(pcm.len() as u64 * 2, outcome.ticks);
            assert!(n < 10 || outcome.removed * i64::from(excess) > 0);
        }
    }
}
