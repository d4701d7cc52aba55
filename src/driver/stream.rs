//! A stream: one remote user's sound, another track of theirs, or the mix of all.

mod callback;
mod filling;

pub use crate::client::hearing::FrameInfo;

use super::dispatch::{Dispatcher, Scheduled, Slot};
use super::state;
use super::stats::{Board, StreamStats};
use crate::audio::frames::{self, StreamRing};
use crate::audio::ring::Overflow;
use crate::audio::wake::Patience;
use crate::client::hearing::FrameSink;
use crate::client::stats::HearingStats;
use crate::stats::Meter;
use crate::{Error, Result, Status};
use filling::Overflowed;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// A slot of the ring holds a frame of 20 ms, stretched by at most half; longer frames are cut.
const SLOT_MS: u32 = 30;
/// What the ring's length is reckoned in.
const FRAME_MS: u32 = 20;
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
    /// It was to wait no longer.
    GivenUp,
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
    track: Arc<str>,
    channels: usize,
    slot_len: usize,
    ring: StreamRing<FrameInfo>,
    slots: usize,
    written: AtomicU64,
    /// How long frames were in the ring. One reader at a time adds to it.
    waited: Meter,
    reception: Board<(u64, HearingStats)>,
    callback: Slot<FrameCallback>,
    /// How often one was set or taken off.
    callbacks: AtomicU64,
    /// The channel's callback for the frames of everyone, used where this stream has none of its own.
    for_all: Arc<Slot<FrameCallback>>,
    scheduled: Scheduled,
    scratch: Mutex<Vec<i16>>,
    dispatcher: Dispatcher,
    /// Whom dropped frames are told to.
    channel: Weak<state::Inner>,
    overflow: Mutex<Overflowed>,
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
    pub(super) fn new(
        user: &str,
        track: &str,
        shape: &Shape,
        for_all: Arc<Slot<FrameCallback>>,
        dispatcher: Dispatcher,
        channel: Weak<state::Inner>,
    ) -> Stream {
        let slot_len = (shape.rate * SLOT_MS / 1000 * shape.channels) as usize;
        let slots = (shape.queue_ms / FRAME_MS).max(1) as usize;
        let inner = Arc::new_cyclic(|this| Inner {
            user: user.into(),
            track: track.into(),
            channels: shape.channels as usize,
            slot_len,
            ring: StreamRing::new(slots, slot_len, shape.overflow),
            slots,
            written: AtomicU64::new(0),
            waited: Meter::default(),
            reception: Board::default(),
            callback: Slot::new(),
            callbacks: AtomicU64::new(0),
            for_all,
            scheduled: Scheduled::default(),
            scratch: Mutex::new(Vec::new()),
            dispatcher,
            channel,
            overflow: Mutex::default(),
            this: this.clone(),
        });
        Stream { inner }
    }

    /// Whose it is; empty for the mix.
    pub fn user(&self) -> &str {
        &self.inner.user
    }

    /// The track as it was asked for; empty for a user's voice and for the mix.
    pub fn track(&self) -> &str {
        &self.inner.track
    }

    /// Copies the next frame out. One reader at a time; a second one gets BUSY. While there is a callback, the frames are not the
    /// reader's: it waits.
    pub fn read(&self, out: &mut [i16], info: &mut FrameInfo, timeout: Option<Duration>) -> Result<ReadOutcome> {
        self.read_until(out, info, timeout, &AtomicBool::new(false))
    }

    /// The same, but it waits no longer once `given_up` is set, and [`Stream::wake_reader`] called after that.
    pub fn read_until(
        &self,
        out: &mut [i16],
        info: &mut FrameInfo,
        timeout: Option<Duration>,
        given_up: &AtomicBool,
    ) -> Result<ReadOutcome> {
        let inner = &self.inner;
        let mut patience = Patience::new(timeout);
        // The end is for everyone.
        let others = || inner.has_callback() && !inner.ring.is_at_end();
        let given_up = || given_up.load(SeqCst);
        loop {
            let read = inner.take(out, info, &mut patience, || others() || given_up());
            // A callback may have looked while the turn was this reader's.
            inner.wake_callback();
            return match read {
                frames::ReadOutcome::Stopped if given_up() => Ok(ReadOutcome::GivenUp),
                frames::ReadOutcome::Stopped | frames::ReadOutcome::Busy if others() => {
                    if inner.ring.stand_by(&mut patience, || others() && !given_up()) {
                        continue;
                    }
                    Ok(ReadOutcome::TimedOut)
                }
                // The callback went meanwhile.
                frames::ReadOutcome::Stopped => continue,
                frames::ReadOutcome::Frame { samples } => Ok(ReadOutcome::Frame(samples / inner.channels)),
                frames::ReadOutcome::TimedOut => Ok(ReadOutcome::TimedOut),
                frames::ReadOutcome::End => Ok(ReadOutcome::End),
                frames::ReadOutcome::TooSmall { needed } => Ok(ReadOutcome::TooSmall(needed)),
                frames::ReadOutcome::Busy => {
                    Err(Error::new(Status::BUSY, "another thread is reading this stream; give each stream one reader"))
                }
            };
        }
    }

    /// Lets a reader that waits look at its `given_up` again.
    pub fn wake_reader(&self) {
        self.inner.ring.wake();
    }

    /// Frames that are ready.
    pub fn readable(&self) -> usize {
        self.inner.ring.readable()
    }

    /// A descriptor that polls readable while frames (or the end) are to be read. It belongs to the stream.
    pub fn descriptor(&self) -> Result<RawFd> {
        self.inner.ring.descriptor().map_err(no_descriptor)
    }

    /// Frames dropped because nobody read them in time.
    pub fn dropped(&self) -> u64 {
        self.inner.dropped()
    }

    /// What was counted so far: the ring's numbers as of now, those of the reception as of 100 ms ago or less.
    pub fn stats(&self) -> StreamStats {
        let inner = &self.inner;
        let (time_us, hearing) = inner.reception.read();
        StreamStats {
            time_us,
            hearing,
            frames_written: inner.written.load(Relaxed),
            frames_dropped_oldest: inner.ring.dropped_oldest(),
            frames_dropped_newest: inner.ring.dropped_newest(),
            frames_waiting: inner.ring.readable() as u64,
            frames_capacity: inner.slots as u64,
            ring: inner.waited.read(),
        }
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
    fn dropped(&self) -> u64 {
        self.ring.dropped_oldest() + self.ring.dropped_newest()
    }

    /// Takes a frame out of the ring, and counts how long it was in there.
    fn take(
        &self,
        out: &mut [i16],
        info: &mut FrameInfo,
        patience: &mut Patience,
        stop: impl Fn() -> bool,
    ) -> frames::ReadOutcome {
        let found = self.ring.read(out, info, patience, stop);
        if let frames::ReadOutcome::Frame { .. } = found {
            let waited = super::clock::time_us().saturating_sub(info.timestamp_us);
            self.waited.add(Duration::from_micros(waited));
        }
        found
    }
}

impl Drop for Inner {
    /// Nobody reads it any more: the connection looks whether there is something to unsubscribe from.
    fn drop(&mut self) {
        if let Some(channel) = self.channel.upgrade().filter(|_| !self.track.is_empty()) {
            channel.pushed.notify_one();
        }
    }
}

/// Why there is no descriptor to poll, of a stream or of a channel's events.
pub(super) fn no_descriptor(error: std::io::Error) -> Error {
    Error::new(Status::LIMIT, format!("no descriptor could be made: {error}; free some"))
}
