//! Who speaks, as the server tells: each begin and each end once, and nobody speaks on who has gone.

use crate::sim::{Options, Sim, ms, tone};
use stoa::event::EventBody;

fn told(sim: &Sim, client: usize) -> Vec<(String, bool, u8)> {
    let speaking = |event: &EventBody| match event {
        EventBody::UserSpeaking { user, speaking, level } => Some((user.clone(), *speaking, *level)),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(speaking).collect()
}

/// Ada speaks for so long; bob hears it, with an even seed over two connections.
fn room(seed: u64, span: u64) -> (Sim, usize, usize) {
    let mut sim = Sim::new(seed);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options { old_server: seed.is_multiple_of(2), ..Options::default() });
    sim.run(ms(100));
    sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(span)), Some(ms(0)));
    (sim, ada, bob)
}

#[test]
fn begin_and_end_are_told_once_with_the_level() {
    for seed in [1, 2] {
        let (mut sim, ada, bob) = room(seed, 1500);
        assert!(sim.run_until(ms(1000), |sim| !told(sim, bob).is_empty()), "the begin");
        let (user, speaking, level) = told(&sim, bob).remove(0);
        assert_eq!((user.as_str(), speaking), ("ada", true));
        // A sine at half of the full scale has -9 dB; the server shows half of a change at first.
        assert!((9..=16).contains(&level), "{level} dB below the maximum");
        sim.run(ms(5000));
        let all = told(&sim, bob);
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all[1], ("ada".into(), false, 127));
        assert_eq!(told(&sim, ada), [], "nobody is told of themselves");
    }
}

#[test]
fn who_joins_later_is_told_who_speaks() {
    let (mut sim, _, _) = room(3, 5000);
    sim.run(ms(2000));
    let cleo = sim.join("cleo", Options::default());
    sim.run(ms(1000));
    let all = told(&sim, cleo);
    assert!(matches!(&all[..], [(user, true, _)] if user == "ada"), "{all:?}");
}

#[test]
fn who_leaves_or_is_left_speaks_no_more() {
    for ada_leaves in [true, false] {
        let (mut sim, ada, bob) = room(5, 5000);
        sim.run(ms(2000));
        assert_eq!(told(&sim, bob).len(), 1);
        sim.clients[if ada_leaves { ada } else { bob }].voice.leave();
        sim.run(ms(500));
        let all = told(&sim, bob);
        assert_eq!(all[1..], [("ada".to_string(), false, 127)]);
        let events = &sim.clients[bob].events;
        let end = events.iter().position(|event| matches!(event, EventBody::UserSpeaking { speaking: false, .. }));
        let left = events.iter().position(|event| matches!(event, EventBody::UserLeft { .. }));
        assert!(left.is_none_or(|left| end.unwrap() < left), "{events:?}");
    }
}

#[test]
fn who_mutes_while_speaking_stops() {
    let (mut sim, ada, bob) = room(7, 5000);
    sim.run(ms(2000));
    sim.clients[ada].voice.mute(true);
    sim.run(ms(3000));
    let all = told(&sim, bob);
    assert_eq!(all[1..], [("ada".to_string(), false, 127)]);
}
