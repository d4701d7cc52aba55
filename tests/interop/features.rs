//! The columns of the matrix: each feature is one function, the same for every server and every client.
//!
//! Commands that a puppet answers: `join URL TOKEN`, `leave`, `speak HERTZ`, `hear USER` (ok HERTZ RMS, where Stoa adds how many frames
//! came from redundant copies, and how many were concealed; or ok opus with the packets in hexadecimal), `mute 0|1`,
//! `subscribe USER 0|1`, `data reliable|lossy TOPIC TEXT`, `text TOPIC TEXT`, `bytes TOPIC HEX`, `token` (ok given, or ok refreshed),
//! `can WHAT` (none where the client cannot `resume`, `be seen speaking`, `send redundant copies`).
//! Events: `joined USER`, `left USER`, `muted USER 0|1`, `speaking USER`, `data USER TOPIC reliable|lossy TEXT`,
//! `text USER TOPIC TEXT`, `bytes USER TOPIC HEX`, `reconnected`, `closed REASON`.

use super::proxy::Proxy;
use super::puppet::{Outcome, Puppet, Stop, failed};
use super::servers::{Loss, ROOM, Server, token};
use super::tone;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The tones, Hz: ours, and the peer's.
const OURS: f64 = 440.0;
pub const THEIRS: f64 = 660.0;

/// Two clients on their way into one room: `stoa`, Stoa's through its C header, and `peer`, the row's.
pub struct Scene {
    pub stoa: Puppet,
    pub peer: Puppet,
    pub stoa_way: Proxy,
    pub peer_way: Proxy,
    /// One more of Stoa's clients.
    pub another: fn(&'static str) -> Puppet,
    // The last, so that it ends after its clients.
    pub server: Server,
}

pub type Cell = fn(&mut Scene) -> Outcome;

/// In the order in which they run: some end the stay of one, the last ends the room.
pub const FEATURES: &[(&str, Cell)] = &[
    ("join", join),
    ("speak", speak),
    ("hear", hear),
    ("active speakers", active_speakers),
    ("redundancy", redundancy),
    ("mute", mute),
    ("hear of a mute", hear_of_a_mute),
    ("subscribe", subscribe),
    ("data", data),
    ("text stream", text_stream),
    ("byte stream", byte_stream),
    ("token refresh", token_refresh),
    ("resume", resume),
    ("room service", room_service),
    ("server-side mute", server_side_mute),
    ("duplicate identity", duplicate_identity),
    ("leave", leave),
    ("removal", removal),
    ("room closed", room_closed),
];

fn join(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["join", &scene.peer_way.url(), &token(scene.peer.user)])?;
    enter(scene)?;
    scene.stoa.event(&["joined", scene.peer.user])?;
    scene.peer.event(&["joined", scene.stoa.user]).map(drop)
}

/// Stoa's client joins.
fn enter(scene: &mut Scene) -> Outcome {
    scene.stoa.ask(&["join", &scene.stoa_way.url(), &token(scene.stoa.user)]).map(drop)
}

/// Both in the room and speaking, after one of them was not.
fn again(scene: &mut Scene) -> Outcome {
    scene.stoa.forget();
    scene.peer.forget();
    join(scene)?;
    scene.stoa.ask(&["speak", &OURS.to_string()])?;
    scene.peer.ask(&["speak", &THEIRS.to_string()]).map(drop)
}

/// One hears the other's tone. Returns what else the answer had.
fn heard(listener: &mut Puppet, speaker: &str, hertz: f64) -> Outcome<Vec<String>> {
    let answer = listener.ask(&["hear", speaker])?;
    let number = |index: usize| answer.get(index).and_then(|word| word.parse::<f64>().ok()).unwrap_or(f64::NAN);
    let (frequency, rms) = match answer.first().map(String::as_str) {
        Some("opus") => tone::of_packets(&answer[1]),
        _ => (number(0), number(1)),
    };
    // Some play a little faster or slower for a while, to catch up with the network.
    if (frequency / hertz - 1.0).abs() < 0.03 && rms > 1000.0 {
        return Ok(answer);
    }
    failed(format!("{} hears {frequency} Hz of {speaker} at {rms} rms, and not {hertz} Hz", listener.user))
}

fn speak(scene: &mut Scene) -> Outcome {
    scene.stoa.ask(&["speak", &OURS.to_string()])?;
    heard(&mut scene.peer, scene.stoa.user, OURS).map(drop)
}

fn hear(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["speak", &THEIRS.to_string()])?;
    heard(&mut scene.stoa, scene.peer.user, THEIRS).map(drop)
}

/// Both are speaking, and each is told of the other.
fn active_speakers(scene: &mut Scene) -> Outcome {
    scene.peer.event(&["speaking", scene.stoa.user])?;
    scene.peer.ask(&["can", "be seen speaking"])?;
    scene.stoa.event(&["speaking", scene.peer.user]).map(drop)
}

/// The server's packets are lost now and then: Stoa hears from the copies in those that arrive, and the peer hears on.
fn redundancy(scene: &mut Scene) -> Outcome {
    let Some(_loss) = Loss::start(&scene.server.udp_ports, 10) else {
        return Err(Stop::None("losing packets needs root and nftables".into()));
    };
    heard(&mut scene.peer, scene.stoa.user, OURS)?;
    scene.peer.ask(&["can", "send redundant copies"])?;
    // By chance no packet may be lost, or so many in a row that the copies are lost with them.
    let mut last = failed("nothing was heard");
    for _ in 0..3 {
        last = heard(&mut scene.stoa, scene.peer.user, THEIRS);
        if last.as_ref().is_ok_and(|answer| answer.get(2).is_some_and(|copies| copies != "0")) {
            return Ok(());
        }
    }
    last.and(failed("of the lost packets none was heard from a copy"))
}

fn mute(scene: &mut Scene) -> Outcome {
    muted_by(&mut scene.stoa, &mut scene.peer)
}

fn hear_of_a_mute(scene: &mut Scene) -> Outcome {
    muted_by(&mut scene.peer, &mut scene.stoa)
}

fn muted_by(one: &mut Puppet, other: &mut Puppet) -> Outcome {
    for muted in ["1", "0"] {
        one.ask(&["mute", muted])?;
        other.event(&["muted", one.user, muted])?;
    }
    Ok(())
}

fn subscribe(scene: &mut Scene) -> Outcome {
    let (stoa, peer) = (&mut scene.stoa, &mut scene.peer);
    stoa.ask(&["subscribe", peer.user, "0"])?;
    stoa.ask(&["subscribe", peer.user, "1"])?;
    heard(stoa, peer.user, THEIRS)?;
    peer.ask(&["subscribe", stoa.user, "0"])?;
    peer.ask(&["subscribe", stoa.user, "1"])?;
    heard(peer, stoa.user, OURS).map(drop)
}

/// From the peer to Stoa, and back.
fn both_ways(scene: &mut Scene, exchange: impl Fn(&mut Puppet, &mut Puppet) -> Outcome) -> Outcome {
    exchange(&mut scene.peer, &mut scene.stoa)?;
    exchange(&mut scene.stoa, &mut scene.peer)
}

fn data(scene: &mut Scene) -> Outcome {
    both_ways(scene, |from, to| {
        for way in ["reliable", "lossy"] {
            from.ask(&["data", way, "game", "gehört 🎲"])?;
            to.event(&["data", from.user, "game", way, "gehört 🎲"])?;
        }
        Ok(())
    })
}

fn text_stream(scene: &mut Scene) -> Outcome {
    let text = "voice 🎉 e\u{301} 語 ".repeat(4_000);
    both_ways(scene, |from, to| {
        from.ask(&["text", "chat", &text])?;
        to.event(&["text", from.user, "chat", &text]).map(drop)
    })
}

fn byte_stream(scene: &mut Scene) -> Outcome {
    let hex: String = (0..50_000u32).map(|n| format!("{:02x}", n as u8)).collect();
    both_ways(scene, |from, to| {
        from.ask(&["bytes", "file", &hex])?;
        to.event(&["bytes", from.user, "file", &hex]).map(drop)
    })
}

/// The server gave a token of its own: with LiveKit's server Stoa has it, with Stoa's the peer.
fn token_refresh(scene: &mut Scene) -> Outcome {
    let client = if scene.server.is_stoa { &mut scene.peer } else { &mut scene.stoa };
    let end = Instant::now() + Duration::from_secs(5);
    while client.ask(&["token"])? == ["given"] {
        if Instant::now() > end {
            return failed(format!("{} has only the token that it was given", client.user));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The peer's WebSocket is cut: it comes back, nobody saw it leave, and both hear on.
fn resume(scene: &mut Scene) -> Outcome {
    let (stoa, peer) = (&mut scene.stoa, &mut scene.peer);
    peer.ask(&["can", "resume"])?;
    scene.peer_way.cut();
    peer.event(&["reconnected"])?;
    heard(stoa, peer.user, THEIRS)?;
    heard(peer, stoa.user, OURS)?;
    peer.ask(&["data", "reliable", "resumed", "still here"])?;
    // What came before it is there as well.
    stoa.event(&["data", peer.user, "resumed", "reliable"])?;
    if stoa.saw(&["left", peer.user]) { failed("the other one saw it leave") } else { Ok(()) }
}

/// A call of the room service that has to be answered well.
fn serve(scene: &Scene, method: &str, mut request: Value) -> Outcome<Value> {
    request["room"] = json!(ROOM);
    match scene.server.call(method, &request) {
        (200, answer) => Ok(answer),
        (404, _) if scene.server.is_stoa => Err(Stop::None("`stoa serve` has no room service".into())),
        (status, answer) => failed(format!("{method} is answered {status}: {answer}")),
    }
}

fn room_service(scene: &mut Scene) -> Outcome {
    let rooms = serve(scene, "ListRooms", json!({}))?;
    let participants = serve(scene, "ListParticipants", json!({}))?;
    for user in [scene.stoa.user, scene.peer.user] {
        sid_of(&participants, user)?;
    }
    if rooms["rooms"][0]["name"] != ROOM {
        return failed(format!("the room is not listed: {rooms}"));
    }
    let request = json!({"data": "Z29uZw==", "kind": "RELIABLE", "topic": "notice"});
    serve(scene, "SendData", request)?;
    scene.stoa.event(&["data", "", "notice", "reliable", "gong"])?;
    scene.peer.event(&["data", "", "notice", "reliable", "gong"]).map(drop)
}

/// The id of a user's microphone.
fn sid_of(participants: &Value, user: &str) -> Outcome<String> {
    let list = participants["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sid = list.iter().find(|one| one["identity"] == user).and_then(|one| one["tracks"][0]["sid"].as_str());
    sid.map(str::to_owned).ok_or_else(|| Stop::Failed(format!("no track of {user} is listed: {participants}")))
}

fn server_side_mute(scene: &mut Scene) -> Outcome {
    let participants = serve(scene, "ListParticipants", json!({}))?;
    let sid = sid_of(&participants, scene.stoa.user)?;
    scene.peer.forget();
    serve(scene, "MutePublishedTrack", json!({"identity": scene.stoa.user, "track_sid": sid, "muted": true}))?;
    scene.peer.event(&["muted", scene.stoa.user, "1"])?;
    // The server speaks to Stoa in order: once it told of someone else, it has told of the mute.
    let mut passer_by = (scene.another)("passer-by");
    passer_by.ask(&["join", &scene.stoa_way.url(), &token(passer_by.user)])?;
    scene.stoa.event(&["joined", passer_by.user])?;
    passer_by.ask(&["leave"])?;
    scene.stoa.ask(&["mute", "0"])?;
    scene.peer.event(&["muted", scene.stoa.user, "0"])?;
    heard(&mut scene.peer, scene.stoa.user, OURS).map(drop)
}

/// Whoever joins under a name that is taken sends the one before away: the peer, and then Stoa's client.
fn duplicate_identity(scene: &mut Scene) -> Outcome {
    let mut second = (scene.another)(scene.peer.user);
    second.ask(&["join", &scene.stoa_way.url(), &token(second.user)])?;
    scene.peer.event(&["closed", "duplicate"])?;
    second.ask(&["leave"])?;
    let mut second = (scene.another)(scene.stoa.user);
    second.ask(&["join", &scene.stoa_way.url(), &token(second.user)])?;
    scene.stoa.event(&["closed", "duplicate"])?;
    second.ask(&["leave"])?;
    again(scene)
}

fn leave(scene: &mut Scene) -> Outcome {
    scene.stoa.ask(&["leave"])?;
    scene.peer.event(&["left", scene.stoa.user])?;
    enter(scene)?;
    scene.stoa.event(&["joined", scene.peer.user])?;
    scene.peer.ask(&["leave"])?;
    scene.stoa.event(&["left", scene.peer.user])?;
    scene.stoa.ask(&["leave"])?;
    again(scene)
}

fn removal(scene: &mut Scene) -> Outcome {
    for user in [scene.stoa.user, scene.peer.user] {
        serve(scene, "RemoveParticipant", json!({"identity": user}))?;
    }
    scene.stoa.event(&["closed", "removed"])?;
    scene.peer.event(&["closed", "removed"])?;
    again(scene)
}

fn room_closed(scene: &mut Scene) -> Outcome {
    serve(scene, "DeleteRoom", json!({}))?;
    scene.stoa.event(&["closed", "room closed"])?;
    scene.peer.event(&["closed", "room closed"]).map(drop)
}
