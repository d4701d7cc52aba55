//! Who is let in, and what it finds there.

use super::*;

#[test]
fn two_join_and_one_hears_the_other() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.publish(ann);
    let bob = world.join("bob");
    let joined = world.clients[bob].joined();
    assert_eq!(joined.other_participants.len(), 1);
    assert_eq!(joined.other_participants[0].tracks[0].sid, world.microphone(ann));
    assert!(joined.room.as_ref().unwrap().sid.starts_with("RM_"));
    assert!(joined.participant.as_ref().unwrap().sid.starts_with("PA_"));
    assert_eq!(world.seen(ann, "bob").unwrap().state, participant_info::State::Active as i32);
    assert_eq!(world.seen(bob, "bob").unwrap().state, participant_info::State::Active as i32, "itself included");
    // The very first answer names the track that was there before.
    assert_eq!(world.carried(bob).into_values().collect::<Vec<_>>(), [world.microphone(ann)]);
    (0..20).for_each(|_| world.speak(ann, 20));
    let packets = &world.clients[bob].packets;
    assert_eq!(packets.len(), 20);
    for (n, packet) in packets.iter().enumerate() {
        assert_eq!(packet.0, 63, "redundancy passes");
        assert_eq!(packet.1 - packets[0].1, n as u64);
        assert_eq!(packet.2 - packets[0].2, n as u32 * 960);
        assert_eq!(packet.3[6], n as u8, "the payload is untouched");
    }
    assert!(packets[0].1 < 65_536);
    let subscribed = |m: &Message| matches!(m, Message::TrackSubscribed(t) if t.track_sid == world.microphone(ann));
    assert_eq!(world.clients[ann].messages.iter().filter(|m| subscribed(m)).count(), 1);
    assert!(world.clients[ann].packets.is_empty(), "nobody hears oneself");
}

#[test]
fn a_token_for_joining_again_comes_with_the_join() {
    let mut world = World::new();
    let ann = world.join("ann");
    let token = world.clients[ann].messages.iter().find_map(|m| match m {
        Message::RefreshToken(token) => Some(token.clone()),
        _ => None,
    });
    let claims = crate::token::jwt::parse_unverified(&token.expect("a token")).unwrap();
    assert_eq!((claims.sub.as_str(), claims.video.room.as_str()), ("ann", "hall"));
}

#[test]
fn refusals_have_a_status_and_a_sentence() {
    let mut world = World::new();
    let join = JoinRequest::default();
    let good = world.request("ann", grant(), &join);
    let mut says = |request: HttpRequest, status: u16, part: &str| {
        let refusal = world.server.connect(world.now, ConnId(1), &request).unwrap_err();
        assert_eq!(refusal.http_status, status, "{}", refusal.text);
        assert!(refusal.log.contains(part), "{} lacks {part}", refusal.log);
        // Who tries tokens does not hear which check they failed.
        let told = refusal.text == refusal.log;
        assert_eq!(told, !refusal.text.starts_with("The token was refused;"), "{}", refusal.text);
        assert!(told != (status == 401) || part == "No token", "{}", refusal.text);
    };
    says(HttpRequest { path: "/other".into(), ..good.clone() }, 404, "/rtc/v1");
    says(HttpRequest { authorization: None, ..good.clone() }, 401, "No token");
    says(HttpRequest { authorization: Some("Bearer x.y.z".into()), ..good.clone() }, 401, "token");
    says(HttpRequest { query: "join_request=!".into(), ..good.clone() }, 400, "base64url");
    let with = |identity: &str, video| HttpRequest {
        authorization: Some(format!("Bearer {}", token(identity, video))),
        ..good.clone()
    };
    says(with("ann", VideoGrant { room_join: false, ..grant() }), 401, "roomJoin");
    says(with("ann", VideoGrant { room: String::new(), ..grant() }), 401, "room");
    says(with("", grant()), 401, "identity");
    assert_eq!(world.server.population(), (0, 0));
    let in_query = format!("{}&access_token={}", good.query, token("ann", grant()));
    let request = HttpRequest { query: in_query, authorization: None, ..good.clone() };
    let validation = HttpRequest { path: "/rtc/v1/validate".into(), ..request.clone() };
    world.server.validate(world.now, &validation).unwrap();
    assert_eq!(world.server.population(), (0, 0), "validating is not joining");
    world.server.connect(world.now, ConnId(2), &request).unwrap();
    for n in 0..3u64 {
        let request = world.request(&format!("p{n}"), grant(), &join);
        world.server.connect(world.now, ConnId(10 + n), &request).unwrap();
    }
    let refusal = world.server.connect(world.now, ConnId(20), &world.request("p4", grant(), &join)).unwrap_err();
    assert_eq!(refusal.http_status, 503, "a full room is full");
}

/// The system's clock was wrong when the server began, or the machine slept: an [`Instant`] tells of neither.
#[test]
fn tokens_go_by_the_wall_clock_as_it_is_now() {
    let mut world = World::new();
    let good_for_an_hour = world.request("ann", grant(), &JoinRequest::default());
    let hours_later = UNIX_US / 1_000_000 + 2 * 3600;
    let claims = Claims { sub: "bob".into(), nbf: hours_later, exp: hours_later + 600, ..Default::default() };
    let claims = jwt::build(&Claims { video: grant(), ..claims }, "app", "secret");
    let made_later = HttpRequest { authorization: Some(format!("Bearer {claims}")), ..good_for_an_hour.clone() };
    let now = world.now;
    let validate =
        |server: &mut RoomServer, request: &HttpRequest| server.validate(now, request).map_err(|r| r.http_status);
    assert_eq!(validate(&mut world.server, &good_for_an_hour), Ok(()));
    assert_eq!(validate(&mut world.server, &made_later), Err(401));
    world.server.wall_clock(world.now, hours_later * 1_000_000);
    assert_eq!(validate(&mut world.server, &good_for_an_hour), Err(401));
    assert_eq!(validate(&mut world.server, &made_later), Ok(()));
    // And back.
    world.server.wall_clock(world.now, UNIX_US);
    assert_eq!(validate(&mut world.server, &good_for_an_hour), Ok(()));
}
