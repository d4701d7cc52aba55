//! Who hears whom: what a subscriber asks, what a publisher allows.

use super::track::TrackId;
use super::{Level, Participant, ParticipantId, RoomServer};
use crate::signal::livekit::{
    SubscriptionError, SubscriptionPermission, SubscriptionPermissionUpdate, SubscriptionResponse, UpdateSubscription,
    UpdateTrackSettings, signal_response,
};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Who may hear a publisher's tracks, as it said last. It may have said a lot, and it is asked of for each track and each listener.
// Only ever looked up, never walked: their order reaches nothing.
#[derive(Default)]
pub struct Permission {
    everybody: bool,
    by_identity: HashMap<String, Allowed>,
    by_sid: HashMap<String, Allowed>,
}

/// What one may hear.
#[derive(Default)]
struct Allowed {
    everything: bool,
    tracks: HashSet<String>,
}

impl From<SubscriptionPermission> for Permission {
    fn from(said: SubscriptionPermission) -> Permission {
        let mut permission = Permission { everybody: said.all_participants, ..Default::default() };
        for said in said.track_permissions {
            let by_identity = (&mut permission.by_identity, said.participant_identity);
            for (names, name) in [by_identity, (&mut permission.by_sid, said.participant_sid)] {
                if !name.is_empty() {
                    let allowed = names.entry(name).or_default();
                    allowed.everything |= said.all_tracks;
                    allowed.tracks.extend(said.track_sids.iter().cloned());
                }
            }
        }
        permission
    }
}

impl RoomServer {
    /// Notes that a participant is to hear a track, now or once it may; [`RoomServer::negotiate`] does the rest.
    pub(super) fn subscribe(&mut self, id: ParticipantId, track_id: TrackId) {
        let Some(track) = self.tracks.get(&track_id).filter(|t| t.mid.is_some() && t.publisher != id) else { return };
        let publisher = self.participants.get(&track.publisher);
        let allowed =
            |p: &Participant| publisher.is_some_and(|from| allows(from.permission.as_deref(), p, &track.info.sid));
        let Some(participant) = self.participants.get(&id) else { return };
        let (may, allowed) = (participant.claims.video.may_subscribe(), allowed(participant));
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if may && allowed {
            participant.wants.entry(track_id).or_insert(None);
        } else if participant.denied.insert(track_id) && may {
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
            self.log_of(id, Level::Warning, "may not subscribe.");
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
    pub(super) fn track_settings(&mut self, id: ParticipantId, mut settings: UpdateTrackSettings) {
        let Some(participant) = self.participants.get(&id) else { return };
        let sids: HashSet<String> = std::mem::take(&mut settings.track_sids).into_iter().collect();
        let named = |t: &TrackId| self.tracks.get(t).is_some_and(|t| sids.contains(&t.info.sid));
        let tracks: Vec<_> = participant.wants.iter().map(|(t, mid)| (*t, *mid)).filter(|(t, _)| named(t)).collect();
        for (track, mid) in tracks {
            let Some(participant) = self.participants.get_mut(&id) else { return };
            let paused = match self.tracks.get(&track).filter(|t| t.video.is_some()) {
                Some(track) => super::video::wanted(&settings, &track.info).is_none(),
                None => settings.disabled,
            };
            if paused {
                participant.paused.insert(track);
            } else {
                participant.paused.remove(&track);
            }
            participant.settings.insert(track, settings.clone());
            match mid {
                Some(mid) if paused => self.close(track, id, mid),
                Some(mid) => {
                    self.open(track, id, mid);
                    self.change_layer(track, id, &settings);
                }
                None => {}
            }
        }
    }

    /// A publisher says who may hear its tracks.
    pub(super) fn set_permission(&mut self, id: ParticipantId, permission: SubscriptionPermission) {
        let Some(publisher) = self.participants.get_mut(&id) else { return };
        let permission = Arc::new(Permission::from(permission));
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
pub(super) fn allows(permission: Option<&Permission>, who: &Participant, track_sid: &str) -> bool {
    let Some(permission) = permission.filter(|p| !p.everybody && !who.claims.is_recorder()) else { return true };
    let named = [permission.by_identity.get(who.identity()), permission.by_sid.get(&who.sid)];
    named.into_iter().flatten().any(|allowed| allowed.everything || allowed.tracks.contains(track_sid))
}
