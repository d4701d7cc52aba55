//! Calls in: the methods that are registered, and the calls that wait for their answer.

use super::{MAX_CALLS, MAX_METHODS, MAX_PAYLOAD, MAX_TIMEOUT, Rpc, RpcError, VERSION, code, respond, send};
use crate::client::session::Session;
use crate::event::EventBody;
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use lk::data_packet::Value;
use lk::rpc_response::Value as Answer;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Of the calls in, those of one user.
const MAX_CALLS_OF_ONE: usize = 64;

/// A call in that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    id: String,
    pub(super) from: String,
    pub(super) until: Instant,
}

/// What this side answers: the methods that are registered, and the calls that wait for their answer.
#[derive(Default)]
pub struct Callee {
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    methods: BTreeSet<String>,
    pub(super) open: BTreeMap<u64, OpenCall>,
    last: u64,
}

impl Callee {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes calls of this method from now on; again is as once. LIMIT: there are [`MAX_METHODS`].
    pub fn register(&self, method: &str) -> Result<()> {
        let mut state = self.lock();
        if state.methods.len() >= MAX_METHODS && !state.methods.contains(method) {
            let text = format!("{MAX_METHODS} methods are registered already; unregister one");
            return Err(Error::new(Status::LIMIT, text));
        }
        state.methods.insert(method.into());
        Ok(())
    }

    /// Takes no calls of this method any more. NOT_FOUND: it is not registered.
    pub fn unregister(&self, method: &str) -> Result<()> {
        if self.lock().methods.remove(method) {
            return Ok(());
        }
        Err(Error::new(Status::NOT_FOUND, format!("no method '{method}' is registered; look at its name")))
    }

    /// Takes a call out, to answer it. NOT_FOUND: it was answered, or its time is over, or its caller has left.
    pub fn take(&self, call: u64) -> Result<OpenCall> {
        self.lock().open.remove(&call).ok_or_else(|| {
            let text = format!(
                "no call {call} waits for an answer: it was answered, came to the end of its time, or its caller left"
            );
            Error::new(Status::NOT_FOUND, text)
        })
    }
}

impl Rpc {
    /// Answers a call that was taken out of [`Callee`].
    pub(in crate::client) fn answer(
        &mut self,
        session: &mut Session,
        now: Instant,
        call: OpenCall,
        answer: std::result::Result<String, RpcError>,
    ) {
        let value = match answer {
            Ok(payload) => Answer::Payload(payload),
            Err(RpcError { code, text }) => Answer::Error(lk::RpcError { code, message: text, data: String::new() }),
        };
        respond(session, now, &call.from, call.id, value);
    }

    pub(super) fn requested(
        &mut self,
        session: &mut Session,
        now: Instant,
        from: &str,
        request: &lk::RpcRequest,
        events: &mut VecDeque<EventBody>,
    ) {
        let mut state = self.callee.lock();
        let doubled = state.open.values().any(|open| open.from == from && open.id == request.id);
        // A sender that nobody can answer is none.
        if doubled || from.is_empty() {
            self.counters.stray += 1;
            return;
        }
        let of_one = state.open.values().filter(|open| open.from == from).count();
        let refused = if request.version != VERSION || !request.compressed_payload.is_empty() {
            Some((code::UNSUPPORTED_VERSION, "Unsupported RPC version"))
        } else if !state.methods.contains(&request.method) {
            Some((code::UNSUPPORTED_METHOD, "Method not supported at destination"))
        } else if request.payload.len() > MAX_PAYLOAD {
            Some((code::REQUEST_TOO_LARGE, "Request payload too large"))
        } else if state.open.len() >= MAX_CALLS || of_one >= MAX_CALLS_OF_ONE {
            Some((code::APPLICATION_ERROR, "Too many calls wait for their answers"))
        } else {
            None
        };
        let id = request.id.clone();
        if refused.is_none() {
            let timeout = Duration::from_millis(request.response_timeout_ms.into()).min(MAX_TIMEOUT);
            let until = now + timeout;
            state.last += 1;
            let call = state.last;
            state.open.insert(call, OpenCall { id: id.clone(), from: from.into(), until });
            self.expire_at = Some(self.expire_at.map_or(until, |at| at.min(until)));
            self.counters.taken += 1;
            events.push_back(EventBody::RpcCalled {
                user: from.into(),
                method: request.method.clone(),
                call,
                id: id.clone(),
                payload: request.payload.clone(),
                timeout_us: timeout.as_micros() as u64,
            });
        }
        drop(state);
        send(session, now, from, Value::RpcAck(lk::RpcAck { request_id: id.clone() }));
        if let Some((code, text)) = refused {
            self.counters.refused += 1;
            let error = lk::RpcError { code, message: text.into(), data: String::new() };
            respond(session, now, from, id, Answer::Error(error));
        }
    }

    pub(super) fn forget(&mut self, which: impl Fn(&OpenCall) -> bool) {
        let mut state = self.callee.lock();
        let before = state.open.len();
        state.open.retain(|_, call| !which(call));
        self.counters.unanswered += (before - state.open.len()) as u64;
    }
}
