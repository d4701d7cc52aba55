//! Calls out: made, acknowledged, answered, or ended without an answer.

use super::{MAX_CALLS, MAX_PAYLOAD, MAX_ROUND_TRIP, MAX_TIMEOUT, Rpc, RpcCall, VERSION, code, send, too_long};
use crate::client::session::Session;
use crate::event::EventBody;
use crate::signal::livekit as lk;
use crate::{Error, Status};
use lk::data_packet::Value;
use lk::rpc_response::Value as Answer;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The callee is given at least so much.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Out {
    pub(super) ticket: u64,
    pub(super) id: String,
    pub(super) to: String,
    pub(super) acknowledged: bool,
    /// When the acknowledgement has to be here, and when the answer.
    pub(super) acknowledge_by: Instant,
    pub(super) answer_by: Instant,
}

impl Out {
    pub(super) fn deadline(&self) -> Instant {
        if self.acknowledged { self.answer_by } else { self.acknowledge_by.min(self.answer_by) }
    }
}

impl Rpc {
    /// Makes a call. It ends with one event, whatever becomes of it; `refused` says why it cannot even begin.
    pub(in crate::client) fn call(
        &mut self,
        session: &mut Session,
        now: Instant,
        call: RpcCall,
        refused: Option<(Error, u32)>,
        events: &mut VecDeque<EventBody>,
    ) {
        self.counters.made += 1;
        let RpcCall { ticket, id, to, method, payload, timeout } = call;
        let timeout = timeout.min(MAX_TIMEOUT);
        let full = || {
            let text = format!("{MAX_CALLS} calls wait for their answers; call again when one has ended");
            (Error::new(Status::QUEUE_FULL, text), code::SEND_FAILED)
        };
        let refused = refused.or_else(|| (self.out.len() >= MAX_CALLS).then(full));
        let mut failure = refused
            .or_else(|| (payload.len() > MAX_PAYLOAD).then(|| (too_long(payload.len()), code::REQUEST_TOO_LARGE)));
        if failure.is_none() {
            let request = lk::RpcRequest {
                id: id.clone(),
                method,
                payload,
                response_timeout_ms: timeout.saturating_sub(MAX_ROUND_TRIP).max(MIN_TIMEOUT).as_millis() as u32,
                version: VERSION,
                ..Default::default()
            };
            if !send(session, now, &to, Value::RpcRequest(request)) {
                let text = "the connection is full, and the request could not be sent; call again in a moment";
                failure = Some((Error::new(Status::QUEUE_FULL, text), code::SEND_FAILED));
            }
        }
        if let Some((why, code)) = failure {
            self.counters.failed += 1;
            events.push_back(failed(ticket, to, why.status, code, why.text));
            return;
        }
        let (acknowledge_by, answer_by) = (now + MAX_ROUND_TRIP, now + timeout);
        self.out.push(Out { ticket, id, to, acknowledged: false, acknowledge_by, answer_by });
    }

    /// The call of this id, if it is this user who was called: nobody answers for others.
    pub(super) fn of(&self, from: &str, id: &str) -> Option<usize> {
        self.out.iter().position(|call| call.id == id && call.to == from)
    }

    pub(super) fn answered(&mut self, ticket: u64, user: String, value: Option<Answer>) -> EventBody {
        let (status, code, text, payload) = match value {
            Some(Answer::Payload(payload)) => (Status::OK, 0, String::new(), payload),
            None => (Status::OK, 0, String::new(), String::new()),
            Some(Answer::Error(error)) => (Status::REFUSED, error.code, error.message, error.data),
            Some(Answer::CompressedPayload(_)) => {
                let text = "the answer is compressed, in a form that is not understood here".into();
                (Status::REFUSED, code::UNSUPPORTED_VERSION, text, String::new())
            }
        };
        self.counters.failed += u64::from(status != Status::OK);
        EventBody::RpcAnswered { ticket, user, status, code, text, payload }
    }

    pub(super) fn fail_calls(
        &mut self,
        which: impl Fn(&Out) -> bool,
        status: Status,
        text: &str,
        events: &mut VecDeque<EventBody>,
    ) {
        for Out { ticket, to, .. } in self.out.extract_if(.., |call| which(call)) {
            self.counters.failed += 1;
            events.push_back(failed(ticket, to, status, code::RECIPIENT_DISCONNECTED, text.into()));
        }
    }
}

pub(super) fn failed(ticket: u64, user: String, status: Status, code: u32, text: String) -> EventBody {
    EventBody::RpcAnswered { ticket, user, status, code, text, payload: String::new() }
}
