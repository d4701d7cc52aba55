//! Who hears whom: what a subscriber asks, what a publisher allows.

use super::track::TrackId;
use super::{Level, Participant, ParticipantId, RoomServer};
use crate::signal::livekit::{
    SubscriptionError, SubscriptionPermission, SubscriptionPermissionUpdate, SubscriptionResponse, UpdateSubscription,
    UpdateTrackSettings, signal_response,
};

impl RoomServer {
    /// Notes that a participant is to hear a track, if it may; [`RoomServer::negotiate`] does the rest.
    pub(super) fn subscribe(&mut self, id: ParticipantId, track_id: TrackId) {
        let Some(track) = self.tracks.get(&track_id).filter(|t| t.mid.is_some() && t.publisher != id) else { return };
        let publisher = self.participants.get(&track.publisher);
        let allowed =
            |p: &super::Participant| publisher.is_some_and(|from| allows(from.permission.as_ref(), p, &track.info.sid));
        let Some(participant) = self.participants.get(&id).filter(|p| p.claims.video.may_subscribe()) else { return };
        let allowed = allowed(participant);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if allowed {
            participant.wants.entry(track_id).or_insert(None);
        } else if participant.denied.insert(track_id) {
            self.tell_permission(id, track_id, false);
        }
    }

    /// Ends a subscription; its section is free for another track.
    pub(super) fn unsubscribe(&mut self, id: ParticipantId, track: TrackId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.denied.remove(&track);
        participant.paused.remove(&track);
        participant.settings.remove(&track);
        if let Some(Some(mid)) = participant.wants.remove(&track) {
            self.close(track, id, mid);
            let section = self.participants.get_mut(&id).and_then(|p| p.receiving().section(mid));
            if let Some(section) = section {
                section.track = None;
            }
        }
    }

    /// A subscriber says what it wants to hear, or not.
    pub(super) fn update_subscription(&mut self, id: ParticipantId, update: &UpdateSubscription) {
        let Some(participant) = self.participants.get(&id) else { return };
        let room = participant.room.clone();
        if update.subscribe && !participant.claims.video.may_subscribe() {
            return self.log_of(id, Level::Warning, "may not subscribe.");
        }
        let asked = update.track_sids.iter().chain(update.participant_tracks.iter().flat_map(|p| &p.track_sids));
        for sid in asked.take(super::peer::MAX_SECTIONS) {
            let found = self.members(&room).into_iter().filter(|m| *m != id).find_map(|m| self.own_track(m, sid));
            match found {
                Some(track) if update.subscribe => self.subscribe(id, track),
                Some(track) => self.unsubscribe(id, track),
                None if update.subscribe => {
                    let err = SubscriptionError::SeTrackNotfound as i32;
                    let response = SubscriptionResponse { track_sid: sid.clone(), err };
                    self.send(id, signal_response::Message::SubscriptionResponse(response));
                }
                None => {}
            }
        }
        self.negotiate(id);
    }

    /// A subscriber pauses tracks that it stays subscribed to, or lets them run again, and says how it wants to see video.
    pub(super) fn track_settings(&mut self, id: ParticipantId, settings: &UpdateTrackSettings) {
        let Some(participant) = self.participants.get(&id) else { return };
        let named = |t: &TrackId| self.tracks.get(t).is_some_and(|t| settings.track_sids.contains(&t.info.sid));
        let tracks: Vec<_> = participant.wants.iter().map(|(t, mid)| (*t, *mid)).filter(|(t, _)| named(t)).collect();
        for (track, mid) in tracks {
            let Some(participant) = self.participants.get_mut(&id) else { return };
            let paused = match self.tracks.get(&track).filter(|t| t.video.is_some()) {
                Some(track) => super::video::wanted(settings, &track.info).is_none(),
                None => settings.disabled,
            };
            if paused {
                participant.paused.insert(track);
            } else {
                participant.paused.remove(&track);
            }
            participant.settings.insert(track, UpdateTrackSettings { track_sids: Vec::new(), ..settings.clone() });
            match mid {
                Some(mid) if paused => self.close(track, id, mid),
                Some(mid) => {
                    self.open(track, id, mid);
                    self.change_layer(track, id, settings);
                }
                None => {}
            }
        }
    }

    /// A publisher says who may hear its tracks.
    pub(super) fn set_permission(&mut self, id: ParticipantId, permission: SubscriptionPermission) {
        let Some(publisher) = self.participants.get_mut(&id) else { return };
        publisher.permission = Some(permission.clone());
        let (room, tracks) = (publisher.room.clone(), publisher.tracks.clone());
        for member in self.members(&room).into_iter().filter(|m| *m != id) {
            for track_id in &tracks {
                let Some(subscriber) = self.participants.get_mut(&member) else { continue };
                let Some(track) = self.tracks.get(track_id) else { continue };
                let allowed =
                    subscriber.claims.video.may_subscribe() && allows(Some(&permission), subscriber, &track.info.sid);
                if allowed && subscriber.denied.remove(track_id) {
                    subscriber.wants.insert(*track_id, None);
                    self.tell_permission(member, *track_id, true);
                } else if !allowed && subscriber.wants.contains_key(track_id) {
                    self.unsubscribe(member, *track_id);
                    self.participants.get_mut(&member).expect("seen above").denied.insert(*track_id);
                    self.tell_permission(member, *track_id, false);
                }
            }
            self.negotiate(member);
            self.settle_data_tracks(member);
        }
    }

    fn tell_permission(&mut self, to: ParticipantId, track: TrackId, allowed: bool) {
        let Some(track) = self.tracks.get(&track) else { return };
        let Some(publisher) = self.participants.get(&track.publisher) else { return };
        let (publisher, track) = (publisher.sid.clone(), track.info.sid.clone());
        self.send_permission(to, publisher, &track, allowed);
    }

    /// Tells a subscriber whether a publisher lets it have a track.
    pub(super) fn send_permission(&mut self, to: ParticipantId, participant_sid: String, track: &str, allowed: bool) {
        let update = SubscriptionPermissionUpdate { participant_sid, track_sid: track.into(), allowed };
        self.send(to, signal_response::Message::SubscriptionPermissionUpdate(update));
    }
}

/// Whether a publisher's permission lets somebody hear a track; without one, everybody. It does not bind those who record a room.
pub(super) fn allows(permission: Option<&SubscriptionPermission>, who: &Participant, track_sid: &str) -> bool {
    let Some(permission) = permission.filter(|p| !p.all_participants && !who.records()) else { return true };
    permission.track_permissions.iter().any(|p| {
        let named = p.participant_identity == who.identity() || p.participant_sid == who.sid;
        named && (p.all_tracks || p.track_sids.iter().any(|t| t == track_sid))
    })
}
