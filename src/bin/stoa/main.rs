//! The command line: a room server, a participant, tokens. It stands on the library's public API alone.
//! `docs/command-line.md` tells of every flag, exit code and JSON object.

mod event;
mod failure;
mod flags;
mod interrupt;
mod join;
mod output;
mod page;
mod player;
mod progress;
mod recorder;
mod serve;
mod stay;
mod token;
mod wav;

use failure::{Exit, Failure};
use flags::Flags;
use output::Output;
use serde_json::json;
use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
stoa: real-time voice for programs.

stoa serve            runs a room server
stoa join URL         joins a room: plays a file, records, sends messages
stoa token build      makes a token
stoa token show       tells what a token says
stoa token verify     checks a token's signature and times

stoa COMMAND --help   the flags of a command
stoa --version        the version

Exit codes: 0 done; 1 it failed (network, sound, files, the room ended); 2 wrong usage; 3 the token was refused;
130 interrupted before it was done.
";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Also where the flags cannot be read.
    let json = arguments.iter().any(|argument| argument == "--json");
    let exit = run(arguments).unwrap_or_else(|failure| {
        output::complain(&failure.sentence);
        if json {
            let object = json!({"event": "error", "exit": failure.exit as u8, "text": failure.sentence});
            Output::new(true, false).tell("", || object);
        }
        failure.exit
    });
    ExitCode::from(exit as u8)
}

fn run(mut arguments: Vec<OsString>) -> Result<Exit, Failure> {
    if arguments.is_empty() {
        return Err(Failure::usage("stoa needs a command; stoa --help lists what it knows."));
    }
    let command = arguments.remove(0).to_string_lossy().into_owned();
    match command.as_str() {
        "serve" => serve::run(Flags::new("stoa serve", serve::HELP, arguments)),
        "join" => join::run(Flags::new("stoa join", join::HELP, arguments)),
        "token" => token::run(arguments),
        "--help" | "-h" | "help" => output::print(HELP),
        "--version" | "-V" => output::print(&format!("stoa {}\n", env!("CARGO_PKG_VERSION"))),
        other => {
            let near = flags::nearest(other, ["serve", "join", "token"]);
            let near = near.map_or(String::new(), |near| format!(" did you mean {near}?"));
            Err(Failure::usage(format!(
                "stoa does not know the command {other};{near} stoa --help lists what it knows."
            )))
        }
    }
}
