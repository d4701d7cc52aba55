//! What conversations cost, client and server each in a process of its own; and what Opus alone does.

use super::process::{Process, Usage, serve, this_thread};
use super::room::{self, BLOCK, BLOCK_TIME, Beat, PATIENCE, RATE};
use super::table::Row;
use std::process::Command;
use std::time::Duration;
use stoa::audio::opus::{Decoder, Encoder, EncoderConfig};
use stoa::driver::FrameInfo;

/// Participants do not speak in step: they take turns within the 20 ms.
const TURNS: usize = 4;
/// Blocks before anything counts (3 s), and blocks that count (10 s).
const WARM_UP: usize = 3 * 50;
const MEASURED: usize = 10 * 50;

/// What a client process tells when it is done, and what the server beside it took.
pub struct Client {
    /// Seconds on a processor, all in all, and of it the thread that pushes and reads.
    cpu: f64,
    own: f64,
    /// Bytes before the first channel, and at the end.
    pub base: f64,
    pub memory: f64,
    threads: f64,
    /// Frames heard, and those of them that were concealed or silence.
    frames: f64,
    missing: f64,
    /// Seconds on a processor of the server, and its memory before and at the end.
    server_cpu: f64,
    server_base: f64,
    server_memory: f64,
}

impl Client {
    /// Per cent of a core for a participant that speaks and hears in real time: by the frames that were heard, since a machine
    /// that is full carries fewer than were due.
    fn each(&self, cpu: f64) -> f64 {
        cpu / ((self.frames - self.missing) * BLOCK_TIME.as_secs_f64()) * 100.0
    }
}

/// Runs a client process and the server beside it.
pub fn run(make: impl FnOnce(&str) -> Command) -> Client {
    let (server, url) = serve();
    let server_base = server.usage().memory;
    let mut client = Process::start(&mut make(&url));
    let mut begin = server.usage();
    while let Some(line) = client.line() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("begin") => begin = server.usage(),
            Some("end") => {
                let end = server.usage();
                let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
                let [cpu, own, base, memory, threads, frames, missing] = numbers[..] else { break };
                let (server_cpu, server_memory) = ((end.cpu - begin.cpu).as_secs_f64(), end.memory);
                return Client {
                    cpu,
                    own,
                    base,
                    memory,
                    threads,
                    frames,
                    missing,
                    server_cpu,
                    server_base,
                    server_memory,
                };
            }
            _ => {}
        }
    }
    panic!("the client process ended without a result");
}

/// This program again, as another process.
fn again(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path of our own"));
    command.args(arguments);
    command
}

fn tell_end(before: &Usage, own: Duration, base: f64, frames: u64, missing: u64) {
    let after = Usage::of(std::process::id());
    let cpu = (after.cpu - before.cpu).as_secs_f64();
    println!("end {cpu} {} {base} {} {} {frames} {missing}", own.as_secs_f64(), after.memory, after.threads);
}

/// The client process: conversations of two, each side speaking and hearing.
pub fn client(conversations: usize, url: &str) {
    let engine = room::engine(url);
    let base = Usage::of(std::process::id()).memory;
    let voice = room::voice();
    let name = |index: usize| (format!("room-{}", index / 2), ["ada", "bob"][index % 2]);
    let channels: Vec<_> = (0..2 * conversations)
        .map(|index| {
            let (room, user) = name(index);
            let channel = room::channel(&engine, &room, user, true, false);
            channel.connect(PATIENCE).expect("a join");
            channel
        })
        .collect();
    let streams: Vec<_> = channels.iter().enumerate().map(|(i, c)| room::stream(c, name(i ^ 1).1)).collect();
    let mut mouths: Vec<_> = (0..channels.len()).map(|index| room::blocks(&voice, index * 37)).collect();
    let (mut pcm, mut info) = ([0; BLOCK * 2], FrameInfo::default());
    let mut origins = [0u64; 4];
    let turns = TURNS.min(channels.len());
    let mut turn = |turn: usize, origins: &mut [u64; 4]| {
        for index in (turn % turns..channels.len()).step_by(turns) {
            let block = mouths[index].next().expect("a voice for ever");
            channels[index].push(block, Some(Duration::ZERO)).expect("room in the queue");
            while room::read(&streams[index], &mut pcm, &mut info, Duration::ZERO).is_some() {
                origins[info.origin.min(3) as usize] += 1;
            }
        }
    };
    let mut beat = Beat::new(BLOCK_TIME / turns as u32);
    for at in 0..WARM_UP * turns {
        beat.wait();
        turn(at, &mut origins);
    }
    origins = [0; 4];
    println!("begin");
    let (before, own) = (Usage::of(std::process::id()), this_thread());
    for at in 0..MEASURED * turns {
        beat.wait();
        turn(at, &mut origins);
    }
    let own = this_thread() - own;
    tell_end(&before, own, base, origins.iter().sum(), origins[2] + origins[3]);
}

/// The client process without a network: the same frames through the same encoders and decoders, at the same beat.
pub fn opus(conversations: usize) {
    let base = Usage::of(std::process::id()).memory;
    let voice = room::voice();
    let mut codecs: Vec<_> = (0..2 * conversations)
        .map(|index| {
            let encoder = Encoder::new(RATE as u32, 1, &EncoderConfig::new(1)).expect("an encoder");
            (encoder, Decoder::new(RATE as u32, 1).expect("a decoder"), room::blocks(&voice, index * 37))
        })
        .collect();
    let (mut packet, mut pcm) = ([0; 1500], [0; BLOCK]);
    let (turns, people) = (TURNS.min(codecs.len()), codecs.len() as u64);
    let mut turn = |turn: usize| {
        for (encoder, decoder, voice) in codecs.iter_mut().skip(turn % turns).step_by(turns) {
            let length = encoder.encode(voice.next().expect("a voice for ever"), &mut packet).expect("a packet");
            decoder.decode(&packet[..length], &mut pcm).expect("a frame");
        }
    };
    let mut beat = Beat::new(BLOCK_TIME / turns as u32);
    for at in 0..WARM_UP * turns {
        beat.wait();
        turn(at);
    }
    println!("begin");
    let (before, own) = (Usage::of(std::process::id()), this_thread());
    for at in 0..MEASURED * turns {
        beat.wait();
        turn(at);
    }
    tell_end(&before, this_thread() - own, base, people * MEASURED as u64, 0);
}

pub fn measure() -> Vec<Row> {
    let peers: Vec<Option<Client>> = [1, 5].map(super::peer::conversations).into();
    let mut rows = Vec::new();
    let mut runs = Vec::new();
    for n in [1usize, 10, 50] {
        let count = n.to_string();
        let people = 2.0 * n as f64;
        let here = run(|url| again(&["conversations", &count, url]));
        let opus = run(|_| again(&["opus", &count]));
        let (each, codec) = (here.each(here.cpu), opus.each(opus.cpu));
        let what = |part: &str| format!("{n} conversation{}: {part}", if n == 1 { "" } else { "s" });
        let text = format!("{each:.2} % of a core ({:.2} of it push and read)", here.each(here.own));
        let row = Row::new(what("CPU of a participant"), text, "a fifth of the peer's");
        rows.push(match peers[usize::from(n > 1)].as_ref() {
            Some(peer) => {
                let (load, of) = (peer.each(peer.cpu), if n == 1 { 1 } else { 5 });
                row.peer(format!("{load:.1} %, from Python, {of} in its process (same run)"), load, each)
            }
            None => row.peer("5.4–13 %, from Python (earlier)", 5.4, each),
        });
        let text = format!("{:.2} ({codec:.2} % is Opus alone)", each / codec);
        rows.push(Row::new(what("the same, in units of Opus alone"), text, "1.5"));
        let text = format!("{:.2} % of a core", here.each(here.server_cpu));
        rows.push(Row::new(what("server CPU for a participant"), text, "–"));
        let due = people * MEASURED as f64;
        let text = format!("{} + {} of {due}, {} threads", here.frames - here.missing, here.missing, here.threads);
        rows.push(Row::new(
            what("frames decoded + concealed or silent, of those due; threads"),
            text,
            "all; 5 threads",
        ));
        runs.push((people, here));
    }
    // Not the largest: where the machine is full, queues fill that are otherwise empty.
    let [(few, one), (many, ten), ..] = &runs[..] else { unreachable!("three runs") };
    let mb = |bytes: f64| bytes / 1e6;
    let slope = mb(ten.memory - one.memory) / (many - few);
    let text = format!("{slope:.2} MB each, {:.1} MB before the first", mb(one.base));
    let row = Row::new("memory of a participant, client (from 2 to 20 of them)", text, "0.8 MB over 12 MB");
    rows.push(match &peers[..] {
        [Some(one), Some(five)] => {
            let peer = mb(five.memory - one.memory) / 8.0;
            row.peer(format!("{peer:.1} MB over {:.0} MB (same run)", mb(one.base)), peer, slope)
        }
        _ => row.peer("3–6 MB over 80 MB (earlier)", 3.0, slope),
    });
    let slope = mb(ten.server_memory - one.server_memory) / (many - few);
    let text = format!("{slope:.2} MB each, {:.1} MB before the first", mb(one.server_base));
    rows.push(Row::new("memory of a participant, server (from 2 to 20 of them)", text, "0.3 MB").peer(
        "2.6 MB (earlier)",
        2.6,
        slope,
    ));
    rows
}
