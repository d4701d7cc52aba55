//! Levels, counters, jobs.

use super::*;
use crate::audio::jitter::Delivery;

#[test]
fn levels_are_those_of_rfc_6464() {
    assert_eq!(level(&[0; 100]), 127);
    assert_eq!(level(&[]), 127);
    assert_eq!(level(&[i16::MIN; 100]), 0);
    assert_eq!(level(&[3277; 100]), 20);
    assert_eq!(level(&[1, 0, 0, 0]), 96);
}

#[test]
fn counters_are_extended_over_wraps_and_reordering() {
    let mut sequence = Unwrapper::<u16>::default();
    assert_eq!(sequence.unwrap(65_534), 65_536 + 65_534);
    assert_eq!(sequence.unwrap(1), 131_073);
    assert_eq!(sequence.unwrap(65_535), 131_071);
    assert_eq!(sequence.unwrap(2), 131_074);
    let mut timestamp = Unwrapper::<u32>::default();
    assert_eq!(timestamp.unwrap(5), (1 << 32) + 5);
    assert_eq!(timestamp.unwrap(u32::MAX), (1 << 32) - 1);
    assert_eq!(timestamp.unwrap(960), (1 << 32) + 960);
}

#[test]
fn jobs_may_move_between_threads() {
    fn send<T: Send>() {}
    send::<Job>();
    send::<Done>();
    send::<Receiver>();
}

#[test]
fn a_lost_job_does_not_end_the_stream() {
    let mut receiver =
        Receiver::new(ReceiverConfig { delivery: Delivery::Eager, ..ReceiverConfig::default() }).unwrap();
    let now = Instant::now();
    let mut packet = RtpPacket { sequence: 7, timestamp: 960, payload_type: 111, payload: &[0x78, 0, 0] };
    receiver.receive(packet, now);
    drop(receiver.poll(now).unwrap());
    packet.sequence += 1;
    packet.timestamp += 960;
    receiver.receive(packet, now);
    assert!(receiver.poll(now).is_none());
    receiver.abandon().unwrap();
    assert!(receiver.poll(now).is_some());
}
