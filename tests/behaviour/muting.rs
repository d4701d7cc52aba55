//! Mute: the others are told, and hear nothing; unmute: they hear again.

use crate::sim::{Options, Sim, ms, tone};
use stoa::event::EventBody;

#[test]
fn muted_is_told_and_silent() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(440.0, 24_000, ms(1000)), Some(ms(0)));
    sim.run(ms(300));
    sim.clients[ada].voice.mute(true);
    sim.run(ms(100));
    let before = heard.frames().len();
    sim.run(ms(300));
    assert_eq!(heard.frames().len(), before, "heard while muted");
    sim.clients[ada].voice.mute(false);
    sim.run(ms(500));
    let after = heard.frames().len();
    // The queue went on while nobody heard it: 700 of 1000 ms are over.
    assert!((before + 13..=before + 18).contains(&after), "{before} frames before, {after} after");
    let muted: Vec<bool> = sim.clients[bob]
        .events
        .iter()
        .filter_map(|event| if let EventBody::UserMuted { muted, .. } = event { Some(*muted) } else { None })
        .collect();
    assert_eq!(muted, [true, false]);
}
