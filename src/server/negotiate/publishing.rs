//! Which tracks an offer brings, and which are over.

use crate::server::track::TrackId;
use crate::server::{ParticipantId, RoomServer, video};
use crate::signal::livekit::{TrackType, TrackUnpublishedResponse, signal_response};
use crate::signal::sdp;
use str0m::media::Mid;

impl RoomServer {
    /// Unpublishes the tracks whose sections do not send any more.
    pub(super) fn end_tracks(&mut self, id: ParticipantId, lines: &[sdp::Section]) {
        let over = lines.iter().filter(|line| !line.sends || line.stopped);
        let gone: Vec<TrackId> = over.filter_map(|line| self.track_on(id, Mid::from(line.mid.as_str()))).collect();
        gone.into_iter().for_each(|track| self.unpublish(track));
    }

    /// The track that a client publishes on a section.
    fn track_on(&self, id: ParticipantId, mid: Mid) -> Option<TrackId> {
        self.own_track_where(id, |track| track.mid == Some(mid))
    }

    /// Finds out which tracks an offer brings.
    pub(super) fn match_tracks(&mut self, id: ParticipantId, lines: &[sdp::Section]) -> Vec<TrackId> {
        let mut arrived = Vec::new();
        let Some(participant) = self.participants.get(&id) else { return arrived };
        let payloads = participant.main.payloads;
        for line in lines.iter().filter(|l| l.kind != "application" && l.sends && !l.stopped) {
            let mid = Mid::from(line.mid.as_str());
            match self.track_on(id, mid) {
                Some(track) => {
                    let track = self.tracks.get_mut(&track).expect("bound");
                    track.payloads = payloads;
                    video::offered(track, &participant.main.rtc, line);
                }
                None => {
                    let kind = if line.kind == "audio" { TrackType::Audio } else { TrackType::Video };
                    let unbound: Vec<TrackId> = participant
                        .tracks
                        .iter()
                        .filter(|t| self.tracks.get(t).is_some_and(|t| t.mid.is_none() && t.info.r#type == kind as i32))
                        .copied()
                        .collect();
                    let named = unbound.iter().find(|t| self.tracks.get(t).is_some_and(|t| t.cid == line.msid.1));
                    // Not every client's description repeats the id that it announced; one that waits alone is meant.
                    let only = || if unbound.len() == 1 { unbound.first() } else { None };
                    let Some(track_id) = named.or_else(only).copied() else { continue };
                    let track = self.tracks.get_mut(&track_id).expect("unbound");
                    track.mid = Some(mid);
                    track.info.mid = line.mid.clone();
                    track.payloads = payloads;
                    video::offered(track, &participant.main.rtc, line);
                    arrived.push(track_id);
                }
            }
        }
        arrived
    }

    /// Tells everyone of new tracks, and offers them, unless their publisher is hidden.
    pub(super) fn published(&mut self, id: ParticipantId, tracks: &[TrackId]) {
        if tracks.is_empty() {
            return;
        }
        self.announce(id, true);
        tracks.iter().for_each(|track| self.tell_track("track_published", *track));
        tracks.iter().for_each(|track| self.review_quality(*track));
        let Some(participant) = self.participants.get(&id) else { return };
        if participant.claims.video.hidden {
            return;
        }
        self.offer_tracks(id, tracks);
    }

    /// Subscribes those who subscribe to everything.
    pub(in crate::server) fn offer_tracks(&mut self, id: ParticipantId, tracks: &[TrackId]) {
        let Some(participant) = self.participants.get(&id) else { return };
        for member in self.members(&participant.room.clone()).into_iter().filter(|m| *m != id) {
            if self.participants.get(&member).is_some_and(|p| p.auto_subscribe) {
                tracks.iter().for_each(|track| self.subscribe(member, *track));
                self.negotiate(member);
            }
        }
    }

    /// A track is over: for its publisher and for all who heard it.
    pub(in crate::server) fn unpublish(&mut self, track_id: TrackId) {
        let Some(track) = self.tracks.get(&track_id) else { return };
        let (publisher, track_sid) = (track.publisher, track.info.sid.clone());
        let room = self.participants.get(&publisher).map(|p| p.room.clone());
        for member in room.map(|r| self.members(&r)).unwrap_or_default() {
            self.unsubscribe(member, track_id);
        }
        self.tell_track("track_unpublished", track_id);
        let Some(track) = self.tracks.remove(&track_id) else { return };
        if let Some(participant) = self.participants.get_mut(&publisher) {
            participant.tracks.retain(|t| *t != track_id);
        }
        self.send(publisher, signal_response::Message::TrackUnpublished(TrackUnpublishedResponse { track_sid }));
        self.announce(publisher, true);
        if track.level.told() > 0.0 {
            self.stopped_speaking(publisher);
        }
        if let Some(request) = track.again {
            self.add_track(publisher, *request);
        }
    }
}
