//! Calls of users' methods: made, waited for, taken and answered.

use super::connected;
use crate::client::rpc::{MAX_CALLS, MAX_PAYLOAD, MAX_TEXT, RpcCall, RpcError, code, too_long};
use crate::client::voice::{not_allowed, not_found};
use crate::driver::channel::Channel;
use crate::driver::state::{self, Inner};
use crate::driver::task::Command;
use crate::driver::validate;
use crate::event::EventBody;
use crate::{Error, Result, Status};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Ended calls that can still be waited for.
const KEPT: usize = 256;

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcOutcome {
    /// Who was called.
    pub user: String,
    /// OK, or why there is no answer.
    pub status: Status,
    /// The code of the error; 0 for an answer.
    pub code: u32,
    /// Its message.
    pub text: String,
    /// The answer, or what the error carries.
    pub payload: String,
}

/// A channel's calls to other users, under its lock.
#[derive(Default)]
pub(in crate::driver) struct Calls {
    last: u64,
    waiting: BTreeSet<u64>,
    ended: VecDeque<(u64, RpcOutcome)>,
}

/// A call on its way through a connection. When that ends in the midst of it, so does the call.
pub(in crate::driver) struct HeldCall {
    inner: Arc<Inner>,
    ticket: u64,
    user: String,
}

impl HeldCall {
    pub(in crate::driver) fn waits(&self) -> bool {
        self.inner.lock().calls.waiting.contains(&self.ticket)
    }
}

impl Drop for HeldCall {
    fn drop(&mut self) {
        if self.waits() {
            let ended = EventBody::RpcAnswered {
                ticket: self.ticket,
                user: std::mem::take(&mut self.user),
                status: Status::DISCONNECTED,
                code: code::RECIPIENT_DISCONNECTED,
                text: "the connection ended before the answer".into(),
                payload: String::new(),
            };
            self.inner.publish(ended, Instant::now());
        }
    }
}

impl Inner {
    /// Takes over from an event what can also be asked for.
    pub(in crate::driver) fn note(&self, event: &EventBody) {
        match event {
            EventBody::RpcAnswered { ticket, user, status, code, text, payload } => {
                let mut shared = self.lock();
                let calls = &mut shared.calls;
                calls.waiting.remove(ticket);
                if calls.ended.len() >= KEPT {
                    calls.ended.pop_front();
                }
                let (user, text, payload) = (user.clone(), text.clone(), payload.clone());
                calls.ended.push_back((*ticket, RpcOutcome { user, status: *status, code: *code, text, payload }));
                drop(shared);
                self.changed.notify_all();
            }
            // The next connection begins as this one is, once it has heard what the application wished.
            EventBody::MicrophoneMuted { muted } => {
                let mut shared = self.lock();
                if shared.mutes == 0 {
                    shared.muted = *muted;
                }
            }
            _ => {}
        }
    }
}

/// Checks a method's name: 1 to 64 bytes, as LiveKit has it.
fn method_name(method: &str) -> Result<()> {
    validate::name_of("method", method, crate::client::rpc::MAX_METHOD)
}

impl Channel {
    /// Calls a method of a user in the room. The event `rpc_answered` has the number that this returns, and
    /// [`Channel::rpc_wait`] takes it. QUEUE_FULL: 256 calls wait for their answers.
    pub fn rpc_call(&self, user: &str, method: &str, payload: &str, timeout: Duration) -> Result<u64> {
        validate::name("user", user)?;
        method_name(method)?;
        if payload.len() > MAX_PAYLOAD {
            return Err(too_long(payload.len()));
        }
        let mut shared = self.inner.open()?;
        connected(&shared)?;
        if !shared.may_send_data {
            return Err(not_allowed());
        }
        if shared.subscribe_state(user).is_none() {
            return Err(not_found(user));
        }
        if shared.calls.waiting.len() >= MAX_CALLS {
            let text = format!("{MAX_CALLS} calls wait for their answers; call again after an event 'rpc_answered'");
            return Err(Error::new(Status::QUEUE_FULL, text));
        }
        // Room first: a call that is dropped while the lock is held would wait for it.
        let room = shared.room()?;
        shared.calls.last += 1;
        let ticket = shared.calls.last;
        shared.calls.waiting.insert(ticket);
        drop(shared);
        let held = HeldCall { inner: self.inner.clone(), ticket, user: user.into() };
        let (to, method, payload) = (user.into(), method.into(), payload.into());
        room.send(Command::RpcCall(RpcCall { ticket, id: uuid(), to, method, payload, timeout }, held));
        Ok(ticket)
    }

    /// Waits until a call has ended. None: it has not yet. NOT_FOUND: no such number, or 256 calls have ended since.
    pub fn rpc_wait(&self, ticket: u64, timeout: Option<Duration>) -> Result<Option<RpcOutcome>> {
        let (shared, ended) =
            self.inner.wait(timeout, |shared| shared.closed || !shared.calls.waiting.contains(&ticket));
        if let Some((_, outcome)) = shared.calls.ended.iter().find(|(of, _)| *of == ticket) {
            return Ok(Some(outcome.clone()));
        }
        if shared.closed {
            return Err(state::closed());
        }
        if ended {
            let text =
                format!("no call has the number {ticket}, or 256 calls have ended since; take it from the event");
            return Err(Error::new(Status::NOT_FOUND, text));
        }
        Ok(None)
    }

    /// Takes calls of a method from now on, also over later connections: they come as events `rpc_called`.
    pub fn rpc_register(&self, method: &str) -> Result<()> {
        method_name(method)?;
        self.inner.callee.register(method)
    }

    /// Takes calls of a method no more.
    pub fn rpc_unregister(&self, method: &str) -> Result<()> {
        method_name(method)?;
        self.inner.callee.unregister(method)
    }

    /// Answers a call. NOT_FOUND: it was answered, or its time is over, or its caller left.
    pub fn rpc_answer(&self, call: u64, payload: &str) -> Result<()> {
        if payload.len() > MAX_PAYLOAD {
            return Err(too_long(payload.len()));
        }
        self.respond(call, Ok(payload.into()))
    }

    /// Answers a call by an error.
    pub fn rpc_fail(&self, call: u64, code: u32, text: &str) -> Result<()> {
        if code == 0 {
            return Err(Error::new(Status::BAD_ARGUMENT, "code is 0: give the number of an error"));
        }
        if text.len() > MAX_TEXT {
            let text = format!("text is {} bytes long: give at most {MAX_TEXT}", text.len());
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        self.respond(call, Err(RpcError { code, text: text.into() }))
    }

    fn respond(&self, call: u64, answer: std::result::Result<String, RpcError>) -> Result<()> {
        let shared = self.inner.open()?;
        connected(&shared)?;
        // The call is taken only where there is room for its answer.
        let room = shared.room()?;
        room.send(Command::RpcAnswer(self.inner.callee.take(call)?, answer));
        Ok(())
    }
}

/// A random name as RFC 9562 has it, version 4.
fn uuid() -> String {
    let (high, low) = (crate::driver::random_u64(), crate::driver::random_u64());
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{ChannelOptions, Engine, EngineOptions};

    /// A connection that ends in the midst of a call, by a fault or in order, ends the call: nobody waits for ever.
    #[test]
    fn a_call_ends_with_its_connection() {
        let long = Some(Duration::from_secs(20));
        let engine = Engine::new(EngineOptions { app_id: "app".into(), ..Default::default() }).unwrap();
        let join = |user: &str| {
            let options = ChannelOptions { name: "room".into(), user: user.into(), ..Default::default() };
            let channel = engine.create_channel(options).unwrap();
            channel.connect(long).unwrap();
            channel
        };
        let (ada, bob) = (join("ada"), join("bob"));
        bob.rpc_register("slow").unwrap();
        for fault in [true, false] {
            while !ada.users().contains(&"bob".to_string()) {
                ada.poll_event(long).unwrap().expect("an event, in time");
            }
            let ticket = ada.rpc_call("bob", "slow", "", Duration::from_secs(60)).unwrap();
            if fault {
                ada.inner.command(Command::Fault).unwrap();
            } else {
                ada.inner.leave();
            }
            let outcome = ada.rpc_wait(ticket, long).unwrap().expect("it ends");
            assert_eq!((outcome.status, outcome.code), (Status::DISCONNECTED, code::RECIPIENT_DISCONNECTED));
            assert!(ada.inner.lock().calls.waiting.is_empty());
            ada.disconnect(long).unwrap();
            assert_eq!(ada.person("bob").unwrap_err().status, Status::BAD_STATE);
            ada.connect(long).unwrap();
        }
        engine.close(Duration::from_secs(2)).unwrap();
    }

    #[test]
    fn ids_have_the_form_of_uuids() {
        let id = uuid();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert_ne!(id, uuid());
    }
}
