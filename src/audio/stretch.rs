//! Time-stretching of speech by waveform similarity (WSOLA): a pitch period is removed or
//! repeated where the signal resembles itself, so that the delay changes and nobody hears it.

/// The shortest change, in milliseconds: below it pitch periods (400 Hz) are not told apart.
const MIN_LAG_MS: f32 = 2.5;
/// The longest change in one call, in milliseconds: a pitch of 67 Hz.
const MAX_LAG_MS: f32 = 15.0;
/// The shortest and the longest cross-fade, in milliseconds.
const MIN_FADE_MS: f32 = 2.5;
const MAX_FADE_MS: f32 = 10.0;
/// Likeness needed to change by little (1 is a perfect repetition) ...
const LIKENESS: f32 = 0.9;
/// ... which is needed less the more there is to change, and not at all from here on: sound
/// that never resembles itself (noise, music) must not hold the delay up for ever.
const ANY_LIKENESS_MS: f32 = 60.0;
/// Mean square of what counts as silence (about -56 dBFS): there any place will do.
const SILENCE: f32 = 50.0 * 50.0;
/// The rate at which similar places are searched for; the best is then refined at the full rate.
const SEARCH_RATE: usize = 8000;

/// Shortens or lengthens frames of decoded PCM.
#[derive(Debug)]
pub struct Stretcher {
    rate: usize,
    channels: usize,
    /// The frame in mono at the full rate, and thinned out to the search rate.
    mono: Vec<f32>,
    coarse: Vec<f32>,
}

impl Stretcher {
    /// A stretcher for interleaved PCM at `rate` (8000 to 48000 Hz) in `channels` (1 or 2).
    pub fn new(rate: u32, channels: u8) -> Self {
        Self { rate: rate as usize, channels: usize::from(channels.max(1)), mono: Vec::new(), coarse: Vec::new() }
    }

    /// Appends `pcm` to `out`, shorter by up to `excess` samples of one channel, or longer where
    /// it is negative, and returns by how many it is shorter. 0 means that it was left as it is,
    /// because it is too short, or does not repeat itself well enough anywhere.
    pub fn stretch(&mut self, pcm: &[i16], excess: i32, out: &mut Vec<i16>) -> i32 {
        let lag = self.find(pcm, excess.unsigned_abs() as usize);
        let Some((lag, fade)) = lag else {
            out.extend_from_slice(pcm);
            return 0;
        };
        let (near, far) = (pcm, &pcm[lag * self.channels..]);
        if excess > 0 {
            cross_fade(near, far, fade, self.channels, out);
            out.extend_from_slice(&far[fade * self.channels..]);
            lag as i32
        } else {
            out.extend_from_slice(&near[..lag * self.channels]);
            cross_fade(far, near, fade, self.channels, out);
            out.extend_from_slice(&near[fade * self.channels..]);
            -(lag as i32)
        }
    }

    /// The lag of at most `limit` samples at which the frame resembles its own start most, and
    /// the length of the cross-fade.
    fn find(&mut self, pcm: &[i16], limit: usize) -> Option<(usize, usize)> {
        let samples = pcm.len() / self.channels;
        let min_fade = self.samples(MIN_FADE_MS);
        let min_lag = self.samples(MIN_LAG_MS);
        let max_lag = limit.min(self.samples(MAX_LAG_MS)).min(samples.checked_sub(min_fade)?);
        if max_lag < min_lag {
            return None;
        }
        self.mono.clear();
        self.mono.extend(
            pcm.chunks_exact(self.channels)
                .map(|all| all.iter().map(|&s| f32::from(s)).sum::<f32>() / all.len() as f32),
        );
        let max_fade = self.samples(MAX_FADE_MS);
        let fade_for = |lag: usize| (samples - lag).min(max_fade);
        let energy = self.mono.iter().map(|s| s * s).sum::<f32>() / samples as f32;
        if energy < SILENCE {
            return Some((max_lag, fade_for(max_lag)));
        }

        let factor = self.rate / SEARCH_RATE;
        self.coarse.clear();
        self.coarse.extend(self.mono.chunks_exact(factor).map(|all| all.iter().sum::<f32>() / factor as f32));
        let rough =
            best_lag(&self.coarse, min_lag.div_ceil(factor)..=max_lag / factor, |lag| fade_for(lag * factor) / factor)?
                .0
                * factor;
        let around = rough.saturating_sub(factor).max(min_lag)..=(rough + factor).min(max_lag);
        let (lag, likeness) = best_lag(&self.mono, around, fade_for)?;
        let excess_ms = limit as f32 * 1000.0 / self.rate as f32;
        let needed = LIKENESS * (1.0 - excess_ms / ANY_LIKENESS_MS);
        (needed <= 0.0 || likeness >= needed).then_some((lag, fade_for(lag)))
    }

    fn samples(&self, ms: f32) -> usize {
        (self.rate as f32 * ms / 1000.0) as usize
    }
}

/// The lag in `lags` with the highest normalised correlation, over a window of `window(lag)`.
fn best_lag(
    signal: &[f32],
    lags: core::ops::RangeInclusive<usize>,
    window: impl Fn(usize) -> usize,
) -> Option<(usize, f32)> {
    let mut best: Option<(usize, f32)> = None;
    for lag in lags {
        let len = window(lag).min(signal.len().saturating_sub(lag));
        let (mut product, mut near, mut far) = (0.0f32, 1.0f32, 1.0f32);
        for (a, b) in signal[..len].iter().zip(&signal[lag..]) {
            product += a * b;
            near += a * a;
            far += b * b;
        }
        let likeness = product / (near * far).sqrt();
        if len > 0 && best.is_none_or(|(_, other)| likeness > other) {
            best = Some((lag, likeness));
        }
    }
    best
}

/// Appends `fade` samples that begin as `from` and end as `to`.
fn cross_fade(from: &[i16], to: &[i16], fade: usize, channels: usize, out: &mut Vec<i16>) {
    let step = 1.0 / (fade + 1) as f32;
    let pairs = from.chunks_exact(channels).zip(to.chunks_exact(channels)).take(fade);
    for (i, (from, to)) in pairs.enumerate() {
        let weight = (i + 1) as f32 * step;
        out.extend(from.iter().zip(to).map(|(&a, &b)| {
            let (a, b) = (f32::from(a), f32::from(b));
            (a + (b - a) * weight).round() as i16
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f32::consts::TAU;

    fn sine(rate: u32, samples: usize, hertz: f32) -> Vec<i16> {
        (0..samples).map(|i| ((i as f32 * hertz * TAU / rate as f32).sin() * 10000.0) as i16).collect()
    }

    fn roughness(pcm: &[i16], channels: usize) -> i32 {
        let at = |i: usize| i32::from(pcm[i * channels]);
        (2..pcm.len() / channels).map(|i| (at(i) - 2 * at(i - 1) + at(i - 2)).abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_tone_gets_shorter_and_longer_without_a_click() {
        for (rate, hertz) in [(8000, 150.0), (16000, 220.0), (48000, 440.0), (48000, 95.0)] {
            let frame = rate as usize / 50;
            let pcm = sine(rate, frame * 20, hertz);
            for excess in [frame as i32 / 2, -(frame as i32) / 2] {
                let mut stretcher = Stretcher::new(rate, 1);
                let mut out = Vec::new();
                let mut removed = 0;
                for chunk in pcm.chunks(frame) {
                    removed += stretcher.stretch(chunk, excess, &mut out);
                }
                assert_eq!(out.len() as i32, pcm.len() as i32 - removed);
                assert!(removed * excess.signum() > frame as i32, "{rate} {hertz} {removed}");
                let before = roughness(&pcm, 1);
                let after = roughness(&out, 1);
                assert!(after <= before + before / 3 + 60, "{rate} {hertz}: {before} {after}");
            }
        }
    }

    #[test]
    fn no_more_than_asked_for() {
        let pcm = sine(48000, 960, 300.0);
        let mut stretcher = Stretcher::new(48000, 1);
        for excess in -500..500 {
            let mut out = Vec::new();
            let removed = stretcher.stretch(&pcm, excess, &mut out);
            assert!(removed.abs() <= excess.abs() && removed * excess >= 0);
            assert_eq!(out.len() as i32, 960 - removed);
        }
    }

    #[test]
    fn noise_is_left_alone_until_there_is_much_to_change() {
        let mut x = 88172645463325252u64;
        let noise: Vec<i16> = (0..960)
            .map(|_| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                x as i16 / 2
            })
            .collect();
        let mut stretcher = Stretcher::new(48000, 1);
        let mut out = Vec::new();
        assert_eq!(stretcher.stretch(&noise, 400, &mut out), 0);
        assert_eq!(out, noise);
        assert!(stretcher.stretch(&noise, 48 * 60, &mut out) > 0);
        assert!(stretcher.stretch(&noise, -48 * 60, &mut out) < 0);
    }

    #[test]
    fn silence_changes_by_what_is_asked() {
        let mut stretcher = Stretcher::new(16000, 2);
        let mut out = Vec::new();
        assert_eq!(stretcher.stretch(&[0; 640], 100, &mut out), 100);
        assert_eq!(out.len(), 440);
        out.clear();
        assert_eq!(stretcher.stretch(&[0; 640], -100, &mut out), -100);
        assert_eq!(out.len(), 840);
    }

    #[test]
    fn stereo_sides_stay_apart_and_short_frames_whole() {
        let left = sine(48000, 960, 200.0);
        let pcm: Vec<i16> = left.iter().flat_map(|&s| [s, -s / 2]).collect();
        let mut stretcher = Stretcher::new(48000, 2);
        let mut out = Vec::new();
        assert!(stretcher.stretch(&pcm, 480, &mut out) > 0);
        for &[left, right] in out.as_chunks::<2>().0 {
            assert!((i32::from(left) + 2 * i32::from(right)).abs() <= 4);
        }
        out.clear();
        assert_eq!(stretcher.stretch(&pcm[..240], 480, &mut out), 0);
        assert_eq!(out.len(), 240);
        assert_eq!(stretcher.stretch(&[], 480, &mut out), 0);
    }
}
