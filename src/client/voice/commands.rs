//! What the application asks for: the microphone, data, calls, its own description, tokens, the end.

use super::Voice;
use crate::client::expiry::Expiry;
use crate::client::gate::VadConfig;
use crate::client::messages;
use crate::client::people::{OwnChange, Told};
use crate::client::rpc::{OpenCall, RpcCall, RpcError, code};
use crate::client::tap::Tap;
use crate::event::ConnectionState;
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use std::sync::Arc;
use std::time::Instant;

impl Voice {
    /// Mutes or unmutes the microphone.
    pub fn mute(&mut self, muted: bool) {
        self.microphone.set_muted(muted);
        self.session.mute(muted);
    }

    /// Listens for the speech of every user who is subscribed to; None: no more. Speech that goes on ends first.
    pub fn set_vad(&mut self, config: Option<VadConfig>) {
        self.vad = config;
        for user in &mut self.users {
            self.events.extend(user.end_speech());
            if let Some(hearing) = &mut user.voice.hearing {
                hearing.set_vad(config);
            }
        }
    }

    /// Copies what is said and heard; None: no more.
    pub fn set_tap(&mut self, tap: Option<Arc<dyn Tap>>) {
        self.microphone.set_tap(tap.clone());
        self.tap = tap;
    }

    /// Sends a data packet to everyone, or to the identities in `to`. False: the queue is full.
    pub fn send_data(&mut self, now: Instant, payload: Vec<u8>, reliable: bool, topic: &str, to: Vec<String>) -> bool {
        let user =
            lk::UserPacket { payload, topic: (!topic.is_empty()).then(|| topic.to_string()), ..Default::default() };
        let packet = messages::packet(to, lk::data_packet::Value::User(user), reliable);
        self.session.send_data(now, &packet, reliable)
    }

    /// Calls a method of another user; one event `rpc_answered` says what came of it.
    pub fn rpc_call(&mut self, now: Instant, call: RpcCall) {
        let refused = if self.state != ConnectionState::Connected {
            let text = "the channel is not connected; connect it first";
            Some((Error::new(Status::DISCONNECTED, text), code::SEND_FAILED))
        } else if !self.may_send_data {
            Some((not_allowed(), code::SEND_FAILED))
        } else {
            self.index(&call.to).err().map(|error| (error, code::RECIPIENT_NOT_FOUND))
        };
        self.rpc.call(&mut self.session, now, call, refused, &mut self.events);
    }

    /// Answers a call that was taken out of [`VoiceConfig::callee`](super::VoiceConfig::callee).
    pub fn rpc_answer(&mut self, now: Instant, call: OpenCall, answer: std::result::Result<String, RpcError>) {
        self.rpc.answer(&mut self.session, now, call, answer);
    }

    /// Asks the server to tell something else of this user. `done` is dropped without a word where the connection ends first.
    pub fn change_own(&mut self, now: Instant, change: OwnChange, done: Told) {
        self.requests.ask(&mut self.session, now, change, done);
    }

    /// Tells what became of changes that [`Voice::change_own`] asked for; call it once what is known was taken over.
    pub fn tell_changes(&mut self) {
        self.requests.tell();
    }

    /// Takes a token in place of the one in use, without leaving.
    pub fn renew(&mut self, token: String) {
        self.session.renew(&token);
        let old = self.token.take().unwrap_or_else(|| self.config.token.clone());
        self.before = Some(old);
        self.use_token(token);
    }

    pub(super) fn use_token(&mut self, token: String) {
        self.expiry = Expiry::of(&token, &self.config.room);
        self.token = Some(token);
        self.changed = true;
    }

    /// Leaves the room and ends.
    pub fn leave(&mut self) {
        self.session.leave();
    }

    pub(super) fn index(&self, user: &str) -> Result<usize> {
        self.users.iter().position(|u| &*u.identity == user).ok_or_else(|| not_found(user))
    }
}

/// What sending data says where the token does not allow it.
pub fn not_allowed() -> Error {
    Error::new(Status::NOT_ALLOWED, "the token does not let this user send data; take one with canPublishData")
}

/// What a call says that names nobody who is in the room.
pub fn not_found(user: &str) -> Error {
    Error::new(
        Status::NOT_FOUND,
        format!("no user '{user}' is in the room; wait for user_joined, or look at the users"),
    )
}
