//! A quiet line: everything is played, in order, soon, and as it was decoded.

use crate::common::*;
use std::time::Duration;
use stoa::audio::jitter::Delivery;
use stoa::audio::opus::Decoder;
use stoa::audio::receiver::{Origin, Receiver, ReceiverConfig};

fn reference(packets: &[Sent]) -> Vec<i16> {
    let mut decoder = Decoder::new(48_000, 1).unwrap();
    let mut all = Vec::new();
    for packet in packets {
        let mut out = vec![0; 960];
        decoder.decode(&packet.payload, &mut out).unwrap();
        all.extend(out);
    }
    all
}

#[test]
fn every_sample_arrives_in_order_and_10_ms_after_its_packet() {
    let packets = Sender::new(false).tone(300.0, 10.0);
    let mut receiver = Receiver::new(config()).unwrap();
    let heard = run(&mut receiver, &packets, Duration::from_secs(10) - MS);
    assert_eq!(heard.len(), packets.len());
    assert_eq!(count(&heard, Origin::Decoded), heard.len());
    assert_eq!(pcm(&heard), reference(&packets));
    for (heard, sent) in heard.iter().zip(&packets) {
        assert_eq!(heard.at - sent.arrives, 10 * MS);
        assert_eq!(heard.frame.info.rtp_time as u32, sent.timestamp);
    }
    let stats = receiver.stats();
    assert_eq!((stats.packets, stats.lost, stats.late), (500, 0, 0));
    assert_eq!((stats.ticks_inserted, stats.ticks_removed), (0, 0));
}

#[test]
fn small_jitter_changes_nothing_but_the_time() {
    let mut rng = Rng::new(1);
    let mut packets = Sender::new(false).tone(300.0, 10.0);
    for packet in &mut packets {
        packet.arrives += Duration::from_micros(rng.below(4000));
    }
    let mut receiver = Receiver::new(config()).unwrap();
    let heard = run(&mut receiver, &packets, Duration::from_secs(10) - MS);
    assert_eq!(count(&heard, Origin::Decoded), heard.len());
    assert_eq!(receiver.stats().lost, 0);
    let mean =
        heard.iter().map(|h| h.at - (h.frame.info.arrival.unwrap() - epoch())).sum::<Duration>() / heard.len() as u32;
    assert!(mean < Duration::from_micros(13_500), "{mean:?}");
}

#[test]
fn eager_delivery_waits_for_nothing() {
    let packets = Sender::new(true).tone(300.0, 4.0);
    let mut receiver = Receiver::new(ReceiverConfig { delivery: Delivery::Eager, ..config() }).unwrap();
    let heard = run(&mut receiver, &packets, Duration::from_secs(5));
    assert_eq!(heard.len(), packets.len());
    for (heard, sent) in heard.iter().zip(&packets) {
        assert_eq!(heard.at, sent.arrives);
        assert_eq!(heard.frame.info.origin, Origin::Decoded);
    }
}

#[test]
fn numbers_wrap() {
    let mut sender = Sender::new(true);
    sender.sequence = u16::MAX - 20;
    sender.timestamp = u32::MAX - 960 * 35;
    let packets = sender.tone(300.0, 4.0);
    let mut receiver = Receiver::new(config()).unwrap();
    let heard = run(&mut receiver, &packets, Duration::from_secs(4) - MS);
    assert_eq!(count(&heard, Origin::Decoded), packets.len());
    assert_eq!(receiver.stats().lost, 0);
    for pair in heard.windows(2) {
        let step = pair[1].frame.info.rtp_time - pair[0].frame.info.rtp_time;
        assert_eq!(step, 960);
    }
}

#[test]
fn every_rate_and_both_channel_counts_come_out_at_their_length() {
    let packets = Sender::new(false).tone(300.0, 2.0);
    for rate in [8000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000] {
        for channels in [1, 2] {
            let mut receiver = Receiver::new(ReceiverConfig { rate, channels, ..config() }).unwrap();
            let heard = run(&mut receiver, &packets, Duration::from_secs(2) - MS);
            let samples: usize = heard.iter().map(|h| h.frame.info.samples_per_channel).sum();
            let expected = rate as usize * 2;
            assert!(samples <= expected && samples + rate as usize / 90 >= expected);
            let level = heard[50].frame.info.level;
            assert!((12..=20).contains(&level), "{rate} {channels}: -{level} dBov");
        }
    }
    let rate = ReceiverConfig { rate: 100, ..config() };
    assert!(Receiver::new(rate).is_err());
}
