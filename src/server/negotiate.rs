//! Offers and answers, and which section carries which track to whom.
//!
//! With one peer connection the client always offers. When sections for what it is to hear are missing, it is asked for
//! them (MediaSectionsRequirement); when there are free ones, it is asked to offer again, since only an answer can say
//! whose track a section carries. With two, this side offers on the second one, one offer at a time.

mod publishing;
mod sections;

use super::peer::MAX_SECTIONS;
use super::track::{Track, TrackId};
use super::{Level, ParticipantId, RoomServer, Side};
use crate::signal::livekit::{
    DisconnectReason, MediaSectionsRequirement, SessionDescription, leave_request, signal_response,
};
use crate::signal::sdp;
use std::collections::BTreeMap;
use std::time::Duration;
use str0m::media::{MediaKind, Mid};

/// How long a client may take to offer when it was asked to.
const ASKED: Duration = Duration::from_secs(10);
/// The log's words for who has no section left.
const ALL_IN_USE: &str = "hears as many tracks as it can.";

impl RoomServer {
    /// The client offers on its main connection.
    pub(super) fn offered(&mut self, id: ParticipantId, offer: SessionDescription) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let (answer, lines) = match participant.main.accept_offer(&offer.sdp) {
            Ok(accepted) => accepted,
            Err(why) => return self.fail(id, format!("the client sent {why}.")),
        };
        participant.offer_due = None;
        let single = participant.down.is_none();
        // The same offer may bring anew what it ends.
        self.end_tracks(id, &lines);
        let arrived = self.match_tracks(id, &lines);
        let mut renewed = Vec::new();
        if single {
            self.release_unusable(id);
            renewed = self.assign(id);
        }
        let (edits, mid_to_track_id) = self.edits(id, Side::Main);
        let answer = sdp::with_ssrcs(&sdp::edit(&answer, &edits), &renewed);
        self.learn_ufrag(id, Side::Main, &answer);
        self.send(
            id,
            signal_response::Message::Answer(SessionDescription {
                r#type: "answer".into(),
                sdp: answer,
                id: offer.id,
                mid_to_track_id,
            }),
        );
        self.touch(id, Side::Main);
        if single {
            self.open_assigned(id);
        }
        self.published(id, &arrived);
        self.negotiate(id);
    }

    /// The client answers an offer of this side.
    pub(super) fn answered(&mut self, id: ParticipantId, answer: &SessionDescription) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let Some(down) = &mut participant.down else { return };
        // One to an offer that was given up comes where the client answered it as its WebSocket was lost. Older clients repeat no id.
        if answer.id != 0 && answer.id != participant.offer_id {
            return;
        }
        if let Err(why) = down.accept_answer(&answer.sdp) {
            return self.fail(id, format!("the client sent {why}."));
        }
        if let Some(former) = down.former_ufrag.take() {
            self.by_ufrag.remove(&former);
        }
        // Its own checks may have been faster than the answer: they are answered now, and after that checked back.
        self.flush(id, Side::Down);
        self.check_back(id, Side::Down);
        self.open_assigned(id);
        self.offer_what_waits(id);
    }

    /// Sees to it that what a participant is to hear gets its sections.
    pub(super) fn negotiate(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let waiting: Vec<TrackId> = participant.wants.iter().filter(|w| w.1.is_none()).map(|w| *w.0).collect();
        // Where the client still knows a section by the name of a track that it is to hear no more, the next description takes the
        // name off: livekit-client ends a subscription only then.
        let stale = participant.receiving().sections.iter().any(|s| s.track.is_none() && s.shown.is_some());
        if waiting.is_empty() && !stale {
            return;
        }
        if participant.down.is_some() {
            return self.offer(id, false);
        }
        if participant.offer_due.is_some_and(|due| self.now < due) {
            return;
        }
        participant.offer_due = None;
        let sections = &participant.main.sections;
        let mut room = MAX_SECTIONS.saturating_sub(sections.len() + participant.tracks.len() + 1);
        let (mut missing, mut free) = ([0, 0], 0);
        for (kind, missing) in [MediaKind::Audio, MediaKind::Video].into_iter().zip(&mut missing) {
            let there = sections.iter().filter(|s| s.is_free(kind)).count();
            let waiting = waiting.iter().filter(|t| kind_of(&self.tracks, **t) == kind).count();
            *missing = waiting.saturating_sub(there).min(room);
            room -= *missing;
            free += there.min(waiting);
        }
        let [num_audios, num_videos] = missing.map(|n| n as u32);
        if free == 0 && missing == [0, 0] && !waiting.is_empty() {
            return self.log_of(id, Level::Warning, ALL_IN_USE);
        }
        let message = MediaSectionsRequirement { num_audios, num_videos };
        participant.offer_due = Some(self.now + ASKED);
        self.send(id, signal_response::Message::MediaSectionsRequirement(message));
    }

    /// Has a client look again at what its sections carry: something was taken off them that it did not give up itself.
    pub(super) fn retell(&mut self, id: ParticipantId) {
        match self.participants.get(&id) {
            Some(participant) if participant.down.is_some() => self.offer(id, false),
            _ => self.negotiate(id),
        }
    }

    /// Offers what could not be offered yet.
    pub(super) fn offer_what_waits(&mut self, id: ParticipantId) {
        let waits = self.participants.get_mut(&id).is_some_and(|p| std::mem::take(&mut p.offer_again));
        if waits {
            self.offer(id, false);
        }
    }

    /// Offers on the second connection; later, if an offer is outstanding, or the first one has not led to a connection yet: Pion takes
    /// a second one at that time for an ICE restart, and may lose its own candidates over it.
    pub(super) fn offer(&mut self, id: ParticipantId, restart: bool) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let Some(down) = &mut participant.down else { return };
        let early = participant.offer_id > 0 && !down.connected;
        // Without a WebSocket it would be lost; who resumes is offered all of it.
        if (down.pending.is_some() || early || participant.conn.is_err()) && !restart {
            participant.offer_again = true;
            return;
        }
        if down.pending.is_some() {
            // A restart comes with a new WebSocket, and the old one may have swallowed the offer, or its answer.
            let gone = down.abandon_offer();
            let lost = |mid: &&mut Option<Mid>| mid.is_some_and(|mid| gone.contains(&mid));
            participant.wants.values_mut().filter(lost).for_each(|mid| *mid = None);
        }
        let waiting = participant.wants.iter().filter(|w| w.1.is_none());
        let missing = waiting.map(|w| kind_of(&self.tracks, *w.0)).collect::<Vec<_>>();
        let all_in_use = missing.len() > MAX_SECTIONS.saturating_sub(down.sections.len());
        if all_in_use && down.sections.iter().any(|section| section.track.is_none()) {
            // Not every client wakes a section that rests; on a new connection there are none.
            return self.lose(id, format!("{MAX_SECTIONS} tracks came and went on its connection."));
        }
        let offer = down.offer(&missing, restart);
        if all_in_use {
            self.log_of(id, Level::Warning, ALL_IN_USE);
        }
        let (Some(offer), Some(participant)) = (offer, self.participants.get_mut(&id)) else { return };
        participant.offer_id += 1;
        let offer_id = participant.offer_id;
        self.assign(id);
        let (edits, mid_to_track_id) = self.edits(id, Side::Down);
        let sdp = sdp::edit(&offer, &edits);
        self.learn_ufrag(id, Side::Down, &sdp);
        let offer = SessionDescription { r#type: "offer".into(), sdp, id: offer_id, mid_to_track_id };
        self.send(id, signal_response::Message::Offer(offer));
    }

    /// Routes first packets by the description's ICE user name; it changes when ICE restarts.
    fn learn_ufrag(&mut self, id: ParticipantId, side: Side, description: &str) {
        let Some(ufrag) = sdp::attribute(description, "ice-ufrag").map(str::to_string) else { return };
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        let old = std::mem::replace(&mut peer.ufrag, ufrag.clone());
        if old != ufrag {
            // The client goes by what it answered until it answers this; of several offers it can answer the last alone.
            if peer.pending.is_some() && peer.former_ufrag.is_none() {
                peer.former_ufrag = Some(old);
            } else {
                self.by_ufrag.remove(&old);
            }
        }
        self.by_ufrag.insert(ufrag, (id, side));
    }

    /// A participant broke the protocol: it is out, the others stay.
    pub(super) fn fail(&mut self, id: ParticipantId, why: String) {
        self.failed(id, why, leave_request::Action::Disconnect);
    }

    /// The way to a participant, or this server, failed: it is out, and asked to join anew.
    pub(super) fn lose(&mut self, id: ParticipantId, why: String) {
        self.failed(id, why, leave_request::Action::Reconnect);
    }

    fn failed(&mut self, id: ParticipantId, why: String, action: leave_request::Action) {
        self.counted.participants_failed += u64::from(self.participants.contains_key(&id));
        self.log(Level::Warning, format!("{} is removed: {why}", self.name(id)));
        self.dismiss(id, DisconnectReason::StateMismatch, action);
    }
}

/// Whether a track is sound or video.
fn kind_of(tracks: &BTreeMap<TrackId, Track>, track: TrackId) -> MediaKind {
    if tracks.get(&track).is_some_and(|t| t.video.is_some()) { MediaKind::Video } else { MediaKind::Audio }
}
