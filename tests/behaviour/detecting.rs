//! Voice detection: when somebody speaks, from the first syllable on.

use crate::sim::{Options, Recorder, Rng, Sim, ms};
use std::sync::Arc;
use std::time::Duration;
use stoa::audio::speech::SpeechConfig;
use stoa::client::gate::VadConfig;
use stoa::event::EventBody;

const RATE: u32 = 24_000;

/// Two seconds of a voice, beginning in the midst of it, so that its onset is sharp.
fn voice() -> Vec<i16> {
    let wav = include_bytes!("../../demo/voice.wav");
    let pcm: Vec<i16> = wav[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    let onset = pcm.iter().position(|s| s.unsigned_abs() > 3000).expect("a voice");
    pcm[onset..onset + 48_000].to_vec()
}

fn silence(span: Duration) -> Vec<i16> {
    vec![0; (span.as_secs_f64() * f64::from(RATE)) as usize]
}

fn noise(seed: u64, span: Duration, loudness: i16) -> Vec<i16> {
    let mut rng = Rng::new(seed);
    silence(span).iter().map(|_| (rng.next() as i16) / (i16::MAX / loudness)).collect()
}

struct Room {
    sim: Sim,
    ada: usize,
    bob: usize,
    heard: Arc<Recorder>,
}

/// Bob listens to Ada.
fn room(seed: u64, speech_only: bool, change: impl FnOnce(&mut SpeechConfig)) -> Room {
    let mut sim = Sim::new(seed);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    let mut speech = SpeechConfig::default();
    change(&mut speech);
    sim.clients[bob].voice.set_vad(Some(VadConfig { speech, speech_only }));
    Room { sim, ada, bob, heard }
}

impl Room {
    fn say(&mut self, pcm: &[i16]) {
        assert_eq!(self.sim.clients[self.ada].queue.push(pcm, Some(ms(0))).accepted, pcm.len());
    }

    /// The turns so far: true for a beginning, and how long speech was for an end, milliseconds.
    fn turns(&self) -> Vec<(bool, u64)> {
        let turn = |event: &EventBody| match event {
            EventBody::SpeechStarted { user } => Some((user == "ada", 0)),
            EventBody::SpeechEnded { user, speech_us } if user == "ada" => Some((false, speech_us / 1000)),
            _ => None,
        };
        self.sim.clients[self.bob].events.iter().filter_map(turn).collect()
    }

    fn started(&self) -> bool {
        !self.turns().is_empty()
    }

    fn parts(&self) -> Vec<u32> {
        self.heard.frames().iter().map(|(info, _)| info.speech).collect()
    }
}

#[test]
fn speech_begins_soon_after_its_onset_and_ends_after_it() {
    let mut room = room(30, false, |_| {});
    room.say(&[silence(ms(1000)), voice(), silence(ms(3000))].concat());
    let begun = room.sim.now;
    assert!(room.sim.run_until(ms(3000), |sim| {
        sim.clients[1].events.iter().any(|event| matches!(event, EventBody::SpeechStarted { .. }))
    }));
    let after = (room.sim.now - begun).as_millis();
    // 21 active blocks of 30, the network's 32 ms behind, and the way from mouth to ear.
    assert!((1200..1450).contains(&after), "{after} ms, of which 1000 were silence");
    room.sim.run(ms(5500));
    let turns = room.turns();
    assert_eq!(turns.len(), 2, "{turns:?}");
    let (_, spoken) = turns[1];
    assert!((1700..2250).contains(&spoken), "{spoken} ms of 2000");
    let parts = room.parts();
    assert_eq!(parts.iter().filter(|part| **part == 1).count(), 1);
    assert_eq!(parts.iter().filter(|part| **part == 3).count(), 1);
    let order: Vec<u32> = parts.chunk_by(|a, b| a == b).map(|same| same[0]).collect();
    assert_eq!(order, [0, 1, 2, 3, 0]);
}

#[test]
fn speech_only_begins_with_the_sound_before_and_ends_when_nothing_comes() {
    let mut room = room(31, true, |_| {});
    let said = voice();
    room.say(&[silence(ms(1000)), said.clone()].concat());
    room.sim.run(ms(6000));
    let turns = room.turns();
    assert_eq!(turns.len(), 2, "{turns:?}");
    let frames = room.heard.frames();
    let parts = room.parts();
    assert_eq!((parts[0], parts[parts.len() - 1]), (1, 3));
    assert!(parts[1..parts.len() - 1].iter().all(|part| *part == 2), "{parts:?}");
    // The pre-roll holds silence before the onset, then the onset itself, as loud as it was said.
    let heard = room.heard.pcm();
    let onset = heard.iter().position(|s| s.unsigned_abs() > 2000).expect("the onset");
    let before = onset as f64 / f64::from(RATE) * 1000.0;
    assert!((100.0..300.0).contains(&before), "{before} ms before the onset");
    let energy = |pcm: &[i16]| pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let syllable = RATE as usize / 5;
    let kept = energy(&heard[onset..onset + syllable]) / energy(&said[..syllable]);
    assert!((0.6..1.5).contains(&kept), "{kept} of the first syllable's energy");
    // Each frame tells its own time, also those that were held back.
    for pair in frames.windows(2) {
        let step = (pair[1].0.timestamp_us - pair[0].0.timestamp_us) as f64 / 1000.0;
        assert!((9.0..41.0).contains(&step), "{step} ms between two frames");
    }
    let end = frames[frames.len() - 1].0;
    assert_eq!((end.samples, end.level, end.origin), (RATE / 100, 127, 3));
}

#[test]
fn what_is_no_voice_starts_nothing() {
    let mut room = room(32, true, |_| {});
    room.say(&noise(1, ms(3000), 200));
    room.sim.run(ms(3500));
    let quiet: Vec<i16> = voice().iter().map(|s| s / 256).collect();
    room.say(&quiet);
    room.sim.run(ms(3500));
    assert_eq!((room.turns(), room.parts()), (vec![], vec![]));
}

#[test]
fn parameters_take_effect() {
    let turns = |change: fn(&mut SpeechConfig)| {
        let mut room = room(33, false, change);
        room.say(&[voice(), voice(), silence(ms(100))].concat());
        room.sim.run(ms(6000));
        room.turns()
    };
    assert_eq!(turns(|_| {}).len(), 2);
    assert_eq!(turns(|c| c.start_rms_threshold = -5), [], "nothing is as loud");
    assert_eq!(turns(|c| c.start_recognize_count = 1000), [], "nothing is as long");
    let early = turns(|c| c.stop_recognize_count = 10);
    assert!(early.len() > 2, "each pause ends the speech: {early:?}");
}

#[test]
fn speech_ends_with_its_speaker_once() {
    for how in 0..3 {
        let mut room = room(34 + how, true, |_| {});
        room.say(&[voice(), voice()].concat());
        assert!(room.sim.run_until(ms(3000), |sim| {
            sim.clients[1].events.iter().any(|event| matches!(event, EventBody::SpeechStarted { .. }))
        }));
        room.sim.run(ms(200));
        let now = room.sim.now;
        match how {
            0 => room.sim.clients[room.ada].voice.leave(),
            1 => room.sim.clients[room.bob].voice.subscribe(now, "ada", false).unwrap(),
            _ => room.sim.clients[room.bob].voice.set_vad(None),
        }
        room.sim.run(ms(3000));
        let turns = room.turns();
        assert_eq!(turns.iter().map(|(started, _)| *started).collect::<Vec<_>>(), [true, false], "{how}: {turns:?}");
        let parts = room.parts();
        assert_eq!(parts.iter().filter(|part| **part == 3).count(), 1, "{how}: {parts:?}");
        let ended = |event: &EventBody| matches!(event, EventBody::SpeechEnded { .. });
        let over = |event: &EventBody| matches!(event, EventBody::StreamEnded { .. } | EventBody::UserLeft { .. });
        let events = &room.sim.clients[room.bob].events;
        let (ended, over) = (events.iter().position(ended), events.iter().position(over));
        assert!(over.is_none() || ended < over, "{how}: the speech ends before its stream");
        assert!(room.started());
    }
}

#[test]
fn events_come_also_while_nobody_holds_the_stream() {
    let mut room = room(38, false, |_| {});
    // Dropping the recorder lets go of the stream.
    room.heard = Arc::default();
    room.say(&voice());
    room.sim.run(ms(4500));
    assert_eq!(room.turns().len(), 2, "{:?}", room.turns());
}

#[test]
fn muting_in_the_midst_of_speech_ends_it() {
    let mut room = room(39, false, |_| {});
    room.say(&[voice(), voice()].concat());
    room.sim.run(ms(1000));
    room.sim.clients[room.ada].voice.mute(true);
    room.sim.run(ms(1500));
    let turns = room.turns();
    assert_eq!(turns.len(), 2, "{turns:?}");
    assert!(turns[1].1 < 1200, "{turns:?}");
}
