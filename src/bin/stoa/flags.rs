//! Flags and their values; what is wrong with one is said with its name and the cure.

use crate::Failure;
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How many letters may differ in a word that was meant.
const NEAR: usize = 2;

/// The arguments of one command.
pub struct Flags {
    parser: Parser,
    command: &'static str,
    help: &'static str,
    /// The flag that was read last, as it was written.
    flag: String,
}

/// What comes next.
pub enum Item {
    /// A flag, with its dashes.
    Flag(String),
    /// An argument that is no flag.
    Value(String),
}

impl Flags {
    pub fn new(command: &'static str, help: &'static str, arguments: Vec<OsString>) -> Flags {
        Flags { parser: Parser::from_args(arguments), command, help, flag: String::new() }
    }

    /// The next argument; None at the end. `--help` is answered by [`Flags::help`].
    pub fn next(&mut self) -> Result<Option<Item>, Failure> {
        let item = match self.parser.next() {
            Ok(Some(Arg::Long(name))) => Item::Flag(format!("--{name}")),
            Ok(Some(Arg::Short(letter))) => Item::Flag(format!("-{letter}")),
            Ok(Some(Arg::Value(value))) => Item::Value(value.to_string_lossy().into_owned()),
            Ok(None) => return Ok(None),
            Err(_) => {
                let text = format!("{} takes no value; leave what follows the = away.", self.flag);
                return Err(Failure::usage(text));
            }
        };
        if let Item::Flag(flag) = &item {
            self.flag.clone_from(flag);
        }
        Ok(Some(item))
    }

    /// What `--help` prints.
    pub fn help(&self) -> &'static str {
        self.help
    }

    /// The value of the flag that was just read, as it is.
    pub fn path(&mut self) -> Result<PathBuf, Failure> {
        let missing = |_| Failure::usage(format!("{} needs a value; {} --help tells which.", self.flag, self.command));
        self.parser.value().map(PathBuf::from).map_err(missing)
    }

    /// The value of the flag that was just read.
    pub fn value(&mut self) -> Result<String, Failure> {
        self.path()?.into_os_string().into_string().map_err(|_| self.bad("is not UTF-8; write it in UTF-8."))
    }

    /// All values up to the next flag, one at least.
    pub fn values(&mut self) -> Result<Vec<String>, Failure> {
        let missing = format!("{} needs a value; {} --help tells which.", self.flag, self.command);
        let values = self.parser.values().map_err(|_| Failure::usage(missing))?;
        let values: Result<Vec<String>, OsString> = values.map(OsString::into_string).collect();
        values.map_err(|_| self.bad("is not UTF-8; write it in UTF-8."))
    }

    /// A port.
    pub fn port(&mut self) -> Result<u16, Failure> {
        let text = self.value()?;
        text.parse().map_err(|_| self.bad(&format!("{text} is no port; give a number from 0 to 65535.")))
    }

    /// A length of time: `3600`, `90s`, `10m`, `1h`, `7d`; also `1.5`.
    pub fn duration(&mut self) -> Result<Duration, Failure> {
        let text = self.value()?;
        duration(&text).ok_or_else(|| {
            self.bad(&format!("{text} is no length of time; give seconds, or 90s, 10m, 1h, 7d (above 0, to 10 years)."))
        })
    }

    /// An error about the flag that was just read: its name and the rest of the sentence.
    pub fn bad(&self, rest: &str) -> Failure {
        Failure::usage(format!("{} {rest}", self.flag))
    }

    /// What is to be said of a flag that the command does not have.
    pub fn unknown(&self, flag: &str) -> Failure {
        let words = self.help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let near = nearest(flag, words.filter(|word| word.starts_with("--")));
        let near = near.map_or(String::new(), |near| format!(" did you mean {near}?"));
        let command = self.command;
        Failure::usage(format!("{command} does not know {flag};{near} {command} --help lists its flags."))
    }

    /// What is to be said of an argument too many.
    pub fn too_many(&self, value: &str) -> Failure {
        let command = self.command;
        Failure::usage(format!("{command} does not know what {value} is for; {command} --help tells what it takes."))
    }
}

fn duration(text: &str) -> Option<Duration> {
    const TEN_YEARS: f64 = 10.0 * 366.0 * 86400.0;
    let (number, unit) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1.0),
        b'm' => (&text[..text.len() - 1], 60.0),
        b'h' => (&text[..text.len() - 1], 3600.0),
        b'd' => (&text[..text.len() - 1], 86400.0),
        _ => (text, 1.0),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = number.parse::<f64>().ok().filter(|_| digits)? * unit;
    (seconds > 0.0 && seconds <= TEN_YEARS).then(|| Duration::from_secs_f64(seconds))
}

/// The word that was probably meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &'a str| (distance(word, known), known);
    let (distance, near) = known.into_iter().map(distance).min_by_key(|(distance, _)| *distance)?;
    (distance <= NEAR && distance < near.trim_start_matches('-').len()).then_some(near)
}

/// How many letters must be put in, taken out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let changed = diagonal + usize::from(letter != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let good = [("3600", 3600.0), ("90s", 90.0), ("10m", 600.0), ("1h", 3600.0), ("7d", 604_800.0), ("0.5", 0.5)];
        for (text, seconds) in good {
            assert_eq!(duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "h", "0", "-1", "1e3", "inf", "nan", "1 h", "1w", "4000d", "1é"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn words_that_were_meant() {
        assert_eq!(nearest("--prot", ["--key", "--port"]), Some("--port"));
        assert_eq!(nearest("jion", ["serve", "join"]), Some("join"));
        assert_eq!(nearest("--q", ["--key", "--for"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
