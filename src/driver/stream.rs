//! A stream: one remote user's sound, another track of theirs, or the mix of all.

use super::dispatch::{Dispatcher, Scheduled, Slot, Source};
use super::state;
use super::stats::{Board, StreamStats};
use crate::audio::frames::{self, StreamRing};
use crate::audio::ring::{Overflow, Written};
use crate::audio::speech::Speech;
use crate::audio::wake::Patience;
pub use crate::client::hearing::FrameInfo;
use crate::client::hearing::FrameSink;
use crate::client::stats::HearingStats;
use crate::event::EventBody;
use crate::stats::Meter;
use crate::{Error, Result, Status};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A slot of the ring holds a frame of 20 ms, stretched by at most half; longer frames are cut.
const SLOT_MS: u32 = 30;
/// What the ring's length is reckoned in.
const FRAME_MS: u32 = 20;
/// Frames that one stream hands to its callback before others get their turn.
const TURN: usize = 16;
/// How long taking a callback off waits for one that runs.
pub(super) const CALLBACK_PATIENCE: Duration = Duration::from_secs(1);

/// How often an overflow is told.
const OVERFLOW_INTERVAL: Duration = Duration::from_secs(1);

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

/// What the application was told of dropped frames.
#[derive(Default)]
struct Overflowed {
    frames: u64,
    at: Option<Instant>,
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

    /// Frames by callback; None takes it off, as with [`super::Channel::set_event_callback`].
    pub fn set_frame_callback(&self, callback: Option<FrameCallback>) -> Result<()> {
        self.inner.callbacks.fetch_add(1, Relaxed);
        let done = self.inner.callback.replace(callback, CALLBACK_PATIENCE);
        // Without this one there may be the channel's.
        self.inner.callback_changed();
        done
    }

    /// Waits for a callback that was taken off before, and said BUSY.
    pub fn settle_callback(&self) -> Result<()> {
        self.inner.callback.settle(CALLBACK_PATIENCE)
    }

    /// How often [`Stream::set_frame_callback`] was called, by whichever handle: the callback is that of the last call.
    pub fn callbacks_set(&self) -> u64 {
        self.inner.callbacks.load(Relaxed)
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

    /// Tells the application of dropped frames: of the first at once, of more at most once in a second, of the rest at the end.
    fn tell_overflow(&self, at_once: bool) {
        let dropped = self.dropped();
        if dropped == 0 {
            return;
        }
        let mut told = self.overflow.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = at_once || told.at.is_none_or(|at| now.saturating_duration_since(at) >= OVERFLOW_INTERVAL);
        if dropped == told.frames || !due {
            return;
        }
        let since = dropped - std::mem::replace(&mut told.frames, dropped);
        told.at = Some(now);
        drop(told);
        if let Some(channel) = self.channel.upgrade() {
            let (user, track) = (self.user.to_string(), self.track.to_string());
            channel.publish(EventBody::StreamOverflow { user, track, dropped: since }, now);
        }
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

    fn has_callback(&self) -> bool {
        self.callback.is_set() || self.for_all.is_set()
    }

    /// There may be a callback now, or none any more: a reader that waits has to give its turn back, or may take it.
    pub(super) fn callback_changed(&self) {
        self.ring.wake();
        self.wake_callback();
    }

    /// Lets the dispatch thread take what is in the ring.
    pub(super) fn wake_callback(&self) {
        if self.has_callback()
            && let Some(this) = self.this.upgrade()
        {
            let source: Arc<dyn Source> = this;
            self.dispatcher.wake(&source);
        }
    }
}

impl FrameSink for Inner {
    fn write(&self, info: FrameInfo, pcm: &[i16]) {
        let last = pcm.len().div_ceil(self.slot_len).saturating_sub(1);
        for (index, piece) in pcm.chunks(self.slot_len).enumerate() {
            let samples = (piece.len() / self.channels) as u32;
            // Of a frame that begins or ends speech, one piece does.
            let other =
                info.speech == Speech::Start as u32 && index > 0 || info.speech == Speech::End as u32 && index < last;
            let speech = if other { Speech::Speaking as u32 } else { info.speech };
            // What a full ring drops, it counts.
            if matches!(
                self.ring.write(&FrameInfo { samples, speech, ..info }, piece),
                Written::Stored | Written::DroppedOldest
            ) {
                self.written.fetch_add(1, Relaxed);
            }
        }
        self.tell_overflow(false);
        self.wake_callback();
    }

    fn close(&self) {
        self.tell_overflow(true);
        self.ring.close();
    }

    fn measured(&self, stats: &HearingStats) {
        self.reception.put((super::clock::time_us(), *stats));
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
            let read = self.take(scratch, &mut info, &mut Patience::new(Some(Duration::ZERO)), || false);
            if let frames::ReadOutcome::Frame { samples } = read {
                found = true;
                self.dispatcher.timed(|| call(&self.user, &info, &scratch[..samples]));
            }
        });
        called.then_some(found)
    }
}

/// Why there is no descriptor to poll, of a stream or of a channel's events.
pub(super) fn no_descriptor(error: std::io::Error) -> Error {
    Error::new(Status::LIMIT, format!("no descriptor could be made: {error}; free some"))
}
