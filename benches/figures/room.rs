//! What all measurements need: engines, channels, a voice, an even beat.

use std::time::{Duration, Instant};
use stoa::driver::{Channel, ChannelOptions, Engine, EngineOptions, FrameInfo, ReadOutcome, Stream};

/// Hz, mono.
pub const RATE: usize = 24_000;
/// Samples of 20 ms.
pub const BLOCK: usize = RATE / 50;
pub const BLOCK_TIME: Duration = Duration::from_millis(20);
/// Nothing on this machine takes longer, unless it is broken.
pub const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

/// With the room server inside, or at a server of ours.
pub fn engine(url: &str) -> Engine {
    Engine::new(EngineOptions {
        app_id: super::process::KEY.into(),
        app_certificate: super::process::SECRET.into(),
        url: url.into(),
        ..EngineOptions::default()
    })
    .expect("an engine")
}

pub fn channel(engine: &Engine, room: &str, user: &str, subscribe_all: bool, eager: bool) -> Channel {
    let options =
        ChannelOptions { name: room.into(), user: user.into(), subscribe_all, eager, ..ChannelOptions::default() };
    engine.create_channel(options).expect("a channel")
}

/// The stream of a user, as soon as that user is there.
pub fn stream(channel: &Channel, user: &str) -> Stream {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match channel.stream(user) {
            Ok(stream) => return stream,
            Err(error) if Instant::now() > until => panic!("{user} is not heard: {error}"),
            Err(_) => _ = channel.poll_event(Some(Duration::from_millis(100))),
        }
    }
}

/// Reads the next frame, its length in samples; None: nothing in time.
pub fn read(stream: &Stream, pcm: &mut [i16], info: &mut FrameInfo, timeout: Duration) -> Option<usize> {
    match stream.read(pcm, info, Some(timeout)) {
        Ok(ReadOutcome::Frame(samples)) => Some(samples),
        Ok(ReadOutcome::TimedOut) => None,
        other => panic!("a stream that goes on, not {other:?}"),
    }
}

/// The recorded voice of the demo.
pub fn voice() -> Vec<i16> {
    let wav = include_bytes!("../../demo/voice.wav");
    let data = wav.windows(4).position(|name| name == b"data").expect("a WAV file") + 8;
    wav[data..].chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])).collect()
}

/// The voice in blocks, from a place of one's own, for ever.
pub fn blocks(voice: &[i16], from: usize) -> impl Iterator<Item = &[i16]> {
    let blocks: Vec<&[i16]> = voice.chunks_exact(BLOCK).collect();
    let skip = from % blocks.len();
    blocks.into_iter().cycle().skip(skip)
}

/// A beat that stays even however late a wake-up was.
pub struct Beat {
    next: Instant,
    period: Duration,
}

impl Beat {
    pub fn new(period: Duration) -> Beat {
        Beat { next: Instant::now() + period, period }
    }

    pub fn wait(&mut self) {
        std::thread::sleep(self.next.saturating_duration_since(Instant::now()));
        self.next += self.period;
    }
}
