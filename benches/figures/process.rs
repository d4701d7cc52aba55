//! What a process uses, as Linux tells it; and the room server in a process of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

pub const KEY: &str = "bench";
pub const SECRET: &str = "a-secret-for-this-machine-alone-32";

/// What a process used up to now.
#[derive(Clone, Copy)]
pub struct Usage {
    /// On a processor, of all its threads.
    pub cpu: Duration,
    /// Resident memory, bytes.
    pub memory: f64,
    pub threads: usize,
}

impl Usage {
    /// Of a process whose threads stay: those that ended are not counted.
    pub fn of(pid: u32) -> Usage {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a process that runs, on Linux");
        let times: Vec<Duration> =
            tasks.flatten().filter_map(|task| on_processor(task.path().join("schedstat").to_str()?)).collect();
        Usage { cpu: times.iter().sum(), memory: resident(pid), threads: times.len() }
    }
}

/// Time on a processor of the calling thread.
pub fn this_thread() -> Duration {
    on_processor("/proc/thread-self/schedstat").expect("Linux with schedstat")
}

fn on_processor(schedstat: &str) -> Option<Duration> {
    let text = fs::read_to_string(schedstat).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.expect("VmRSS in /proc") * 1024.0
}

/// A process that tells by lines how far it is, and does not outlive the benchmark.
pub struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(command: &mut Command) -> Process {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a program that starts");
        let lines = BufReader::new(child.stdout.take().expect("its pipe"));
        Process { child, lines }
    }

    /// Its next line; None: it ended.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.lines.read_line(&mut line).unwrap_or(0);
        (length > 0).then(|| line.trim().to_string())
    }

    /// Lets it go on, where its input is a pipe.
    pub fn go_on(&mut self) {
        let input = self.child.stdin.as_mut().expect("a piped input");
        // One that ended says so by its lines.
        let _ = input.write_all(b"\n");
    }

    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `stoa serve` on free ports of loopback, and its URL.
pub fn serve() -> (Process, String) {
    serve_at("127.0.0.1")
}

/// The same at another address of this machine.
pub fn serve_at(address: &str) -> (Process, String) {
    let key = format!("{KEY}:{SECRET}");
    let arguments = ["serve", "--bind", address, "--port", "0", "--udp-port", "0", "--quiet", "--key", &key];
    let mut server = Process::start(Command::new(env!("CARGO_BIN_EXE_stoa")).args(arguments));
    let line = server.line().expect("the server says where it serves");
    let url = line.split_whitespace().find(|word| word.starts_with("ws://")).expect("a URL").to_string();
    (server, url)
}
