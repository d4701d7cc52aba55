//! How a call comes in: its form, its token, and what is refused.

use super::*;

#[test]
fn calls_are_answered_in_the_form_they_come_in() {
    let mut world = World::new();
    let room =
        world.call("CreateRoom", json!({"name": "hall", "maxParticipants": 3, "empty_timeout": 7, "metadata": "m"}));
    assert_eq!(
        (&room["name"], &room["max_participants"], &room["empty_timeout"]),
        (&json!("hall"), &json!(3), &json!(7))
    );
    assert_eq!((&room["departure_timeout"], &room["metadata"]), (&json!(20), &json!("m")));
    assert_eq!((&room["num_participants"], &room["enabled_codecs"]), (&json!(0), &json!([])), "defaults are told too");
    assert_eq!(room["creation_time"], json!("1700000000"), "64 bits are a string");
    let bearer = format!("Bearer {}", token("", all()));
    let wanted = CreateRoomRequest { name: "cellar".into(), ..Default::default() };
    let (status, body) = world.post("CreateRoom", Some(&bearer), "application/protobuf", &wanted.encode_to_vec());
    let made = RoomInfo::decode(&body[..]).unwrap();
    assert_eq!((status, made.name.as_str(), made.empty_timeout), (200, "cellar", 300));
    let (status, body) =
        world.post("ListRooms", Some(&bearer), "application/protobuf", &ListRoomsRequest::default().encode_to_vec());
    let rooms = ListRoomsResponse::decode(&body[..]).unwrap().rooms;
    assert_eq!((status, rooms.len()), (200, 2));
    // A charset, and an empty body, are as good.
    let (status, body) = world.post("ListRooms", Some(&bearer), "application/json; charset=utf-8", b"");
    let rooms: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, rooms["rooms"].as_array().unwrap().len()), (200, 2));
    assert_eq!(world.server.stats().service_calls, 4);
}

#[test]
fn what_is_no_call_is_refused_as_twirp_does() {
    let mut world = World::new();
    let bearer = format!("Bearer {}", token("", all()));
    let refused = |world: &mut World, request: AdminRequest| {
        let response = now(world.server.admin(world.now, &request));
        assert_eq!(response.content_type, "application/json");
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        (response.http_status, answer["code"].as_str().unwrap().to_string())
    };
    let path = format!("{PATH}ListRooms");
    let good = AdminRequest {
        method: "POST",
        path: &path,
        query: "",
        content_type: "application/json",
        authorization: Some(&bearer),
        body: Some(b"{}"),
    };
    assert_eq!(now(world.server.admin(world.now, &good)).http_status, 200);
    let nowhere = refuses(404, "bad_route");
    assert_eq!(refused(&mut world, AdminRequest { method: "GET", ..good }), nowhere);
    assert_eq!(refused(&mut world, AdminRequest { path: "/twirp/livekit.Egress/ListEgress", ..good }), nowhere);
    assert_eq!(refused(&mut world, AdminRequest { path: "/twirp/livekit.RoomService/Fly", ..good }), nowhere);
    assert_eq!(refused(&mut world, AdminRequest { content_type: "text/plain", ..good }), nowhere);
    assert_eq!(refused(&mut world, AdminRequest { body: Some(b"{"), ..good }), refuses(400, "malformed"));
    assert_eq!(refused(&mut world, AdminRequest { body: Some(b"{\"names\": 5}"), ..good }), refuses(400, "malformed"));
    let binary = AdminRequest { content_type: "application/protobuf", body: Some(&[0xff; 3]), ..good };
    assert_eq!(refused(&mut world, binary), refuses(400, "malformed"));
    let long = vec![b' '; MAX_BODY + 1];
    assert_eq!(refused(&mut world, AdminRequest { body: Some(&long), ..good }), refuses(429, "resource_exhausted"));
    assert_eq!(refused(&mut world, AdminRequest { body: None, ..good }), refuses(429, "resource_exhausted"));
    assert_eq!(world.server.stats().service_refused, 9);
}

#[test]
fn tokens_without_the_permission_are_refused_and_not_told_why() {
    let mut world = World::new();
    world.join("ann");
    let request = json!({
        "name": "hall", "room": "hall", "identity": "ann", "destination_identity": "ann", "destinationRoom": "cellar",
        "trackSid": "TR_1", "muted": true,
    });
    let unix_s = UNIX_US / 1_000_000;
    let expired = Claims { exp: unix_s - 3600, video: all(), ..Default::default() };
    let tokens = [
        None,
        Some("Basic abc".to_string()),
        Some("Bearer x.y.z".into()),
        Some(format!(
            "Bearer {}",
            jwt::build(&Claims { exp: unix_s + 60, video: all(), ..Default::default() }, "app", "no")
        )),
        Some(format!("Bearer {}", jwt::build(&expired, "app", "secret"))),
        Some(format!("Bearer {}", token("", VideoGrant { room_join: true, ..grant() }))),
        // The administrator of another room, who may nothing else.
        Some(format!(
            "Bearer {}",
            token("", VideoGrant { room: "cellar".into(), room_admin: true, ..Default::default() })
        )),
    ];
    for method in METHODS {
        for token in &tokens {
            let (status, body) =
                world.post(method, token.as_deref(), "application/json", request.to_string().as_bytes());
            let expected = json!({"code": "unauthenticated", "msg": "permissions denied"});
            assert_eq!((status, serde_json::from_slice::<Value>(&body).unwrap()), (401, expected), "{method}");
        }
    }
    world.settle();
    assert!(world.logs.iter().any(|line| line.contains("roomCreate")), "the log says why: {:?}", world.logs);
    assert!(world.logs.iter().any(|line| line.contains("signature is wrong")));
    assert_eq!(world.server.population(), (1, 1));
    // One permission is not the other.
    for (method, video) in [
        ("ListRooms", VideoGrant { room_list: false, ..all() }),
        ("CreateRoom", VideoGrant { room_create: false, ..all() }),
        ("DeleteRoom", VideoGrant { room_create: false, ..all() }),
        ("GetParticipant", VideoGrant { room_admin: false, ..all() }),
        ("MoveParticipant", VideoGrant { destination_room: "attic".into(), ..all() }),
    ] {
        assert_eq!(world.call_with(method, video, request.clone()).0, 401, "{method}");
    }
    // A participant that may administer its room does it with the token it joined with.
    let own = VideoGrant { room_admin: true, ..grant() };
    assert_eq!(world.call_with("ListParticipants", own, request.clone()).0, 200);
}

#[test]
fn what_is_not_done_here_is_said() {
    let mut world = World::new();
    world.join("ann");
    let there = json!({"room": "hall", "identity": "ann", "destinationRoom": "cellar", "destinationIdentity": "ann"});
    assert_eq!(world.refused("ForwardParticipant", there), refuses(501, "unimplemented"));
    let same = VideoGrant { destination_room: "hall".into(), ..all() };
    let (status, answer) =
        world.call_with("MoveParticipant", same, json!({"room": "hall", "identity": "ann", "destinationRoom": "hall"}));
    assert_eq!((status, &answer["code"]), (400, &json!("invalid_argument")));
    let preset = json!({"name": "cellar", "roomPreset": "large"});
    assert_eq!(world.refused("CreateRoom", preset), refuses(400, "invalid_argument"));
    for name in ["", &"x".repeat(257)] {
        assert_eq!(world.refused("CreateRoom", json!({"name": name})), refuses(400, "invalid_argument"));
    }
}

#[test]
fn a_call_that_nobody_acknowledges_fails_after_seven_seconds() {
    let mut world = World::new();
    let ann = world.join("ann");
    let bearer = format!("Bearer {}", token("", all()));
    let body = json!({"room": "hall", "destinationIdentity": "ann", "method": "add", "responseTimeoutMs": 20_000});
    let body = body.to_string();
    let request = AdminRequest {
        method: "POST",
        path: &format!("{PATH}PerformRpc"),
        query: "",
        content_type: "application/json",
        authorization: Some(&bearer),
        body: Some(body.as_bytes()),
    };
    assert!(matches!(world.server.admin(world.now, &request), AdminAnswer::Later(_)));
    world.run(6900);
    let asked = world.clients[ann].data.iter().filter_map(|packet| packet.value.as_ref());
    let asked = asked.filter(|v| matches!(v, data_packet::Value::RpcRequest(r) if r.response_timeout_ms == 13_000));
    assert_eq!((asked.count(), world.answers.len()), (1, 0));
    world.run(200);
    let answer: Value = serde_json::from_slice(&world.answers[0].body).unwrap();
    assert_eq!(world.answers[0].http_status, 408);
    assert_eq!(answer, json!({"code": "canceled", "msg": "RpcError 1501: Connection timeout"}));
}
