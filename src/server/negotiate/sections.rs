//! Which section carries which track, and what a description says of it.

use super::kind_of;
use crate::server::peer::Section;
use crate::server::track::TrackId;
use crate::server::{ParticipantId, RoomServer, Side};
use crate::signal::sdp::Edit;
use std::collections::BTreeMap;
use str0m::media::{MediaKind, Mid};

impl RoomServer {
    /// Takes tracks off sections that the client does not receive on any more.
    pub(super) fn release_unusable(&mut self, id: ParticipantId) {
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
    pub(super) fn assign(&mut self, id: ParticipantId) -> Vec<(u32, u32)> {
        let mut renewed = Vec::new();
        let Some(participant) = self.participants.get_mut(&id) else { return renewed };
        let waiting: Vec<TrackId> = participant.wants.iter().filter(|w| w.1.is_none()).map(|w| *w.0).collect();
        // What this side offers must differ from what is there, so with two connections every track has a new section.
        let reuse = participant.down.is_none();
        for track in waiting {
            let kind = kind_of(&self.tracks, track);
            let fits = |s: &&mut Section| s.is_free(kind) && (reuse || s.last.is_none());
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
    pub(super) fn open_assigned(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let ready: Vec<(TrackId, Mid)> = participant.wants.iter().filter_map(|(t, mid)| Some((*t, (*mid)?))).collect();
        ready.into_iter().for_each(|(track, mid)| self.open(track, id, mid));
    }

    /// How this side's description is to be rewritten, and which section carries which track.
    pub(super) fn edits(
        &mut self,
        id: ParticipantId,
        side: Side,
    ) -> (BTreeMap<String, Edit>, BTreeMap<String, String>) {
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
}

impl Section {
    /// A client that knows it by a name yet is told first that this track is over.
    pub(super) fn is_free(&self, kind: MediaKind) -> bool {
        self.usable && self.track.is_none() && self.shown.is_none() && self.kind == kind
    }
}
