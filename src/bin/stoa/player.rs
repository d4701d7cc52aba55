//! Speaks a WAV: a thread reads it and pushes it, never further ahead than the send queue.

use crate::Failure;
use crate::wav::{RATE, Wav};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use stoa::driver::Channel;
use stoa::{Error, Status};

/// How long one push may wait; then it is tried again.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that is to be spoken, or is being.
pub struct Player {
    name: String,
    wav: Option<Wav>,
    seconds: Option<f64>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Samples pushed.
    pushed: AtomicU64,
    done: OnceLock<Result<(), Failure>>,
}

impl Player {
    /// Opens the file (`-`: standard input) and reads its header.
    pub fn open(path: &std::path::Path) -> Result<Player, Failure> {
        let name = path.display().to_string();
        let source: Box<dyn Read + Send> = if name == "-" {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let open = File::open(path).and_then(|file| {
                let folder = file.metadata()?.is_dir();
                if folder { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
            });
            let cure = "give a WAV file that can be read, or - for standard input";
            Box::new(BufReader::new(
                open.map_err(|error| Failure::failed(format!("--play {name} cannot be opened ({error}); {cure}.")))?,
            ))
        };
        let wav = Wav::new(source).map_err(|text| Failure::failed(format!("--play {name} {text}.")))?;
        Ok(Player { name, seconds: wav.seconds(), wav: Some(wav), shared: Arc::default() })
    }

    /// Its name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long it is, where that is known.
    pub fn seconds(&self) -> Option<f64> {
        self.seconds
    }

    /// Begins to speak; once.
    pub fn start(&mut self, channel: &Channel) -> Result<(), Failure> {
        let Some(mut wav) = self.wav.take() else { return Ok(()) };
        let (shared, channel, about) = (self.shared.clone(), channel.clone(), format!("--play {}", self.name));
        let play = move || {
            let done = play(&mut wav, &channel, &shared.pushed, &about);
            let _ = shared.done.set(done);
        };
        // Never joined: it may wait for standard input, and ends with the process.
        let thread = std::thread::Builder::new().name("player".into()).spawn(play);
        thread.map(drop).map_err(|error| Failure::failed(format!("--play: no thread could be started ({error}).")))
    }

    /// Whether everything has left; what went wrong.
    pub fn is_done(&self) -> Result<bool, Failure> {
        match self.shared.done.get() {
            Some(Err(failure)) => Err(failure.clone()),
            done => Ok(done.is_some()),
        }
    }

    /// What has left, seconds, while `queued` microseconds have not.
    pub fn spoken(&self, queued: u64) -> f64 {
        let pushed = self.shared.pushed.load(Ordering::Relaxed) as f64 / f64::from(RATE);
        (pushed - queued as f64 / 1e6).max(0.0)
    }
}

fn play(wav: &mut Wav, channel: &Channel, pushed: &AtomicU64, about: &str) -> Result<(), Failure> {
    let ended = |error: Error| Failure::of(&format!("{about} ended"), &error);
    let mut pcm = Vec::new();
    while wav.read(&mut pcm).map_err(|text| Failure::failed(format!("{about} {text}.")))? {
        let mut rest = &pcm[..];
        while !rest.is_empty() {
            let (accepted, _) = channel.push(rest, Some(PATIENCE)).map_err(ended)?;
            pushed.fetch_add(accepted as u64, Ordering::Relaxed);
            rest = &rest[accepted..];
        }
        pcm.clear();
    }
    match channel.wait_played(None).map_err(ended)? {
        Status::OK => Ok(()),
        other => Err(ended(Error::new(other, other.text()))),
    }
}
