//! What clients say and hear.

use super::Sim;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stoa::client::hearing::{FrameInfo, FrameSink};
use stoa::client::stats::HearingStats;

/// Frames that a sink was given.
#[derive(Default)]
pub struct Recorder {
    frames: Mutex<Vec<(FrameInfo, Vec<i16>)>>,
    closed: Mutex<bool>,
    stats: Mutex<HearingStats>,
}

impl FrameSink for Recorder {
    fn write(&self, info: FrameInfo, pcm: &[i16]) {
        self.frames.lock().unwrap().push((info, pcm.to_vec()));
    }
    fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }
    fn measured(&self, stats: &HearingStats) {
        *self.stats.lock().unwrap() = *stats;
    }
}

impl Recorder {
    pub fn frames(&self) -> Vec<(FrameInfo, Vec<i16>)> {
        self.frames.lock().unwrap().clone()
    }
    pub fn pcm(&self) -> Vec<i16> {
        self.frames.lock().unwrap().iter().flat_map(|(_, pcm)| pcm.clone()).collect()
    }
    pub fn is_closed(&self) -> bool {
        *self.closed.lock().unwrap()
    }
    /// The numbers that were told last.
    pub fn stats(&self) -> HearingStats {
        *self.stats.lock().unwrap()
    }
    /// How many frames came from there: 0 decoded, 1 recovered, 2 concealed, 3 silence.
    pub fn origin(&self, origin: u32) -> usize {
        self.frames.lock().unwrap().iter().filter(|(info, _)| info.origin == origin).count()
    }
}

impl Sim {
    /// Lets a client hear a user.
    pub fn record(&mut self, client: usize, user: &str) -> Arc<Recorder> {
        self.record_track(client, user, "")
    }

    /// Lets a client hear a track of a user.
    pub fn record_track(&mut self, client: usize, user: &str, track: &str) -> Arc<Recorder> {
        let recorder = Arc::new(Recorder::default());
        let as_sink: Arc<dyn FrameSink> = recorder.clone();
        let opened = self.clients[client].voice.open_stream(self.now, user, track, Arc::downgrade(&as_sink));
        opened.expect("a user in the room, with that track");
        recorder
    }
}

/// A sine of `hertz` at half loudness, for so long.
pub fn tone(hertz: f64, rate: u32, span: Duration) -> Vec<i16> {
    let samples = (span.as_secs_f64() * f64::from(rate)).round() as usize;
    (0..samples)
        .map(|n| ((std::f64::consts::TAU * hertz * n as f64 / f64::from(rate)).sin() * 16_000.0) as i16)
        .collect()
}

/// How much of the sound's energy is at `hertz` (Goertzel): 1 for a pure tone, near 0 without it.
pub fn share_of(hertz: f64, rate: u32, pcm: &[i16]) -> f64 {
    let energy: f64 = pcm.iter().map(|s| f64::from(*s).powi(2)).sum();
    if energy == 0.0 {
        return 0.0;
    }
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let angle = std::f64::consts::TAU * hertz * n as f64 / f64::from(rate);
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    (re * re + im * im) * 2.0 / (energy * pcm.len() as f64)
}
