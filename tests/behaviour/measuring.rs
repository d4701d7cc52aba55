//! Statistics: what was sent is what came, was lost, or was dropped for a reason; delays are those of the network.

use crate::sim::{Link, Options, QUIET, Recorder, Sim, ms, tone};
use std::sync::Arc;
use std::time::Duration;
use stoa::audio::send::SendCounters;
use stoa::client::stats::{HearingStats, VoiceStats};
use stoa::event::EventBody;

/// Two users who hear each other; the second one's recorder of the first.
fn pair(seed: u64, options: Options) -> (Sim, usize, usize, Arc<Recorder>) {
    let mut sim = Sim::new(seed);
    let ada = sim.join("ada", options.clone());
    let bob = sim.join("bob", options);
    sim.run(ms(300));
    let heard = sim.record(bob, "ada");
    (sim, ada, bob, heard)
}

fn say(sim: &mut Sim, client: usize, span: Duration) {
    let accepted = sim.clients[client].queue.push(&tone(400.0, 24_000, span), Some(ms(0))).accepted;
    assert_eq!(accepted, span.as_millis() as usize * 24);
}

fn voice(sim: &Sim, client: usize) -> VoiceStats {
    sim.clients[client].voice.stats(sim.now)
}

fn hearing(sim: &Sim, client: usize, recorder: &Recorder) -> HearingStats {
    sim.clients[client].voice.report();
    recorder.stats()
}

fn micros(ns: u64) -> u64 {
    ns / 1000
}

#[test]
fn every_packet_and_every_frame_is_accounted_for() {
    for (seed, loss) in [(1, 0.0), (2, 0.05), (3, 0.1), (4, 0.3)] {
        let (mut sim, ada, bob, heard) = pair(seed, Options::default());
        // The first second and the last one are whole, so that both ends know all numbers.
        say(&mut sim, ada, ms(12_000));
        sim.run(ms(1_000));
        sim.clients[ada].link = Link { loss, ..QUIET };
        sim.run(ms(10_000));
        sim.clients[ada].link = QUIET;
        sim.run(ms(3_000));

        let said = voice(&sim, ada);
        assert_eq!((said.frames_encoded, said.spurts_ended, said.frames_failed), (600, 1, 0));
        assert_eq!(said.audio_packets_sent, said.frames_encoded + said.spurts_ended);
        let sent = said.audio_packets_sent;

        let server = sim.server.stats();
        let heard_stats = hearing(&sim, bob, &heard);
        let r = heard_stats.receiver;
        assert_eq!(r.packets + r.lost, sent, "{loss}: what was sent came or was lost");
        assert_eq!(server.media_received, r.packets, "the loss was before the server");
        assert_eq!(server.media_forwarded, r.packets);
        assert_eq!((server.media_unheard, server.media_ignored, server.media_dropped_old), (0, 0, 0));
        assert_eq!((r.late, r.duplicates, r.discarded, r.malformed), (0, 0, 0, 0));
        assert_eq!(r.decoded + r.silence, r.packets, "each packet that came was decoded");
        let recovered = r.recovered_by_copy + r.recovered_by_fec;
        assert!(recovered <= r.lost, "{recovered} of {} lost were recovered", r.lost);
        assert_eq!(loss > 0.0, r.lost > 0, "{loss}: {} lost", r.lost);
        if loss > 0.0 {
            let share = r.lost as f64 / 500.0;
            assert!((share - loss).abs() < loss / 2.0, "{share} lost of {loss}");
            assert!(recovered > r.lost / 2, "{recovered} of {} were recovered", r.lost);
        }

        // Every frame's origin is counted, and so is its time: nothing of the 12 s is missing or told twice.
        let frames = [0, 1, 2, 3].map(|origin| heard.origin(origin) as u64);
        assert_eq!(frames, [r.decoded, recovered, r.concealed, r.silence]);
        assert_eq!((r.ticks_decoded, r.ticks_recovered), (r.decoded * 960, recovered * 960));
        let unrecovered = (r.lost - recovered) * 960;
        assert!(r.ticks_concealed >= unrecovered.saturating_sub(4800), "{} ticks concealed", r.ticks_concealed);
        if loss == 0.0 {
            assert_eq!(r.concealed, 0);
        }
        let samples: usize = heard.frames().iter().map(|(info, _)| info.samples as usize).sum();
        let ticks = r.ticks_decoded + r.ticks_recovered + r.ticks_concealed + r.ticks_silence;
        assert_eq!(samples as u64 * 2, ticks + r.ticks_inserted - r.ticks_removed, "time that was given out");

        // The server's reports reach the speaker within a few seconds.
        assert!(said.audio_packets_lost <= r.lost, "{} reported of {}", said.audio_packets_lost, r.lost);
        sim.clients[ada].queue.push(&tone(400.0, 24_000, ms(12_000)), Some(ms(0)));
        sim.run(ms(13_000));
        assert_eq!(voice(&sim, ada).audio_packets_lost, r.lost, "{loss}: as the server reported");
        let server = sim.server.stats();
        assert_eq!(server.media_lost, r.lost, "{loss}: as the server saw it");
        assert_eq!(server.media_lost_onward, r.lost, "{loss}: as bob reported, to whom the numbers have the same gaps");
    }
}

#[test]
fn a_known_delay_is_the_round_trip() {
    for delay in [1, 20, 75] {
        let link = Link { delay: ms(delay), ..QUIET };
        let (mut sim, ada, bob, heard) = pair(delay, Options { link, ..Options::default() });
        say(&mut sim, ada, ms(2_000));
        sim.run(ms(20_000));
        let stats = voice(&sim, ada);
        for (what, seen) in [("STUN", stats.round_trip), ("signalling", stats.signal_round_trip)] {
            assert!(seen.count >= 3, "{what}: {} measured in 20 s", seen.count);
            for ns in [seen.recent_ns, seen.max_ns, seen.mean().as_nanos() as u64] {
                assert_eq!(micros(ns), 2 * delay * 1000, "{what} with {delay} ms each way");
            }
        }
        assert_eq!(hearing(&sim, bob, &heard).network, ms(delay));
    }
}

#[test]
fn a_known_jitter_is_measured_on_both_ways() {
    let (mut sim, ada, bob, heard) = pair(8, Options::default());
    sim.clients[ada].link = Link { jitter: ms(16), ..QUIET };
    say(&mut sim, ada, ms(20_000));
    sim.run(ms(19_900));
    // Two independent delays of 0 to 16 ms differ by a third of that on average.
    let expected = 5_333.0;
    let jitter = hearing(&sim, bob, &heard).receiver.jitter.as_micros() as f64;
    assert!((jitter / expected - 1.0).abs() < 0.5, "{jitter} us at the listener");
    let reported = voice(&sim, ada).audio_jitter_us as f64;
    assert!((reported / expected - 1.0).abs() < 0.5, "{reported} us at the server, as it reported");
    let onward = sim.server.stats().jitter.recent_ns as f64 / 1000.0;
    assert!((onward / expected - 1.0).abs() < 0.6, "{onward} us, as bob reported");
    let receiver = hearing(&sim, bob, &heard).receiver;
    assert!((ms(14)..=ms(30)).contains(&receiver.target_delay), "{:?}", receiver.target_delay);
    let waited = receiver.waited.mean();
    assert!((ms(3)..ms(30)).contains(&waited), "{waited:?} in the jitter buffer");
}

#[test]
fn stages_take_what_they_take() {
    let (mut sim, ada, bob, heard) = pair(5, Options::default());
    say(&mut sim, ada, ms(1_000));
    assert_eq!(sim.clients[ada].queue.queued(), 24_000);
    sim.run(ms(2_000));
    let said = voice(&sim, ada);
    // Behind the frames that left were 980, 960 … 0 ms: 490 ms on average, as each sample waited.
    assert_eq!((said.queued.count, said.queued.mean(), said.queued.max_ns), (50, ms(490), 980_000_000));
    // The stopwatch of the simulation gives each 1 ms.
    assert_eq!((said.encode.count, said.encode.mean(), said.encode.recent_ns), (50, ms(1), 1_000_000));
    let stats = hearing(&sim, bob, &heard);
    assert_eq!((stats.decode.count, stats.decode.mean()), (51, ms(1)), "50 frames and the end");
    assert_eq!(stats.receiver.waited.count, 51);
    assert_eq!(stats.unread, 0);

    // A microphone pushes 20 ms each 20 ms: nothing waits behind a frame.
    for _ in 0..50 {
        say(&mut sim, ada, ms(20));
        sim.run(ms(20));
    }
    let after = voice(&sim, ada);
    assert_eq!(after.queued.total_ns, said.queued.total_ns);
    assert_eq!(after.queued.count, 100);
}

#[test]
fn the_bit_rate_is_that_of_the_last_second() {
    let (mut sim, ada, _, _heard) = pair(6, Options::default());
    say(&mut sim, ada, ms(5_000));
    let before = voice(&sim, ada);
    sim.run(ms(4_000));
    let said = voice(&sim, ada);
    let sent = (said.audio_bytes_sent - before.audio_bytes_sent) as f64 * 8.0 / 4.0;
    assert!((said.audio_bitrate as f64 / sent - 1.0).abs() < 0.25, "{} of {sent} bits a second", said.audio_bitrate);
    sim.run(ms(5_000));
    assert_eq!(voice(&sim, ada).audio_bitrate, 0, "silence");
}

#[test]
fn silence_and_muting_are_told_apart_from_speech() {
    let (mut sim, ada, _, _heard) = pair(7, Options::default());
    sim.clients[ada].queue.push(&[0; 4800], Some(ms(0)));
    sim.run(ms(500));
    sim.clients[ada].voice.mute(true);
    say(&mut sim, ada, ms(200));
    sim.run(ms(500));
    let stats = voice(&sim, ada);
    assert_eq!((stats.frames_encoded, stats.frames_silent, stats.frames_muted), (10, 10, 10));
    assert_eq!((stats.audio_packets_sent, stats.spurts_ended), (11, 1));
    let samples = sim.clients[ada].queue.counters();
    let wanted = SendCounters { pushed: 9600, sent: 9600, ..SendCounters::default() };
    assert_eq!(samples, wanted);
}

#[test]
fn packets_without_a_listener_are_dropped_for_that() {
    let mut sim = Sim::new(9);
    let options = Options { subscribe_all: false, ..Options::default() };
    let ada = sim.join("ada", options.clone());
    let bob = sim.join("bob", options);
    sim.run(ms(300));
    say(&mut sim, ada, ms(1_000));
    sim.run(ms(1_500));
    let server = sim.server.stats();
    assert_eq!((server.rooms, server.participants, server.tracks, server.subscriptions), (1, 2, 2, 0));
    assert_eq!((server.media_received, server.media_unheard, server.media_forwarded), (51, 51, 0));
    let now = sim.now;
    sim.clients[bob].voice.subscribe(now, "ada", true).unwrap();
    sim.run(ms(500));
    say(&mut sim, ada, ms(1_000));
    sim.run(ms(1_500));
    let server = sim.server.stats();
    assert_eq!((server.subscriptions, server.media_unheard, server.media_forwarded), (1, 51, 51));
    assert_eq!(server.media_received, voice(&sim, ada).audio_packets_sent);
    // Nobody reads it: it is not decoded, and the wire counts it all the same.
    assert!(voice(&sim, bob).packets_received > 51);
}

#[test]
fn a_server_says_what_it_did_not_take() {
    let mut sim = Sim::new(10);
    let ada = sim.join("ada", Options::default());
    let expired = crate::sim::token("bob", |claims| claims.exp = crate::sim::EPOCH - 100);
    sim.add("bob", Options { token: Some(expired), ..Options::default() });
    sim.run(ms(1_000));
    let before = sim.server.stats();
    assert_eq!((before.joins, before.joins_refused, before.participants), (1, 1, 1));
    let (now, ours) = (sim.now, ([10, 0, 0, 1], 7882).into());
    for junk in [&[0u8; 100][..], &[0x80; 50], b"hello"] {
        sim.server.datagram(now, stoa::rtc::Protocol::Udp, ([192, 0, 2, 1], 9).into(), ours, junk);
    }
    let after = sim.server.stats();
    assert_eq!(after.packets_received - before.packets_received, 3);
    assert_eq!(after.packets_unknown - before.packets_unknown, 3);
    assert_eq!(after.bytes_received - before.bytes_received, 155);
    // From the address of a participant it is a packet that is none.
    sim.server.datagram(now, stoa::rtc::Protocol::Udp, ([10, 0, 1, 1], 5000).into(), ours, &[0xff; 20]);
    assert_eq!(sim.server.stats().packets_malformed - after.packets_malformed, 1);
    assert_eq!(voice(&sim, ada).packets_rejected, 0);
    let bytes = [0xff; 20];
    sim.clients[ada].voice.session().datagram(
        now,
        stoa::client::session::Side::Publisher,
        stoa::rtc::Protocol::Udp,
        ours,
        &bytes,
    );
    assert_eq!(voice(&sim, ada).packets_rejected, 1);
}

#[test]
fn the_wire_is_counted_alike_on_both_ends() {
    let mut sim = Sim::new(11);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    say(&mut sim, ada, ms(3_000));
    sim.run(ms(5_003));
    let (a, b, server) = (voice(&sim, ada), voice(&sim, bob), sim.server.stats());
    // What is on its way just now is a packet or two.
    let near = |what: &str, sent: u64, came: u64| assert!(sent - came <= 4, "{what}: {sent} sent, {came} came");
    near("to the server", a.packets_sent + b.packets_sent, server.packets_received);
    near("from the server", server.packets_sent, a.packets_received + b.packets_received);
    near("messages to the server", a.signals_sent + b.signals_sent, server.signals_received);
    near("messages from the server", server.signals_sent, a.signals_received + b.signals_received);
    assert!(a.bytes_sent > a.audio_bytes_sent && server.bytes_sent > server.media_bytes_forwarded);
    assert_eq!(server.media_bytes_received, a.audio_bytes_sent);
}

#[test]
fn data_that_is_dropped_is_counted_where_it_is() {
    let (mut sim, ada, bob, _heard) = pair(12, Options::default());
    let now = sim.now;
    let mut refused = 0;
    for _ in 0..400 {
        refused += u64::from(!sim.clients[ada].voice.send_data(now, vec![7; 20_000], true, "", vec![]));
    }
    let stats = voice(&sim, ada);
    assert!(refused > 0);
    assert_eq!(stats.data_dropped, refused);
    assert_eq!(stats.data_sent + stats.data_waiting + stats.data_dropped, 400);
    assert_eq!(stats.data_waiting, 256, "the queue is full to its bound");
    sim.run(ms(20_000));
    let (stats, server) = (voice(&sim, ada), sim.server.stats());
    assert_eq!((stats.data_sent, stats.data_waiting), (400 - refused, 0));
    assert_eq!(server.data_received, stats.data_sent);
    assert_eq!(server.data_bytes_received, stats.data_bytes_sent);
    assert_eq!(server.data_forwarded + server.data_dropped_full, server.data_received);
    assert_eq!(server.data_waiting_bytes, 0);
    let received = voice(&sim, bob);
    assert_eq!(received.data_received, server.data_forwarded);
    assert_eq!(received.data_bytes_received, server.data_bytes_forwarded);
    let events = sim.clients[bob].events.iter().filter(|e| matches!(e, EventBody::DataReceived { .. })).count();
    assert_eq!(events as u64, received.data_received);
}

#[test]
fn data_without_permission_is_dropped_for_that() {
    let mut sim = Sim::new(13);
    let mute = crate::sim::token("ada", |claims| claims.video.can_publish_data = Some(false));
    let ada = sim.join("ada", Options { token: Some(mute), ..Options::default() });
    sim.join("bob", Options::default());
    sim.run(ms(300));
    let now = sim.now;
    assert!(sim.clients[ada].voice.send_data(now, vec![1], true, "", vec![]));
    sim.run(ms(300));
    let server = sim.server.stats();
    assert_eq!((server.data_received, server.data_dropped_forbidden, server.data_forwarded), (1, 1, 0));
}

#[test]
fn numbers_are_carried_over_to_the_next_connection() {
    let (mut sim, ada, _, _heard) = pair(14, Options::default());
    say(&mut sim, ada, ms(500));
    sim.run(ms(1_000));
    let first = voice(&sim, ada);
    assert_eq!((first.connections, first.frames_encoded), (1, 25));
    let again = sim.add("ada2", Options::default());
    sim.clients[again].voice.count_from(first);
    sim.run(ms(1_000));
    say(&mut sim, again, ms(500));
    sim.run(ms(1_000));
    let second = voice(&sim, again);
    assert_eq!((second.connections, second.frames_encoded, second.queued.count), (2, 50, 50));
    assert!(second.packets_sent > first.packets_sent && second.signals_sent > first.signals_sent);
}
