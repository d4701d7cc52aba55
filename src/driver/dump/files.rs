//! One dump's files, as the writer has them: laid over each other, and within the dump's bytes.

use super::names::create;
use super::{Common, Subject, Who};
use crate::log::{Level, log};
use hound::WavWriter;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Files of one dump: one for itself, and one for each user heard.
const MAX_FILES: usize = 256;
/// A frame that is late by less continues what was before it; after more there was silence.
const TOLERANCE_US: u64 = 60_000;
/// A file's head.
const HEAD: u64 = 44;

/// One dump's files.
pub(super) struct Files {
    dump: Arc<Common>,
    tracks: BTreeMap<Who, Track>,
    /// Bytes that may still be written.
    left: u64,
    told_full: bool,
}

struct Track {
    wav: WavWriter<BufWriter<File>>,
    /// Samples for each channel.
    written: u64,
}

impl Files {
    pub(super) fn new(dump: Arc<Common>) -> Files {
        Files { left: dump.options.max_bytes, dump, tracks: BTreeMap::new(), told_full: false }
    }

    pub(super) fn is_over(&self) -> bool {
        self.dump.over.load(Ordering::Acquire)
    }

    /// An error of the disk ends the dump, and nothing else.
    pub(super) fn attempt(&mut self, act: impl FnOnce(&mut Files) -> hound::Result<()>) {
        if let Err(error) = act(self) {
            self.dump.over.store(true, Ordering::Release);
            self.dump.done.store(true, Ordering::Relaxed);
            let directory = self.dump.options.directory.display();
            log(Level::Error, &format!("the dump into '{directory}' ended: {error}; set it again when that is cured"));
        }
    }

    pub(super) fn sound(&mut self, who: Who, at_us: u64, pcm: &[i16]) -> hound::Result<()> {
        let Subject { rate, channels, .. } = self.dump.subject;
        if !self.tracks.contains_key(&who) {
            if self.left <= HEAD || self.tracks.len() >= MAX_FILES {
                self.lose();
                return Ok(());
            }
            let track = Track { wav: create(&self.dump, who.as_deref())?, written: 0 };
            self.left -= HEAD;
            self.tracks.insert(who.clone(), track);
        }
        let Some(track) = self.tracks.get_mut(&who) else { return Ok(()) };
        let samples = |us: u64| us * u64::from(rate) / 1_000_000;
        let due = samples(at_us.saturating_sub(self.dump.start_us));
        let silence = due.saturating_sub(track.written);
        let silence = if silence > samples(TOLERANCE_US) { silence } else { 0 };
        let sample_bytes = 2 * u64::from(channels);
        let room = self.left / sample_bytes;
        let silence = silence.min(room);
        let values = (((room - silence) * u64::from(channels)) as usize).min(pcm.len());
        for _ in 0..silence * u64::from(channels) {
            track.wav.write_sample(0i16)?;
        }
        for sample in &pcm[..values] {
            track.wav.write_sample(*sample)?;
        }
        let written = silence + values as u64 / u64::from(channels);
        track.written += written;
        self.left -= written * sample_bytes;
        if values < pcm.len() {
            self.lose();
        }
        Ok(())
    }

    fn lose(&mut self) {
        self.dump.lose();
        if !std::mem::replace(&mut self.told_full, true) {
            let options = &self.dump.options;
            let text = format!(
                "the dump into '{}' is full: its {} bytes or {MAX_FILES} files are used up; what follows is not in it",
                options.directory.display(),
                options.max_bytes
            );
            log(Level::Warn, &text);
        }
    }

    pub(super) fn flush(&mut self) -> hound::Result<()> {
        self.tracks.values_mut().try_for_each(|track| track.wav.flush())
    }

    pub(super) fn complete(mut self) {
        self.dump.done.store(true, Ordering::Relaxed);
        let tracks = std::mem::take(&mut self.tracks);
        self.attempt(|_| tracks.into_values().try_for_each(|track| track.wav.finalize()));
    }
}
