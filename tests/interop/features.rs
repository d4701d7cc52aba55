//! The columns of the matrix: each feature is one function, the same for every server and every client.
//!
//! Commands that a puppet answers: `join URL TOKEN`, `leave`, `speak HERTZ`, `hear USER` (ok HERTZ RMS, where Stoa adds how many frames
//! came from redundant copies, and how many were concealed; or ok opus with the packets in hexadecimal), `mute 0|1`,
//! `subscribe USER 0|1`, `data reliable|lossy TOPIC TEXT`, `text TOPIC TEXT`, `bytes TOPIC HEX`, `token` (ok given, or ok refreshed),
//! `call USER METHOD TEXT` (ok ANSWER, or ok error CODE; each client has the method `greet`), `describe NAME METADATA ATTRIBUTES`,
//! `film plain|layers` (320 × 180, or 960 × 540 in layers down to that), `watch USER` (ok WIDTH HEIGHT, after some pictures),
//! `layer USER low|high` (asks for it), `push HEX TIME` (a frame of the data track `gauge`, over and over; or frames of its own),
//! `pull USER` (ok HEX TIME; or ok whole, of a client that looks at what comes itself), `scenarios` (ok and the faults that the client
//! can simulate and after which it joins anew), `simulate SCENARIO|node-failure|server-leave`,
//! `can WHAT` (none where the client cannot `resume`, `be seen speaking`, `send redundant copies`, `be called`,
//! `name topics` (it neither sends topics nor tells them, nor how a packet came), `film`, `choose layers`, `push frames`,
//! `send media over TCP`).
//! Stoa's client answers more: `reconnect`, `keep USER` (opens a stream that stays open), `hear-kept USER` (as `hear`, by that stream
//! and without subscribing), `subscribed USER` (ok and the state of the subscription).
//! Events: `joined USER`, `left USER`, `muted USER 0|1`, `speaking USER`, `data USER TOPIC reliable|lossy TEXT`,
//! `text USER TOPIC TEXT`, `bytes USER TOPIC HEX`, `name USER NAME`, `metadata USER TEXT`, `attributes USER JSON`, `quality USER LEVEL`,
//! `reconnecting` (of Stoa alone), `reconnected`, `closed REASON`.

mod coming_back;
mod data_tracks;
mod video;

use super::limits;
use super::proxy::Proxy;
use super::puppet::{Outcome, Puppet, Stop, failed};
use super::rows::Peer;
use super::servers::{Loss, ROOM, Server, token};
use super::tone;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The tones, Hz: ours, and the peer's.
pub const OURS: f64 = 440.0;
pub const THEIRS: f64 = 660.0;

/// How long coming back may take: clients wait between attempts, and a cluster finds out that a node is gone.
const LONG: Duration = Duration::from_secs(60);

/// Two clients on their way into one room: `stoa`, Stoa's through its C header, and `peer`, the row's.
pub struct Scene {
    pub stoa: Puppet,
    pub peer: Puppet,
    pub stoa_way: Proxy,
    pub peer_way: Proxy,
    /// How many peer connections each of them is to have.
    pub connections: [usize; 2],
    pub row: &'static str,
    /// One more client like the peer.
    pub peer_as: Peer,
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
    ("call", call),
    ("answer a call", answer_a_call),
    ("tell of oneself", tell_of_oneself),
    ("hear of the other", hear_of_the_other),
    ("quality", quality),
    ("video", video::plain),
    ("video layers", video::layers),
    ("data track", data_tracks::data_track),
    ("resume", coming_back::resume),
    ("Stoa resumes", coming_back::stoa_resumes),
    ("Stoa loses nothing", coming_back::stoa_loses_nothing),
    ("loses nothing", coming_back::peer_loses_nothing),
    ("reconnect now", coming_back::reconnect_now),
    ("network lost", coming_back::network_lost),
    ("full reconnect", coming_back::full_reconnect),
    ("node failure", coming_back::node_failure),
    ("server leave", coming_back::server_leave),
    ("server restart", coming_back::server_restart),
    ("rejoin as before", coming_back::rejoin_as_before),
    ("room service", room_service),
    ("server-side mute", server_side_mute),
    ("duplicate identity", duplicate_identity),
    ("leave", leave),
    ("ICE over TCP", ice_over_tcp),
    ("removal", removal),
    ("room closed", room_closed),
];

fn join(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["join", &scene.peer_way.url(), &token(scene.peer.user)])?;
    has_connections(&scene.server, &scene.peer, &scene.peer_way, scene.connections[1])?;
    enter(scene)?;
    scene.stoa.event(&["joined", scene.peer.user])?;
    scene.peer.event(&["joined", scene.stoa.user]).map(drop)
}

/// Stoa's client joins.
fn enter(scene: &mut Scene) -> Outcome {
    scene.stoa.ask(&["join", &scene.stoa_way.url(), &token(scene.stoa.user)])?;
    has_connections(&scene.server, &scene.stoa, &scene.stoa_way, scene.connections[0])
}

/// Who just joined did so with this number of peer connections: the path tells, and what `stoa serve` says.
fn has_connections(server: &Server, puppet: &Puppet, way: &Proxy, wanted: usize) -> Outcome {
    let (count, name) = (way.peer_connections(), ["one peer connection,", "two peer connections,"][wanted - 1]);
    let (log, joins) = (server.log(), format!("{} in {ROOM} joins with ", puppet.user));
    let said = log.lines().rfind(|line| line.contains(&joins)).unwrap_or_default();
    if count != wanted || server.is_stoa && !said.contains(name) {
        return failed(format!("{} joined with {count} peer connections, not {wanted}: {said}", puppet.user));
    }
    Ok(())
}

/// Both in the room and speaking, after one of them was not.
pub fn again(scene: &mut Scene) -> Outcome {
    scene.stoa.forget();
    scene.peer.forget();
    join(scene)?;
    scene.stoa.ask(&["speak", &OURS.to_string()])?;
    scene.peer.ask(&["speak", &THEIRS.to_string()]).map(drop)
}

/// One hears the other's tone. Returns what else the answer had.
pub fn heard(listener: &mut Puppet, speaker: &str, hertz: f64) -> Outcome<Vec<String>> {
    heard_by("hear", listener, speaker, hertz)
}

/// The same, by one of the commands for it.
fn heard_by(command: &str, listener: &mut Puppet, speaker: &str, hertz: f64) -> Outcome<Vec<String>> {
    let answer = listener.ask(&[command, speaker])?;
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
    let _loss = Loss::start(&scene.server, 10)?;
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
    let topic = topic_of(scene, "game");
    both_ways(scene, |from, to| {
        for way in ["reliable", "lossy"] {
            from.ask(&["data", way, topic, "gehört 🎲"])?;
            let came = to.event(&["data", from.user, topic])?;
            if came != [way, "gehört 🎲"] && came != ["unknown", "gehört 🎲"] {
                return failed(format!("what {} sends to {} comes as {came:?}", from.user, to.user));
            }
        }
        Ok(())
    })
}

/// A topic for packets, or none for a client that has no topics.
fn topic_of(scene: &mut Scene, topic: &'static str) -> &'static str {
    if scene.peer.ask(&["can", "name topics"]).is_ok() { topic } else { "" }
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

/// Stoa calls the peer.
fn call(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "be called"])?;
    calls(&mut scene.stoa, scene.peer.user)
}

fn answer_a_call(scene: &mut Scene) -> Outcome {
    calls(&mut scene.peer, scene.stoa.user)
}

fn calls(one: &mut Puppet, other: &str) -> Outcome {
    let greeting = format!("the hall greets {}", one.user);
    for (method, text, expected) in
        [("greet", "the hall", greeting.as_str()), ("greet", "nobody", "error 101"), ("none such", "", "error 1400")]
    {
        let answer = one.ask(&["call", other, method, text])?;
        if answer != [expected] {
            return failed(format!("{method} of {text} by {} is answered {answer:?}, not {expected}", one.user));
        }
    }
    Ok(())
}

fn tell_of_oneself(scene: &mut Scene) -> Outcome {
    described_by(&mut scene.stoa, &mut scene.peer)
}

fn hear_of_the_other(scene: &mut Scene) -> Outcome {
    described_by(&mut scene.peer, &mut scene.stoa)
}

fn described_by(one: &mut Puppet, other: &mut Puppet) -> Outcome {
    let (name, metadata, attributes) = ("Zoë 🎲", format!("about {}", one.user), r#"{"seat":"7"}"#);
    one.ask(&["describe", name, &metadata, attributes])?;
    other.event(&["name", one.user, name])?;
    other.event(&["metadata", one.user, &metadata])?;
    other.event(&["attributes", one.user, attributes]).map(drop)
}

/// Both are told how good the connections are, and that they are worse while the server's packets are lost. After that the peer hears on.
fn quality(scene: &mut Scene) -> Outcome {
    for puppet in [&mut scene.stoa, &mut scene.peer] {
        puppet.event(&["quality"])?;
        puppet.forget();
    }
    let loss = Loss::start(&scene.server, 30)?;
    for puppet in [&mut scene.stoa, &mut scene.peer] {
        while !matches!(puppet.event_within(LONG, &["quality"])?.last().map(String::as_str), Some("poor" | "lost")) {}
    }
    drop(loss);
    heard(&mut scene.peer, scene.stoa.user, OURS).map(drop)
}

/// What the peer does while a second client like it does something.
fn beside_another(scene: &mut Scene, command: &[&str], exchange: impl Fn(&mut Puppet, &str) -> Outcome) -> Outcome {
    let mut other = (scene.peer_as)(&scene.server, scene.row, "paul");
    other.ask(&["join", &scene.peer_way.url(), &token(other.user)])?;
    other.ask(command)?;
    scene.peer.event(&["joined", other.user])?;
    exchange(&mut scene.peer, other.user)?;
    other.ask(&["leave"])?;
    scene.peer.event(&["left", other.user]).map(drop)
}

/// A call of the room service that has to be answered well.
fn serve(scene: &Scene, method: &str, mut request: Value) -> Outcome<Value> {
    request["room"] = json!(ROOM);
    match scene.server.call(method, &request) {
        (200, answer) => Ok(answer),
        (status, answer) => failed(format!("{method} is answered {status}: {answer}")),
    }
}

fn room_service(scene: &mut Scene) -> Outcome {
    let rooms = serve(scene, "ListRooms", json!({}))?;
    // Some clients say that they speak before the server knows of the track.
    let end = Instant::now() + Duration::from_secs(5);
    for user in [scene.stoa.user, scene.peer.user] {
        while let Err(stop) = sid_of(&serve(scene, "ListParticipants", json!({}))?, user) {
            if Instant::now() > end {
                return Err(stop);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    if rooms["rooms"][0]["name"] != ROOM {
        return failed(format!("the room is not listed: {rooms}"));
    }
    let request = json!({"data": "Z29uZw==", "kind": "RELIABLE", "topic": "notice"});
    serve(scene, "SendData", request)?;
    scene.stoa.event(&["data", "", "notice", "reliable", "gong"])?;
    let came = if topic_of(scene, "notice").is_empty() { ["", "unknown"] } else { ["notice", "reliable"] };
    scene.peer.event(&["data", "", came[0], came[1], "gong"]).map(drop)
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

/// Each sees the other one leave. Who comes back is heard.
fn leave(scene: &mut Scene) -> Outcome {
    scene.stoa.ask(&["leave"])?;
    scene.peer.event(&["left", scene.stoa.user])?;
    scene.peer.forget();
    enter(scene)?;
    scene.stoa.event(&["joined", scene.peer.user])?;
    scene.peer.event(&["joined", scene.stoa.user])?;
    scene.stoa.ask(&["speak", &OURS.to_string()])?;
    heard(&mut scene.peer, scene.stoa.user, OURS)?;
    scene.peer.ask(&["leave"])?;
    scene.stoa.event(&["left", scene.peer.user])?;
    scene.stoa.ask(&["leave"])?;
    again(scene)
}

/// UDP does not pass: both join, and speak and hear over TCP. After that they come back to UDP.
fn ice_over_tcp(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "send media over TCP"])?;
    let blocked = Loss::of_udp(&scene.server)?;
    again_from_outside(scene)?;
    heard(&mut scene.peer, scene.stoa.user, OURS)?;
    heard(&mut scene.stoa, scene.peer.user, THEIRS)?;
    drop(blocked);
    again_from_outside(scene)
}

/// Both leave, and come back.
fn again_from_outside(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["leave"])?;
    scene.stoa.ask(&["leave"])?;
    again(scene)
}

fn removal(scene: &mut Scene) -> Outcome {
    // LiveKit's server closes a WebSocket on which a message comes just as it removes its participant, and its Leave goes unsent: who
    // hears the other has said all there is to say.
    heard(&mut scene.peer, scene.stoa.user, OURS)?;
    heard(&mut scene.stoa, scene.peer.user, THEIRS)?;
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
