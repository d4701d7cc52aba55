//! `stoa serve`: a room server in a process of its own.

use crate::flags::{Flags, Item};
use crate::interrupt::Interrupt;
use crate::output::{self, Output};
use crate::{Exit, Failure, page, token};
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use stoa::driver::{Server, ServerOptions};
use stoa::server::Level;

pub const HELP: &str = "\
stoa serve [--bind ADDR] [--port N] [--udp-port N] [--key KEY:SECRET]... [--dev] [--webhook URL]...
    Runs a room server until it is interrupted. Then it says goodbye to everyone and ends with 0.

    --bind ADDR        the address to listen at (127.0.0.1)
    --port N           TCP port for signalling (7880; 0 takes a free one)
    --udp-port N       UDP port for media (7882; 0 takes a free one)
    --key KEY:SECRET   a key that tokens may be signed with; repeat it for more. Else STOA_KEY with STOA_SECRET;
                       else a random one is made and printed.
    --dev              hand out tokens on the page at http://ADDR:PORT/, to everyone who can reach it: for development
    --webhook URL      post what happens in rooms there (https://HOST:PORT/PATH, or http://), signed with the first key;
                       repeat it for more
    --ca-file FILE     with https://: a PEM file with the certificates to trust, and no others (the system's)
    --metrics          show numbers for Prometheus at /metrics, to everyone who can reach the port
    --remote-unmute    let the room service unmute: it opens somebody's microphone from afar
    --quiet            no log
    --json             stdout has one JSON object a line: where it listens, then the log
    --help             this text

Exit codes: 0 interrupted; 1 it failed; 2 wrong usage, or an address that cannot be had.
";

/// How soon an interrupt is noticed.
const TICK: Duration = Duration::from_millis(50);

pub fn run(mut flags: Flags) -> Result<Exit, Failure> {
    let mut options = ServerOptions { port: 7880, udp_port: 7882, pages: &page::PAGES, ..Default::default() };
    let (mut quiet, mut json) = (false, false);
    while let Some(item) = flags.next()? {
        let flag = match item {
            Item::Flag(flag) => flag,
            Item::Value(value) => return Err(flags.too_many(&value)),
        };
        match flag.as_str() {
            "--bind" => {
                let text = flags.value()?;
                let cure = format!("{text} is no IP address; give one, as in 127.0.0.1, 0.0.0.0 or ::1.");
                options.bind = text.parse::<IpAddr>().map_err(|_| flags.bad(&cure))?;
            }
            "--port" => options.port = flags.port()?,
            "--udp-port" => options.udp_port = flags.port()?,
            "--key" => {
                let text = flags.value()?;
                let pair = text.split_once(':').filter(|(key, secret)| !key.is_empty() && !secret.is_empty());
                let cure = "must have a key and its secret with a colon between, as in --key app:secret.";
                let (key, secret) = pair.ok_or_else(|| flags.bad(cure))?;
                options.keys.push((key.into(), secret.into()));
            }
            "--dev" => options.development = true,
            "--webhook" => options.webhooks.push(flags.value()?),
            "--ca-file" => options.ca_file = flags.value()?,
            "--metrics" => options.metrics = true,
            "--remote-unmute" => options.remote_unmute = true,
            "--quiet" => quiet = true,
            "--json" => json = true,
            "--help" | "-h" => return output::print(flags.help()),
            _ => return Err(flags.unknown(&flag)),
        }
    }
    let interrupt = Interrupt::listen()?;
    let output = Arc::new(Output::new(json, false));
    let mut made = None;
    let mut by = ("--key", "the secret of --key");
    if options.keys.is_empty() {
        let key = match token::environment_key() {
            Some(key) => {
                by = ("STOA_KEY", "STOA_SECRET");
                key
            }
            None => made.insert(("stoa".to_string(), random_secret()?)).clone(),
        };
        options.keys.push(key);
    }
    for (key, secret) in &options.keys {
        token::name(by.0, key)?;
        token::name(by.1, secret)?;
    }
    options.validate().map_err(|error| Failure::of("--webhook", &error))?;
    let address = format!("--bind {} --port {} --udp-port {}", options.bind, options.port, options.udp_port);
    let log = {
        let output = output.clone();
        move |level, line: &str| {
            if quiet {
                return;
            }
            if json {
                let level = if level == Level::Warning { "warn" } else { "info" };
                output.tell("", || json!({"event": "log", "level": level, "text": line}));
            } else {
                output::complain(line);
            }
        }
    };
    let server = Server::with_log(options, Arc::new(log)).map_err(|error| Failure::of_start(&address, &error))?;
    let key = made.as_ref().map_or(String::new(), |(key, secret)| format!("key {key}:{secret}\n"));
    let page = server.url().replacen("ws", "http", 1);
    let told = format!("{key}serving {} (media on UDP {}), a page at {page}/", server.url(), server.udp_port());
    output.tell(&told, || {
        let mut object =
            json!({"event": "listening", "url": server.url(), "port": server.port(), "udp_port": server.udp_port()});
        // A key that was given is known to who gave it.
        if let Some((key, secret)) = &made {
            object["key"] = key.clone().into();
            object["secret"] = secret.clone().into();
        }
        object
    });
    while !interrupt.asked() {
        std::thread::sleep(TICK);
    }
    server.close();
    // Its output may be gone for long: a server does not mind.
    output.tell("", || json!({"event": "closed"}));
    Ok(Exit::Done)
}

/// 256 bits, as hexadecimal digits.
fn random_secret() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    let filled = getrandom::fill(&mut bytes);
    filled
        .map_err(|error| Failure::failed(format!("No random secret could be made ({error}); give one with --key.")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
