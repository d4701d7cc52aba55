//! LiveKit's own server SDK (PyPI `livekit-api`) on the `stoa` program, with LiveKit's own clients in the rooms.

use super::servers::{KEY, SECRET, free_tcp, stoa_at};
use super::{peers, stage};
use std::path::Path;
use std::process::Command;

#[test]
fn livekits_server_sdk_administers_rooms_and_takes_webhooks() {
    let _alone = stage::alone();
    // The script binds it before anything is told.
    let port = free_tcp().to_string();
    let server = stoa_at("127.0.0.1", &["--metrics", "--webhook", &format!("http://127.0.0.1:{port}/hook")]);
    let open = stoa_at("127.0.0.1", &["--remote-unmute"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/livekit_api_rooms.py");
    let [url, unmute_url] = [&server, &open].map(|server| format!("ws://{}", server.first()));
    let arguments = [&url, KEY, SECRET, &port, &unmute_url];
    let output = Command::new(peers::python()).arg(script).args(arguments).output().expect("Python runs");
    assert!(stage::passed("livekit_api_rooms.py", &output).ends_with("all seen\n"));
}
