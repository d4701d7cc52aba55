//! Data packets: to everyone, to some, reliable over a bad line.

use crate::sim::{Link, Options, QUIET, Sim, ms};
use stoa::event::EventBody;

fn received(sim: &Sim, client: usize) -> Vec<(String, String, Vec<u8>, bool)> {
    let data = |event: &EventBody| match event {
        EventBody::DataReceived { user, topic, payload, reliable } => {
            Some((user.clone(), topic.clone(), payload.clone(), *reliable))
        }
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(data).collect()
}

#[test]
fn everyone_else_gets_it_or_only_who_is_named() {
    let mut sim = Sim::new(1);
    let [ada, bob, cyd] = ["ada", "bob", "cyd"].map(|user| sim.join(user, Options::default()));
    sim.run(ms(300));
    let now = sim.now;
    assert!(sim.clients[ada].voice.send_data(now, b"to all".to_vec(), true, "greeting", vec![]));
    assert!(sim.clients[ada].voice.send_data(now, b"to cyd".to_vec(), false, "", vec!["cyd".into()]));
    sim.run(ms(300));
    let all = ("ada".to_string(), "greeting".to_string(), b"to all".to_vec(), true);
    let one = ("ada".to_string(), String::new(), b"to cyd".to_vec(), false);
    assert_eq!(received(&sim, bob), std::slice::from_ref(&all));
    let mut at_cyd = received(&sim, cyd);
    at_cyd.sort_by_key(|packet| !packet.3);
    assert_eq!(at_cyd, [all, one]);
    assert!(received(&sim, ada).is_empty());
}

#[test]
fn reliable_packets_arrive_whole_and_in_order_over_a_bad_line() {
    let mut sim = Sim::new(2);
    let bad = Link { delay: ms(20), jitter: ms(20), loss: 0.1, duplicate: 0.05, ..QUIET };
    let ada = sim.join("ada", Options { link: bad, ..Options::default() });
    let bob = sim.join("bob", Options::default());
    sim.run(ms(500));
    for n in 0..50u32 {
        let now = sim.now;
        let payload = n.to_be_bytes().repeat(1000);
        assert!(sim.clients[ada].voice.send_data(now, payload, true, "", vec![]));
    }
    sim.run(ms(20_000));
    let numbers: Vec<u32> = received(&sim, bob)
        .iter()
        .map(|(_, _, payload, _)| u32::from_be_bytes(payload[..4].try_into().unwrap()))
        .collect();
    assert_eq!(numbers, (0..50).collect::<Vec<u32>>());
}
