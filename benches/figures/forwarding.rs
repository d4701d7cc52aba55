//! What the room server takes to send a packet on, in a process of its own.

use super::process::serve;
use super::room::{self, BLOCK, BLOCK_TIME, Beat, PATIENCE};
use super::table::{Row, quantile};
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use stoa::driver::{Channel, FrameInfo};

const SPEAKERS: usize = 8;
const LISTENERS: usize = 64;
/// Listeners who read what they get, and so count it; the others take the packets in and decode nothing.
const COUNTING: usize = 4;
const WARM_UP: usize = 2 * 50 * SPEAKERS;
const MEASURED: usize = 8 * 50 * SPEAKERS;

pub fn measure() -> Vec<Row> {
    let (server, url) = serve();
    let engine = room::engine(&url);
    let join = |user: String| -> Channel {
        let channel = room::channel(&engine, "hall", &user, false, false);
        channel.connect(PATIENCE).expect("a join");
        channel
    };
    let empty = server.usage();
    let speakers: Vec<Channel> = (0..SPEAKERS).map(|i| join(format!("speaker-{i}"))).collect();
    let listeners: Vec<Channel> = (0..LISTENERS).map(|i| join(format!("listener-{i}"))).collect();
    // Not to each other's microphones, which everyone has and nobody uses.
    for (listener, speaker) in listeners.iter().flat_map(|l| (0..SPEAKERS).map(move |i| (l, format!("speaker-{i}")))) {
        let subscribed = listener.subscribe(&speaker, PATIENCE).expect("a subscription");
        assert_eq!(subscribed, stoa::Status::OK, "{speaker} is not subscribed to");
    }
    let streams: Vec<_> = listeners[..COUNTING]
        .iter()
        .flat_map(|listener| (0..SPEAKERS).map(|i| room::stream(listener, &format!("speaker-{i}"))))
        .collect();
    let voice = room::voice();
    let mut mouths: Vec<_> = (0..SPEAKERS).map(|index| room::blocks(&voice, index * 37)).collect();
    let (mut pcm, mut info) = ([0; BLOCK * 2], FrameInfo::default());
    // Speakers are not in step: each has its own eighth of the 20 ms.
    let mut beat = Beat::new(BLOCK_TIME / SPEAKERS as u32);
    let mut turn = |at: usize| -> u64 {
        beat.wait();
        let block = mouths[at % SPEAKERS].next().expect("a voice for ever");
        speakers[at % SPEAKERS].push(block, Some(Duration::ZERO)).expect("room in the queue");
        let mut arrived = 0;
        for stream in &streams {
            while room::read(stream, &mut pcm, &mut info, Duration::ZERO).is_some() {
                arrived += u64::from(info.arrival_us != 0);
            }
        }
        arrived
    };
    (0..WARM_UP).for_each(|at| _ = turn(at));
    let before = server.usage();
    let counted: u64 = (0..MEASURED).map(&mut turn).sum();
    let after = server.usage();
    engine.close(Duration::from_secs(2)).expect("the engine ends");

    let forwarded = counted as f64 * LISTENERS as f64 / COUNTING as f64;
    let due = (MEASURED * LISTENERS) as f64;
    let each = (after.cpu - before.cpu).as_secs_f64() * 1e6 / forwarded;
    let people = (SPEAKERS + LISTENERS) as f64;
    let memory = (after.memory - empty.memory) / people / 1e6;
    let what = format!(
        "server CPU for a forwarded packet, {SPEAKERS} speakers, {LISTENERS} listeners ({:.1} % of the packets arrived)",
        forwarded / due * 100.0
    );
    let what_memory = format!("server memory of a participant, {SPEAKERS} speakers, {LISTENERS} listeners");
    vec![
        Row::new(what, format!("{each:.1} µs"), "6 µs").peer("21–50 µs (earlier)", 21.0, each),
        Row::new("the floor of that: a bare send_to on loopback", format!("{:.1} µs", floor()), "–"),
        Row::new(what_memory, format!("{memory:.2} MB"), "0.3 MB").peer("2.6 MB (earlier)", 2.6, memory),
    ]
}

/// µs of a `send_to` of a voice packet's size, each to another socket.
fn floor() -> f64 {
    let bind = || UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let (sender, receivers) = (bind(), (0..LISTENERS).map(|_| bind()).collect::<Vec<_>>());
    let addresses: Vec<_> = receivers.iter().map(|socket| socket.local_addr().expect("an address")).collect();
    let mut packet = [0; 200];
    let mut rounds: Vec<f64> = (0..200)
        .map(|_| {
            let start = Instant::now();
            addresses.iter().for_each(|to| _ = sender.send_to(&packet, to).expect("a packet sent"));
            let took = start.elapsed().as_secs_f64() * 1e6 / LISTENERS as f64;
            receivers.iter().for_each(|socket| _ = socket.recv(&mut packet).expect("a packet received"));
            took
        })
        .collect();
    quantile(&mut rounds, 0.5)
}
