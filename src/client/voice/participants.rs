//! Who is in the room, as the server tells it.

use super::Voice;
use super::reconnect::RETURN;
use crate::client::session::left_reason;
use crate::client::user::{User, is_microphone};
use crate::event::{EventBody, Reason};
use crate::signal::livekit as lk;
use std::sync::Arc;
use std::time::Instant;

/// Remote users that a channel keeps; those who come after do not exist for it.
const MAX_USERS: usize = 10_000;

impl Voice {
    /// All who are in the room. Who was, and is not, has left, or is waited for.
    pub(super) fn everyone(&mut self, now: Instant, infos: Vec<lk::ParticipantInfo>, wait: Option<Instant>) {
        for index in (0..self.users.len()).rev() {
            let user = &mut self.users[index];
            if infos.iter().any(|info| *info.identity == *user.identity) {
                continue;
            }
            match wait {
                Some(until) => user.awaited_until = Some(until),
                None => self.user_left(now, index, Reason::None),
            }
        }
        infos.into_iter().for_each(|info| self.participant(now, info));
    }

    pub(super) fn user_left(&mut self, now: Instant, index: usize, reason: Reason) {
        let user = self.users.remove(index);
        let identity = user.identity.to_string();
        self.close(now, user);
        self.messages.user_left(now, &identity, &mut self.events);
        self.rpc.user_left(&identity, &mut self.events);
        Arc::make_mut(&mut self.people).left(&identity);
        self.events.push_back(EventBody::UserLeft { user: identity, reason });
    }

    /// Old news of a user who is here. Of one who was here before this session the server may have another clock.
    pub(super) fn is_old(&self, info: &lk::ParticipantInfo) -> bool {
        let mut here = self.users.iter().filter(|user| !user.voice.away && user.awaited_until.is_none());
        here.any(|user| *user.identity == *info.identity)
            && info.state() != lk::participant_info::State::Disconnected
            && self.people.is_old(info)
    }

    /// Someone else's state as the server tells it.
    pub(super) fn participant(&mut self, now: Instant, info: lk::ParticipantInfo) {
        let position = self.users.iter().position(|user| *user.identity == *info.identity);
        if info.state() == lk::participant_info::State::Disconnected {
            if let Some(position) = position.filter(|at| self.users[*at].sid == info.sid) {
                self.user_left(now, position, left_reason(&info));
            }
            return;
        }
        // Our own state comes too; nobody hears themselves.
        if let Some(may) = info.permission.as_ref().filter(|_| info.identity == self.identity) {
            self.changed |= self.may_send_data != may.can_publish_data;
            self.may_send_data = may.can_publish_data;
        }
        if info.identity == self.identity {
            self.changed |= Arc::make_mut(&mut self.people).tell(&info, &mut self.events);
            self.requests.seen(self.people.own());
            if !self.people.own().may_speak() {
                self.silenced = true;
            } else if std::mem::take(&mut self.silenced) {
                self.session.publish_again();
            }
            return;
        }
        if position.is_none() && self.users.len() >= MAX_USERS {
            return;
        }
        let index = position.unwrap_or_else(|| {
            self.events.push_back(EventBody::UserJoined { user: info.identity.clone() });
            self.users.push(User::new(&info, now, self.config.subscribe_all));
            self.users.len() - 1
        });
        self.changed |= Arc::make_mut(&mut self.people).tell(&info, &mut self.events);
        let user = &mut self.users[index];
        user.sid = info.sid.clone();
        user.awaited_until = None;
        // Without a track it is as it was: who comes back muted has none for a moment.
        let muted = user.voice.find(&info.tracks).map(|track| track.muted);
        if let Some(muted) = muted.filter(|muted| *muted != user.muted) {
            user.muted = muted;
            self.events.push_back(EventBody::UserMuted { user: info.identity.clone(), muted });
        }
        self.tracks_told(now, index, &info.tracks);
    }

    /// Takes over which tracks of a user there are.
    pub(super) fn tracks_told(&mut self, now: Instant, index: usize, tracks: &[lk::TrackInfo]) {
        for place in 0..self.users[index].ears().count() {
            self.track_told(now, index, place, tracks);
        }
        self.update_subscription(now, index);
    }

    /// Takes over which of them it is that an ear listens to, if it is there.
    fn track_told(&mut self, now: Instant, index: usize, place: usize, tracks: &[lk::TrackInfo]) {
        let user = &mut self.users[index];
        let found = user.ear(place).find(tracks);
        let track: Option<Arc<str>> = found.map(|track| track.sid.as_str().into());
        if track != user.ear(place).track {
            if user.ear(place).is_voice() {
                // The server says no more of a track that is gone.
                self.events.extend(user.speak(user.speaking && track.is_some(), 0.0));
            }
            let ear = user.ear(place);
            let back = ear.away && track.is_some();
            let before = std::mem::replace(&mut ear.track, track);
            ear.microphone = found.map_or(ear.microphone, is_microphone);
            ear.open = false;
            if std::mem::take(&mut ear.requested)
                && let Some(before) = before.filter(|before| tracks.iter().any(|track| *track.sid == **before))
                && !user.requests(&before)
            {
                // Another one is the voice now.
                self.session.subscribe(&user.sid, &before, false);
            }
            let ear = user.ear(place);
            if back {
                (ear.away, ear.track_until) = (false, None);
                let types = self.session.payload_types();
                if let Some(hearing) = &mut ear.hearing {
                    hearing.restart(types);
                }
            } else if !ear.away {
                self.end_hearing(index, place);
            }
        }
        let ear = self.users[index].ear(place);
        if ear.away {
            ear.track_until.get_or_insert(now + RETURN);
        }
    }
}
