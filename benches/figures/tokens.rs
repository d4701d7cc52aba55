//! Tokens a second, by the C functions and by the official builders: each in one thread, by the time it had on a processor.

use super::process::this_thread;
use super::table::Row;
use std::ffi::{CStr, CString, c_char};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::ptr::null_mut;
use stoa::ffi::status::{stoa_last_error, stoa_status};
use stoa::ffi::token::{stoa_token_build_livekit, stoa_token_build_rtc, stoa_token_verify};

const APP: &CStr = c"0123456789abcdef0123456789abcdef";
const CERTIFICATE: &CStr = c"fedcba9876543210fedcba9876543210";
const COUNT: u32 = 100_000;
const AGORA_TOKEN: &str = "agora-token@2.0.6";
const LIVEKIT_API: &str = "livekit-api==1.2.2";
/// Brings the official Python AccessToken2 builder; its native half is not needed for that.
const REALTIME_AI: &str = "agora-realtime-ai-api==1.1.0";

fn must(status: stoa_status) {
    // SAFETY: the sentence is valid until the next call on this thread.
    assert_eq!(status, 0, "{}", unsafe { CStr::from_ptr(stoa_last_error()) }.to_string_lossy());
}

/// How many calls a second of processor time.
fn rate(mut call: impl FnMut()) -> f64 {
    (0..COUNT / 10).for_each(|_| call());
    let start = this_thread();
    (0..COUNT).for_each(|_| call());
    f64::from(COUNT) / (this_thread() - start).as_secs_f64()
}

pub fn measure() -> Vec<Row> {
    let mut buffer = [0 as c_char; 4096];
    let (at, size) = (buffer.as_mut_ptr(), buffer.len());
    let (room, user, day) = (c"hall".as_ptr(), c"7".as_ptr(), 3600);
    let (app, certificate) = (APP.as_ptr(), CERTIFICATE.as_ptr());
    // SAFETY: strings that end with a zero, and the room that is told.
    let rtc = || must(unsafe { stoa_token_build_rtc(app, certificate, room, user, day, at, size, null_mut()) });
    let access = rate(rtc);
    // SAFETY: what was built ends with a zero.
    let token = CString::from(unsafe { CStr::from_ptr(at) });
    let token = token.as_ptr();
    // SAFETY: as above.
    let verify = || must(unsafe { stoa_token_verify(token, app, certificate, room, user, at, size, null_mut()) });
    let verified = rate(verify);
    // SAFETY: as above.
    let livekit = || must(unsafe { stoa_token_build_livekit(app, certificate, room, user, day, at, size, null_mut()) });
    let jwt = rate(livekit);
    let python = python();
    let by_python = |name: &str| said(Command::new(python.as_ref()?).args([&here("tokens.py"), name]));
    let row = |what: &str, ours: f64, peers: &[(&str, Option<f64>)]| {
        let row = Row::new(what, format!("{ours:.0} a second"), "20 times");
        let told: Vec<String> = peers
            .iter()
            .filter_map(|(name, rate)| Some(format!("{name}: {:.0} a second (same run)", (*rate)?)))
            .collect();
        match peers.iter().filter_map(|(_, rate)| *rate).reduce(f64::max) {
            // The time for one token, as in the other rows: above 1, ours is the better one. The faster peer counts.
            Some(best) => row.peer(told.join(", "), 1.0 / best, 1.0 / ours),
            None => row,
        }
    };
    vec![
        row("AccessToken2 built, one core", access, &[("Node", by_node()), ("Python", by_python("access"))]),
        row("LiveKit JWT built, one core", jwt, &[("Python", by_python("livekit"))]),
        Row::new("AccessToken2 verified and shown as JSON, one core", format!("{verified:.0} a second"), "–"),
    ]
}

fn here(name: &str) -> String {
    format!("{}/benches/figures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn home(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&home).expect("the target directory can be written");
    home
}

/// The number that a peer prints; None: it could not be run, and why was said.
fn said(command: &mut Command) -> Option<f64> {
    let output = command.stderr(Stdio::inherit()).output().ok().filter(|output| output.status.success());
    let number = output.and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok());
    if number.is_none() {
        eprintln!("peer not run: {command:?}");
    }
    number
}

fn by_node() -> Option<f64> {
    let home = home("agora-token");
    if !home.join("node_modules/agora-token").exists() {
        let install = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", ".", AGORA_TOKEN];
        let _ = Command::new("npm").args(install).current_dir(&home).stdout(Stdio::null()).status();
    }
    said(Command::new("node").arg(here("tokens.js")).env("NODE_PATH", home.join("node_modules")))
}

fn python() -> Option<PathBuf> {
    let home = home("token-builders");
    let python = home.join("bin/python3");
    let run = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    let ready = || run(Command::new(&python).args([&here("tokens.py"), "ready"]).stderr(Stdio::null()));
    let pip = |arguments: &[&str]| run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(arguments));
    let made = || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home))
            && pip(&[LIVEKIT_API])
            && pip(&["--no-deps", REALTIME_AI])
            && ready()
    };
    (ready() || made()).then(|| python.clone())
}
