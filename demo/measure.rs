//! What was heard against what was said: where each piece of the voice went, when it was heard, and how much it is alike.
//! Nothing here believes the library: it has the two recordings, the times of the pushes and those of the reads.

use std::path::Path;

/// Both recordings: Hz, mono.
pub const RATE: usize = 24000;
/// A block of the speaker.
const BLOCK: usize = RATE / 50;
/// The step in which the voice is followed, and the stretch that is compared at each.
pub const HOP: usize = RATE / 10;
const WINDOW: usize = RATE / 5;
/// The search works at 6 kHz first, then at the full rate around what it found.
const COARSE: usize = 4;
/// How far a piece may be from its predecessor's lag (the jitter buffer stretches time), samples.
const REACH: isize = (RATE / 10) as isize;
/// Below this mean square (about -60 dB) a piece is a pause.
const PAUSE: f64 = 1e-6;
/// A piece with at least this correlation was heard.
const HEARD: f64 = 0.6;

/// A frame as the listener got it.
pub struct Frame {
    time_us: u64,
    samples: usize,
    origin: usize,
}

impl Frame {
    /// A row of `heard.csv`.
    pub fn from_row(row: &[u64]) -> Frame {
        Frame { time_us: row[0], samples: row[1] as usize, origin: row[2] as usize }
    }
}

/// Milliseconds.
pub struct Delay {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// What the demo tells.
pub struct Measured {
    pub said: Vec<f32>,
    /// What was heard, cut and moved so that it lies upon `said`.
    pub heard: Vec<f32>,
    /// Frames decoded, recovered, concealed, of silence.
    pub origins: [u64; 4],
    /// Where in the voice (s) which mouth-to-ear delay (ms) was found, frame by frame.
    pub delays: Vec<(f64, f64)>,
    pub delay: Delay,
    /// Where in the voice (s) a frame was recovered (1) or concealed (2).
    pub repairs: Vec<(f64, usize)>,
    pub waveform: f64,
    pub envelope: f64,
    /// Correlation of the waveform in each second; None for a pause.
    pub seconds: Vec<Option<f64>>,
    /// The part of the voice, pauses left out, that was found in what was heard.
    pub found: f64,
}

impl Measured {
    /// Whether the voice was heard.
    pub fn verdict(&self) -> Result<(), String> {
        if self.found < 0.9 || self.waveform < 0.7 || self.envelope < 0.9 {
            return Err(format!(
                "the voice was not heard as it was said: {:.0} % of it was found, with a correlation of {:.2} (loudness {:.2}); \
                 at least 90 %, 0.7 and 0.9 are expected",
                self.found * 100.0,
                self.waveform,
                self.envelope
            ));
        }
        Ok(())
    }
}

/// The 16-bit mono PCM of a file that the C programs wrote, as -1 to 1.
pub fn read_wav(path: &Path) -> Result<Vec<f32>, String> {
    let wrong = |e: hound::Error| format!("{}: {e}", path.display());
    let mut wav = hound::WavReader::open(path).map_err(wrong)?;
    let spec = wav.spec();
    if (spec.sample_rate as usize, spec.channels, spec.bits_per_sample) != (RATE, 1, 16) {
        return Err(format!("{} is not mono with 16 bits at {RATE} Hz, but {spec:?}", path.display()));
    }
    wav.samples::<i16>().map(|sample| Ok(f32::from(sample.map_err(wrong)?) / 32768.0)).collect()
}

/// Rows of numbers with commas between.
pub fn read_table(path: &Path) -> Result<Vec<Vec<u64>>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let rows = text.lines().map(|line| line.split(',').map(|cell| cell.parse().ok()).collect());
    rows.collect::<Option<_>>().ok_or_else(|| format!("{} is not a table of numbers", path.display()))
}

/// `pushed`: when each block of `said` was pushed, us.
pub fn compare(said: &[f32], heard: &[f32], pushed: &[u64], frames: &[Frame]) -> Result<Measured, String> {
    if energy(said) < PAUSE {
        return Err("the voice is silent; give one that says something".into());
    }
    if energy(heard) == 0.0 {
        return Err(format!("the voice was not heard: {:.1} s of silence came", heard.len() as f64 / RATE as f64));
    }
    let pieces = follow(said, heard);
    let loud = pieces.iter().filter(|piece| piece.correlation.is_some()).count();
    let found = pieces.iter().filter(|piece| piece.is_heard()).count();
    let aligned: Vec<f32> = (0..said.len())
        .map(|at| {
            usize::try_from(at as isize + pieces[at / HOP].lag)
                .ok()
                .and_then(|at| heard.get(at))
                .copied()
                .unwrap_or(0.0)
        })
        .collect();
    let mut origins = [0; 4];
    let (mut delays, mut repairs) = (Vec::new(), Vec::new());
    let mut start = 0;
    for frame in frames {
        origins[frame.origin.min(3)] += 1;
        if let Some((at, piece)) = place(&pieces, start) {
            let seconds = at as f64 / RATE as f64;
            if matches!(frame.origin, 1 | 2) {
                repairs.push((seconds, frame.origin));
            }
            if let (true, Some(&pushed)) = (piece.is_heard(), pushed.get(at / BLOCK)) {
                // The push comes when the last sample of its block was spoken.
                let spoken = pushed as f64 - ((BLOCK - at % BLOCK) * 1_000_000 / RATE) as f64;
                delays.push((seconds, (frame.time_us as f64 - spoken) / 1000.0));
            }
        }
        start += frame.samples;
    }
    let mut sorted: Vec<f64> = delays.iter().map(|(_, delay)| *delay).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| sorted.get((part * sorted.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    let seconds = said.chunks(RATE).zip(aligned.chunks(RATE));
    Ok(Measured {
        origins,
        delay: Delay { low: at(0.05), median: at(0.5), high: at(0.95) },
        delays,
        repairs,
        waveform: correlation(said, &aligned),
        envelope: correlation(&envelope(said), &envelope(&aligned)),
        seconds: seconds.map(|(said, heard)| (energy(said) > PAUSE).then(|| correlation(said, heard))).collect(),
        found: found as f64 / loud.max(1) as f64,
        said: said.to_vec(),
        heard: aligned,
    })
}

/// A stretch of the voice, and how much later (in samples of the recording) it was found.
#[derive(Clone)]
struct Piece {
    lag: isize,
    /// None for a pause.
    correlation: Option<f64>,
}

impl Piece {
    fn is_heard(&self) -> bool {
        self.correlation.is_some_and(|c| c >= HEARD)
    }
}

/// Follows the voice through the recording, one piece each hop. A piece that is not found takes its neighbour's lag.
fn follow(said: &[f32], heard: &[f32]) -> Vec<Piece> {
    let (slow_said, slow_heard) = (decimate(said), decimate(heard));
    let mut lag = whole_lag(said, heard);
    let mut pieces: Vec<Piece> = Vec::new();
    for start in (0..said.len()).step_by(HOP) {
        let window = &said[start..said.len().min(start + WINDOW)];
        let mut piece = Piece { lag, correlation: None };
        if energy(window) > PAUSE && window.len() >= HOP {
            let slow = &slow_said[start / COARSE..(start + window.len()) / COARSE];
            let near = lag / COARSE as isize;
            let reach = REACH / COARSE as isize;
            let (rough, _) = best(slow, &slow_heard, (start / COARSE) as isize, near - reach..=near + reach);
            let rough = rough * COARSE as isize;
            let (fine, correlation) = best(window, heard, start as isize, rough - 8..=rough + 8);
            piece.correlation = Some(correlation.max(0.0));
            if correlation >= HEARD {
                (piece.lag, lag) = (fine, fine);
            }
        }
        pieces.push(piece);
    }
    // Pieces before the first one that was found lie where that one lies.
    if let Some(first) = pieces.iter().position(Piece::is_heard) {
        let lag = pieces[first].lag;
        pieces[..first].iter_mut().for_each(|piece| piece.lag = lag);
    }
    pieces
}

/// The lag that suits the loudness over time best, samples.
fn whole_lag(said: &[f32], heard: &[f32]) -> isize {
    let (said, heard) = (envelope(said), envelope(heard));
    let step = (RATE / 100) as isize;
    // The recording begins while the speaker is still joining, or a little into the voice.
    best(&said, &heard, 0, -500..=6000).0 * step
}

/// The lag with the best correlation. Where the recording has no such place, it is silent there.
fn best(said: &[f32], heard: &[f32], start: isize, lags: std::ops::RangeInclusive<isize>) -> (isize, f64) {
    let mut found = (*lags.start(), f64::MIN);
    for lag in lags {
        let from = start + lag;
        let skipped = (-from).clamp(0, said.len() as isize) as usize;
        let heard = heard.get(from.max(0) as usize..).unwrap_or_default();
        let overlap = (said.len() - skipped).min(heard.len());
        // Little overlap makes a chance likeness look good.
        if overlap * 2 >= said.len() {
            let correlation = correlation(&said[skipped..skipped + overlap], &heard[..overlap]);
            if correlation > found.1 {
                found = (lag, correlation);
            }
        }
    }
    found
}

/// Which sample of the voice a place in the recording is, and its piece.
fn place(pieces: &[Piece], heard_at: usize) -> Option<(usize, &Piece)> {
    pieces.iter().enumerate().find_map(|(index, piece)| {
        let at = usize::try_from(heard_at as isize - piece.lag).ok()?;
        (at / HOP == index).then_some((at, piece))
    })
}

fn decimate(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(COARSE).map(|four| four.iter().sum::<f32>() / COARSE as f32).collect()
}

/// The loudness over time: root mean square of each 10 ms.
fn envelope(samples: &[f32]) -> Vec<f32> {
    samples.chunks_exact(RATE / 100).map(|chunk| energy(chunk).sqrt() as f32).collect()
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|&s| f64::from(s * s)).sum::<f64>() / samples.len().max(1) as f64
}

/// Pearson's: of the two without their means.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let n = a.len().min(b.len()) as f64;
    let (mut sa, mut sb, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        sa += a;
        sb += b;
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    let scale: f64 = ((aa - sa * sa / n) * (bb - sb * sb / n)).sqrt();
    if scale > 1e-9 { (ab - sa * sb / n) / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something like speech: tones that change every 80 ms, swell, and are never as loud twice, with a pause each second.
    fn voice() -> Vec<f32> {
        let sample = |at: usize| {
            let (t, syllable) = (at as f32 / RATE as f32, at / 1920);
            let swell = (at % 1920) as f32 / 1920.0
                * ((syllable * syllable * 40503 + syllable * 12345) >> 4 & 31) as f32
                / 31.0;
            let tone = (t * std::f32::consts::TAU * (150.0 + (syllable * 7919 % 400) as f32)).sin();
            if t.fract() > 0.9 { 0.0 } else { 0.5 * swell * tone }
        };
        (0..4 * RATE).map(sample).collect()
    }

    /// Frames of 20 ms, read so many ms after their first sample was spoken, behind `lead` samples of silence.
    fn measured(heard: &[f32], lead: usize, delay_ms: u64) -> Result<Measured, String> {
        let start_us = 1_000_000_000;
        let pushed: Vec<u64> = (1..=200).map(|block| start_us + block * 20_000).collect();
        let recording: Vec<f32> = std::iter::repeat_n(0.0, lead).chain(heard.iter().copied()).collect();
        let lead_us = (lead * 1_000_000 / RATE) as u64;
        let read = |frame: u64| start_us + frame * 20_000 - lead_us + delay_ms * 1000;
        let frames = 0..recording.len() as u64 / BLOCK as u64;
        let frames: Vec<Frame> = frames.map(|n| Frame { time_us: read(n), samples: BLOCK, origin: 0 }).collect();
        compare(&voice(), &recording, &pushed, &frames)
    }

    #[test]
    fn a_known_delay_is_found_whatever_lies_before() {
        for (lead, delay_ms) in [(0, 30), (700, 45), (3 * RATE, 120)] {
            let measured = measured(&voice(), lead, delay_ms).unwrap();
            assert!((measured.delay.median - delay_ms as f64).abs() < 0.1, "{} for {delay_ms}", measured.delay.median);
            assert!(measured.waveform > 0.999 && measured.envelope > 0.999 && measured.found == 1.0);
            assert_eq!(measured.verdict(), Ok(()));
        }
    }

    #[test]
    fn a_voice_that_was_not_heard_fails() {
        assert!(measured(&vec![0.0; 4 * RATE], 0, 40).is_err_and(|sentence| sentence.contains("silence")));
        let reversed: Vec<f32> = voice().into_iter().rev().collect();
        assert!(measured(&reversed, 0, 40).unwrap().verdict().is_err());
        let mut half = voice();
        half[2 * RATE..].fill(0.0);
        let measured = measured(&half, 0, 40).unwrap();
        assert!((0.4..0.6).contains(&measured.found), "{}", measured.found);
        assert!(measured.verdict().is_err());
    }
}
