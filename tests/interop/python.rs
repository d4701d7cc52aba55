//! LiveKit's Python clients on `stoa serve` among themselves, and what the matrix asks of no client: streams word by word and
//! from files, a late listener, a token of ours read by theirs.

use super::servers::{self, KEY, SECRET};
use super::{peers, stage};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use stoa::Status;
use stoa::client::people::OwnChange;
use stoa::driver::{Channel, ChannelOptions, Engine, EngineOptions};
use stoa::event::{EventBody, MessageFormat};
use stoa::message::chunks::Outgoing;
use stoa::token::jwt::{self, Claims, VideoGrant};

const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn converse(script: &str, mode: &str, token: Option<&str>, end: &str) {
    let _alone = stage::alone();
    let serve = servers::stoa();
    let url = format!("ws://{}", serve.first());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
    let output = Command::new(peers::python())
        .arg(script)
        .args([&url, KEY, SECRET, mode])
        .args(token)
        .output()
        .expect("Python runs");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    assert!(said.ends_with(end), "it went to the end: {said}");
}

/// Text and byte streams there and back: what the client sends arrives whole, and the client reads what we send.
fn exchange_messages(mode: &str) {
    let _alone = stage::alone();
    let serve = servers::stoa();
    let url = format!("ws://{}", serve.first());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/livekit_python_messages.py");
    let mut command = Command::new(peers::python());
    command.arg("-B").arg(script).args([&url, KEY, SECRET, mode]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let peer = command.spawn().expect("Python runs");
    let options = EngineOptions { app_id: KEY.into(), app_certificate: SECRET.into(), url, ..EngineOptions::default() };
    let engine = Engine::new(options).unwrap();
    let options = ChannelOptions { name: "hall".into(), user: "stoa".into(), ..ChannelOptions::default() };
    let channel = engine.create_channel(options).unwrap();
    channel.connect(LONG).unwrap();
    let long = "voice 🎉 e\u{301} 語 ".repeat(40_000);
    let bytes: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    // What the peer sends first, in its order: a text at once, a text word by word, bytes, an empty text.
    let expected = [
        ("chat", MessageFormat::Text, long.as_bytes()),
        ("words", MessageFormat::Text, "one two three".as_bytes()),
        ("file", MessageFormat::Bytes, &bytes),
        ("chat", MessageFormat::Text, b""),
    ];
    for (topic, format, payload) in expected {
        let message = until(&channel, topic, |event| matches!(event, EventBody::Message { .. }));
        let EventBody::Message { user, topic: its, format: of, payload: got, .. } = message else { unreachable!() };
        assert_eq!((user.as_str(), its.as_str(), of), ("pia", topic, format));
        assert!(got == payload, "{topic}: {} bytes", got.len());
    }
    for (topic, format, payload) in expected {
        let message = Outgoing {
            id: String::new(),
            format,
            topic: topic.into(),
            to: vec!["pia".into()],
            lossy: false,
            payload: payload.to_vec(),
        };
        let ticket = channel.send_message(message).unwrap();
        assert_eq!(channel.wait_sent(ticket, LONG), Ok(Status::OK));
    }
    let output = peer.wait_with_output().expect("Python ends");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.ends_with("all read\n"), "{said}\n{wrong}");
    engine.close(Duration::from_secs(2)).unwrap();
}

#[test]
fn a_stoa_channel_exchanges_messages_with_a_python_client() {
    exchange_messages("single");
    exchange_messages("dual");
}

/// Calls, names, metadata and attributes, both ways.
fn tell_and_call(mode: &str) {
    let _alone = stage::alone();
    let serve = servers::stoa();
    let url = format!("ws://{}", serve.first());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/livekit_python_people.py");
    let mut command = Command::new(peers::python());
    command.arg(script).args([&url, KEY, SECRET, mode]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let peer = command.spawn().expect("Python runs");
    let options = EngineOptions { app_id: KEY.into(), app_certificate: SECRET.into(), url, ..EngineOptions::default() };
    let engine = Engine::new(options).unwrap();
    let options = ChannelOptions { name: "hall".into(), user: "stoa".into(), ..ChannelOptions::default() };
    let channel = engine.create_channel(options).unwrap();
    channel.rpc_register("add").unwrap();
    channel.connect(LONG).unwrap();
    // The other's calls, until it has told of itself.
    let mut told = [false; 3];
    while told != [true; 3] {
        match channel.poll_event(LONG).unwrap().expect("an event within 20 s").body {
            EventBody::RpcCalled { user, method, call, payload, timeout_us, .. } => {
                assert_eq!((user.as_str(), method.as_str(), timeout_us), ("pia", "add", 8_000_000));
                match payload.as_str() {
                    "2 3" => channel.rpc_answer(call, "5").unwrap(),
                    "fail" => channel.rpc_fail(call, 77, "no numbers").unwrap(),
                    long => channel.rpc_answer(call, &"y".repeat(long.len())).unwrap(),
                }
            }
            EventBody::UserNameChanged { user, name } if user == "pia" => told[0] = name == "Pia",
            EventBody::UserMetadataChanged { user, metadata } if user == "pia" => told[1] = metadata == "from Python",
            EventBody::UserAttributesChanged { user, changed } if user == "pia" => told[2] = changed == r#"{"hat":""}"#,
            _ => {}
        }
    }
    let pia = channel.person("pia").unwrap().to_json();
    assert_eq!((&pia["name"], &pia["attributes"]["seat"]), (&"Pia".into(), &"7".into()));
    // Calls of our own.
    let call = |method: &str, payload: &str, timeout| {
        let ticket = channel.rpc_call("pia", method, payload, timeout).unwrap();
        let outcome = channel.rpc_wait(ticket, LONG).unwrap().expect("it ends");
        (outcome.status, outcome.code, outcome.text, outcome.payload)
    };
    let long = Duration::from_secs(15);
    let nothing = String::new;
    assert_eq!(call("greet", "bob", long), (Status::OK, 0, nothing(), "stoa greets bob".into()));
    assert_eq!(call("greet", "nobody", long), (Status::REFUSED, 101, "there is nobody".into(), "data".into()));
    assert_eq!(call("greet", "slowly", Duration::from_secs(2)).1, 1502);
    assert_eq!(call("other", "", long).1, 1400);
    assert_eq!(call("done", "", long).0, Status::OK);
    let attributes = [("kind".to_string(), "stone".to_string())].into();
    let change = OwnChange { name: "Stoa".into(), metadata: "from C".into(), attributes };
    assert_eq!(channel.change_own(change, LONG), Ok(Status::OK));
    // The change is ahead of the leave on the same wire.
    channel.disconnect(LONG).unwrap();
    let output = peer.wait_with_output().expect("Python ends");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.ends_with("left\n"), "{said}\n{wrong}");
    engine.close(Duration::from_secs(2)).unwrap();
}

#[test]
fn a_stoa_channel_and_a_python_client_call_each_other() {
    tell_and_call("single");
    tell_and_call("dual");
}

fn until(channel: &Channel, what: &str, wanted: impl Fn(&EventBody) -> bool) -> EventBody {
    loop {
        let event = channel.poll_event(LONG).unwrap().unwrap_or_else(|| panic!("not seen within 20 s: {what}"));
        if wanted(&event.body) {
            return event.body;
        }
    }
}

#[test]
fn python_clients_converse_over_one_peer_connection() {
    let unix_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = Claims {
        sub: "carol".into(),
        name: "Carol".into(),
        metadata: "m".into(),
        attributes: [("a".to_string(), "b".to_string())].into(),
        exp: unix_s + 60,
        nbf: unix_s,
        video: VideoGrant {
            room: "hall".into(),
            room_join: true,
            can_publish: Some(false),
            can_publish_sources: vec!["microphone".into()],
            ..Default::default()
        },
        ..Default::default()
    };
    converse("livekit_python.py", "single", Some(&jwt::build(&claims, KEY, SECRET)), "left\n");
}

#[test]
fn python_clients_converse_over_two_peer_connections() {
    converse("livekit_python.py", "dual", None, "left\n");
}

#[test]
fn python_clients_send_each_other_data_tracks() {
    for mode in ["single", "dual"] {
        converse("livekit_python_data_tracks.py", mode, None, "unpublished\n");
    }
}

#[test]
fn python_clients_resume_after_a_lost_websocket() {
    for mode in ["single", "dual"] {
        converse("livekit_python_resume.py", mode, None, "resumed\n");
    }
}
