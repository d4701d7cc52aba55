//! The command line.

use std::io::Read;
use std::net::IpAddr;
use std::process::ExitCode;
use stoa::driver::{Server, ServerOptions};

const HELP: &str = "\
stoa: real-time voice for programs.

stoa serve [--bind ADDR] [--port N] [--udp-port N] [--key KEY:SECRET]...
    Runs a room server until it is interrupted.
    --bind ADDR        the address to listen at (127.0.0.1)
    --port N           TCP port for signalling (7880; 0 takes a free one)
    --udp-port N       UDP port for media (7882; 0 takes a free one)
    --key KEY:SECRET   a key that tokens may be signed with; repeat it for more. Without one, a random one is made and printed.
    --quiet            no log on stderr
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("serve") => serve(&arguments[1..]),
        Some("--help" | "-h" | "help") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("stoa does not know the command {other}; stoa --help lists what it knows.")),
        None => Err("stoa needs a command; stoa --help lists what it knows.".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
    }
}

fn serve(arguments: &[String]) -> Result<(), String> {
    let mut options = ServerOptions { port: 7880, udp_port: 7882, ..Default::default() };
    let mut quiet = false;
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{flag} needs a value; stoa --help tells which."));
        match flag.as_str() {
            "--bind" => {
                let text = value()?;
                let bad = |_| format!("--bind {text} is no IP address; give one, as in 127.0.0.1, 0.0.0.0 or ::1.");
                options.bind = text.parse::<IpAddr>().map_err(bad)?;
            }
            "--port" => options.port = port(flag, value()?)?,
            "--udp-port" => options.udp_port = port(flag, value()?)?,
            "--key" => {
                let text = value()?;
                let (key, secret) =
                    text.split_once(':').filter(|(k, s)| !k.is_empty() && !s.is_empty()).ok_or_else(|| {
                        "--key must have a key and its secret with a colon between, as in --key app:secret.".to_string()
                    })?;
                options.keys.push((key.into(), secret.into()));
            }
            "--quiet" => quiet = true,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(format!("stoa serve does not know {other}; stoa --help lists its flags.")),
        }
    }
    if options.keys.is_empty() {
        let secret =
            random_secret().map_err(|e| format!("No random secret could be made ({e}); give one with --key."))?;
        println!("key stoa:{secret}");
        options.keys.push(("stoa".into(), secret));
    }
    let log = move |_, line: &str| {
        if !quiet {
            eprintln!("{line}");
        }
    };
    let server = Server::with_log(options, Box::new(log)).map_err(|error| error.text)?;
    println!("serving {} (media on UDP {})", server.url(), server.udp_port());
    loop {
        std::thread::park();
    }
}

fn port(flag: &str, text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("{flag} {text} is no port; give a number from 0 to 65535."))
}

fn random_secret() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
