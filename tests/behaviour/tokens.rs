//! Tokens of both families in a room: what they let in, what ends with time, and renewal without leaving.

use crate::sim::{APP, CERTIFICATE, EPOCH, Options, Sim, ms, token, tone};
use std::time::Duration;
use stoa::event::{ConnectionState, EventBody, Reason};
use stoa::token::access2::{self, JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_DATA, PUBLISH_VIDEO, Scope, Service, Token};
use stoa::token::jwt;

const LEEWAY: u64 = jwt::LEEWAY;

/// An AccessToken2 of `seconds` for the room "room", made at `at` seconds of the simulation.
pub fn access(user: &str, at: u64, seconds: u32, privileges: &[(u16, u32)]) -> String {
    let scope = Scope::Rtc { channel: "room".into(), uid: user.into() };
    let token = Token {
        app_id: APP.into(),
        issue_ts: (EPOCH + at) as u32,
        expire: seconds,
        salt: 1 + at as u32,
        services: vec![Service { scope, privileges: privileges.iter().copied().collect() }],
    };
    access2::build(&token, CERTIFICATE).unwrap()
}

pub fn everything(seconds: u32) -> [(u16, u32); 4] {
    [JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_VIDEO, PUBLISH_DATA].map(|privilege| (privilege, seconds))
}

fn with(token: String) -> Options {
    Options { token: Some(token), ..Options::default() }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Sim {
    /// Until so long after the start.
    fn run_to(&mut self, at: Duration) {
        let left = at.saturating_sub(self.at());
        self.run(left);
    }

    fn expiries(&self, client: usize) -> Vec<u64> {
        let left = |event: &EventBody| match event {
            EventBody::TokenWillExpire { left_us } => Some(*left_us),
            _ => None,
        };
        self.clients[client].events.iter().filter_map(left).collect()
    }

    fn logged(&self, part: &str) -> bool {
        self.log.iter().any(|line| line.contains(part))
    }

    /// Frames with sound that `hearer` makes of one second of `speaker`.
    fn heard(&mut self, speaker: usize, hearer: usize, user: &str) -> usize {
        let frames = self.record(hearer, user);
        self.clients[speaker].queue.push(&tone(440.0, 24_000, ms(500)), Some(ms(0)));
        self.run(ms(1000));
        frames.pcm().chunks(480).filter(|frame| frame.iter().any(|sample| sample.abs() > 2000)).count()
    }

    fn data_arrives(&mut self, sender: usize, receiver: usize) -> bool {
        let before = self.data_of(receiver);
        let now = self.now;
        self.clients[sender].voice.send_data(now, b"hi".to_vec(), true, "", vec![]);
        self.run(ms(500));
        self.data_of(receiver) > before
    }

    fn data_of(&self, client: usize) -> usize {
        self.clients[client].events.iter().filter(|event| matches!(event, EventBody::DataReceived { .. })).count()
    }
}

#[test]
fn an_access_token_lets_in_and_its_privileges_count() {
    let mut sim = Sim::new(1);
    let ada = sim.join("ada", with(access("ada", 0, 600, &everything(600))));
    let bob = sim.join("bob", with(access("bob", 0, 600, &[(JOIN_CHANNEL, 600), (PUBLISH_AUDIO, 600)])));
    let eve =
        sim.join("eve", with(access("eve", 0, 600, &[(JOIN_CHANNEL, 600), (PUBLISH_DATA, 600), (PUBLISH_AUDIO, 0)])));
    sim.run(ms(500));
    assert!(sim.heard(ada, bob, "ada") > 20);
    assert!(sim.heard(bob, eve, "bob") > 20, "who may join may hear");
    assert_eq!(sim.heard(eve, ada, "eve"), 0, "audio is not granted");
    assert!(sim.data_arrives(eve, ada) && sim.data_arrives(ada, bob));
    assert!(!sim.data_arrives(bob, ada), "data is not granted");
    assert!(sim.clients[ada].voice.may_send_data() && !sim.clients[bob].voice.may_send_data());
}

#[test]
fn the_log_says_which_check_failed_and_the_caller_hears_nothing_of_it() {
    let all = everything(600);
    let other_app = "f".repeat(32);
    let foreign = Token { app_id: other_app, ..access2::parse(&access("ada", 0, 600, &all)).unwrap().token };
    let own = access2::parse(&access("ada", 0, 600, &all)).unwrap().token;
    let no_rtc = Token { services: vec![Service { scope: Scope::Fpa, privileges: [].into() }], ..own.clone() };
    let expired = Token { issue_ts: (EPOCH - 1000) as u32, ..own.clone() };
    let header = |text: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let good = token("ada", |_| {});
        format!("{}{}", URL_SAFE_NO_PAD.encode(text), &good[good.find('.').unwrap()..])
    };
    let cases = [
        ("app", access2::build(&foreign, CERTIFICATE).unwrap(), "app id"),
        ("certificate", access2::build(&own, APP).unwrap(), "signature is wrong"),
        ("service", access2::build(&no_rtc, CERTIFICATE).unwrap(), "no service for real-time voice"),
        ("expired", access2::build(&expired, CERTIFICATE).unwrap(), "has expired"),
        ("not yet", access("ada", 1000, 600, &all), "not valid yet"),
        ("no join", access("ada", 0, 600, &all[1..]), "join_channel"),
        ("cut", access("ada", 0, 600, &all)[..60].to_string(), "base64"),
        ("JWT key", jwt::build(&jwt::parse_unverified(&token("ada", |_| {})).unwrap(), "nobody", "x"), "issuer"),
        (
            "JWT secret",
            jwt::build(&jwt::parse_unverified(&token("ada", |_| {})).unwrap(), "key", "x"),
            "signature is wrong",
        ),
        ("JWT none", header(r#"{"alg":"none"}"#), "HS256"),
        ("JWT RS256", header(r#"{"alg":"RS256"}"#), "HS256"),
        ("JWT expired", token("ada", |claims| claims.exp = EPOCH - LEEWAY - 1), "has expired"),
        ("JWT not yet", token("ada", |claims| claims.nbf = EPOCH + LEEWAY + 5), "not valid yet"),
        ("JWT no join", token("ada", |claims| claims.video.room_join = false), "roomJoin"),
        ("JWT no room", token("ada", |claims| claims.video.room.clear()), "names no room"),
        ("JWT no user", token("", |_| {}), "no identity"),
    ];
    for (what, token, part) in cases {
        let mut sim = Sim::new(2);
        let ada = sim.add("ada", with(token));
        sim.run(ms(1000));
        let Some(EventBody::ConnectionStateChanged { new, reason, text, .. }) = sim.clients[ada].events.last() else {
            panic!("{what}: {:?}", sim.clients[ada].events)
        };
        assert_eq!((*new, *reason), (ConnectionState::Failed, Reason::BadToken), "{what}");
        assert!(sim.logged(part), "{what}: {:?} lack {part}", sim.log);
        assert!(text.contains("The token was refused; the server's log says why."), "{what}: {text}");
        assert!(!sim.log.iter().any(|line| text.contains(line)), "{what}: the caller was told: {text}");
    }
}

#[test]
fn another_room_or_user_than_the_token_s_is_refused() {
    for (asked, user, part) in [("cellar", "ada", "not for 'cellar'"), ("room", "eve", "not for 'eve'")] {
        for token in [access("ada", 0, 600, &everything(600)), token("ada", |_| {})] {
            let mut sim = Sim::new(3);
            let client = sim.add(user, Options { asked: Some(asked.into()), ..with(token) });
            sim.run(ms(1000));
            assert_eq!(sim.clients[client].voice.state(), ConnectionState::Failed);
            assert!(sim.logged(part), "{:?}", sim.log);
        }
    }
}

#[test]
fn a_token_for_anyone_takes_no_other_s_place() {
    let mut sim = Sim::new(4);
    let anyone = |salt| access("", salt, 600, &everything(600));
    let asked = |token| Options { asked: Some("room".into()), ..with(token) };
    let ada = sim.join("ada", asked(anyone(0)));
    assert_eq!(sim.clients[ada].voice.identity(), "ada");
    let nameless = sim.join("", with(anyone(0)));
    assert!(sim.clients[nameless].voice.identity().parse::<u32>().is_ok_and(|uid| uid > 0), "the server chooses a uid");
    let thief = sim.add("ada", asked(anyone(1)));
    sim.run(ms(1000));
    assert_eq!(sim.clients[thief].voice.state(), ConnectionState::Failed);
    assert!(sim.logged("has this identity"), "{:?}", sim.log);
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
    // With its very token it is the same client come back; and a token of ada's own comes before any.
    sim.join("ada", asked(anyone(0)));
    sim.join("ada", with(access("ada", 2, 600, &everything(600))));
}

#[test]
fn it_is_told_before_the_token_expires_and_then_it_is_over() {
    let mut sim = Sim::new(5);
    let bob = sim.join("bob", Options::default());
    // The privilege to join ends before the token does.
    let ada = sim.join("ada", with(access("ada", 0, 600, &everything(100))));
    sim.run_to(secs(70) - ms(1));
    assert!(sim.expiries(ada).is_empty());
    sim.run_to(secs(70));
    assert_eq!(sim.expiries(ada), [30_000_000]);
    sim.run_to(secs(100 + LEEWAY) - ms(1));
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
    sim.run_to(secs(100 + LEEWAY + 2));
    assert_eq!(sim.expiries(ada).len(), 1, "once");
    let Some(EventBody::ConnectionStateChanged { new, reason, .. }) = sim.clients[ada].events.last() else { panic!() };
    assert_eq!((*new, *reason), (ConnectionState::Failed, Reason::TokenExpired));
    assert!(sim.logged("ada in room: the token has expired"), "{:?}", sim.log);
    let left = EventBody::UserLeft { user: "ada".into(), reason: Reason::TokenExpired };
    assert!(sim.clients[bob].events.contains(&left), "{:?}", sim.clients[bob].events);
}

#[test]
fn less_time_than_the_notice_is_told_at_once() {
    let mut sim = Sim::new(6);
    let ada = sim.join("ada", with(access("ada", 0, 20, &everything(20))));
    let bob = sim.join("bob", with(token("bob", |claims| claims.exp = EPOCH + 20)));
    sim.run(ms(100));
    let left = sim.expiries(ada);
    assert!(left.len() == 1 && (19_000_000..20_000_000).contains(&left[0]), "{left:?}");
    // A JWT is for joining, and a longer one comes with the join: who is in stays, as on LiveKit's server.
    sim.run_to(secs(20 + LEEWAY + 10));
    assert!(sim.expiries(bob).is_empty());
    assert_eq!(sim.clients[bob].voice.state(), ConnectionState::Connected);
}

#[test]
fn a_token_that_the_server_refreshes_does_not_expire() {
    let mut sim = Sim::new(7);
    let ada = sim.join("ada", with(token("ada", |claims| claims.exp = EPOCH + 400)));
    sim.run_to(secs(1_000));
    assert!(sim.expiries(ada).is_empty());
    assert!(sim.clients[ada].voice.refreshed_token().is_some());
}

#[test]
fn a_privilege_that_expires_is_taken_back_and_a_new_token_gives_it_again() {
    let mut sim = Sim::new(8);
    let bob = sim.join("bob", Options::default());
    let short = [(JOIN_CHANNEL, 3000), (PUBLISH_AUDIO, 100), (PUBLISH_DATA, 200)];
    let ada = sim.join("ada", with(access("ada", 0, 3000, &short)));
    sim.run(ms(500));
    assert!(sim.heard(ada, bob, "ada") > 20 && sim.data_arrives(ada, bob));
    sim.run_to(secs(100 + LEEWAY + 2));
    assert_eq!(sim.heard(ada, bob, "ada"), 0, "the privilege is over");
    assert!(sim.data_arrives(ada, bob), "this one is not");
    let muted = |muted| EventBody::UserMuted { user: "ada".into(), muted };
    assert!(sim.clients[bob].events.contains(&muted(true)));
    sim.run_to(secs(200 + LEEWAY + 2));
    assert!(!sim.data_arrives(ada, bob) && !sim.clients[ada].voice.may_send_data());
    sim.clients[ada].voice.renew(access("ada", 262, 3000, &everything(3000)));
    sim.run(ms(500));
    assert!(sim.logged("ada in room renews the token"), "{:?}", sim.log);
    assert!(sim.clients[bob].events.contains(&muted(false)));
    assert!(sim.heard(ada, bob, "ada") > 20 && sim.data_arrives(ada, bob));
    assert!(sim.clients[ada].voice.may_send_data());
}

#[test]
fn renewal_keeps_the_session_and_starts_the_time_again() {
    let mut sim = Sim::new(9);
    let bob = sim.join("bob", Options::default());
    let ada = sim.join("ada", with(access("ada", 0, 100, &everything(100))));
    sim.run_to(secs(75));
    assert_eq!(sim.expiries(ada).len(), 1);
    let changes = sim.clients[ada].events.len();
    sim.clients[ada].voice.renew(access("ada", 75, 300, &everything(300)));
    sim.run_to(secs(340));
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
    assert_eq!(sim.clients[ada].events.len(), changes, "{:?}", sim.clients[ada].events);
    sim.run_to(secs(346));
    assert_eq!(sim.expiries(ada), [30_000_000, 30_000_000]);
    sim.run_to(secs(375 + LEEWAY + 2));
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Failed);
    assert_eq!(sim.clients[bob].voice.state(), ConnectionState::Connected);
}

#[test]
fn a_bad_new_token_is_refused_and_the_old_one_stays() {
    let all = everything(300);
    let other_room = {
        let mut token = access2::parse(&access("ada", 0, 300, &all)).unwrap().token;
        token.services[0].scope = Scope::Rtc { channel: "cellar".into(), uid: "ada".into() };
        access2::build(&token, CERTIFICATE).unwrap()
    };
    let cases = [
        ("room", other_room, "not for 'room'"),
        ("user", access("eve", 0, 300, &all), "not for 'ada'"),
        ("time", access("ada", 0, 300, &[(JOIN_CHANNEL, 0)]), "join_channel"),
        ("key", token("ada", |_| {}), "another app id"),
        ("nothing", "hello".into(), "three parts"),
    ];
    let mut sim = Sim::new(10);
    let bob = sim.join("bob", Options::default());
    let ada = sim.join("ada", with(access("ada", 0, 600, &everything(600))));
    for (what, token, part) in cases {
        let before = sim.expiries(ada).len();
        sim.clients[ada].voice.renew(token);
        sim.run(ms(500));
        assert!(sim.logged(part) && sim.logged("was refused a new token"), "{what}: {:?}", sim.log);
        assert!(sim.expiries(ada).len() > before, "{what}: the application hears that it needs another");
        assert_eq!(sim.clients[ada].voice.refreshed_token(), Some(&*access("ada", 0, 600, &everything(600))), "{what}");
    }
    assert_eq!(sim.clients[ada].voice.state(), ConnectionState::Connected);
    assert!(sim.heard(ada, bob, "ada") > 20);
}
