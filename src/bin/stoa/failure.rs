//! How a command ends: the exit code, and the sentence that goes with it.

use stoa::{Error, Status};

/// The exit codes; `docs/command-line.md` and `--help` promise them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what it was asked for.
    Done = 0,
    /// The network, a file, sound, or the room's end.
    Failed = 1,
    /// A flag or its value.
    Usage = 2,
    /// The token: malformed, forged, expired, for something else.
    Token = 3,
    /// Ended by a signal, or by a reader that went away, before it was done.
    Interrupted = 130,
}

/// Why a command ended early: one line that names what was wrong and the cure.
#[derive(Clone, Debug)]
pub struct Failure {
    pub exit: Exit,
    pub sentence: String,
}

impl Failure {
    pub fn new(exit: Exit, sentence: impl AsRef<str>) -> Failure {
        Failure { exit, sentence: crate::output::one_line(sentence.as_ref()) }
    }

    pub fn usage(sentence: impl AsRef<str>) -> Failure {
        Failure::new(Exit::Usage, sentence)
    }

    pub fn failed(sentence: impl AsRef<str>) -> Failure {
        Failure::new(Exit::Failed, sentence)
    }

    /// What the library says, with what it was about (a flag) before it.
    pub fn of(about: &str, error: &Error) -> Failure {
        let exit = match error.status {
            Status::BAD_TOKEN | Status::NOT_ALLOWED => Exit::Token,
            // An address that cannot be had is a wrong --bind, --port or --udp-port.
            Status::BAD_ARGUMENT | Status::ADDRESS => Exit::Usage,
            _ => Exit::Failed,
        };
        let colon = if about.is_empty() { "" } else { ": " };
        let text = error.text.trim_end_matches('.');
        Failure::new(exit, format!("{about}{colon}{text}."))
    }

    /// What the library says when it starts with options that are valid: what is still wrong with them is in a file.
    pub fn of_start(about: &str, error: &Error) -> Failure {
        match error.status {
            Status::BAD_ARGUMENT => Failure { exit: Exit::Failed, ..Failure::of("--ca-file", error) },
            _ => Failure::of(about, error),
        }
    }
}
