//! Interrupt: of what was queued, at most one more frame leaves.

use crate::sim::{Options, Sim, ms, tone};
use stoa::Status;
use stoa::event::EventBody;

#[test]
fn at_most_one_frame_leaves_after_an_interrupt() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    let queue = sim.clients[ada].queue.clone();
    queue.push(&tone(440.0, 24_000, ms(5000)), Some(ms(0)));
    queue.mark(7).unwrap();
    sim.run(ms(1010));
    let interrupted = queue.interrupt();
    assert_eq!(interrupted.sent + interrupted.dropped, 5 * 24_000);
    assert_eq!(interrupted.sent, 51 * 480, "the frames of 0, 20, … 1000 ms");
    sim.run(ms(1000));
    let audible = heard.frames().iter().filter(|(info, _)| info.origin < 2).count();
    assert!(audible <= 52, "{audible} frames were heard of 51 sent");
    let events = &sim.clients[ada].events;
    assert!(events.contains(&EventBody::Played { mark: 7, status: Status::INTERRUPTED }), "{events:?}");
    // And the next word is heard at once.
    queue.push(&tone(440.0, 24_000, ms(100)), Some(ms(0)));
    let before = heard.frames().len();
    assert!(sim.run_until(ms(60), |_| heard.frames().len() > before));
}
