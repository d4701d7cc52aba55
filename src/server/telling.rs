//! What is told: the log, clients, and others of a participant or a room.

use super::{Level, Output, Participant, ParticipantId, RoomServer};
use crate::log::one_line;
use crate::signal::livekit::{
    ParticipantInfo, ParticipantUpdate, Room as RoomInfo, SignalResponse, TrackInfo, signal_response,
};
use prost::Message;

impl RoomServer {
    pub(super) fn log(&mut self, level: Level, text: impl AsRef<str>) {
        // Names and reasons in it are the clients' words.
        self.output.push_back(Output::Log { level, text: one_line(text.as_ref()) });
    }

    /// Logs what a client can do as often as it likes: the first eight times, then at 16, 32, …, since the log is not its to fill.
    pub(super) fn log_of(&mut self, id: ParticipantId, level: Level, what: impl AsRef<str>) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.lines += 1;
        let lines = participant.lines;
        if lines <= 8 {
            self.log(level, format!("{} {}", self.name(id), what.as_ref()));
        } else if lines.is_power_of_two() {
            self.log(level, format!("{} {} That makes {lines} such lines.", self.name(id), what.as_ref()));
        }
    }

    /// How log lines call a participant.
    pub(super) fn name(&self, id: ParticipantId) -> String {
        self.participants.get(&id).map_or_else(String::new, |p| format!("{} in {}", p.identity(), p.room))
    }

    pub(super) fn members(&self, room: &str) -> Vec<ParticipantId> {
        self.rooms.get(room).map(|r| r.members.clone()).unwrap_or_default()
    }

    pub(super) fn send(&mut self, to: ParticipantId, message: signal_response::Message) {
        if let Some(Ok(conn)) = self.participants.get(&to).map(|p| p.conn) {
            self.output.push_back(Output::Send { conn, bytes: encode(message) });
        }
    }

    /// Sends one message to several participants, encoded once.
    pub(super) fn send_all(&mut self, to: &[ParticipantId], message: signal_response::Message) {
        let bytes = encode(message);
        for id in to {
            if let Some(Ok(conn)) = self.participants.get(id).map(|p| p.conn) {
                self.output.push_back(Output::Send { conn, bytes: bytes.clone() });
            }
        }
    }

    /// The published tracks of a participant, as others are told.
    pub(super) fn track_infos(&self, id: ParticipantId) -> Vec<TrackInfo> {
        let tracks = self.participants.get(&id).map(|p| &p.tracks[..]).unwrap_or_default();
        tracks.iter().filter_map(|t| self.tracks.get(t)).filter(|t| t.mid.is_some()).map(|t| t.info.clone()).collect()
    }

    pub(super) fn participant_info(&self, id: ParticipantId) -> Option<ParticipantInfo> {
        let participant = self.participants.get(&id)?;
        let data_tracks = self.data_track_infos(participant);
        let info = participant.info(self.track_infos(id));
        Some(ParticipantInfo { is_publisher: info.is_publisher || !data_tracks.is_empty(), data_tracks, ..info })
    }

    /// Tells the room that a participant changed; of a hidden one only itself.
    pub(super) fn announce(&mut self, id: ParticipantId, also_self: bool) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.version += 1;
        let (hidden, room) = (participant.claims.video.hidden, participant.room.clone());
        let Some(info) = self.participant_info(id) else { return };
        let mut to = if hidden { vec![id] } else { self.members(&room) };
        to.retain(|m| also_self || *m != id);
        self.send_all(&to, signal_response::Message::Update(ParticipantUpdate { participants: vec![info] }));
    }

    pub(super) fn room_info(&self, name: &str) -> RoomInfo {
        let Some(room) = self.rooms.get(name) else { return RoomInfo::default() };
        let counts = |p: &Participant| p.is_visible() && !p.claims.is_dependent();
        let counts = |id: &&ParticipantId| self.participants.get(id).is_some_and(counts);
        let publishes = |id: &&ParticipantId| {
            self.participants.get(id).is_some_and(|p| !p.tracks.is_empty() || p.data_tracks.publishes())
        };
        let records = |id: &ParticipantId| self.participants.get(id).is_some_and(|p| p.claims.is_recorder());
        RoomInfo {
            sid: room.sid.clone(),
            name: name.to_string(),
            creation_time: room.created_ms / 1000,
            creation_time_ms: room.created_ms,
            num_participants: room.members.iter().filter(counts).count() as u32,
            num_publishers: room.members.iter().filter(publishes).count() as u32,
            empty_timeout: room.empty_timeout,
            departure_timeout: room.departure_timeout,
            max_participants: room.max_participants,
            metadata: room.metadata.clone(),
            active_recording: room.members.iter().any(records),
            ..Default::default()
        }
    }
}

pub(super) fn encode(message: signal_response::Message) -> Vec<u8> {
    SignalResponse { message: Some(message) }.encode_to_vec()
}
