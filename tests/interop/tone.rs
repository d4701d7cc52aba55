//! A tone as Opus packets, for a client without a codec.

use super::puppet::dir;
use std::path::PathBuf;
use stoa::audio::opus::{Decoder, Encoder, EncoderConfig};

const RATE: usize = 48_000;
const FRAME: usize = RATE / 50;

/// A file of a second of a tone, which can be repeated: packets of 20 ms, each behind its length in two bytes.
pub fn file(hertz: f64) -> PathBuf {
    let mut encoder = Encoder::new(RATE as u32, 1, &EncoderConfig::new(1)).expect("Opus works");
    let mut bytes = Vec::new();
    let mut packet = [0; 1500];
    for frame in 0..50 {
        let sample = |n: usize| {
            (f64::sin((frame * FRAME + n) as f64 * hertz * std::f64::consts::TAU / RATE as f64) * 8000.0) as i16
        };
        let pcm: Vec<i16> = (0..FRAME).map(sample).collect();
        let length = encoder.encode(&pcm, &mut packet).expect("a frame is encoded");
        bytes.extend((length as u16).to_be_bytes());
        bytes.extend(&packet[..length]);
    }
    let path = dir().join("tone.opus");
    std::fs::write(&path, bytes).expect("the target directory can be written");
    path
}

/// The middle frequency of [`voice`], Hz.
pub const VOICE: f64 = 660.0;

/// A WAV file for a browser's microphone: two tones in turn, for what is always the same its noise suppression takes away.
pub fn voice() -> PathBuf {
    let format = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = dir().join("voice.wav");
    let mut file = hound::WavWriter::create(&path, format).expect("the target directory can be written");
    let mut phase = 0.0;
    for n in 0..RATE * 2 {
        let hertz = if (n / (RATE / 10)).is_multiple_of(2) { VOICE - 60.0 } else { VOICE + 60.0 };
        phase += hertz * std::f64::consts::TAU / RATE as f64;
        file.write_sample((phase.sin() * 8000.0) as i16).expect("the target directory can be written");
    }
    file.finalize().expect("the target directory can be written");
    path
}

/// Frequency and loudness (rms) of packets in hexadecimal, with commas between them.
pub fn of_packets(list: &str) -> (f64, f64) {
    let mut decoder = Decoder::new(RATE as u32, 1).expect("Opus works");
    let (mut pcm, mut frame) = (Vec::new(), vec![0; RATE / 8]);
    for digits in list.split(',') {
        let pairs = (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16));
        let packet: Vec<u8> = pairs.map(|byte| byte.expect("hexadecimal")).collect();
        if let Ok(samples) = decoder.decode(&packet, &mut frame) {
            pcm.extend_from_slice(&frame[..samples]);
        }
    }
    let last = &pcm[pcm.len() / 3..];
    let seconds = last.len() as f64 / RATE as f64;
    let crossings = last.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    let square: f64 = last.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (crossings as f64 / seconds, (square / last.len() as f64).sqrt())
}
