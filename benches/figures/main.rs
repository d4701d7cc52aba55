//! `make bench`: the figures that Stoa is to reach, in one table, also written to `docs/figures.md`.
//! `make bench ONLY=delay` measures one part and only prints it.

mod calls;
mod delay;
mod events;
#[path = "../../tests/common/foreign.rs"]
mod foreign;
mod forwarder;
mod forwarding;
mod library;
mod load;
mod messages;
mod peer;
mod process;
mod room;
mod servers;
mod table;
mod tokens;

use std::process::Command;
use table::Row;

type Part = (&'static str, fn() -> Vec<Row>);

const PARTS: [Part; 11] = [
    ("calls", calls::measure),
    ("start", delay::start),
    ("delay", delay::mouth_to_ears),
    ("interrupt", delay::interrupt),
    ("events", events::measure),
    ("load", load::measure),
    ("forwarding", forwarding::measure),
    ("servers", servers::measure),
    ("messages", messages::measure),
    ("library", library::measure),
    ("tokens", tokens::measure),
];

const NOTES: &str = "\
Peers: the official client (PyPI `livekit` 1.2.1) and LiveKit's server. \"same run\": measured beside Stoa; \"earlier\": on a
machine of 2 cores before, the better end of its range counts for the ratio. A ratio above 1 says that Stoa is the better one.

- push and read: `extern \"C\"` functions in this process, median of the calls, on a connected channel.
- mouth to ear: a sweep of 10 ms every 0.5 s, found by correlation in what was heard; from when a sample was spoken (its block is
  pushed when its last sample was spoken) until it would leave a loudspeaker that plays a frame the moment it was read. Blocks of
  20 ms and the codec's look-ahead of 6.5 ms are in it.
- events: a listener in C for playout marks or data; marks as fast as the channel takes them, data one packet every 2 ms. The
  delay is from the event's own time, when its datagram was taken from the socket, to the callback's first instruction.
- conversations: two participants each, the demo's voice at 24 kHz mono both ways in real time for 10 s; all clients in one
  process, the server in another. CPU by schedstat, per participant and by the frames that were heard, for a machine that is full
  carries fewer than were due; memory is VmRSS. Opus alone: the same frames, settings and beat, one thread, nothing else.
- forwarded packet: the server process's CPU over the packets that arrived, counted at 4 of the listeners. Part of it is the
  kernel waking the receivers, who are on the same machine; the bare send_to wakes nobody.
- Pion: the load of `tests/interop/go/load`, the same for both servers, one after the other: clients with two connections each, in a
  network namespace behind a pair of virtual interfaces, 80 bytes every 20 ms without redundancy, for 10 s. CPU and memory are those
  of the server process, as above; every client counts what arrives. A join is from dialing the WebSocket until media connect, four
  clients at a time. The way of a packet is from the speaker's write to the listener's read: both clients are in it.
- bare forwarder: as many sockets, packets and rooms in the same namespace (`tests/interop/go/bare`), and a process that takes each
  datagram and sends it to the others in its room, without a look inside: no RTP, no keys, no reports. Below this no room server on
  this kernel gets that sends each packet by itself.
- chunk and reassemble: 1 MB, from the text to the packets and from them to the text, all checks included, no network; one thread.
- tokens: with the four RTC privileges, or roomJoin, for an hour; one thread each, by its time on a processor. Of two peers the
  faster counts for the ratio.
";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["conversations", count, url] => return load::client(count.parse().expect("a number"), url),
        ["forwarder", address] => return forwarder::run(address),
        ["opus", count] => return load::opus(count.parse().expect("a number")),
        _ => {}
    }
    let wanted = |name: &str| words.is_empty() || words.contains(&name);
    let mut rows = Vec::new();
    for (name, measure) in PARTS.into_iter().filter(|(name, _)| wanted(name)) {
        eprintln!("measuring: {name}");
        rows.extend(measure());
    }
    let table = table::render(&rows);
    println!("{table}");
    if words.is_empty() {
        let head = "# Figures\n\nWritten by `make bench`.";
        let text = format!("{head} {}, {}.\n\n{table}\n{NOTES}", machine(), said_by("date", &["-u", "+%F %H:%M UTC"]));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/figures.md");
        let written = std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"));
        match written.and_then(|()| std::fs::write(path, text)) {
            Ok(()) => println!("written to docs/figures.md"),
            Err(error) => eprintln!("{path} cannot be written: {error}"),
        }
    }
}

/// The processor, its cores, the kernel, and how busy it was already.
fn machine() -> String {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = file("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = file("/proc/loadavg").split(' ').next().unwrap_or_default().to_string();
    let model = model.map_or("an unknown processor", |(_, name)| name);
    format!("Machine: {model}, {cores} cores, Linux {}, load {load} at the end", said_by("uname", &["-r"]))
}

fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_string()
}
