//! Offers and answers, and which section carries which track to whom.
//!
//! With one peer connection the client always offers. When sections for what it is to hear are missing, it is asked for
//! them (MediaSectionsRequirement); when there are free ones, it is asked to offer again, since only an answer can say
//! whose track a section carries. With two, this side offers on the second one, one offer at a time.

use super::peer::MAX_SECTIONS;
use super::track::{Track, TrackId};
use super::{Level, ParticipantId, RoomServer, Side, video};
use crate::signal::livekit::{
    DisconnectReason, MediaSectionsRequirement, SessionDescription, TrackType, TrackUnpublishedResponse, leave_request,
    signal_response,
};
use crate::signal::sdp::{self, Edit};
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

    /// Unpublishes the tracks whose sections do not send any more.
    fn end_tracks(&mut self, id: ParticipantId, lines: &[sdp::Section]) {
        let over = lines.iter().filter(|line| !line.sends || line.stopped);
        let gone: Vec<TrackId> = over.filter_map(|line| self.track_on(id, Mid::from(line.mid.as_str()))).collect();
        gone.into_iter().for_each(|track| self.unpublish(track));
    }

    /// The track that a client publishes on a section.
    fn track_on(&self, id: ParticipantId, mid: Mid) -> Option<TrackId> {
        self.own_track_where(id, |track| track.mid == Some(mid))
    }

    /// Finds out which tracks an offer brings.
    fn match_tracks(&mut self, id: ParticipantId, lines: &[sdp::Section]) -> Vec<TrackId> {
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
    fn published(&mut self, id: ParticipantId, tracks: &[TrackId]) {
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
    pub(super) fn offer_tracks(&mut self, id: ParticipantId, tracks: &[TrackId]) {
        let Some(participant) = self.participants.get(&id) else { return };
        for member in self.members(&participant.room.clone()).into_iter().filter(|m| *m != id) {
            if self.participants.get(&member).is_some_and(|p| p.auto_subscribe) {
                tracks.iter().for_each(|track| self.subscribe(member, *track));
                self.negotiate(member);
            }
        }
    }

    /// A track is over: for its publisher and for all who heard it.
    pub(super) fn unpublish(&mut self, track_id: TrackId) {
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

    /// Takes tracks off sections that the client does not receive on any more.
    fn release_unusable(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let lost: Vec<(TrackId, Mid)> = participant
            .receiving()
            .sections
            .iter_mut()
            .filter(|s| !s.usable)
            .filter_map(|s| Some((s.track.take()?, s.mid)))
            .collect();
        for (track, mid) in lost {
            self.close(track, id, mid);
            let want = self.participants.get_mut(&id).and_then(|p| p.wants.get_mut(&track));
            if let Some(want) = want {
                *want = None;
            }
        }
    }

    /// Gives free sections to tracks that wait for one. Returns the SSRCs that have others now, old and new: str0m wrote its answer before.
    fn assign(&mut self, id: ParticipantId) -> Vec<(u32, u32)> {
        let mut renewed = Vec::new();
        let Some(participant) = self.participants.get_mut(&id) else { return renewed };
        let waiting: Vec<TrackId> = participant.wants.iter().filter(|w| w.1.is_none()).map(|w| *w.0).collect();
        // What this side offers must differ from what is there, so with two connections every track has a new section.
        let reuse = participant.down.is_none();
        for track in waiting {
            let kind = kind_of(&self.tracks, track);
            let fits = |s: &&mut super::peer::Section| s.is_free(kind) && (reuse || s.last.is_none());
            let Some(section) = participant.receiving().sections.iter_mut().find(fits) else { continue };
            section.track = Some(track);
            let (mid, another) = (section.mid, section.last.is_some_and(|last| last != track));
            if another {
                renewed.extend(participant.receiving().renew(mid));
            }
            participant.wants.insert(track, Some(mid));
        }
        renewed
    }

    /// Opens the way for every subscription whose section the client now knows.
    fn open_assigned(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let ready: Vec<(TrackId, Mid)> = participant.wants.iter().filter_map(|(t, mid)| Some((*t, (*mid)?))).collect();
        ready.into_iter().for_each(|(track, mid)| self.open(track, id, mid));
    }

    /// How this side's description is to be rewritten, and which section carries which track.
    fn edits(&mut self, id: ParticipantId, side: Side) -> (BTreeMap<String, Edit>, BTreeMap<String, String>) {
        let (mut edits, mut carried) = (BTreeMap::new(), BTreeMap::new());
        let Some(participant) = self.participants.get_mut(&id) else { return (edits, carried) };
        let Some(peer) = participant.peer(side) else { return (edits, carried) };
        let mut shown = Vec::with_capacity(peer.sections.len());
        for section in &mut peer.sections {
            section.shown = section.track;
            section.last = section.track.or(section.last);
            shown.push((section.mid, section.track));
        }
        for (mid, track) in shown {
            let track = track.and_then(|t| self.tracks.get(&t));
            let named =
                track.and_then(|t| Some((self.participants.get(&t.publisher)?.sid.clone(), t.info.sid.clone())));
            if let Some((_, track_sid)) = &named {
                carried.insert(mid.to_string(), track_sid.clone());
            }
            let msid = named.map(|(publisher, track)| (format!("{publisher}|{track}"), track));
            edits.insert(mid.to_string(), Edit { msid, ..Default::default() });
        }
        let Some(participant) = self.participants.get(&id).filter(|_| side == Side::Main) else {
            return (edits, carried);
        };
        // What the client publishes: how it is to encode.
        for track in participant.tracks.iter().filter_map(|t| self.tracks.get(t)) {
            let Some(mid) = track.mid else { continue };
            let stereo = track.info.stereo.then_some("stereo=1;maxaveragebitrate=510000");
            let dtx = (!track.info.disable_dtx).then_some("usedtx=1");
            let opus = [stereo, dtx].into_iter().flatten().collect::<Vec<_>>().join(";");
            let order = track.video.as_ref().map(|video| video.order(&track.info));
            // The same section may carry somebody else's track the other way: Pion offers to hear where it speaks.
            let edit = edits.entry(mid.to_string()).or_default();
            (edit.opus, edit.no_red, edit.order) = (opus, track.info.disable_red, order);
        }
        (edits, carried)
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

impl super::peer::Section {
    /// A client that knows it by a name yet is told first that this track is over.
    fn is_free(&self, kind: MediaKind) -> bool {
        self.usable && self.track.is_none() && self.shown.is_none() && self.kind == kind
    }
}

/// Whether a track is sound or video.
fn kind_of(tracks: &BTreeMap<TrackId, Track>, track: TrackId) -> MediaKind {
    if tracks.get(&track).is_some_and(|t| t.video.is_some()) { MediaKind::Video } else { MediaKind::Audio }
}
