//! Speaking and hearing: what comes out is what went in, soon, at every rate, for many at once.

use crate::sim::{Options, Sim, ms, share_of, tone};
use stoa::Status;
use stoa::audio::jitter::Delivery;
use stoa::event::EventBody;

#[test]
fn every_rate_and_channel_count_is_heard() {
    for (seed, rate) in [8_000, 16_000, 24_000, 32_000, 44_100, 48_000].into_iter().enumerate() {
        for channels in [1, 2] {
            let mut sim = Sim::new(seed as u64);
            let options = Options { rate, channels, ..Options::default() };
            let ada = sim.join("ada", options.clone());
            let bob = sim.join("bob", options);
            sim.run(ms(100));
            let heard = sim.record(bob, "ada");
            let mono = tone(500.0, rate, ms(1000));
            let said: Vec<i16> = mono.iter().flat_map(|s| std::iter::repeat_n(*s, usize::from(channels))).collect();
            sim.clients[ada].queue.push(&said, Some(ms(0)));
            sim.run(ms(1500));
            let left: Vec<i16> = heard.pcm().iter().step_by(usize::from(channels)).copied().collect();
            let samples = left.len() as f64 / f64::from(rate);
            assert!((0.95..1.1).contains(&samples), "{rate} Hz, {channels} channels: {samples} s heard");
            // A window in the middle: edges have the codec's start and the fade at the end.
            let middle = &left[rate as usize / 4..rate as usize / 2];
            let share = share_of(500.0, rate, middle);
            assert!(share > 0.97, "{rate} Hz, {channels} channels: {share} of the energy is the tone's");
            let frame = heard.frames()[10].0;
            assert_eq!((frame.sample_rate, frame.channels), (rate, u32::from(channels)));
            assert_eq!(heard.origin(2), 0, "concealed frames on a quiet line");
        }
    }
}

#[test]
fn who_only_listens_has_no_microphone_and_hears() {
    for old_server in [false, true] {
        let mut sim = Sim::new(25);
        let ada = sim.join("ada", Options { listen_only: true, old_server, ..Options::default() });
        let bob = sim.join("bob", Options::default());
        sim.run(ms(200));
        let heard = sim.record(ada, "bob");
        sim.clients[bob].queue.push(&tone(440.0, 24_000, ms(500)), Some(ms(0)));
        sim.run(ms(800));
        assert!(heard.frames().len() >= 20, "{} frames", heard.frames().len());
        let states: Vec<_> = sim.clients[bob].voice.users().map(|(_, state)| state).collect();
        assert_eq!(states, [stoa::event::SubscribeState::Subscribing], "there is nothing to subscribe to");
    }
}

#[test]
fn frames_tell_a_voice_from_noise() {
    let mut sim = Sim::new(24);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    sim.run(ms(100));
    let wav = include_bytes!("../../demo/voice.wav");
    let voice: Vec<i16> = wav[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    let mut likely = |pcm: &[i16]| {
        let heard = sim.record(bob, "ada");
        sim.clients[ada].queue.push(pcm, Some(ms(0)));
        sim.run(ms(4500));
        let frames = heard.frames();
        frames.iter().filter(|(info, _)| info.voice_probability > 0.6).count() as f64 / frames.len() as f64
    };
    let mut rng = crate::sim::Rng::new(24);
    let noise: Vec<i16> = (0..96_000).map(|_| rng.next() as i16 / 16).collect();
    let (of_voice, of_noise) = (likely(&voice[..96_000]), likely(&noise));
    assert!(of_voice > 0.8, "{of_voice} of a voice's frames");
    // Loud white noise, as 24 kbit/s leave it, is the worst that the network meets.
    assert!(of_noise < 0.4, "{of_noise} of the noise's frames");
}

#[test]
fn rates_may_differ_between_speaker_and_listener() {
    let mut sim = Sim::new(20);
    let ada = sim.join("ada", Options { rate: 8_000, ..Options::default() });
    let bob = sim.join("bob", Options { rate: 48_000, channels: 2, ..Options::default() });
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(500.0, 8_000, ms(1000)), Some(ms(0)));
    sim.run(ms(1500));
    let left: Vec<i16> = heard.pcm().iter().step_by(2).copied().collect();
    assert!(share_of(500.0, 48_000, &left[12_000..24_000]) > 0.97);
}

/// From the push of a frame's first sample until the frame is in the ring.
fn mouth_to_ear(delivery: Delivery) -> f64 {
    let mut sim = Sim::new(21);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options { delivery, ..Options::default() });
    sim.run(ms(100));
    let heard = sim.record(bob, "ada");
    let origin = sim.at();
    for block in tone(440.0, 24_000, ms(3000)).chunks(480) {
        // A microphone gives a block when its last sample was spoken.
        sim.run(ms(20));
        sim.clients[ada].queue.push(block, Some(ms(0)));
    }
    sim.run(ms(200));
    let frames = heard.frames();
    let delays: Vec<f64> = frames
        .iter()
        .filter(|(info, _)| info.origin == 0)
        .enumerate()
        .map(|(n, (info, _))| {
            let ready = info.timestamp_us as f64 / 1000.0 - crate::sim::EPOCH as f64 * 1000.0;
            ready - origin.as_secs_f64() * 1000.0 - n as f64 * 20.0
        })
        .collect();
    assert_eq!(delays.len(), 150);
    // The codec's look-ahead holds the sound back inside the frame.
    delays[50..].iter().sum::<f64>() / 100.0 + 6.5
}

#[test]
fn mouth_to_ear_stays_in_its_figures() {
    let steady = mouth_to_ear(Delivery::Steady);
    let eager = mouth_to_ear(Delivery::Eager);
    println!("mouth to ear: steady {steady:.1} ms, eager {eager:.1} ms at 1 ms each way");
    assert!(eager <= 30.0 + 2.0, "eager: {eager} ms");
    assert!(steady <= 40.0 + 2.0, "steady: {steady} ms");
}

#[test]
fn marks_are_passed_in_order_and_exactly() {
    let mut sim = Sim::new(22);
    let ada = sim.join("ada", Options::default());
    sim.run(ms(100));
    let queue = sim.clients[ada].queue.clone();
    let began = sim.at();
    for mark in 1..=3 {
        queue.push(&tone(440.0, 24_000, ms(100)), Some(ms(0)));
        queue.mark(mark).unwrap();
    }
    let passed = |sim: &Sim| -> Vec<u64> {
        let mark = |event: &EventBody| match event {
            EventBody::Played { mark, status: Status::OK } => Some(*mark),
            _ => None,
        };
        sim.clients[ada].events.iter().filter_map(mark).collect()
    };
    for mark in 1..=3 {
        assert!(sim.run_until(ms(200), |sim| passed(sim).len() == mark));
        let took = (sim.at() - began).as_millis() as usize;
        // The frame that holds the last sample before the mark is the fifth of each 100 ms.
        assert_eq!(took, mark * 100 - 20);
    }
    assert_eq!(passed(&sim), [1, 2, 3]);
}

#[test]
fn eight_speakers_are_eight_streams_and_one_mix() {
    let mut sim = Sim::new(23);
    let listener = sim.join("listener", Options::default());
    let speakers: Vec<usize> = (0..8).map(|n| sim.join(&format!("s{n}"), Options::default())).collect();
    sim.run(ms(300));
    let heard: Vec<_> = (0..8).map(|n| sim.record(listener, &format!("s{n}"))).collect();
    let mix = std::sync::Arc::new(crate::sim::Recorder::default());
    let sink: std::sync::Arc<dyn stoa::client::hearing::FrameSink> = mix.clone();
    sim.clients[listener].voice.open_mix(std::sync::Arc::downgrade(&sink));
    for (n, speaker) in speakers.iter().enumerate() {
        let said: Vec<i16> = tone(300.0 + 100.0 * n as f64, 24_000, ms(1000)).iter().map(|s| s / 8).collect();
        sim.clients[*speaker].queue.push(&said, Some(ms(0)));
    }
    sim.run(ms(1500));
    for (n, heard) in heard.iter().enumerate() {
        let pcm = heard.pcm();
        let own = share_of(300.0 + 100.0 * n as f64, 24_000, &pcm[6_000..12_000]);
        assert!(own > 0.95, "stream {n} is {own} its own speaker");
    }
    let pcm = mix.pcm();
    for n in 0..8 {
        let share = share_of(300.0 + 100.0 * f64::from(n), 24_000, &pcm[6_000..18_000]);
        assert!(share > 0.06, "speaker {n} has {share} of the mix");
    }
}
