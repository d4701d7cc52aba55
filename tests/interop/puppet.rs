//! A peer as a process: it does what a line tells it to, and tells in lines what it sees. tests/interop/peers has one for each client.
//!
//! Words of a line are separated by tabs. Each command has one answer: `ok` with results, `failed` with a sentence, or `none` with
//! the reason why this client has no such thing. Between answers come lines `event`, a name, and what goes with it:
//! see [`super::features`] for the commands and events that there are.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Why a cell did not pass.
#[derive(Debug)]
pub enum Stop {
    Failed(String),
    /// Not with this client, or this server: the reason.
    None(String),
}

impl Stop {
    /// The same, with what was under way.
    pub fn during(self, what: &str) -> Stop {
        match self {
            Stop::Failed(sentence) => Stop::Failed(format!("{what}: {sentence}")),
            none => none,
        }
    }
}

pub type Outcome<T = ()> = Result<T, Stop>;

pub fn failed<T>(sentence: impl Into<String>) -> Outcome<T> {
    Err(Stop::Failed(sentence.into()))
}

/// A browser on two busy cores needs some of it.
const ANSWER: Duration = Duration::from_secs(40);
const EVENT: Duration = Duration::from_secs(15);

pub struct Puppet {
    pub user: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    events: Vec<Vec<String>>,
}

impl Puppet {
    /// `log`: the file that its standard error goes to.
    pub fn start(user: &'static str, mut command: Command, log: &str) -> Puppet {
        let log = dir().join(format!("{log}-{user}.log"));
        let log = std::fs::File::create(log).expect("the target directory can be written");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; is it installed?"));
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Puppet { user, input: child.stdin.take(), child, lines, events: Vec::new() }
    }

    /// Gives a command, and waits for its answer.
    pub fn ask(&mut self, words: &[&str]) -> Outcome<Vec<String>> {
        let line = words.join("\t") + "\n";
        let shown: String = words.join(" ").chars().take(60).collect();
        if self.input.as_mut().is_none_or(|input| input.write_all(line.as_bytes()).is_err()) {
            return failed(format!("{} is no more: {shown}", self.user));
        }
        let end = Instant::now() + ANSWER;
        loop {
            let words = self.line(end).map_err(|why| Stop::Failed(format!("{}: {shown}: {why}", self.user)))?;
            match words[0].as_str() {
                "event" => self.events.push(words[1..].to_vec()),
                "ok" => return Ok(words[1..].to_vec()),
                "none" => return Err(Stop::None(words[1..].join(" "))),
                "failed" => return failed(format!("{}: {shown}: {}", self.user, words[1..].join(" "))),
                _ => {}
            }
        }
    }

    /// Waits for an event that begins with these words, which may be there already. Returns what follows them.
    pub fn event(&mut self, words: &[&str]) -> Outcome<Vec<String>> {
        self.event_within(EVENT, words)
    }

    /// The same, where it may take longer.
    pub fn event_within(&mut self, time: Duration, words: &[&str]) -> Outcome<Vec<String>> {
        let end = Instant::now() + time;
        loop {
            let fits = |event: &Vec<String>| event.len() >= words.len() && words.iter().zip(event).all(|(a, b)| a == b);
            if let Some(found) = self.events.iter().position(fits) {
                return Ok(self.events.remove(found).split_off(words.len()));
            }
            match self.line(end) {
                Ok(line) if line[0] == "event" => self.events.push(line[1..].to_vec()),
                Ok(_) => {}
                Err(why) => {
                    let shown: String = words.join(" ").chars().take(60).collect();
                    return failed(format!("{} did not see {shown}: {why}", self.user));
                }
            }
        }
    }

    /// Whether an event that begins with these words came and was not waited for.
    pub fn saw(&self, words: &[&str]) -> bool {
        self.events.iter().any(|event| event.iter().zip(words).filter(|(a, b)| a == b).count() == words.len())
    }

    /// Events that came are not waited for any more.
    pub fn forget(&mut self) {
        self.lines.try_iter().for_each(drop);
        self.events.clear();
    }

    fn line(&mut self, end: Instant) -> Result<Vec<String>, String> {
        match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => Ok(line.split('\t').map(str::to_owned).collect()),
            Err(RecvTimeoutError::Timeout) => Err("not in time".into()),
            Err(RecvTimeoutError::Disconnected) => Err("the process has ended".into()),
        }
    }
}

impl Drop for Puppet {
    /// A peer ends when its input does; one that does not is killed.
    fn drop(&mut self) {
        self.input = None;
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where logs and results of this run are.
pub fn dir() -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("interop");
    std::fs::create_dir_all(&dir).expect("the target directory can be written");
    dir
}
