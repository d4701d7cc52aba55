//! Beginnings and ends, each parameter, and silence that is foreseen.

use super::*;
use crate::Status;

const FRAME: usize = 480;

fn detector(change: impl FnOnce(&mut SpeechConfig)) -> SpeechDetector {
    let mut config = SpeechConfig::default();
    change(&mut config);
    config.validate().unwrap();
    SpeechDetector::new(config, 24_000)
}

/// Frames of 20 ms until the state changes: which one it was, and to what.
fn until_change(detector: &mut SpeechDetector, level: u8, probability: f32) -> Option<(usize, Speech)> {
    (1..1000)
        .map(|n| (n, detector.listen(FRAME, level, probability)))
        .find(|(_, speech)| matches!(speech, Speech::Start | Speech::End))
}

#[test]
fn begins_when_enough_blocks_are_active_and_ends_when_enough_are_not() {
    let mut detector = detector(|_| {});
    assert_eq!(detector.listen(FRAME, 127, 0.0), Speech::None);
    // 0.7 of 30 blocks are 21: the 11th frame of two blocks.
    assert_eq!(until_change(&mut detector, 20, 0.9), Some((11, Speech::Start)));
    assert_eq!(detector.listen(FRAME, 20, 0.9), Speech::Speaking);
    // At least stop_recognize_count blocks are looked at; half of them, 25, have to be inactive. One was left of the 11th frame.
    assert_eq!(until_change(&mut detector, 127, 0.0), Some((24, Speech::End)));
    assert!(!detector.is_speaking());
    assert_eq!(detector.listen(FRAME, 127, 0.0), Speech::None);
}

#[test]
fn the_end_waits_for_silence_however_long_the_speech() {
    let mut detector = detector(|_| {});
    until_change(&mut detector, 20, 0.9);
    assert_eq!((0..500).find(|_| detector.listen(FRAME, 20, 0.9) != Speech::Speaking), None);
    assert_eq!(until_change(&mut detector, 20, 0.1), Some((13, Speech::End)), "25 of 50 blocks");
    let spoken = detector.spoken().as_millis();
    assert!((10_000..10_350).contains(&spoken), "{spoken} ms");
}

#[test]
fn each_parameter_takes_effect() {
    type Change = fn(&mut SpeechConfig);
    let starts = |change: Change, level, probability| until_change(&mut detector(change), level, probability);
    assert_eq!(starts(|_| {}, 20, 0.69), None, "start_voice_prob");
    assert_eq!(starts(|c| c.start_voice_prob = 50, 20, 0.69), Some((11, Speech::Start)));
    assert_eq!(starts(|_| {}, 50, 0.9), None, "start_rms_threshold");
    assert_eq!(starts(|c| c.start_rms_threshold = -60, 50, 0.9), Some((11, Speech::Start)));
    assert_eq!(starts(|c| c.active_percent = 1.0, 20, 0.9), Some((15, Speech::Start)));
    assert_eq!(starts(|c| c.start_recognize_count = 10, 20, 0.9), Some((4, Speech::Start)));
    let ends = |change: Change, level, probability| {
        let mut detector = detector(change);
        until_change(&mut detector, 20, 0.95);
        (0..100).for_each(|_| _ = detector.listen(FRAME, 20, 0.95));
        until_change(&mut detector, level, probability)
    };
    assert_eq!(ends(|c| c.stop_voice_prob = 40, 20, 0.5), None, "stop_voice_prob");
    assert_eq!(ends(|c| c.stop_voice_prob = 60, 20, 0.5), Some((13, Speech::End)));
    assert_eq!(ends(|c| c.stop_rms_threshold = -60, 55, 0.9), None, "stop_rms_threshold");
    assert_eq!(ends(|c| c.stop_rms_threshold = -40, 45, 0.9), Some((13, Speech::End)));
    assert_eq!(ends(|c| c.stop_recognize_count = 100, 127, 0.0), Some((25, Speech::End)));
    assert_eq!(ends(|c| c.inactive_percent = 1.0, 127, 0.0), Some((25, Speech::End)));
    let longer = detector(|c| c.pre_start_recognize_count = 50).config.pre_roll();
    assert_eq!(longer, Duration::from_millis(800));
}

#[test]
fn silence_is_foreseen_to_the_block() {
    for blocks in [0, 7, 24, 25, 60, 200] {
        for pauses in [3, 8, 1000] {
            let mut detector = detector(|_| {});
            until_change(&mut detector, 20, 0.9);
            for n in 0..blocks {
                detector.listen(240, 20, if n % pauses == 0 { 0.1 } else { 0.9 });
            }
            let Some(until) = detector.until_end() else { continue };
            assert_eq!(detector.silence(until - BLOCK), Speech::Speaking, "{blocks} blocks, pauses {pauses}");
            assert_eq!(detector.silence(BLOCK), Speech::End, "{blocks} blocks, pauses {pauses}");
            assert_eq!(detector.until_end(), None);
        }
    }
}

#[test]
fn odd_lengths_add_up() {
    let mut detector = detector(|_| {});
    let frames = (1..).find(|_| detector.listen(100, 20, 0.9) == Speech::Start);
    assert_eq!(frames, Some((21 * 240usize).div_ceil(100)));
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    type Change = fn(&mut SpeechConfig);
    let wrong: [(&str, Change); 12] = [
        ("pre_start_recognize_count", |c| c.pre_start_recognize_count = 1001),
        ("start_recognize_count", |c| c.start_recognize_count = 1001),
        ("stop_recognize_count", |c| c.stop_recognize_count = 6001),
        ("active_percent", |c| c.active_percent = 1.01),
        ("active_percent", |c| c.active_percent = f64::NAN),
        ("inactive_percent", |c| c.inactive_percent = -0.1),
        ("inactive_percent", |c| c.inactive_percent = f64::INFINITY),
        ("start_voice_prob", |c| c.start_voice_prob = 100),
        ("stop_voice_prob", |c| c.stop_voice_prob = u32::MAX),
        ("start_rms_threshold", |c| c.start_rms_threshold = 1),
        ("start_rms_threshold", |c| c.start_rms_threshold = -101),
        ("stop_rms_threshold", |c| c.stop_rms_threshold = i32::MIN),
    ];
    for (name, change) in wrong {
        let mut config = SpeechConfig::default();
        change(&mut config);
        let error = config.validate().unwrap_err();
        assert!(error.status == Status::BAD_ARGUMENT && error.text.starts_with(name), "{name}: {}", error.text);
    }
}
