//! Calls between users: answered, failed, late, too long, too many, and what others try to put in between.

mod outside;

use crate::sim::{Options, Sim, ms, token};
use std::time::Duration;
use stoa::Status;
use stoa::client::rpc::{DEFAULT_TIMEOUT, MAX_CALLS, MAX_PAYLOAD, MAX_ROUND_TRIP, RpcCall, RpcError, code};
use stoa::event::{ConnectionState, EventBody};
use stoa::signal::livekit as lk;
use stoa::signal::livekit::data_packet::Value;
use stoa::signal::livekit::rpc_response::Value as Answer;

/// What became of a call: its ticket, status, code and payload.
type Ended = (u64, Status, u32, String);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn error(code: u32, text: &str) -> Result<String, RpcError> {
    Err(RpcError { code, text: text.into() })
}

impl Sim {
    fn call_for(&mut self, caller: usize, to: &str, ticket: u64, payload: &str, timeout: Duration) {
        let (id, to, method) = (format!("id-{caller}-{ticket}"), to.to_string(), "add".to_string());
        let call = RpcCall { ticket, id, to, method, payload: payload.into(), timeout };
        let now = self.now;
        self.clients[caller].voice.rpc_call(now, call);
    }

    fn call(&mut self, caller: usize, to: &str, ticket: u64, payload: &str) {
        self.call_for(caller, to, ticket, payload, DEFAULT_TIMEOUT);
    }

    fn ended(&self, client: usize) -> Vec<Ended> {
        let ended = |event: &EventBody| match event {
            EventBody::RpcAnswered { ticket, status, code, payload, .. } => {
                Some((*ticket, *status, *code, payload.clone()))
            }
            _ => None,
        };
        self.clients[client].events.iter().filter_map(ended).collect()
    }

    /// The calls that came: who called, which number, what it was given, how long there is.
    fn called(&self, client: usize) -> Vec<(String, u64, String, Duration)> {
        let called = |event: &EventBody| match event {
            EventBody::RpcCalled { user, method, call, payload, timeout_us, .. } => {
                assert_eq!(method, "add");
                Some((user.clone(), *call, payload.clone(), Duration::from_micros(*timeout_us)))
            }
            _ => None,
        };
        self.clients[client].events.iter().filter_map(called).collect()
    }

    fn answer(&mut self, client: usize, call: u64, answer: Result<String, RpcError>) {
        let (now, client) = (self.now, &mut self.clients[client]);
        let call = client.callee.take(call).expect("it waits");
        client.voice.rpc_answer(now, call, answer);
    }

    /// Sends what no honest client would.
    fn send_raw(&mut self, client: usize, to: &str, value: Value) {
        let packet =
            lk::DataPacket { destination_identities: vec![to.into()], value: Some(value), ..Default::default() };
        let now = self.now;
        assert!(self.clients[client].voice.session().send_data(now, &packet, true));
    }

    /// How long after now a client's call ends.
    fn until_ended(&mut self, client: usize) -> Duration {
        let begun = self.now;
        let before = self.ended(client).len();
        assert!(self.run_until(secs(700), |sim| sim.ended(client).len() > before));
        self.now - begun
    }
}

/// ada, bob and cyd; bob answers calls of "add".
fn room(seed: u64) -> (Sim, [usize; 3]) {
    let mut sim = Sim::new(seed);
    let all = ["ada", "bob", "cyd"].map(|user| sim.join(user, Options::default()));
    sim.run(ms(300));
    sim.clients[all[1]].callee.register("add").unwrap();
    (sim, all)
}

#[test]
fn a_call_is_answered_and_nobody_else_hears_of_it() {
    let (mut sim, [ada, bob, cyd]) = room(1);
    sim.call(ada, "bob", 1, "2 + 3 🎉");
    sim.run(ms(100));
    // 15 s of the caller's, less 7 s for the way.
    assert_eq!(sim.called(bob), [("ada".to_string(), 1, "2 + 3 🎉".to_string(), secs(8))]);
    sim.answer(bob, 1, Ok("5".into()));
    sim.run(ms(100));
    assert_eq!(sim.ended(ada), [(1, Status::OK, 0, "5".to_string())]);
    assert!(sim.clients[bob].callee.take(1).is_err(), "no call is answered twice");
    assert_eq!(sim.clients[cyd].voice.stats(sim.now).data_received, 0);
    let (at_ada, at_bob) = (sim.clients[ada].voice.rpc_counters(), sim.clients[bob].voice.rpc_counters());
    assert_eq!((at_ada.made, at_ada.failed, at_bob.taken, at_bob.unanswered), (1, 0, 1, 0));
}

#[test]
fn errors_arrive_with_code_and_message() {
    let (mut sim, [ada, bob, _]) = room(2);
    sim.call(ada, "bob", 1, "");
    sim.run(ms(100));
    sim.answer(bob, 1, error(77, "no numbers"));
    sim.run(ms(100));
    let expected = EventBody::RpcAnswered {
        ticket: 1,
        user: "bob".into(),
        status: Status::REFUSED,
        code: 77,
        text: "no numbers".into(),
        payload: String::new(),
    };
    assert!(sim.clients[ada].events.contains(&expected));
    // The library answers for methods that nobody registered.
    sim.clients[bob].callee.unregister("add").unwrap();
    sim.call(ada, "bob", 2, "");
    sim.run(ms(100));
    assert_eq!(sim.ended(ada)[1], (2, Status::REFUSED, code::UNSUPPORTED_METHOD, String::new()));
    assert_eq!(sim.clients[bob].voice.rpc_counters().refused, 1);
    assert_eq!(sim.clients[bob].callee.unregister("add").unwrap_err().status, Status::NOT_FOUND);
}

#[test]
fn answers_come_in_any_order() {
    let (mut sim, [ada, bob, _]) = room(3);
    for ticket in 1..=3 {
        sim.call(ada, "bob", ticket, &ticket.to_string());
    }
    sim.run(ms(100));
    for call in [3, 1, 2] {
        sim.answer(bob, call, Ok(format!("to {call}")));
        sim.run(ms(10));
    }
    let answers: Vec<_> = sim.ended(ada).into_iter().map(|(ticket, _, _, payload)| (ticket, payload)).collect();
    assert_eq!(answers, [3, 1, 2].map(|n| (n, format!("to {n}"))));
}

#[test]
fn who_does_not_acknowledge_is_given_seven_seconds_and_who_does_not_answer_all() {
    let (mut sim, [ada, bob, _]) = room(4);
    sim.call(ada, "bob", 1, "");
    assert_eq!(sim.until_ended(ada), DEFAULT_TIMEOUT);
    assert_eq!(sim.ended(ada), [(1, Status::TIMED_OUT, code::RESPONSE_TIMEOUT, String::new())]);
    // It came to its end there as well, 8 s after it had come.
    assert_eq!(sim.clients[bob].voice.rpc_counters().unanswered, 1);
    assert_eq!(sim.clients[bob].callee.take(1).unwrap_err().status, Status::NOT_FOUND);
    // Short patience is not stretched, though the other one is told at least a second.
    sim.call_for(ada, "bob", 2, "", ms(300));
    assert_eq!(sim.until_ended(ada), ms(300));
    assert_eq!(sim.ended(ada)[1].2, code::RESPONSE_TIMEOUT);
    assert_eq!(sim.called(bob)[1].3, secs(1));
    sim.call_for(ada, "bob", 3, "", secs(10_000));
    assert_eq!(sim.until_ended(ada), secs(600), "no call lasts longer");
    sim.clients[bob].link.cut = true;
    sim.call(ada, "bob", 4, "");
    assert_eq!(sim.until_ended(ada), MAX_ROUND_TRIP);
    assert_eq!(sim.ended(ada)[3], (4, Status::TIMED_OUT, code::CONNECTION_TIMEOUT, String::new()));
}

#[test]
fn an_answer_that_comes_too_late_is_none() {
    let (mut sim, [ada, bob, _]) = room(5);
    sim.call_for(ada, "bob", 1, "", secs(2));
    sim.run(ms(500));
    let call = sim.clients[bob].callee.take(1).unwrap();
    sim.run(secs(2));
    let now = sim.now;
    sim.clients[bob].voice.rpc_answer(now, call, Ok("late".into()));
    sim.run(secs(1));
    assert_eq!(sim.ended(ada), [(1, Status::TIMED_OUT, code::RESPONSE_TIMEOUT, String::new())]);
    assert_eq!(sim.clients[ada].voice.rpc_counters().stray, 1);
}

#[test]
fn who_leaves_answers_no_more_and_hears_no_answer() {
    let (mut sim, [ada, bob, _]) = room(6);
    sim.clients[ada].callee.register("add").unwrap();
    sim.call(ada, "bob", 1, "");
    sim.call(bob, "ada", 1, "");
    sim.run(ms(100));
    sim.clients[bob].voice.leave();
    sim.run(ms(100));
    assert_eq!(sim.ended(ada), [(1, Status::NOT_FOUND, code::RECIPIENT_DISCONNECTED, String::new())]);
    assert_eq!(sim.ended(bob), [(1, Status::DISCONNECTED, code::RECIPIENT_DISCONNECTED, String::new())]);
    let last = sim.clients[bob].events.last();
    assert!(matches!(last, Some(EventBody::ConnectionStateChanged { .. })), "calls end before the connection");
    assert!(sim.clients[ada].callee.take(1).is_err(), "there is nobody to answer to");
    assert_eq!(sim.clients[ada].voice.rpc_counters().unanswered, 1);
    // One who is not there, and one who is not connected.
    sim.call(ada, "bob", 2, "");
    sim.call(bob, "ada", 2, "");
    sim.run(ms(10));
    assert_eq!(sim.ended(ada)[1], (2, Status::NOT_FOUND, code::RECIPIENT_NOT_FOUND, String::new()));
    assert_eq!(sim.ended(bob)[1], (2, Status::DISCONNECTED, code::SEND_FAILED, String::new()));
}

#[test]
fn payloads_have_fifteen_kilobytes_and_not_a_byte_more() {
    let (mut sim, [ada, bob, cyd]) = room(7);
    let most = "x".repeat(MAX_PAYLOAD);
    sim.call(ada, "bob", 1, &most);
    sim.run(ms(200));
    assert_eq!(sim.called(bob)[0].2, most);
    sim.answer(bob, 1, Ok(most.clone()));
    sim.run(ms(200));
    assert_eq!(sim.ended(ada), [(1, Status::OK, 0, most.clone())]);
    sim.call(ada, "bob", 2, &format!("{most}x"));
    sim.run(ms(100));
    assert_eq!(sim.ended(ada)[1], (2, Status::BAD_ARGUMENT, code::REQUEST_TOO_LARGE, String::new()));
    // One who does not keep to it is told so.
    let request = lk::RpcRequest {
        id: "big".into(),
        method: "add".into(),
        payload: format!("{most}x"),
        response_timeout_ms: 8000,
        version: 1,
        ..Default::default()
    };
    sim.send_raw(cyd, "bob", Value::RpcRequest(request));
    sim.run(ms(200));
    assert_eq!(sim.called(bob).len(), 1);
    assert_eq!(sim.clients[bob].voice.rpc_counters().refused, 1);
    // The acknowledgement and the answer.
    assert_eq!(sim.clients[cyd].voice.rpc_counters().stray, 2);
}

#[test]
fn a_thousand_calls_at_once_are_bounded() {
    let (mut sim, [ada, bob, cyd]) = room(8);
    for ticket in 1..=1000 {
        sim.call(ada, "bob", ticket, "x");
    }
    sim.run(secs(1));
    let ended = sim.ended(ada);
    let full = ended.iter().filter(|(_, status, ..)| *status == Status::QUEUE_FULL).count();
    assert_eq!(full, 1000 - MAX_CALLS);
    let too_many = ended.iter().filter(|(_, _, code, _)| *code == code::APPLICATION_ERROR).count();
    assert_eq!((sim.called(bob).len(), too_many), (64, MAX_CALLS - 64), "one user has 64 at a time");
    // There is room for others, and after the answers for the same one.
    sim.call(cyd, "bob", 1, "x");
    sim.run(ms(100));
    assert_eq!(sim.called(bob).len(), 65);
    for call in 1..=64 {
        sim.answer(bob, call, Ok(String::new()));
    }
    sim.run(ms(200));
    sim.call(ada, "bob", 1001, "x");
    sim.run(ms(100));
    assert_eq!(sim.called(bob).len(), 66);
    assert_eq!(sim.clients[ada].voice.rpc_counters().made, 1001);
}

#[test]
fn nobody_answers_for_another() {
    let (mut sim, [ada, bob, cyd]) = room(9);
    sim.call(ada, "bob", 1, "");
    sim.run(ms(100));
    let request_id = format!("id-{ada}-1");
    let answer = |value| Value::RpcResponse(lk::RpcResponse { request_id: request_id.clone(), value });
    sim.send_raw(cyd, "ada", answer(Some(Answer::Payload("forged".into()))));
    let error = lk::RpcError { code: 1, message: "forged".into(), data: String::new() };
    sim.send_raw(cyd, "ada", answer(Some(Answer::Error(error))));
    sim.send_raw(cyd, "ada", Value::RpcAck(lk::RpcAck { request_id: request_id.clone() }));
    sim.run(ms(200));
    assert!(sim.ended(ada).is_empty(), "{:?}", sim.ended(ada));
    assert_eq!(sim.clients[ada].voice.rpc_counters().stray, 3);
    sim.answer(bob, 1, Ok("right".into()));
    sim.run(ms(100));
    assert_eq!(sim.ended(ada), [(1, Status::OK, 0, "right".to_string())]);
}

#[test]
fn requests_that_come_twice_or_in_another_version_are_no_calls() {
    let (mut sim, [_, bob, cyd]) = room(10);
    let request = |id: &str, version| {
        let (method, response_timeout_ms) = ("add".into(), 8000);
        Value::RpcRequest(lk::RpcRequest { id: id.into(), method, response_timeout_ms, version, ..Default::default() })
    };
    sim.send_raw(cyd, "bob", request("twice", 1));
    sim.send_raw(cyd, "bob", request("twice", 1));
    sim.send_raw(cyd, "bob", request("other", 2));
    sim.run(ms(200));
    assert_eq!(sim.called(bob).len(), 1);
    let counters = sim.clients[bob].voice.rpc_counters();
    assert_eq!((counters.taken, counters.refused, counters.stray), (1, 1, 1));
    // A time of 0 is over at once.
    let now =
        Value::RpcRequest(lk::RpcRequest { id: "now".into(), method: "add".into(), version: 1, ..Default::default() });
    sim.send_raw(cyd, "bob", now);
    sim.run(ms(200));
    assert_eq!(sim.called(bob).len(), 2);
    assert!(sim.clients[bob].callee.take(2).is_err());
}

#[test]
fn who_may_not_send_data_calls_nobody() {
    let mut sim = Sim::new(11);
    let mute = token("ada", |claims| claims.video.can_publish_data = Some(false));
    let ada = sim.join("ada", Options { token: Some(mute), ..Options::default() });
    sim.join("bob", Options::default());
    sim.run(ms(300));
    sim.call(ada, "bob", 1, "");
    sim.run(ms(10));
    assert_eq!(sim.ended(ada), [(1, Status::NOT_ALLOWED, code::SEND_FAILED, String::new())]);
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
}

#[test]
fn methods_are_bounded() {
    let callee = stoa::client::rpc::Callee::default();
    for n in 0..256 {
        callee.register(&n.to_string()).unwrap();
    }
    callee.register("7").unwrap();
    assert_eq!(callee.register("one more").unwrap_err().status, Status::LIMIT);
    callee.unregister("7").unwrap();
    callee.register("one more").unwrap();
}
