//! The room service, with clients in the rooms.

use super::*;
use crate::server::admin::{MAX_BODY, PATH};
use crate::signal::json::{self, Described};
use crate::signal::livekit::{ParticipantPermission, PublishDataTrackRequest};
use crate::signal::service::{CreateRoomRequest, ListRoomsRequest, ListRoomsResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const METHODS: [&str; 14] = [
    "CreateRoom",
    "ListRooms",
    "DeleteRoom",
    "ListParticipants",
    "GetParticipant",
    "RemoveParticipant",
    "MutePublishedTrack",
    "UpdateParticipant",
    "UpdateSubscriptions",
    "SendData",
    "UpdateRoomMetadata",
    "ForwardParticipant",
    "MoveParticipant",
    "PerformRpc",
];

/// Everything that the service asks for, in the room `hall`.
fn now(answer: AdminAnswer) -> AdminResponse {
    let AdminAnswer::Now(response) = answer else { panic!("it is answered later") };
    response
}

fn all() -> VideoGrant {
    VideoGrant {
        room: "hall".into(),
        room_create: true,
        room_list: true,
        room_admin: true,
        destination_room: "cellar".into(),
        ..Default::default()
    }
}

impl World {
    /// The microphone's section rests, and there is another one, as clients do whose track was taken away.
    fn publish_again(&mut self, client: usize) {
        let c = &mut self.clients[client];
        let (microphone, _) = c.microphone.clone().unwrap();
        let mut api = c.rtc.sdp_api();
        api.set_direction(microphone, Direction::Inactive);
        let (offer, pending) = api.apply().unwrap();
        (c.pending, c.offers) = (Some(pending), c.offers + 1);
        let offer = description("offer", offer.to_sdp_string(), c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
        self.run(100);
        self.publish(client);
    }

    fn post(&mut self, method: &str, authorization: Option<&str>, kind: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let answer = self.server.admin(
            self.now,
            &AdminRequest {
                method: "POST",
                path: &format!("{PATH}{method}"),
                query: "",
                content_type: kind,
                authorization,
                body: Some(body),
            },
        );
        let response = now(answer);
        (response.http_status, response.body)
    }

    fn call_with(&mut self, method: &str, video: VideoGrant, request: Value) -> (u16, Value) {
        let bearer = format!("Bearer {}", token("", video));
        let (status, body) = self.post(method, Some(&bearer), "application/json", request.to_string().as_bytes());
        self.settle();
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    fn call(&mut self, method: &str, request: Value) -> Value {
        let (status, answer) = self.call_with(method, all(), request);
        assert_eq!(status, 200, "{method}: {answer}");
        answer
    }

    /// What a call is refused with: status, code, sentence.
    fn refused(&mut self, method: &str, request: Value) -> (u16, String) {
        let (status, answer) = self.call_with(method, all(), request);
        assert!(!answer["msg"].as_str().unwrap().is_empty(), "{answer}");
        (status, answer["code"].as_str().unwrap().to_string())
    }

    /// The newest that a client was told of its room.
    fn room_of(&self, client: usize) -> RoomInfo {
        let updates = self.clients[client].messages.iter().rev();
        updates.filter_map(|m| if let Message::RoomUpdate(u) = m { u.room.clone() } else { None }).next().unwrap()
    }

    fn has_room(&mut self, name: &str) -> bool {
        !self.call("ListRooms", json!({"names": [name]}))["rooms"].as_array().unwrap().is_empty()
    }
}

fn refuses(code: u16, name: &str) -> (u16, String) {
    (code, name.to_string())
}

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
fn participants_are_listed_removed_and_sent_home() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let listed = world.call("ListParticipants", json!({"room": "hall"}));
    assert_eq!(listed["participants"][0]["tracks"][0]["sid"], json!(world.microphone(ann)));
    assert_eq!(listed["participants"][1]["state"], "ACTIVE");
    let who = json!({"room": "hall", "identity": "ann"});
    assert_eq!(world.call("GetParticipant", who.clone())["sid"], listed["participants"][0]["sid"]);
    assert_eq!(world.refused("GetParticipant", json!({"room": "hall", "identity": "eve"})), refuses(404, "not_found"));
    assert_eq!(world.call("RemoveParticipant", who.clone()), json!({}));
    assert_eq!(world.clients[ann].left().unwrap().reason, DisconnectReason::ParticipantRemoved as i32);
    assert!(world.clients[ann].closed);
    let seen = world.seen(bob, "ann").unwrap();
    assert_eq!(seen.disconnect_reason, DisconnectReason::ParticipantRemoved as i32);
    assert_eq!(world.refused("RemoveParticipant", who), refuses(404, "not_found"));
    world.call("DeleteRoom", json!({"room": "hall"}));
    let left = world.clients[bob].left().unwrap();
    assert_eq!(
        (left.reason, left.action),
        (DisconnectReason::RoomDeleted as i32, leave_request::Action::Disconnect as i32)
    );
    assert_eq!(world.server.population(), (0, 0));
    assert_eq!(world.refused("DeleteRoom", json!({"room": "hall"})), refuses(404, "not_found"));
    assert_eq!(world.call("ListParticipants", json!({"room": "hall"}))["participants"], json!([]));
}

#[test]
fn who_is_muted_from_afar_is_not_heard_whatever_the_client_does() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let sid = world.microphone(ann);
    world.speak(ann, -20);
    assert_eq!(world.clients[bob].packets.len(), 1);
    let ask = |muted: bool| json!({"room": "hall", "identity": "ann", "trackSid": sid, "muted": muted});
    assert_eq!(world.call("MutePublishedTrack", ask(true))["track"]["muted"], true);
    let mutes = |world: &World| {
        let messages = world.clients[ann].messages.iter();
        messages.filter_map(|m| if let Message::Mute(m) = m { Some(m.muted) } else { None }).collect::<Vec<_>>()
    };
    assert_eq!(mutes(&world), [true]);
    assert!(world.seen(bob, "ann").unwrap().tracks[0].muted);
    (0..3).for_each(|_| world.speak(ann, -20));
    assert_eq!(world.clients[bob].packets.len(), 1, "nothing is forwarded");
    assert_eq!(world.refused("MutePublishedTrack", ask(false)), refuses(412, "failed_precondition"));
    assert!(world.seen(bob, "ann").unwrap().tracks[0].muted);
    // The client's own unmuting counts.
    world.ask(ann, signal_request::Message::Mute(MuteTrackRequest { sid: sid.clone(), muted: false }));
    world.speak(ann, -20);
    assert!(!world.seen(bob, "ann").unwrap().tracks[0].muted);
    assert_eq!(world.clients[bob].packets.len(), 2);
    world.server.set_admin_options(AdminOptions { remote_unmute: true, ..Default::default() });
    world.call("MutePublishedTrack", ask(true));
    world.call("MutePublishedTrack", ask(false));
    assert_eq!(mutes(&world), [true, true, false]);
    world.speak(ann, -20);
    assert_eq!(world.clients[bob].packets.len(), 3);
    let other = json!({"room": "hall", "identity": "bob", "trackSid": sid, "muted": true});
    assert_eq!(world.refused("MutePublishedTrack", other), refuses(404, "not_found"));
}

#[test]
fn who_is_muted_from_afar_for_long_is_heard_again() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let sid = world.microphone(ann);
    let mute = |world: &mut World, muted: bool| {
        let request = json!({"room": "hall", "identity": "ann", "trackSid": sid, "muted": muted});
        world.server.set_admin_options(AdminOptions { remote_unmute: true, ..Default::default() });
        world.call("MutePublishedTrack", request);
    };
    (0..3).for_each(|_| world.speak(ann, -20));
    mute(&mut world, true);
    (0..300).for_each(|_| world.speak(ann, -20));
    mute(&mut world, false);
    (0..300).for_each(|_| world.speak(ann, -20));
    assert_eq!(world.server.stats().media_lost, 0, "what was not forwarded came all the same");
    let numbers: Vec<u64> = world.clients[bob].packets.iter().map(|packet| packet.1).collect();
    assert_eq!(numbers.len(), 303);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "nothing is missing");
    // More than SRTP could follow.
    mute(&mut world, true);
    for _ in 0..2 {
        world.clients[ann].sent += 20_000;
        world.speak(ann, -20);
    }
    mute(&mut world, false);
    (0..3).for_each(|_| world.speak(ann, -20));
    assert_eq!(world.clients[bob].packets.len(), 306);
}

#[test]
fn permissions_take_effect_at_once() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    world.publish(bob);
    let all_of_it =
        || json!({"canPublish": true, "canSubscribe": true, "canPublishData": true, "canUpdateMetadata": true});
    let update = |world: &mut World, change: &dyn Fn(&mut Value)| {
        let mut permission = all_of_it();
        change(&mut permission);
        let info =
            world.call("UpdateParticipant", json!({"room": "hall", "identity": "ann", "permission": permission}));
        world.run(100);
        info
    };
    let heard = |world: &mut World| {
        let before = [ann, bob].map(|c| world.clients[c].packets.len());
        world.speak(ann, -20);
        world.speak(bob, -20);
        [ann, bob].map(|c| world.clients[c].packets.len() - before[c])
    };
    assert_eq!(heard(&mut world), [1, 1]);
    let info = update(&mut world, &|p| p["canPublish"] = false.into());
    assert_eq!(info["permission"]["can_publish"], false);
    assert!(world.seen(bob, "ann").unwrap().tracks.is_empty());
    assert!(!world.seen(bob, "ann").unwrap().permission.unwrap().can_publish);
    assert_eq!(heard(&mut world), [1, 0]);
    update(&mut world, &|p| p["canPublishSources"] = json!(["CAMERA"]));
    assert_eq!(heard(&mut world), [1, 0]);
    update(&mut world, &|p| p["canSubscribe"] = false.into());
    world.publish_again(ann);
    assert_eq!(heard(&mut world), [0, 1], "may speak again, and hears nobody");
    update(&mut world, &|_| {});
    assert_eq!(heard(&mut world), [1, 1]);
    // Data and metadata.
    let claims =
        |world: &World| world.server.participants.values().find(|p| p.identity() == "ann").unwrap().claims.clone();
    update(&mut world, &|p| p["canPublishData"] = false.into());
    assert!(!claims(&world).video.may_publish_data());
    update(&mut world, &|p| p["canUpdateMetadata"] = false.into());
    assert!(!claims(&world).video.may_update_own_metadata());
    // The fresh token has what is so now.
    let refreshed = world.clients[ann].messages.iter().rev();
    let refreshed =
        refreshed.filter_map(|m| if let Message::RefreshToken(t) = m { Some(t.clone()) } else { None }).next();
    let refreshed = jwt::parse_unverified(&refreshed.unwrap()).unwrap();
    assert!(refreshed.video == claims(&world).video && refreshed.sub == "ann");
}

/// What an administrator forbids is unpublished, and may be published again with the permission.
#[test]
fn what_may_not_be_published_any_more_is_unpublished() {
    let mut world = World::new();
    world.server.set_admin_options(AdminOptions { webhooks: true, ..Default::default() });
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    (0..40).for_each(|_| world.speak(ann, 10));
    let sid = world.microphone(ann);
    let permit = |world: &mut World, can_publish: bool| {
        let permission = json!({"canPublish": can_publish, "canSubscribe": true, "canPublishData": true});
        world.call("UpdateParticipant", json!({"room": "hall", "identity": "ann", "permission": permission}));
        world.run(100);
        world.speak(ann, 10);
    };
    let seen = |world: &World| world.seen(bob, "ann").unwrap().tracks.len();
    let hooks = |world: &World| {
        let events = world.webhooks.iter().map(|webhook| webhook.event);
        events.filter(|event| event.starts_with("track_")).collect::<Vec<_>>()
    };
    let heard = |world: &World| world.clients[bob].packets.len();
    assert_eq!(heard(&world), 40);
    permit(&mut world, false);
    assert_eq!((seen(&world), heard(&world), world.server.tracks.len()), (0, 40, 0));
    let told = |m: &Message| matches!(m, Message::TrackUnpublished(track) if track.track_sid == sid);
    assert_eq!(world.clients[ann].messages.iter().filter(|m| told(m)).count(), 1);
    assert_eq!(hooks(&world), ["track_published", "track_unpublished"]);
    let silent = |m: &Message| matches!(m, Message::SpeakersChanged(s) if s.speakers.iter().any(|s| !s.active));
    assert!(world.clients[bob].messages.iter().any(silent));
    // What a client sends on with the permission alone is of no track.
    permit(&mut world, true);
    assert_eq!((seen(&world), heard(&world)), (0, 40));
    world.publish_again(ann);
    world.speak(ann, 10);
    assert_eq!((seen(&world), heard(&world)), (1, 41));
    assert_eq!(hooks(&world)[2..], ["track_published"]);
}

#[test]
fn who_is_hidden_is_gone_for_the_others_and_comes_back() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let permission = |hidden: bool| ParticipantPermission {
        can_publish: true,
        can_subscribe: true,
        can_publish_data: true,
        hidden,
        ..Default::default()
    };
    let hide = |world: &mut World, hidden: bool| {
        let bytes = permission(hidden).encode_to_vec();
        let permission = json::to_json(ParticipantPermission::FIELDS, &bytes, json::Style::Brief);
        world.call("UpdateParticipant", json!({"room": "hall", "identity": "ann", "permission": permission}));
        world.run(100);
    };
    hide(&mut world, true);
    assert_eq!(world.seen(bob, "ann").unwrap().state(), participant_info::State::Disconnected);
    assert!(world.seen(ann, "ann").unwrap().permission.unwrap().hidden);
    assert_eq!(world.room_of(bob).num_participants, 1);
    world.speak(ann, -20);
    assert!(world.clients[bob].packets.is_empty());
    hide(&mut world, false);
    let seen = world.seen(bob, "ann").unwrap();
    assert_eq!((seen.state(), seen.tracks.len()), (participant_info::State::Active, 1));
    world.speak(ann, -20);
    assert_eq!(world.clients[bob].packets.len(), 1);
}

#[test]
fn names_metadata_and_attributes_are_changed_and_told() {
    let mut world = World::new();
    let [_, bob] = ["ann", "bob"].map(|name| world.join(name));
    let change = json!({
        "room": "hall", "identity": "ann", "name": "Ann", "metadata": "m", "attributes": {"a": "1", "b": "2"},
    });
    assert_eq!(world.call("UpdateParticipant", change)["name"], "Ann");
    world.call("UpdateParticipant", json!({"room": "hall", "identity": "ann", "attributes": {"a": ""}}));
    let seen = world.seen(bob, "ann").unwrap();
    assert_eq!((seen.name.as_str(), seen.metadata.as_str()), ("Ann", "m"));
    assert_eq!(seen.attributes, [("b".to_string(), "2".to_string())].into());
    for long in [json!({"metadata": "x".repeat(65_537)}), json!({"attributes": {"a": "x".repeat(65_536)}})] {
        let mut request = json!({"room": "hall", "identity": "ann"});
        request.as_object_mut().unwrap().extend(long.as_object().unwrap().clone());
        assert_eq!(world.refused("UpdateParticipant", request), refuses(400, "invalid_argument"));
    }
    let (metadata, attributes) = ("x".repeat(65_536), json!({"b": "x".repeat(65_535)}));
    let most = json!({"room": "hall", "identity": "ann", "metadata": metadata, "attributes": attributes});
    assert_eq!(world.call("UpdateParticipant", most)["metadata"], metadata, "each has a limit of its own");
    assert_eq!(
        world.refused("UpdateParticipant", json!({"room": "hall", "identity": "eve"})),
        refuses(404, "not_found")
    );
}

#[test]
fn what_a_token_says_of_its_bearer_is_told() {
    let mut world = World::new();
    let bob = world.join("bob");
    let unix_s = UNIX_US / 1_000_000;
    let claims = Claims {
        sub: "ann".into(),
        exp: unix_s + 60,
        kind: "agent".into(),
        kind_details: vec!["cloud_agent".into(), "unheard_of".into()],
        metadata: "m".into(),
        attributes: [("a".to_string(), "1".to_string()), ("b".to_string(), "2".to_string())].into(),
        video: VideoGrant { can_subscribe_metrics: Some(true), can_manage_agent_session: Some(true), ..grant() },
        ..Default::default()
    };
    let brought = JoinRequest {
        metadata: "own".into(),
        participant_attributes: [("a".to_string(), String::new()), ("c".to_string(), "3".to_string())].into(),
        ..Default::default()
    };
    let request = |claims: &Claims| HttpRequest {
        path: join::PATH_SINGLE.into(),
        query: join::query_single(&brought),
        authorization: Some(format!("Bearer {}", jwt::build(claims, "app", "secret"))),
        ..Default::default()
    };
    let may_not = VideoGrant { can_update_own_metadata: None, ..claims.video.clone() };
    let refused = world.server.connect(world.now, ConnId(1), &request(&Claims { video: may_not, ..claims.clone() }));
    assert_eq!(refused.unwrap_err().http_status, 401);
    world.server.connect(world.now, ConnId(2), &request(&claims)).unwrap();
    world.settle();
    let seen = world.seen(bob, "ann").unwrap();
    assert_eq!(seen.kind(), participant_info::Kind::Agent);
    assert_eq!(seen.kind_details, [participant_info::KindDetail::CloudAgent as i32]);
    assert_eq!(seen.metadata, "own");
    assert_eq!(seen.attributes.into_values().collect::<Vec<_>>(), ["1", "2", "3"], "what the token has stays");
    let permission = seen.permission.unwrap();
    assert!(permission.can_subscribe_metrics && permission.can_manage_agent_session);
}

#[test]
fn subscriptions_are_changed_from_afar() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let sid = world.microphone(ann);
    for (subscribe, heard) in [(false, 0), (true, 1)] {
        world.call(
            "UpdateSubscriptions",
            json!({"room": "hall", "identity": "bob", "trackSids": [sid], "subscribe": subscribe}),
        );
        world.run(100);
        world.speak(ann, -20);
        assert_eq!(world.clients[bob].packets.len(), heard);
    }
}

#[test]
fn data_comes_from_nobody_and_goes_to_whom_it_is_for() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.call("SendData", json!({"room": "hall", "data": STANDARD.encode("all"), "topic": "t"}));
    world.call("SendData", json!({"room": "hall", "data": STANDARD.encode("one"), "destinationIdentities": ["bob"]}));
    let sid = world.seen(ann, "ann").unwrap().sid;
    world.call("SendData", json!({"room": "hall", "data": STANDARD.encode("sid"), "destination_sids": [sid]}));
    world.run(100);
    let got = |world: &World, client: usize| {
        let packets = world.clients[client].data.iter();
        packets
            .map(|packet| {
                assert!(packet.participant_sid.is_empty() && packet.participant_identity.is_empty());
                let Some(data_packet::Value::User(user)) = &packet.value else { panic!("{packet:?}") };
                String::from_utf8(user.payload.clone()).unwrap() + user.topic.as_deref().unwrap_or_default()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (got(&world, ann), got(&world, bob)),
        (vec!["allt".into(), "sid".into()], vec!["allt".into(), "one".into()])
    );
    // Called again, since the answer was lost say, it arrives once. So many are remembered.
    for n in [0, 0, 1, 0].into_iter().chain(2..=100).chain([0]) {
        let nonce = STANDARD.encode([n; 16]);
        world.call("SendData", json!({"room": "hall", "data": STANDARD.encode([n]), "nonce": nonce}));
    }
    world.run(100);
    let numbered = (0..=100).chain([0]).map(|n| String::from(char::from(n)));
    assert_eq!(got(&world, ann)[2..], numbered.collect::<Vec<_>>());
    let nonce = json!({"room": "hall", "nonce": STANDARD.encode("short")});
    assert_eq!(world.refused("SendData", nonce), refuses(400, "invalid_argument"));
    // Some clients take no more than 64 kB, all that is beside the data included.
    for (bytes, topic) in [(64 * 1024, ""), (64_000, &*"t".repeat(2000))] {
        let long = json!({"room": "hall", "data": STANDARD.encode(vec![0; bytes]), "topic": topic});
        assert_eq!(world.refused("SendData", long), refuses(400, "invalid_argument"));
    }
}

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
fn webhooks_tell_of_everything_in_order_and_are_signed() {
    let mut world = World::new();
    world.call("CreateRoom", json!({"name": "quiet"}));
    assert!(world.webhooks.is_empty(), "nobody asked");
    world.server.set_admin_options(AdminOptions { webhooks: true, ..Default::default() });
    world.call("CreateRoom", json!({"name": "hall", "metadata": "m"}));
    let ann = world.join("ann");
    world.publish(ann);
    let sid = world.microphone(ann);
    // One that never gets through, and one that comes again.
    let query = join::query_single(&JoinRequest::default());
    let authorization = Some(format!("Bearer {}", token("bob", grant())));
    let request = HttpRequest { path: join::PATH_SINGLE.into(), query, authorization, ..Default::default() };
    world.server.connect(world.now, ConnId(1), &request).unwrap();
    world.server.disconnected(world.now, ConnId(1));
    world.call("RemoveParticipant", json!({"room": "hall", "identity": "ann"}));
    world.call("DeleteRoom", json!({"room": "hall"}));
    let mut told = Vec::new();
    let (keys, unix_s) = ([("app".to_string(), "secret".to_string())], UNIX_US / 1_000_000);
    for webhook in &world.webhooks {
        let claims = jwt::verify(&webhook.authorization(&keys[0], unix_s), &keys, unix_s + 300).unwrap();
        assert_eq!(claims.sha256, STANDARD.encode(Sha256::digest(&webhook.body)));
        let event: Value = serde_json::from_str(&webhook.body).unwrap();
        assert_eq!(event["event"], webhook.event);
        assert!(event["id"].as_str().unwrap().starts_with("EV_") && event["createdAt"] == "1700000000");
        assert_eq!(event["room"]["name"], "hall");
        told.push(event);
    }
    let names: Vec<_> = told.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let expected = [
        "room_started",
        "participant_joined",
        "track_published",
        "participant_connection_aborted",
        "track_unpublished",
        "participant_left",
        "room_finished",
    ];
    assert_eq!(names, expected);
    assert_eq!((&told[0]["room"]["metadata"], &told[0]["room"]["emptyTimeout"]), (&json!("m"), &json!(300)));
    assert_eq!(
        (&told[1]["participant"]["identity"], &told[1]["participant"]["state"]),
        (&json!("ann"), &json!("ACTIVE"))
    );
    assert_eq!((&told[2]["track"]["sid"], &told[2]["track"]["source"]), (&json!(sid), &json!("MICROPHONE")));
    assert_eq!(told[3]["participant"]["identity"], "bob");
    assert_eq!(told[5]["participant"]["disconnectReason"], "PARTICIPANT_REMOVED");
    assert_eq!(world.server.stats().webhooks, 7);
}

#[test]
fn who_joins_again_finds_the_same_room() {
    let mut world = World::new();
    world.server.set_admin_options(AdminOptions { webhooks: true, ..Default::default() });
    let ann = world.join("ann");
    let again = world.join("ann");
    let sid = |client: usize| world.clients[client].joined().room.clone().unwrap().sid;
    assert_eq!(sid(ann), sid(again));
    assert!(!world.webhooks.iter().any(|webhook| webhook.event == "room_finished"));
    world.run(1000);
    assert_eq!(world.server.population(), (1, 1), "it is not ended by what was to end it");
}
