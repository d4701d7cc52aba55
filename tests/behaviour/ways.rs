//! The ways of media: TCP where UDP is blocked, and the other IP family where the server has no other address.

use crate::sim::{Announced, Link, Options, QUIET, Recorder, Sim, ms, share_of, tone};
use std::sync::Arc;
use stoa::client::session::STEP_TIMEOUT;
use stoa::event::ConnectionState::{Connected, Reconnecting};
use stoa::event::EventBody;

/// Where UDP is blocked.
const BLOCKED: Link = Link { deaf: true, ..QUIET };

fn blocked() -> Options {
    Options { link: BLOCKED, ..Options::default() }
}

/// Each says 400 ms of a note, and the other hears it.
pub fn hear_each_other(sim: &mut Sim, clients: [usize; 2], heard: &[Arc<Recorder>; 2]) {
    for (speaker, hertz) in [(0, 440.0), (1, 660.0)] {
        let recorder = &heard[1 - speaker];
        let before = recorder.pcm().len();
        sim.clients[clients[speaker]].queue.push(&tone(hertz, 24_000, ms(400)), Some(ms(0)));
        sim.run(ms(800));
        let pcm = &recorder.pcm()[before..];
        assert!(pcm.len() >= 8_600, "{} samples of 9600", pcm.len());
        assert!(share_of(hertz, 24_000, &pcm[3_000..7_800]) > 0.9, "another note than {hertz} Hz");
    }
}

/// What each of two hears of the other.
pub fn record(sim: &mut Sim, [ada, bob]: [usize; 2]) -> [Arc<Recorder>; 2] {
    sim.run(ms(500));
    [sim.record(ada, "bob"), sim.record(bob, "ada")]
}

pub fn comes_back(sim: &mut Sim, client: usize) {
    let state = |wanted| move |sim: &Sim| sim.clients[client].voice.state() == wanted;
    assert!(sim.run_until(ms(10_000), state(Reconnecting)), "the loss is not seen");
    assert!(sim.run_until(ms(10_000), state(Connected)), "{:?}", sim.clients[client].events);
}

#[test]
fn where_udp_is_blocked_media_take_tcp_after_two_seconds() {
    for old_server in [false, true] {
        let mut sim = Sim::announcing(Announced::UdpAndTcp, 60);
        let bob = sim.join("bob", Options::default());
        let began = sim.at();
        let ada = sim.join("ada", Options { old_server, ..blocked() });
        let took = sim.at() - began;
        assert!((ms(2_000)..ms(2_600)).contains(&took), "{took:?}");
        let heard = record(&mut sim, [ada, bob]);
        hear_each_other(&mut sim, [ada, bob], &heard);
        // ICE has given up UDP by now.
        sim.run(ms(20_000));
        hear_each_other(&mut sim, [ada, bob], &heard);
        assert_eq!(sim.clients[ada].streams.len(), if old_server { 2 } else { 1 });
        assert_eq!(sim.clients[bob].streams, [], "who needs no connection makes none");
        let lost = sim.clients[ada].events.iter();
        let lost = lost.filter(|event| matches!(event, EventBody::ConnectionStateChanged { new: Reconnecting, .. }));
        assert_eq!(lost.count(), 0);
        sim.clients[ada].voice.leave();
        sim.run(ms(100));
        assert_eq!(sim.server.stats().participants, 1);
    }
}

#[test]
fn a_server_without_udp_is_not_waited_for() {
    let mut sim = Sim::announcing(Announced::Tcp, 66);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    assert!(sim.at() < ms(1_000), "{:?}", sim.at());
    let heard = record(&mut sim, [ada, bob]);
    hear_each_other(&mut sim, [ada, bob], &heard);
}

#[test]
fn without_tcp_a_blocked_join_fails_in_time() {
    let mut sim = Sim::new(61);
    let ada = sim.add("ada", blocked());
    let over = |sim: &Sim| sim.clients[ada].voice.is_over();
    assert!(sim.run_until(STEP_TIMEOUT + ms(1_000), over), "{:?}", sim.clients[ada].events);
    assert_eq!(sim.clients[ada].streams, []);
}

#[test]
fn udp_that_is_blocked_later_is_replaced_on_the_resume() {
    let mut sim = Sim::announcing(Announced::UdpAndTcp, 62);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    let heard = record(&mut sim, [ada, bob]);
    hear_each_other(&mut sim, [ada, bob], &heard);
    sim.clients[ada].link.deaf = true;
    comes_back(&mut sim, ada);
    assert_eq!(sim.clients[ada].streams.len(), 1);
    hear_each_other(&mut sim, [ada, bob], &heard);
    assert_eq!(sim.server.stats().joins, 2, "a resume, no new join");
}

#[test]
fn a_connection_that_is_cut_comes_back() {
    let mut sim = Sim::announcing(Announced::UdpAndTcp, 63);
    let (ada, bob) = (sim.join("ada", blocked()), sim.join("bob", blocked()));
    let heard = record(&mut sim, [ada, bob]);
    hear_each_other(&mut sim, [ada, bob], &heard);
    let first = sim.clients[ada].streams.clone();
    // ICE has given up UDP.
    sim.run(ms(10_000));
    sim.cut_streams(ada);
    let lost = sim.at();
    comes_back(&mut sim, ada);
    assert!(sim.at() - lost < ms(4_000), "{:?}", sim.at() - lost);
    assert_ne!(sim.clients[ada].streams, first);
    hear_each_other(&mut sim, [ada, bob], &heard);
    assert_eq!(sim.server.stats().joins, 2, "a resume, no new join");
}

#[test]
fn a_server_of_the_other_family_is_reached_by_a_socket_of_that_family() {
    for old_server in [false, true] {
        let mut sim = Sim::announcing(Announced::UdpOfIpv6, 64);
        let options = Options { old_server, ..Options::default() };
        let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, options.clone()));
        assert!(sim.at() < ms(1_000), "{:?}", sim.at());
        let heard = record(&mut sim, [ada, bob]);
        hear_each_other(&mut sim, [ada, bob], &heard);
        assert_eq!(sim.clients[ada].others, if old_server { 2 } else { 1 });
        // And again from new sockets.
        let now = sim.now;
        sim.clients[ada].voice.reconnect(now);
        comes_back(&mut sim, ada);
        hear_each_other(&mut sim, [ada, bob], &heard);
        assert_eq!(sim.server.stats().joins, 2, "a resume, no new join");
    }
    let mut sim = Sim::new(65);
    let ada = sim.join("ada", Options::default());
    assert_eq!(sim.clients[ada].others, 0, "who needs no other socket opens none");
}
