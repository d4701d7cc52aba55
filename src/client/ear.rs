//! What a channel listens to of one user: the voice, or another track of theirs. How far that is, and where its sound goes.

use super::hearing::{FrameSink, Hearing, nobody};
use super::stats::HearingStats;
use super::user::{audio_track, is_microphone, named_track};
use crate::signal::livekit as lk;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// See the module.
pub(super) struct Ear {
    /// The track as the application names it; empty for the voice.
    pub(super) name: Arc<str>,
    /// The sid of the track that is heard.
    pub(super) track: Option<Arc<str>>,
    /// The application wants this track; the server was asked for it; a section carries it.
    pub(super) wanted: bool,
    pub(super) requested: bool,
    pub(super) open: bool,
    /// It is a microphone, or was before the connection was lost.
    pub(super) microphone: bool,
    /// The connection on which it was heard is over: the stream waits for the track to come back.
    pub(super) away: bool,
    /// The user is in the room, and until then the track may come back.
    pub(super) track_until: Option<Instant>,
    /// When the section counts as carrying the track, though nothing was negotiated.
    pub(super) confirm_at: Option<Instant>,
    pub(super) sink: Weak<dyn FrameSink>,
    pub(super) hearing: Option<Hearing>,
}

impl Ear {
    /// For the voice.
    pub(super) fn new(wanted: bool) -> Ear {
        Ear {
            name: "".into(),
            track: None,
            wanted,
            requested: false,
            open: false,
            microphone: false,
            away: false,
            track_until: None,
            confirm_at: None,
            sink: nobody(),
            hearing: None,
        }
    }

    /// For the track of that name and sid: it is wanted as long as somebody holds the sink.
    pub(super) fn named(name: &str, sid: &str, sink: Weak<dyn FrameSink>) -> Ear {
        Ear { name: name.into(), track: Some(sid.into()), sink, ..Ear::new(true) }
    }

    pub(super) fn is_voice(&self) -> bool {
        self.name.is_empty()
    }

    pub(super) fn carries(&self, track: &str) -> bool {
        self.track.as_deref() == Some(track)
    }

    /// Nobody reads this named track any more.
    pub(super) fn is_let_go(&self) -> bool {
        !self.is_voice() && self.sink.strong_count() == 0
    }

    /// Which of the tracks that a user has now is this one.
    pub(super) fn find<'a>(&self, tracks: &'a [lk::TrackInfo]) -> Option<&'a lk::TrackInfo> {
        if self.is_voice() {
            let found = audio_track(tracks, self.track.as_deref());
            // Who comes back publishes one track after the other: the microphone is waited for.
            found.filter(|track| is_microphone(track) || !(self.away && self.microphone))
        } else if self.away {
            named_track(tracks, &self.name)
        } else {
            // It is the same one for as long as it is there, whatever others are called.
            tracks.iter().find(|track| self.carries(&track.sid))
        }
    }

    pub(super) fn set_sink(&mut self, sink: Weak<dyn FrameSink>) {
        self.sink = sink;
        if let Some(hearing) = &mut self.hearing {
            hearing.set_sink(self.sink.clone());
        }
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

    /// Tells the stream its numbers so far; `network` is the way from the server.
    pub(super) fn tell(&self, network: Duration) {
        if let (Some(hearing), Some(sink)) = (&self.hearing, self.sink.upgrade()) {
            sink.measured(&HearingStats { network, ..hearing.stats() });
        }
    }

    /// Ends what is heard, and the stream. True: the application is to be told.
    pub(super) fn end(&mut self) -> bool {
        let heard = self.hearing.take().is_some();
        let held = self.close_sink();
        if self.is_voice() { heard } else { held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(sid: &str, name: &str) -> lk::TrackInfo {
        lk::TrackInfo { sid: sid.into(), name: name.into(), r#type: lk::TrackType::Audio as i32, ..Default::default() }
    }

    #[test]
    fn a_track_is_known_by_its_sid_while_it_is_there_and_by_its_name_after_a_new_join() {
        let sid = |ear: &Ear, tracks: &[lk::TrackInfo]| ear.find(tracks).map(|track| track.sid.clone());
        let mut ear = Ear::named("music", "TR_1", nobody());
        let both = [track("TR_2", "music"), track("TR_1", "another name")];
        assert_eq!(sid(&ear, &both).as_deref(), Some("TR_1"));
        assert_eq!(sid(&ear, &both[..1]), None, "it is gone: the other one is not its continuation");
        ear.lose_track();
        assert_eq!(sid(&ear, &both).as_deref(), Some("TR_2"));
    }

    #[test]
    fn names_go_before_sids_and_video_is_no_sound() {
        let film = lk::TrackInfo { r#type: lk::TrackType::Video as i32, ..track("TR_0", "music") };
        let tracks = [film, track("TR_1", "TR_2"), track("TR_2", ""), track("TR_3", "music"), track("TR_4", "music")];
        let found = |name: &str| named_track(&tracks, name).map(|track| track.sid.as_str());
        assert_eq!(["TR_2", "TR_1", "music", "TR_0"].map(found), [Some("TR_1"), Some("TR_1"), Some("TR_3"), None]);
    }
}
