//! What files are called, and making them: never over one that is there.

use super::{Common, Subject};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

/// Files of one name, told apart by a number.
const MAX_ALIKE: usize = 1000;
/// Bytes of each name that a file's name is made of.
const MAX_PART: usize = 60;

/// Makes the file of the channel's own voice, or of another user; never over one that is there.
pub(super) fn create(dump: &Common, other: Option<&str>) -> hound::Result<WavWriter<BufWriter<File>>> {
    let Subject { room, user, rate, channels, .. } = &dump.subject;
    let spec = WavSpec {
        channels: *channels as u16,
        sample_rate: *rate,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    for path in paths(&dump.options.directory, &stem(room, user, other)) {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => return WavWriter::new(BufWriter::new(file), spec),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = format!("there are {MAX_ALIKE} files of one name already");
    Err(std::io::Error::new(ErrorKind::AlreadyExists, text).into())
}

fn paths(directory: &Path, stem: &str) -> impl Iterator<Item = PathBuf> {
    let first = std::iter::once(directory.join(format!("{stem}.wav")));
    first.chain((2..=MAX_ALIKE).map(move |number| directory.join(format!("{stem}-{number}.wav"))))
}

pub(super) fn stem(room: &str, user: &str, other: Option<&str>) -> String {
    let (room, user) = (part(room), part(user));
    match other {
        None => format!("{room}-{user}-sent"),
        Some(other) => format!("{room}-{user}-heard-{}", part(other)),
    }
}

/// A name as a part of a file's name: letters and digits of any script, and `-`, `_` and `.` in its midst.
pub(super) fn part(name: &str) -> String {
    let mut safe = String::new();
    for char in name.chars() {
        let plain = char.is_alphanumeric() || char == '-' || char == '_' || (char == '.' && !safe.is_empty());
        let char = if plain { char } else { '_' };
        if safe.len() + char.len_utf8() > MAX_PART {
            break;
        }
        safe.push(char);
    }
    if safe.is_empty() { "_".into() } else { safe }
}
