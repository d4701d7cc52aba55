//! Reading WAV files as what a channel takes: mono, 16 bits, [`RATE`] Hz. Also from a pipe, whose writer could not say
//! how long it is.

use hound::{SampleFormat, WavReader};
use std::io::{self, Cursor, Read};
use stoa::audio::resample::Resampler;

/// The rate of everything that is played and recorded, Hz: Opus's own.
pub const RATE: u32 = 48_000;
/// How much is read at a time: 20 ms at the most usual rates, any length will do.
const PIECE: usize = 960;
/// The header's other chunks (names, pictures) are not longer than this, bytes.
const MAX_CHUNK: u32 = 16 * 1024 * 1024;
/// Writers that cannot seek back leave 0 or nearly 2^32 as the length.
const OPEN_END: u32 = 0xFFFF_0000;

/// A WAV that is being read.
pub struct Wav {
    reader: WavReader<Box<dyn Read + Send>>,
    resampler: Option<Resampler>,
    /// Samples that the resampler's filter puts before the first one.
    skip: usize,
    /// Samples read, and samples given out, mono.
    read: u64,
    given: u64,
    known: bool,
    ended: bool,
    mono: Vec<i16>,
}

impl Wav {
    /// Reads the header.
    pub fn new(source: Box<dyn Read + Send>) -> Result<Wav, String> {
        let (header, known, source) = honest(source).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "is no WAV file, or is cut within its header".to_string(),
            io::ErrorKind::InvalidData => error.to_string(),
            _ => format!("cannot be read ({error})"),
        })?;
        let source: Box<dyn Read + Send> = Box::new(Cursor::new(header).chain(source));
        let reader = WavReader::new(source).map_err(|error| format!("is a WAV that is not understood ({error})"))?;
        let spec = reader.spec();
        let resampler = (spec.sample_rate != RATE)
            .then(|| Resampler::new(spec.sample_rate, RATE, 1))
            .transpose()
            .map_err(|_| format!("has {} Hz; 1000 to 384000 can be played", spec.sample_rate))?;
        let skip = resampler.as_ref().map_or(0, Resampler::delay);
        Ok(Wav { reader, resampler, skip, read: 0, given: 0, known, ended: false, mono: Vec::new() })
    }

    /// How long it is, seconds, where its header says.
    pub fn seconds(&self) -> Option<f64> {
        self.known.then(|| f64::from(self.reader.duration()) / f64::from(self.reader.spec().sample_rate))
    }

    /// Appends the next piece to `out`; false: that was all.
    pub fn read(&mut self, out: &mut Vec<i16>) -> Result<bool, String> {
        if self.ended {
            return Ok(false);
        }
        self.mono.clear();
        self.ended = !self.read_mono()?;
        self.read += self.mono.len() as u64;
        let start = out.len();
        let Some(resampler) = &mut self.resampler else {
            out.append(&mut self.mono);
            return Ok(true);
        };
        let rate = u64::from(self.reader.spec().sample_rate);
        let owed = (self.read * u64::from(RATE)).div_ceil(rate);
        if self.ended {
            // What is still in the filter comes out with silence behind it.
            self.mono.resize(self.mono.len() + rate as usize, 0);
        }
        resampler.process(&self.mono, out).map_err(|error| error.to_string())?;
        let skipped = self.skip.min(out.len() - start);
        self.skip -= skipped;
        out.drain(start..start + skipped);
        out.truncate(start + (owed - self.given) as usize);
        self.given += (out.len() - start) as u64;
        Ok(true)
    }

    /// Reads a piece, all its channels as one; false at the end.
    fn read_mono(&mut self) -> Result<bool, String> {
        let spec = self.reader.spec();
        let channels = usize::from(spec.channels.max(1));
        let scale = 32768.0 / (1_u64 << (spec.bits_per_sample - 1)) as f32;
        let mut frame = Vec::with_capacity(channels);
        while self.mono.len() < PIECE {
            frame.clear();
            let read = if spec.sample_format == SampleFormat::Float {
                let mut samples = self.reader.samples::<f32>().take(channels);
                samples.try_for_each(|sample| sample.map(|value| frame.push(value * 32768.0)))
            } else {
                let mut samples = self.reader.samples::<i32>().take(channels);
                samples.try_for_each(|sample| sample.map(|value| frame.push(value as f32 * scale)))
            };
            match read {
                // A file that was cut plays as far as it goes: hound says so without the system's number.
                Err(hound::Error::IoError(error)) if error.raw_os_error().is_none() => return Ok(false),
                Err(error) => return Err(format!("cannot be read on ({error})")),
                Ok(()) if frame.len() < channels => return Ok(false),
                Ok(()) => self.mono.push((frame.iter().sum::<f32>() / channels as f32).round() as i16),
            }
        }
        Ok(true)
    }
}

/// The header with nothing but the format in it and a length of whole samples, whether that length is known, and the
/// rest. hound takes neither an open end nor a length that does not fit the format.
type Header = (Vec<u8>, bool, Box<dyn Read + Send>);

fn honest(mut source: Box<dyn Read + Send>) -> io::Result<Header> {
    let wrong = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidData, text));
    let mut header = vec![0; 12];
    source.read_exact(&mut header)?;
    if &header[..4] != b"RIFF" || &header[8..] != b"WAVE" {
        return wrong("is no WAV file; ffmpeg -i FILE out.wav makes one");
    }
    let mut block = 0;
    loop {
        let mut head = [0; 8];
        source.read_exact(&mut head)?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if &head[..4] == b"data" {
            if block == 0 {
                return wrong("is a WAV without a format before its sound");
            }
            let known = length != 0 && length < OPEN_END;
            let whole = if known { length } else { OPEN_END } / block * block;
            header.extend_from_slice(b"data");
            header.extend_from_slice(&whole.to_le_bytes());
            return Ok((header, known, source));
        }
        if length > MAX_CHUNK {
            return wrong("is no WAV file, or is damaged: a part of its header is longer than 16 MB");
        }
        // Chunks have an even length on the disk.
        let mut body = vec![0; (length + length % 2) as usize];
        source.read_exact(&mut body)?;
        if &head[..4] == b"fmt " && body.len() >= 16 {
            block = u32::from(u16::from_le_bytes([body[12], body[13]]));
            header.extend_from_slice(&head);
            header.append(&mut body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{WavSpec, WavWriter};
    use std::f64::consts::TAU;

    fn file(rate: u32, channels: u16, bits: u16, float: bool, seconds: f64) -> Vec<u8> {
        let sample_format = if float { SampleFormat::Float } else { SampleFormat::Int };
        let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        for at in 0..(seconds * f64::from(rate)) as usize {
            let value = (at as f64 * 440.0 * TAU / f64::from(rate)).sin() * 0.5;
            for _ in 0..channels {
                let written = if float {
                    writer.write_sample(value as f32)
                } else {
                    writer.write_sample((value * (1_u64 << (bits - 1)) as f64) as i32)
                };
                written.unwrap();
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn read(bytes: Vec<u8>) -> Result<(Option<f64>, Vec<i16>), String> {
        let mut wav = Wav::new(Box::new(Cursor::new(bytes)))?;
        let mut out = Vec::new();
        while wav.read(&mut out)? {}
        Ok((wav.seconds(), out))
    }

    /// Every format comes out as the same tone at the same place, of the same length.
    #[test]
    fn any_format_is_the_same_sound() {
        let formats = [(48_000, 1, 16, false), (8_000, 1, 8, false), (16_000, 2, 16, false), (44_100, 2, 24, false)];
        let more = [(22_050, 1, 32, false), (96_000, 6, 32, true), (11_025, 1, 16, false)];
        for (rate, channels, bits, float) in formats.into_iter().chain(more) {
            let (seconds, pcm) = read(file(rate, channels, bits, float, 0.5)).unwrap();
            let what = format!("{rate} Hz, {channels} channels, {bits} bits");
            let length = (0.5 * f64::from(rate)).floor() / f64::from(rate);
            assert!((seconds.unwrap() - length).abs() < 1e-9, "{what}");
            assert_eq!(pcm.len(), (length * f64::from(RATE)).ceil() as usize, "{what}");
            // Away from the ends, where the filter rings.
            let worst = (2400..pcm.len() - 2400)
                .map(|at| (f64::from(pcm[at]) - (at as f64 * 440.0 * TAU / f64::from(RATE)).sin() * 16384.0).abs())
                .fold(0.0, f64::max);
            // Half a step of 8 bits is 128 of ours; the filter adds up what is left of many.
            let fine = if bits == 8 { 320.0 } else { 60.0 };
            // A delay that is no whole number of samples is half of one beside at most; in that the tone moves by 472.
            let beside = if RATE.is_multiple_of(rate) { 0.0 } else { 472.0 };
            let allowed = fine + beside;
            assert!(worst < allowed, "{what}: off by {worst}");
        }
    }

    #[test]
    fn sixteen_bits_at_the_channels_rate_pass_unchanged() {
        let bytes = file(RATE, 1, 16, false, 0.1);
        let sound: Vec<i16> = bytes[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
        assert_eq!(read(bytes).unwrap().1, sound);
    }

    /// What ffmpeg and sox write into a pipe, and what a full disk leaves.
    #[test]
    fn an_open_end_and_a_cut_file_play_as_far_as_they_go() {
        let good = file(RATE, 2, 16, false, 0.1);
        for length in [0, u32::MAX, 0x7FFF_F000] {
            let mut bytes = good.clone();
            bytes[40..44].copy_from_slice(&length.to_le_bytes());
            let (seconds, pcm) = read(bytes).unwrap();
            assert_eq!(pcm.len(), 4800, "{length:x}");
            assert_eq!(seconds.is_some(), length == 0x7FFF_F000, "{length:x}");
        }
        assert_eq!(read(good[..good.len() - 3].to_vec()).unwrap().1.len(), 4799);
    }

    #[test]
    fn what_is_no_wav_is_told() {
        let good = file(RATE, 1, 16, false, 0.1);
        let mut no_format = good.clone();
        no_format[12..16].copy_from_slice(b"junk");
        let mut law = good.clone();
        law[20] = 7;
        for (bytes, says) in [
            (Vec::new(), "no WAV file"),
            (b"ID3\x04 an MP3 file, for instance".to_vec(), "no WAV file; ffmpeg"),
            (good[..30].to_vec(), "cut within its header"),
            (no_format, "without a format"),
            (law, "not understood"),
            (file(500, 1, 16, false, 1.0), "500 Hz"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(says), "{error} lacks {says}");
        }
    }
}
