//! Sample rates that Opus does not know (44.1 and 32 kHz), and mono to stereo and back.

use core::fmt;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction};

/// Frames per chunk at the input, in milliseconds: the filter works on blocks of this length.
const CHUNK_MS: u32 = 10;
/// Length of the filter, samples at the input.
const TAPS: usize = 256;

/// Why no resampler could be made, or a chunk not be resampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResampleError(String);

impl fmt::Display for ResampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot resample: {}", self.0)
    }
}

impl std::error::Error for ResampleError {}

/// Converts a stream from one sample rate to another, in pieces of any length.
pub struct Resampler {
    filter: Async<f32>,
    channels: usize,
    delay: usize,
    /// Values of one chunk at each side, all channels together.
    chunk_in: usize,
    pending: Vec<f32>,
    converted: Vec<f32>,
}

impl Resampler {
    /// A resampler from `from` to `to` Hz (1000 to 384000) for interleaved `channels` (1 or 2).
    ///
    /// # Errors
    /// When a rate or the number of channels is out of range.
    pub fn new(from: u32, to: u32, channels: u8) -> Result<Self, ResampleError> {
        let allowed = 1000..=384_000;
        if !allowed.contains(&from) || !allowed.contains(&to) || !(1..=2).contains(&channels) {
            return Err(ResampleError(format!(
                "{from} to {to} Hz in {channels} channels is out of range; rates are 1000 to 384000 Hz, channels 1 or 2"
            )));
        }
        let channels = usize::from(channels);
        let chunk = (from * CHUNK_MS / 1000) as usize;
        // Output samples lie at so many places between two at the input, and the filter is known at each: nothing is interpolated.
        let places = (to / gcd(from, to)) as usize;
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2)
            .oversampling_factor(places)
            .interpolation(SincInterpolationType::Nearest);
        let ratio = f64::from(to) / f64::from(from);
        // The filter begins a sample at the output, and a place between two, earlier than its `output_delay` says.
        let delay = ((TAPS / 2) as f64 * ratio - 1.0 - ratio / places as f64).round() as usize;
        let filter = Async::new_sinc(ratio, 1.0, &parameters, chunk, channels, FixedAsync::Input)
            .map_err(|error| ResampleError(error.to_string()))?;
        let chunk_in = filter.input_frames_max() * channels;
        let chunk_out = filter.output_frames_max() * channels;
        let (pending, converted) = (Vec::with_capacity(chunk_in), vec![0.0; chunk_out]);
        Ok(Self { filter, channels, delay, chunk_in, pending, converted })
    }

    /// Takes interleaved PCM of any length and appends what is ready to `out`. Less than one
    /// chunk of 10 ms is kept for the next call.
    ///
    /// # Errors
    /// When `pcm` ends within a sample of all channels; nothing of it is taken then.
    pub fn process(&mut self, pcm: &[i16], out: &mut Vec<i16>) -> Result<(), ResampleError> {
        if !pcm.len().is_multiple_of(self.channels) {
            return Err(ResampleError(format!("{} values do not divide into {} channels", pcm.len(), self.channels)));
        }
        let mut rest = pcm;
        while !rest.is_empty() {
            let taken = rest.len().min(self.chunk_in - self.pending.len());
            self.pending.extend(rest[..taken].iter().map(|&s| f32::from(s)));
            rest = &rest[taken..];
            if self.pending.len() == self.chunk_in {
                let result = self.convert();
                self.pending.clear();
                let frames = result.map_err(ResampleError)?;
                out.extend(self.converted[..frames * self.channels].iter().map(|&s| to_i16(s)));
            }
        }
        Ok(())
    }

    /// Returns how many frames came of a chunk: one more or less than the ratio says.
    fn convert(&mut self) -> Result<usize, String> {
        let frames_in = self.pending.len() / self.channels;
        let frames_out = self.converted.len() / self.channels;
        let input =
            InterleavedSlice::new(&self.pending, self.channels, frames_in).map_err(|error| error.to_string())?;
        let mut output = InterleavedSlice::new_mut(&mut self.converted, self.channels, frames_out)
            .map_err(|error| error.to_string())?;
        let converted = self.filter.process_into_buffer(&input, &mut output, None);
        converted.map(|(_, frames)| frames).map_err(|error| error.to_string())
    }

    /// The delay of the filter, in samples of one channel at the output. What waits for a full
    /// chunk comes on top of it.
    pub fn delay(&self) -> usize {
        self.delay
    }

    /// Forgets the sound before.
    pub fn reset(&mut self) {
        self.filter.reset();
        self.pending.clear();
    }
}

/// The greatest common divisor.
pub(super) fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn to_i16(sample: f32) -> i16 {
    // The cast saturates, and takes NaN to 0.
    sample.round() as i16
}

/// Appends mono PCM as interleaved stereo, both sides alike.
pub fn mono_to_stereo(mono: &[i16], out: &mut Vec<i16>) {
    out.extend(mono.iter().flat_map(|&s| [s, s]));
}

/// Appends interleaved stereo PCM as mono, the mean of both sides. An odd last value is ignored.
pub fn stereo_to_mono(stereo: &[i16], out: &mut Vec<i16>) {
    let (pairs, _) = stereo.as_chunks::<2>();
    out.extend(pairs.iter().map(|&[left, right]| ((i32::from(left) + i32::from(right)) / 2) as i16));
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;

    fn sine(rate: u32, samples: usize, hertz: f64) -> Vec<i16> {
        (0..samples).map(|i| ((i as f64 * hertz * TAU / f64::from(rate)).sin() * 10000.0) as i16).collect()
    }

    /// A sine comes out as the same sine, delayed by what `delay` says, whatever the pieces.
    #[test]
    fn a_sine_stays_the_sine_it_was() {
        for (from, to) in [(44_100, 48_000), (48_000, 44_100), (32_000, 48_000), (48_000, 32_000)] {
            let mut resampler = Resampler::new(from, to, 1).unwrap();
            let pcm = sine(from, from as usize, 1000.0);
            let mut out = Vec::new();
            let mut rest = &pcm[..];
            let mut step = 1;
            while !rest.is_empty() {
                let taken = rest.len().min(step);
                resampler.process(&rest[..taken], &mut out).unwrap();
                rest = &rest[taken..];
                step = step * 7 % 1009;
            }
            let delay = resampler.delay();
            assert!(delay as u32 * 1000 <= to * 6, "{from} to {to}: {delay} samples");
            assert!(out.len() + to as usize / 100 + 1 >= to as usize);
            // What is left after taking out the tone, wherever its phase lies, is noise; and the
            // phase says the delay.
            let turn = |i: usize| i as f64 * 1000.0 * TAU / f64::from(to);
            let range = 2400..2400 + to as usize / 2;
            let half = range.len() as f64 / 2.0;
            let sum = |f: fn(f64) -> f64| {
                let product = |i| f64::from(out[i]) * f(turn(i));
                range.clone().map(product).sum::<f64>() / half
            };
            let (a, b) = (sum(f64::sin), sum(f64::cos));
            for i in range.clone() {
                let rest = f64::from(out[i]) - a * turn(i).sin() - b * turn(i).cos();
                assert!(rest.abs() < 5.0, "{from} to {to} at {i}: {rest}");
            }
            let period = f64::from(to) / 1000.0;
            let measured = -b.atan2(a) / TAU * period;
            let error = (measured - delay as f64).rem_euclid(period);
            assert!(error.min(period - error) <= 0.51, "{from} to {to}: {error}");
            assert!((a.hypot(b) - 10_000.0).abs() < 20.0);
        }
    }

    #[test]
    fn channels_stay_apart() {
        let mut resampler = Resampler::new(44_100, 48_000, 2).unwrap();
        let left = sine(44_100, 44_100, 500.0);
        let pcm: Vec<i16> = left.iter().flat_map(|&s| [s, 0]).collect();
        let mut out = Vec::new();
        resampler.process(&pcm, &mut out).unwrap();
        assert!(out.as_chunks::<2>().0.iter().all(|&[_, right]| right == 0));
        assert!(out.iter().any(|&s| s > 9000));
        assert!(resampler.process(&[0; 3], &mut out).is_err());
    }

    #[test]
    fn absurd_rates_are_refused() {
        assert!(Resampler::new(0, 48_000, 1).is_err());
        assert!(Resampler::new(48_000, 500_000, 1).is_err());
        assert!(Resampler::new(48_000, 44_100, 0).is_err());
    }

    #[test]
    fn mono_and_stereo() {
        let mut out = Vec::new();
        mono_to_stereo(&[1, -2], &mut out);
        assert_eq!(out, [1, 1, -2, -2]);
        let mut back = Vec::new();
        stereo_to_mono(&out, &mut back);
        assert_eq!(back, [1, -2]);
        back.clear();
        stereo_to_mono(&[i16::MAX, i16::MAX, 7], &mut back);
        assert_eq!(back, [i16::MAX]);
    }
}
