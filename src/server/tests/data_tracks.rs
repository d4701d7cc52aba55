//! Data tracks: who publishes, who gets which packets, by what handle, and what liars get.

use super::*;
use crate::signal::livekit::{
    DataTrackInfo, PublishDataTrackRequest, PublishDataTrackResponse, SyncState, UnpublishDataTrackRequest,
    UpdateDataSubscription, request_response::Reason, update_data_subscription::Update,
};

/// A packet of one frame, all of it.
fn packet(handle: u16, number: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x18, 0];
    for field in [handle, number, number, 0, 0] {
        packet.extend_from_slice(&field.to_be_bytes());
    }
    packet.extend_from_slice(payload);
    packet
}

impl World {
    fn publish_data(&mut self, client: usize, pub_handle: u32, name: &str) {
        let request = PublishDataTrackRequest { pub_handle, name: name.into(), ..Default::default() };
        self.ask(client, signal_request::Message::PublishDataTrackRequest(request));
        self.run(20);
    }

    fn unpublish_data(&mut self, client: usize, pub_handle: u32) {
        let request = UnpublishDataTrackRequest { pub_handle };
        self.ask(client, signal_request::Message::UnpublishDataTrackRequest(request));
        self.run(20);
    }

    fn subscribe_data(&mut self, client: usize, sid: &str, subscribe: bool) {
        let update = Update { track_sid: sid.into(), subscribe, options: None };
        let update = UpdateDataSubscription { updates: vec![update] };
        self.ask(client, signal_request::Message::UpdateDataSubscription(update));
        self.run(20);
    }

    /// The data tracks that others were told of.
    fn data_tracks(&self, client: usize, of: &str) -> Vec<DataTrackInfo> {
        self.seen(client, of).map(|info| info.data_tracks).unwrap_or_default()
    }

    /// The newest handles, with the tracks' sids.
    fn handles(&self, client: usize) -> Vec<(u32, String)> {
        let told = self.clients[client].messages.iter().rev().find_map(|m| match m {
            Message::DataTrackSubscriberHandles(told) => Some(&told.sub_handles),
            _ => None,
        });
        told.into_iter().flatten().map(|(handle, track)| (*handle, track.track_sid.clone())).collect()
    }

    fn send_track(&mut self, client: usize, packet: &[u8]) {
        let c = &mut self.clients[client];
        let id = c.data_track;
        assert!(c.rtc.channel(id).unwrap().write(true, packet).unwrap());
        self.run(50);
    }

    /// The reasons that requests were refused for.
    fn refusals(&self, client: usize) -> Vec<Reason> {
        let refused = |m: &Message| if let Message::RequestResponse(r) = m { Some(r.reason()) } else { None };
        self.clients[client].messages.iter().filter_map(refused).collect()
    }

    fn ended(&self, client: usize) -> Vec<String> {
        let ended = |m: &Message| match m {
            Message::UnpublishDataTrackResponse(r) => Some(r.info.clone().unwrap().name),
            _ => None,
        };
        self.clients[client].messages.iter().filter_map(ended).collect()
    }
}

/// Ann publishes "gauge" as 7; bob subscribes to it. Its sid.
fn one_track(world: &mut World) -> (usize, usize, String) {
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish_data(ann, 7, "gauge");
    let sid = world.data_tracks(bob, "ann")[0].sid.clone();
    world.subscribe_data(bob, &sid, true);
    (ann, bob, sid)
}

#[test]
fn packets_reach_subscribers_by_their_own_handles() {
    let mut world = World::new();
    let (ann, bob, sid) = one_track(&mut world);
    let carol = world.join("carol");
    let published = world.clients[ann].messages.iter().find_map(|m| match m {
        Message::PublishDataTrackResponse(response) => response.info.clone(),
        _ => None,
    });
    let told = &world.data_tracks(bob, "ann")[0];
    assert_eq!(published.as_ref(), Some(told));
    assert_eq!((told.pub_handle, told.name.as_str(), &told.sid[..4]), (7, "gauge", "DTR_"));
    assert!(world.seen(bob, "ann").unwrap().is_publisher);
    assert_eq!(world.clients[carol].joined().other_participants[0].data_tracks.len(), 1, "who comes later is told");
    world.publish_data(ann, 9, "other");
    let other = world.data_tracks(bob, "ann")[1].sid.clone();
    world.subscribe_data(bob, &other, true);
    let handles = world.handles(bob);
    assert_eq!(handles.len(), 2);
    let handle = |sid: &str| handles.iter().find(|(_, of)| of == sid).unwrap().0 as u16;
    for number in 0..10u16 {
        world.send_track(ann, &packet(7, number, &[number as u8; 900]));
    }
    world.send_track(ann, &packet(9, 0, b"o"));
    let mut expected: Vec<_> = (0..10u16).map(|n| packet(handle(&sid), n, &[n as u8; 900])).collect();
    expected.push(packet(handle(&other), 0, b"o"));
    assert!(world.clients[bob].track_packets == expected, "the same bytes but for the handle, in order");
    assert!(world.clients[carol].track_packets.is_empty(), "nobody gets what it did not ask for");
    assert!(world.clients[ann].track_packets.is_empty());
    let stats = world.server.stats();
    assert_eq!((stats.data_received, stats.data_forwarded), (11, 11));
    world.subscribe_data(bob, &sid, false);
    world.send_track(ann, &packet(7, 10, b""));
    assert_eq!(world.clients[bob].track_packets.len(), 11);
    assert_eq!(world.handles(bob), [(u32::from(handle(&other)), other)]);
}

#[test]
fn who_subscribes_to_everything_need_not_ask() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.publish_data(ann, 1, "before");
    world.auto_data = true;
    let bob = world.join("bob");
    world.publish_data(ann, 2, "after");
    let sids: Vec<_> = world.handles(bob).into_iter().map(|(_, sid)| sid).collect();
    let published: Vec<_> = world.data_tracks(bob, "ann").into_iter().map(|t| t.sid).collect();
    assert_eq!(sids, published);
    (1..=2).for_each(|handle| world.send_track(ann, &packet(handle, 0, b"x")));
    assert_eq!(world.clients[bob].track_packets.len(), 2);
}

#[test]
fn the_channel_known_beforehand_carries_data_tracks() {
    let mut world = World::new();
    world.agreed = true;
    let (ann, bob, _) = one_track(&mut world);
    world.run(5000);
    world.send_track(ann, &packet(7, 0, b"x"));
    assert_eq!(world.clients[bob].track_packets.len(), 1);
}

#[test]
fn tracks_end_with_their_request_their_publisher_and_its_permission() {
    let mut world = World::new();
    let (ann, bob, first) = one_track(&mut world);
    world.unpublish_data(ann, 7);
    assert_eq!(
        (world.ended(ann), world.data_tracks(bob, "ann"), world.handles(bob)),
        (vec!["gauge".into()], vec![], vec![])
    );
    world.send_track(ann, &packet(7, 0, b"late"));
    assert!(world.clients[bob].track_packets.is_empty());
    // The same name and handle again are another track, with another handle for the subscriber.
    world.publish_data(ann, 7, "gauge");
    let again = world.data_tracks(bob, "ann")[0].sid.clone();
    assert_ne!(again, first);
    world.subscribe_data(bob, &again, true);
    assert_eq!(world.handles(bob), [(2, again.clone())]);
    let id = world.server.rooms["hall"].members[0];
    let mute = VideoGrant { can_publish_data: Some(false), ..grant() };
    world.server.permit(id, mute);
    world.run(20);
    assert_eq!((world.ended(ann).len(), world.data_tracks(bob, "ann"), world.handles(bob)), (2, vec![], vec![]));
    world.send_track(ann, &packet(7, 1, b"forbidden"));
    assert_eq!(world.server.stats().data_dropped_forbidden, 1);
    world.publish_data(ann, 8, "more");
    assert_eq!(world.refusals(ann), [Reason::NotAllowed]);
    world.server.permit(id, grant());
    world.publish_data(ann, 7, "gauge");
    let third = world.data_tracks(bob, "ann")[0].sid.clone();
    world.subscribe_data(bob, &third, true);
    world.ask(ann, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    assert!(world.handles(bob).is_empty() && world.data_tracks(bob, "ann").is_empty());
    assert!(world.server.data_tracks.is_empty());
    world.ask(bob, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    assert_eq!(world.server.population().1, 0);
}

#[test]
fn a_subscriber_that_leaves_is_sent_nothing_more() {
    let mut world = World::new();
    let (ann, bob, sid) = one_track(&mut world);
    world.ask(bob, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    world.send_track(ann, &packet(7, 0, b"x"));
    assert_eq!(world.server.stats().data_forwarded, 0);
    let again = world.join("bob");
    world.subscribe_data(again, &sid, true);
    world.send_track(ann, &packet(7, 1, b"x"));
    assert_eq!(world.clients[again].track_packets.len(), 1);
}

#[test]
fn publishers_and_tokens_say_who_may_subscribe() {
    let mut world = World::new();
    let (ann, bob, sid) = one_track(&mut world);
    let allow = |world: &mut World, identities: &[&str]| {
        let allowed = |identity: &&str| TrackPermission {
            participant_identity: identity.to_string(),
            all_tracks: true,
            ..Default::default()
        };
        let track_permissions = identities.iter().map(allowed).collect();
        let permission = SubscriptionPermission { all_participants: false, track_permissions };
        world.ask(ann, signal_request::Message::SubscriptionPermission(permission));
        world.run(20);
    };
    let told = |world: &World| {
        let told = |m: &Message| match m {
            Message::SubscriptionPermissionUpdate(update) => Some((update.track_sid.clone(), update.allowed)),
            _ => None,
        };
        world.clients[bob].messages.iter().filter_map(told).collect::<Vec<_>>()
    };
    allow(&mut world, &["carol"]);
    world.send_track(ann, &packet(7, 0, b"x"));
    assert!(world.handles(bob).is_empty() && world.clients[bob].track_packets.is_empty());
    assert_eq!(told(&world), [(sid.clone(), false)]);
    allow(&mut world, &["bob"]);
    assert_eq!(told(&world), [(sid.clone(), false), (sid.clone(), true)]);
    world.send_track(ann, &packet(7, 1, b"x"));
    assert_eq!((world.handles(bob).len(), world.clients[bob].track_packets.len()), (1, 1));
    let id = world.server.rooms["hall"].members[1];
    world.server.permit(id, VideoGrant { can_subscribe: Some(false), ..grant() });
    world.run(20);
    world.send_track(ann, &packet(7, 2, b"x"));
    assert!(world.handles(bob).is_empty());
    world.server.permit(id, grant());
    world.run(20);
    world.send_track(ann, &packet(7, 3, b"x"));
    assert_eq!((world.handles(bob).len(), world.clients[bob].track_packets.len()), (1, 2), "the wish was kept");
}

#[test]
fn what_cannot_be_published_is_refused_with_livekits_reasons() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.publish_data(ann, 1, "one");
    let long = "n".repeat(257);
    for (handle, name) in [(0, "x"), (65_536, "x"), (u32::MAX, "x"), (2, ""), (2, &long), (1, "x"), (2, "one")] {
        world.publish_data(ann, handle, name);
    }
    let schema = Some(vec![0; 2000]);
    let request = PublishDataTrackRequest { pub_handle: 2, name: "x".into(), schema, ..Default::default() };
    world.ask(ann, signal_request::Message::PublishDataTrackRequest(request));
    world.publish_data(ann, 65_535, &"n".repeat(256));
    world.publish_data(ann, 3, "three");
    world.unpublish_data(ann, 3);
    world.unpublish_data(ann, 1 + (1 << 16));
    use Reason::*;
    let expected = [
        InvalidHandle,
        InvalidHandle,
        InvalidHandle,
        InvalidName,
        InvalidName,
        DuplicateHandle,
        DuplicateName,
        InvalidRequest,
        LimitExceeded,
        NotFound,
        NotFound,
    ];
    assert_eq!(world.refusals(ann), expected);
    assert_eq!(world.data_tracks(ann, "ann").len(), 2, "two is the limit here");
}

#[test]
fn liars_reach_nobody() {
    let mut world = World::new();
    let (ann, bob, sid) = one_track(&mut world);
    let eve = world.join("eve");
    // Someone else's handle, no packet at all, and sids that are not to be had.
    world.send_track(eve, &packet(7, 0, b"forged"));
    for bytes in
        [&[][..], &[0x18], &[0xff; 12], &packet(0, 0, b"x"), &[0x1c, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]]
    {
        world.send_track(ann, bytes);
    }
    assert!(world.clients[bob].track_packets.is_empty());
    let stats = world.server.stats();
    assert_eq!((stats.data_forwarded, stats.data_dropped_malformed), (0, stats.data_received));
    assert!(stats.data_received >= 5, "all but the empty one arrive for sure");
    let track = |n: usize| Update { track_sid: format!("DTR_{n}"), subscribe: true, options: None };
    let updates = (0..5000).map(track).collect();
    world.ask(eve, signal_request::Message::UpdateDataSubscription(UpdateDataSubscription { updates }));
    world.subscribe_data(ann, &sid, true);
    world.run(20);
    assert!(world.handles(eve).is_empty() && world.handles(ann).is_empty(), "nor does one hear oneself");
    let stranger = VideoGrant { room: "cellar".into(), ..grant() };
    let stranger = world.join_as("stranger", stranger, true);
    world.run(300);
    world.subscribe_data(stranger, &sid, true);
    assert!(world.handles(stranger).is_empty(), "another room's tracks are not to be had");
    world.send_track(ann, &packet(7, 1, b"x"));
    assert_eq!(world.clients[bob].track_packets.len(), 1);
    assert!(world.clients.iter().all(|c| !c.closed));
}

#[test]
fn a_resume_keeps_handles_and_tells_them_again() {
    let mut world = World::new();
    let (ann, bob, sid) = one_track(&mut world);
    let before = world.handles(bob);
    let resume = |world: &mut World, client: usize, identity: &str, conn: u64| {
        let sid = world.clients[client].joined().participant.clone().unwrap().sid;
        let join = JoinRequest { reconnect: true, participant_sid: sid, ..Default::default() };
        let request = world.request(identity, grant(), &join);
        world.server.disconnected(world.now, world.clients[client].conn);
        world.clients[client].conn = ConnId(conn);
        world.clients[client].messages.retain(|m| matches!(m, Message::Join(_)));
        world.server.connect(world.now, ConnId(conn), &request).unwrap();
        world.run(20);
    };
    resume(&mut world, bob, "bob", 900);
    assert_eq!(world.handles(bob), before);
    assert_eq!(world.data_tracks(bob, "ann")[0].sid, sid);
    resume(&mut world, ann, "ann", 901);
    let published = |sid: &str| {
        let info = DataTrackInfo { sid: sid.into(), pub_handle: 7, ..Default::default() };
        vec![PublishDataTrackResponse { info: Some(info) }]
    };
    let state = SyncState { publish_data_tracks: published(&sid), ..Default::default() };
    world.ask(ann, signal_request::Message::SyncState(state));
    world.send_track(ann, &packet(7, 0, b"x"));
    assert_eq!(world.clients[bob].track_packets, [packet(before[0].0 as u16, 0, b"x")]);
    // What the subscriber asked for over the lost WebSocket comes with its state.
    world.subscribe_data(bob, &sid, false);
    let data_subscription =
        Some(UpdateDataSubscription { updates: vec![Update { track_sid: sid, subscribe: true, options: None }] });
    world.ask(bob, signal_request::Message::SyncState(SyncState { data_subscription, ..Default::default() }));
    world.run(20);
    assert_eq!(world.handles(bob).len(), 1);
    // A track that this server does not know: the client has to join anew.
    let state = SyncState { publish_data_tracks: published("DTR_unknown"), ..Default::default() };
    world.ask(ann, signal_request::Message::SyncState(state));
    world.run(20);
    let leave = world.clients[ann].left().unwrap();
    assert_eq!((leave.reason(), leave.action()), (DisconnectReason::StateMismatch, leave_request::Action::Reconnect));
    assert!(world.handles(bob).is_empty() && world.server.data_tracks.is_empty());
}

#[test]
fn tracks_go_with_who_is_moved() {
    let mut world = World::new();
    let (ann, bob, sid) = one_track(&mut world);
    world.publish_data(bob, 1, "stays");
    let stays = world.data_tracks(ann, "bob")[0].sid.clone();
    world.subscribe_data(ann, &stays, true);
    world.auto_data = true;
    let carol = world.join_as("carol", VideoGrant { room: "cellar".into(), ..grant() }, true);
    world.run(300);
    let id = world.server.participants.iter().find(|(_, p)| p.identity() == "ann").map(|(id, _)| *id).unwrap();
    world.server.move_to(id, &"cellar".into()).unwrap();
    world.run(20);
    assert_eq!((world.handles(ann), world.handles(bob)), (vec![], vec![]), "nothing goes from room to room");
    assert_eq!(world.data_tracks(carol, "ann").len(), 1);
    let handle = world.handles(carol)[0].clone();
    assert_eq!(handle.1, sid);
    world.send_track(ann, &packet(7, 0, b"x"));
    world.send_track(bob, &packet(1, 0, b"x"));
    assert_eq!(world.clients[carol].track_packets, [packet(handle.0 as u16, 0, b"x")]);
    assert!(world.clients[ann].track_packets.is_empty() && world.clients[bob].track_packets.is_empty());
    assert_eq!((world.data_tracks(ann, "ann").len(), world.ended(ann).len()), (1, 0), "its publisher has it still");
}
