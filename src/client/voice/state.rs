//! The connection's state, its end, and what else can be looked at.

use super::Voice;
use crate::client::people::People;
use crate::event::{ConnectionState, EventBody, Reason, SubscribeState};
use crate::{Error, Status};
use std::sync::Arc;
use std::time::Instant;

impl Voice {
    /// The connection's state.
    pub fn state(&self) -> ConnectionState {
        self.state
    }

    /// Why the state is what it is: OK, or the error that ended the connection.
    pub fn why(&self) -> &Error {
        &self.why
    }

    /// The connection is over for good.
    pub fn is_over(&self) -> bool {
        matches!(self.state, ConnectionState::Disconnected | ConnectionState::Failed)
    }

    /// Our own identity, once joined; empty before.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The remote users in the order they joined: identity and subscribe state.
    pub fn users(&self) -> impl Iterator<Item = (&Arc<str>, SubscribeState)> {
        self.users.iter().map(|user| (&user.identity, user.state))
    }

    /// What is known of everybody in the room, and of the room.
    pub fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// The token allows to send data.
    pub fn may_send_data(&self) -> bool {
        self.may_send_data
    }

    /// Data packets that wait to leave.
    pub fn data_waiting(&self) -> usize {
        self.session.data_waiting()
    }

    /// The token in place of the first, which may be about to expire: the server's, or a new one of the application's.
    pub fn refreshed_token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether something changed that no event tells: the token, or what it allows.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn ended(&mut self, now: Instant, reason: Reason, text: String) {
        self.reconnect.done();
        self.messages.end(now, &text, &mut self.events);
        self.rpc.end(&text, &mut self.events);
        self.requests.end();
        self.people = Arc::default();
        let users = std::mem::take(&mut self.users);
        for user in users {
            self.close(now, user);
        }
        let (state, status) = match reason {
            Reason::Requested => (ConnectionState::Disconnected, Status::OK),
            Reason::BadToken => (ConnectionState::Failed, Status::BAD_TOKEN),
            Reason::Unreachable => (ConnectionState::Failed, Status::UNREACHABLE),
            Reason::Protocol => (ConnectionState::Failed, Status::PROTOCOL),
            Reason::Refused => (ConnectionState::Failed, Status::REFUSED),
            Reason::TimedOut => (ConnectionState::Failed, Status::UNREACHABLE),
            Reason::TokenExpired => (ConnectionState::Failed, Status::BAD_TOKEN),
            _ => (ConnectionState::Failed, Status::DISCONNECTED),
        };
        self.set_state(now, state, reason, status, text);
    }

    pub(super) fn set_state(
        &mut self,
        now: Instant,
        new: ConnectionState,
        reason: Reason,
        status: Status,
        text: String,
    ) {
        let old = std::mem::replace(&mut self.state, new);
        let elapsed_us = now.saturating_duration_since(self.state_since).as_micros() as u64;
        self.state_since = now;
        self.why = Error::new(status, text.clone());
        self.events.push_back(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us });
    }
}
