//! What the server tells of users and of the room, and what it does to a microphone.

use super::*;
use prost::Message as _;
use stoa::event::Reason;
use stoa::signal::livekit as lk;
use stoa::signal::livekit::signal_response::Message;

impl Sim {
    /// A message of the server's, as if it had come.
    fn server_says(&mut self, client: usize, message: Message) {
        let bytes = lk::SignalResponse { message: Some(message) }.encode_to_vec();
        let now = self.now;
        self.clients[client].voice.session().message(now, &bytes);
        self.run(ms(1));
    }
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
