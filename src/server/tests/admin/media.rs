//! Tracks, permissions, subscriptions and data, from afar.

use super::*;

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
