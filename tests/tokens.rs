//! Tokens of both families from outside: the official builder's vectors, every service and claim, every refusal.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::io::Read;
use stoa::token::access2::{
    self, JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_DATA, PUBLISH_VIDEO, Privileges, Scope, Service, Token,
};
use stoa::token::document::{self, Fresh};
use stoa::token::jwt::{self, Claims, VideoGrant};
use stoa::token::pass;
use stoa::{Error, Status};

const APP: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const NOW: u64 = 1_700_000_000;
const FRESH: Fresh = Fresh { unix_now: NOW, random: 41 };

fn keys() -> Vec<(String, String)> {
    [(APP, CERTIFICATE), ("key", "a secret of any length")].map(|(k, s)| (k.to_string(), s.to_string())).to_vec()
}

fn inflated(token: &str) -> Vec<u8> {
    let packed = STANDARD.decode(token.strip_prefix("007").unwrap()).unwrap();
    let mut content = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut content).unwrap();
    content
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A service of a vector, in our JSON form: its privileges are pairs there.
fn as_document(mut service: Value) -> Value {
    let pairs = service["privileges"].as_array().unwrap().clone();
    service["privileges"] =
        pairs.iter().map(|pair| (pair[0].to_string(), pair[1].clone())).collect::<serde_json::Map<_, _>>().into();
    service
}

#[test]
fn the_official_builders_vectors_pass_byte_for_byte() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("data/access_token2.json")).unwrap();
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        let name = text("name");
        let services: Vec<Value> = vector["services"].as_array().unwrap().iter().cloned().map(as_document).collect();
        let claims = json!({"issue_ts": vector["issue_ts"], "expire": vector["expire"], "salt": vector["salt"], "services": services});
        let document = json!({"family": "access_token2", "claims": claims}).to_string();
        let ours = document::build(&document, text("app_id"), text("app_certificate"), FRESH).unwrap();
        let content = unhex(text("inflated_hex"));
        assert_eq!(inflated(&ours), content, "{name}: what we build");
        assert_eq!(inflated(text("token")), content, "{name}: the vector itself");
        let keys = vec![(text("app_id").to_string(), text("app_certificate").to_string())];
        let now = vector["issue_ts"].as_u64().unwrap();
        let theirs = access2::verify(text("token"), &keys, now).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(theirs, access2::verify(&ours, &keys, now).unwrap(), "{name}");
        assert_eq!(theirs.signature, content[2..34], "{name}: the signature");
        let wrong = vec![(text("app_id").to_string(), CERTIFICATE.to_string())];
        assert!(access2::verify(text("token"), &wrong, now).unwrap_err().text.contains("signature"), "{name}");
    }
}

fn every_service() -> Vec<Service> {
    let name = |text: &str| text.to_string();
    let uses = [(0, vec![name("a"), name("b")]), (1, Vec::new()), (9, vec![name("z")])].into();
    let scopes = [
        Scope::Rtc { channel: name("频道"), uid: name("7") },
        Scope::Rtc { channel: name("second"), uid: name("") },
        Scope::Rtm { user_id: name("u") },
        Scope::Streaming { channel: name("c"), account: name("7") },
        Scope::Fpa,
        Scope::Chat { user_id: name("u") },
        Scope::Fcdn { channel: name("c"), account: name("") },
        Scope::Apaas { room_uuid: name("r"), user_uuid: name("u"), role: -32_768 },
        Scope::Rtm2 { user_id: name("u"), permissions: [(0, uses), (4, [].into()), (77, [].into())].into() },
        Scope::ConvoAi,
        Scope::Stt,
    ];
    let privileges: Privileges = [(1, 60), (2, 0), (3, u32::MAX), (900, 1)].into();
    scopes.into_iter().map(|scope| Service { scope, privileges: privileges.clone() }).collect()
}

#[test]
fn every_service_goes_there_and_back_as_token_and_as_json() {
    let all = Token { app_id: APP.into(), issue_ts: 1, expire: 2, salt: 3, services: every_service() };
    let built = access2::build(&all, CERTIFICATE).unwrap();
    let parsed = access2::verify(&built, &keys(), 1).unwrap();
    assert_eq!(parsed.token, all);
    let shown = document::show(&built).unwrap();
    assert!(!shown.to_string().contains(CERTIFICATE));
    assert_eq!(shown["claims"]["services"][0]["privileges"]["join_channel"], 60);
    assert_eq!(shown["claims"]["services"][8]["permissions"]["message_channels"]["read"], json!(["a", "b"]));
    assert_eq!(shown["claims"]["services"][8]["permissions"]["77"], json!({}));
    assert_eq!(document::build(&shown.to_string(), APP, CERTIFICATE, FRESH).unwrap(), built);
    for service in every_service() {
        let one = Token { services: vec![service], ..all.clone() };
        let built = access2::build(&one, CERTIFICATE).unwrap();
        assert_eq!(access2::parse(&built).unwrap().token, one);
        assert_eq!(
            document::build(&document::show(&built).unwrap().to_string(), APP, CERTIFICATE, FRESH).unwrap(),
            built
        );
    }
}

#[test]
fn what_a_document_leaves_out_is_filled_in() {
    let document = json!({"family": "access_token2", "claims": {"services": [{"type": "stt"}]}}).to_string();
    let token = access2::parse(&document::build(&document, APP, CERTIFICATE, FRESH).unwrap()).unwrap().token;
    assert_eq!((token.issue_ts, token.expire, token.salt), (NOW as u32, 3600, 42));
    assert_eq!(token.app_id, APP);
    let document = json!({"family": "livekit", "claims": {"sub": "ada", "mine": [1]}}).to_string();
    let built = document::build(&document, "key", "a secret of any length", FRESH).unwrap();
    let claims = jwt::verify(&built, &keys(), NOW).unwrap();
    assert_eq!((claims.nbf, claims.exp, claims.iss.as_str()), (NOW, NOW + 3600, "key"));
    let shown = document::show(&built).unwrap();
    assert_eq!(shown["family"], "livekit");
    assert_eq!(shown["claims"]["mine"][0], 1);
    assert_eq!(document::build(&shown.to_string(), "key", "a secret of any length", FRESH).unwrap(), built);
}

#[test]
fn a_document_that_says_nothing_clear_is_refused() {
    let rtc = |members: &str| {
        format!(r#"{{"family": "access_token2", "claims": {{"services": [{{"type": "rtc", {members}}}]}}}}"#)
    };
    let cases = [
        ("{".to_string(), "not JSON"),
        ("[]".into(), "no JSON object"),
        ("{}".into(), "family"),
        (r#"{"family": "livekit", "claims": {}, "ttl": 5}"#.into(), "\"ttl\""),
        (r#"{"family": "livekit", "claims": {"iss": "other"}}"#.into(), "iss"),
        (r#"{"family": "livekit", "claims": {"video": {"canPublish": 1}}}"#.into(), "canPublish"),
        (r#"{"family": "access_token2", "claims": {}}"#.into(), "services"),
        (r#"{"family": "access_token2", "claims": {"services": []}}"#.into(), "no service"),
        (r#"{"family": "access_token2", "claims": {"services": [{"type": "fax"}]}}"#.into(), "\"fax\""),
        (r#"{"family": "access_token2", "claims": {"salt": 0, "services": [{"type": "fpa"}]}}"#.into(), "salt"),
        (r#"{"family": "access_token2", "claims": {"expire": -1, "services": [{"type": "fpa"}]}}"#.into(), "expire"),
        (r#"{"family": "access_token2", "claims": {"services": [{"type": "apaas", "role": 40000}]}}"#.into(), "role"),
        (rtc(r#""privileges": {"join": 5}"#), "\"join\""),
        (rtc(r#""privileges": {"join_channel": 5, "1": 5}"#), "twice"),
        (rtc(r#""privileges": {"join_channel": "5"}"#), "join_channel"),
        (rtc(r#""chanel": "x""#), "\"chanel\""),
        (rtc(r#""uid": 7"#), "uid"),
    ];
    for (document, part) in cases {
        let error = document::build(&document, APP, CERTIFICATE, FRESH).unwrap_err();
        assert_eq!(error.status, Status::BAD_ARGUMENT, "{document}");
        assert!(error.text.contains(part), "{document}: {} lacks {part}", error.text);
    }
}

fn rtc(channel: &str, uid: &str, privileges: &[(u16, u32)]) -> Service {
    let scope = Scope::Rtc { channel: channel.into(), uid: uid.into() };
    Service { scope, privileges: privileges.iter().copied().collect() }
}

fn access(services: Vec<Service>) -> String {
    let token = Token { app_id: APP.into(), issue_ts: NOW as u32, expire: 600, salt: 9, services };
    access2::build(&token, CERTIFICATE).unwrap()
}

fn livekit(change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = Claims {
        sub: "ada".into(),
        nbf: NOW,
        exp: NOW + 600,
        video: VideoGrant { room: "hall".into(), room_join: true, ..VideoGrant::default() },
        ..Claims::default()
    };
    change(&mut claims);
    jwt::build(&claims, "key", "a secret of any length")
}

/// A JWT with another header and the signature that goes with it, where there is one.
fn with_header(header: &str, signature: Option<&str>) -> String {
    let good = livekit(|_| {});
    let parts: Vec<&str> = good.split('.').collect();
    let header = URL_SAFE_NO_PAD.encode(header);
    format!("{header}.{}.{}", parts[1], signature.unwrap_or(parts[2]))
}

#[test]
fn each_refusal_says_which_check_failed() {
    let all = [(JOIN_CHANNEL, 300), (PUBLISH_AUDIO, 300), (PUBLISH_VIDEO, 300), (PUBLISH_DATA, 300)];
    let other_app = Token {
        app_id: CERTIFICATE.into(),
        issue_ts: NOW as u32,
        expire: 600,
        salt: 9,
        services: vec![rtc("hall", "ada", &all)],
    };
    let cases = [
        // Token, room, user, seconds after issue, what is said.
        ("access: app", access2::build(&other_app, CERTIFICATE).unwrap(), "hall", "ada", 0, "app id"),
        (
            "access: certificate",
            access2::build(&Token { app_id: APP.into(), ..other_app.clone() }, APP).unwrap(),
            "hall",
            "ada",
            0,
            "signature",
        ),
        ("access: room", access(vec![rtc("hall", "ada", &all)]), "cellar", "ada", 0, "room 'hall', not for 'cellar'"),
        ("access: user", access(vec![rtc("hall", "ada", &all)]), "hall", "eve", 0, "user 'ada', not for 'eve'"),
        ("access: expired", access(vec![rtc("hall", "ada", &all)]), "hall", "ada", 661, "expired"),
        ("access: join expired", access(vec![rtc("hall", "ada", &all)]), "hall", "ada", 361, "join_channel"),
        ("access: not yet", access(vec![rtc("hall", "ada", &all)]), "hall", "ada", -61, "not valid yet"),
        ("access: no join", access(vec![rtc("hall", "ada", &all[1..])]), "hall", "ada", 0, "join_channel"),
        (
            "access: other service",
            access(vec![Service { scope: Scope::Fpa, privileges: Privileges::new() }]),
            "",
            "",
            0,
            "rtc",
        ),
        ("jwt: user", livekit(|_| {}), "hall", "eve", 0, "user 'ada', not for 'eve'"),
        ("jwt: room", livekit(|_| {}), "cellar", "", 0, "room 'hall', not for 'cellar'"),
        ("jwt: expired", livekit(|_| {}), "hall", "ada", 661, "expired"),
        ("jwt: not yet", livekit(|_| {}), "hall", "ada", -61, "not valid yet"),
        ("jwt: no join", livekit(|claims| claims.video.room_join = false), "hall", "ada", 0, "roomJoin"),
        ("jwt: none", with_header(r#"{"alg":"none","typ":"JWT"}"#, Some("")), "hall", "ada", 0, "HS256"),
        ("jwt: none, signed", with_header(r#"{"alg":"none"}"#, None), "hall", "ada", 0, "HS256"),
        ("jwt: RS256", with_header(r#"{"alg":"RS256"}"#, None), "hall", "ada", 0, "HS256"),
        ("jwt: no algorithm", with_header("{}", None), "hall", "ada", 0, "HS256"),
        ("jwt: other header", with_header(r#"{"alg":"HS256"}"#, None), "hall", "ada", 0, "signature"),
        ("version 006", "006abc".into(), "", "", 0, "007"),
        ("nothing", String::new(), "", "", 0, "three parts"),
    ];
    for (what, token, room, user, after, part) in cases {
        let now = NOW.checked_add_signed(after).unwrap();
        let Error { status, text } = pass::verify(&token, &keys(), room, user, now).unwrap_err();
        assert_eq!(status, Status::BAD_TOKEN, "{what}");
        assert!(text.contains(part), "{what}: {text} lacks {part}");
    }
    let wrong_key = jwt::build(&jwt::parse_unverified(&livekit(|_| {})).unwrap(), "kez", "a secret of any length");
    assert!(pass::verify(&wrong_key, &keys(), "", "", NOW).unwrap_err().text.contains("issuer"));
    // A key for JWT whose id and secret are not hexadecimal lets no AccessToken2 in.
    let good = access(vec![rtc("hall", "ada", &all)]);
    let short = vec![(APP.to_string(), "secret".to_string())];
    assert!(pass::verify(&good, &short, "", "", NOW).unwrap_err().text.contains("32 hexadecimal"));
}

#[test]
fn the_right_ones_get_in() {
    let all = [(JOIN_CHANNEL, 300), (PUBLISH_AUDIO, 100)];
    let token = access(vec![rtc("attic", "7", &all), rtc("hall", "", &all)]);
    let pass = pass::verify(&token, &keys(), "hall", "anyone", NOW).unwrap();
    assert_eq!((pass.claims.video.room.as_str(), pass.claims.sub.as_str()), ("hall", ""));
    assert_eq!(pass.expires_at, NOW + 300);
    assert!(pass.claims.video.may_publish_source("microphone") && !pass.claims.video.may_publish_data());
    let pass = pass::verify(&token, &keys(), "", "", NOW).unwrap();
    assert_eq!((pass.claims.video.room.as_str(), pass.claims.sub.as_str()), ("attic", "7"), "the first");
    assert!(!pass::verify(&token, &keys(), "attic", "7", NOW + 161).unwrap().claims.video.may_publish());
    let pass = pass::verify(&livekit(|_| {}), &keys(), "hall", "ada", NOW).unwrap();
    assert_eq!((pass.expires_at, pass.access), (NOW + 600, None));
    assert_eq!(pass::read(&livekit(|_| {}), "").unwrap().claims, pass.claims);
}
