//! What webhooks tell.

use super::*;

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
