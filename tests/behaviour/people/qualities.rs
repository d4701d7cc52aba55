//! What the server says of users' connections.

use super::*;
use crate::sim::{Link, QUIET};
use stoa::event::Quality;

impl Sim {
    fn qualities(&self, client: usize, of: &str) -> Vec<(Quality, Quality)> {
        let told = |event: &EventBody| match event {
            EventBody::ConnectionQualityChanged { user, old, new } if user == of => Some((*old, *new)),
            _ => None,
        };
        self.clients[client].events.iter().filter_map(told).collect()
    }
}

#[test]
fn a_lossy_link_lowers_the_quality_and_a_good_one_raises_it_again() {
    let mut sim = Sim::new(5);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    let cyd = sim.join("cyd", Options { subscribe_all: false, ..Options::default() });
    sim.run(ms(300));
    for client in [ada, bob] {
        sim.clients[client].queue.push(&tone(440.0, 24_000, secs(30)), Some(ms(0)));
    }
    sim.run(secs(10));
    let good = [(Quality::Unknown, Quality::Excellent)];
    assert_eq!((sim.qualities(bob, "ada"), sim.qualities(ada, "ada")), (good.to_vec(), good.to_vec()));
    // A quarter is lost on ada's line, both ways.
    sim.clients[ada].link = Link { loss: 0.25, ..QUIET };
    sim.run(secs(11));
    let poor = |sim: &Sim, client: usize| sim.qualities(client, "ada").last().map(|(_, new)| *new);
    for client in [ada, bob, cyd] {
        assert_eq!(poor(&sim, client), Some(Quality::Poor), "client {client}");
        assert_eq!(sim.info(client, "ada")["quality"], "poor");
    }
    // bob hears the holes in what comes from ada, but his own line is good.
    assert_eq!(sim.qualities(ada, "bob"), good);
    sim.clients[ada].link = QUIET;
    sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(20)), Some(ms(0)));
    sim.run(secs(28));
    let told: Vec<_> = sim.qualities(bob, "ada").into_iter().map(|(_, new)| new).collect();
    assert_eq!(told.first(), Some(&Quality::Excellent));
    assert_eq!(told[told.len() - 2..], [Quality::Good, Quality::Excellent], "{told:?}");
}

#[test]
fn loss_on_the_way_to_a_listener_is_the_listeners() {
    let mut sim = Sim::new(6);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    sim.run(ms(300));
    sim.clients[bob].link = Link { loss: 0.3, ..QUIET };
    // bob's reports, one in 5 s, get lost as well.
    let poor = |sim: &mut Sim| {
        sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(20)), Some(ms(0)));
        sim.run(secs(20));
        sim.info(ada, "bob")["quality"] == "poor"
    };
    assert!((0..5).any(|_| poor(&mut sim)), "{:?}", sim.qualities(ada, "bob"));
    assert_eq!(sim.info(ada, "ada")["quality"], "excellent");
}

#[test]
fn who_is_cut_off_is_lost() {
    let mut sim = Sim::new(7);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    sim.run(secs(6));
    sim.clients[ada].link.cut = true;
    let lost = |sim: &Sim| sim.qualities(bob, "ada").last() == Some(&(Quality::Excellent, Quality::Lost));
    assert!(sim.run_until(secs(20), lost), "{:?}", sim.qualities(bob, "ada"));
}
