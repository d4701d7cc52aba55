//! How each client's puppet is made and started. What is fetched goes into the target directory, the first time.

use super::puppet::Puppet;
use super::servers::{Server, go_tool};
use super::{features, stage, tone};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const PYTHON: [&str; 3] = ["livekit==1.2.1", "livekit-api==1.2.2", "numpy"];
const NODE: [&str; 3] = ["@livekit/rtc-node@1.1.0", "livekit-client@2.23.0", "puppeteer-core@24.43.1"];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/peers").join(name)
}

/// A program in the server's namespace.
fn within(server: &Server, program: impl AsRef<OsStr>) -> Command {
    let namespace = server.namespace.as_ref().expect("this server is beside a namespace");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &namespace.name]).arg(program);
    command
}

/// Stoa's client: a C program.
pub fn stoa(_: &Server, row: &'static str, user: &'static str) -> Puppet {
    stoa_as(user, row)
}

pub fn stoa_as(user: &'static str, row: &str) -> Puppet {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM
        .get_or_init(|| stage::compile("cc", &["-std=c99", "-g", "-O1"], "tests/interop/peers/stoa.c", "interop-stoa"));
    Puppet::start(user, Command::new(program), row)
}

/// The Python of a virtual environment with LiveKit's packages.
pub fn python() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("livekit-python");
        let python = venv.join("bin/python");
        let ready = Command::new(&python).args(["-c", "from livekit import api, rtc; import numpy"]).output();
        if !ready.is_ok_and(|output| output.status.success()) {
            eprintln!("making {} with {PYTHON:?} from PyPI", venv.display());
            stage::install("python3 -m venv", Command::new("python3").args(["-m", "venv"]).arg(&venv));
            stage::install("pip", Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PYTHON));
        }
        python
    })
}

fn python_peer(row: &str, mode: &str, user: &'static str) -> Puppet {
    let mut command = Command::new(python());
    command.arg("-B").arg(source("livekit_python.py")).arg(mode);
    Puppet::start(user, command, row)
}

pub fn python_single(_: &Server, row: &'static str, user: &'static str) -> Puppet {
    python_peer(row, "single", user)
}

pub fn python_dual(_: &Server, row: &'static str, user: &'static str) -> Puppet {
    python_peer(row, "dual", user)
}

/// The place where Node finds LiveKit's packages, with our scripts in it.
pub fn node_place() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    let place = READY.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("livekit-node");
        std::fs::create_dir_all(&place).expect("the target directory can be written");
        let wanted = NODE.join("\n");
        if std::fs::read_to_string(place.join("installed")).ok().as_deref() != Some(&wanted) {
            eprintln!("npm installs {NODE:?} into {}", place.display());
            let install = ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--prefix", "."];
            stage::install("npm", Command::new("npm").args(install).args(NODE).current_dir(&place));
            std::fs::write(place.join("installed"), wanted).expect("the target directory can be written");
        }
        place
    });
    // Node looks for packages beside the script.
    for name in ["lines.mjs", "rtc_node.mjs", "browser.mjs", "page.js", "page.mjs"] {
        std::fs::copy(source(name), place.join(name)).expect("the target directory can be written");
    }
    place
}

fn node_peer(command: Command, row: &str, user: &'static str, script: &str, arguments: &[&str]) -> Puppet {
    let (mut command, place) = (command, node_place());
    command.arg(place.join(script)).args(arguments).current_dir(place);
    Puppet::start(user, command, row)
}

pub fn rtc_node(_: &Server, row: &'static str, user: &'static str) -> Puppet {
    node_peer(Command::new("node"), row, user, "rtc_node.mjs", &[])
}

pub fn chromium(_: &Server, row: &'static str, user: &'static str) -> Puppet {
    node_peer(Command::new("node"), row, user, "browser.mjs", &["chrome", "chromium"])
}

/// In the server's namespace: it does not speak to loopback.
pub fn firefox(server: &Server, row: &'static str, user: &'static str) -> Puppet {
    node_peer(within(server, "node"), row, user, "browser.mjs", &["firefox", "firefox-esr"])
}

/// LiveKit's Pion client, in the server's namespace: it gathers no candidate on loopback.
fn pion(server: &Server, row: &str, user: &'static str, mode: &str) -> Puppet {
    let mut command = within(server, go_tool("interop-pion", "."));
    command.arg(mode).arg(tone::file(features::THEIRS));
    Puppet::start(user, command, row)
}

pub fn pion_single(server: &Server, row: &'static str, user: &'static str) -> Puppet {
    pion(server, row, user, "single")
}

pub fn pion_dual(server: &Server, row: &'static str, user: &'static str) -> Puppet {
    pion(server, row, user, "dual")
}
