//! A remote user, as a channel knows them.

use super::ear::Ear;
use super::gate::Turn;
use crate::event::{EventBody, SubscribeState};
use crate::signal::livekit as lk;
use crate::{Error, Status};
use std::sync::Arc;
use std::time::Instant;

/// See the module.
pub(super) struct User {
    pub(super) identity: Arc<str>,
    pub(super) sid: String,
    pub(super) muted: bool,
    /// The server says so.
    pub(super) speaking: bool,
    /// Not in the room that was entered anew, but waited for until then.
    pub(super) awaited_until: Option<Instant>,
    pub(super) state: SubscribeState,
    since: Instant,
    /// The track that is heard as the user: the microphone, else other audio.
    pub(super) voice: Ear,
    /// Tracks that the application reads beside it.
    pub(super) named: Vec<Ear>,
}

impl User {
    pub(super) fn new(info: &lk::ParticipantInfo, now: Instant, wanted: bool) -> User {
        User {
            identity: info.identity.as_str().into(),
            sid: info.sid.clone(),
            muted: false,
            speaking: false,
            awaited_until: None,
            state: SubscribeState::Idle,
            since: now,
            voice: Ear::new(wanted),
            named: Vec::new(),
        }
    }

    /// The voice, then the named tracks.
    pub(super) fn ears(&self) -> impl Iterator<Item = &Ear> {
        std::iter::once(&self.voice).chain(&self.named)
    }

    pub(super) fn ears_mut(&mut self) -> impl Iterator<Item = &mut Ear> {
        std::iter::once(&mut self.voice).chain(&mut self.named)
    }

    /// The server was asked for this track, for one of them or more.
    pub(super) fn requests(&self, track: &str) -> bool {
        self.ears().any(|ear| ear.requested && ear.carries(track))
    }

    /// One of them, counted from 0.
    pub(super) fn ear(&mut self, place: usize) -> &mut Ear {
        if place == 0 { &mut self.voice } else { &mut self.named[place - 1] }
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
        let turn = self.voice.hearing.as_mut()?.close_speech()?;
        Some(self.speech(turn))
    }

    pub(super) fn change(&mut self, now: Instant, new: SubscribeState) -> EventBody {
        let old = std::mem::replace(&mut self.state, new);
        let elapsed_us = now.saturating_duration_since(self.since).as_micros() as u64;
        self.since = now;
        EventBody::SubscribeStateChanged { user: self.identity.to_string(), old, new, elapsed_us }
    }
}

fn audio(tracks: &[lk::TrackInfo]) -> impl Iterator<Item = &lk::TrackInfo> {
    tracks.iter().filter(|track| track.r#type() == lk::TrackType::Audio)
}

/// The track of a participant that is heard as "the user": a microphone, else any audio. Of several it is the present one, for
/// LiveKit's server tells them in another order each time.
pub(super) fn audio_track<'a>(tracks: &'a [lk::TrackInfo], present: Option<&str>) -> Option<&'a lk::TrackInfo> {
    let sid = |track: &&'a lk::TrackInfo| track.sid.as_str();
    audio(tracks).min_by_key(|track| (!is_microphone(track), present != Some(sid(track)), sid(track)))
}

pub(super) fn is_microphone(track: &lk::TrackInfo) -> bool {
    track.source() == lk::TrackSource::Microphone
}

/// The audio track of that name, else of that sid.
pub(super) fn named_track<'a>(tracks: &'a [lk::TrackInfo], name: &str) -> Option<&'a lk::TrackInfo> {
    audio(tracks).find(|track| track.name == name).or_else(|| audio(tracks).find(|track| track.sid == name))
}

/// What looking for a track says where there is none of that name.
pub(super) fn no_track(user: &str, tracks: &[lk::TrackInfo], name: &str) -> Error {
    let called = |track: &lk::TrackInfo| format!("'{}'", if track.name.is_empty() { &track.sid } else { &track.name });
    let known: Vec<String> = audio(tracks).map(called).collect();
    let instead =
        if known.is_empty() { "wait until one is published".into() } else { format!("there is {}", known.join(", ")) };
    Error::new(Status::NOT_FOUND, format!("'{user}' has no audio track '{name}'; {instead}"))
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
