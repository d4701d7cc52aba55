//! Participants: listed, removed, changed, and what their tokens say of them.

use super::*;

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
