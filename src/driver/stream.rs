//! A stream: one remote user's sound, or the mix of all.

use super::dispatch::{Dispatcher, Scheduled, Slot, Source};
use crate::audio::frames::{self, StreamRing};
use crate::audio::ring::Overflow;
pub use crate::client::hearing::FrameInfo;
use crate::client::hearing::FrameSink;
use crate::{Error, Result, Status};
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// A slot of the ring holds a frame of 20 ms, stretched by at most half; longer frames are cut.
const SLOT_MS: u32 = 30;
/// What the ring's length is reckoned in.
const FRAME_MS: u32 = 20;
/// Frames that one stream hands to its callback before others get their turn.
const TURN: usize = 16;
/// How long taking a callback off waits for one that runs.
pub(super) const CALLBACK_PATIENCE: Duration = Duration::from_secs(1);

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReadOutcome {
    /// A frame was copied out: samples for each channel.
    Frame(usize),
    /// Nothing came in time.
    TimedOut,
    /// The stream is over and read to its end.
    End,
    /// The buffer is too small: this many i16 values are needed. The frame stays.
    TooSmall(usize),
}

/// A frame callback, run on the engine's dispatch thread: the user (empty for the mix), what is known, interleaved PCM.
pub type FrameCallback = Box<dyn FnMut(&str, &FrameInfo, &[i16]) + Send>;

/// A stream. Cloning shares it. While one is held the user's sound is decoded; without any it is not.
#[derive(Clone)]
pub struct Stream {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    user: Arc<str>,
    channels: usize,
    slot_len: usize,
    ring: StreamRing<FrameInfo>,
    callback: Slot<FrameCallback>,
    /// The channel's callback for the frames of everyone, used where this stream has none of its own.
    for_all: Arc<Slot<FrameCallback>>,
    scheduled: Scheduled,
    scratch: Mutex<Vec<i16>>,
    dispatcher: Dispatcher,
    this: Weak<Inner>,
}

/// What the streams of one channel have in common.
pub(super) struct Shape {
    pub(super) rate: u32,
    pub(super) channels: u32,
    pub(super) queue_ms: u32,
    pub(super) overflow: Overflow,
}

impl Stream {
    pub(super) fn new(user: &str, shape: &Shape, for_all: Arc<Slot<FrameCallback>>, dispatcher: Dispatcher) -> Stream {
        let slot_len = (shape.rate * SLOT_MS / 1000 * shape.channels) as usize;
        let slots = (shape.queue_ms / FRAME_MS).max(1) as usize;
        let inner = Arc::new_cyclic(|this| Inner {
            user: user.into(),
            channels: shape.channels as usize,
            slot_len,
            ring: StreamRing::new(slots, slot_len, shape.overflow),
            callback: Slot::new(),
            for_all,
            scheduled: Scheduled::default(),
            scratch: Mutex::new(Vec::new()),
            dispatcher,
            this: this.clone(),
        });
        Stream { inner }
    }

    /// Whose it is; empty for the mix.
    pub fn user(&self) -> &str {
        &self.inner.user
    }

    /// Copies the next frame out. One reader at a time; a second one gets BUSY, as does a reader beside a callback
    /// that is just taking a frame.
    pub fn read(&self, out: &mut [i16], info: &mut FrameInfo, timeout: Option<Duration>) -> Result<ReadOutcome> {
        match self.inner.ring.read(out, info, timeout) {
            frames::ReadOutcome::Frame { samples } => Ok(ReadOutcome::Frame(samples / self.inner.channels)),
            frames::ReadOutcome::TimedOut => Ok(ReadOutcome::TimedOut),
            frames::ReadOutcome::End => Ok(ReadOutcome::End),
            frames::ReadOutcome::TooSmall { needed } => Ok(ReadOutcome::TooSmall(needed)),
            frames::ReadOutcome::Busy => {
                Err(Error::new(Status::BUSY, "another thread is reading this stream; give each stream one reader"))
            }
        }
    }

    /// Frames that are ready.
    pub fn readable(&self) -> usize {
        self.inner.ring.readable()
    }

    /// A descriptor that polls readable while frames (or the end) are to be read. It belongs to the stream.
    pub fn descriptor(&self) -> Result<RawFd> {
        let refused = |error| Error::new(Status::LIMIT, format!("no descriptor could be made: {error}; free some"));
        self.inner.ring.descriptor().map_err(refused)
    }

    /// Frames by callback; None takes it off, as with [`super::Channel::set_event_callback`].
    pub fn set_frame_callback(&self, callback: Option<FrameCallback>) -> Result<()> {
        let set = callback.is_some();
        let done = self.inner.callback.replace(callback, CALLBACK_PATIENCE);
        if set {
            self.inner.wake_callback();
        }
        done
    }

    /// Frames dropped because nobody read them in time.
    pub fn dropped(&self) -> u64 {
        self.inner.ring.dropped_oldest() + self.inner.ring.dropped_newest()
    }

    /// The stream is over; frames may still be in it.
    pub fn is_over(&self) -> bool {
        self.inner.ring.is_closed()
    }

    pub(super) fn sink(&self) -> Weak<dyn FrameSink> {
        self.inner.this.clone()
    }
}

impl Inner {
    fn has_callback(&self) -> bool {
        self.callback.is_set() || self.for_all.is_set()
    }

    /// Lets the dispatch thread take what is in the ring.
    pub(super) fn wake_callback(&self) {
        if let Some(this) = self.this.upgrade().filter(|_| self.has_callback()) {
            let source: Arc<dyn Source> = this;
            self.dispatcher.wake(&source);
        }
    }
}

impl FrameSink for Inner {
    fn write(&self, info: FrameInfo, pcm: &[i16]) {
        for piece in pcm.chunks(self.slot_len) {
            // What a full ring drops, it counts.
            self.ring.write(&FrameInfo { samples: (piece.len() / self.channels) as u32, ..info }, piece);
        }
        self.wake_callback();
    }

    fn close(&self) {
        self.ring.close();
    }
}

impl Source for Inner {
    fn scheduled(&self) -> &Scheduled {
        &self.scheduled
    }

    fn run(&self) -> bool {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        scratch.resize(self.slot_len, 0);
        (0..TURN).all(|_| {
            // A frame leaves the ring only once there is a callback to take it.
            let taken = self.hand_over(&self.callback, &mut scratch);
            taken.or_else(|| self.hand_over(&self.for_all, &mut scratch)).unwrap_or(false)
        })
    }
}

impl Inner {
    /// Hands the next frame to a callback. False: there is no frame; None: no callback.
    fn hand_over(&self, slot: &Slot<FrameCallback>, scratch: &mut [i16]) -> Option<bool> {
        let mut found = false;
        let called = slot.run(|call| {
            let mut info = FrameInfo::default();
            let read = self.ring.read(scratch, &mut info, Some(Duration::ZERO));
            if let frames::ReadOutcome::Frame { samples } = read {
                found = true;
                call(&self.user, &info, &scratch[..samples]);
            }
        });
        called.then_some(found)
    }
}
