//! Who gets which data track, by what handle.

use super::super::subscribe::allows;
use super::{MAX_WANTS, ParticipantId, RoomServer, Want};
use crate::signal::livekit::{
    DataTrackSubscriberHandles, UpdateDataSubscription, data_track_subscriber_handles::PublishedDataTrack,
    signal_response::Message,
};
use std::sync::Arc;

impl RoomServer {
    /// A subscriber says which data tracks it wants, or not. The handles are told again in any case: what was told before a resume may
    /// not have arrived.
    pub(in super::super) fn update_data_subscription(&mut self, id: ParticipantId, update: &UpdateDataSubscription) {
        for update in update.updates.iter().take(MAX_WANTS) {
            let sid: Arc<str> = update.track_sid.as_str().into();
            if update.subscribe {
                self.want_data_track(id, &sid);
            } else {
                self.unwant_data_track(id, &sid);
            }
        }
        self.settle(id);
        self.tell_handles(id);
    }

    /// Someone comes who subscribes to whatever there is.
    pub(in super::super) fn want_all_data_tracks(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get(&id).filter(|p| p.data_tracks.auto_subscribe) else { return };
        let others = self.members(&participant.room);
        let visible = others.iter().filter_map(|o| self.participants.get(o)).filter(|p| p.is_visible());
        let sids: Vec<_> = visible.flat_map(|p| p.data_tracks.published.values().cloned()).collect();
        sids.into_iter().for_each(|sid| self.want_data_track(id, &sid));
        self.settle_data_tracks(id);
    }

    /// A participant's tracks are new in its room: those get them who subscribe to whatever there is.
    pub(super) fn offer_data_tracks(&mut self, id: ParticipantId, sids: &[Arc<str>]) {
        let Some(publisher) = self.participants.get(&id).filter(|p| p.is_visible()) else { return };
        for member in self.members(&publisher.room) {
            if self.participants.get(&member).is_some_and(|p| p.data_tracks.auto_subscribe) {
                sids.iter().for_each(|sid| self.want_data_track(member, sid));
                self.settle_data_tracks(member);
            }
        }
    }

    /// Notes a wish. A track of another room, or of its own, is nobody's.
    pub(super) fn want_data_track(&mut self, id: ParticipantId, sid: &Arc<str>) {
        let publisher = self.data_tracks.get(sid).map(|track| track.publisher).filter(|publisher| *publisher != id);
        let Some(room) = publisher.and_then(|p| self.participants.get(&p)).map(|p| p.room.clone()) else { return };
        let Some(participant) = self.participants.get_mut(&id).filter(|p| p.room == room) else { return };
        let wants = &mut participant.data_tracks.wants;
        if wants.len() < MAX_WANTS {
            wants.entry(sid.clone()).or_insert(Want::Waits);
        }
    }

    fn unwant_data_track(&mut self, id: ParticipantId, sid: &Arc<str>) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if participant.data_tracks.wants.remove(sid).is_some()
            && let Some(track) = self.data_tracks.get_mut(sid)
        {
            track.listeners.retain(|(listener, _)| *listener != id);
        }
    }

    pub(super) fn unwant_data_tracks(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get(&id) else { return };
        let wants: Vec<_> = participant.data_tracks.wants.keys().cloned().collect();
        wants.iter().for_each(|sid| self.unwant_data_track(id, sid));
    }

    /// Brings what a participant gets in line with what there is, what it wants and what it may, and tells it.
    pub(in super::super) fn settle_data_tracks(&mut self, id: ParticipantId) {
        if self.settle(id) {
            self.tell_handles(id);
        }
    }

    /// True: a handle came or went.
    fn settle(&mut self, id: ParticipantId) -> bool {
        let Some(participant) = self.participants.get(&id) else { return false };
        let wants: Vec<_> = participant.data_tracks.wants.iter().map(|(sid, want)| (sid.clone(), *want)).collect();
        let may_subscribe = participant.claims.video.may_subscribe();
        let mut changed = false;
        for (sid, before) in wants {
            let Some(subscriber) = self.participants.get(&id) else { return false };
            let publisher = self.data_tracks.get(&sid).and_then(|track| self.participants.get(&track.publisher));
            // Who is in another room by now is gone as well.
            let Some(publisher) = publisher.filter(|publisher| publisher.room == subscriber.room) else {
                self.unwant_data_track(id, &sid);
                changed |= matches!(before, Want::Gets(_));
                continue;
            };
            let allowed = allows(publisher.permission.as_deref(), subscriber, &sid);
            let publisher = publisher.sid.clone();
            let own = &mut self.participants.get_mut(&id).expect("looked up above").data_tracks;
            let after = match before {
                _ if !may_subscribe => Want::Waits,
                _ if !allowed => Want::Denied,
                Want::Gets(handle) => Want::Gets(handle),
                Want::Waits | Want::Denied => Want::Gets(own.next_handle()),
            };
            if after == before {
                continue;
            }
            own.wants.insert(sid.clone(), after);
            if let Some(track) = self.data_tracks.get_mut(&sid) {
                track.listeners.retain(|(listener, _)| *listener != id);
                if let Want::Gets(handle) = after {
                    track.listeners.push((id, handle));
                }
            }
            changed |= [before, after].iter().any(|want| matches!(want, Want::Gets(_)));
            match (before, after) {
                (_, Want::Denied) => self.send_permission(id, publisher, &sid, false),
                (Want::Denied, Want::Gets(_)) => self.send_permission(id, publisher, &sid, true),
                _ => {}
            }
        }
        changed
    }

    /// Tells a participant who resumed what it may have missed.
    pub(in super::super) fn remind_of_data_tracks(&mut self, id: ParticipantId) {
        if self.participants.get(&id).is_some_and(|p| !p.data_tracks.wants.is_empty()) {
            self.tell_handles(id);
        }
    }

    /// Tells a participant by which handles packets come to it.
    fn tell_handles(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get(&id) else { return };
        let described = |(sid, want): (&Arc<str>, &Want)| {
            let Want::Gets(handle) = want else { return None };
            let publisher = self.participants.get(&self.data_tracks.get(sid)?.publisher)?;
            let track = PublishedDataTrack {
                publisher_identity: publisher.identity().into(),
                publisher_sid: publisher.sid.clone(),
                track_sid: sid.to_string(),
            };
            Some((u32::from(*handle), track))
        };
        let sub_handles = participant.data_tracks.wants.iter().filter_map(described).collect();
        self.send(id, Message::DataTrackSubscriberHandles(DataTrackSubscriberHandles { sub_handles }));
    }
}
