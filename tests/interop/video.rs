//! Video between LiveKit's own Python clients (PyPI `livekit`: libwebrtc) on the `stoa` program: their encoders, their packets.

use super::servers::{self, KEY, SECRET};
use super::{peers, stage};
use std::path::Path;
use std::process::Command;

/// One after the other: encoders want the whole machine.
fn python_clients_see_each_other(runs: &[[&str; 3]]) {
    let _alone = stage::alone();
    for [mode, codec, kind] in runs {
        let server = servers::stoa();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/livekit_python_video.py");
        let url = format!("ws://{}", server.first());
        let arguments = [&url, KEY, SECRET, mode, codec, kind];
        let output = Command::new(peers::python()).arg("-B").arg(script).args(arguments).output().expect("Python runs");
        assert!(stage::passed(&format!("{mode} {codec} {kind}"), &output).ends_with("done\n"));
    }
}

#[test]
fn python_clients_see_each_other_in_vp8_with_layers() {
    python_clients_see_each_other(&[["single", "VP8", "simulcast"]]);
}

#[test]
#[ignore = "make interop runs it"]
fn python_clients_see_each_other_in_every_codec() {
    python_clients_see_each_other(&[
        ["single", "VP9", "plain"],
        ["single", "H264", "simulcast"],
        ["single", "AV1", "plain"],
        ["single", "VP9", "svc"],
        ["single", "AV1", "svc"],
        ["dual", "VP9", "simulcast"],
        ["dual", "VP8", "simulcast"],
    ]);
}
