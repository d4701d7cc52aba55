//! Rooms: made, changed, and deleted from afar.

use super::*;

#[test]
fn rooms_wait_for_as_long_as_they_are_told() {
    let mut world = World::new();
    world.call("CreateRoom", json!({"name": "hall", "emptyTimeout": 10, "departureTimeout": 4}));
    world.run(9_900);
    assert!(world.has_room("hall"));
    world.run(200);
    assert!(!world.has_room("hall"), "nobody came");
    let sid =
        world.call("CreateRoom", json!({"name": "hall", "emptyTimeout": 10, "departureTimeout": 4}))["sid"].clone();
    world.run(5_000);
    let ann = world.join("ann");
    assert_eq!(json!(world.clients[ann].joined().room.as_ref().unwrap().sid), sid);
    world.run(12_000);
    assert!(world.has_room("hall"), "somebody is there");
    world.ask(ann, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(3_900);
    // Asking for it again changes nothing about its name, and gives it its time anew.
    assert_eq!(world.call("CreateRoom", json!({"name": "hall"}))["sid"], sid);
    world.run(3_900);
    assert!(world.has_room("hall"));
    world.run(200);
    assert!(!world.has_room("hall"), "everyone left");
    world.server.shutdown(world.now);
}

/// In a large room, news of all the others would not leave room for the one message that counts.
#[test]
fn who_is_in_a_room_that_is_deleted_is_told_that_and_nothing_else() {
    let mut world = World::new();
    world.auto_data = true;
    let clients = ["ann", "bob", "carol"].map(|name| world.join(name));
    world.publish(clients[0]);
    let data_track = PublishDataTrackRequest { pub_handle: 7, name: "gauge".into(), ..Default::default() };
    world.ask(clients[0], signal_request::Message::PublishDataTrackRequest(data_track));
    world.settle();
    let before = clients.map(|client| world.clients[client].messages.len());
    world.call("DeleteRoom", json!({"room": "hall"}));
    for (client, before) in clients.into_iter().zip(before) {
        let told = &world.clients[client].messages[before..];
        assert!(matches!(told, [Message::Leave(leave)] if leave.reason() == DisconnectReason::RoomDeleted), "{told:?}");
        assert!(world.clients[client].closed);
    }
    // The next one of this name is a room as any other.
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.ask(bob, signal_request::Message::Leave(LeaveRequest::default()));
    world.settle();
    assert_eq!(world.seen(ann, "bob").unwrap().state(), participant_info::State::Disconnected);
}

#[test]
fn a_room_takes_no_more_than_it_is_made_for() {
    let mut world = World::new();
    world.call("CreateRoom", json!({"name": "hall", "maxParticipants": 1}));
    world.join("ann");
    let refused = |world: &mut World, identity: &str, video: VideoGrant| {
        let request = world.request(identity, video, &JoinRequest::default());
        world.server.connect(world.now, ConnId(1), &request).map_err(|refusal| refusal.http_status)
    };
    assert_eq!(refused(&mut world, "bob", grant()), Err(503));
    assert_eq!(
        refused(&mut world, "ears", VideoGrant { recorder: true, ..grant() }),
        Ok(()),
        "who records does not count"
    );
    assert_eq!(refused(&mut world, "ann", grant()), Ok(()), "nor who is there already");
    world.call("CreateRoom", json!({"name": "hall", "maxParticipants": 2}));
    assert_eq!(refused(&mut world, "bob", grant()), Ok(()));
}

#[test]
fn tokens_say_how_their_room_is_made() {
    let mut world = World::new();
    let unix_s = UNIX_US / 1_000_000;
    let mut join = |room: &str, room_config: Value| {
        let video = VideoGrant { room: room.into(), ..grant() };
        let claims = Claims { sub: "ann".into(), exp: unix_s + 60, video, room_config, ..Default::default() };
        let join = join::query_single(&JoinRequest::default());
        let authorization = Some(format!("Bearer {}", jwt::build(&claims, "app", "secret")));
        let request = HttpRequest { path: join::PATH_SINGLE.into(), query: join, authorization, ..Default::default() };
        world.server.connect(world.now, ConnId(1), &request).unwrap();
        world.call("ListRooms", json!({"names": [room]}))["rooms"][0].clone()
    };
    let config = json!({"name": "n", "departureTimeout": 30, "max_participants": 5, "metadata": "m", "egress": {}});
    let made = join("one", config);
    assert_eq!(
        (&made["departure_timeout"], &made["max_participants"], &made["metadata"]),
        (&json!(30), &json!(5), &json!("m"))
    );
    assert_eq!(join("two", json!({"departureTimeout": "soon"}))["departure_timeout"], 20, "nonsense is passed over");
    assert!(world.logs.iter().any(|line| line.contains("roomConfig")), "{:?}", world.logs);
}

#[test]
fn room_metadata_reaches_everyone() {
    let mut world = World::new();
    let ann = world.join("ann");
    assert_eq!(world.call("UpdateRoomMetadata", json!({"room": "hall", "metadata": "new"}))["metadata"], "new");
    assert_eq!(world.room_of(ann).metadata, "new");
    let recorder = world.join_as("ears", VideoGrant { recorder: true, hidden: true, ..grant() }, true);
    world.run(300);
    assert_eq!(world.clients[recorder].joined().room.as_ref().unwrap().metadata, "new");
    assert!(world.room_of(ann).active_recording);
    let long = "x".repeat(70_000);
    assert_eq!(
        world.refused("UpdateRoomMetadata", json!({"room": "hall", "metadata": long})),
        refuses(400, "invalid_argument")
    );
    let elsewhere = VideoGrant { room: "cellar".into(), ..all() };
    let (status, answer) = world.call_with("UpdateRoomMetadata", elsewhere, json!({"room": "cellar", "metadata": "x"}));
    assert_eq!((status, &answer["code"]), (404, &json!("not_found")));
}

#[test]
fn clients_are_asked_to_come_back_to_a_server_that_shuts_down() {
    let mut world = World::new();
    let [ann, old] = ["ann", "old"].map(|name| world.join(name));
    world.server.participants.values_mut().find(|p| p.identity() == "old").unwrap().client.protocol = 12;
    world.server.shutdown(world.now);
    world.settle();
    let asked = |client: usize| {
        let leave = world.clients[client].messages.iter().rev();
        let leave =
            leave.filter_map(|m| if let Message::Leave(leave) = m { Some(leave) } else { None }).next().unwrap();
        (leave.reason(), leave.action(), leave.can_reconnect)
    };
    use leave_request::Action;
    assert_eq!(asked(ann), (DisconnectReason::ServerShutdown, Action::Reconnect, true));
    assert_eq!(asked(old), (DisconnectReason::ServerShutdown, Action::Disconnect, false));
}
