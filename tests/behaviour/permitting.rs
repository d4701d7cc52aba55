//! What a token does not allow does not happen; the rest does.

use crate::sim::{Options, Sim, ms, token, tone};
use stoa::event::{ConnectionState, EventBody, SubscribeState};

fn may(user: &str, change: impl FnOnce(&mut stoa::token::jwt::VideoGrant)) -> Options {
    Options { token: Some(token(user, |claims| change(&mut claims.video))), ..Options::default() }
}

#[test]
fn who_may_not_speak_hears_and_is_not_heard() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", may("ada", |grant| grant.can_publish = Some(false)));
    let bob = sim.join("bob", Options::default());
    sim.run(ms(300));
    let (from_bob, from_ada) = (sim.record(ada, "bob"), sim.record(bob, "ada"));
    for client in [ada, bob] {
        sim.clients[client].queue.push(&tone(440.0, 24_000, ms(500)), Some(ms(0)));
    }
    sim.run(ms(1000));
    assert!(from_bob.frames().len() >= 20, "{} frames", from_bob.frames().len());
    assert!(from_ada.frames().is_empty(), "a muzzled user was heard");
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
}

#[test]
fn who_may_not_hear_speaks_and_hears_nothing() {
    let mut sim = Sim::new(2);
    let ada = sim.join("ada", may("ada", |grant| grant.can_subscribe = Some(false)));
    let bob = sim.join("bob", Options::default());
    sim.run(ms(300));
    let heard = sim.record(bob, "ada");
    for client in [ada, bob] {
        sim.clients[client].queue.push(&tone(440.0, 24_000, ms(500)), Some(ms(0)));
    }
    sim.run(ms(1000));
    assert!(heard.frames().len() >= 20);
    assert!(sim.clients[ada].voice.users().all(|(_, state)| state != SubscribeState::Subscribed));
}

#[test]
fn who_may_not_send_data_sends_none() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", may("ada", |grant| grant.can_publish_data = Some(false)));
    let bob = sim.join("bob", Options::default());
    sim.run(ms(300));
    for _ in 0..100 {
        let now = sim.now;
        assert!(sim.clients[ada].voice.send_data(now, b"psst".to_vec(), true, "", vec![]));
        sim.run(ms(5));
    }
    sim.run(ms(500));
    assert!(!sim.clients[bob].events.iter().any(|event| matches!(event, EventBody::DataReceived { .. })));
    // The log is not the sender's to fill: 1, 2, 4, … 64.
    let lines: Vec<_> = sim.log.iter().filter(|line| line.contains("ada") && line.contains("data")).collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
}

#[test]
fn the_hidden_hear_and_are_not_seen() {
    let mut sim = Sim::new(4);
    let ada = sim.join("ada", may("ada", |grant| grant.hidden = true));
    let bob = sim.join("bob", Options::default());
    sim.run(ms(300));
    assert_eq!(sim.clients[bob].voice.users().count(), 0);
    let heard = sim.record(ada, "bob");
    sim.clients[bob].queue.push(&tone(440.0, 24_000, ms(500)), Some(ms(0)));
    sim.run(ms(1000));
    assert!(heard.frames().len() >= 20);
}
