//! Who hears whom: what a publisher may say of it, and what it is told.

use super::*;

impl World {
    /// How often a publisher was told that somebody hears it.
    fn told_of_hearers(&self, client: usize) -> usize {
        self.clients[client].messages.iter().filter(|m| matches!(m, Message::TrackSubscribed(_))).count()
    }
}

/// What was given up stays so, and what was asked for meanwhile is not forgotten.
#[test]
fn with_the_permission_comes_what_was_asked_for() {
    let mut world = World::new();
    let speakers = ["ann", "cat", "dan"].map(|name| world.join(name));
    speakers.into_iter().for_each(|speaker| world.publish(speaker));
    let [ann, cat, dan] = speakers.map(|speaker| world.microphone(speaker));
    let bob = world.join("bob");
    let id = world.server.conns[&world.clients[bob].conn];
    let permit = |world: &mut World, can_subscribe: bool| {
        world.server.permit(id, VideoGrant { can_subscribe: Some(can_subscribe), ..grant() });
        world.run(200);
    };
    for track in [&ann, &cat] {
        world.subscribe(bob, track, false);
    }
    permit(&mut world, false);
    assert!(world.carried(bob).is_empty());
    world.subscribe(bob, &cat, true);
    world.subscribe(bob, &dan, false);
    assert!(world.carried(bob).is_empty());
    permit(&mut world, true);
    assert!(world.carried(bob).values().eq([&cat]), "{:?}", world.carried(bob));
}

#[test]
fn a_publisher_is_not_told_of_a_hidden_hearer() {
    let mut world = World::new();
    let ann = world.join("ann");
    let ghost = world.join_as("ghost", VideoGrant { hidden: true, ..grant() }, true);
    world.publish(ann);
    world.run(300);
    world.speak(ann, 20);
    assert_eq!((world.clients[ghost].packets.len(), world.told_of_hearers(ann)), (1, 0));
    world.join("bob");
    assert_eq!(world.told_of_hearers(ann), 1);
}

/// One message may name so many that it would hold up everybody to look through them for each track and each listener.
#[test]
fn it_does_not_matter_how_many_a_permission_names() {
    let mut world = World::new();
    world.server.config.limits.message = 1024 * 1024;
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let track_sids = vec![world.microphone(ann)];
    let mut subscribing = |named: usize| {
        let one = |n: usize| TrackPermission { participant_identity: format!("{n:x}"), ..Default::default() };
        let permission =
            SubscriptionPermission { all_participants: false, track_permissions: (0..named).map(one).collect() };
        world.ask(ann, signal_request::Message::SubscriptionPermission(permission));
        world.settle();
        let update = UpdateSubscription { track_sids: track_sids.clone(), subscribe: true, ..Default::default() };
        // The shortest of a few: the machine may have other things to do.
        let times = (0..5).map(|_| {
            let start = Instant::now();
            (0..2_000).for_each(|_| world.ask(bob, signal_request::Message::Subscription(update.clone())));
            start.elapsed()
        });
        times.min().expect("five")
    };
    let (few, many) = (subscribing(1), subscribing(100_000));
    assert!(many < few * 10, "{many:?} instead of {few:?}");
}

#[test]
fn subscriptions_start_stop_and_start_again() {
    let mut world = World::new();
    let ann = world.join("ann");
    let bob = world.join_as("bob", grant(), false);
    world.run(300);
    world.publish(ann);
    world.speak(ann, 20);
    assert!(world.clients[bob].packets.is_empty(), "nobody is subscribed unless asked");
    let track = world.microphone(ann);
    world.subscribe(bob, &track, true);
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1);
    world.subscribe(bob, &track, false);
    assert!(world.carried(bob).is_empty(), "the next answer takes the track's name off");
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1);
    world.subscribe(bob, &track, true);
    world.speak(ann, 20);
    let packets = &world.clients[bob].packets;
    assert_eq!(packets.len(), 2);
    world.subscribe(bob, "TR_nothing", true);
    let errors = world.clients[bob].messages.iter().filter(|m| matches!(m, Message::SubscriptionResponse(_))).count();
    assert_eq!(errors, 1);
}

#[test]
fn publishers_decide_who_hears_them_and_listeners_may_pause() {
    let mut world = World::new();
    let [ann, bob, carol] = ["ann", "bob", "carol"].map(|name| world.join(name));
    world.publish(ann);
    let heard = |world: &World| [bob, carol].map(|c| world.clients[c].packets.len());
    let permit = |world: &mut World, all_participants: bool, identity: &str| {
        let one = TrackPermission { participant_identity: identity.into(), all_tracks: true, ..Default::default() };
        let permission = SubscriptionPermission { all_participants, track_permissions: vec![one] };
        world.ask(ann, signal_request::Message::SubscriptionPermission(permission));
        world.run(100);
        world.speak(ann, 20);
    };
    world.speak(ann, 20);
    assert_eq!(heard(&world), [1, 1]);
    permit(&mut world, false, "bob");
    assert_eq!(heard(&world), [2, 1]);
    let track = world.microphone(ann);
    world.subscribe(carol, &track, true);
    world.speak(ann, 20);
    assert_eq!(heard(&world), [3, 1], "asking does not help");
    permit(&mut world, true, "");
    assert_eq!(heard(&world), [4, 2]);
    let told = world.clients[carol].messages.iter();
    let told: Vec<bool> = told
        .filter_map(|m| if let Message::SubscriptionPermissionUpdate(u) = m { Some(u.allowed) } else { None })
        .collect();
    assert_eq!(told, [false, true]);
    let mut pause = |disabled| {
        let settings = UpdateTrackSettings { track_sids: vec![track.clone()], disabled, ..Default::default() };
        world.ask(bob, signal_request::Message::TrackSetting(settings));
        world.speak(ann, 20);
        heard(&world)
    };
    assert_eq!(pause(true), [4, 3]);
    assert_eq!(pause(false), [5, 4]);
    let numbers: Vec<u64> = world.clients[bob].packets.iter().map(|p| p.1).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "a pause is no loss: {numbers:?}");
    permit(&mut world, false, "bob");
    let recorder = world.join_as("recorder", VideoGrant { recorder: true, hidden: true, ..grant() }, true);
    world.run(100);
    world.speak(ann, 20);
    assert_eq!(world.clients[recorder].packets.len(), 1, "a permission does not bind those who record");
}
