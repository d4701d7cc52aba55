//! Starving: who pushes too late is told of the gap that the hearers had, and nobody else is told anything.

use crate::sim::{Options, Sim, ms, tone};
use stoa::event::EventBody;

/// No gap.
const NONE: [u64; 0] = [];

fn gaps(sim: &Sim, client: usize) -> Vec<u64> {
    let gap = |event: &EventBody| if let EventBody::Starving { gap_us } = event { Some(*gap_us / 1000) } else { None };
    sim.clients[client].events.iter().filter_map(gap).collect()
}

fn push(sim: &Sim, client: usize, span: u64) {
    sim.clients[client].queue.push(&tone(440.0, 24_000, ms(span)), Some(ms(0)));
}

fn speaker(seed: u64) -> (Sim, usize) {
    let mut sim = Sim::new(seed);
    let ada = sim.join("ada", Options::default());
    sim.join("bob", Options::default());
    sim.run(ms(100));
    (sim, ada)
}

#[test]
fn sound_that_comes_too_late_is_told_when_it_goes_on() {
    let (mut sim, ada) = speaker(1);
    push(&sim, ada, 200);
    sim.run(ms(350));
    assert_eq!(gaps(&sim, ada), NONE, "not before it is known to be a gap");
    push(&sim, ada, 200);
    sim.run(ms(1));
    assert_eq!(gaps(&sim, ada), [150]);
    sim.run(ms(1000));
    assert_eq!(gaps(&sim, ada), [150], "its end is no gap");
    push(&sim, ada, 200);
    sim.run(ms(1000));
    assert_eq!(gaps(&sim, ada), [150], "after a pause of 800 ms sound begins anew");
}

#[test]
fn the_hearer_had_that_gap() {
    let (mut sim, ada) = speaker(2);
    let heard = sim.record(1, "ada");
    push(&sim, ada, 200);
    sim.run(ms(400));
    push(&sim, ada, 200);
    sim.run(ms(400));
    let gap = gaps(&sim, ada);
    let frames = heard.frames();
    let missing = frames.windows(2).map(|two| two[1].0.rtp_time.saturating_sub(two[0].0.rtp_time) / 48).max().unwrap();
    assert_eq!(gap, [200]);
    assert!((180..=240).contains(&missing), "{missing} ms from frame to frame, {gap:?} told");
}

#[test]
fn real_time_pushes_never_starve() {
    let (mut sim, ada) = speaker(3);
    for block in 0..100 {
        push(&sim, ada, 20);
        // A timer that is up to 15 ms late, now and then.
        sim.run(ms(if block % 7 == 0 {
            35
        } else if block % 7 == 1 {
            5
        } else {
            20
        }));
    }
    assert_eq!(gaps(&sim, ada), NONE);
}

#[test]
fn a_mark_at_the_end_says_that_it_is_one() {
    let (mut sim, ada) = speaker(4);
    for mark in 1..=3 {
        push(&sim, ada, 200);
        sim.clients[ada].queue.mark(mark).unwrap();
        sim.run(ms(400));
    }
    assert_eq!(gaps(&sim, ada), NONE);
}

#[test]
fn an_interrupt_is_no_gap() {
    let (mut sim, ada) = speaker(5);
    push(&sim, ada, 1000);
    sim.run(ms(200));
    sim.clients[ada].queue.interrupt();
    sim.run(ms(200));
    push(&sim, ada, 200);
    sim.run(ms(400));
    assert_eq!(gaps(&sim, ada), NONE);
}

#[test]
fn who_is_muted_has_no_hearers() {
    for unmutes in [false, true] {
        let (mut sim, ada) = speaker(6);
        push(&sim, ada, 200);
        sim.run(ms(100));
        sim.clients[ada].voice.mute(true);
        sim.run(ms(200));
        if unmutes {
            sim.clients[ada].voice.mute(false);
        }
        push(&sim, ada, 200);
        sim.run(ms(400));
        assert_eq!(gaps(&sim, ada), NONE, "unmutes: {unmutes}");
    }
}
