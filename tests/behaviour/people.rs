//! What users tell of themselves, what the server says of their connections, and what it does to a microphone.

mod qualities;
mod told;

use crate::sim::{Options, Sim, ms, token, tone};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stoa::client::people::OwnChange;
use stoa::event::{ConnectionState, EventBody};
use stoa::{Result, Status};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn may(user: &str) -> Options {
    let own = |claims: &mut stoa::token::jwt::Claims| {
        claims.video.can_update_own_metadata = Some(true);
        claims.name = "Before".into();
        claims.attributes = BTreeMap::from([("seat".into(), "1".into()), ("hat".into(), "red".into())]);
    };
    Options { token: Some(token(user, own)), ..Options::default() }
}

fn change(name: &str, metadata: &str, attributes: &[(&str, &str)]) -> OwnChange {
    let attributes = attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    OwnChange { name: name.into(), metadata: metadata.into(), attributes }
}

/// What became of a change: nothing yet, Some(None) where it was dropped.
type Outcome = Arc<Mutex<Option<Result<()>>>>;

impl Sim {
    fn change(&mut self, client: usize, change: OwnChange) -> Outcome {
        let outcome = Outcome::default();
        let told = outcome.clone();
        let now = self.now;
        let done = Box::new(move |result| *told.lock().unwrap() = Some(result));
        self.clients[client].voice.change_own(now, change, done);
        outcome
    }

    fn info(&self, client: usize, user: &str) -> Value {
        self.clients[client].voice.people().find(user).expect("in the room").to_json()
    }
}

#[test]
fn name_metadata_and_attributes_reach_everybody() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", may("ada"));
    let bob = sim.join("bob", Options::default());
    sim.run(ms(300));
    let before = sim.info(bob, "ada");
    assert_eq!((&before["name"], &before["attributes"]), (&json!("Before"), &json!({"hat": "red", "seat": "1"})));
    let outcome = sim.change(ada, change("Ada", "m", &[("seat", "2"), ("hat", ""), ("coat", "blue")]));
    assert!(outcome.lock().unwrap().is_none());
    sim.run(ms(100));
    assert_eq!(*outcome.lock().unwrap(), Some(Ok(())));
    for client in [ada, bob] {
        let info = sim.info(client, "ada");
        assert_eq!((&info["name"], &info["metadata"]), (&json!("Ada"), &json!("m")));
        assert_eq!(info["attributes"], json!({"coat": "blue", "seat": "2"}));
        let user = || "ada".to_string();
        let told: Vec<_> = [
            EventBody::UserNameChanged { user: user(), name: "Ada".into() },
            EventBody::UserMetadataChanged { user: user(), metadata: "m".into() },
            EventBody::UserAttributesChanged { user: user(), changed: r#"{"coat":"blue","hat":"","seat":"2"}"#.into() },
        ]
        .into_iter()
        .map(|expected| sim.clients[client].events.iter().filter(|event| **event == expected).count())
        .collect();
        assert_eq!(told, [1, 1, 1], "each is told once");
    }
    // Who joins later finds it; what is as it was is no news.
    let cyd = sim.join("cyd", Options::default());
    assert_eq!(sim.info(cyd, "ada")["attributes"]["coat"], "blue");
    let events = sim.clients[bob].events.len();
    let again = sim.change(ada, change("Ada", "", &[("hat", "")]));
    sim.run(ms(100));
    assert_eq!(*again.lock().unwrap(), Some(Ok(())));
    let news = &sim.clients[bob].events[events..];
    let is_news = |event: &&EventBody| {
        !matches!(
            event,
            EventBody::UserJoined { .. }
                | EventBody::SubscribeStateChanged { .. }
                | EventBody::ConnectionQualityChanged { .. }
        )
    };
    assert!(news.iter().find(is_news).is_none(), "{news:?}");
}

#[test]
fn what_the_token_does_not_allow_or_is_too_long_is_refused() {
    let mut sim = Sim::new(2);
    let (ada, bob) = (sim.join("ada", may("ada")), sim.join("bob", Options::default()));
    sim.run(ms(300));
    let cases = [
        (bob, change("Bob", "", &[]), Status::NOT_ALLOWED),
        (ada, change(&"n".repeat(257), "", &[]), Status::LIMIT),
        (ada, change("", &"m".repeat(65_537), &[]), Status::LIMIT),
        (ada, change("", "", &[("a", &"x".repeat(65_536))]), Status::LIMIT),
    ];
    for (client, change, status) in cases {
        let outcome = sim.change(client, change);
        sim.run(ms(100));
        let outcome = outcome.lock().unwrap().take().expect("an answer");
        assert_eq!(outcome.unwrap_err().status, status);
    }
    assert_eq!(sim.info(ada, "bob")["name"], "");
    // Attributes do not grow by many requests either.
    let mut refused = 0;
    for n in 0..10 {
        let outcome = sim.change(ada, change("", "", &[(&n.to_string(), &"x".repeat(10_000))]));
        sim.run(ms(50));
        refused += u64::from(outcome.lock().unwrap().take().expect("an answer").is_err());
    }
    assert_eq!(refused, 4);
    // One that takes some away has room again.
    let outcome = sim.change(ada, change("", "", &[("0", ""), ("9", "y")]));
    sim.run(ms(50));
    assert_eq!(outcome.lock().unwrap().take(), Some(Ok(())));
}

#[test]
fn requests_end_when_nobody_answers_and_are_bounded() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", may("ada"));
    sim.run(ms(300));
    sim.clients[ada].link.cut = true;
    let outcomes: Vec<_> = (0..65).map(|n| sim.change(ada, change(&format!("Ada {n}"), "", &[]))).collect();
    sim.run(ms(0));
    let status = |n: usize| outcomes[n].lock().unwrap().clone().map(|outcome| outcome.unwrap_err().status);
    assert_eq!(status(64), Some(Status::LIMIT));
    sim.run(ms(9_999));
    assert_eq!(status(0), None);
    sim.run(ms(1));
    assert_eq!((status(0), status(63)), (Some(Status::TIMED_OUT), Some(Status::TIMED_OUT)));
    // With the connection they go without a word.
    let outcome = sim.change(ada, change("Ada", "", &[]));
    assert_eq!(Arc::strong_count(&outcome), 2);
    sim.clients[ada].voice.leave();
    sim.run(ms(1));
    assert_eq!((outcome.lock().unwrap().take(), Arc::strong_count(&outcome)), (None, 1));
}

#[test]
fn one_user_as_json_has_everything() {
    let mut sim = Sim::new(4);
    let (ada, bob) = (sim.join("ada", may("ada")), sim.join("bob", Options::default()));
    sim.run(secs(6));
    sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(2)), Some(ms(0)));
    sim.run(ms(1000));
    let mut info = sim.info(bob, "ada");
    assert_eq!(info["speaking"], true);
    sim.clients[ada].voice.mute(true);
    sim.run(secs(5));
    info = sim.info(bob, "ada");
    let id = info["tracks"][0]["id"].clone();
    assert!(id.as_str().unwrap().starts_with("TR_"));
    let expected = json!({
        "user": "ada", "name": "Before", "metadata": "", "attributes": {"hat": "red", "seat": "1"}, "kind": "standard",
        "joined_ms": info["joined_ms"], "quality": "excellent", "speaking": false, "muted": true,
        "permission": {"can_publish": true, "can_publish_sources": [], "can_publish_data": true, "can_subscribe": true,
            "can_update_metadata": true, "hidden": false},
        "tracks": [{"id": id, "name": "microphone", "kind": "audio", "source": "microphone", "muted": true}],
    });
    assert_eq!(info, expected);
    let joined = info["joined_ms"].as_u64().unwrap();
    assert!((crate::sim::EPOCH * 1000..crate::sim::EPOCH * 1000 + 1000).contains(&joined));
    let room = sim.clients[bob].voice.people().room_json();
    assert_eq!((&room["name"], &room["users"], &room["recording"]), (&json!("room"), &json!(2), &json!(false)));
    sim.clients[ada].voice.leave();
    sim.run(ms(100));
    assert!(sim.clients[bob].voice.people().find("ada").is_none());
    assert_eq!(sim.clients[bob].voice.people().room_json()["users"], 1);
}

#[test]
fn a_server_that_knows_nobody_is_told_again() {
    let mut sim = Sim::new(12);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, may(user)));
    sim.run(ms(300));
    let told = sim.change(ada, change("Ada", "the same", &[("hat", "green"), ("seat", "")]));
    sim.run(ms(100));
    assert_eq!(*told.lock().unwrap(), Some(Ok(())));
    sim.stop_server();
    sim.run(secs(1));
    // Who is on the way back is still known.
    assert_eq!(sim.info(bob, "ada")["metadata"], "the same");
    sim.start_server();
    let back = |sim: &Sim| sim.clients.iter().all(|client| client.voice.state() == ConnectionState::Connected);
    assert!(sim.run_until(secs(30), back));
    sim.run(secs(1));
    for client in [ada, bob] {
        let info = sim.info(client, "ada");
        assert_eq!((&info["name"], &info["metadata"]), (&"Ada".into(), &"the same".into()));
        assert_eq!(info["attributes"], json!({"hat": "green"}));
    }
}
