//! Who is moved to another room, and who is not.

use super::*;

#[test]
fn who_is_moved_is_told_of_by_webhooks_and_keeps_its_ids() {
    let mut world = World::new();
    world.server.set_admin_options(AdminOptions { webhooks: true, ..Default::default() });
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let (sid, track) = (world.seen(ann, "ann").unwrap().sid, world.microphone(ann));
    world.webhooks.clear();
    world.call("MoveParticipant", json!({"room": "hall", "identity": "ann", "destinationRoom": "cellar"}));
    let told: Vec<Value> = world.webhooks.iter().map(|hook| serde_json::from_str(&hook.body).unwrap()).collect();
    let told: Vec<_> =
        told.iter().map(|event| (event["event"].as_str().unwrap(), event["room"]["name"].as_str().unwrap())).collect();
    let expected = [
        ("room_started", "cellar"),
        ("track_unpublished", "hall"),
        ("participant_left", "hall"),
        ("participant_joined", "cellar"),
        ("track_published", "cellar"),
    ];
    assert_eq!(told, expected);
    assert_eq!(world.seen(bob, "ann").unwrap().state(), participant_info::State::Disconnected);
    let moved = world.clients[ann].messages.iter();
    let mut moved = moved.filter_map(|m| if let Message::RoomMoved(moved) = m { Some(moved.clone()) } else { None });
    let moved = moved.next_back().unwrap();
    assert_eq!(moved.room.unwrap().name, "cellar");
    let own = moved.participant.unwrap();
    assert_eq!((&own.sid, &own.tracks[0].sid, own.tracks.len()), (&sid, &track, 1));
    assert_eq!(jwt::parse_unverified(&moved.token).unwrap().video.room, "cellar");
}

/// Somebody spoke in the room before it ended.
#[test]
fn a_room_that_begins_again_looks_at_its_speakers_as_often_as_any_other() {
    let mut world = World::new();
    let ann = world.join("ann");
    let bob = world.join_as("bob", VideoGrant { room: "cellar".into(), ..grant() }, true);
    world.run(300);
    [ann, bob].into_iter().for_each(|client| world.publish(client));
    world.speak(ann, 20);
    world.ask(ann, signal_request::Message::Leave(LeaveRequest::default()));
    let from_there = VideoGrant { room: "cellar".into(), destination_room: "hall".into(), ..all() };
    let move_bob = json!({"room": "cellar", "identity": "bob", "destinationRoom": "hall"});
    assert_eq!(world.call_with("MoveParticipant", from_there, move_bob).0, 200);
    (0..50).for_each(|_| world.speak(bob, 20));
    let looks = world.server.jobs.iter().filter(|Reverse((_, job))| *job == Job::Speakers("hall".into()));
    assert_eq!(looks.count(), 1);
}

#[test]
fn who_cannot_be_moved_stays() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.join_as("bot", VideoGrant { agent: true, ..grant() }, true);
    let to = |who: &str, room: &str| json!({"room": "hall", "identity": who, "destinationRoom": room});
    let refused = |world: &mut World, who: &str, room: &str| {
        let may = VideoGrant { destination_room: room.into(), ..all() };
        let (status, answer) = world.call_with("MoveParticipant", may, to(who, room));
        (status, answer["code"].as_str().unwrap_or_default().to_string())
    };
    assert_eq!(refused(&mut world, "bot", "cellar"), refuses(412, "failed_precondition"));
    assert_eq!(refused(&mut world, "eve", "cellar"), refuses(404, "not_found"));
    for room in ["", &"x".repeat(257)] {
        assert_eq!(refused(&mut world, "ann", room), refuses(400, "invalid_argument"));
    }
    assert_eq!(world.refused("MoveParticipant", to("ann", "attic")), refuses(401, "unauthenticated"));
    world.call("CreateRoom", json!({"name": "cellar", "maxParticipants": 1}));
    world.call("MoveParticipant", to("ann", "cellar"));
    world.join("bob");
    assert_eq!(refused(&mut world, "bob", "cellar"), refuses(412, "failed_precondition"));
    let bob = world.server.participants.values_mut().find(|p| p.identity() == "bob").unwrap();
    bob.client.protocol = 15;
    assert_eq!(refused(&mut world, "bob", "attic"), refuses(412, "failed_precondition"));
    assert!(world.clients[ann].messages.iter().any(|m| matches!(m, Message::RoomMoved(_))));
}
