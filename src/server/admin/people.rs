//! The room service's methods for participants.

use super::{Answer, Code, fault, forbidden, needs_admin};
use crate::server::participant::source_name;
use crate::server::{ParticipantId, RoomServer, permit};
use crate::signal::livekit::{
    DisconnectReason, MuteTrackRequest, ParticipantInfo, ParticipantPermission, ParticipantUpdate, UpdateSubscription,
    participant_info, signal_response,
};
use crate::signal::service::{
    DestinationRequest, EmptyResponse, ListParticipantsResponse, MuteRoomTrackRequest, MuteRoomTrackResponse,
    RoomParticipantIdentity, RoomRequest, UpdateParticipantRequest, UpdateSubscriptionsRequest,
};
use crate::token::jwt::VideoGrant;

impl RoomServer {
    /// Everyone, also who is hidden.
    pub(super) fn service_list_participants(
        &mut self,
        request: RoomRequest,
        grant: &VideoGrant,
    ) -> Answer<ListParticipantsResponse> {
        needs_admin(grant, &request.room)?;
        let members = self.members(&request.room);
        Ok(ListParticipantsResponse {
            participants: members.into_iter().filter_map(|m| self.participant_info(m)).collect(),
        })
    }

    pub(super) fn service_get_participant(
        &mut self,
        request: RoomParticipantIdentity,
        grant: &VideoGrant,
    ) -> Answer<ParticipantInfo> {
        needs_admin(grant, &request.room)?;
        let id = self.find(&request.room, &request.identity)?;
        Ok(self.participant_info(id).unwrap_or_default())
    }

    pub(super) fn service_remove_participant(
        &mut self,
        request: RoomParticipantIdentity,
        grant: &VideoGrant,
    ) -> Answer<EmptyResponse> {
        needs_admin(grant, &request.room)?;
        let id = self.find(&request.room, &request.identity)?;
        self.remove(id, DisconnectReason::ParticipantRemoved);
        Ok(EmptyResponse {})
    }

    /// Mutes for everyone: the publisher is told, and nothing of it is forwarded until the publisher unmutes.
    pub(super) fn service_mute(
        &mut self,
        request: MuteRoomTrackRequest,
        grant: &VideoGrant,
    ) -> Answer<MuteRoomTrackResponse> {
        needs_admin(grant, &request.room)?;
        let id = self.find(&request.room, &request.identity)?;
        if !request.muted && !self.options.remote_unmute {
            return Err(fault(Code::FailedPrecondition, "remote unmute not enabled"));
        }
        let own = self.own_track(id, &request.track_sid);
        let Some(track) = own.and_then(|t| self.tracks.get_mut(&t)) else {
            return Err(fault(Code::NotFound, "track is not found"));
        };
        track.silenced = request.muted;
        let changed = track.set_muted(request.muted);
        let info = track.info.clone();
        if changed {
            let mute = MuteTrackRequest { sid: request.track_sid, muted: request.muted };
            self.send(id, signal_response::Message::Mute(mute));
            self.announce(id, true);
        }
        Ok(MuteRoomTrackResponse { track: Some(info) })
    }

    pub(super) fn service_update_participant(
        &mut self,
        request: UpdateParticipantRequest,
        grant: &VideoGrant,
    ) -> Answer<ParticipantInfo> {
        needs_admin(grant, &request.room)?;
        let id = self.find(&request.room, &request.identity)?;
        if let Some(participant) = self.participants.get_mut(&id) {
            let described = participant.describe(&request.name, &request.metadata, &request.attributes);
            described.map_err(|text| fault(Code::InvalidArgument, text))?;
        }
        match request.permission {
            Some(permission) => self.set_permissions(id, &permission),
            None => self.announce(id, true),
        }
        // A JWT of its own, with what it may now: with this one it comes back.
        if self.participants.get(&id).is_some_and(|p| p.access.is_none()) {
            self.send_token(id);
        }
        Ok(self.participant_info(id).unwrap_or_default())
    }

    fn set_permissions(&mut self, id: ParticipantId, permission: &ParticipantPermission) {
        let Some(participant) = self.participants.get(&id) else { return };
        let (before, room) = (&participant.claims.video, participant.room.clone());
        let grant = VideoGrant {
            can_publish: Some(permission.can_publish),
            can_publish_data: Some(permission.can_publish_data),
            can_publish_sources: permission.can_publish_sources.iter().map(|s| source_name(*s).into()).collect(),
            can_subscribe: Some(permission.can_subscribe),
            can_update_own_metadata: Some(permission.can_update_metadata),
            can_subscribe_metrics: Some(permission.can_subscribe_metrics),
            can_manage_agent_session: Some(permission.can_manage_agent_session),
            hidden: permission.hidden,
            recorder: permission.recorder,
            agent: permission.agent,
            ..before.clone()
        };
        let was_hidden = before.hidden;
        if permission.hidden && !was_hidden {
            self.vanish(id);
        }
        for track_id in self.participants.get(&id).map(|p| p.tracks.clone()).unwrap_or_default() {
            let source = self.tracks.get(&track_id).map(|track| source_name(track.info.source));
            if source.is_some_and(|source| !grant.may_publish_source(source)) {
                self.unpublish(track_id);
            }
        }
        self.permit(id, grant);
        if was_hidden && !permission.hidden {
            let tracks = self.participants.get(&id).map(|p| p.tracks.clone()).unwrap_or_default();
            self.offer_tracks(id, &tracks);
        }
        self.room_changed(&room);
    }

    /// For the others a participant leaves, which stays in fact.
    fn vanish(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.version += 1;
        let (room, tracks) = (participant.room.clone(), participant.tracks.clone());
        let mut info = participant.info(Vec::new());
        info.state = participant_info::State::Disconnected as i32;
        let others: Vec<_> = self.members(&room).into_iter().filter(|m| *m != id).collect();
        for track in tracks {
            others.iter().for_each(|other| self.unsubscribe(*other, track));
        }
        self.send_all(&others, signal_response::Message::Update(ParticipantUpdate { participants: vec![info] }));
    }

    pub(super) fn service_subscriptions(
        &mut self,
        request: UpdateSubscriptionsRequest,
        grant: &VideoGrant,
    ) -> Answer<EmptyResponse> {
        needs_admin(grant, &request.room)?;
        let id = self.find(&request.room, &request.identity)?;
        let UpdateSubscriptionsRequest { track_sids, subscribe, participant_tracks, .. } = request;
        self.update_subscription(id, &UpdateSubscription { track_sids, subscribe, participant_tracks });
        if !subscribe {
            self.retell(id);
        }
        Ok(EmptyResponse {})
    }

    pub(super) fn service_forward(&mut self, request: DestinationRequest, grant: &VideoGrant) -> Answer<EmptyResponse> {
        needs_destination(grant, &request)?;
        Err(fault(
            Code::Unimplemented,
            "Participants are not forwarded here: a participant of this server is in one room.",
        ))
    }

    pub(super) fn service_move(&mut self, request: DestinationRequest, grant: &VideoGrant) -> Answer<EmptyResponse> {
        needs_destination(grant, &request)?;
        if request.destination_room.is_empty() || request.destination_room.len() > permit::MAX_NAME {
            return Err(fault(Code::InvalidArgument, "A room's name has 1 to 256 bytes."));
        }
        let id = self.find(&request.room, &request.identity)?;
        self.move_to(id, &request.destination_room.as_str().into())
            .map_err(|text| fault(Code::FailedPrecondition, text))?;
        Ok(EmptyResponse {})
    }
}

/// May send participants of one room to another.
fn needs_destination(grant: &VideoGrant, request: &DestinationRequest) -> Answer<()> {
    needs_admin(grant, &request.room)?;
    if grant.destination_room != request.destination_room {
        return Err(forbidden("the token is not for that destination (destinationRoom)."));
    }
    if request.room == request.destination_room {
        return Err(fault(Code::InvalidArgument, "destination room cannot be the same as source room"));
    }
    Ok(())
}
