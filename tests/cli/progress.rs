//! The progress line of `stoa join`, at a terminal of its own.

use crate::rooms::voice;
use crate::{MACHINE, PATIENCE, Process, clean, folder, key, serve, text};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::time::Instant;

/// What is written at a line's end: the rest of what stood there is wiped out.
const WIPE: &str = "\x1b[K";

/// The binary, with a terminal as its three files; what it writes there goes to standard output, and standard input is typed.
fn at_a_terminal(arguments: &[&str]) -> Command {
    const PYTHON: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut command = clean(Command::new("python3"));
    command.args(["-c", PYTHON, env!("CARGO_BIN_EXE_stoa")]).args(arguments).envs(key());
    command
}

/// The progress lines in what was written to a terminal.
fn progress(written: &str) -> Vec<&str> {
    let lines = written.split('\r').filter_map(|line| line.split_once(WIPE).map(|(line, _)| line));
    lines.filter(|line| !line.is_empty()).collect()
}

/// The number behind a word.
fn number(line: &str, word: &str) -> Option<i32> {
    let mut words = line.split_whitespace().skip_while(|other| *other != word);
    words.nth(1)?.parse().ok()
}

/// The end stands on a line of its own: wiped, or new.
fn makes_way(written: &str) -> bool {
    let before = written.split_once("left hall after 0:0").and_then(|(before, _)| before.rsplit('\r').next());
    before == Some(WIPE) || before == Some("\n")
}

#[test]
fn the_line_tells_of_what_is_spoken_and_what_is_heard() {
    let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    let (_server, url) = serve();
    let folder = folder("progress");
    let wav = folder.join("voice.wav");
    std::fs::write(&wav, voice()).unwrap();
    let until = Instant::now() + PATIENCE;

    let record = ["join", &url, "--room", "hall", "--user", "bob", "--record", folder.to_str().unwrap()];
    let mut hears = Process::start(at_a_terminal(&record).stdin(Stdio::piped()));
    while !hears.line(until).expect("it joins").ends_with("joined hall as bob") {}

    let play = ["join", &url, "--room", "hall", "--user", "ann", "--play", wav.to_str().unwrap()];
    let output = at_a_terminal(&play).output().expect("Python runs");
    let written = text(&output.stdout);
    assert!(output.status.success(), "{written:?}");
    let lines = progress(&written);
    // A line each 200 ms for 3 s, fewer on a busy machine.
    assert!(lines.len() >= 5 && lines.iter().all(|line| line.len() < 80), "{lines:#?}");
    let told = lines.iter().filter(|line| line.starts_with("connected 0:0"));
    let told: Vec<&&str> = told.filter(|line| number(line, "users") == Some(1)).collect();
    assert!(told.len() >= 5, "{lines:#?}");
    for word in ["spoken 0:01 left 0:0", "queued 0.", " lost "] {
        assert!(told.iter().any(|line| line.contains(word)), "no line says {word:?}: {lines:#?}");
    }
    let sent: Vec<i32> = told.iter().filter_map(|line| number(line, "sent")).collect();
    assert!(sent.len() == told.len() && sent.is_sorted() && sent.last() > Some(&50), "{lines:#?}");
    assert!(makes_way(&written), "{written:?}");

    // Typed at the terminal: the interrupt.
    hears.child.stdin.take().expect("piped").write_all(b"\x03").unwrap();
    while hears.line(until).is_some() {}
    let written = hears.said.join("\r\n");
    let lines = progress(&written);
    assert!(lines.iter().filter(|line| number(line, "level") > Some(-30)).count() >= 3, "{lines:#?}");
    assert!(lines.iter().any(|line| number(line, "heard") > Some(30) && number(line, "lost").is_some()), "{lines:#?}");
}
