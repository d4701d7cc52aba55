//! One WAV for each user heard: mono, 16 bits. Pauses are silence, so that a place in the file is a time in the room.

use crate::wav::RATE;
use hound::{SampleFormat, WavSpec, WavWriter};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use stoa::driver::FrameInfo;

/// Users that are recorded; each has a file open.
const MAX_FILES: usize = 256;
/// Bytes of a name; files of most systems may have 255.
const MAX_NAME: usize = 100;
/// How many names are tried where files are there already.
const MAX_TRIES: u32 = 10_000;
/// A frame that comes later than this after the one before comes after a pause; less is the frames' own unevenness.
const PAUSE_US: u64 = 100_000;
/// Where the next file begins: a WAV counts its bytes in 32 bits.
const MAX_SAMPLES: u64 = 0xF000_0000 / 2;

/// See the module.
pub struct Recorder {
    folder: PathBuf,
    files: BTreeMap<String, Recording>,
    /// Files that have begun since they were asked for: user, file.
    begun: Vec<(String, PathBuf)>,
    /// Users beyond [`MAX_FILES`], told once.
    unheard: bool,
    failed: Option<String>,
    /// The loudest frame since it was asked for, -dBov.
    level: u32,
}

struct Recording {
    path: PathBuf,
    writer: WavWriter<BufWriter<File>>,
    samples: u64,
    /// When the next frame is due, us.
    next_us: u64,
}

/// What there is at the end.
pub struct Recorded {
    pub user: String,
    pub path: PathBuf,
    pub seconds: f64,
}

impl Recorder {
    /// Makes the folder, if it is not there.
    pub fn new(folder: &Path) -> io::Result<Recorder> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.to_path_buf();
        Ok(Recorder { folder, files: BTreeMap::new(), begun: Vec::new(), unheard: false, failed: None, level: 127 })
    }

    /// Takes a frame of a user.
    pub fn frame(&mut self, user: &str, info: &FrameInfo, pcm: &[i16]) {
        self.level = self.level.min(info.level);
        if self.failed.is_none()
            && let Err(error) = self.write(user, info, pcm)
        {
            self.failed = Some(error.to_string());
        }
    }

    fn write(&mut self, user: &str, info: &FrameInfo, pcm: &[i16]) -> hound::Result<()> {
        if self.files.get(user).is_some_and(|file| file.samples > MAX_SAMPLES)
            && let Some(full) = self.files.remove(user)
        {
            full.writer.finalize()?;
        }
        if !self.files.contains_key(user) {
            if self.files.len() >= MAX_FILES {
                self.unheard = true;
                return Ok(());
            }
            let recording = Recording::create(&self.folder, user, info.timestamp_us)?;
            self.begun.push((user.into(), recording.path.clone()));
            self.files.insert(user.into(), recording);
        }
        match self.files.get_mut(user) {
            Some(recording) => recording.write(info.timestamp_us, pcm),
            None => Ok(()),
        }
    }

    /// Files that have begun since the last call.
    pub fn begun(&mut self) -> Vec<(String, PathBuf)> {
        std::mem::take(&mut self.begun)
    }

    /// The loudest since the last call, dB below the maximum (127: silence).
    pub fn level(&mut self) -> u32 {
        std::mem::replace(&mut self.level, 127)
    }

    /// More users spoke than are recorded; true once.
    pub fn is_full(&mut self) -> bool {
        std::mem::take(&mut self.unheard)
    }

    /// What went wrong with a file.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Writes out everything; the files are whole from then on.
    pub fn finish(&mut self) -> Vec<Recorded> {
        let mut recorded = Vec::new();
        for (user, recording) in std::mem::take(&mut self.files) {
            let seconds = recording.samples as f64 / f64::from(RATE);
            if let Err(error) = recording.writer.finalize() {
                self.failed.get_or_insert(error.to_string());
            }
            recorded.push(Recorded { user, path: recording.path, seconds });
        }
        recorded
    }
}

impl Recording {
    /// A file of a new name: what is there already stays as it is.
    fn create(folder: &Path, user: &str, now_us: u64) -> hound::Result<Recording> {
        let name = safe_name(user);
        let mut tried = 1;
        let (path, file) = loop {
            let number = if tried == 1 { String::new() } else { format!("-{tried}") };
            let path = folder.join(format!("{name}{number}.wav"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < MAX_TRIES => tried += 1,
                opened => break (path, opened?),
            }
        };
        let spec = WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let writer = WavWriter::new(BufWriter::new(file), spec)?;
        Ok(Recording { path, writer, samples: 0, next_us: now_us })
    }

    fn write(&mut self, now_us: u64, pcm: &[i16]) -> hound::Result<()> {
        let pause_us = now_us.saturating_sub(self.next_us);
        let silence = if pause_us > PAUSE_US { pause_us * u64::from(RATE) / 1_000_000 } else { 0 };
        let silence = silence.min(MAX_SAMPLES.saturating_sub(self.samples));
        for _ in 0..silence {
            self.writer.write_sample(0_i16)?;
        }
        for &sample in pcm {
            self.writer.write_sample(sample)?;
        }
        let written = silence + pcm.len() as u64;
        let second = u64::from(RATE);
        // With each second the header is brought up to date: the file is whole even if the process is killed.
        if self.samples / second != (self.samples + written) / second {
            self.writer.flush()?;
        }
        self.samples += written;
        let length_us = pcm.len() as u64 * 1_000_000 / second;
        // Time in the file never runs ahead because of a frame that came early.
        self.next_us = if silence > 0 { now_us + length_us } else { self.next_us + length_us };
        Ok(())
    }
}

/// A user's name as the name of a file: letters, digits, and `-`, `_`, `.` within.
fn safe_name(user: &str) -> String {
    let mut name = String::new();
    for letter in user.chars() {
        let good = letter.is_alphanumeric() || matches!(letter, '-' | '_') || (letter == '.' && !name.is_empty());
        let letter = if good { letter } else { '_' };
        if name.len() + letter.len_utf8() > MAX_NAME {
            break;
        }
        name.push(letter);
    }
    if name.is_empty() { "_".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("stoa-recorder-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    fn frame(recorder: &mut Recorder, user: &str, ms: u64, value: i16) {
        let info = FrameInfo { timestamp_us: ms * 1000, level: 30, ..FrameInfo::default() };
        recorder.frame(user, &info, &[value; 960]);
    }

    fn sound(path: &Path) -> Vec<i16> {
        hound::WavReader::open(path).unwrap().samples::<i16>().map(Result::unwrap).collect()
    }

    #[test]
    fn names_that_no_folder_is_left_with() {
        let cases = [("ann", "ann"), ("../../etc/passwd", "_._.._etc_passwd"), (".hidden", "_hidden"), ("", "_")];
        for (user, name) in cases.into_iter().chain([("a b\0c", "a_b_c"), ("Zoë.1", "Zoë.1")]) {
            assert_eq!(safe_name(user), name);
        }
        assert!(safe_name(&"é".repeat(200)).len() <= MAX_NAME);
    }

    #[test]
    fn a_pause_is_as_long_in_the_file_and_unevenness_is_none() {
        let folder = folder("pause");
        let mut recorder = Recorder::new(&folder).unwrap();
        for ms in [1000, 1035, 1040, 2060] {
            frame(&mut recorder, "ann", ms, 7);
        }
        assert_eq!(recorder.level(), 30);
        assert_eq!(recorder.begun().len(), 1);
        let recorded = recorder.finish();
        let pcm = sound(&recorded[0].path);
        // The last frame begins 1.06 s after the first: 60 ms of frames, a second of silence.
        assert_eq!(pcm.iter().rposition(|&s| s == 0).unwrap() + 1, 48 * 1060);
        assert_eq!(pcm.len(), 48 * 1080);
        assert!((recorded[0].seconds - 1.08).abs() < 1e-9);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn nothing_is_overwritten_and_users_of_one_name_have_files_of_their_own() {
        let folder = folder("names");
        let mut recorder = Recorder::new(&folder).unwrap();
        std::fs::write(folder.join("a_b.wav"), "precious").unwrap();
        frame(&mut recorder, "a/b", 0, 1);
        frame(&mut recorder, "a:b", 0, 2);
        let recorded = recorder.finish();
        assert_eq!(std::fs::read(folder.join("a_b.wav")).unwrap(), b"precious");
        let files: Vec<_> = recorded.iter().map(|r| (r.user.as_str(), sound(&r.path)[0])).collect();
        assert_eq!(files, [("a/b", 1), ("a:b", 2)]);
        assert!(recorded[1].path.ends_with("a_b-3.wav"), "{:?}", recorded[1].path);
        std::fs::remove_dir_all(folder).unwrap();
    }

    /// Each second the header is brought up to date.
    #[test]
    fn a_file_is_whole_before_its_end() {
        let folder = folder("whole");
        let mut recorder = Recorder::new(&folder).unwrap();
        for at in 0..60 {
            frame(&mut recorder, "ann", at * 20, 5);
        }
        assert_eq!(sound(&folder.join("ann.wav")).len(), 48_000);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_gone_is_told_not_fatal() {
        let folder = folder("gone");
        let mut recorder = Recorder::new(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        frame(&mut recorder, "ann", 0, 1);
        assert!(recorder.failed().is_some() && recorder.finish().is_empty());
    }
}
