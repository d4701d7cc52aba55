//! A participant is taken into another room, and what everybody notices of it.

use crate::sim::{EPOCH, Options, Sim, ms, token};
use serde_json::json;
use std::time::Duration;
use stoa::event::{ConnectionState, EventBody, Reason};
use stoa::token::jwt;

fn in_room(user: &str, room: &str) -> Options {
    let token = token(user, |claims| {
        claims.video.room = room.into();
        claims.exp = EPOCH + 100_000;
    });
    Options { token: Some(token), reconnect: Some(Duration::from_secs(60)), ..Options::default() }
}

fn moves(sim: &mut Sim, user: &str, from: &str, to: &str) {
    let request = json!({"room": from, "identity": user, "destinationRoom": to});
    sim.administer_in(from, "MoveParticipant", request);
    sim.run(ms(300));
}

/// Who came and went, in the order of it.
fn traffic(sim: &mut Sim, client: usize) -> Vec<String> {
    let events = std::mem::take(&mut sim.clients[client].events);
    let named = |event: &EventBody| match event {
        EventBody::UserJoined { user } => Some(format!("+{user}")),
        EventBody::UserLeft { user, .. } => Some(format!("-{user}")),
        EventBody::ConnectionStateChanged { new, .. } => Some(format!("{new:?}")),
        _ => None,
    };
    events.iter().filter_map(named).collect()
}

#[test]
fn who_is_moved_is_gone_from_one_room_and_heard_in_the_other() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", in_room("ada", "hall"));
    let bob = sim.join("bob", in_room("bob", "hall"));
    let cay = sim.join("cay", in_room("cay", "cellar"));
    sim.run(ms(200));
    assert!(sim.frames(ada, bob, "ada") > 20);
    [ada, bob, cay].into_iter().for_each(|client| _ = traffic(&mut sim, client));
    let stream = sim.record(ada, "bob");
    moves(&mut sim, "ada", "hall", "cellar");
    assert_eq!(traffic(&mut sim, ada), ["-bob", "+cay"], "and its connection stands");
    assert_eq!(traffic(&mut sim, bob), ["-ada"]);
    assert_eq!(traffic(&mut sim, cay), ["+ada"]);
    assert!(stream.is_closed());
    assert!(sim.frames(ada, cay, "ada") > 20);
    assert!(sim.frames(cay, ada, "cay") > 20);
    let people = sim.clients[ada].voice.people();
    assert_eq!(people.room_json()["name"], "cellar");
    assert!(people.find("cay").is_some() && people.find("bob").is_none());
    assert_eq!(sim.server.population(), (2, 3));
    // And back again: the same tracks, on sections that have carried them before.
    moves(&mut sim, "ada", "cellar", "hall");
    assert!(sim.frames(ada, bob, "ada") > 20);
    assert!(sim.frames(bob, ada, "bob") > 20);
    assert_eq!(traffic(&mut sim, cay), ["-ada"]);
}

#[test]
fn a_room_is_made_for_who_is_moved_and_the_empty_one_ends() {
    let mut sim = Sim::new(2);
    let ada = sim.join("ada", in_room("ada", "hall"));
    moves(&mut sim, "ada", "hall", "attic");
    sim.run(ms(20_500));
    assert_eq!(sim.server.population(), (1, 1), "nobody came back to the other");
    let bob = sim.join("bob", in_room("bob", "attic"));
    sim.run(ms(300));
    assert!(sim.frames(ada, bob, "ada") > 20);
    assert!(sim.frames(bob, ada, "bob") > 20);
}

#[test]
fn who_has_the_name_in_the_other_room_leaves_for_it() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", in_room("ada", "hall"));
    let twin = sim.join("ada", in_room("ada", "cellar"));
    let cay = sim.join("cay", in_room("cay", "cellar"));
    sim.run(ms(200));
    moves(&mut sim, "ada", "hall", "cellar");
    let ended = sim.clients[twin].events.iter().any(|event| {
        matches!(
            event,
            EventBody::ConnectionStateChanged { new: ConnectionState::Failed, reason: Reason::DuplicateIdentity, .. }
        )
    });
    assert!(ended, "{:?}", sim.clients[twin].events);
    assert!(sim.frames(ada, cay, "ada") > 20);
}

#[test]
fn who_was_moved_comes_back_to_where_it_was_moved() {
    let mut sim = Sim::new(4);
    let ada = sim.join("ada", in_room("ada", "hall"));
    let cay = sim.join("cay", in_room("cay", "cellar"));
    sim.run(ms(200));
    moves(&mut sim, "ada", "hall", "cellar");
    let claims = jwt::parse_unverified(sim.clients[ada].voice.refreshed_token().unwrap()).unwrap();
    assert_eq!((claims.video.room.as_str(), claims.sub.as_str()), ("cellar", "ada"));
    // The WebSocket alone: a resume. The server too: a new join.
    sim.cut_websocket(ada);
    sim.run(ms(5000));
    traffic(&mut sim, cay);
    assert!(sim.frames(ada, cay, "ada") > 20);
    sim.stop_server();
    sim.run(ms(1000));
    sim.start_server();
    sim.run(ms(30_000));
    let state = |client: usize| sim.clients[client].voice.state();
    assert_eq!([state(ada), state(cay)], [ConnectionState::Connected; 2]);
    assert_eq!(sim.server.population(), (1, 2));
    assert!(sim.frames(ada, cay, "ada") > 20);
}

#[test]
fn who_is_moved_with_two_connections_is_heard_too() {
    let mut sim = Sim::new(5);
    let ada = sim.join("ada", Options { old_server: true, ..in_room("ada", "hall") });
    let cay = sim.join("cay", Options { old_server: true, ..in_room("cay", "cellar") });
    let bob = sim.join("bob", in_room("bob", "hall"));
    sim.run(ms(200));
    assert!(sim.frames(bob, ada, "bob") > 20);
    moves(&mut sim, "ada", "hall", "cellar");
    assert!(sim.frames(ada, cay, "ada") > 20);
    assert!(sim.frames(cay, ada, "cay") > 20);
}
