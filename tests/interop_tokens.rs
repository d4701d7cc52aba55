//! The official builders and ours agree, both ways: npm's `agora-token` (AccessToken2), PyPI's `livekit-api` (JWT).
//!
//! Installs both under the target directory the first time, which needs Node, npm and Python 3.

mod stage;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use stoa::driver::token;

const AGORA_TOKEN: &str = "agora-token@2.0.6";
const LIVEKIT_API: &str = "livekit-api==1.2.2";
const APP: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const SECRET: &str = "a certificate of more than thirty-two characters";

fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&place).unwrap();
    place
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

/// What a program printed; it must have gone well.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; is it installed?"));
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}\n{wrong}");
    said.trim().to_string()
}

fn node(arguments: &[&str]) -> String {
    let place = place("agora-token");
    if !place.join("node_modules/agora-token").exists() {
        eprintln!("npm installs {AGORA_TOKEN} into {}", place.display());
        let install = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", ".", AGORA_TOKEN];
        stage::install("npm", Command::new("npm").args(install).current_dir(&place));
    }
    // Node looks for packages beside the script.
    std::fs::copy(script("agora_token.js"), place.join("agora_token.js")).unwrap();
    said(Command::new("node").arg(place.join("agora_token.js")).args(arguments))
}

fn python(arguments: &[&str]) -> String {
    let python = place("livekit-api").join("bin/python");
    let ready = Command::new(&python).args(["-c", "from livekit import api"]).output();
    if !ready.is_ok_and(|output| output.status.success()) {
        eprintln!("making a virtual environment with {LIVEKIT_API} from PyPI");
        stage::install("python3 -m venv", Command::new("python3").args(["-m", "venv"]).arg(place("livekit-api")));
        stage::install("pip", Command::new(&python).args(["-m", "pip", "install", "--quiet", LIVEKIT_API]));
    }
    said(Command::new(python).arg(script("livekit_api.py")).args(arguments))
}

/// Every service, as `agora_token.js` has them.
fn services() -> Value {
    let named = |mut service: Value, first: &str, second: &str| {
        service["privileges"] = json!({first: 600, second: 300});
        service
    };
    let permissions = json!({"message_channels": {"read": ["a", "b"]}, "users": {"write": []}});
    json!([
        named(json!({"type": "rtc", "channel": "hall", "uid": "7"}), "join_channel", "publish_audio"),
        named(json!({"type": "rtm", "user_id": "u"}), "login", "2"),
        named(json!({"type": "streaming", "channel": "c", "account": "acc"}), "publish_mix", "publish_raw"),
        named(json!({"type": "fpa"}), "login", "2"),
        named(json!({"type": "chat", "user_id": "u"}), "user", "app"),
        named(json!({"type": "fcdn", "channel": "c", "account": "acc"}), "publish", "play"),
        named(json!({"type": "apaas", "room_uuid": "r", "user_uuid": "u", "role": 3}), "room_user", "user"),
        named(json!({"type": "rtm2", "user_id": "u", "permissions": permissions}), "login", "2"),
        named(json!({"type": "convo_ai"}), "1", "2"),
        named(json!({"type": "stt"}), "1", "2"),
    ])
}

#[test]
fn agora_token_of_npm_agrees_both_ways() {
    let built = node(&["build", APP, CERTIFICATE]);
    let tokens: Vec<&str> = built.lines().collect();
    let shown = token::verify(tokens[0], APP, CERTIFICATE, "hall", "7").unwrap();
    assert_eq!(shown["claims"]["services"], services());
    assert_eq!(shown["claims"]["expire"], 600);
    let shown = token::verify(tokens[1], APP, CERTIFICATE, "hall", "7").unwrap();
    let privileges = json!({"join_channel": 300, "publish_audio": 300, "publish_video": 300, "publish_data": 300});
    assert_eq!(shown["claims"]["services"][0]["privileges"], privileges);
    assert!(token::verify(tokens[0], APP, APP, "", "").unwrap_err().text.contains("signature"));

    let document = json!({"family": "access_token2", "claims": {"expire": 600, "services": services()}}).to_string();
    let ours = token::build(&document, APP, CERTIFICATE).unwrap();
    let checked: Value = serde_json::from_str(&node(&["check", APP, CERTIFICATE, &ours])).unwrap();
    assert_eq!(checked, json!({"right": true, "wrong": false, "same": true, "app": APP, "expire": 600}));
}

#[test]
fn livekit_api_of_pypi_agrees_both_ways() {
    let theirs = python(&["build", "key", SECRET]);
    let shown = token::verify(&theirs, "key", SECRET, "hall", "ada").unwrap();
    let claims = &shown["claims"];
    let video = &claims["video"];
    for flag in [
        "roomJoin",
        "roomCreate",
        "roomList",
        "roomRecord",
        "roomAdmin",
        "ingressAdmin",
        "canPublishData",
        "canSubscribeMetrics",
        "canUpdateOwnMetadata",
        "hidden",
        "recorder",
        "agent",
    ] {
        assert_eq!(video[flag], true, "{flag}: {video}");
    }
    assert_eq!((&video["canPublish"], &video["canSubscribe"]), (&false.into(), &false.into()));
    assert_eq!((&video["destinationRoom"], &claims["kind"]), (&"other".into(), &"agent".into()));
    assert!(token::verify(&theirs, "key", "guess", "", "").unwrap_err().text.contains("signature"));

    // What they said, said again by us: nothing of it is lost.
    let ours = token::build(&shown.to_string(), "key", SECRET).unwrap();
    let checked: Value = serde_json::from_str(&python(&["check", "key", SECRET, &ours])).unwrap();
    assert_eq!(
        checked,
        json!({
            "wrong": "refused", "same": true, "identity": "ada", "name": "Ada", "kind": "agent", "metadata": "m",
            "attributes": {"lang": "de"}, "sha256": "abc", "preset": "big", "config": "hall", "timeout": 30,
            "call": true, "admin": true, "perform": true, "write": true,
        })
    );
}
