//! Media by a relay, where neither UDP nor TCP leads to the server.

use crate::sim::{Announced, Link, Options, QUIET, Sim, ms};
use crate::turn::named;
use crate::ways::{comes_back, hear_each_other, record};
use stoa::client::session::STEP_TIMEOUT;
use stoa::event::ConnectionState::Reconnecting;
use stoa::event::EventBody;

fn walled() -> Options {
    Options { link: Link { walled: true, ..QUIET }, ..Options::default() }
}

fn losses(sim: &Sim, client: usize) -> usize {
    let events = sim.clients[client].events.iter();
    events.filter(|event| matches!(event, EventBody::ConnectionStateChanged { new: Reconnecting, .. })).count()
}

#[test]
fn where_nothing_else_leads_there_media_take_a_relay_after_three_seconds() {
    for transport in ["udp", "tcp"] {
        for old_server in [false, true] {
            let mut sim = Sim::announcing(Announced::UdpAndTcp, 70);
            sim.ice_servers = vec![named(transport, true)];
            let bob = sim.join("bob", Options::default());
            let began = sim.at();
            let ada = sim.join("ada", Options { old_server, ..walled() });
            let took = sim.at() - began;
            assert!((ms(3_000)..ms(3_600)).contains(&took), "{took:?}");
            let heard = record(&mut sim, [ada, bob]);
            hear_each_other(&mut sim, [ada, bob], &heard);
            assert_eq!(sim.relay.lent.len(), if old_server { 2 } else { 1 }, "who needs no relay asks for none");
            assert_eq!(sim.relay.asked.map(|count| count > 0), [transport == "udp", transport == "tcp"]);
            // Longer than the relay remembers anything unasked: permissions 5 minutes, channels 10, addresses 30.
            sim.run(ms(35 * 60_000));
            hear_each_other(&mut sim, [ada, bob], &heard);
            assert_eq!(losses(&sim, ada), 0);
        }
    }
}

#[test]
fn a_relay_that_does_not_lead_to_the_server_keeps_no_join_from_failing_in_time() {
    let mut sim = Sim::announcing(Announced::UdpOfIpv6, 71);
    sim.ice_servers = vec![named("udp", true)];
    let ada = sim.add("ada", walled());
    // The relay lends an address of IPv4, and the server has none.
    assert!(sim.run_until(STEP_TIMEOUT + ms(1_000), |sim| sim.clients[ada].voice.is_over()));
}

#[test]
fn the_next_relay_is_tried_where_one_does_not_answer() {
    let mut sim = Sim::announcing(Announced::Udp, 72);
    sim.ice_servers = vec![named("udp", false), named("tcp", true)];
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, walled()));
    let heard = record(&mut sim, [ada, bob]);
    hear_each_other(&mut sim, [ada, bob], &heard);
    sim.run(ms(20_000));
    hear_each_other(&mut sim, [ada, bob], &heard);
    assert_eq!(losses(&sim, ada) + losses(&sim, bob), 0);
}

#[test]
fn a_relay_that_refuses_or_raves_harms_nobody_who_has_another_way() {
    for mad in [false, true] {
        let mut sim = Sim::announcing(Announced::UdpAndTcp, 73);
        sim.relay.mad = mad;
        sim.ice_servers = vec![named("udp", false), named("tcp", false)];
        let bob = sim.join("bob", Options::default());
        let blocked = Options { link: Link { deaf: true, ..QUIET }, ..Options::default() };
        let ada = sim.join("ada", blocked);
        let heard = record(&mut sim, [ada, bob]);
        hear_each_other(&mut sim, [ada, bob], &heard);
        sim.run(ms(20_000));
        hear_each_other(&mut sim, [ada, bob], &heard);
        // And who has none is told in time.
        let eve = sim.add("eve", walled());
        assert!(sim.run_until(STEP_TIMEOUT + ms(1_000), |sim| sim.clients[eve].voice.is_over()));
        assert!(sim.relay.asked.iter().all(|count| (1..100).contains(count)), "{:?}", sim.relay.asked);
    }
}

#[test]
fn an_address_that_is_not_lent_any_more_is_lost_media() {
    for transport in ["udp", "tcp"] {
        let mut sim = Sim::announcing(Announced::Udp, 74);
        sim.ice_servers = vec![named(transport, true)];
        let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, walled()));
        let heard = record(&mut sim, [ada, bob]);
        hear_each_other(&mut sim, [ada, bob], &heard);
        if transport == "udp" {
            sim.relay.down = true;
            sim.run(ms(3_000));
            sim.relay = crate::turn::Relay::new(sim.now);
            comes_back(&mut sim, ada);
            sim.run(ms(10_000));
        } else {
            sim.cut_relay_streams(ada);
            comes_back(&mut sim, ada);
        }
        hear_each_other(&mut sim, [ada, bob], &heard);
        assert_eq!(sim.server.stats().joins, 2, "a resume, no new join");
    }
}

#[test]
fn who_leaves_gives_the_address_back() {
    let mut sim = Sim::announcing(Announced::Udp, 75);
    sim.ice_servers = vec![named("udp", true)];
    let ada = sim.join("ada", walled());
    sim.run(ms(1_000));
    let before = sim.relay.asked[0];
    sim.clients[ada].voice.leave();
    sim.run(ms(100));
    assert_eq!(sim.relay.asked[0], before + 1);
}
