//! Pauses, silence, odd lengths, duplicates, latecomers, garbage, restarts, no reader.

use crate::common::*;
use std::time::Duration;
use stoa::audio::jitter::Delivery;
use stoa::audio::receiver::{Origin, Receiver, ReceiverConfig, RtpPacket};

const SECOND: Duration = Duration::from_secs(1);
const BOTH: [Delivery; 2] = [Delivery::Steady, Delivery::Eager];

fn receiver(delivery: Delivery) -> Receiver {
    Receiver::new(ReceiverConfig { delivery, ..config() }).unwrap()
}

#[test]
fn a_pause_of_the_sender_is_no_loss() {
    for delivery in BOTH {
        let mut sender = Sender::new(true);
        let mut packets = sender.tone(250.0, 1.0);
        sender.timestamp = sender.timestamp.wrapping_add(48_000 * 2);
        let mut second = sender.tone(250.0, 1.0);
        for packet in &mut second {
            packet.arrives += 3 * SECOND;
        }
        packets.extend(second);
        let mut receiver = receiver(delivery);
        let heard = run(&mut receiver, &packets, 4 * SECOND - MS);
        assert_eq!(count(&heard, Origin::Decoded), 100, "{delivery:?}");
        assert_eq!(receiver.stats().lost, 0);
        let concealed =
            heard.iter().filter(|h| h.frame.info.origin == Origin::Concealed).map(|h| h.frame.pcm.len()).sum::<usize>();
        // A steady reader gets the fade-out; who reads eagerly hears only what was sent.
        let expected = if delivery == Delivery::Steady { 4800 } else { 0 };
        assert_eq!(concealed, expected, "{delivery:?}");
    }
}

#[test]
fn timestamps_that_stand_still_in_a_pause_delay_nothing() {
    for delivery in BOTH {
        let mut packets = Sender::new(false).voice(4.0);
        for packet in packets.iter_mut().skip(100) {
            packet.arrives += 5 * SECOND;
        }
        let mut receiver = receiver(delivery);
        let heard = run(&mut receiver, &packets, 9 * SECOND - MS);
        assert_eq!(count(&heard, Origin::Decoded), 200);
        let stats = receiver.stats();
        assert_eq!((stats.ticks_inserted, stats.ticks_removed), (0, 0));
        for heard in heard.iter().skip_while(|h| h.at < 6 * SECOND) {
            let waited = heard.at - (heard.frame.info.arrival.unwrap() - epoch());
            assert!(waited <= 10 * MS, "{delivery:?} {waited:?}");
        }
    }
}

#[test]
fn silence_ends_a_talk_spurt_at_once() {
    for delivery in BOTH {
        let mut sender = Sender::new(false);
        let mut packets = sender.tone(250.0, 1.0);
        // DTX: one packet at the end, and one each 400 ms.
        for n in 0..4u32 {
            packets.push(Sent {
                arrives: SECOND + MS * 400 * n,
                sequence: sender.sequence,
                timestamp: sender.timestamp,
                payload_type: OPUS,
                payload: vec![0x78],
            });
            sender.sequence += 1;
            sender.timestamp += 19_200;
        }
        sender.timestamp += 48_000 * 3 / 5 - 19_200;
        let mut second = sender.tone(250.0, 1.0);
        for packet in &mut second {
            packet.arrives += SECOND * 14 / 5;
        }
        packets.extend(second);
        let mut receiver = receiver(delivery);
        let heard = run(&mut receiver, &packets, 19 * SECOND / 5 - MS);
        assert_eq!(count(&heard, Origin::Decoded), 100, "{delivery:?}");
        assert_eq!(count(&heard, Origin::Concealed), 0, "{delivery:?}");
        assert_eq!(count(&heard, Origin::Silence), 1, "{delivery:?}");
        let last = heard.iter().find(|h| h.frame.info.origin == Origin::Silence);
        assert_eq!(last.unwrap().frame.pcm.last(), Some(&0));
        assert_eq!(receiver.stats().lost, 0);
    }
}

#[test]
fn packets_of_any_length_are_played() {
    let pcm = tone(48_000, 250.0, 48_000 * 8);
    for delivery in BOTH {
        let mut sender = Sender::new(true);
        let mut rest = &pcm[..];
        let mut packets = Vec::new();
        let mut time = Duration::ZERO;
        let lengths = [960, 480, 1920, 2880, 240, 960, 120];
        for &length in lengths.iter().cycle() {
            let Some((frame, after)) = rest.split_at_checked(length) else {
                break;
            };
            // A packet leaves when its sound is complete.
            time += Duration::from_micros(length as u64 * 125 / 6);
            packets.push(sender.send(frame, time));
            rest = after;
        }
        let mut receiver = receiver(delivery);
        let heard = run(&mut receiver, &packets, time + SECOND / 20);
        let stats = receiver.stats();
        assert_eq!((stats.lost, stats.malformed, stats.discarded), (0, 0, 0));
        assert_eq!(stats.decoded + stats.late, packets.len() as u64);
        assert!(stats.late < 4, "{delivery:?} {stats:?}");
        let decoded = heard.iter().filter(|h| h.frame.info.origin == Origin::Decoded);
        assert_eq!(decoded.count() as u64, stats.decoded);
    }
}

#[test]
fn duplicates_and_latecomers_are_counted_and_dropped() {
    for delivery in BOTH {
        let mut packets = Sender::new(false).tone(250.0, 4.0);
        let again: Vec<_> = packets.iter().step_by(7).cloned().collect();
        for (n, mut packet) in again.into_iter().enumerate() {
            packet.arrives += MS * (n as u32 * 13 % 90);
            packets.push(packet);
        }
        packets[100].arrives += SECOND;
        let mut receiver = receiver(delivery);
        let heard = run(&mut receiver, &packets, 4 * SECOND - MS);
        let stats = receiver.stats();
        assert_eq!((stats.packets, stats.duplicates, stats.late), (200, 29, 1));
        assert_eq!(stats.lost, 0);
        assert_eq!(count(&heard, Origin::Decoded), 199);
        let times: Vec<_> =
            heard.iter().filter(|h| h.frame.info.origin == Origin::Decoded).map(|h| h.frame.info.rtp_time).collect();
        assert!(times.is_sorted_by(|a, b| a < b));
    }
}

#[test]
fn garbage_counts_as_lost_and_hurts_nobody() {
    for delivery in BOTH {
        for seed in 1..9 {
            let mut rng = Rng::new(seed);
            let mut packets = Sender::new(seed % 2 == 0).tone(250.0, 5.0);
            for packet in &mut packets {
                match rng.below(12) {
                    0 => packet.payload.iter_mut().for_each(|b| *b = rng.next() as u8),
                    1 => packet.payload.truncate(rng.below(30) as usize),
                    2 => packet.payload_type = rng.below(128) as u8,
                    3 => packet.timestamp = rng.next() as u32,
                    4 => packet.sequence = rng.next() as u16,
                    5 => packet.payload = vec![rng.next() as u8; rng.below(1400) as usize],
                    _ => {}
                }
            }
            let mut receiver = receiver(delivery);
            let heard = run(&mut receiver, &packets, 10 * SECOND);
            let stats = receiver.stats();
            assert!(stats.malformed > 5, "{stats:?}");
            assert!(heard.len() > 20);
            assert!(stats.buffered < 2 * SECOND);
        }
    }
}

#[test]
fn unreadable_packets_are_lost_packets() {
    let mut packets = Sender::new(false).tone(250.0, 5.0);
    for packet in packets.iter_mut().skip(50).step_by(20) {
        packet.payload = vec![0xFF; 7]; // a code-3 packet that is shorter than it says
    }
    let mut receiver = receiver(Delivery::Steady);
    let heard = run(&mut receiver, &packets, 5 * SECOND - MS);
    let stats = receiver.stats();
    assert_eq!((stats.malformed, stats.lost), (10, 10));
    assert_eq!(count(&heard, Origin::Decoded), 240);
}

#[test]
fn a_sender_that_starts_anew_is_heard_again() {
    for delivery in BOTH {
        for (sequence, timestamp) in [(40_000, 5), (3, 3_000_000_000), (1040, 4_000_000)] {
            let mut packets = Sender::new(true).tone(250.0, 1.0);
            let mut sender = Sender::new(true);
            (sender.sequence, sender.timestamp) = (sequence, timestamp);
            let mut second = sender.tone(250.0, 1.0);
            for packet in &mut second {
                packet.arrives += SECOND;
            }
            packets.extend(second);
            let mut receiver = receiver(delivery);
            let heard = run(&mut receiver, &packets, 2 * SECOND - MS);
            let decoded = count(&heard, Origin::Decoded);
            assert!(decoded >= 90, "{delivery:?} {sequence} {timestamp}: {decoded}");
            assert!(heard.last().unwrap().frame.info.level < 30);
        }
    }
}

#[test]
fn without_a_reader_nothing_is_decoded_or_kept() {
    let packets = Sender::new(true).tone(250.0, 4.0);
    let origin = epoch();
    for delivery in BOTH {
        let mut receiver = receiver(delivery);
        let mut first = None;
        for packet in &packets {
            receiver.set_active((SECOND..3 * SECOND).contains(&packet.arrives));
            receiver.receive(packet.rtp(), origin + packet.arrives);
            while let Some(job) = receiver.poll(origin + packet.arrives) {
                let frame = receiver.finish(job.run()).unwrap();
                first.get_or_insert((packet.arrives, frame.info));
            }
            if !(SECOND..3 * SECOND).contains(&packet.arrives) {
                assert_eq!(receiver.deadline(), None);
                assert_eq!(receiver.stats().buffered, Duration::ZERO);
            }
        }
        let (at, info) = first.unwrap();
        assert!(at <= SECOND + 20 * MS);
        assert_eq!(info.rtp_time as u32, packets[50].timestamp);
        let stats = receiver.stats();
        assert_eq!((stats.packets, stats.lost), (200, 0));
        assert!((99..=100).contains(&stats.decoded), "{stats:?}");
        assert_eq!(stats.concealed, 0);
    }
}

#[test]
fn a_job_that_was_out_during_a_reset_is_forgotten() {
    let packets = Sender::new(false).tone(250.0, 1.0);
    let origin = epoch();
    let mut receiver = receiver(Delivery::Eager);
    let give = |receiver: &mut Receiver, n: usize| {
        receiver.receive(packets[n].rtp(), origin + packets[n].arrives);
    };
    give(&mut receiver, 0);
    let job = receiver.poll(origin).unwrap();
    assert!(receiver.poll(origin).is_none() && receiver.deadline().is_none());
    receiver.reset();
    give(&mut receiver, 10);
    assert!(receiver.poll(origin + SECOND).is_none());
    let done = std::thread::spawn(move || job.run()).join().unwrap();
    assert!(receiver.finish(done).is_none());
    let job = receiver.poll(origin + SECOND).unwrap();
    let frame = receiver.finish(job.run()).unwrap();
    assert_eq!(frame.info.rtp_time as u32, packets[10].timestamp);
}

#[test]
fn whatever_comes_whenever_is_survived_within_the_bounds() {
    let voice = Sender::new(true).voice(2.0);
    for seed in 1..40 {
        let mut rng = Rng::new(seed);
        let mut receiver = receiver(BOTH[seed as usize % 2]);
        let mut now = epoch();
        let (mut sequence, mut timestamp) = (rng.next() as u16, rng.next() as u32);
        let mut frames = 0;
        for _ in 0..1500 {
            let scale = rng.below(19);
            now += Duration::from_micros(rng.below(1 << scale));
            let source = &voice[rng.below(voice.len() as u64) as usize];
            let mut payload = source.payload.clone();
            match rng.below(100) {
                0..10 => payload.truncate(rng.below(payload.len() as u64) as usize),
                10..15 => payload[0] = rng.next() as u8,
                15..20 => payload[5] = rng.next() as u8,
                _ => {}
            }
            match rng.below(100) {
                0 => sequence = rng.next() as u16,
                1 => timestamp = rng.next() as u32,
                2..5 => sequence = sequence.wrapping_sub(rng.below(40) as u16),
                5..8 => timestamp = timestamp.wrapping_sub(rng.below(9000) as u32),
                8..10 => timestamp = timestamp.wrapping_add(rng.below(99_000) as u32),
                10..13 => {}
                13..25 => {
                    sequence = sequence.wrapping_add(rng.below(6) as u16);
                    timestamp = timestamp.wrapping_add(rng.below(6) as u32 * 960);
                }
                _ => {
                    sequence = sequence.wrapping_add(1);
                    timestamp = timestamp.wrapping_add(960);
                }
            }
            match rng.below(400) {
                0 => receiver.reset(),
                1..3 => receiver.set_active(false),
                3..9 => receiver.set_active(true),
                _ => {}
            }
            let rtp = RtpPacket {
                sequence,
                timestamp,
                payload_type: if rng.percent(90) { RED } else { OPUS },
                payload: &payload,
            };
            receiver.receive(rtp, now);
            let mut jobs = 0;
            while let Some(job) = receiver.poll(now) {
                jobs += 1;
                if let Some(frame) = receiver.finish(job.run()) {
                    frames += 1;
                    assert!(frame.pcm.len() <= 5760 * 2 && !frame.pcm.is_empty());
                    receiver.recycle(frame.pcm);
                }
            }
            assert!(jobs < 300);
            assert!(receiver.stats().buffered <= 1200 * MS);
        }
        assert!(frames > 50, "seed {seed}: {frames}");
    }
}
