//! Who may not come in does not, and is told why; hostile bytes harm only their sender.

use crate::sim::{EPOCH, Options, Sim, ms, token};
use stoa::Status;
use stoa::event::{ConnectionState, EventBody};
use stoa::server::ConnId;

fn refused_with(token: String) -> (Status, String) {
    let mut sim = Sim::new(1);
    let ada = sim.add("ada", Options { token: Some(token), ..Options::default() });
    sim.run(ms(1000));
    match sim.clients[ada].events.last() {
        Some(EventBody::ConnectionStateChanged { new: ConnectionState::Failed, status, text, .. }) => {
            (*status, text.clone())
        }
        other => panic!("expected a refusal, not {other:?}"),
    }
}

#[test]
fn bad_tokens_are_refused() {
    let good = token("ada", |_| {});
    let other_secret = stoa::token::jwt::build(
        &stoa::token::jwt::parse_unverified(&good).unwrap(),
        "key",
        "another secret, just as long as it",
    );
    let bad = [
        ("empty", String::new()),
        ("no token", "hello".into()),
        ("cut", good[..good.len() - 3].to_string()),
        ("other secret", other_secret),
        ("expired", token("ada", |claims| claims.exp = EPOCH - 7200)),
        ("not yet", token("ada", |claims| claims.nbf = EPOCH + 7200)),
        ("no join", token("ada", |claims| claims.video.room_join = false)),
        ("no identity", token("", |_| {})),
    ];
    for (what, token) in bad {
        let (status, text) = refused_with(token);
        assert_eq!(status, Status::BAD_TOKEN, "{what}: {text}");
        assert!(text.contains("token"), "{what}: {text}");
    }
}

#[test]
fn hostile_bytes_end_only_their_sender() {
    let mut sim = Sim::new(2);
    let ada = sim.join("ada", Options::default());
    let bob = sim.join("bob", Options::default());
    let mallory = sim.join("mallory", Options::default());
    sim.run(ms(200));
    let heard = sim.record(bob, "ada");
    let said = crate::sim::tone(440.0, 24_000, ms(2000));
    sim.clients[ada].queue.push(&said, Some(ms(0)));
    let mut rng = crate::sim::Rng::new(9);
    for _ in 0..200 {
        let length = rng.next() as usize % 1400;
        let noise: Vec<u8> = (0..length).map(|_| rng.next() as u8).collect();
        let now = sim.now;
        let from = ([10, 0, 1, mallory as u8 + 1], 5000).into();
        sim.server.datagram(now, stoa::rtc::Protocol::Udp, from, ([10, 0, 0, 1], 7882).into(), &noise);
        sim.server.datagram(
            now,
            stoa::rtc::Protocol::Udp,
            ([10, 0, 9, 9], 9).into(),
            ([10, 0, 0, 1], 7882).into(),
            &noise,
        );
        sim.clients[bob].voice.session().datagram(
            now,
            stoa::client::session::Side::Publisher,
            stoa::rtc::Protocol::Udp,
            ([10, 0, 0, 1], 7882).into(),
            &noise,
        );
        for conn in 0..40 {
            if conn % 7 == 3 {
                sim.server.message(now, ConnId(1_000 + conn), &noise);
            }
        }
        sim.run(ms(10));
    }
    sim.run(ms(500));
    assert_eq!(heard.origin(2), 0, "a gap was heard");
    assert!(heard.frames().len() >= 100);
    assert_eq!(sim.clients[bob].voice.state(), ConnectionState::Connected);
}
