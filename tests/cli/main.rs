//! The command line as people and programs use it: the built binary, on loopback.

#[path = "../common/once.rs"]
mod once;
mod progress;
mod reaching;
mod rooms;
mod tokens;
mod usage;

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// Longer than anything here takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "app";
const SECRET: &str = "a certificate of more than thirty-two characters";

/// The machine: to be alone with it, for what measures sound, or to share it.
static MACHINE: RwLock<()> = RwLock::new(());

fn machine() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// The binary, without what the tester's environment may say.
fn stoa() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_stoa")))
}

fn clean(mut command: Command) -> Command {
    let proxies = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].map(|name| [name.into(), name.to_uppercase()]);
    let ours = ["STOA_TOKEN", "STOA_KEY", "STOA_SECRET", "STOA_LOG"].map(String::from);
    for name in ours.into_iter().chain(proxies.into_iter().flatten()) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    stoa().args(arguments).output().expect("stoa runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A process whose output is read line by line; it does not outlive its test.
struct Process {
    child: Child,
    lines: Receiver<String>,
    /// What was said so far, for who wants to know why a test fails.
    said: Vec<String>,
}

impl Process {
    fn start(command: &mut Command) -> Process {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("stoa starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Process { child, lines, said: Vec::new() }
    }

    /// A participant of room "hall", in JSON, with a token of its own.
    fn join(url: &str, user: &str, more: &[&str]) -> Process {
        Process::start(stoa().args(["join", url, "--room", "hall", "--user", user, "--json"]).args(more).envs(key()))
    }

    /// The next line; None: there are no more.
    fn line(&mut self, until: Instant) -> Option<String> {
        match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                self.said.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no more lines came in time, after {:#?}", self.said),
        }
    }

    /// Waits for an object of this kind of which `wanted` is true.
    fn event(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        while let Some(line) = self.line(until) {
            let object: Value =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line} is no JSON: {error}"));
            if object["event"] == name && wanted(&object) {
                return object;
            }
        }
        panic!("it ended without {name}: {:#?}", self.said)
    }

    /// Waits for a line that says this.
    fn event_line(&mut self, wanted: &str, until: Instant) {
        while let Some(line) = self.line(until) {
            if line == wanted {
                return;
            }
        }
        panic!("it ended without {wanted}: {:#?}", self.said)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end; every line is JSON.
    fn end(&mut self) -> (ExitStatus, Vec<Value>) {
        let until = Instant::now() + PATIENCE;
        while self.line(until).is_some() {}
        let status = loop {
            match self.child.try_wait().expect("it can be waited for") {
                Some(status) => break status,
                None if Instant::now() > until => panic!("it does not end, after {:#?}", self.said),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        (status, self.said.iter().map(parse).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn key() -> [(&'static str, &'static str); 2] {
    [("STOA_KEY", KEY), ("STOA_SECRET", SECRET)]
}

/// A room server on free ports, and its URL.
fn serve() -> (Process, String) {
    serve_at("127.0.0.1")
}

fn serve_at(address: &str) -> (Process, String) {
    let arguments = ["serve", "--bind", address, "--port", "0", "--udp-port", "0", "--json"];
    let mut server = Process::start(stoa().args(arguments).envs(key()));
    let url = server.event("listening", |_| true)["url"].as_str().expect("a URL").to_string();
    (server, url)
}

/// A folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}
