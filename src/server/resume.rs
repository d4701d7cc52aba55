//! Resuming: a participant's next WebSocket.

use super::connect::server_info;
use super::leaving::leave;
use super::participant::Participant;
use super::{ConnId, Job, Level, Output, ParticipantId, RoomServer};
use crate::signal::livekit::{
    DisconnectReason, JoinRequest, ParticipantUpdate, ReconnectResponse, RoomUpdate, leave_request, signal_response,
};
use crate::token::pass::Pass;
use std::time::Duration;

/// How long a client that is to join anew may take to read so: livekit-client in Firefox sees the end of a WebSocket before what came
/// just before it, and then tries to resume for ever. Most close it themselves.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a client that resumes may take to offer by itself.
const OFFERS: Duration = Duration::from_secs(1);

impl RoomServer {
    pub(super) fn resume(&mut self, conn: ConnId, pass: &Pass, join: &JoinRequest) {
        let claims = &pass.claims;
        let members = self.members(&claims.video.room);
        // Everybody in a room knows the sids: whom a token for any user does not name, the same token must.
        let same_token = |p: &Participant| {
            let open = pass.access.as_ref().filter(|access| access.is_for_anyone());
            open.is_none_or(|open| p.access.as_ref().is_some_and(|own| own.signature == open.signature))
        };
        let same_user = |p: &Participant| p.identity() == claims.sub || claims.sub.is_empty();
        let same = |p: &Participant| p.sid == join.participant_sid && same_user(p) && same_token(p);
        let known = members.into_iter().find(|id| self.participants.get(id).is_some_and(same));
        let Some(participant) = known.and_then(|id| self.participants.get_mut(&id)) else {
            // Gone for too long, or the server was restarted: the client is to join anew.
            let leave = leave(DisconnectReason::StateMismatch, leave_request::Action::Reconnect);
            self.output.push_back(Output::Send { conn, bytes: super::telling::encode(leave) });
            self.at(self.now + FAREWELL, Job::HangUp(conn));
            return;
        };
        let (id, room, dual) = (participant.id, participant.room.clone(), participant.down.is_some());
        let last_message_seq = participant.data_sequence;
        let old = std::mem::replace(&mut participant.conn, Ok(conn));
        participant.last_heard = self.now;
        // What was asked for over the lost WebSocket may not have arrived. Most offer by themselves now, to restart ICE; and LiveKit's
        // Rust client takes the answer to one offer for that to another: it is not asked for a second one.
        participant.offer_due = Some(self.now + OFFERS);
        if let Ok(old) = old {
            self.conns.remove(&old);
            self.output.push_back(Output::Close { conn: old });
        }
        self.conns.insert(conn, id);
        if self.cuts_resume(id, conn, true) {
            return;
        }
        self.counted.resumes += 1;
        self.log(Level::Info, format!("{} resumes.", self.name(id)));
        let response = ReconnectResponse { server_info: Some(server_info()), last_message_seq, ..Default::default() };
        self.send(id, signal_response::Message::Reconnect(response));
        // Clients take whoever is missing here for gone.
        let visible = |m: &ParticipantId| *m == id || self.participants.get(m).is_some_and(|p| p.is_visible());
        let members: Vec<_> = self.members(&room).into_iter().filter(visible).collect();
        let participants = members.into_iter().filter_map(|m| self.participant_info(m)).collect();
        self.send(id, signal_response::Message::Update(ParticipantUpdate { participants }));
        let room = Some(self.room_info(&room));
        self.send(id, signal_response::Message::RoomUpdate(RoomUpdate { room }));
        self.remind_of_data_tracks(id);
        self.contained(id, |server| {
            if let Some(offer) = join.publisher_offer.clone() {
                server.offered(id, offer);
            }
            if dual {
                server.offer(id, true);
            }
            server.care_at(id, server.now + OFFERS);
        });
        self.cuts_resume(id, conn, false);
    }
}
