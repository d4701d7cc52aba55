//! `stoa token show` and `stoa token verify`.

use super::{Source, unix_now};
use crate::flags::{Flags, Item};
use crate::output::{self, Output, one_line};
use crate::{Exit, Failure};
use serde_json::{Value, json};
use std::path::PathBuf;
use stoa::token::{document, pass};

pub const SHOW: &str = "\
stoa token show TOKEN [--json]
    Tells what a token of either family says. It checks nothing: anybody can write such a token.

    TOKEN              the token; - reads it from standard input. Else STOA_TOKEN.
    --token-file FILE  the token from a file
    --json             one JSON object: family, claims, expires_at, expired
    --help             this text

Exit codes: 0 shown, also where it is expired; 1 it failed; 2 wrong usage; 3 it is no token.
";

pub const VERIFY: &str = "\
stoa token verify TOKEN --key K --secret S [--room R] [--user U]
    Checks that a token was signed with this secret, that it may be used now, and that it lets its bearer join a room.

    TOKEN              the token; - reads it from standard input. Else STOA_TOKEN.
    --token-file FILE  the token from a file
    --key K            the server's key (app id). Else STOA_KEY.
    --secret S         its secret (app certificate). Else STOA_SECRET. Others see arguments, but not the environment.
    --room R           it must be for this room
    --user U           it must be for this user
    --json             one JSON object: valid, family, room, user, expires_at
    --help             this text

Exit codes: 0 it is valid; 1 it failed; 2 wrong usage; 3 it is not.
";

pub fn show(mut flags: Flags) -> Result<Exit, Failure> {
    let mut given = Given::default();
    while let Some(item) = flags.next()? {
        match given.take(&mut flags, item)? {
            None => {}
            Some(flag) if flag == "--help" || flag == "-h" => return output::print(flags.help()),
            Some(flag) => return Err(flags.unknown(&flag)),
        }
    }
    let token = given.token()?;
    let mut shown = document::show(&token).map_err(|error| Failure::of("the token", &error))?;
    let now = unix_now();
    let expires_at = expires_at(&token, &shown);
    let expired = expires_at.is_some_and(|at| at < now);
    let mut table = vec![("family".to_string(), plain(&shown["family"]))];
    let issued = shown["claims"]["issue_ts"].as_u64();
    rows("", &shown["claims"], now, issued, &mut table);
    let end = expires_at.map_or("(it does not say)".into(), |at| time(at, now));
    table.push((if expired { "EXPIRED" } else { "usable until" }.into(), end));
    let width = table.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut page = "NOT VERIFIED: anybody can write such a token. stoa token verify checks it.".to_string();
    for (name, value) in table {
        page += "\n";
        page += &one_line(&format!("{name:<width$}  {value}"));
    }
    let output = Output::new(given.json, false);
    output.tell(&page, || {
        shown["verified"] = false.into();
        shown["expires_at"] = expires_at.into();
        shown["expired"] = expired.into();
        shown
    });
    output.end(Exit::Done)
}

pub fn verify(mut flags: Flags) -> Result<Exit, Failure> {
    let mut given = Given::default();
    let [mut key, mut secret, mut room, mut user] = [const { None }; 4];
    while let Some(item) = flags.next()? {
        let Some(flag) = given.take(&mut flags, item)? else { continue };
        match flag.as_str() {
            "--key" => key = Some(flags.value()?),
            "--secret" => secret = Some(flags.value()?),
            "--room" => room = Some(flags.value()?),
            "--user" => user = Some(flags.value()?),
            "--help" | "-h" => return output::print(flags.help()),
            _ => return Err(flags.unknown(&flag)),
        }
    }
    let keys = [super::key(key.as_deref(), secret.as_deref())?];
    let token = given.token()?;
    let (room, user) = (room.unwrap_or_default(), user.unwrap_or_default());
    let now = unix_now();
    let pass = pass::verify(&token, &keys, &room, &user, now).map_err(|error| Failure::of("Not valid", &error))?;
    super::names(&pass).map_err(|error| Failure { exit: Exit::Token, ..Failure::of("Not valid", &error) })?;
    let output = Output::new(given.json, false);
    let (user, room) = (&pass.claims.sub, &pass.claims.video.room);
    let who = if user.is_empty() { "anybody" } else { user };
    let line = format!("valid: {who} may join {room} until {}", time(pass.expires_at, now));
    output.tell(&one_line(&line), || {
        let family = stoa::token::family(&token).name();
        json!({"valid": true, "family": family, "room": room, "user": user, "expires_at": pass.expires_at})
    });
    output.end(Exit::Done)
}

/// What both commands take.
#[derive(Default)]
struct Given {
    token: Option<String>,
    file: Option<PathBuf>,
    json: bool,
}

impl Given {
    /// Takes an argument; a flag that is not one of these comes back.
    fn take(&mut self, flags: &mut Flags, item: Item) -> Result<Option<String>, Failure> {
        match item {
            Item::Value(token) if self.token.is_none() => self.token = Some(token),
            Item::Value(value) => return Err(flags.too_many(&value)),
            Item::Flag(flag) => match flag.as_str() {
                "--token-file" => self.file = Some(flags.path()?),
                "--json" => self.json = true,
                _ => return Ok(Some(flag)),
            },
        }
        Ok(None)
    }

    fn token(&self) -> Result<String, Failure> {
        let token = Source { text: self.token.as_deref(), file: self.file.as_deref() }.read()?;
        token.ok_or_else(|| {
            Failure::usage("A token is missing: give it, or --token-file FILE, or - for standard input.")
        })
    }
}

/// Until when it can be used: to join, where it is for that.
fn expires_at(token: &str, shown: &Value) -> Option<u64> {
    let claims = &shown["claims"];
    let access = || Some(claims["issue_ts"].as_u64()? + claims["expire"].as_u64()?);
    let joined = pass::read(token, "").ok().map(|pass| pass.expires_at).filter(|at| *at > 0);
    joined.or_else(|| claims["exp"].as_u64()).or_else(access)
}

/// A line for each thing that the claims say, under the names that they have there.
fn rows(path: &str, value: &Value, now: u64, issued: Option<u64>, table: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    let text = match value {
        Value::Object(map) => {
            return map.iter().for_each(|(name, value)| rows(&below(name), value, now, issued, table));
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            let numbered = list.iter().enumerate();
            return numbered.for_each(|(at, value)| rows(&below(&at.to_string()), value, now, issued, table));
        }
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(number) => match (number.as_u64(), issued) {
            (Some(at), _) if matches!(path, "exp" | "nbf" | "iat" | "issue_ts") => time(at, now),
            (Some(after), Some(issued)) if path == "expire" || path.contains(".privileges.") => {
                format!("{after} s, until {}", time(issued + after, now))
            }
            _ => number.to_string(),
        },
        other => plain(other),
    };
    table.push((path.into(), text));
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// A time as people read it, and how far away it is.
fn time(at: u64, now: u64) -> String {
    let far = at.abs_diff(now);
    let (number, unit) = match far {
        0..120 => (far, "s"),
        120..7200 => (far / 60, "min"),
        7200..172_800 => (far / 3600, "h"),
        _ => (far / 86_400, "days"),
    };
    let far = if at < now { format!("{number} {unit} ago") } else { format!("in {number} {unit}") };
    format!("{} UTC ({far})", date(at))
}

/// The civil date of a time (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn date(at: u64) -> String {
    let (days, second) = (at / 86_400 + 719_468, at % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // As `date -u -d @N` says.
        for (at, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_700_000_000, "2023-11-14 22:13:20"),
            (4_107_542_399, "2100-02-28 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(date(at), text);
        }
        assert_eq!(time(60, 0), "1970-01-01 00:01:00 UTC (in 60 s)");
        assert_eq!(time(0, 86_400 * 3), "1970-01-01 00:00:00 UTC (3 days ago)");
    }
}
