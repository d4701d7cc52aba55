//! Bad networks: loss, jitter, reordering, duplication.

use crate::sim::{Link, Options, QUIET, Sim, ms, tone};

/// Frames decoded, recovered and concealed of 10 s, after 2 s in which the delay is learnt.
fn ten_seconds(seed: u64, link: Link) -> (usize, usize, usize) {
    let mut sim = Sim::new(seed);
    let ada = sim.join("ada", Options { queue_ms: 20_000, ..Options::default() });
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    sim.clients[ada].link = link;
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(400.0, 24_000, ms(12_000)), Some(ms(0)));
    sim.run(ms(13_000));
    let count = |origin| heard.frames()[100..].iter().filter(|(info, _)| info.origin == origin).count();
    (count(0), count(1), count(2))
}

#[test]
fn ten_percent_loss_is_nearly_all_recovered() {
    let (decoded, recovered, concealed) = ten_seconds(1, Link { loss: 0.1, ..QUIET });
    assert!((430..=470).contains(&decoded), "{decoded} frames came by themselves");
    assert!(concealed <= 10, "{concealed} of 500 frames had to be invented, {recovered} recovered");
    assert!(recovered >= 35, "{recovered} recovered");
}

#[test]
fn reordering_and_duplication_lose_nothing() {
    let (decoded, recovered, concealed) = ten_seconds(2, Link { jitter: ms(30), duplicate: 0.2, ..QUIET });
    assert!(decoded + recovered >= 498, "{decoded} decoded, {recovered} recovered");
    assert!(concealed <= 10, "{concealed} concealed while the delay was being learnt");
}

#[test]
fn half_a_second_without_network_is_survived() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", Options { queue_ms: 20_000, ..Options::default() });
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(400.0, 24_000, ms(5_000)), Some(ms(0)));
    sim.run(ms(1_000));
    sim.clients[ada].link.cut = true;
    sim.run(ms(500));
    sim.clients[ada].link.cut = false;
    sim.run(ms(4_500));
    let decoded = heard.origin(0) + heard.origin(1);
    assert!((215..=230).contains(&decoded), "{decoded} of 250 frames, 25 were cut out");
    let invented =
        heard.frames().iter().filter(|(info, _)| info.origin == 2).map(|(info, _)| info.samples).sum::<u32>();
    assert!(invented <= 24_000 / 10, "concealment ends after 100 ms, not {invented} samples");
}
