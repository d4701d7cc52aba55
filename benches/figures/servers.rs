//! The room server beside LiveKit's, in the same run: the same Pion clients, in a network namespace, at one and then at the other.

use super::foreign::{self, Namespace, go_tool};
use super::forwarder;
use super::process::{KEY, Process, SECRET, serve_at};
use super::table::Row;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use stoa::token::jwt::{self, Claims, VideoGrant};

/// What counts, seconds.
const MEASURED: u64 = 10;

struct Load {
    rooms: usize,
    speakers: usize,
    listeners: usize,
}

const LOADS: [Load; 2] =
    [Load { rooms: 1, speakers: 8, listeners: 64 }, Load { rooms: 200, speakers: 2, listeners: 0 }];

/// One server under one load.
struct Taken {
    /// µs on a processor for a packet that arrived, and how many of those that were due did.
    packet: f64,
    arrived: f64,
    /// Bytes for a participant.
    memory: f64,
    /// Half of them took less: ms, µs.
    join: f64,
    way: f64,
    /// 99 of 100 took less, µs.
    slow_way: f64,
}

pub fn measure() -> Vec<Row> {
    LOADS.iter().flat_map(rows).collect()
}

fn rows(load: &Load) -> Vec<Row> {
    let Load { rooms, speakers, listeners } = load;
    let who = match rooms {
        1 => format!("Pion, {speakers} speakers, {listeners} listeners"),
        _ => format!("Pion, {rooms} rooms of {speakers} speakers"),
    };
    let (stoa, livekit) = (under(load, stoa), under(load, livekit));
    let floor = floor(load).map_or_else(|error| format!("not measured: {error}"), |each| format!("{each:.1} µs"));
    let row = |what: &str, goal, text: &dyn Fn(&Taken) -> String, number: fn(&Taken) -> f64| {
        let missing = |error: &String| format!("not measured: {error}");
        let here = stoa.as_ref().map_or_else(missing, text);
        let row = Row::new(format!("{who}: {what}"), here, goal);
        match (&stoa, &livekit) {
            (Ok(ours), Ok(theirs)) => row.peer(text(theirs) + " (same run)", number(theirs), number(ours)),
            (Ok(_), Err(error)) => Row { peer: missing(error), ..row },
            (Err(_), _) => row,
        }
    };
    vec![
        row(
            "server CPU for a packet that arrived (of those due)",
            "6 µs",
            &|taken| format!("{:.1} µs ({:.1} %)", taken.packet, taken.arrived * 100.0),
            |taken| taken.packet,
        ),
        Row::new(format!("{who}: the floor of that, a bare forwarder"), floor, "–"),
        row("server memory of a participant", "0.3 MB", &|taken| format!("{:.2} MB", taken.memory / 1e6), |taken| {
            taken.memory
        }),
        row("a join", "–", &|taken| format!("{:.0} ms", taken.join), |taken| taken.join),
        row(
            "a packet's way (99 %)",
            "–",
            &|taken| format!("{:.2} ms ({:.1})", taken.way / 1e3, taken.slow_way / 1e3),
            |taken| taken.way,
        ),
    ]
}

type Serve = fn(&Namespace) -> Result<(Process, String), String>;

fn stoa(beside: &Namespace) -> Result<(Process, String), String> {
    Ok(serve_at(&beside.here))
}

fn livekit(beside: &Namespace) -> Result<(Process, String), String> {
    // The address is new, so all of its ports are free.
    let config = foreign::livekit_config(&beside.here, &beside.interface, [7880, 7881, 7882], KEY, SECRET);
    let mut command = Command::new(foreign::livekit_binary()?);
    command.args(["--config-body", &(config + "logging: {level: error}\n")]).stderr(Stdio::null());
    let server = Process::start(&mut command);
    let address = format!("{}:7880", beside.here);
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&address).is_err() {
        if Instant::now() > end {
            return Err(format!("LiveKit's server does not listen at {address}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok((server, format!("ws://{address}")))
}

/// µs on a processor for a packet that arrived, of a process that forwards and does nothing else.
fn floor(load: &Load) -> Result<f64, String> {
    let program = go_tool("load-bare", "./bare")?;
    let namespace = Namespace::start()?;
    let (server, address) = forwarder::start(&namespace.here);
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &namespace.name]).arg(&program).arg(address);
    command.args([load.rooms.to_string(), load.speakers.to_string(), load.listeners.to_string(), MEASURED.to_string()]);
    let mut clients = Process::start(command.stdin(Stdio::piped()));
    let (cpu, _, came) = spent(&server, &mut clients)?;
    let [arrived] = came[..] else { return Err("its clients said something else".into()) };
    Ok(cpu / arrived)
}

/// What a server took while its clients were at work, µs on a processor; its memory at the end, bytes; and what they counted.
fn spent(server: &Process, clients: &mut Process) -> Result<(f64, f64, Vec<f64>), String> {
    numbers(clients, "begin")?;
    let before = server.usage();
    clients.go_on();
    numbers(clients, "stop")?;
    let after = server.usage();
    clients.go_on();
    let cpu = (after.cpu - before.cpu).as_secs_f64() * 1e6;
    Ok((cpu, after.memory, numbers(clients, "end")?))
}

/// The error says what is missing.
fn under(load: &Load, serve: Serve) -> Result<Taken, String> {
    let program = go_tool("load-pion", "./load")?;
    let namespace = Namespace::start()?;
    let (server, url) = serve(&namespace)?;
    ask(&url).map_err(|error| format!("the server does not answer: {error}"))?;
    let empty = server.usage();
    let tokens = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load-tokens");
    std::fs::write(&tokens, load.tokens()).expect("the target directory can be written");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &namespace.name]).args([&program, Path::new(&url), &tokens]);
    command.args([load.speakers.to_string(), load.listeners.to_string(), MEASURED.to_string()]);
    let mut clients = Process::start(command.stdin(Stdio::piped()));
    let join = numbers(&mut clients, "joined")?;
    clients.go_on();
    let (cpu, memory, came) = spent(&server, &mut clients)?;
    let ([join, ..], [arrived, due, way, _, slow_way]) = (&join[..], &came[..]) else {
        return Err("its clients said something else".into());
    };
    Ok(Taken {
        packet: cpu / arrived,
        arrived: arrived / due,
        memory: (memory - empty.memory) / load.people() as f64,
        join: *join,
        way: *way,
        slow_way: *slow_way,
    })
}

/// A request that is answered: before it, part of what an empty server takes is not there yet.
fn ask(url: &str) -> std::io::Result<()> {
    let address = url.trim_start_matches("ws://");
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

/// The numbers of the clients' next line.
fn numbers(clients: &mut Process, name: &str) -> Result<Vec<f64>, String> {
    let line = clients.line().filter(|line| line.starts_with(name)).ok_or("its clients ended early")?;
    Ok(line.split(' ').skip(1).filter_map(|word| word.parse().ok()).collect())
}

impl Load {
    fn people(&self) -> usize {
        self.rooms * (self.speakers + self.listeners)
    }

    /// One for each client, a line each.
    fn tokens(&self) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs();
        let token = |index: usize| {
            let room = format!("room-{}", index / (self.speakers + self.listeners));
            let video = VideoGrant { room, room_join: true, ..Default::default() };
            let sub = format!("user-{index}");
            let claims = Claims { iss: KEY.into(), sub, nbf: now - 5, exp: now + 3600, video, ..Default::default() };
            jwt::build(&claims, KEY, SECRET) + "\n"
        };
        (0..self.people()).map(token).collect()
    }
}
