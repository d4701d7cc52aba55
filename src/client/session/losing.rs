//! How a connection is lost: what else can take its place, or whether that is the end.

use super::resume::Signal;
use super::{Output, Phase, Session, SessionEvent, Side, leave_reason};
use crate::event::Reason;
use crate::signal::livekit as lk;
use std::time::Instant;

impl Session {
    /// Gives the connection up, to be made again from new sockets: the network is another one.
    pub fn drop_connection(&mut self) {
        let text = "the application asked for a new connection".to_string();
        match self.phase {
            Phase::Connected => {
                self.media_lost = true;
                self.lost(false, Reason::Requested, text);
            }
            Phase::Closing | Phase::Lost | Phase::Ended => {}
            // On its way in again, by a network that may be no more.
            _ => self.end(Reason::ConnectionLost, 0, text),
        }
    }

    /// What ended is not the end: another session is to take its place.
    pub(in crate::client) fn make_room(&mut self) {
        self.phase = Phase::Lost;
    }

    /// Ends a connection that was lost.
    pub(in crate::client) fn give_up(&mut self, reason: Reason, text: String) {
        self.end(reason, 0, text);
    }

    /// ICE has given up a side.
    pub(super) fn media_disconnected(&mut self, now: Instant, side: Side) {
        let connecting = self.phase == Phase::Connecting;
        if let Some(peer) = self.peer(side) {
            peer.linked = false;
            if peer.expects_another_way(now) && connecting {
                return;
            }
        }
        self.media_lost = true;
        match self.phase {
            // On the way back this is no news; the step's deadline judges.
            Phase::Connected if self.signal != Signal::Up => {}
            _ => self.lost(false, Reason::ConnectionLost, "the media connection was lost".into()),
        }
    }

    /// The server asks to leave, or to come back.
    pub(super) fn sent_away(&mut self, leave: &lk::LeaveRequest) {
        let reason = leave_reason(leave.reason());
        let text = format!("the server ended the session: {}", leave.reason().as_str_name());
        match leave.action() {
            lk::leave_request::Action::Resume => self.lost(false, reason, text),
            lk::leave_request::Action::Reconnect => self.lost(true, reason, text),
            // From servers older than actions.
            lk::leave_request::Action::Disconnect if leave.can_reconnect => self.lost(true, reason, text),
            lk::leave_request::Action::Disconnect => self.end(reason, 0, text),
        }
    }

    /// The connection is lost; `over`: only another session can take its place. Before the room was entered it is the end.
    pub(super) fn lost(&mut self, over: bool, reason: Reason, text: String) {
        let known = self.signal == Signal::Down && !over;
        if known || matches!(self.phase, Phase::Lost | Phase::Ended) {
            return;
        }
        if !self.entered {
            return self.end(reason, 0, text);
        }
        if over {
            self.leave_relays();
            self.phase = Phase::Lost;
        }
        self.signal = Signal::Down;
        self.step_deadline = None;
        self.output.push_back(Output::HangUp);
        self.event(SessionEvent::Lost { over, reason, text });
    }
}
