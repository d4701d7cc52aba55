//! A remote user, as a channel knows them.

use super::gate::Turn;
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
    /// The server says so.
    pub(super) speaking: bool,
    /// The application wants this user's audio; the server was asked for it; a section carries it.
    pub(super) wanted: bool,
    pub(super) requested: bool,
    pub(super) open: bool,
    /// The connection on which this user was heard is over: the stream waits for the track to come back.
    pub(super) away: bool,
    /// In the room, and until then the track may come back.
    pub(super) track_until: Option<Instant>,
    /// Not in the room that was entered anew, but waited for until then.
    pub(super) awaited_until: Option<Instant>,
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
            speaking: false,
            wanted,
            requested: false,
            open: false,
            away: false,
            track_until: None,
            awaited_until: None,
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

    /// The session that carried the track is over; another one may bring it back.
    pub(super) fn lose_track(&mut self) {
        (self.track, self.requested, self.open, self.confirm_at) = (None, false, false, None);
        (self.away, self.track_until) = (true, None);
    }

    /// Ends the stream that the application reads. False: there is none.
    pub(super) fn close_sink(&mut self) -> bool {
        let sink = std::mem::replace(&mut self.sink, nobody()).upgrade();
        sink.inspect(|sink| sink.close()).is_some()
    }

    /// Takes over whether the user speaks, and how loudly (0 to 1): an event where that is news.
    pub(super) fn speak(&mut self, speaking: bool, loudness: f32) -> Option<EventBody> {
        let news = std::mem::replace(&mut self.speaking, speaking) != speaking;
        let level = if speaking { decibels(loudness) } else { 127 };
        news.then(|| EventBody::UserSpeaking { user: self.identity.to_string(), speaking, level })
    }

    /// What this user's voice did, as the application is told.
    pub(super) fn speech(&self, turn: Turn) -> EventBody {
        let user = self.identity.to_string();
        match turn {
            Turn::Started => EventBody::SpeechStarted { user },
            Turn::Ended { speech_us } => EventBody::SpeechEnded { user, speech_us },
        }
    }

    /// Ends the speech of a user who is not heard any more.
    pub(super) fn end_speech(&mut self) -> Option<EventBody> {
        let turn = self.hearing.as_mut()?.close_speech()?;
        Some(self.speech(turn))
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

/// A linear loudness, 0 to 1, as dB below the maximum, as levels are told everywhere else (RFC 6464). A server may say anything.
fn decibels(linear: f32) -> u8 {
    let level = -20.0 * linear.log10();
    if level.is_nan() { 127 } else { level.round().clamp(0.0, 127.0) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loudness_is_told_in_decibels_whatever_the_server_says() {
        let told = [1.0, 0.1, 0.316_227_77, 1e-9, 0.0, 2.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        assert_eq!(told.map(decibels), [0, 20, 10, 127, 127, 0, 127, 127, 0, 127]);
    }
}
