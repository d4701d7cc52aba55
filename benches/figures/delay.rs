//! How long things take: from nothing to sound, from mouth to ear, from an interrupt to silence.

use super::room::{self, BLOCK, BLOCK_TIME, Beat, PATIENCE, RATE};
use super::table::{Row, quantile, spread};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use stoa::driver::{Channel, FrameInfo, Stream};

const RUNS: usize = 15;
/// A frame at this level (dB below full scale) or louder is sound.
const AUDIBLE: u32 = 60;

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Two seconds of a tone that no codec takes for silence.
fn tone(seconds: usize) -> Vec<i16> {
    (0..RATE * seconds)
        .map(|i| ((i as f32 * 440.0 * std::f32::consts::TAU / RATE as f32).sin() * 8000.0) as i16)
        .collect()
}

/// Waits for sound.
fn hear(stream: &Stream) {
    let (mut pcm, mut info) = ([0; BLOCK * 2], FrameInfo::default());
    let until = Instant::now() + Duration::from_secs(20);
    while room::read(stream, &mut pcm, &mut info, Duration::from_secs(1)).is_none() || info.level > AUDIBLE {
        assert!(Instant::now() < until, "nothing was heard");
    }
}

/// From nothing, and from another one's joining, to the first sound heard.
pub fn start() -> Vec<Row> {
    let sound = tone(2);
    let (mut starts, mut in_turn, mut joins) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..2 * RUNS {
        let together = run % 2 == 0;
        let begin = Instant::now();
        let engine = room::engine("");
        let ada = room::channel(&engine, "start", "ada", false, false);
        let bob = room::channel(&engine, "start", "bob", true, false);
        ada.push(&sound, Some(Duration::ZERO)).expect("room in the queue");
        let patience = if together { Some(Duration::ZERO) } else { PATIENCE };
        ada.connect(patience).and_then(|()| bob.connect(patience)).expect("both join");
        hear(&room::stream(&bob, "ada"));
        if together { &mut starts } else { &mut in_turn }.push(ms(begin.elapsed()));

        ada.push(&sound, Some(Duration::ZERO)).expect("room in the queue");
        let begin = Instant::now();
        let carol = room::channel(&engine, "start", "carol", true, false);
        carol.connect(PATIENCE).expect("carol joins");
        hear(&room::stream(&carol, "ada"));
        joins.push(ms(begin.elapsed()));
        engine.close(Duration::from_secs(2)).expect("the engine ends");
    }
    let earlier = "180–350 ms (earlier)";
    let row = |what, mut times: Vec<f64>| {
        let middle = quantile(&mut times, 0.5);
        Row::new(what, spread(&mut times, "ms"), "40 ms").peer(earlier, 180.0, middle)
    };
    vec![
        row("start (engine, room server inside, two channels connecting at once) to first sound heard", starts),
        row("the same, connecting one after the other", in_turn),
        row("join of one more to first sound heard", joins),
    ]
}

/// A sweep of 10 ms, which sticks out of any codec, every half second.
const SWEEP: usize = RATE / 100;
const EVERY: usize = RATE / 2;
/// Where it lies in its half second: across blocks, as speech does.
const AT: usize = 1000;
const SECONDS: usize = 20;

/// Sweeps with a whisper of noise between, so that nothing is silence.
fn sweeps() -> Vec<i16> {
    let mut noise = 1u32;
    let mut pcm: Vec<i16> = (0..RATE * SECONDS)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 26) as i16 - 32
        })
        .collect();
    for start in (AT..pcm.len() - SWEEP).step_by(EVERY) {
        for (i, sample) in sweep().into_iter().enumerate() {
            pcm[start + i] = sample as i16;
        }
    }
    pcm
}

/// 400 to 3000 Hz under a window.
fn sweep() -> Vec<f32> {
    let value = |i: usize| {
        let t = i as f32 / RATE as f32;
        let (length, window) = (SWEEP as f32 / RATE as f32, (i as f32 / SWEEP as f32 * std::f32::consts::PI).sin());
        (std::f32::consts::TAU * (400.0 * t + 2600.0 * t * t / (2.0 * length))).sin() * window * 16000.0
    };
    (0..SWEEP).map(value).collect()
}

/// Mouth to ear of each sweep, ms. A sample is spoken when it would have left a microphone whose block is pushed as soon
/// as it is full, and heard when it would leave a loudspeaker that begins to play a frame the moment it was read.
/// Where the sweep is in what was heard, correlation tells: the codec's look-ahead is in it.
fn mouth_to_ear(eager: bool) -> Vec<f64> {
    let engine = room::engine("");
    let ada = room::channel(&engine, "delay", "ada", false, eager);
    let bob = room::channel(&engine, "delay", "bob", true, eager);
    ada.connect(PATIENCE).and_then(|()| bob.connect(PATIENCE)).expect("both join");
    let voice = room::stream(&bob, "ada");
    let said = sweeps();
    let done = AtomicBool::new(false);
    let (pushed, heard) = thread::scope(|scope| {
        let ear = scope.spawn(|| listen(&voice, &done));
        let pushed = speak(&ada, &said);
        thread::sleep(Duration::from_millis(300));
        done.store(true, Ordering::Relaxed);
        (pushed, ear.join().expect("the listener"))
    });
    let origin = pushed[0];
    let block_ms = ms(BLOCK_TIME);
    // When each sample that was heard left the loudspeaker, ms after the first push.
    let mut times = Vec::new();
    let mut pcm = Vec::new();
    for (at, samples) in &heard {
        let start = ms(at.saturating_duration_since(origin));
        times.extend((0..samples.len()).map(|i| start + i as f64 * 1e3 / RATE as f64));
        pcm.extend(samples.iter().map(|sample| f32::from(*sample)));
    }
    let pattern = sweep();
    let spoken = |sample: usize| {
        let block = ms(pushed[sample / BLOCK] - origin);
        block - block_ms + (sample % BLOCK) as f64 * 1e3 / RATE as f64
    };
    // The first sweeps find the jitter buffer still settling.
    let starts = (AT..said.len() - SWEEP).step_by(EVERY).skip(4);
    starts.filter_map(|start| Some(times[find(&pcm, &times, &pattern, spoken(start))?] - spoken(start))).collect()
}

fn speak(channel: &Channel, said: &[i16]) -> Vec<Instant> {
    let mut beat = Beat::new(BLOCK_TIME);
    let push = |block| {
        beat.wait();
        let now = Instant::now();
        channel.push(block, Some(Duration::ZERO)).expect("room in the queue");
        now
    };
    said.chunks_exact(BLOCK).map(push).collect()
}

fn listen(stream: &Stream, done: &AtomicBool) -> Vec<(Instant, Vec<i16>)> {
    let (mut pcm, mut info, mut heard) = ([0; BLOCK * 2], FrameInfo::default(), Vec::new());
    while !done.load(Ordering::Relaxed) {
        if let Some(samples) = room::read(stream, &mut pcm, &mut info, Duration::from_millis(100)) {
            heard.push((Instant::now(), pcm[..samples].to_vec()));
        }
    }
    heard
}

/// Where the pattern is that was spoken at this time: within 300 ms, where it fits best; None: nowhere.
fn find(pcm: &[f32], times: &[f64], pattern: &[f32], spoken: f64) -> Option<usize> {
    let power = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
    let from = times.partition_point(|time| *time < spoken);
    let to = times.partition_point(|time| *time < spoken + 300.0).min(pcm.len().saturating_sub(pattern.len()));
    let likeness = |at: usize| {
        let here = &pcm[at..at + pattern.len()];
        let product: f32 = here.iter().zip(pattern).map(|(a, b)| a * b).sum();
        product / (power(here) * power(pattern)).sqrt().max(1.0)
    };
    let best = (from..to).map(|at| (likeness(at), at)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.5).then_some(best.1)
}

pub fn mouth_to_ears() -> Vec<Row> {
    let row = |eager, what: &str, goal| {
        let mut delays = mouth_to_ear(eager);
        let (found, of) = (delays.len(), SECONDS * 2 - 4);
        let middle = quantile(&mut delays, 0.5);
        let what = format!("mouth to ear, {what}, sockets on loopback ({found} of {of} sweeps found)");
        Row::new(what, spread(&mut delays, "ms"), goal).peer("47–62 ms (earlier)", 47.0, middle)
    };
    vec![row(false, "steady", "40 ms"), row(true, "eager", "30 ms (20-ms frames: at least 26.5)")]
}

/// How many frames of sound still arrive that left after the call, of five seconds that were pushed.
pub fn interrupt() -> Vec<Row> {
    let engine = room::engine("");
    let ada = room::channel(&engine, "interrupt", "ada", false, false);
    let bob = room::channel(&engine, "interrupt", "bob", true, false);
    ada.connect(PATIENCE).and_then(|()| bob.connect(PATIENCE)).expect("both join");
    let stream = room::stream(&bob, "ada");
    let sound = tone(5);
    let (mut pcm, mut info) = ([0; BLOCK * 2], FrameInfo::default());
    let mut worst = i64::MIN;
    for run in 0..10 {
        let begin = Instant::now();
        ada.push(&sound, Some(Duration::ZERO)).expect("room in the queue");
        thread::sleep(Duration::from_millis(500 + 37 * run));
        let elapsed = begin.elapsed();
        ada.interrupt().expect("an interrupt");
        // Every packet that left by then: the first at once, then one every 20 ms.
        let before = (elapsed.as_micros() / BLOCK_TIME.as_micros()) as i64 + 1;
        let (mut first, mut last) = (None, 0);
        while room::read(&stream, &mut pcm, &mut info, Duration::from_millis(300)).is_some() {
            // Decoded frames only: what concealment adds did not leave.
            if info.level <= AUDIBLE && info.origin <= 1 {
                first = first.or(Some(info.rtp_time));
                last = info.rtp_time;
            }
        }
        let left = (last - first.expect("sound before the interrupt")) as i64 / 960 + 1;
        worst = worst.max(left - before);
    }
    engine.close(Duration::from_secs(2)).expect("the engine ends");
    let here = format!("{} frames, {} ms", worst, worst * 20);
    let row = Row::new("interrupt: sound that left after the call, 5 s pushed, worst of 10", here, "1 frame, 20 ms");
    vec![row.peer("2960 ms (earlier)", 2960.0, (worst.max(1) * 20) as f64)]
}
