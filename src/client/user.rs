//! A remote user, as a channel knows them.

use super::hearing::{FrameSink, Hearing, nobody};
use crate::event::{EventBody, SubscribeState};
use crate::signal::livekit as lk;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// See the module.
pub(super) struct User {
    pub(super) identity: Arc<str>,
    pub(super) sid: String,
    /// The track that is heard: the microphone, else the first audio.
    pub(super) track: Option<Arc<str>>,
    pub(super) muted: bool,
    /// The application wants this user's audio; the server was asked for it; a section carries it.
    pub(super) wanted: bool,
    pub(super) requested: bool,
    pub(super) open: bool,
    /// When the section counts as carrying the track, though nothing was negotiated.
    pub(super) confirm_at: Option<Instant>,
    pub(super) state: SubscribeState,
    since: Instant,
    pub(super) sink: Weak<dyn FrameSink>,
    pub(super) hearing: Option<Hearing>,
}

impl User {
    pub(super) fn new(info: &lk::ParticipantInfo, now: Instant, wanted: bool) -> User {
        User {
            identity: info.identity.as_str().into(),
            sid: info.sid.clone(),
            track: None,
            muted: false,
            wanted,
            requested: false,
            open: false,
            confirm_at: None,
            state: SubscribeState::Idle,
            since: now,
            sink: nobody(),
            hearing: None,
        }
    }

    pub(super) fn carries(&self, track: &str) -> bool {
        self.track.as_deref() == Some(track)
    }

    /// Ends the stream that the application reads, if there is one.
    pub(super) fn close_sink(&mut self) {
        if let Some(sink) = std::mem::replace(&mut self.sink, nobody()).upgrade() {
            sink.close();
        }
    }

    pub(super) fn change(&mut self, now: Instant, new: SubscribeState) -> EventBody {
        let old = std::mem::replace(&mut self.state, new);
        let elapsed_us = now.saturating_duration_since(self.since).as_micros() as u64;
        self.since = now;
        EventBody::SubscribeStateChanged { user: self.identity.to_string(), old, new, elapsed_us }
    }
}

/// The track of a participant that is heard as "the user".
pub(super) fn audio_track(info: &lk::ParticipantInfo) -> Option<&lk::TrackInfo> {
    let audio = || info.tracks.iter().filter(|track| track.r#type() == lk::TrackType::Audio);
    audio().find(|track| track.source() == lk::TrackSource::Microphone).or_else(|| audio().next())
}
