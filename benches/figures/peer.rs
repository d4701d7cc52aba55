//! The official client (PyPI `livekit`) on the same machine, in the same run, at our room server; where Python is there.

use super::load::{Client, run};
use super::room;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const PACKAGE: &str = "livekit==1.2.1";

/// None: it could not be run, and why was said.
pub fn conversations(count: usize) -> Option<Client> {
    let python = python()?;
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/figures/peer.py");
    let voice = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/voice.wav");
    let wrap = |url: &str| {
        let engine = room::engine(url);
        let token = |index: usize| {
            let (room, user) = (format!("room-{}", index / 2), ["ada", "bob"][index % 2]);
            engine.build_token(&room, user, Duration::from_secs(3600)).expect("a token")
        };
        let tokens: String = (0..2 * count).map(|index| token(index) + "\n").collect();
        let list = std::env::temp_dir().join(format!("stoa-bench-tokens-{}", std::process::id()));
        std::fs::write(&list, tokens).expect("a file for tokens");
        let mut command = Command::new(&python);
        command.args([here, url, voice]).stdin(std::fs::File::open(&list).expect("the tokens"));
        let _ = std::fs::remove_file(&list);
        command
    };
    Some(run(wrap))
}

/// A Python that has the client, in an environment of its own under `target/`.
fn python() -> Option<PathBuf> {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("peer");
    let python = home.join("bin/python3");
    let ready = |python: &PathBuf| succeeds(Command::new(python).args(["-c", "import livekit.rtc"]));
    if ready(&python)
        || (succeeds(Command::new("python3").args(["-m", "venv"]).arg(&home))
            && succeeds(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]))
            && ready(&python))
    {
        return Some(python);
    }
    eprintln!("peer not run: python3 with venv and pip, and {PACKAGE} from PyPI, are needed");
    None
}

fn succeeds(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
