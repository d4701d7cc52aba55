//! What users tell of themselves, what the server says of their connections, and what it does to a microphone.

use crate::sim::{Link, Options, QUIET, Sim, ms, token, tone};
use prost::Message as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stoa::client::people::OwnChange;
use stoa::event::{ConnectionState, EventBody, Quality, Reason};
use stoa::signal::livekit as lk;
use stoa::signal::livekit::signal_response::Message;
use stoa::{Result, Status};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn may(user: &str) -> Options {
    let own = |claims: &mut stoa::token::jwt::Claims| {
        claims.video.can_update_own_metadata = Some(true);
        claims.name = "Before".into();
        claims.attributes = BTreeMap::from([("seat".into(), "1".into()), ("hat".into(), "red".into())]);
    };
    Options { token: Some(token(user, own)), ..Options::default() }
}

fn change(name: &str, metadata: &str, attributes: &[(&str, &str)]) -> OwnChange {
    let attributes = attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    OwnChange { name: name.into(), metadata: metadata.into(), attributes }
}

/// What became of a change: nothing yet, Some(None) where it was dropped.
type Outcome = Arc<Mutex<Option<Result<()>>>>;

impl Sim {
    fn change(&mut self, client: usize, change: OwnChange) -> Outcome {
        let outcome = Outcome::default();
        let told = outcome.clone();
        let now = self.now;
        let done = Box::new(move |result| *told.lock().unwrap() = Some(result));
        self.clients[client].voice.change_own(now, change, done);
        outcome
    }

    fn info(&self, client: usize, user: &str) -> Value {
        self.clients[client].voice.people().find(user).expect("in the room").to_json()
    }

    /// A message of the server's, as if it had come.
    fn server_says(&mut self, client: usize, message: Message) {
        let bytes = lk::SignalResponse { message: Some(message) }.encode_to_vec();
        let now = self.now;
        self.clients[client].voice.session().message(now, &bytes);
        self.run(ms(1));
    }

    fn qualities(&self, client: usize, of: &str) -> Vec<(Quality, Quality)> {
        let told = |event: &EventBody| match event {
            EventBody::ConnectionQualityChanged { user, old, new } if user == of => Some((*old, *new)),
            _ => None,
        };
        self.clients[client].events.iter().filter_map(told).collect()
    }
}

#[test]
fn name_metadata_and_attributes_reach_everybody() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", may("ada"));
    let bob = sim.join("bob", Options::default());
    sim.run(ms(300));
    let before = sim.info(bob, "ada");
    assert_eq!((&before["name"], &before["attributes"]), (&json!("Before"), &json!({"hat": "red", "seat": "1"})));
    let outcome = sim.change(ada, change("Ada", "m", &[("seat", "2"), ("hat", ""), ("coat", "blue")]));
    assert!(outcome.lock().unwrap().is_none());
    sim.run(ms(100));
    assert_eq!(*outcome.lock().unwrap(), Some(Ok(())));
    for client in [ada, bob] {
        let info = sim.info(client, "ada");
        assert_eq!((&info["name"], &info["metadata"]), (&json!("Ada"), &json!("m")));
        assert_eq!(info["attributes"], json!({"coat": "blue", "seat": "2"}));
        let user = || "ada".to_string();
        let told: Vec<_> = [
            EventBody::UserNameChanged { user: user(), name: "Ada".into() },
            EventBody::UserMetadataChanged { user: user(), metadata: "m".into() },
            EventBody::UserAttributesChanged { user: user(), changed: r#"{"coat":"blue","hat":"","seat":"2"}"#.into() },
        ]
        .into_iter()
        .map(|expected| sim.clients[client].events.iter().filter(|event| **event == expected).count())
        .collect();
        assert_eq!(told, [1, 1, 1], "each is told once");
    }
    // Who joins later finds it; what is as it was is no news.
    let cyd = sim.join("cyd", Options::default());
    assert_eq!(sim.info(cyd, "ada")["attributes"]["coat"], "blue");
    let events = sim.clients[bob].events.len();
    let again = sim.change(ada, change("Ada", "", &[("hat", "")]));
    sim.run(ms(100));
    assert_eq!(*again.lock().unwrap(), Some(Ok(())));
    let news = &sim.clients[bob].events[events..];
    let is_news = |event: &&EventBody| {
        !matches!(
            event,
            EventBody::UserJoined { .. }
                | EventBody::SubscribeStateChanged { .. }
                | EventBody::ConnectionQualityChanged { .. }
        )
    };
    assert!(news.iter().find(is_news).is_none(), "{news:?}");
}

#[test]
fn what_the_token_does_not_allow_or_is_too_long_is_refused() {
    let mut sim = Sim::new(2);
    let (ada, bob) = (sim.join("ada", may("ada")), sim.join("bob", Options::default()));
    sim.run(ms(300));
    let cases = [
        (bob, change("Bob", "", &[]), Status::NOT_ALLOWED),
        (ada, change(&"n".repeat(257), "", &[]), Status::LIMIT),
        (ada, change("", &"m".repeat(65_537), &[]), Status::LIMIT),
        (ada, change("", "", &[("a", &"x".repeat(65_536))]), Status::LIMIT),
    ];
    for (client, change, status) in cases {
        let outcome = sim.change(client, change);
        sim.run(ms(100));
        let outcome = outcome.lock().unwrap().take().expect("an answer");
        assert_eq!(outcome.unwrap_err().status, status);
    }
    assert_eq!(sim.info(ada, "bob")["name"], "");
    // Attributes do not grow by many requests either.
    let mut refused = 0;
    for n in 0..10 {
        let outcome = sim.change(ada, change("", "", &[(&n.to_string(), &"x".repeat(10_000))]));
        sim.run(ms(50));
        refused += u64::from(outcome.lock().unwrap().take().expect("an answer").is_err());
    }
    assert_eq!(refused, 4);
    // One that takes some away has room again.
    let outcome = sim.change(ada, change("", "", &[("0", ""), ("9", "y")]));
    sim.run(ms(50));
    assert_eq!(outcome.lock().unwrap().take(), Some(Ok(())));
}

#[test]
fn requests_end_when_nobody_answers_and_are_bounded() {
    let mut sim = Sim::new(3);
    let ada = sim.join("ada", may("ada"));
    sim.run(ms(300));
    sim.clients[ada].link.cut = true;
    let outcomes: Vec<_> = (0..65).map(|n| sim.change(ada, change(&format!("Ada {n}"), "", &[]))).collect();
    sim.run(ms(0));
    let status = |n: usize| outcomes[n].lock().unwrap().clone().map(|outcome| outcome.unwrap_err().status);
    assert_eq!(status(64), Some(Status::LIMIT));
    sim.run(ms(9_999));
    assert_eq!(status(0), None);
    sim.run(ms(1));
    assert_eq!((status(0), status(63)), (Some(Status::TIMED_OUT), Some(Status::TIMED_OUT)));
    // With the connection they go without a word.
    let outcome = sim.change(ada, change("Ada", "", &[]));
    assert_eq!(Arc::strong_count(&outcome), 2);
    sim.clients[ada].voice.leave();
    sim.run(ms(1));
    assert_eq!((outcome.lock().unwrap().take(), Arc::strong_count(&outcome)), (None, 1));
}

#[test]
fn one_user_as_json_has_everything() {
    let mut sim = Sim::new(4);
    let (ada, bob) = (sim.join("ada", may("ada")), sim.join("bob", Options::default()));
    sim.run(secs(6));
    sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(2)), Some(ms(0)));
    sim.run(ms(1000));
    let mut info = sim.info(bob, "ada");
    assert_eq!(info["speaking"], true);
    sim.clients[ada].voice.mute(true);
    sim.run(secs(5));
    info = sim.info(bob, "ada");
    let id = info["tracks"][0]["id"].clone();
    assert!(id.as_str().unwrap().starts_with("TR_"));
    let expected = json!({
        "user": "ada", "name": "Before", "metadata": "", "attributes": {"hat": "red", "seat": "1"}, "kind": "standard",
        "joined_ms": info["joined_ms"], "quality": "excellent", "speaking": false, "muted": true,
        "permission": {"can_publish": true, "can_publish_sources": [], "can_publish_data": true, "can_subscribe": true,
            "can_update_metadata": true, "hidden": false},
        "tracks": [{"id": id, "name": "microphone", "kind": "audio", "source": "microphone", "muted": true}],
    });
    assert_eq!(info, expected);
    let joined = info["joined_ms"].as_u64().unwrap();
    assert!((crate::sim::EPOCH * 1000..crate::sim::EPOCH * 1000 + 1000).contains(&joined));
    let room = sim.clients[bob].voice.people().room_json();
    assert_eq!((&room["name"], &room["users"], &room["recording"]), (&json!("room"), &json!(2), &json!(false)));
    sim.clients[ada].voice.leave();
    sim.run(ms(100));
    assert!(sim.clients[bob].voice.people().find("ada").is_none());
    assert_eq!(sim.clients[bob].voice.people().room_json()["users"], 1);
}

#[test]
fn a_lossy_link_lowers_the_quality_and_a_good_one_raises_it_again() {
    let mut sim = Sim::new(5);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    let cyd = sim.join("cyd", Options { subscribe_all: false, ..Options::default() });
    sim.run(ms(300));
    for client in [ada, bob] {
        sim.clients[client].queue.push(&tone(440.0, 24_000, secs(30)), Some(ms(0)));
    }
    sim.run(secs(10));
    let good = [(Quality::Unknown, Quality::Excellent)];
    assert_eq!((sim.qualities(bob, "ada"), sim.qualities(ada, "ada")), (good.to_vec(), good.to_vec()));
    // A quarter is lost on ada's line, both ways.
    sim.clients[ada].link = Link { loss: 0.25, ..QUIET };
    sim.run(secs(11));
    let poor = |sim: &Sim, client: usize| sim.qualities(client, "ada").last().map(|(_, new)| *new);
    for client in [ada, bob, cyd] {
        assert_eq!(poor(&sim, client), Some(Quality::Poor), "client {client}");
        assert_eq!(sim.info(client, "ada")["quality"], "poor");
    }
    // bob hears the holes in what comes from ada, but his own line is good.
    assert_eq!(sim.qualities(ada, "bob"), good);
    sim.clients[ada].link = QUIET;
    sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(20)), Some(ms(0)));
    sim.run(secs(28));
    let told: Vec<_> = sim.qualities(bob, "ada").into_iter().map(|(_, new)| new).collect();
    assert_eq!(told.first(), Some(&Quality::Excellent));
    assert_eq!(told[told.len() - 2..], [Quality::Good, Quality::Excellent], "{told:?}");
}

#[test]
fn loss_on_the_way_to_a_listener_is_the_listeners() {
    let mut sim = Sim::new(6);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    sim.run(ms(300));
    sim.clients[bob].link = Link { loss: 0.3, ..QUIET };
    // bob's reports, one in 5 s, get lost as well.
    let poor = |sim: &mut Sim| {
        sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(20)), Some(ms(0)));
        sim.run(secs(20));
        sim.info(ada, "bob")["quality"] == "poor"
    };
    assert!((0..5).any(|_| poor(&mut sim)), "{:?}", sim.qualities(ada, "bob"));
    assert_eq!(sim.info(ada, "ada")["quality"], "excellent");
}

#[test]
fn a_server_that_knows_nobody_is_told_again() {
    let mut sim = Sim::new(12);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, may(user)));
    sim.run(ms(300));
    let told = sim.change(ada, change("Ada", "the same", &[("hat", "green"), ("seat", "")]));
    sim.run(ms(100));
    assert_eq!(*told.lock().unwrap(), Some(Ok(())));
    sim.stop_server();
    sim.run(secs(1));
    // Who is on the way back is still known.
    assert_eq!(sim.info(bob, "ada")["metadata"], "the same");
    sim.start_server();
    let back = |sim: &Sim| sim.clients.iter().all(|client| client.voice.state() == ConnectionState::Connected);
    assert!(sim.run_until(secs(30), back));
    sim.run(secs(1));
    for client in [ada, bob] {
        let info = sim.info(client, "ada");
        assert_eq!((&info["name"], &info["metadata"]), (&"Ada".into(), &"the same".into()));
        assert_eq!(info["attributes"], json!({"hat": "green"}));
    }
}

#[test]
fn who_is_cut_off_is_lost() {
    let mut sim = Sim::new(7);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    sim.run(secs(6));
    sim.clients[ada].link.cut = true;
    let lost = |sim: &Sim| sim.qualities(bob, "ada").last() == Some(&(Quality::Excellent, Quality::Lost));
    assert!(sim.run_until(secs(20), lost), "{:?}", sim.qualities(bob, "ada"));
}

#[test]
fn the_server_mutes_the_microphone_and_the_application_unmutes_it() {
    let mut sim = Sim::new(8);
    let (ada, bob) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    sim.run(ms(300));
    let heard = sim.record(bob, "ada");
    sim.clients[ada].queue.push(&tone(440.0, 24_000, secs(3)), Some(ms(0)));
    sim.run(ms(500));
    assert!(heard.frames().len() > 15);
    let sid = sim.info(ada, "ada")["tracks"][0]["id"].as_str().unwrap().to_string();
    sim.server_says(ada, Message::Mute(lk::MuteTrackRequest { sid: sid.clone(), muted: true }));
    assert_eq!(sim.clients[ada].events.last(), Some(&EventBody::MicrophoneMuted { muted: true }));
    sim.run(ms(100));
    let before = heard.frames().len();
    sim.run(ms(500));
    assert_eq!(heard.frames().len(), before, "heard while muted");
    sim.clients[ada].voice.mute(false);
    sim.run(ms(500));
    assert!(heard.frames().len() > before + 15);
    // It may ask for the opposite as well; another's track is none of ours.
    sim.server_says(ada, Message::Mute(lk::MuteTrackRequest { sid: "TR_other".into(), muted: true }));
    sim.server_says(ada, Message::Mute(lk::MuteTrackRequest { sid, muted: false }));
    let told: Vec<_> = sim.clients[ada]
        .events
        .iter()
        .filter_map(|event| if let EventBody::MicrophoneMuted { muted } = event { Some(*muted) } else { None })
        .collect();
    assert_eq!(told, [true, false]);
}

#[test]
fn removed_and_room_deleted_are_reasons() {
    for (told, reason) in [
        (lk::DisconnectReason::ParticipantRemoved, Reason::Removed),
        (lk::DisconnectReason::RoomDeleted, Reason::RoomClosed),
        (lk::DisconnectReason::RoomClosed, Reason::RoomClosed),
    ] {
        let mut sim = Sim::new(9);
        let ada = sim.join("ada", Options::default());
        let leave = lk::LeaveRequest { reason: told as i32, ..Default::default() };
        sim.server_says(ada, Message::Leave(leave));
        let last = sim.clients[ada].events.last();
        assert!(
            matches!(last, Some(EventBody::ConnectionStateChanged { reason: told, .. }) if *told == reason),
            "{last:?}"
        );
        assert!(sim.clients[ada].voice.people().find("ada").is_none());
    }
}

#[test]
fn permissions_and_room_metadata_are_told_as_they_change() {
    let mut sim = Sim::new(10);
    let (ada, _) = (sim.join("ada", Options::default()), sim.join("bob", Options::default()));
    sim.run(ms(300));
    let own = sim.clients[ada].voice.people().own().clone();
    assert!(own.may_speak() && own.may_hear());
    let permission = |sources: Vec<i32>| lk::ParticipantPermission {
        can_publish: true,
        can_subscribe: false,
        can_publish_sources: sources,
        ..Default::default()
    };
    let camera = permission(vec![lk::TrackSource::Camera as i32]);
    let info = |user: &str, permission| lk::ParticipantInfo {
        identity: user.into(),
        version: 1_000_000,
        permission: Some(permission),
        ..Default::default()
    };
    let update = |info| Message::Update(lk::ParticipantUpdate { participants: vec![info] });
    sim.server_says(ada, update(info("ada", camera)));
    let own = sim.clients[ada].voice.people().own().clone();
    assert!(!own.may_speak() && !own.may_hear() && !sim.clients[ada].voice.may_send_data());
    let told = sim.clients[ada].events.iter().filter(|event| matches!(event, EventBody::PermissionsChanged { user, permission } if user == "ada" && permission.contains(r#""can_publish_sources":["camera"]"#)));
    assert_eq!(told.count(), 1);
    // Old news: less than the version that is known.
    let before = sim.clients[ada].events.len();
    let old = lk::ParticipantInfo { version: 7, ..info("ada", permission(vec![])) };
    sim.server_says(ada, update(old));
    assert_eq!(sim.clients[ada].events.len(), before);
    let room = lk::Room { name: "room".into(), metadata: "topic: bees".into(), ..Default::default() };
    sim.server_says(ada, Message::RoomUpdate(lk::RoomUpdate { room: Some(room) }));
    let expected = EventBody::RoomMetadataChanged { metadata: "topic: bees".into() };
    assert_eq!(sim.clients[ada].events.last(), Some(&expected));
    assert_eq!(sim.clients[ada].voice.people().room_json()["metadata"], "topic: bees");
}

/// A server may tell of a stay that is over after it told of the one that took its place.
#[test]
fn old_news_take_nothing_away() {
    let mut sim = Sim::new(12);
    let ada = sim.join("ada", Options::default());
    sim.run(ms(300));
    let muted_track = |muted| lk::TrackInfo {
        sid: "TR_bob".into(),
        r#type: lk::TrackType::Audio as i32,
        muted,
        ..Default::default()
    };
    let told = |sid: &str, joined_at_ms, version, muted| {
        let info = lk::ParticipantInfo {
            identity: "bob".into(),
            sid: sid.into(),
            joined_at_ms,
            version,
            tracks: vec![muted_track(muted)],
            state: lk::participant_info::State::Active as i32,
            ..Default::default()
        };
        Message::Update(lk::ParticipantUpdate { participants: vec![info] })
    };
    let news = |sim: &mut Sim, message| {
        let before = sim.clients[ada].events.len();
        sim.server_says(ada, message);
        sim.clients[ada].events[before..].to_vec()
    };
    let joined = news(&mut sim, told("PA_now", 2_000, 5, false));
    assert!(joined.contains(&EventBody::UserJoined { user: "bob".into() }));
    assert_eq!(news(&mut sim, told("PA_before", 1_000, 9, true)), []);
    assert_eq!(news(&mut sim, told("PA_now", 2_000, 4, true)), []);
    let muted = |muted| EventBody::UserMuted { user: "bob".into(), muted };
    assert_eq!(news(&mut sim, told("PA_now", 2_000, 6, true)), [muted(true)]);
    assert_eq!(news(&mut sim, told("PA_next", 3_000, 1, false)), [muted(false)]);
}

/// A server may say anything: what is kept of it has a bound.
#[test]
fn what_a_server_tells_of_users_is_kept_within_bounds() {
    let mut sim = Sim::new(11);
    let ada = sim.join("ada", Options::default());
    let told = |n: u32, metadata: usize| {
        let info = lk::ParticipantInfo {
            sid: format!("PA_{n}"),
            identity: format!("user {n}"),
            state: lk::participant_info::State::Active as i32,
            metadata: "m".repeat(metadata),
            ..Default::default()
        };
        Message::Update(lk::ParticipantUpdate { participants: vec![info] })
    };
    for n in 0..20 {
        sim.server_says(ada, told(n, 4 << 20));
    }
    let kept = |sim: &Sim| -> usize {
        let people = sim.clients[ada].voice.people();
        (0..20).map(|n| people.find(&format!("user {n}")).expect("in the room").metadata.len()).sum()
    };
    assert_eq!(kept(&sim), 64 << 20, "of the others it is empty");
    // Others' room is free again when they need less.
    sim.server_says(ada, told(0, 0));
    assert_eq!(kept(&sim), 60 << 20);
    sim.server_says(ada, told(19, 4 << 20));
    assert_eq!(kept(&sim), 64 << 20);
}
