//! A server that does not know one peer connection gets two: all the same is heard, said and sent.

use crate::sim::{Link, Options, QUIET, Sim, ms, share_of, tone};
use stoa::event::{EventBody, SubscribeState};

fn two() -> Options {
    Options { old_server: true, ..Options::default() }
}

#[test]
fn both_kinds_hear_each_other() {
    let mut sim = Sim::new(1);
    let users = [("ada", two()), ("bob", Options::default()), ("cyd", two())];
    let clients: Vec<usize> = users.iter().map(|(user, options)| sim.join(user, options.clone())).collect();
    sim.run(ms(500));
    for (speaker, (name, _)) in users.iter().enumerate() {
        let listeners: Vec<_> = (0..3).filter(|n| *n != speaker).map(|n| (n, sim.record(clients[n], name))).collect();
        sim.clients[clients[speaker]].queue.push(&tone(440.0, 24_000, ms(600)), Some(ms(0)));
        sim.run(ms(1000));
        for (listener, heard) in listeners {
            let pcm = heard.pcm();
            assert!(pcm.len() >= 14_000, "{} heard {} samples of {name}", users[listener].0, pcm.len());
            assert!(share_of(440.0, 24_000, &pcm[4_800..9_600]) > 0.95, "{} heard something else", users[listener].0);
        }
    }
}

#[test]
fn data_and_leaving_pass_as_well() {
    let mut sim = Sim::new(2);
    let ada = sim.join("ada", two());
    let bob = sim.join("bob", two());
    sim.run(ms(500));
    let now = sim.now;
    assert!(sim.clients[ada].voice.send_data(now, b"hello".to_vec(), true, "t", vec![]));
    sim.run(ms(200));
    let got = |event: &EventBody| matches!(event, EventBody::DataReceived { payload, .. } if payload == b"hello");
    assert_eq!(sim.clients[bob].events.iter().filter(|event| got(event)).count(), 1);
    sim.clients[ada].voice.leave();
    sim.run(ms(200));
    assert_eq!(sim.clients[bob].voice.users().count(), 0);
}

#[test]
fn subscribing_again_and_again_works_on_a_slow_line() {
    let mut sim = Sim::new(3);
    let slow = Link { delay: ms(80), jitter: ms(20), loss: 0.05, ..QUIET };
    let ada = sim.join("ada", two());
    let bob = sim.join("bob", Options { subscribe_all: false, link: slow, ..two() });
    sim.run(ms(1000));
    for round in 0..3 {
        let now = sim.now;
        sim.clients[bob].voice.subscribe(now, "ada", true).unwrap();
        let heard = sim.record(bob, "ada");
        let subscribed = |sim: &Sim| sim.clients[bob].voice.users().all(|(_, s)| s == SubscribeState::Subscribed);
        assert!(sim.run_until(ms(3000), subscribed), "round {round}");
        sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(400)), Some(ms(0)));
        sim.run(ms(1200));
        assert!(heard.frames().len() >= 15, "round {round}: {} frames", heard.frames().len());
        let now = sim.now;
        sim.clients[bob].voice.subscribe(now, "ada", false).unwrap();
        sim.run(ms(500));
        assert!(heard.is_closed());
    }
}
