//! Video between LiveKit's own Python clients (PyPI `livekit`: libwebrtc) on the `stoa` program: their encoders, their packets.
//!
//! Makes a virtual environment under the target directory the first time, which needs Python 3 and PyPI.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PACKAGES: [&str; 3] = ["livekit==1.2.1", "livekit-api==1.2.2", "numpy"];
const KEY: &str = "app";
const SECRET: &str = "a certificate of more than thirty-two characters";

/// The environment of `interop_python.rs`: who runs first makes it.
fn python() -> PathBuf {
    let venv = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("livekit-python");
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
    fn start() -> (Serve, String) {
        let key = format!("{KEY}:{SECRET}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_stoa"))
            .args(["serve", "--port", "0", "--udp-port", "0", "--key", &key])
            .stdout(Stdio::piped())
            .spawn()
            .expect("stoa starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("stoa says where it serves");
        let url =
            line.split(' ').find(|word| word.starts_with("ws://")).unwrap_or_else(|| panic!("no URL in {line:?}"));
        (Serve(child), url.to_string())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One after the other: encoders want the whole machine.
#[test]
fn python_clients_see_each_other() {
    let runs = [
        ("single", "VP8", "simulcast"),
        ("single", "VP9", "plain"),
        ("single", "H264", "simulcast"),
        ("single", "AV1", "plain"),
        ("single", "VP9", "svc"),
        ("dual", "VP9", "simulcast"),
        ("dual", "VP8", "simulcast"),
    ];
    for (mode, codec, kind) in runs {
        let (_serve, url) = Serve::start();
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/livekit_python_video.py");
        let arguments = [&url, KEY, SECRET, mode, codec, kind];
        let output = Command::new(python()).arg(script).args(arguments).output().expect("Python runs");
        let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.ends_with("done\n"), "{mode} {codec} {kind}: {said}\n{wrong}");
    }
}
