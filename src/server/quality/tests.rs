//! What lowers a score, and what does not.

use super::*;

fn red() -> TrackInfo {
    TrackInfo { mime_type: "audio/red".into(), ..Default::default() }
}

/// After intervals of 300 packets, of which so many of a hundred are lost.
fn after(arrivals: &mut Arrivals, intervals: usize, loss: u64, track: &TrackInfo) -> ConnectionQuality {
    let mut score = Score::default();
    for _ in 0..intervals {
        let next = arrivals.next.max(1);
        (next..next + 300).filter(|n| n % 100 >= loss).for_each(|n| arrivals.observe(7, n));
        score = arrivals.judge(track).0;
    }
    score.quality()
}

#[test]
fn loss_lowers_the_quality_at_livekits_thresholds() {
    use ConnectionQuality::{Excellent, Good, Poor};
    let plain = TrackInfo { mime_type: "audio/opus".into(), ..Default::default() };
    // With redundancy: 5 % is no longer excellent, 15 % poor; with FEC alone 3.75 % and 11.25 %.
    for (track, loss, quality) in
        [(red(), 0, Excellent), (red(), 4, Excellent), (red(), 6, Good), (red(), 14, Good), (red(), 16, Poor)]
    {
        assert_eq!(after(&mut Arrivals::default(), 20, loss, &track), quality, "RED, {loss} %");
    }
    for (loss, quality) in [(3, Excellent), (5, Good), (10, Good), (12, Poor)] {
        assert_eq!(after(&mut Arrivals::default(), 20, loss, &plain), quality, "Opus, {loss} %");
    }
}

#[test]
fn a_fall_shows_at_once_and_a_rise_takes_longer() {
    use ConnectionQuality::{Excellent, Good, Poor};
    let mut arrivals = Arrivals::default();
    assert_eq!(after(&mut arrivals, 1, 40, &red()), Poor);
    assert_eq!(after(&mut arrivals, 1, 0, &red()), Good);
    assert_eq!(after(&mut arrivals, 1, 0, &red()), Good);
    assert_eq!(after(&mut arrivals, 1, 0, &red()), Excellent);
}

#[test]
fn silence_says_nothing_and_muting_forgives() {
    let mut arrivals = Arrivals::default();
    assert_eq!(after(&mut arrivals, 2, 50, &red()), ConnectionQuality::Poor);
    assert_eq!(arrivals.judge(&red()).0.quality(), ConnectionQuality::Poor);
    let muted = TrackInfo { muted: true, ..red() };
    assert_eq!(arrivals.judge(&muted).0.quality(), ConnectionQuality::Excellent);
}

#[test]
fn late_packets_and_another_ssrc_are_no_loss() {
    let mut arrivals = Arrivals::default();
    for n in (10..200).step_by(2) {
        arrivals.observe(7, n + 1);
        arrivals.observe(7, n);
    }
    arrivals.judge(&red());
    // The first was late, and so before the beginning.
    assert_eq!(arrivals.missing(), 0.0);
    arrivals.observe(8, 90_000);
    arrivals.judge(&red());
    assert_eq!(arrivals.missing(), 0.0);
}

#[test]
fn what_was_missing_before_is_not_the_listeners_loss() {
    let mut section = Departures { reported: (1000, 10), ..Default::default() };
    section.judge(&red(), 0.0);
    section.reported = (1250, 60);
    assert_eq!(section.judge(&red(), 20.0), Score(100.0));
    section.reported = (1500, 110);
    assert_eq!(section.judge(&red(), 0.0).quality(), ConnectionQuality::Poor);
    let mut slow = Departures { reported: (1, 0), round_trip: Duration::from_secs(1), ..Default::default() };
    slow.judge(&red(), 0.0);
    slow.reported = (251, 0);
    assert_eq!(slow.judge(&red(), 0.0).quality(), ConnectionQuality::Good, "1 s there and back");
    assert_eq!(Score(100.0).opinion(), 4.5);
}
