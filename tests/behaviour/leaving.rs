//! Streams end when their user leaves, is thrown out or disappears.

use crate::sim::{Options, Sim, ms, tone};
use stoa::event::{ConnectionState, EventBody, Reason, SubscribeState};

fn left(sim: &Sim, client: usize) -> Vec<(String, Reason)> {
    let left = |event: &EventBody| match event {
        EventBody::UserLeft { user, reason } => Some((user.clone(), *reason)),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(left).collect()
}

#[test]
fn leaving_ends_the_stream_after_what_was_said() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(200)), Some(ms(0)));
    sim.run(ms(500));
    assert!(!heard.is_closed());
    sim.clients[ada].voice.leave();
    sim.run(ms(100));
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Disconnected);
    assert!(heard.is_closed());
    assert_eq!(left(&sim, bob), [("ada".to_string(), Reason::Requested)]);
    let events = &sim.clients[bob].events;
    assert!(events.contains(&EventBody::StreamEnded { user: "ada".into(), track: String::new() }));
    let idle = |event: &&EventBody| matches!(event, EventBody::SubscribeStateChanged { new: SubscribeState::Idle, .. });
    assert_eq!(events.iter().filter(idle).count(), 1);
    assert_eq!(sim.server.population().1, 1);
}

#[test]
fn the_same_identity_again_replaces_the_first() {
    let mut sim = Sim::new(2);
    let first = sim.join("ada", Options::default());
    let second = sim.join("ada", Options::default());
    sim.run(ms(200));
    let last = sim.clients[first].events.last();
    assert!(
        matches!(last, Some(EventBody::ConnectionStateChanged { reason: Reason::DuplicateIdentity, .. })),
        "{last:?}"
    );
    assert_eq!(sim.clients[second].voice.state(), ConnectionState::Connected);
}

#[test]
fn who_disappears_is_gone_within_half_a_minute() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", Options { reconnect: None, ..Options::default() });
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    sim.clients[ada].link.cut = true;
    sim.run(ms(35_000));
    assert_eq!(left(&sim, bob).len(), 1, "bob still sees ada");
    let last = sim.clients[ada].events.last();
    let lost = matches!(
        last,
        Some(EventBody::ConnectionStateChanged { new: ConnectionState::Failed, reason: Reason::ConnectionLost, .. })
    );
    assert!(lost, "{last:?}");
    assert_eq!(sim.clients[bob].voice.state(), ConnectionState::Connected);
}
