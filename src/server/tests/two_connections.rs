//! Two peer connections: the server offers what there is to hear.

use super::*;
use crate::token::access2::{self, JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_DATA, Scope, Service, Token};
use crate::token::jwt::LEEWAY;

impl World {
    /// A client that takes part as `identity` on this WebSocket, by its query anew or again.
    fn connect_dual(&mut self, client: usize, conn: u64, identity: &str, more: &str) {
        self.clients[client].conn = ConnId(conn);
        self.server.connect(self.now, ConnId(conn), &dual_request(identity, more)).unwrap();
        self.settle();
    }

    /// Another connection to receive on, before its first answer. Returns the one before.
    fn renew_rtc(&mut self, client: usize) -> Rtc {
        let mut rtc = rtc::config(&rtc::crypto_provider(), None).build(self.now);
        rtc.add_local_candidate(Candidate::host(self.clients[client].address, Protocol::Udp).unwrap());
        std::mem::replace(&mut self.clients[client].rtc, rtc)
    }

    /// The same anew, until its media flow.
    fn enter_dual(&mut self, client: usize, identity: &str) {
        self.connect_dual(client, 700, identity, "");
        self.renew_rtc(client);
        self.answer(client);
        self.run(300);
    }

    fn offers(&self, client: usize) -> Vec<SessionDescription> {
        let messages = self.clients[client].messages.iter();
        messages.filter_map(|m| if let Message::Offer(o) = m { Some(o.clone()) } else { None }).collect()
    }

    /// What a client answers the newest offer.
    fn answer_to_the_newest(&mut self, client: usize) -> signal_request::Message {
        let offer = self.offers(client).pop().expect("an offer");
        let parsed = str0m::change::SdpOffer::from_sdp_string(&offer.sdp).unwrap();
        let answer = self.clients[client].rtc.sdp_api().accept_offer(parsed).unwrap().to_sdp_string();
        signal_request::Message::Answer(description("answer", answer, offer.id))
    }

    fn answer(&mut self, client: usize) {
        let answer = self.answer_to_the_newest(client);
        self.ask(client, answer);
    }

    fn sid(&self, identity: &str) -> String {
        self.server.participants.values().find(|p| p.identity() == identity).expect("it is there").sid.clone()
    }
}

#[test]
fn attributes_come_in_the_query() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "placeholder"].map(|name| world.join(name));
    // {"mood": "good"}
    let attributes = "eyJtb29kIjogImdvb2QifQ%3D%3D";
    world.connect_dual(bob, 700, "bob", &format!("&attributes={attributes}"));
    world.run(20);
    assert_eq!(world.seen(ann, "bob").unwrap().attributes["mood"], "good");
    let validate = |world: &mut World, attributes: &str| {
        let request = dual_request("bob", &format!("&attributes={attributes}"));
        let request = HttpRequest { path: "/rtc/validate".into(), ..request };
        world.server.validate(world.now, &request).map_err(|refusal| refusal.http_status)
    };
    assert_eq!((validate(&mut world, attributes), validate(&mut world, "W10")), (Ok(()), Err(400)));
    world.connect_dual(bob, 701, "bob", "&attributes=W10");
    world.run(20);
    assert!(world.seen(ann, "bob").unwrap().attributes.is_empty(), "one joins without what cannot be read");
}

#[test]
fn two_connections_are_offered_what_there_is_to_hear() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.publish(ann);
    let bob = world.join_as("placeholder", grant(), false);
    world.connect_dual(bob, 700, "bob", "");
    world.run(5);
    let joined = world.clients[bob].joined().clone();
    assert!(joined.subscriber_primary && !joined.fast_publish);
    let offer = world.offers(bob).remove(0);
    let sections = sdp::sections(&offer.sdp);
    let track = world.microphone(ann);
    let audio = sections.iter().find(|s| s.kind == "audio").unwrap();
    let publisher = &world.clients[ann].joined().participant.clone().unwrap().sid;
    assert_eq!(audio.msid, (format!("{publisher}|{track}"), track.clone()));
    assert_eq!(offer.mid_to_track_id[&audio.mid], track);
    assert!(sections.iter().any(|s| s.kind == "application"));
    // One offer at a time: a second track waits for the answer to the first, and for the connection that comes of it.
    let carol = world.join("carol");
    world.publish(carol);
    assert_eq!(world.offers(bob).len(), 1);
    world.renew_rtc(bob);
    world.answer(bob);
    assert_eq!(world.offers(bob).len(), 1);
    world.run(300);
    let second = &world.offers(bob)[1];
    assert_eq!(second.mid_to_track_id.len(), 2);
    assert_eq!(second.id, offer.id + 1);
    // What is heard no more is at rest in the next one.
    world.answer(bob);
    world.subscribe(bob, &track, false);
    let third = &world.offers(bob)[2];
    let sections = sdp::sections(&third.sdp);
    let heard: Vec<_> = sections.iter().filter(|s| s.kind == "audio" && s.sends).map(|s| s.msid.1.clone()).collect();
    assert_eq!(heard, [world.microphone(carol)]);
    assert_eq!(third.mid_to_track_id.len(), 1);
}

/// Bob has two connections. Carol publishes while his WebSocket is away, or just before, so that the offer of her track is lost with it.
fn what_came_beside_a_lost_websocket_is_heard(lost_with_it: bool) {
    let mut world = World::new();
    let [bob, carol] = ["placeholder", "carol"].map(|name| world.join(name));
    let names = world.server.by_ufrag.len();
    world.enter_dual(bob, "bob");
    let sid = world.sid("bob");
    let away = |world: &mut World| world.server.disconnected(world.now, world.clients[bob].conn);
    if lost_with_it {
        world.publish(carol);
        away(&mut world);
    } else {
        away(&mut world);
        world.publish(carol);
    }
    assert_eq!(world.offers(bob).len(), 1 + usize::from(lost_with_it), "what nobody would get is not sent");
    for n in 0..5 {
        world.connect_dual(bob, 701 + n, "bob", &format!("&reconnect=1&sid={sid}"));
    }
    world.answer(bob);
    world.run(300);
    (0..3).for_each(|_| world.speak(carol, -20));
    assert_eq!(world.clients[bob].packets.len(), 3);
    assert_eq!(world.server.by_ufrag.len(), names + 2, "of five restarts one name is left");
}

#[test]
fn what_is_published_while_a_websocket_is_away_is_heard() {
    what_came_beside_a_lost_websocket_is_heard(false);
}

#[test]
fn what_was_offered_just_before_a_websocket_was_lost_is_heard() {
    what_came_beside_a_lost_websocket_is_heard(true);
}

/// The offer that puts a section at rest is lost with the WebSocket: the next one does it.
#[test]
fn what_ended_just_before_a_websocket_was_lost_is_put_at_rest() {
    let mut world = World::new();
    let [bob, carol] = ["placeholder", "carol"].map(|name| world.join(name));
    world.publish(carol);
    world.enter_dual(bob, "bob");
    let sending = |world: &World| {
        let offer = world.offers(bob).pop().expect("an offer");
        sdp::sections(&offer.sdp).iter().filter(|section| section.kind == "audio" && section.sends).count()
    };
    assert_eq!(sending(&world), 1);
    let track = world.microphone(carol);
    world.subscribe(bob, &track, false);
    assert_eq!((sending(&world), world.offers(bob).len()), (0, 2));
    world.server.disconnected(world.now, world.clients[bob].conn);
    let sid = world.sid("bob");
    world.connect_dual(bob, 701, "bob", &format!("&reconnect=1&sid={sid}"));
    assert_eq!((sending(&world), world.offers(bob).len()), (0, 3));
}

/// Bob's answer to the offer of Carol's track is ready as his WebSocket is lost, and goes out on the next one, where a newer offer waits for
/// an answer of its own.
#[test]
fn an_answer_to_an_older_offer_is_not_taken_for_one_to_the_newest() {
    let mut world = World::new();
    let [bob, carol] = ["placeholder", "carol"].map(|name| world.join(name));
    world.enter_dual(bob, "bob");
    world.publish(carol);
    // On another connection, since str0m takes no offer that lacks a section of the one before.
    let own = world.renew_rtc(bob);
    let late = world.answer_to_the_newest(bob);
    world.clients[bob].rtc = own;
    let again = format!("&reconnect=1&sid={}", world.sid("bob"));
    world.connect_dual(bob, 701, "bob", &again);
    world.ask(bob, late);
    world.settle();
    assert!(!world.clients[bob].closed, "{:?}", world.logs);
    world.answer(bob);
    world.run(300);
    (0..3).for_each(|_| world.speak(carol, -20));
    assert_eq!(world.clients[bob].packets.len(), 3);
}

#[test]
fn a_privilege_ends_on_time_whatever_becomes_of_the_websocket() {
    let (app, certificate) = ("a".repeat(32), "c".repeat(32));
    let scope = Scope::Rtc { channel: "hall".into(), uid: "bob".into() };
    let privileges = [(JOIN_CHANNEL, 600), (PUBLISH_AUDIO, 600), (PUBLISH_DATA, 10)].into();
    let token = Token {
        app_id: app.clone(),
        issue_ts: (UNIX_US / 1_000_000) as u32,
        expire: 600,
        salt: 1,
        services: vec![Service { scope, privileges }],
    };
    let authorization = Some(format!("Bearer {}", access2::build(&token, &certificate).unwrap()));
    for resumes in [true, false] {
        let mut world = World::new();
        world.server.config.keys.push((app.clone(), certificate.clone()));
        let bob = world.join("placeholder");
        let connect = |world: &mut World, conn: u64, more: &str| {
            world.clients[bob].conn = ConnId(conn);
            let request = HttpRequest { authorization: authorization.clone(), ..dual_request("bob", more) };
            world.server.connect(world.now, ConnId(conn), &request).unwrap();
            world.settle();
        };
        let start = world.now;
        connect(&mut world, 700, "");
        world.renew_rtc(bob);
        world.answer(bob);
        let run_to = |world: &mut World, seconds: u64| {
            while world.now < start + Duration::from_secs(seconds) {
                world.ask(bob, signal_request::Message::Ping(1));
                world.run(1_000);
            }
        };
        run_to(&mut world, LEEWAY + 7);
        world.server.disconnected(world.now, ConnId(700));
        if resumes {
            let sid = world.sid("bob");
            connect(&mut world, 701, &format!("&reconnect=1&sid={sid}"));
        }
        let ended = |world: &World| world.logs.iter().any(|line| line.contains("a privilege has expired"));
        run_to(&mut world, LEEWAY + 10);
        assert!(!ended(&world));
        run_to(&mut world, LEEWAY + 12);
        assert!(ended(&world), "{:?}", world.logs);
    }
}

/// Bob has no section left when carol publishes.
fn all_in_use(tracks: impl Fn(u64) -> Option<TrackId>) -> (World, usize) {
    let mut world = World::new();
    let [bob, carol] = ["placeholder", "carol"].map(|name| world.join(name));
    world.enter_dual(bob, "bob");
    let there = world.server.participants.values_mut().find(|p| p.identity() == "bob").unwrap();
    there.receiving().sections.extend((0..peer::MAX_SECTIONS as u64).map(|n| peer::Section {
        mid: Mid::from(format!("v{n}").as_str()),
        kind: MediaKind::Video,
        track: tracks(n),
        shown: None,
        last: None,
        cursor: Default::default(),
        usable: true,
    }));
    world.publish(carol);
    assert_eq!(world.offers(bob).len(), 1);
    (world, bob)
}

#[test]
fn who_has_no_section_left_is_named_in_the_log() {
    let (world, bob) = all_in_use(|n| Some(TrackId(1000 + n)));
    let named = |line: &String| line.contains("bob in hall hears as many tracks as it can");
    assert!(world.logs.iter().any(named) && world.clients[bob].left().is_none(), "{:?}", world.logs);
}

#[test]
fn who_used_up_its_sections_is_asked_to_join_anew() {
    let (world, bob) = all_in_use(|n| (n > 0).then_some(TrackId(1000 + n)));
    let leave = world.clients[bob].left().expect("a farewell");
    assert_eq!(leave.action(), leave_request::Action::Reconnect);
    assert!(world.logs.iter().any(|line| line.contains("512 tracks came and went")), "{:?}", world.logs);
}
