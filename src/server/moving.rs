//! A participant goes to another room, as the room service asks. Its connections stay, and so do its id and its tracks'.

use super::leaving::Past;
use super::{Level, ParticipantId, RoomServer};
use crate::signal::livekit::{
    DisconnectReason, ParticipantUpdate, RoomMovedResponse, participant_info, signal_response,
};
use std::sync::Arc;

/// The first protocol version whose clients know what it is to be moved; as LiveKit's server has it.
const MOVES: i32 = 16;

impl RoomServer {
    /// Takes a participant into another room, which is made where it is not there. An error says why not.
    pub(super) fn move_to(&mut self, id: ParticipantId, room: &Arc<str>) -> Result<(), &'static str> {
        let Some(participant) = self.participants.get(&id) else { return Ok(()) };
        if participant.client.protocol < MOVES {
            return Err("The participant's client is too old to be moved.");
        }
        if participant.claims.is_dependent() {
            return Err("Agents and those who record are not moved.");
        }
        if participant.access.is_some() {
            return Err(
                "The participant's AccessToken2 is for its own room only, and could not bring it back to the other.",
            );
        }
        let (from, claims) = (participant.room.clone(), participant.claims.clone());
        if let Some(older) = self.admits(room, &claims)? {
            self.log(Level::Info, format!("{} makes room for one who is moved there.", self.name(older)));
            self.remove(older, DisconnectReason::DuplicateIdentity);
        }
        self.log(Level::Info, format!("{} moves to {room}.", self.name(id)));
        self.open_room(room, &claims);
        self.leave_for(id);
        self.arrive(id, &from, room);
        Ok(())
    }

    /// The old room sees it leave, and it the others of the old room: not all clients do that by themselves.
    fn leave_for(&mut self, id: ParticipantId) {
        self.part(id);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.denied.clear();
        participant.version += 1;
        let (old, was) = (participant.room.clone(), participant.state);
        let mut farewell = participant.info(Vec::new());
        farewell.state = participant_info::State::Disconnected as i32;
        farewell.disconnect_reason = DisconnectReason::Migration as i32;
        let hidden = participant.claims.video.hidden;
        let others = self.members(&old).into_iter().filter(|other| *other != id);
        let others = others.filter_map(|other| self.participants.get(&other)).filter(|p| p.is_visible());
        let left = others.map(|p| {
            let mut info = p.info(Vec::new());
            info.state = participant_info::State::Disconnected as i32;
            info
        });
        let participants: Vec<_> = left.collect();
        if !participants.is_empty() {
            self.send(id, signal_response::Message::Update(ParticipantUpdate { participants }));
        }
        self.out_of_room(&old, id, farewell, Past { was, hidden });
    }

    fn arrive(&mut self, id: ParticipantId, from: &str, room: &Arc<str>) {
        let others = self.members(room);
        let (now, now_ms) = (self.now, self.unix_ms());
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.room = room.clone();
        participant.claims.video.room = room.to_string();
        participant.granted.room = room.to_string();
        participant.joined_ms = now_ms;
        participant.token_at = now;
        participant.version += 1;
        // What the old room was told of it, the new one does not know.
        participant.quality.told = None;
        for track in &participant.tracks {
            self.tracks.entry(*track).and_modify(|track| track.level = Default::default());
        }
        let (state, tracks) = (participant.state, participant.tracks.clone());
        self.entered(room, id);
        let seen = others.iter().filter(|other| self.participants.get(other).is_some_and(|p| p.is_visible()));
        let moved = RoomMovedResponse {
            room: Some(self.room_info(room)),
            token: self.fresh_token(id).unwrap_or_default(),
            participant: self.participant_info(id),
            other_participants: seen.filter_map(|other| self.participant_info(*other)).collect(),
        };
        self.send(id, signal_response::Message::RoomMoved(moved));
        self.announce(id, false);
        self.room_changed(room);
        if state == participant_info::State::Active {
            self.begin_measuring(room);
            self.tell_joined(id);
            self.tell_present(id, room);
        }
        tracks.iter().for_each(|track| self.tell_track("track_published", *track));
        self.move_data_tracks(id, from);
        self.subscribe_to_all(id, &others);
        self.contained(id, |server| server.negotiate(id));
        if self.participants.get(&id).is_some_and(|p| p.is_visible()) {
            self.offer_tracks(id, &tracks);
        }
    }
}
