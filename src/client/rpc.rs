//! Remote procedure calls between participants, as LiveKit's clients make them: a request, an acknowledgement at once, one response.
//!
//! Version 1 of it: each is a data packet to one participant. Version 2, over text streams, is only for clients that announce to
//! understand it, which this one does not. Calls out are the media thread's; calls in are in [`Callee`], which the application's
//! threads share: whoever takes a call out of it answers it, so that none is answered twice.

use super::messages::packet;
use super::session::Session;
use crate::event::EventBody;
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use lk::data_packet::Value;
use lk::rpc_response::Value as Answer;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// Of the calls in, those of one user.
const MAX_CALLS_OF_ONE: usize = 64;
/// How long an answer may take by default.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long an answer may take at most.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// How long the acknowledgement may take. The callee is given so much less time than the caller has.
pub const MAX_ROUND_TRIP: Duration = Duration::from_secs(7);
/// The callee is given at least so much.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The version that is spoken here.
const VERSION: u32 = 1;

/// LiveKit's codes of errors. An application's own are outside of 1001 to 1999.
pub mod code {
    /// The method is not registered there.
    pub const UNSUPPORTED_METHOD: u32 = 1400;
    /// Nobody of that name is in the room.
    pub const RECIPIENT_NOT_FOUND: u32 = 1401;
    /// What the call is given is too long.
    pub const REQUEST_TOO_LARGE: u32 = 1402;
    /// Its version is not spoken.
    pub const UNSUPPORTED_VERSION: u32 = 1404;
    /// The method itself failed.
    pub const APPLICATION_ERROR: u32 = 1500;
    /// No acknowledgement in time.
    pub const CONNECTION_TIMEOUT: u32 = 1501;
    /// No answer in time.
    pub const RESPONSE_TIMEOUT: u32 = 1502;
    /// One of both left before the answer.
    pub const RECIPIENT_DISCONNECTED: u32 = 1503;
    /// The request could not be sent.
    pub const SEND_FAILED: u32 = 1505;
}

/// A call to be made.
#[derive(Clone, Debug)]
pub struct RpcCall {
    /// The number that its event will have.
    pub ticket: u64,
    /// A name that no other call of anybody has.
    pub id: String,
    /// Who is called.
    pub to: String,
    /// The method, at most [`MAX_METHOD`] bytes.
    pub method: String,
    /// What it is given, at most [`MAX_PAYLOAD`] bytes.
    pub payload: String,
    /// How long the answer may take from now on, at most [`MAX_TIMEOUT`].
    pub timeout: Duration,
}

/// Why a call fails, as the callee says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// One of [`code`], or the application's own.
    pub code: u32,
    /// A sentence, at most [`MAX_TEXT`] bytes.
    pub text: String,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RpcCounters {
    /// Calls out.
    pub made: u64,
    /// Of these, those that ended without an answer.
    pub failed: u64,
    /// Calls in of registered methods.
    pub taken: u64,
    /// Calls in that were answered by an error at once.
    pub refused: u64,
    /// Calls in that nobody answered in time, or whose caller left before.
    pub unanswered: u64,
    /// Requests that came twice, and answers or acknowledgements that fit to no call: late ones, and those of another than was asked.
    pub stray: u64,
}

impl RpcCounters {
    /// Adds them to those of earlier connections.
    pub(super) fn add_to(&self, sum: &mut RpcCounters) {
        sum.made += self.made;
        sum.failed += self.failed;
        sum.taken += self.taken;
        sum.refused += self.refused;
        sum.unanswered += self.unanswered;
        sum.stray += self.stray;
    }
}

/// A call in that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    id: String,
    from: String,
    until: Instant,
}

/// What this side answers: the methods that are registered, and the calls that wait for their answer.
#[derive(Default)]
pub struct Callee {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    methods: BTreeSet<String>,
    open: BTreeMap<u64, OpenCall>,
    last: u64,
}

impl Callee {
    fn lock(&self) -> MutexGuard<'_, State> {
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

struct Out {
    ticket: u64,
    id: String,
    to: String,
    acknowledged: bool,
    /// When the acknowledgement has to be here, and when the answer.
    acknowledge_by: Instant,
    answer_by: Instant,
}

impl Out {
    fn deadline(&self) -> Instant {
        if self.acknowledged { self.answer_by } else { self.acknowledge_by.min(self.answer_by) }
    }
}

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

    /// Makes a call. It ends with one event, whatever becomes of it; `refused` says why it cannot even begin.
    pub(super) fn call(
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

    /// Answers a call that was taken out of [`Callee`].
    pub(super) fn answer(
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

    /// The call of this id, if it is this user who was called: nobody answers for others.
    fn of(&self, from: &str, id: &str) -> Option<usize> {
        self.out.iter().position(|call| call.id == id && call.to == from)
    }

    fn answered(&mut self, ticket: u64, user: String, value: Option<Answer>) -> EventBody {
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

    fn requested(
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

    fn fail_calls(
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

    fn forget(&mut self, which: impl Fn(&OpenCall) -> bool) {
        let mut state = self.callee.lock();
        let before = state.open.len();
        state.open.retain(|_, call| !which(call));
        self.counters.unanswered += (before - state.open.len()) as u64;
    }
}

/// What a call or an answer says that is too long.
pub fn too_long(length: usize) -> Error {
    let text = format!("the payload has {length} bytes: give at most {MAX_PAYLOAD}, and send more as a message");
    Error::new(Status::BAD_ARGUMENT, text)
}

fn failed(ticket: u64, user: String, status: Status, code: u32, text: String) -> EventBody {
    EventBody::RpcAnswered { ticket, user, status, code, text, payload: String::new() }
}

fn send(session: &mut Session, now: Instant, to: &str, value: Value) -> bool {
    session.send_data(now, &packet(vec![to.into()], value, true), true)
}

fn respond(session: &mut Session, now: Instant, to: &str, request_id: String, value: Answer) {
    // Where the connection is full the caller's time runs out.
    send(session, now, to, Value::RpcResponse(lk::RpcResponse { request_id, value: Some(value) }));
}
