//! Joining: states, users, and how soon the first sound is heard.

use crate::sim::{Link, Options, QUIET, Sim, ms, tone};
use stoa::event::{ConnectionState, EventBody, SubscribeState};

fn states(events: &[EventBody]) -> Vec<(ConnectionState, ConnectionState)> {
    let state = |event: &EventBody| match event {
        EventBody::ConnectionStateChanged { old, new, .. } => Some((*old, *new)),
        _ => None,
    };
    events.iter().filter_map(state).collect()
}

#[test]
fn states_go_from_1_over_2_to_3() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", Options::default());
    use ConnectionState::{Connected, Connecting, Disconnected};
    assert_eq!(states(&sim.clients[ada].events), [(Disconnected, Connecting), (Connecting, Connected)]);
}

#[test]
fn everyone_learns_of_everyone_once() {
    let mut sim = Sim::new(2);
    let users = ["ada", "bob", "cyd"];
    let clients = users.map(|user| sim.join(user, Options::default()));
    sim.run(ms(500));
    for (client, user) in clients.into_iter().zip(users) {
        let mut met: Vec<String> = sim.clients[client]
            .events
            .iter()
            .filter_map(|event| if let EventBody::UserJoined { user } = event { Some(user.clone()) } else { None })
            .collect();
        met.sort();
        let others: Vec<&str> = users.into_iter().filter(|other| *other != user).collect();
        assert_eq!(met, others, "as {user} saw it");
        assert!(sim.clients[client].voice.users().all(|(_, state)| state == SubscribeState::Subscribed));
    }
}

#[test]
fn the_first_sound_is_heard_soon_after_the_start() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", Options::default());
    let started = sim.at();
    let bob = sim.add("bob", Options::default());
    sim.clients[bob].queue.push(&tone(440.0, 24_000, ms(400)), Some(ms(0)));
    assert!(sim.run_until(ms(1000), |sim| sim.clients[ada].voice.users().count() == 1));
    let heard = sim.record(ada, "bob");
    assert!(sim.run_until(ms(1000), |_| !heard.frames().is_empty()), "nothing was heard");
    let took = sim.at() - started;
    // Two round trips of signalling, ICE and DTLS at 1 ms each way, a packet's 20 ms and the wait for its turn.
    assert!(took < ms(100), "first sound after {took:?}");
}

#[test]
fn a_slow_and_lossy_line_only_takes_longer() {
    let mut sim = Sim::new(4);
    let bad = Link { delay: ms(150), jitter: ms(40), loss: 0.2, ..QUIET };
    let ada = sim.join("ada", Options { link: bad, ..Options::default() });
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
    assert!(sim.at() > ms(600), "three round trips cannot take {:?}", sim.at());
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let mut sim = Sim::new(5);
    let ada = sim.add("ada", Options { link: Link { cut: true, ..QUIET }, ..Options::default() });
    sim.run(ms(10_500));
    let last = sim.clients[ada].events.last();
    let Some(EventBody::ConnectionStateChanged { new: ConnectionState::Failed, text, .. }) = last else {
        panic!("expected a failure, not {last:?}");
    };
    assert!(text.contains("did not answer"), "{text}");
}

#[test]
fn outcomes_repeat_by_seed() {
    let run = |seed| {
        let mut sim = Sim::new(seed);
        let bad = Link { jitter: ms(20), loss: 0.1, ..QUIET };
        let ada = sim.join("ada", Options { link: bad, ..Options::default() });
        let bob = sim.join("bob", Options::default());
        sim.run(ms(100));
        let heard = sim.record(bob, "ada");
        sim.clients[ada].queue.push(&tone(300.0, 24_000, ms(2000)), Some(ms(0)));
        sim.run(ms(3000));
        heard.pcm()
    };
    let first = run(6);
    assert!(first.len() > 40_000);
    assert!(run(6) == first, "the same seed gave another sound");
    assert!(run(7) != first, "another seed lost the same packets");
}
