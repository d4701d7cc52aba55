//! Data tracks begin and end.

use super::{DataTrack, ParticipantId, RoomServer};
use crate::signal::livekit::{
    DataTrackInfo, DisconnectReason, PublishDataTrackRequest, PublishDataTrackResponse, SyncState,
    UnpublishDataTrackRequest, UnpublishDataTrackResponse, leave_request, request_response, signal_response::Message,
};
use std::sync::Arc;

/// A track's name, bytes; LiveKit allows as much.
const MAX_NAME: usize = 256;
/// How a track's frames are encoded, and by which schema, bytes: LiveKit allows an encoding of 32 bytes and a schema's name of 256.
const MAX_ENCODING: usize = 64;
const MAX_SCHEMA: usize = 512;

impl RoomServer {
    pub(in super::super) fn publish_data_track(&mut self, id: ParticipantId, request: PublishDataTrackRequest) {
        use request_response::{Reason, Request};
        let Some(participant) = self.participants.get(&id) else { return };
        let own = &participant.data_tracks.published;
        let handle = u16::try_from(request.pub_handle).unwrap_or(0);
        let is_named = |sid: &Arc<str>| self.data_tracks.get(sid).is_some_and(|t| t.info.name == request.name);
        let long = |field: &Option<Vec<u8>>, most: usize| field.as_ref().is_some_and(|bytes| bytes.len() > most);
        let (reason, text) = if !participant.claims.video.may_publish_data() {
            (Reason::NotAllowed, "The token does not allow to publish data.")
        } else if handle == 0 {
            (Reason::InvalidHandle, "A data track's handle is from 1 to 65535.")
        } else if request.name.is_empty() || request.name.len() > MAX_NAME {
            (Reason::InvalidName, "A data track's name has from 1 to 256 bytes.")
        } else if long(&request.frame_encoding, MAX_ENCODING) || long(&request.schema, MAX_SCHEMA) {
            (Reason::InvalidRequest, "The name of the encoding or of the schema is too long.")
        } else if own.contains_key(&handle) {
            (Reason::DuplicateHandle, "The participant has a data track with this handle.")
        } else if own.values().any(is_named) {
            (Reason::DuplicateName, "The participant has a data track with this name.")
        } else if own.len() >= self.config.limits.tracks {
            (Reason::LimitExceeded, "The participant has as many data tracks as it may.")
        } else {
            (Reason::Ok, "")
        };
        if reason != Reason::Ok {
            return self.refuse(id, 0, reason, text, Request::PublishDataTrack(request));
        }
        let sid: Arc<str> = self.rng.sid("DTR_").into();
        let info = DataTrackInfo {
            pub_handle: request.pub_handle,
            sid: sid.to_string(),
            name: request.name,
            encryption: request.encryption,
            frame_encoding: request.frame_encoding,
            schema: request.schema,
        };
        let track = DataTrack { publisher: id, info: info.clone(), listeners: Vec::new() };
        self.data_tracks.insert(sid.clone(), track);
        let participant = self.participants.get_mut(&id).expect("looked up above");
        participant.data_tracks.published.insert(handle, sid.clone());
        self.send(id, Message::PublishDataTrackResponse(PublishDataTrackResponse { info: Some(info) }));
        self.announce(id, true);
        self.offer_data_tracks(id, &[sid]);
    }

    pub(in super::super) fn unpublish_data_track(&mut self, id: ParticipantId, request: UnpublishDataTrackRequest) {
        let own = u16::try_from(request.pub_handle).ok();
        if !own.is_some_and(|handle| self.end_data_track(id, handle, true)) {
            let text = "No data track of this participant has this handle.";
            let request = request_response::Request::UnpublishDataTrack(request);
            return self.refuse(id, 0, request_response::Reason::NotFound, text, request);
        }
        self.announce(id, true);
    }

    /// A track is there no more. `tell`: its publisher is told. False: there was none.
    fn end_data_track(&mut self, id: ParticipantId, handle: u16, tell: bool) -> bool {
        let Some(participant) = self.participants.get_mut(&id) else { return false };
        let Some(sid) = participant.data_tracks.published.remove(&handle) else { return false };
        let room = participant.room.clone();
        let info = self.data_tracks.remove(&sid).map(|track| track.info);
        if tell {
            self.send(id, Message::UnpublishDataTrackResponse(UnpublishDataTrackResponse { info }));
        }
        // Who is in a room that ends is told that alone.
        if self.rooms.get(&room).is_some_and(|room| !room.ending) {
            self.members(&room).into_iter().for_each(|member| self.settle_data_tracks(member));
        }
        true
    }

    fn end_data_tracks(&mut self, id: ParticipantId, tell: bool) {
        let Some(participant) = self.participants.get(&id) else { return };
        let own: Vec<u16> = participant.data_tracks.published.keys().copied().collect();
        own.into_iter().for_each(|handle| {
            self.end_data_track(id, handle, tell);
        });
    }

    /// A participant's permissions are others now. Tracks that it may not publish any more end.
    pub(in super::super) fn permit_data_tracks(&mut self, id: ParticipantId) {
        if self.participants.get(&id).is_some_and(|p| !p.claims.video.may_publish_data()) {
            self.end_data_tracks(id, true);
        }
        self.settle_data_tracks(id);
    }

    /// A participant went from another room to its present one, and its tracks with it.
    pub(in super::super) fn move_data_tracks(&mut self, id: ParticipantId, from: &str) {
        self.members(from).into_iter().for_each(|member| self.settle_data_tracks(member));
        self.settle_data_tracks(id);
        self.want_all_data_tracks(id);
        let Some(participant) = self.participants.get(&id) else { return };
        let own: Vec<_> = participant.data_tracks.published.values().cloned().collect();
        self.offer_data_tracks(id, &own);
    }

    /// A participant leaves.
    pub(in super::super) fn leave_data_tracks(&mut self, id: ParticipantId) {
        self.end_data_tracks(id, false);
        self.unwant_data_tracks(id);
    }

    /// What a client that resumed takes for published and subscribed. One that takes a track for published that is not has to join
    /// anew, as with LiveKit's server. False: it was told so.
    pub(in super::super) fn sync_data_tracks(&mut self, id: ParticipantId, state: &SyncState) -> bool {
        let Some(participant) = self.participants.get(&id) else { return false };
        let known = |sid: &str| participant.data_tracks.published.values().any(|own| **own == *sid);
        let told = state.publish_data_tracks.iter();
        if !told.map(|track| track.info.as_ref()).all(|info| info.is_some_and(|info| known(&info.sid))) {
            self.forsake(id, DisconnectReason::StateMismatch, Some(leave_request::Action::Reconnect));
            return false;
        }
        if let Some(update) = &state.data_subscription {
            self.update_data_subscription(id, update);
        }
        true
    }
}
