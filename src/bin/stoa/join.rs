//! `stoa join`: its flags, and what they mean together. `stay.rs` does it.

use crate::flags::{Flags, Item};
use crate::output::{self, Output};
use crate::player::Player;
use crate::recorder::Recorder;
use crate::stay::{Plan, Stay};
use crate::token::{self, Source};
use crate::wav::RATE;
use crate::{Exit, Failure};
use std::path::PathBuf;
use std::time::Duration;
use stoa::driver::{ChannelOptions, Engine, EngineOptions};
use stoa::token::pass;

pub const HELP: &str = "\
stoa join URL --token T [--play FILE.wav] [--record DIR] [--say TEXT...]
    Joins a room of the server at URL (ws://HOST:PORT, with TLS wss://HOST) and tells what happens there.
    HTTP proxies are taken from the environment: http_proxy, https_proxy, all_proxy, no_proxy.

  Who one is
    --token T          a token for the room; - reads it from standard input. Else STOA_TOKEN.
    --token-file FILE  a token from a file
    --room R           without a token: the room. The token is then made with --key and --secret. Where there is a key,
                       it counts more than STOA_TOKEN.
    --user U           without a token: who one is there (a number is chosen)
    --key K            the server's key (app id). Else STOA_KEY.
    --secret S         its secret (app certificate). Else STOA_SECRET. Others see arguments, but not the environment.
    --ca-file FILE     with wss://: a PEM file with the certificates to trust, and no others (the system's)

  What to do there
    --play FILE.wav    speak a WAV of any rate and format; - reads it from standard input
    --record DIR       write DIR/USER.wav for each user heard: mono, 16 bits, 48000 Hz. No file is overwritten.
    --say TEXT...      send messages to everyone, in this order
    --for TIME         stay that long (30, 90s, 10m, 1h). Without it: until what is played and said is done;
                       with --record, or with nothing to do, until interrupted.

  How to tell of it
    --json             stdout has one JSON object a line: every event, and a summary
    --quiet            errors only
    --help             this text

Exit codes: 0 done (or interrupted while it only listened); 1 it failed: no connection, no file, the room ended;
2 wrong usage; 3 the token was refused; 130 interrupted before it was done.
";

/// Room for what is read from a ring while a disk is slow, milliseconds.
const RECEIVE_QUEUE_MS: u32 = 10_000;
/// How far ahead a file is read, milliseconds.
const SEND_QUEUE_MS: u32 = 2_000;

/// What the flags say.
#[derive(Default)]
struct Given {
    url: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    room: Option<String>,
    user: Option<String>,
    key: Option<String>,
    secret: Option<String>,
    ca_file: Option<String>,
    play: Option<PathBuf>,
    record: Option<PathBuf>,
    say: Vec<String>,
    stay: Option<Duration>,
    json: bool,
    quiet: bool,
}

pub fn run(mut flags: Flags) -> Result<Exit, Failure> {
    let mut given = Given::default();
    while let Some(item) = flags.next()? {
        let flag = match item {
            Item::Flag(flag) => flag,
            Item::Value(url) if given.url.is_none() => {
                given.url = Some(url);
                continue;
            }
            Item::Value(value) => return Err(flags.too_many(&value)),
        };
        match flag.as_str() {
            "--token" => given.token = Some(flags.value()?),
            "--token-file" => given.token_file = Some(flags.path()?),
            "--room" => given.room = Some(flags.value()?),
            "--user" => given.user = Some(flags.value()?),
            "--key" => given.key = Some(flags.value()?),
            "--secret" => given.secret = Some(flags.value()?),
            "--ca-file" => given.ca_file = Some(flags.value()?),
            "--play" => given.play = Some(flags.path()?),
            "--record" => given.record = Some(flags.path()?),
            "--say" => given.say.extend(flags.values()?),
            "--for" => given.stay = Some(flags.duration()?),
            "--json" => given.json = true,
            "--quiet" => given.quiet = true,
            "--help" | "-h" => return output::print(flags.help()),
            _ => return Err(flags.unknown(&flag)),
        }
    }
    given.join()
}

/// Who one is in the room, and what may be done there as far as the token says.
#[derive(Default)]
struct Who {
    room: String,
    user: String,
    /// Empty: made of key and secret.
    token: String,
    key: String,
    secret: String,
    /// Where the token comes from, or what it is made with.
    by: &'static str,
    may_publish: bool,
    may_send: bool,
    may_hear: bool,
}

impl Given {
    fn source(&self) -> Source<'_> {
        Source { text: self.token.as_deref(), file: self.token_file.as_deref() }
    }

    fn join(self) -> Result<Exit, Failure> {
        let url = self.url.as_deref().unwrap_or_default();
        if url.is_empty() {
            let text =
                "stoa join needs the server's URL before its flags, as in stoa join ws://127.0.0.1:7880 --token T.";
            return Err(Failure::usage(text));
        }
        if self.source().is_stdin() && self.play.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            let text =
                "--token - and --play - cannot both read standard input; give the token by --token-file or STOA_TOKEN.";
            return Err(Failure::usage(text));
        }
        let who = self.who()?;
        for (flag, wanted, may, what) in [
            ("--play", self.play.is_some(), who.may_publish, "publish"),
            ("--say", !self.say.is_empty(), who.may_send, "send data"),
            ("--record", self.record.is_some(), who.may_hear, "hear others"),
        ] {
            if wanted && !may {
                let text = format!("{flag}: the token does not let its user {what}; take one that does.");
                return Err(Failure::new(Exit::Token, text));
            }
        }
        let player = self.play.as_deref().map(Player::open).transpose()?;
        let recorder = self.record.as_deref().map(|folder| {
            let name = folder.display();
            let failed = |error| {
                format!("--record {name}: the folder cannot be made ({error}); name one that is there, or can be made.")
            };
            Recorder::new(folder).map_err(|error| Failure::failed(failed(error)))
        });
        let recorder = recorder.transpose()?;
        let options = EngineOptions {
            // An engine has a name, also where it signs nothing.
            app_id: if who.key.is_empty() { "stoa".into() } else { who.key },
            app_certificate: who.secret,
            url: url.into(),
            ca_file: self.ca_file.unwrap_or_default(),
            ..EngineOptions::default()
        };
        options.validate().map_err(|error| Failure::of("stoa join", &error))?;
        let engine = Engine::new(options).map_err(|error| Failure::of_start("stoa join", &error))?;
        let options = ChannelOptions {
            name: who.room,
            user: who.user,
            token: who.token,
            sample_rate: RATE,
            subscribe_all: recorder.is_some(),
            send_queue_ms: SEND_QUEUE_MS,
            receive_queue_ms: RECEIVE_QUEUE_MS,
            listen_only: player.is_none(),
            ..ChannelOptions::default()
        };
        let channel = engine.create_channel(options).map_err(|error| Failure::of(who.by, &error))?;
        let plan = Plan { url: url.into(), by: who.by, player, recorder, say: self.say.into(), stay: self.stay };
        Stay::new(engine, channel, plan, Output::new(self.json, self.quiet), !self.quiet && !self.json)?.run()
    }

    /// The token, from wherever it is; the nearest to this call counts.
    fn who(&self) -> Result<Who, Failure> {
        if let Some(room) = &self.room {
            token::name("--room", room)?;
        }
        let user = self.user.clone().unwrap_or_default();
        if !user.is_empty() {
            token::name("--user", &user)?;
        }
        let source = self.source();
        let room = self.room.clone().unwrap_or_default();
        let key = || token::key(self.key.as_deref(), self.secret.as_deref());
        // A key of this call, or a room for which there is a key, is more than a token of the environment.
        let made = self.key.is_some() || !room.is_empty() && key().is_ok();
        let token = if source.is_named() || !made { source.read()? } else { None };
        if let Some(token) = token {
            let by = source.name();
            let pass = pass::read(&token, &room).map_err(|error| Failure::of(by, &error))?;
            let grant = &pass.claims.video;
            let room = if room.is_empty() { grant.room.clone() } else { room };
            if room.is_empty() {
                let text = format!("{by}: the token names no room; take one for a room.");
                return Err(Failure::new(Exit::Token, text));
            }
            let (may_publish, may_send) = (grant.may_publish_source("microphone"), grant.may_publish_data());
            let may_hear = grant.may_subscribe();
            return Ok(Who { room, user, token, by, may_publish, may_send, may_hear, ..Who::default() });
        }
        if room.is_empty() {
            let text = "stoa join needs a token: give --token T, --token-file FILE or STOA_TOKEN; \
                        or --room R with --key K and --secret S.";
            return Err(Failure::usage(text));
        }
        let (key, secret) = key()?;
        let given = self.key.is_some() || self.secret.is_some();
        let by = if given { "--key, --secret" } else { "STOA_KEY, STOA_SECRET" };
        let token = String::new();
        Ok(Who { room, user, token, key, secret, by, may_publish: true, may_send: true, may_hear: true })
    }
}
