//! How rooms begin and end.
//!
//! A room that begins with a join ends with the last leave. One that the room service made, or that the first token asked
//! for times of its own, waits: for its first visitor `empty_timeout`, and for the next one `departure_timeout`.

use super::{Job, Level, ParticipantId, Room, RoomServer};
use crate::signal::json::{self, Described};
use crate::signal::livekit::DisconnectReason;
use crate::signal::service::{CreateRoomRequest, RoomConfiguration};
use crate::token::jwt::Claims;
use prost::Message;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a room that was made waits for its first visitor, and for another one, seconds; as LiveKit's server does.
const EMPTY_TIMEOUT: u32 = 300;
const DEPARTURE_TIMEOUT: u32 = 20;

impl Room {
    /// Somebody came in.
    pub(super) fn entered(&mut self, id: ParticipantId) {
        self.members.push(id);
        self.visited = true;
        self.close_at = None;
    }

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
    pub(super) fn make_room(&mut self, name: &Arc<str>, wanted: CreateRoomRequest) {
        let mut room = Room {
            sid: self.rng.sid("RM_"),
            created_ms: self.unix_ms(),
            members: Vec::new(),
            speakers_at: None,
            measured_at: None,
            empty_timeout: 0,
            departure_timeout: 0,
            max_participants: 0,
            metadata: String::new(),
            visited: false,
            close_at: None,
            ending: false,
        };
        room.configure(&wanted);
        self.rooms.insert(name.clone(), room);
        self.tell_room("room_started", name);
    }

    /// Whether somebody may come into a room: who of the same identity leaves for it, or why not.
    pub(super) fn admits(&self, room: &str, claims: &Claims) -> Result<Option<ParticipantId>, &'static str> {
        if !self.rooms.contains_key(room) && self.rooms.len() >= self.config.limits.rooms {
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

    /// Makes the room that somebody is about to come into, where it is not there.
    pub(super) fn open_room(&mut self, room: &Arc<str>, claims: &Claims) {
        if !self.rooms.contains_key(room) {
            let wanted = self.wanted_room(claims);
            self.make_room(room, wanted);
        }
    }

    /// What the room service asks for: a room that is there takes it over.
    pub(super) fn create_room(&mut self, name: &Arc<str>, mut wanted: CreateRoomRequest) {
        let times = self.rooms.get(name).map_or((0, 0), |room| (room.empty_timeout, room.departure_timeout));
        let or = |wanted: u32, there: u32, default: u32| [wanted, there, default].into_iter().find(|t| *t > 0);
        wanted.empty_timeout = or(wanted.empty_timeout, times.0, EMPTY_TIMEOUT).unwrap_or(0);
        wanted.departure_timeout = or(wanted.departure_timeout, times.1, DEPARTURE_TIMEOUT).unwrap_or(0);
        match self.rooms.get_mut(name) {
            Some(room) => {
                room.configure(&wanted);
                self.room_changed(name);
            }
            None => self.make_room(name, wanted),
        }
        if self.members(name).is_empty() {
            self.room_empty(name, true);
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

    /// Whether a room takes nobody like this any more. Who records, or is an agent, does not count.
    fn is_full(&self, name: &str, claims: &Claims) -> bool {
        let counts = |claims: &Claims| {
            !(claims.video.recorder || claims.video.agent || matches!(claims.kind.as_str(), "agent" | "egress"))
        };
        let Some(room) = self.rooms.get(name).filter(|room| room.max_participants > 0) else { return false };
        let there = room.members.iter().filter(|m| self.participants.get(m).is_some_and(|p| counts(&p.claims))).count();
        counts(claims) && there >= room.max_participants as usize
    }

    /// Nobody is in a room: it ends, now or when its time is over. `wait`: not now, in any case.
    pub(super) fn room_empty(&mut self, name: &Arc<str>, wait: bool) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let seconds = if room.visited { room.departure_timeout } else { room.empty_timeout };
        if seconds == 0 && !wait {
            return self.close_room(name, DisconnectReason::RoomClosed);
        }
        let at = self.now + Duration::from_secs(seconds.into());
        room.close_at = Some(at);
        self.at(at, Job::Close(name.clone()));
    }

    /// An empty room's time may be over.
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
