//! Loss: copies and FEC come before invention.

use crate::common::*;
use std::sync::OnceLock;
use std::time::Duration;
use stoa::audio::jitter::Delivery;
use stoa::audio::opus::packet_has_fec;
use stoa::audio::receiver::{Origin, Receiver, ReceiverConfig};
use stoa::audio::red;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn reordering_within_the_target_loses_nothing() {
    let mut rng = Rng::new(2);
    let mut packets = Sender::new(false).tone(250.0, 20.0);
    for packet in &mut packets {
        packet.arrives += MS * rng.below(50) as u32;
    }
    for delivery in [Delivery::Steady, Delivery::Eager] {
        let mut receiver = Receiver::new(ReceiverConfig { min_delay: 60 * MS, delivery, ..config() }).unwrap();
        let heard = run(&mut receiver, &packets, 20 * SECOND - MS);
        let stats = receiver.stats();
        assert_eq!((stats.lost, stats.concealed, stats.recovered_by_fec), (0, 0, 0));
        let times: Vec<u64> = heard.iter().map(|h| h.frame.info.rtp_time).collect();
        // What came before the very first packet to leave is late, the rest in order.
        assert!(times.windows(2).all(|w| w[0] + 960 == w[1]));
        assert!(stats.late <= 2 && times.len() + 5 >= packets.len(), "{stats:?}");
    }
}

/// A minute of voice, and what is left of it.
fn lossy(red: bool, seed: u64, lost: impl Fn(&mut Rng, bool) -> bool) -> (Vec<Sent>, Vec<bool>) {
    let mut rng = Rng::new(seed);
    static VOICE: [OnceLock<Vec<Sent>>; 2] = [OnceLock::new(), OnceLock::new()];
    let packets = VOICE[usize::from(red)].get_or_init(|| Sender::new(red).voice(60.0));
    let packets = packets.clone();
    let mut previous = false;
    let arrived = packets
        .iter()
        .map(|_| {
            previous = lost(&mut rng, previous);
            !previous
        })
        .collect();
    (packets, arrived)
}

fn fec(packet: &Sent) -> bool {
    let payload = if packet.payload_type == RED {
        red::parse(&packet.payload).unwrap().last().unwrap().data
    } else {
        &packet.payload
    };
    packet_has_fec(payload)
}

/// How many lost frames, after the first ten seconds, anyone could bring back who waits for
/// ever; and how many of them the receiver brought back, in its own time.
fn recovered(sent: &[Sent], arrived: &[bool], delivery: Delivery) -> (usize, usize, usize) {
    let red = sent[0].payload_type == RED;
    let here = |n: usize| arrived.get(n) == Some(&true);
    let first = 500;
    let mut possible = 0;
    let mut lost = 0;
    for n in (first..sent.len() - 50).filter(|&n| !here(n)) {
        let next_known = here(n + 1) || red && here(n + 3);
        lost += 1;
        possible += usize::from(red && here(n + 2) || next_known && fec(&sent[n + 1]));
    }
    let packets: Vec<_> = (0..sent.len()).filter(|&n| here(n)).map(|n| sent[n].clone()).collect();
    let mut receiver = Receiver::new(ReceiverConfig { delivery, ..config() }).unwrap();
    let mut heard = run(&mut receiver, &packets, 60 * SECOND);
    let (from, to) = (sent[first].timestamp, sent[sent.len() - 50].timestamp);
    heard.retain(|h| (from..to).contains(&(h.frame.info.rtp_time as u32)));
    (lost, possible, count(&heard, Origin::Recovered))
}

#[test]
fn a_tenth_lost_is_recovered_by_copies_and_fec() {
    for seed in 1..4 {
        let (sent, arrived) = lossy(true, seed, |rng, _| rng.percent(10));
        for delivery in [Delivery::Steady, Delivery::Eager] {
            let (lost, possible, recovered) = recovered(&sent, &arrived, delivery);
            assert!(lost > 200 && recovered <= possible);
            assert!(
                recovered * 100 >= lost * 97 && recovered * 100 >= possible * 98,
                "{delivery:?}, seed {seed}: {recovered} of {possible} of {lost}"
            );
        }
    }
}

#[test]
fn fec_alone_recovers_single_losses() {
    for seed in 1..4 {
        let (sent, arrived) = lossy(false, seed, |rng, _| rng.percent(10));
        for delivery in [Delivery::Steady, Delivery::Eager] {
            let (lost, possible, recovered) = recovered(&sent, &arrived, delivery);
            assert!(lost > 200 && possible * 100 > lost * 60 && recovered <= possible);
            assert!(recovered * 100 >= possible * 98, "{delivery:?}, seed {seed}: {recovered} of {possible} of {lost}");
        }
    }
}

#[test]
fn of_bursts_of_three_on_average_four_fifths_of_the_possible_is_recovered() {
    for seed in 1..4 {
        let (sent, arrived) = lossy(true, seed, |rng, lost| rng.percent(if lost { 67 } else { 4 }));
        for delivery in [Delivery::Steady, Delivery::Eager] {
            let (lost, possible, recovered) = recovered(&sent, &arrived, delivery);
            assert!(lost > 150 && recovered <= possible);
            assert!(recovered * 100 >= possible * 80, "{delivery:?}, seed {seed}: {recovered} of {possible} of {lost}");
        }
    }
}

#[test]
fn time_goes_on_evenly_through_loss() {
    let (mut packets, arrived) = lossy(true, 9, |rng, _| rng.percent(10));
    let mut arrived = arrived.into_iter();
    packets.retain(|_| arrived.next() == Some(true));
    let mut receiver = Receiver::new(config()).unwrap();
    let heard = run(&mut receiver, &packets, 60 * SECOND);
    for pair in heard.windows(2) {
        let played = pair[0].frame.info.samples_per_channel as u64;
        let wanted = pair[0].at + Duration::from_nanos(played * 62_500 / 3);
        let error = pair[1].at.abs_diff(wanted);
        assert!(error < MS, "{:?} {error:?}", pair[0].at);
    }
    // All that was sent was heard, up to what the stretching says that it changed.
    let samples: usize = heard.iter().map(|h| h.frame.info.samples_per_channel).sum();
    assert!(samples.abs_diff(60 * 48_000) < 48_000 / 10, "{samples}");
}

#[test]
fn an_outage_fades_out_and_ends() {
    for delivery in [Delivery::Steady, Delivery::Eager] {
        let mut packets = Sender::new(false).tone(250.0, 4.0);
        packets.retain(|p| !(SECOND..2 * SECOND).contains(&p.arrives));
        let mut receiver = Receiver::new(ReceiverConfig { delivery, ..config() }).unwrap();
        let heard = run(&mut receiver, &packets, 5 * SECOND);
        let concealed: Vec<_> =
            heard.iter().filter(|h| h.frame.info.origin == Origin::Concealed).filter(|h| h.at < 3 * SECOND).collect();
        let total: usize = concealed.iter().map(|h| h.frame.pcm.len()).sum();
        assert!((3840..=4800).contains(&total), "{delivery:?} {total}");
        let last = concealed.last().unwrap().frame.pcm.last().unwrap();
        assert!(last.abs() < 50, "{delivery:?} ends at {last}");
        assert_eq!(receiver.stats().lost, 50);
        let decoded = count(&heard, Origin::Decoded);
        assert_eq!(decoded, 150, "{delivery:?}");
    }
}

#[test]
fn deep_concealment_is_heavy_and_bridges_a_gap() {
    let mut packets = Sender::new(false).voice(2.0);
    packets.retain(|p| !(1100 * MS..1160 * MS).contains(&p.arrives));
    for deep in [false, true] {
        let mut receiver = Receiver::new(ReceiverConfig { deep_concealment: deep, ..config() }).unwrap();
        let mut heavy = 0;
        let mut concealed = Vec::new();
        for packet in &packets {
            let now = epoch() + packet.arrives;
            while let Some(due) = receiver.deadline().filter(|due| *due <= now) {
                let job = receiver.poll(due).unwrap();
                let is_heavy = job.is_heavy();
                let frame = receiver.finish(job.run()).unwrap();
                assert_eq!(is_heavy, deep && frame.info.origin == Origin::Concealed);
                heavy += usize::from(is_heavy);
                if frame.info.origin == Origin::Concealed {
                    concealed.push(frame.info.level);
                }
            }
            receiver.receive(packet.rtp(), now);
        }
        assert_eq!(heavy > 0, deep);
        assert!((4..=7).contains(&concealed.len()), "{concealed:?}");
        assert!(concealed[0] < 50, "{concealed:?}");
    }
}
