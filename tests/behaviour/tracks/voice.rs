//! Which of the tracks is the user's voice, and what is made of voices alone.

use super::*;
use crate::sim::token;
use std::sync::Mutex;
use stoa::client::tap::Tap;
use stoa::signal::livekit::TrackSource;

/// As LiveKit's server tells them, and where both are microphones.
#[test]
fn the_voice_stays_with_its_track_in_whatever_order_they_are_told() {
    for seed in 20..26 {
        let mut room = Room::new(seed, Options::default());
        let voice = room.record("");
        for n in 0..4 {
            let second = room.sim.second_track.as_mut().unwrap();
            (second.source, second.first) = (TrackSource::Microphone, n % 2 == 0);
            room.permit(true);
        }
        room.hear(&voice, VOICE);
        assert!(room.ended().is_empty(), "seed {seed}");
    }
}

#[test]
fn another_track_that_comes_back_before_the_microphone_does_not_take_its_place() {
    let mut room = Room::new(14, Options::default());
    let voice = room.record("");
    room.start_server_anew_for_ada_last();
    room.is_back(room.ada);
    room.sim.run(ms(1000));
    room.hear(&voice, VOICE);
    assert!(room.ended().is_empty());
}

#[test]
fn who_comes_back_without_the_microphone_is_heard_by_another_track_after_a_while() {
    let mut room = Room::new(15, Options::default());
    let (voice, ada) = (room.record(""), room.ada);
    room.sim.clients[ada].voice.renew(token("ada", |claims| claims.video.can_publish = Some(false)));
    room.start_server_anew_for_ada_last();
    room.is_back(ada);
    room.sim.run(ms(13_000));
    assert!(!voice.is_closed(), "it may come yet");
    room.sim.run(ms(4_000));
    assert!(voice.is_closed());
    assert_eq!(room.ended(), [""]);
    let voice = room.record("");
    room.hear(&voice, MUSIC);
}

#[test]
fn a_microphone_takes_the_place_of_another_track_which_is_unsubscribed_from() {
    let mut room = Room::new(16, Options::default());
    room.permit(false);
    let music = room.record("");
    room.hear(&music, MUSIC);
    room.permit(true);
    room.sim.run(ms(500));
    assert!(music.is_closed());
    let voice = room.record("");
    room.hear(&voice, VOICE);
    assert_eq!(room.subscriptions(), 1);
}

/// What is heard as the users' voices.
#[derive(Default)]
struct Copies(Mutex<Vec<i16>>);

impl Tap for Copies {
    fn hears(&self) -> bool {
        true
    }
    fn sent(&self, _: std::time::Instant, _: &[i16]) {}
    fn heard(&self, _: &Arc<str>, _: std::time::Instant, pcm: &[i16]) {
        self.0.lock().unwrap().extend(pcm);
    }
}

#[test]
fn mix_and_dump_are_of_the_voices_alone() {
    let mut room = Room::new(11, Options::default());
    let (mix, copies) = (Arc::new(Recorder::default()), Arc::new(Copies::default()));
    let sink: Arc<dyn FrameSink> = mix.clone();
    let voice = &mut room.sim.clients[room.bob].voice;
    voice.open_mix(Arc::downgrade(&sink));
    voice.set_tap(Some(copies.clone()));
    let music = room.record("music");
    room.hear(&music, MUSIC);
    for pcm in [mix.pcm(), copies.0.lock().unwrap().clone()] {
        let loud: Vec<i16> = pcm.into_iter().skip_while(|sample| *sample == 0).collect();
        assert!(share_of(VOICE, 24_000, &loud[3_000..7_800]) > 0.9, "{} samples", loud.len());
    }
}
