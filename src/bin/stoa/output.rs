//! Standard output: lines for people, or one JSON object a line for programs.

use crate::{Exit, Failure};
use serde_json::Value;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// Standard output. A reader that went away is no panic, but something to be asked for.
pub struct Output {
    json: bool,
    quiet: bool,
    failed: Mutex<Option<io::Error>>,
}

impl Output {
    /// `quiet`: nothing is told.
    pub fn new(json: bool, quiet: bool) -> Output {
        Output { json, quiet, failed: Mutex::new(None) }
    }

    /// Tells of one thing: a line (none where it is empty), or the object.
    pub fn tell(&self, line: &str, object: impl FnOnce() -> Value) {
        if self.quiet {
            return;
        }
        if self.json {
            self.write(&object().to_string());
        } else if !line.is_empty() {
            self.write(line);
        }
    }

    fn write(&self, line: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            *failed = write(&format!("{line}\n")).err();
        }
    }

    /// What is left to be said at the end of a command that was otherwise done.
    pub fn end(&self, exit: Exit) -> Result<Exit, Failure> {
        match &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritable(error)),
            _ => Ok(exit),
        }
    }

    /// Nobody reads any more, or nothing can be written.
    pub fn is_lost(&self) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Prints a text that was asked for.
pub fn print(text: &str) -> Result<Exit, Failure> {
    match write(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritable(&error)),
        _ => Ok(Exit::Done),
    }
}

/// A line on stderr, which nobody may read.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{}", one_line(line));
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::failed(format!("Standard output cannot be written: {error}; send it elsewhere."))
}

/// A text from outside on one line and without power over the terminal.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => line.push(' '),
            letter if letter.is_control() => line.extend(letter.escape_unicode()),
            letter => line.push(letter),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_from_outside_has_no_power_over_the_terminal() {
        assert_eq!(super::one_line("a\nb\u{1b}[2Jé"), "a b\\u{1b}[2Jé");
    }
}
