//! The delay follows the line: up when packets come late, down again when they do not, and along
//! with a clock that runs differently. What stretching changes is counted, and does not click.

use crate::common::*;
use std::time::Duration;
use stoa::audio::receiver::{Origin, Receiver};

const SECOND: Duration = Duration::from_secs(1);

/// 10 s quiet, 10 s with packets up to 100 ms late, then quiet again until 40 s.
fn step(mut packets: Vec<Sent>, seed: u64) -> Vec<Sent> {
    let mut rng = Rng::new(seed);
    for packet in &mut packets {
        if (10 * SECOND..20 * SECOND).contains(&packet.arrives) {
            packet.arrives += MS * rng.below(100) as u32;
        }
    }
    packets
}

#[test]
fn the_delay_grows_with_jitter_and_shrinks_after_it_and_no_frame_is_lost() {
    let sent = Sender::new(false).voice(40.0);
    for seed in 1..4 {
        let packets = step(sent.clone(), seed);
        let mut receiver = Receiver::new(config()).unwrap();
        let mut target = [Duration::ZERO; 3];
        let heard = run_observed(&mut receiver, &packets, 40 * SECOND - MS, |now, receiver| {
            let phase = match now.as_millis() {
                9_000..10_000 => 0,
                19_000..20_000 => 1,
                39_000..40_000 => 2,
                _ => return,
            };
            target[phase] = target[phase].max(receiver.stats().target_delay);
        });
        assert_eq!(target[0], 10 * MS);
        assert!((80 * MS..=104 * MS).contains(&target[1]), "{target:?}");
        assert_eq!(target[2], 10 * MS);

        let stats = receiver.stats();
        assert_eq!((stats.lost, stats.discarded), (0, 0));
        // Each packet was played, or is counted as late.
        let decoded = count(&heard, Origin::Decoded) as u64;
        let waiting = stats.buffered.as_millis() as u64 / 20;
        assert_eq!(decoded + stats.late + waiting, packets.len() as u64);
        assert!(stats.late <= 16, "{stats:?}");
        assert!(stats.ticks_inserted > 0 && stats.ticks_removed > 0);
        // In the end sound is as soon as in the beginning.
        let last = &heard[heard.len() - 50..];
        for heard in last {
            let waited = heard.at - (heard.frame.info.arrival.unwrap() - epoch());
            assert!(waited <= 16 * MS, "seed {seed}: {waited:?}");
        }
        // And all samples are accounted for.
        let samples: u64 = heard.iter().map(|h| h.frame.pcm.len() as u64).sum();
        let concealed: u64 =
            heard.iter().filter(|h| h.frame.info.origin == Origin::Concealed).map(|h| h.frame.pcm.len() as u64).sum();
        assert_eq!(
            samples + stats.ticks_removed,
            decoded * 960 + concealed + stats.ticks_inserted + stats.recovered_by_fec * 960
        );
    }
}

#[test]
fn a_clock_that_is_200_ppm_off_keeps_its_delay_for_five_minutes() {
    let sent = Sender::new(false).voice(300.0);
    for ppm in [-200i64, 200] {
        let mut packets = sent.clone();
        for packet in &mut packets {
            let us = packet.arrives.as_micros() as i64;
            packet.arrives = Duration::from_micros((us + us * ppm / 1_000_000) as u64);
        }
        let mut receiver = Receiver::new(config()).unwrap();
        let heard = run(&mut receiver, &packets, 299 * SECOND);
        assert!(count(&heard, Origin::Decoded) + 60 >= packets.len());
        assert_eq!(receiver.stats().late, 0);
        assert!(count(&heard, Origin::Concealed) == 0, "{ppm}");
        for heard in &heard {
            let waited = heard.at - (heard.frame.info.arrival.unwrap() - epoch());
            assert!((4 * MS..20 * MS).contains(&waited), "{ppm} ppm: {waited:?}");
        }
        let stats = receiver.stats();
        // 60 ms of drift were made up for.
        let (made, other) = if ppm < 0 {
            (stats.ticks_removed, stats.ticks_inserted)
        } else {
            (stats.ticks_inserted, stats.ticks_removed)
        };
        assert!(made > other && made - other > 2000, "{ppm}: {stats:?}");
    }
}

#[test]
fn a_stall_is_played_later_not_dropped() {
    let mut packets = Sender::new(false).voice(20.0);
    for packet in &mut packets {
        if (5000 * MS..5300 * MS).contains(&packet.arrives) {
            packet.arrives = 5300 * MS;
        }
    }
    let mut receiver = Receiver::new(config()).unwrap();
    let heard = run(&mut receiver, &packets, 20 * SECOND - MS);
    let stats = receiver.stats();
    assert_eq!((stats.lost, stats.late, stats.discarded), (0, 0, 0));
    assert_eq!(count(&heard, Origin::Decoded), packets.len());
    let waited = heard.last().unwrap();
    let waited = waited.at - (waited.frame.info.arrival.unwrap() - epoch());
    assert!(waited <= 20 * MS, "{waited:?}");
}

#[test]
fn a_tone_does_not_click_while_the_delay_moves() {
    let clean = Sender::new(false).tone(220.0, 40.0);
    let mut reference = Receiver::new(config()).unwrap();
    let heard = run(&mut reference, &clean, 40 * SECOND);
    let smooth = roughness(&pcm(&heard)[4800..48_000 * 9]);
    for ppm in [-2000i64, 2000] {
        let mut packets = clean.clone();
        for packet in &mut packets {
            let us = packet.arrives.as_micros() as i64;
            packet.arrives = Duration::from_micros((us + us * ppm / 1_000_000) as u64);
        }
        let mut receiver = Receiver::new(config()).unwrap();
        let heard = run(&mut receiver, &packets, 39 * SECOND);
        let stats = receiver.stats();
        assert!(stats.ticks_inserted.max(stats.ticks_removed) > 48 * 60, "{stats:?}");
        assert_eq!(stats.concealed, 0);
        let rough = roughness(&pcm(&heard)[4800..]);
        assert!(rough < smooth * 3 / 2, "{ppm} ppm: {rough}, without drift {smooth}");
    }
}
