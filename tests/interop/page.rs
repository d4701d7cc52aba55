//! The page of `stoa serve` in real Chromium, and a participant in C in the same room.
//!
//! STOA_PICTURE=docs/page.png also takes a picture of it.

use super::puppet::{Puppet, Stop};
use super::servers::{Loss, Server, stoa_at, token};
use super::{peers, stage, tone};
use serde_json::json;
use std::path::Path;
use std::process::Command;

fn page() -> Puppet {
    let mut command = Command::new("node");
    command.arg("page.mjs").arg(tone::voice()).current_dir(peers::node_place());
    Puppet::start("grace", command, "page")
}

fn number(answer: &[String], index: usize) -> f64 {
    answer.get(index).and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

fn url(server: &Server, scheme: &str) -> String {
    format!("{scheme}://{}/", server.first())
}

/// What the page's microphone hears is heard in C.
fn is_heard(stoa: &mut Puppet) {
    let answer = stoa.ask(&["hear", "grace"]).unwrap();
    let (hertz, rms) = (number(&answer, 0), number(&answer, 1));
    assert!((hertz / tone::VOICE - 1.0).abs() < 0.05 && rms > 200.0, "the page is heard with {hertz} Hz at {rms} rms");
}

#[test]
fn one_at_the_page_and_one_in_c_talk_to_each_other() {
    let _alone = stage::alone();
    let server = stoa_at("127.0.0.1", &["--dev"]);
    let (mut grace, mut stoa) = (page(), peers::stoa_as("ada", "page"));
    stoa.ask(&["join", &url(&server, "ws"), &token("ada")]).unwrap();
    stoa.ask(&["speak", "440"]).unwrap();

    // A name and Enter are enough.
    grace.ask(&["open", &url(&server, "http")]).unwrap();
    grace.ask(&["type", "#user", "grace"]).unwrap();
    grace.ask(&["press", "Enter"]).unwrap();
    grace.ask(&["see", "#state", "grace in hall"]).unwrap();
    grace.ask(&["see", "#people .name", "ada"]).unwrap();
    grace.ask(&["see", "#count", "2"]).unwrap();
    stoa.event(&["joined", "grace"]).unwrap();

    // Each hears the other, and the page tells how well.
    is_heard(&mut stoa);
    let meter = "#people [data-identity=ada] meter";
    let level = number(&grace.ask(&["level", meter, "0.1"]).unwrap(), 0);
    assert!(level > 0.1, "the page shows the level {level}");

    let delay = number(&grace.ask(&["number", "#delay", "0"]).unwrap(), 0);
    assert!(delay < 2000.0, "the page shows a delay of {delay} ms");
    grace.ask(&["see", "#trip", " ms"]).unwrap();
    grace.ask(&["see", "#loss", " %"]).unwrap();
    match Loss::start(&server, 20) {
        Err(Stop::None(why)) => eprintln!("without loss: {why}"),
        loss => {
            let _loss = loss.unwrap();
            grace.ask(&["number", "#loss", "5"]).unwrap();
        }
    }

    stoa.ask(&["text", "lk.chat", "Hello from C"]).unwrap();
    grace.ask(&["see", "#messages li", "Hello from C"]).unwrap();
    grace.ask(&["type", "#text", "Hello from the page"]).unwrap();
    grace.ask(&["press", "Enter"]).unwrap();
    stoa.event(&["text", "grace", "lk.chat", "Hello from the page"]).unwrap();
    if let Some(path) = std::env::var_os("STOA_PICTURE") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        grace.ask(&["level", "#people [data-identity=grace] meter", "0.1"]).unwrap();
        grace.ask(&["picture", path.to_str().expect("a path is text")]).unwrap();
        let bytes = path.metadata().expect("there is a picture").len();
        assert!(bytes < 100_000, "the picture has {bytes} bytes");
    }
    let width = number(&grace.ask(&["width", "360"]).unwrap(), 0);
    assert!(width <= 360.0, "on a telephone the page is {width} px wide");

    // By keyboard alone: mute, unmute, leave.
    for (muted, next) in [("1", "Unmute"), ("0", "Mute")] {
        grace.ask(&["press", "Space", "#mute"]).unwrap();
        stoa.event(&["muted", "grace", muted]).unwrap();
        grace.ask(&["see", "#mute", next]).unwrap();
    }
    // Muted by the server, who wants to be heard again finds the button to be so.
    let hall = json!({"room": "hall", "identity": "grace"});
    let (_, found) = server.call("GetParticipant", &hall);
    let track = &found["tracks"][0]["sid"];
    let mute = json!({"room": "hall", "identity": "grace", "trackSid": track, "muted": true});
    assert_eq!(server.call("MutePublishedTrack", &mute).0, 200, "{found}");
    grace.ask(&["see", "#mute", "Unmute"]).unwrap();
    grace.ask(&["press", "Enter", "#leave"]).unwrap();
    stoa.event(&["left", "grace"]).unwrap();
    grace.ask(&["see", "#join"]).unwrap();
    let width = number(&grace.ask(&["width", "360"]).unwrap(), 0);
    assert!(width <= 360.0, "on a telephone the form is {width} px wide");

    // Another room: nobody is there.
    grace.ask(&["type", "#room", "garden"]).unwrap();
    grace.ask(&["press", "Enter"]).unwrap();
    grace.ask(&["see", "#state", "grace in garden"]).unwrap();
    grace.ask(&["see", "#count", "1"]).unwrap();
    assert_eq!(grace.ask(&["elsewhere"]).unwrap(), [""; 0], "the page needs no other server");
}

#[test]
fn without_dev_the_page_asks_for_a_token_and_takes_a_pasted_one() {
    let _alone = stage::alone();
    let server = stoa_at("127.0.0.1", &[]);
    let (mut grace, mut stoa) = (page(), peers::stoa_as("ada", "page"));
    stoa.ask(&["join", &url(&server, "ws"), &token("ada")]).unwrap();
    grace.ask(&["open", &url(&server, "http")]).unwrap();
    grace.ask(&["see", "#pasted[open] #token"]).unwrap();
    grace.ask(&["press", "Enter", "#user"]).unwrap();
    grace.ask(&["see", "#trouble", "--dev"]).unwrap();
    grace.ask(&["type", "#token", &token("grace")]).unwrap();
    grace.ask(&["press", "Enter", "#join button"]).unwrap();
    grace.ask(&["see", "#state", "grace in hall"]).unwrap();
    stoa.event(&["joined", "grace"]).unwrap();
    is_heard(&mut stoa);
}
