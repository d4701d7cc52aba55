//! Remote procedure calls between participants, as LiveKit's clients make them: a request, an acknowledgement at once, one response.
//!
//! Version 1 of it: each is a data packet to one participant. Version 2, over text streams, is only for clients that announce to
//! understand it, which this one does not. Calls out are the media thread's; calls in are in [`Callee`], which the application's
//! threads share: whoever takes a call out of it answers it, so that none is answered twice.

mod call;
mod callee;
pub mod code;
mod counters;
mod out;

pub use call::{RpcCall, RpcError};
pub use callee::{Callee, OpenCall};
pub use counters::RpcCounters;

use super::messages::packet;
use super::session::Session;
use crate::event::EventBody;
use crate::signal::livekit as lk;
use crate::{Error, Status};
use lk::data_packet::Value;
use lk::rpc_response::Value as Answer;
use out::{Out, failed};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a call is given, and an answer, bytes at most.
pub const MAX_PAYLOAD: usize = 15 * 1024;
/// A method's name, bytes at most.
pub const MAX_METHOD: usize = 64;
/// An error's message, bytes at most.
pub const MAX_TEXT: usize = 256;
/// Methods that are registered.
pub const MAX_METHODS: usize = 256;
/// Calls out that wait for their answers; and calls in.
pub const MAX_CALLS: usize = 256;
/// How long an answer may take by default.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long an answer may take at most.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// How long the acknowledgement may take. The callee is given so much less time than the caller has.
pub const MAX_ROUND_TRIP: Duration = Duration::from_secs(7);
/// The version that is spoken here.
const VERSION: u32 = 1;

/// A session's calls. See the module.
pub(super) struct Rpc {
    callee: Arc<Callee>,
    /// In the order in which they were made.
    out: Vec<Out>,
    /// When the first of the calls in comes to its end; perhaps it was answered before.
    expire_at: Option<Instant>,
    pub(super) counters: RpcCounters,
}

impl Rpc {
    pub(super) fn new(callee: Arc<Callee>) -> Rpc {
        Rpc { callee, out: Vec::new(), expire_at: None, counters: RpcCounters::default() }
    }

    /// Takes a data packet. False: it is none of a call.
    pub(super) fn receive(
        &mut self,
        session: &mut Session,
        now: Instant,
        packet: &lk::DataPacket,
        events: &mut VecDeque<EventBody>,
    ) -> bool {
        let from = packet.participant_identity.as_str();
        match &packet.value {
            Some(Value::RpcRequest(request)) => self.requested(session, now, from, request, events),
            Some(Value::RpcAck(ack)) => match self.of(from, &ack.request_id) {
                Some(at) => self.out[at].acknowledged = true,
                None => self.counters.stray += 1,
            },
            Some(Value::RpcResponse(response)) => match self.of(from, &response.request_id) {
                Some(at) => {
                    let Out { ticket, to: user, .. } = self.out.remove(at);
                    events.push_back(self.answered(ticket, user, response.value.clone()));
                }
                None => self.counters.stray += 1,
            },
            _ => return false,
        }
        true
    }

    /// When something comes to its end.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.out.iter().map(Out::deadline).chain(self.expire_at).min()
    }

    /// Ends what was not answered in time.
    pub(super) fn timeout(&mut self, now: Instant, events: &mut VecDeque<EventBody>) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let over: Vec<Out> = self.out.extract_if(.., |call| call.deadline() <= now).collect();
        for Out { ticket, to, acknowledged, acknowledge_by, answer_by, .. } in over {
            self.counters.failed += 1;
            let (code, text) = if acknowledged || answer_by < acknowledge_by {
                (code::RESPONSE_TIMEOUT, "no answer came in time; the method is slow, or gives none")
            } else {
                (code::CONNECTION_TIMEOUT, "no acknowledgement came within 7 s; the user may not understand calls")
            };
            events.push_back(failed(ticket, to, Status::TIMED_OUT, code, text.into()));
        }
        if self.expire_at.is_some_and(|at| at <= now) {
            let mut state = self.callee.lock();
            let before = state.open.len();
            state.open.retain(|_, call| call.until > now);
            self.counters.unanswered += (before - state.open.len()) as u64;
            self.expire_at = state.open.values().map(|call| call.until).min();
        }
    }

    /// A user left: whom we called answers no more, who called hears no more.
    pub(super) fn user_left(&mut self, user: &str, events: &mut VecDeque<EventBody>) {
        let text = format!("'{user}' left before the answer");
        self.fail_calls(|call| call.to == user, Status::NOT_FOUND, &text, events);
        self.forget(|call| call.from == user);
    }

    /// The connection is over.
    pub(super) fn end(&mut self, why: &str, events: &mut VecDeque<EventBody>) {
        let colon = if why.is_empty() { "" } else { ": " };
        let text = format!("the connection ended before the answer{colon}{why}");
        self.fail_calls(|_| true, Status::DISCONNECTED, &text, events);
        self.forget(|_| true);
        self.expire_at = None;
    }
}

/// What a call or an answer says that is too long.
pub fn too_long(length: usize) -> Error {
    let text = format!("the payload has {length} bytes: give at most {MAX_PAYLOAD}, and send more as a message");
    Error::new(Status::BAD_ARGUMENT, text)
}

fn send(session: &mut Session, now: Instant, to: &str, value: Value) -> bool {
    session.send_data(now, &packet(vec![to.into()], value, true), true)
}

fn respond(session: &mut Session, now: Instant, to: &str, request_id: String, value: Answer) {
    // Where the connection is full the caller's time runs out.
    send(session, now, to, Value::RpcResponse(lk::RpcResponse { request_id, value: Some(value) }));
}
