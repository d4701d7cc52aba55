//! Leaving: the client is told, and so are the others.

use super::track::TrackId;
use super::{Level, Output, ParticipantId, RoomServer};
use crate::signal::livekit::{
    DisconnectReason, LeaveRequest, ParticipantInfo, ParticipantUpdate, leave_request, participant_info,
    signal_response,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// The first protocol version whose clients read what a Leave asks them to do.
const ACTIONS: i32 = 13;

/// How somebody was in a room that is left.
pub(super) struct Past {
    pub was: participant_info::State,
    pub hidden: bool,
}

impl RoomServer {
    /// Ends all participants' stays. Their clients try to come back, as long as they are patient.
    pub fn shutdown(&mut self, now: Instant) {
        self.advance(now);
        self.closing = true;
        while let Some(name) = self.rooms.keys().next().cloned() {
            self.close_room(&name, DisconnectReason::ServerShutdown);
        }
    }

    /// Ends a participant's stay, whatever the reason: the client is told, and so are the others.
    pub(super) fn remove(&mut self, id: ParticipantId, reason: DisconnectReason) {
        let Some(participant) = self.participants.get(&id) else { return };
        let action = match reason {
            DisconnectReason::MediaFailure => leave_request::Action::Reconnect,
            // Another server may be there in a moment, or this one again.
            DisconnectReason::ServerShutdown if self.closing && participant.client.protocol >= ACTIONS => {
                leave_request::Action::Reconnect
            }
            _ => leave_request::Action::Disconnect,
        };
        self.dismiss(id, reason, action);
    }

    /// The same, where the reason does not say what the client is to do.
    pub(super) fn dismiss(&mut self, id: ParticipantId, reason: DisconnectReason, action: leave_request::Action) {
        self.log(Level::Info, format!("{} is gone: {}.", self.name(id), reason.as_str_name()));
        self.leave_data_tracks(id);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let room = participant.room.clone();
        let was = std::mem::replace(&mut participant.state, participant_info::State::Disconnected);
        participant.version += 1;
        let mut farewell = participant.info(Vec::new());
        farewell.disconnect_reason = reason as i32;
        let hidden = participant.claims.video.hidden;
        for track in self.part(id) {
            self.tracks.remove(&track);
        }
        if !is_clients_own(reason) {
            self.send(id, leave(reason, action));
        }
        // A peer connection that met a fault may meet it again.
        let _ = catch_unwind(AssertUnwindSafe(|| self.say_goodbye(id)));
        self.end_calls(id);
        let Some(participant) = self.participants.remove(&id) else { return };
        for peer in [Some(&participant.main), participant.down.as_ref()].into_iter().flatten() {
            for ufrag in std::iter::once(&peer.ufrag).chain(&peer.former_ufrag) {
                self.by_ufrag.remove(ufrag);
            }
            peer.addresses.iter().for_each(|address| self.forget(*address, id));
        }
        if let Ok(conn) = participant.conn {
            self.conns.remove(&conn);
            self.output.push_back(Output::Close { conn });
        }
        self.out_of_room(&room, id, farewell, Past { was, hidden });
    }

    /// Ends what a participant hears of its room, and its room of it. Gives back what it published.
    pub(super) fn part(&mut self, id: ParticipantId) -> Vec<TrackId> {
        let Some(participant) = self.participants.get(&id) else { return Vec::new() };
        let (room, published) = (participant.room.clone(), participant.tracks.clone());
        // Without a listener's ear in it, nothing is forwarded here any more.
        let wants: Vec<_> = participant.wants.keys().copied().collect();
        wants.into_iter().for_each(|track| self.unsubscribe(id, track));
        for track in &published {
            self.members(&room).into_iter().for_each(|member| self.unsubscribe(member, *track));
            self.tell_track("track_unpublished", *track);
        }
        published
    }

    /// A room is without somebody, and the others are told.
    pub(super) fn out_of_room(&mut self, room: &Arc<str>, id: ParticipantId, farewell: ParticipantInfo, past: Past) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        found.members.retain(|m| *m != id);
        let ending = found.ending;
        self.tell_left(room, &farewell, past.was);
        if ending {
            // All of them go, and perhaps come back where they find each other: nobody has left for anybody. In a room of many, news
            // of each for each would fill the queues of WebSockets before the last ones' own Leave.
            return;
        }
        self.plan_end(room);
        if !past.hidden {
            let members = self.members(room);
            let update = ParticipantUpdate { participants: vec![farewell] };
            self.send_all(&members, signal_response::Message::Update(update));
        }
        self.room_changed(room);
    }

    /// Closes the peer connections in order, so that the other side need not wait for a timeout.
    fn say_goodbye(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        for peer in [Some(&mut participant.main), participant.down.as_mut()].into_iter().flatten() {
            if peer.rtc.close().is_err() {
                continue;
            }
            while let Ok(output) = peer.rtc.poll_output() {
                match output {
                    str0m::Output::Transmit(t) => {
                        let (protocol, to) = (t.proto, t.destination);
                        self.output.push_back(Output::Transmit { protocol, to, bytes: t.contents.into() })
                    }
                    str0m::Output::Event(_) => {}
                    str0m::Output::Timeout(_) => break,
                }
            }
        }
    }
}

/// Whether a client says so of its own leave, which needs no answer.
pub(super) fn is_clients_own(reason: DisconnectReason) -> bool {
    use DisconnectReason::{AgentError, ClientInitiated, UserRejected, UserUnavailable};
    matches!(reason, ClientInitiated | UserUnavailable | UserRejected | AgentError)
}

pub(super) fn leave(reason: DisconnectReason, action: leave_request::Action) -> signal_response::Message {
    signal_response::Message::Leave(LeaveRequest {
        can_reconnect: action != leave_request::Action::Disconnect,
        reason: reason as i32,
        action: action as i32,
        regions: None,
    })
}
