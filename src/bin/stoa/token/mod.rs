//! `stoa token`: and where tokens, keys and secrets come from, for every command.

mod build;
mod check;

use crate::flags::{Flags, nearest};
use crate::{Exit, Failure, output};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use stoa::driver::validate;
use stoa::token::pass::Pass;

const HELP: &str = "\
stoa token build      makes a token
stoa token show       tells what a token says, without checking it
stoa token verify     checks a token's signature, times, room and user

stoa token COMMAND --help   the flags of a command
";

/// A token is not longer than this, bytes; a file that is, is none.
const MAX_TOKEN: u64 = 64 * 1024;

pub fn run(mut arguments: Vec<OsString>) -> Result<Exit, Failure> {
    let command = if arguments.is_empty() { String::new() } else { arguments.remove(0).to_string_lossy().into_owned() };
    match command.as_str() {
        "build" => build::run(Flags::new("stoa token build", build::HELP, arguments)),
        "show" => check::show(Flags::new("stoa token show", check::SHOW, arguments)),
        "verify" => check::verify(Flags::new("stoa token verify", check::VERIFY, arguments)),
        "--help" | "-h" | "help" => output::print(HELP),
        "" => {
            Err(Failure::usage("stoa token needs a command: build, show or verify; stoa token --help tells of them."))
        }
        other => {
            let near = nearest(other, ["build", "show", "verify"]);
            let near = near.map_or(String::new(), |near| format!(" did you mean {near}?"));
            let text = format!("stoa token does not know {other};{near} stoa token --help lists what it knows.");
            Err(Failure::usage(text))
        }
    }
}

/// Where a token is.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Itself; `-`: on standard input.
    pub text: Option<&'a str>,
    /// `--token-file`; `-`: standard input.
    pub file: Option<&'a Path>,
}

impl Source<'_> {
    /// Whether this call says where it is.
    pub fn is_named(self) -> bool {
        self.text.is_some() || self.file.is_some()
    }

    /// What says where it is.
    pub fn name(self) -> &'static str {
        match self {
            Source { text: Some(_), .. } => "--token",
            Source { file: Some(_), .. } => "--token-file",
            _ => "STOA_TOKEN",
        }
    }

    /// Whether standard input is read.
    pub fn is_stdin(self) -> bool {
        self.text.map_or_else(|| self.file.is_some_and(|file| file.as_os_str() == "-"), |text| text == "-")
    }

    /// Reads it; None: it is nowhere.
    pub fn read(self) -> Result<Option<String>, Failure> {
        let (about, bytes) = match (self.text, self.file) {
            (Some(text), _) if text != "-" => return filled("the token", text).map(Some),
            (None, None) => return Ok(environment("STOA_TOKEN")),
            _ if self.is_stdin() => ("standard input".to_string(), slurp(io::stdin())),
            (_, file) => {
                let file = file.unwrap_or(Path::new("-"));
                (format!("--token-file {}", file.display()), File::open(file).and_then(slurp))
            }
        };
        let cure = "give a file with nothing but a token in it";
        let bytes = bytes.map_err(|error| Failure::failed(format!("{about} cannot be read ({error}); {cure}.")))?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{about} is not UTF-8; {cure}.")))?;
        filled(&about, &text).map(Some)
    }
}

fn filled(about: &str, text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::new(Exit::Token, format!("{about} is empty; stoa token build makes a token.")));
    }
    Ok(text.into())
}

fn slurp(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_TOKEN + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Checks the name of a room, user or key as a server does. `what`: the flag.
pub fn name(what: &str, name: &str) -> Result<(), Failure> {
    validate::name(what, name).map_err(|error| Failure::of("", &error))
}

/// Checks the names in a token as a server does, which lets nobody else in. An AccessToken2 may be for any user.
fn names(pass: &Pass) -> stoa::Result<()> {
    validate::name("the token's room", &pass.claims.video.room)?;
    let check = if pass.access.is_some() { validate::optional_name } else { validate::name };
    check("the token's user", &pass.claims.sub)
}

/// A variable of the environment; an empty one is none.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The environment's key and secret, where it has both.
pub fn environment_key() -> Option<(String, String)> {
    Some((environment("STOA_KEY")?, environment("STOA_SECRET")?))
}

/// The key and the secret to sign or to verify with: from the flags, else from the environment.
pub fn key(key: Option<&str>, secret: Option<&str>) -> Result<(String, String), Failure> {
    let find = |given: Option<&str>, flag: &str, variable: &str, what: &str| {
        let given = given.filter(|text| !text.is_empty()).map(|text| (flag, text.to_string()));
        let found = given.or_else(|| environment(variable).map(|text| (variable, text)));
        let missing = || Failure::usage(format!("{flag} is missing: give the server's {what}, or set {variable}."));
        let (by, found) = found.ok_or_else(missing)?;
        name(by, &found)?;
        Ok::<_, Failure>(found)
    };
    Ok((
        find(key, "--key", "STOA_KEY", "key (app id)")?,
        find(secret, "--secret", "STOA_SECRET", "secret (app certificate)")?,
    ))
}

/// Seconds since the Unix epoch.
fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
