//! The room service from outside, and what those in the room notice of it.

use crate::sim::{EPOCH, KEY, Options, SECRET, Sim, ms, token, tone};
use crate::tokens::{access, everything};
use serde_json::{Value, json};
use stoa::event::{ConnectionState, EventBody, Reason, SubscribeState};
use stoa::server::admin::PATH;
use stoa::server::{AdminAnswer, AdminRequest};
use stoa::token::jwt::{self, Claims, VideoGrant};

impl Sim {
    /// Calls the room service as one who may everything in the room "room".
    fn administer(&mut self, method: &str, request: Value) -> Value {
        self.administer_in("room", method, request)
    }

    /// The same in another room.
    pub fn administer_in(&mut self, room: &str, method: &str, request: Value) -> Value {
        let video = VideoGrant {
            room: room.into(),
            room_admin: true,
            room_create: true,
            room_list: true,
            destination_room: request["destinationRoom"].as_str().unwrap_or_default().into(),
            ..Default::default()
        };
        let claims = Claims { exp: EPOCH + 100_000, video, ..Default::default() };
        let answer = self.server.admin(
            self.now,
            &AdminRequest {
                method: "POST",
                path: &format!("{PATH}{method}"),
                query: "",
                content_type: "application/json",
                authorization: Some(&format!("Bearer {}", jwt::build(&claims, KEY, SECRET))),
                body: Some(request.to_string().as_bytes()),
            },
        );
        let AdminAnswer::Now(response) = answer else { panic!("{method} is answered later") };
        let answer = String::from_utf8(response.body).unwrap();
        assert_eq!(response.http_status, 200, "{method}: {answer}");
        self.run(ms(200));
        serde_json::from_str(&answer).unwrap()
    }

    fn tracks_of(&mut self, user: &str) -> usize {
        let listed = self.administer("GetParticipant", json!({"room": "room", "identity": user}));
        listed["tracks"].as_array().map_or(0, Vec::len)
    }

    pub fn permit(&mut self, permission: Value) {
        self.administer("UpdateParticipant", json!({"room": "room", "identity": "ada", "permission": permission}));
    }

    /// How many frames of somebody's voice come through, of half a second.
    pub fn frames(&mut self, from: usize, to: usize, user: &str) -> usize {
        let heard = self.record(to, user);
        self.clients[from].queue.push(&tone(440.0, 24_000, ms(500)), Some(ms(0)));
        self.run(ms(1000));
        heard.origin(0)
    }

    fn end(&self, client: usize) -> (ConnectionState, Reason) {
        let ended = self.clients[client].events.iter().rev();
        ended
            .filter_map(|event| match event {
                EventBody::ConnectionStateChanged { new, reason, .. } => Some((*new, *reason)),
                _ => None,
            })
            .next()
            .expect("a connection")
    }
}

#[test]
fn who_is_muted_from_afar_is_told_of_and_not_heard() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    assert!(sim.frames(ada, bob, "ada") > 20);
    let listed = sim.administer("ListParticipants", json!({"room": "room"}));
    let ada_is = listed["participants"].as_array().unwrap().iter().find(|p| p["identity"] == "ada").unwrap();
    let track = &ada_is["tracks"][0]["sid"];
    sim.administer("MutePublishedTrack", json!({"room": "room", "identity": "ada", "trackSid": track, "muted": true}));
    assert_eq!(sim.frames(ada, bob, "ada"), 0);
    let muted = |muted| EventBody::UserMuted { user: "ada".into(), muted };
    assert!(sim.clients[bob].events.contains(&muted(true)));
    // Its own muting and unmuting ends it.
    sim.clients[ada].voice.mute(true);
    sim.run(ms(100));
    sim.clients[ada].voice.mute(false);
    sim.run(ms(100));
    assert!(sim.clients[bob].events.contains(&muted(false)));
    assert!(sim.frames(ada, bob, "ada") > 20);
}

#[test]
fn who_is_removed_and_whose_room_is_deleted_hears_why() {
    let mut sim = Sim::new(2);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    sim.administer("RemoveParticipant", json!({"room": "room", "identity": "ada"}));
    assert_eq!(sim.end(ada).1, Reason::Removed);
    assert!(sim.clients[bob].events.contains(&EventBody::UserLeft { user: "ada".into(), reason: Reason::Removed }));
    sim.administer("DeleteRoom", json!({"room": "room"}));
    assert_eq!(sim.end(bob).1, Reason::RoomClosed);
    assert_eq!(sim.server.population(), (0, 0));
}

#[test]
fn permissions_are_taken_and_given_back_while_they_speak() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    sim.permit(json!({"canPublish": false, "canSubscribe": true, "canPublishData": false}));
    assert_eq!(sim.frames(ada, bob, "ada"), 0);
    assert!(sim.frames(bob, ada, "bob") > 20);
    assert!(!sim.clients[ada].voice.may_send_data());
    sim.permit(json!({"canPublish": true, "canSubscribe": false, "canPublishData": true}));
    assert!(sim.frames(ada, bob, "ada") > 20 && sim.clients[ada].voice.may_send_data());
    assert_eq!(sim.frames(bob, ada, "bob"), 0);
    // Nobody sees who is hidden.
    sim.permit(json!({"canPublish": true, "canSubscribe": true, "canPublishData": true, "hidden": true}));
    assert!(matches!(sim.clients[bob].events.iter().rev().find(|e| matches!(e, EventBody::UserLeft { .. })),
        Some(EventBody::UserLeft { user, .. }) if user == "ada"));
    sim.permit(json!({"canPublish": true, "canSubscribe": true, "canPublishData": true}));
    let back = sim.clients[bob].events.iter().filter(|e| matches!(e, EventBody::UserJoined { user } if user == "ada"));
    assert_eq!(back.count(), 2, "when bob came, and when ada came back");
    sim.run(ms(500));
    let heard = (sim.frames(ada, bob, "ada"), sim.frames(bob, ada, "bob"));
    assert!(heard.0 > 20 && heard.1 > 20, "{heard:?}");
    let subscribed = sim.clients[bob].events.iter().rev().find_map(|event| match event {
        EventBody::SubscribeStateChanged { user, new, .. } if user == "ada" => Some(*new),
        _ => None,
    });
    assert_eq!(subscribed, Some(SubscribeState::Subscribed));
}

#[test]
fn a_microphone_that_was_taken_away_is_published_again_with_the_permission() {
    for old_server in [false, true] {
        let mut sim = Sim::new(6);
        let ada = sim.join("ada", Options { old_server, ..Options::default() });
        let bob = sim.join("bob", Options::default());
        sim.run(ms(100));
        let may = |publish: bool| json!({"canPublish": publish, "canSubscribe": true, "canPublishData": true});
        for _ in 0..3 {
            sim.permit(may(false));
            assert_eq!((sim.frames(ada, bob, "ada"), sim.tracks_of("ada")), (0, 0));
            sim.permit(may(true));
            sim.run(ms(200));
            assert!(sim.frames(ada, bob, "ada") > 20);
            assert_eq!(sim.tracks_of("ada"), 1);
        }
        // Muted meanwhile, it comes back muted.
        sim.permit(may(false));
        sim.clients[ada].voice.mute(true);
        sim.permit(may(true));
        sim.run(ms(200));
        assert_eq!((sim.frames(ada, bob, "ada"), sim.tracks_of("ada")), (0, 1));
        assert!(sim.clients[bob].events.contains(&EventBody::UserMuted { user: "ada".into(), muted: true }));
    }
}

#[test]
fn what_an_administrator_took_stays_taken_when_a_privilege_ends() {
    let mut sim = Sim::new(4);
    let with = |token: String| Options { token: Some(token), ..Options::default() };
    let bob = sim.join("bob", Options::default());
    // The privilege to publish data ends first.
    let mut privileges = everything(3000);
    privileges.last_mut().expect("publishing data").1 = 100;
    let ada = sim.join("ada", with(access("ada", 0, 3000, &privileges)));
    sim.run(ms(100));
    sim.permit(json!({"canPublish": false, "canSubscribe": true, "canPublishData": true}));
    sim.run(ms(20_000));
    assert_eq!(sim.frames(ada, bob, "ada"), 0, "the token that still allows it gives nothing back");
    sim.run(ms(160_000));
    assert!(sim.log.iter().any(|line| line.contains("a privilege has expired")), "{:?}", sim.log);
    assert!(!sim.clients[ada].voice.may_send_data());
    assert_eq!(sim.frames(ada, bob, "ada"), 0);
}

#[test]
fn rooms_wait_for_their_next_guest() {
    let mut sim = Sim::new(5);
    sim.administer("CreateRoom", json!({"name": "room", "departureTimeout": 60, "maxParticipants": 1}));
    let population = |sim: &Sim| sim.server.population();
    sim.run(ms(299_000));
    assert_eq!(population(&sim), (1, 0), "300 s for the first one");
    let ada = sim.join("ada", Options::default());
    let eve = sim
        .add("eve", Options { token: Some(token("eve", |claims| claims.exp = EPOCH + 100_000)), ..Options::default() });
    sim.run(ms(1000));
    assert_eq!(sim.end(eve).0, ConnectionState::Failed, "it takes one");
    sim.clients[ada].voice.leave();
    sim.run(ms(59_000));
    assert_eq!(population(&sim), (1, 0));
    sim.run(ms(2_000));
    assert_eq!(population(&sim), (0, 0));
    // One that nobody visits.
    sim.administer("CreateRoom", json!({"name": "cellar", "emptyTimeout": 5}));
    sim.run(ms(6_000));
    assert_eq!(population(&sim), (0, 0));
}
