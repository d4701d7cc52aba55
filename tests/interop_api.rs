//! LiveKit's own server SDK (PyPI `livekit-api`) on the `stoa` program, with LiveKit's own clients in the rooms.
//!
//! Makes a virtual environment under the target directory the first time, which needs Python 3 and PyPI.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PACKAGES: [&str; 3] = ["livekit==1.2.1", "livekit-api==1.2.2", "numpy"];
const KEY: &str = "app";
const SECRET: &str = "a certificate of more than thirty-two characters";

/// The environment that `interop_python.rs` uses too.
fn python() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("livekit-python");
    let python = venv.join("bin/python");
    let ready = Command::new(&python).args(["-c", "from livekit import api, rtc; import numpy"]).output();
    if !ready.is_ok_and(|output| output.status.success()) {
        eprintln!("making {} with {PACKAGES:?} from PyPI", venv.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES));
    }
    python
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// `stoa serve`, which ends with the test.
struct Serve(Child);

impl Serve {
    fn start(more: &[&str]) -> (Serve, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stoa"))
            .args(["serve", "--port", "0", "--udp-port", "0", "--key", &format!("{KEY}:{SECRET}")])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("stoa starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("stoa says where it serves");
        let url = line.split(' ').find(|word| word.starts_with("ws://")).unwrap_or_else(|| panic!("no URL: {line:?}"));
        (Serve(child), url.to_string())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn livekits_server_sdk_administers_rooms_and_takes_webhooks() {
    // Free a moment ago; the script binds it before anything is told.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let (_serve, url) = Serve::start(&["--metrics", "--webhook", &format!("http://127.0.0.1:{port}/hook")]);
    let (_open, unmute_url) = Serve::start(&["--remote-unmute"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/livekit_api_rooms.py");
    let arguments = [&url, KEY, SECRET, &port, &unmute_url];
    let output = Command::new(python()).arg(script).args(arguments).output().expect("Python runs");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.ends_with("all seen\n"), "{said}\n{wrong}");
}
