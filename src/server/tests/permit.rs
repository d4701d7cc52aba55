//! What a token allows, at the join and by a new one.

use super::*;

#[test]
fn permissions_are_enforced() {
    let mut world = World::new();
    let deaf = VideoGrant { can_subscribe: Some(false), ..grant() };
    let mute = VideoGrant { can_publish: Some(false), ..grant() };
    let ghost = VideoGrant { hidden: true, ..grant() };
    let ann = world.join("ann");
    let [deaf, mute, ghost] =
        [("deaf", deaf), ("mute", mute), ("ghost", ghost)].map(|(name, grant)| world.join_as(name, grant, true));
    world.run(300);
    world.publish(ann);
    world.speak(ann, 20);
    let heard = |world: &World, client: usize| world.clients[client].packets.len();
    assert_eq!((heard(&world, deaf), heard(&world, mute), heard(&world, ghost)), (0, 1, 1));
    let track = world.microphone(ann);
    world.subscribe(deaf, &track, true);
    world.speak(ann, 20);
    assert_eq!(heard(&world, deaf), 0);
    world.ask(mute, signal_request::Message::AddTrack(AddTrackRequest { cid: "m".into(), ..Default::default() }));
    world.run(20);
    assert!(matches!(world.clients[mute].messages.last(), Some(Message::RequestResponse(r)) if r.reason == 2));
    assert!(world.logs.iter().any(|l| l.contains("mute in hall was refused")), "{:?}", world.logs);
    assert!(world.seen(ann, "ghost").is_none(), "hidden is hidden");
    assert!(world.seen(ghost, "ghost").is_some());
}

#[test]
fn a_token_may_allow_some_sources_alone() {
    let mut world = World::new();
    let voice_only = VideoGrant { can_publish_sources: vec!["microphone".into()], ..grant() };
    let ann = world.join_as("ann", voice_only, true);
    for source in [TrackSource::Camera, TrackSource::Microphone] {
        let request = AddTrackRequest { cid: format!("{source:?}"), source: source as i32, ..Default::default() };
        world.ask(ann, signal_request::Message::AddTrack(request));
    }
    world.run(100);
    let messages = &world.clients[ann].messages;
    let refusals = messages.iter().filter(|m| matches!(m, Message::RequestResponse(r) if r.reason == 2)).count();
    let published = messages.iter().find_map(|m| if let Message::TrackPublished(p) = m { Some(&p.cid) } else { None });
    assert_eq!((refusals, published.map(String::as_str)), (1, Some("Microphone")));
}

#[test]
fn what_a_new_token_takes_back_is_not_forwarded_whatever_the_client_does() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    world.run(200);
    let (track, heard) = (world.microphone(ann), |world: &World| world.clients[bob].packets.len());
    let renew = |world: &mut World, client: usize, identity: &str, video: VideoGrant| {
        world.ask(client, signal_request::Message::RenewToken(token(identity, video)));
        world.run(100);
    };
    world.speak(ann, 20);
    assert_eq!(heard(&world), 1);
    renew(&mut world, ann, "ann", VideoGrant { can_publish: Some(false), ..grant() });
    let muted = |world: &World| world.seen(bob, "ann").unwrap().tracks[0].muted;
    assert!(muted(&world));
    // It goes on sending, and says that it is not muted.
    world.ask(ann, signal_request::Message::Mute(MuteTrackRequest { sid: track, muted: false }));
    world.speak(ann, 20);
    assert_eq!(heard(&world), 1);
    assert!(muted(&world));
    renew(&mut world, ann, "ann", grant());
    world.speak(ann, 20);
    assert_eq!(heard(&world), 2, "its track goes on");
    assert!(!muted(&world));
    // Hearing is taken back and given again too.
    renew(&mut world, bob, "bob", VideoGrant { can_subscribe: Some(false), ..grant() });
    world.speak(ann, 20);
    assert_eq!(heard(&world), 2);
    renew(&mut world, bob, "bob", grant());
    world.run(200);
    world.speak(ann, 20);
    assert_eq!(heard(&world), 3);
    // Nobody becomes another, and nobody hides, by a new token.
    renew(&mut world, bob, "ann", grant());
    assert!(world.logs.iter().any(|line| line.contains("not for 'bob'")), "{:?}", world.logs);
    renew(&mut world, bob, "bob", VideoGrant { hidden: true, ..grant() });
    assert!(world.seen(ann, "bob").is_some_and(|info| !info.permission.unwrap().hidden));
}
