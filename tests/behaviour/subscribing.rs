//! Nobody is subscribed by default; who is, is heard; who is no more, is not.

use crate::sim::{Options, Sim, ms, tone};
use stoa::Status;
use stoa::event::{EventBody, SubscribeState};

fn quiet_room(seed: u64) -> (Sim, usize, usize) {
    let mut sim = Sim::new(seed);
    let options = Options { subscribe_all: false, ..Options::default() };
    let ada = sim.join("ada", options.clone());
    let bob = sim.join("bob", options);
    sim.run(ms(200));
    (sim, ada, bob)
}

fn changes(sim: &Sim, client: usize) -> Vec<(SubscribeState, SubscribeState)> {
    let change = |event: &EventBody| match event {
        EventBody::SubscribeStateChanged { old, new, .. } => Some((*old, *new)),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(change).collect()
}

/// Carol publishes nothing: there is nothing to hear, and all the same somebody may wait for it.
#[test]
fn the_stream_of_one_of_whom_nothing_came_ends_too() {
    let (mut sim, _, bob) = quiet_room(6);
    sim.join("carol", Options { listen_only: true, ..Options::default() });
    sim.run(ms(200));
    let subscribe = |sim: &mut Sim, wanted| sim.clients[bob].voice.subscribe(sim.now, "carol", wanted).unwrap();
    subscribe(&mut sim, true);
    let heard = sim.record(bob, "carol");
    sim.run(ms(200));
    assert!(!heard.is_closed());
    subscribe(&mut sim, false);
    assert!(heard.is_closed());
    sim.run(ms(0));
    assert!(sim.clients[bob].events.contains(&EventBody::StreamEnded { user: "carol".into(), track: String::new() }));
}

#[test]
fn nobody_is_heard_unasked() {
    let (mut sim, ada, bob) = quiet_room(1);
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(200)), Some(ms(0)));
    sim.run(ms(500));
    assert!(heard.frames().is_empty());
    assert_eq!(changes(&sim, bob), [(SubscribeState::Idle, SubscribeState::NoSubscribe)]);
}

#[test]
fn subscribing_goes_0_1_2_3_and_back_to_1_and_may_be_repeated() {
    let (mut sim, ada, bob) = quiet_room(2);
    for round in 0..3 {
        let now = sim.now;
        sim.clients[bob].voice.subscribe(now, "ada", true).unwrap();
        let heard = sim.record(bob, "ada");
        let subscribed =
            |sim: &Sim| sim.clients[bob].voice.users().all(|(_, state)| state == SubscribeState::Subscribed);
        assert!(sim.run_until(ms(500), subscribed), "round {round}: {:?}", changes(&sim, bob));
        sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(200)), Some(ms(0)));
        sim.run(ms(400));
        assert!(heard.frames().len() >= 10, "round {round}: {} frames", heard.frames().len());
        let now = sim.now;
        sim.clients[bob].voice.subscribe(now, "ada", false).unwrap();
        sim.run(ms(100));
        assert!(heard.is_closed(), "round {round}");
        let before = heard.frames().len();
        sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(200)), Some(ms(0)));
        sim.run(ms(400));
        assert_eq!(heard.frames().len(), before, "round {round}: heard after unsubscribing");
    }
    use SubscribeState::{Idle, NoSubscribe, Subscribed, Subscribing};
    let once = [(NoSubscribe, Subscribing), (Subscribing, Subscribed), (Subscribed, NoSubscribe)];
    let expected: Vec<_> = [(Idle, NoSubscribe)].into_iter().chain(once.into_iter().cycle().take(9)).collect();
    assert_eq!(changes(&sim, bob), expected);
}

#[test]
fn a_thousand_subscriptions_later_the_sections_are_the_same() {
    let (mut sim, ada, bob) = quiet_room(4);
    for round in 0..1000 {
        for wanted in [true, false] {
            let now = sim.now;
            sim.clients[bob].voice.subscribe(now, "ada", wanted).unwrap();
            let target = if wanted { SubscribeState::Subscribed } else { SubscribeState::NoSubscribe };
            let done = |sim: &Sim| sim.clients[bob].voice.users().all(|(_, state)| state == target);
            assert!(sim.run_until(ms(500), done), "round {round}: {:?}", sim.clients[bob].events.last());
            sim.run(ms(5));
        }
        sim.clients[bob].events.clear();
    }
    assert!(sim.longest_message < 20_000, "an offer or answer of {} bytes", sim.longest_message);
    let now = sim.now;
    sim.clients[bob].voice.subscribe(now, "ada", true).unwrap();
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(400)), Some(ms(0)));
    sim.run(ms(600));
    assert!(heard.frames().len() >= 15);
}

#[test]
fn an_unknown_user_is_an_error() {
    let (mut sim, _, bob) = quiet_room(3);
    let now = sim.now;
    let error = sim.clients[bob].voice.subscribe(now, "nobody", true).unwrap_err();
    assert_eq!(error.status, Status::NOT_FOUND);
    assert!(error.text.contains("nobody"));
}
