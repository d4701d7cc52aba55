//! The microphone: pushing, playout marks, interrupting, muting.

use super::Channel;
use crate::audio::send::{MarkError, Playout, PushOutcome, PushStatus};
use crate::driver::state::{closed, pass};
use crate::driver::task::Command;
use crate::event::EventBody;
use crate::{Error, Result, Status};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

impl Channel {
    /// Pushes interleaved 16-bit PCM. Returns the samples (each channel) accepted, and why it was not all:
    /// OK, QUEUE_FULL, TIMED_OUT or INTERRUPTED are statuses beside the count; misuse is an error.
    pub fn push(&self, pcm: &[i16], timeout: Option<Duration>) -> Result<(usize, Status)> {
        self.may_speak()?;
        outcome(self.inner.queue.push(pcm, timeout))
    }

    /// The same for floats in -1..1.
    pub fn push_f32(&self, pcm: &[f32], timeout: Option<Duration>) -> Result<(usize, Status)> {
        self.may_speak()?;
        outcome(self.inner.queue.push_f32(pcm, timeout))
    }

    fn may_ever_speak(&self) -> Result<()> {
        if self.inner.options.listen_only {
            let text = "the channel was made with listen_only; make another one to speak";
            return Err(Error::new(Status::BAD_STATE, text));
        }
        Ok(())
    }

    fn may_speak(&self) -> Result<()> {
        self.may_ever_speak()?;
        if !self.inner.may_speak.load(Relaxed) {
            let text = "this user may not speak in this room (any more); take a token with canPublish";
            return Err(Error::new(Status::NOT_ALLOWED, text));
        }
        Ok(())
    }

    /// Microseconds of sound queued and not yet sent.
    pub fn queued_us(&self) -> u64 {
        self.inner.queue.queued() * 1_000_000 / u64::from(self.inner.options.sample_rate)
    }

    /// Puts a playout mark at the end of what is queued.
    pub fn mark(&self, id: u64) -> Result<()> {
        self.may_ever_speak()?;
        let marked = self.inner.queue.mark(id).map_err(|error| match error {
            MarkError::Closed => closed(),
            MarkError::TooMany => Error::new(
                Status::LIMIT,
                "256 playout marks wait to be passed; set the next one after an event 'played'",
            ),
        });
        self.tell_marks();
        marked
    }

    /// Tells of the marks that were reached, where no connection does.
    fn tell_marks(&self) {
        if self.inner.lock().commands.is_none() {
            for (mark, outcome) in self.inner.queue.reached_marks() {
                self.inner.publish(EventBody::Played { mark, status: outcome.status() }, Instant::now());
            }
        }
    }

    /// Waits until all that was pushed before has left. OK, TIMED_OUT or INTERRUPTED.
    pub fn wait_played(&self, timeout: Option<Duration>) -> Result<Status> {
        match self.inner.queue.wait_played(timeout) {
            Playout::Played => Ok(Status::OK),
            Playout::Interrupted => Ok(Status::INTERRUPTED),
            Playout::TimedOut => Ok(Status::TIMED_OUT),
            Playout::Closed => Err(closed()),
            Playout::Busy => {
                Err(Error::new(Status::LIMIT, "64 threads wait for this channel's playout already; use marks"))
            }
        }
    }

    /// Drops what is queued or being pushed. Returns samples (each channel) sent since the start, and dropped now.
    pub fn interrupt(&self) -> Result<(u64, u64)> {
        let interrupted = self.inner.queue.interrupt();
        self.tell_marks();
        Ok((interrupted.sent, interrupted.dropped))
    }

    /// Mutes or unmutes the microphone for everyone; before connecting, from the start.
    pub fn mute(&self, muted: bool) -> Result<()> {
        let mut shared = self.inner.open()?;
        let room = shared.reserve()?;
        shared.muted = muted;
        shared.mutes += u32::from(room.is_some());
        pass(room, Command::Mute(muted));
        Ok(())
    }
}

/// What a push came to, as the surface tells it.
fn outcome(pushed: PushOutcome) -> Result<(usize, Status)> {
    let error = |status, text| Err(Error::new(status, text));
    match pushed.status {
        PushStatus::Done => Ok((pushed.accepted, Status::OK)),
        PushStatus::Full => Ok((pushed.accepted, Status::QUEUE_FULL)),
        PushStatus::TimedOut => Ok((pushed.accepted, Status::TIMED_OUT)),
        PushStatus::Interrupted => Ok((pushed.accepted, Status::INTERRUPTED)),
        PushStatus::Closed => Err(closed()),
        PushStatus::Busy => error(Status::BUSY, "another thread is pushing to this channel; push from one at a time"),
        PushStatus::Misaligned => {
            error(Status::BAD_ARGUMENT, "half a sample: the number of values is not a multiple of the channels")
        }
    }
}
