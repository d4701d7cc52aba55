//! How rooms begin and end.
//!
//! A room begins with a join, or is made by the room service. It waits for its first visitor `empty_timeout`, and when all have left
//! `departure_timeout` for the next one. Agents and those who record are no visitors: alone in a room they go with it.

use super::{Job, Level, ParticipantId, Room, RoomServer};
use crate::signal::json::{self, Described};
use crate::signal::livekit::DisconnectReason;
use crate::signal::service::{CreateRoomRequest, RoomConfiguration};
use crate::token::jwt::Claims;
use prost::Message;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a room waits for its first visitor, and for another one, seconds, unless it is told; as LiveKit's server does.
const EMPTY_TIMEOUT: u32 = 300;
const DEPARTURE_TIMEOUT: u32 = 20;

impl Room {
    /// Takes over what is said; 0 and "" say nothing.
    fn configure(&mut self, wanted: &CreateRoomRequest) {
        let set = |value: &mut u32, wanted: u32| *value = if wanted == 0 { *value } else { wanted };
        set(&mut self.empty_timeout, wanted.empty_timeout);
        set(&mut self.departure_timeout, wanted.departure_timeout);
        set(&mut self.max_participants, wanted.max_participants);
        if !wanted.metadata.is_empty() {
            self.metadata = wanted.metadata.clone();
        }
    }
}

impl RoomServer {
    /// Makes a room, which is empty.
    fn make_room(&mut self, name: &Arc<str>, wanted: CreateRoomRequest) {
        let mut room = Room {
            sid: self.rng.sid("RM_"),
            created_ms: self.unix_ms(),
            members: Vec::new(),
            speakers_at: None,
            measured_at: None,
            empty_timeout: EMPTY_TIMEOUT,
            departure_timeout: DEPARTURE_TIMEOUT,
            max_participants: 0,
            metadata: String::new(),
            waits_since: self.now,
            visited: false,
            close_at: None,
            nonces: Default::default(),
            ending: false,
        };
        room.configure(&wanted);
        self.rooms.insert(name.clone(), room);
        self.plan_end(name);
        self.tell_room("room_started", name);
    }

    /// Whether somebody may come into a room: who of the same identity leaves for it, or why not.
    pub(super) fn admits(&mut self, room: &str, claims: &Claims) -> Result<Option<ParticipantId>, &'static str> {
        if !self.rooms.contains_key(room) && !self.takes_room() {
            return Err("The server has as many rooms as it may; try another one.");
        }
        let same = |id: &ParticipantId| self.participants.get(id).is_some_and(|p| p.identity() == claims.sub);
        let members = self.members(room);
        let older = members.iter().copied().find(same);
        if older.is_none() && (members.len() >= self.config.limits.participants || self.is_full(room, claims)) {
            return Err("The room has as many participants as it may.");
        }
        Ok(older)
    }

    /// Whether there may be one room more. For it ends one that all have left, and that would end next.
    pub(super) fn takes_room(&mut self) -> bool {
        if self.rooms.len() < self.config.limits.rooms {
            return true;
        }
        let left = self.rooms.iter().filter(|(_, room)| room.visited && room.members.is_empty());
        let Some(name) = left.min_by_key(|(_, room)| room.close_at).map(|(name, _)| name.clone()) else { return false };
        self.close_room(&name, DisconnectReason::RoomClosed);
        true
    }

    /// Makes the room that somebody is about to come into, where it is not there.
    pub(super) fn open_room(&mut self, room: &Arc<str>, claims: &Claims) {
        if !self.rooms.contains_key(room) {
            let wanted = self.wanted_room(claims);
            self.make_room(room, wanted);
        }
    }

    /// What the room service asks for: a room that is there takes it over.
    pub(super) fn create_room(&mut self, name: &Arc<str>, wanted: CreateRoomRequest) {
        let Some(room) = self.rooms.get_mut(name) else { return self.make_room(name, wanted) };
        room.configure(&wanted);
        room.waits_since = self.now;
        self.plan_end(name);
        self.room_changed(name);
    }

    /// Somebody came into a room.
    pub(super) fn entered(&mut self, name: &Arc<str>, id: ParticipantId) {
        let dependent = self.participants.get(&id).is_some_and(|p| p.claims.is_dependent());
        self.rooms.get_mut(name).expect("made before").members.push(id);
        if !dependent {
            self.plan_end(name);
        }
    }

    /// What a token says of the room that its bearer would be the first in.
    fn wanted_room(&mut self, claims: &Claims) -> CreateRoomRequest {
        if claims.room_config.is_null() {
            return CreateRoomRequest::default();
        }
        let read = json::to_bytes(RoomConfiguration::FIELDS, &claims.room_config);
        match read.and_then(|bytes| RoomConfiguration::decode(&bytes[..]).map_err(|error| error.to_string())) {
            Ok(RoomConfiguration { empty_timeout, departure_timeout, max_participants, metadata }) => {
                CreateRoomRequest { empty_timeout, departure_timeout, max_participants, metadata, ..Default::default() }
            }
            Err(error) => {
                let text = format!("The roomConfig of {}'s token is passed over: {error}.", claims.sub);
                self.log(Level::Warning, text);
                CreateRoomRequest::default()
            }
        }
    }

    /// Whether a room takes nobody like this any more.
    fn is_full(&self, name: &str, claims: &Claims) -> bool {
        let Some(room) = self.rooms.get(name).filter(|room| room.max_participants > 0) else { return false };
        !claims.is_dependent() && self.visitors(room) >= room.max_participants as usize
    }

    /// How many are in a room for themselves.
    fn visitors(&self, room: &Room) -> usize {
        let visits = |id: &&ParticipantId| self.participants.get(id).is_some_and(|p| !p.claims.is_dependent());
        room.members.iter().filter(visits).count()
    }

    /// Says when a room ends, after somebody came or went.
    pub(super) fn plan_end(&mut self, name: &Arc<str>) {
        let kept = self.rooms.get(name).is_some_and(|room| self.visitors(room) > 0);
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.visited |= kept;
        room.close_at = None;
        if kept {
            return;
        }
        let (since, seconds) =
            if room.visited { (self.now, room.departure_timeout) } else { (room.waits_since, room.empty_timeout) };
        let at = since + Duration::from_secs(seconds.into());
        room.close_at = Some(at);
        self.at(at, Job::Close(name.clone()));
    }

    /// The time of a room that nobody keeps may be over.
    pub(super) fn close_if_empty(&mut self, name: &Arc<str>, at: Instant) {
        // An entry from before somebody came in, or before another time was set, is stale.
        if self.rooms.get(name).is_some_and(|room| room.close_at == Some(at)) {
            self.close_room(name, DisconnectReason::RoomClosed);
        }
    }

    /// Ends a room, and the stay of everyone in it.
    pub(super) fn close_room(&mut self, name: &Arc<str>, reason: DisconnectReason) {
        if let Some(room) = self.rooms.get_mut(name) {
            room.ending = true;
        }
        while let Some(id) = self.members(name).first().copied() {
            self.remove(id, reason);
        }
        let Some(info) = self.rooms.contains_key(name).then(|| self.room_info(name)) else { return };
        self.rooms.remove(name);
        self.log(Level::Info, format!("The room {name} ends."));
        self.tell_ended(info);
    }
}
