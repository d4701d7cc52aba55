//! Gaps, late packets, bounds, and a caller that slept.

use super::insert::MAX_PACKETS;
use super::*;

const MS: Duration = Duration::from_millis(1);

fn packet(n: u64, arrival: Instant) -> Packet {
    Packet {
        sequence: 1000 + n,
        rtp_time: 5000 + n * 960,
        duration: 960,
        fec: false,
        silence: false,
        redundant: false,
        arrival,
        payload: vec![n as u8],
    }
}

/// The next step as a word, with its number of frame.
fn step(buffer: &mut JitterBuffer, now: Instant) -> Option<(&'static str, u64)> {
    let step = buffer.poll(now)?;
    let n = (step.rtp_time - 5000) / 960;
    let (word, duration) = match step.action {
        Action::Play(packet) if packet.redundant => ("copy", packet.duration),
        Action::Play(packet) => ("play", packet.duration),
        Action::Fec { duration, .. } => ("fec", duration),
        Action::Conceal { duration } => ("conceal", duration),
    };
    buffer.played(duration);
    Some((word, n))
}

fn buffer(delivery: Delivery) -> JitterBuffer {
    JitterBuffer::new(delivery, 10 * MS, 500 * MS)
}

#[test]
fn a_gap_is_filled_by_copy_then_fec_then_concealment() {
    let start = Instant::now();
    let mut buffer = buffer(Delivery::Eager);
    buffer.insert(packet(0, start));
    assert_eq!(step(&mut buffer, start), Some(("play", 0)));
    // 1 is gone, 2 comes as a copy, 3 by the FEC of 4.
    let late = start + 200 * MS;
    buffer.insert(Packet { fec: true, ..packet(4, late) });
    buffer.insert(Packet { redundant: true, ..packet(2, late) });
    let end = start + 2000 * MS;
    assert_eq!(step(&mut buffer, end), Some(("conceal", 1)));
    let steps: Vec<_> = core::iter::from_fn(|| step(&mut buffer, end)).collect();
    assert_eq!(steps, [("copy", 2), ("fec", 3), ("play", 4)]);
    assert_eq!(buffer.lost(), 3);
}

#[test]
fn a_gap_is_waited_for_until_the_target_and_no_longer() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(Delivery::Eager, 50 * MS, 500 * MS);
    buffer.insert(packet(0, start));
    assert_eq!(step(&mut buffer, start), Some(("play", 0)));
    buffer.insert(packet(2, start + 40 * MS));
    assert_eq!(buffer.deadline(), Some(start + 70 * MS));
    assert_eq!(step(&mut buffer, start + 69 * MS), None);
    assert_eq!(step(&mut buffer, start + 70 * MS), Some(("conceal", 1)));
    assert_eq!(step(&mut buffer, start + 70 * MS), Some(("play", 2)));
    assert_eq!(buffer.deadline(), None);
    buffer.insert(packet(1, start + 71 * MS));
    assert_eq!(buffer.counters().late, 1);
    assert_eq!(buffer.lost(), 0);
}

#[test]
fn what_only_came_late_is_played_and_what_was_lost_is_not_waited_for() {
    let start = Instant::now();
    let mut buffer = buffer(Delivery::Steady);
    buffer.insert(packet(0, start));
    assert_eq!(step(&mut buffer, start + 10 * MS), Some(("play", 0)));
    assert_eq!(step(&mut buffer, start + 30 * MS), Some(("conceal", 1)));
    // 1 comes after all: it follows what bridged the time.
    buffer.insert(packet(1, start + 35 * MS));
    assert_eq!(step(&mut buffer, start + 40 * MS), Some(("play", 1)));
    // 2 never comes: what bridged the time stands for it.
    assert_eq!(step(&mut buffer, start + 60 * MS), Some(("conceal", 2)));
    assert_eq!(step(&mut buffer, start + 70 * MS), Some(("conceal", 2)));
    buffer.insert(packet(3, start + 75 * MS));
    assert_eq!(step(&mut buffer, start + 80 * MS), Some(("play", 3)));
}

#[test]
fn nothing_is_kept_beyond_the_bound() {
    let start = Instant::now();
    for delivery in [Delivery::Steady, Delivery::Eager] {
        let mut buffer = buffer(delivery);
        for n in 0..1000 {
            buffer.insert(packet(n, start + MS * n as u32 * 20));
            assert!(buffer.buffered() <= 1000 * MS);
        }
        assert_eq!(buffer.counters().discarded, 950);
        assert_eq!(step(&mut buffer, start + 30_000 * MS), Some(("play", 950)));
        for n in 2000..4000 {
            let short = Packet { rtp_time: 10_000_000 + n, duration: 1, ..packet(n, start) };
            buffer.insert(short);
        }
        assert!(buffer.queue.len() <= MAX_PACKETS);
    }
}

#[test]
fn a_pause_that_arrives_with_what_was_around_it_loses_nothing() {
    let start = Instant::now();
    for (delivery, second) in [(Delivery::Steady, start + 20 * MS), (Delivery::Eager, start)] {
        let mut buffer = buffer(delivery);
        buffer.insert(packet(0, start));
        buffer.insert(Packet { rtp_time: packet(60, start).rtp_time, ..packet(1, start) });
        assert_eq!(step(&mut buffer, start), Some(("play", 0)));
        assert_eq!(buffer.deadline(), Some(second));
        assert_eq!(step(&mut buffer, second), Some(("play", 60)));
        assert_eq!(buffer.counters().discarded, 0);
    }
}

#[test]
fn a_primary_takes_the_place_of_its_copy() {
    let start = Instant::now();
    let mut buffer = buffer(Delivery::Steady);
    buffer.insert(packet(0, start));
    buffer.insert(packet(3, start));
    buffer.insert(Packet { redundant: true, ..packet(1, start) });
    buffer.insert(packet(1, start));
    buffer.insert(Packet { redundant: true, ..packet(1, start) });
    assert_eq!(step(&mut buffer, start + 10 * MS), Some(("play", 0)));
    assert_eq!(step(&mut buffer, start + 30 * MS), Some(("play", 1)));
    assert_eq!(buffer.queue.len(), 1);
}

#[test]
fn a_delay_that_is_a_little_too_short_is_lengthened_enough_to_be_done() {
    let start = Instant::now();
    let mut buffer = buffer(Delivery::Steady);
    let mut excesses = Vec::new();
    for n in 0..300 {
        let now = start + MS * n as u32 * 20;
        while let Some(due) = buffer.deadline().filter(|due| *due <= now) {
            let step = buffer.poll(due).unwrap();
            let duration = match step.action {
                Action::Play(packet) => packet.duration,
                Action::Fec { duration, .. } | Action::Conceal { duration } => duration,
            };
            excesses.push(step.excess);
            // As stretching does: 2.5 ms at least, here 9.8 ms at most.
            let change = match step.excess {
                -119..120 => 0,
                excess => excess.clamp(-470, 470),
            };
            buffer.played(duration.saturating_add_signed(-i64::from(change)));
        }
        // Each fourth is lost, and comes 20 ms later by the FEC of the next.
        if n % 4 != 1 {
            buffer.insert(Packet { fec: true, ..packet(n, now) });
        }
    }
    assert_eq!(buffer.target(), 22 * MS);
    assert!(excesses.contains(&-576), "{excesses:?}");
    let last = &excesses[excesses.len() - 200..];
    assert!(last.iter().all(|&e| e == 0), "{last:?}");
}

#[test]
fn a_caller_that_slept_does_not_get_a_flood() {
    let start = Instant::now();
    let mut buffer = buffer(Delivery::Steady);
    for n in 0..40 {
        buffer.insert(packet(n, start + MS * n as u32 * 20));
    }
    let now = start + 800 * MS;
    assert_eq!(step(&mut buffer, now), Some(("play", 0)));
    assert_eq!(step(&mut buffer, now), None);
    assert_eq!(buffer.deadline(), Some(now + 20 * MS));
}
