//! Calls that the room service makes.

use super::*;
use crate::sim::{EPOCH, KEY, SECRET};
use serde_json::{Value as Json, json};
use stoa::server::admin::PATH;
use stoa::server::{AdminAnswer, AdminRequest, AdminResponse};
use stoa::token::jwt::{self, Claims, VideoGrant};

type Answered = (u16, Json);

fn read(response: &AdminResponse) -> Answered {
    (response.http_status, serde_json::from_slice(&response.body).unwrap())
}

fn refused(status: u16, code: &str, text: &str) -> Answered {
    (status, json!({"code": code, "msg": text}))
}

impl Sim {
    /// Calls "add" of somebody. None: the answer comes later.
    fn perform(&mut self, to: &str, payload: &str, timeout_ms: u32) -> Option<Answered> {
        let video = VideoGrant { room: "room".into(), room_admin: true, ..Default::default() };
        let bearer = format!(
            "Bearer {}",
            jwt::build(&Claims { exp: EPOCH + 100_000, video, ..Default::default() }, KEY, SECRET)
        );
        let body = json!({
            "room": "room", "destinationIdentity": to, "method": "add", "payload": payload, "responseTimeoutMs": timeout_ms,
        });
        let body = body.to_string();
        let request = AdminRequest {
            method: "POST",
            path: &format!("{PATH}PerformRpc"),
            query: "",
            content_type: "application/json",
            authorization: Some(&bearer),
            body: Some(body.as_bytes()),
        };
        match self.server.admin(self.now, &request) {
            AdminAnswer::Now(response) => Some(read(&response)),
            AdminAnswer::Later(_) => None,
        }
    }

    /// The answers that came later.
    fn performed(&self) -> Vec<Answered> {
        self.answers.iter().map(read).collect()
    }
}

#[test]
fn the_room_service_calls_a_method_and_gets_its_answer() {
    let (mut sim, [ada, bob, cyd]) = room(20);
    assert_eq!(sim.perform("bob", "2 3", 0), None);
    sim.run(ms(100));
    let called = sim.called(bob);
    assert_eq!((called[0].2.as_str(), called[0].3), ("2 3", secs(8)));
    assert!(sim.performed().is_empty());
    // Nobody answers for others, nor by another name.
    let forged = |name: &str| {
        let value = Some(Answer::Payload("6".into()));
        Value::RpcResponse(lk::RpcResponse { request_id: name.into(), value })
    };
    sim.send_raw(cyd, &called[0].0, forged(&called[0].0));
    sim.send_raw(bob, &called[0].0, forged("RPC_other"));
    sim.run(ms(100));
    sim.answer(bob, called[0].1, Ok("5".into()));
    sim.run(ms(100));
    assert_eq!(sim.performed(), [(200, json!({"payload": "5"}))]);
    assert_eq!(sim.perform("bob", "", 0), None);
    sim.run(ms(100));
    sim.answer(bob, 2, error(77, "no numbers"));
    sim.run(ms(100));
    assert_eq!(sim.performed()[1], refused(500, "internal", "RpcError 77: no numbers"));
    sim.clients[bob].callee.unregister("add").unwrap();
    sim.perform("bob", "", 0);
    sim.run(ms(100));
    let text = sim.performed()[2].1["msg"].as_str().unwrap().to_string();
    assert!(sim.performed()[2].0 == 400 && text.starts_with("RpcError 1400: "), "{text}");
    assert!(sim.called(ada).is_empty() && sim.called(cyd).is_empty());
}

#[test]
fn calls_of_the_room_service_end_in_time_and_with_who_is_called() {
    let (mut sim, [_, bob, _]) = room(21);
    assert_eq!(sim.perform("eve", "", 0).unwrap().0, 404);
    assert_eq!(sim.perform("", "", 0).unwrap().0, 400);
    let long = sim.perform("bob", &"x".repeat(MAX_PAYLOAD + 1), 0);
    assert_eq!(long, Some(refused(400, "malformed", "RpcError 1402: Request payload too large")));
    // It acknowledges, and says no more.
    sim.perform("bob", "", 20_000);
    sim.run(ms(19_900));
    assert!(sim.performed().is_empty());
    sim.run(ms(200));
    assert_eq!(sim.performed(), [refused(408, "canceled", "RpcError 1502: Response timeout")]);
    sim.perform("bob", "", 600_000);
    sim.run(ms(100));
    sim.clients[bob].voice.leave();
    sim.run(ms(100));
    assert_eq!(sim.performed()[1], refused(503, "unavailable", "RpcError 1503: Recipient disconnected"));
    // A bounded number of them waits.
    sim.join("dan", Options::default());
    (0..256).for_each(|_| assert_eq!(sim.perform("dan", "", 600_000), None));
    assert_eq!(sim.perform("dan", "", 0).unwrap().0, 429);
}
