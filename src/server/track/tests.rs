//! Numbers without gaps, and payloads that change.

use super::*;
use std::time::Duration;

fn ssrc(n: u32) -> Ssrc {
    Ssrc::from(n)
}

fn payloads(opus: u8, red: Option<u8>) -> Payloads {
    Payloads { opus: Some(Pt::new_with_value(opus)), red: red.map(Pt::new_with_value) }
}

/// One redundant block of two bytes, then the primary of three, as Opus 111.
const RED: [u8; 10] = [0x80 | 111, 0, 0, 2, 111, 1, 2, 7, 8, 9];

#[test]
fn payloads_map_by_codec() {
    let libwebrtc = payloads(111, Some(63));
    let (pt, bytes) = convert(&RED, Pt::new_with_value(63), libwebrtc, libwebrtc).unwrap();
    assert_eq!((*pt, &bytes[..]), (63, &RED[..]));
    let (pt, bytes) = convert(&RED, Pt::new_with_value(63), libwebrtc, payloads(109, None)).unwrap();
    assert_eq!((*pt, &bytes[..]), (109, &[7, 8, 9][..]), "without RED: the primary block");
    let (pt, bytes) = convert(&RED, Pt::new_with_value(63), libwebrtc, payloads(96, Some(97))).unwrap();
    assert_eq!((*pt, &bytes[..]), (97, &[0x80 | 96, 0, 0, 2, 96, 1, 2, 7, 8, 9][..]));
    assert_eq!(*convert(&[5], Pt::new_with_value(111), libwebrtc, payloads(96, Some(97))).unwrap().0, 96);
    assert!(convert(&[5], Pt::new_with_value(50), libwebrtc, libwebrtc).is_none());
}

#[test]
fn no_number_is_used_twice() {
    let now = Instant::now();
    let mut rebase = Rebase::new(Cursor::default());
    let mut sent = std::collections::BTreeSet::new();
    let (mut seed, mut passed) = (1u64, 0);
    for n in 0..20_000u64 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Forward, but up to 100 back and 70 ahead.
        let sequence = 1_000 + n / 2 + (seed >> 33) % 170;
        if let Some((number, _)) = rebase.map(ssrc(1), sequence, 0, now) {
            assert!(sent.insert(number), "{number} twice");
            passed += 1;
        }
    }
    assert!(passed > 5_000, "{passed}");
    let newest = *sent.last().unwrap();
    let base = rebase.base.unwrap();
    let of = |number: u64| number - base.to + base.from;
    assert!(rebase.map(ssrc(1), of(newest + 200), 0, now).is_some());
    assert!(rebase.map(ssrc(1), of(newest + 200 - 63), 0, now).is_some(), "late, but not too late");
    assert!(rebase.map(ssrc(1), of(newest + 200 - 64), 0, now).is_none());
}

#[test]
fn malformed_redundancy_is_dropped() {
    for bytes in [&[][..], &[0xef], &[0xef, 0, 0], &[0xef, 0, 3, 255, 111, 1]] {
        assert!(convert(bytes, Pt::new_with_value(63), payloads(111, Some(63)), payloads(109, None)).is_none());
    }
}

#[test]
fn numbers_continue_where_the_section_stood() {
    let now = Instant::now();
    let mut first = Rebase::new(Cursor::default());
    let (start, time) = first.map(ssrc(1), 70_000, 1_000, now).unwrap();
    assert!(start < 65_536, "the roll-over counter starts at zero");
    assert_eq!(time, 1_000);
    assert_eq!(first.map(ssrc(1), 70_002, 2_920, now).unwrap(), (start + 2, 2_920), "a hole stays a hole");
    assert_eq!(first.map(ssrc(1), 70_001, 1_960, now).unwrap(), (start + 1, 1_960), "and can be filled late");
    assert_eq!(first.map(ssrc(1), 69_999, 40, now), None);
    for used in [70_000, 70_001, 70_002] {
        assert_eq!(first.map(ssrc(1), used, 1_000, now), None, "{used} was sent");
    }
    let mut second = Rebase::new(first.cursor);
    let later = now + Duration::from_millis(100);
    assert_eq!(second.map(ssrc(1), 5, 77, later).unwrap(), (start + 3, 2_920 + 4_800));
    assert_eq!(second.map(ssrc(1), 6, 77 + 960, later).unwrap(), (start + 4, 2_920 + 5_760));
}

#[test]
fn another_stream_of_the_publishers_goes_on_at_once_whatever_its_numbers() {
    let now = Instant::now();
    let mut rebase = Rebase::new(Cursor::default());
    let (start, time) = rebase.map(ssrc(1), 70_000, 960_000, now).unwrap();
    let later = now + Duration::from_millis(20);
    assert_eq!(rebase.map(ssrc(2), 5, 77, later), Some((start + 1, time + 960)));
    assert_eq!(rebase.map(ssrc(2), 6, 77 + 960, later), Some((start + 2, time + 1_920)));
    assert_eq!(rebase.map(ssrc(2), 4, 0, later), None);
}
