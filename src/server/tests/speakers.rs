//! Who speaks, and what a client says of itself.

use super::*;

#[test]
fn muting_metadata_and_pings_are_answered() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let sid = world.microphone(ann);
    world.ask(ann, signal_request::Message::Mute(MuteTrackRequest { sid, muted: true }));
    let update = crate::signal::livekit::UpdateParticipantMetadata {
        metadata: "new".into(),
        attributes: [("a".to_string(), "b".to_string())].into(),
        ..Default::default()
    };
    world.ask(ann, signal_request::Message::UpdateMetadata(update));
    world.ask(ann, signal_request::Message::PingReq(Ping { timestamp: 42, rtt: 0 }));
    world.run(20);
    let seen = world.seen(bob, "ann").unwrap();
    assert!(seen.tracks[0].muted);
    assert_eq!((seen.metadata.as_str(), seen.attributes["a"].as_str()), ("new", "b"));
    let pong = |m: &Message| matches!(m, Message::PongResp(p) if p.last_ping_timestamp == 42 && p.timestamp > 0);
    assert!(world.clients[ann].messages.iter().any(pong));
}

#[test]
fn speakers_are_told_by_their_loudness() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    world.publish(bob);
    for _ in 0..40 {
        world.speak(ann, 30);
        world.speak(bob, 10);
    }
    let told = |world: &World| {
        let messages = world.clients[ann].messages.iter();
        messages
            .filter_map(|m| if let Message::SpeakersChanged(s) = m { Some(s.speakers.clone()) } else { None })
            .collect::<Vec<_>>()
    };
    let bob_sid = &world.clients[bob].joined().participant.clone().unwrap().sid;
    let first = &told(&world)[0];
    assert_eq!((first.len(), &first[0].sid), (2, bob_sid));
    assert!(first[0].level > first[1].level && first[1].active);
    world.run(4000);
    let end = told(&world);
    assert!(end.iter().flatten().any(|s| s.sid == *bob_sid && !s.active && s.level == 0.0));
    let count = end.len();
    world.run(4000);
    assert_eq!(told(&world).len(), count, "silence is told once");
}

#[test]
fn who_unpublishes_while_speaking_speaks_no_more() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    (0..40).for_each(|_| world.speak(ann, 10));
    let sid = world.clients[ann].joined().participant.clone().unwrap().sid;
    let told = |world: &World| {
        let messages = world.clients[bob].messages.iter().rev();
        let mut told =
            messages.filter_map(|m| if let Message::SpeakersChanged(s) = m { Some(&s.speakers) } else { None });
        told.find_map(|speakers| speakers.iter().find(|s| s.sid == sid)).map(|s| (s.active, s.level == 0.0))
    };
    assert_eq!(told(&world), Some((true, false)));
    let client = &mut world.clients[ann];
    let (microphone, _) = client.microphone.take().unwrap();
    let mut api = client.rtc.sdp_api();
    api.set_direction(microphone, Direction::Inactive);
    let (offer, pending) = api.apply().unwrap();
    client.pending = Some(pending);
    client.offers += 1;
    let offer = description("offer", offer.to_sdp_string(), client.offers as u32);
    world.ask(ann, signal_request::Message::Offer(offer));
    world.run(5_000);
    assert_eq!(told(&world), Some((false, true)));
}
