//! What the connection puts into a stream, and what the application is told of frames for which there was no room.

use super::{FrameInfo, Inner};
use crate::audio::ring::Written;
use crate::audio::speech::Speech;
use crate::client::hearing::FrameSink;
use crate::client::stats::HearingStats;
use crate::event::EventBody;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How often an overflow is told.
const OVERFLOW_INTERVAL: Duration = Duration::from_secs(1);

/// What the application was told of dropped frames.
#[derive(Default)]
pub(super) struct Overflowed {
    frames: u64,
    at: Option<Instant>,
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
        self.reception.put((crate::driver::clock::time_us(), *stats));
    }
}

impl Inner {
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
}
