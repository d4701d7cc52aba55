//! Bytes from nowhere and good tokens gone wrong, into the parsers and verifiers of both families: none panics, and none that
//! was changed counts as good. The same cases every time.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::io::{Read, Write};
use stoa::token::access2::{self, Scope, Service, Token};
use stoa::token::document::{self, Fresh};
use stoa::token::jwt::{self, Claims};
use stoa::token::pass;

const APP: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const NOW: u64 = 1_700_000_000;
const CASES: usize = 40_000;

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// Changes a few bytes: replaced, inserted, removed, a piece repeated, the end cut.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..=rng.below(3) {
        let at = rng.below(bytes.len().max(1));
        match rng.below(6) {
            _ if bytes.is_empty() => bytes.push(rng.next() as u8),
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.below(5)],
            2 => bytes.insert(at, rng.next() as u8),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            _ => {
                let end = (at + rng.below(16)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

fn keys() -> Vec<(String, String)> {
    vec![(APP.into(), CERTIFICATE.into()), ("key".into(), "secret".into())]
}

/// Everything that reads a token from outside.
fn feed(token: &str) -> bool {
    let _ = pass::read(token, "hall");
    let _ = pass::verify(token, &keys(), "hall", "ada", NOW);
    if let Ok(shown) = document::show(token) {
        let _ = document::build(&shown.to_string(), APP, CERTIFICATE, Fresh { unix_now: NOW, random: 1 });
    }
    access2::verify(token, &keys(), NOW).is_ok() || jwt::verify(token, &keys(), NOW).is_ok()
}

fn access_tokens() -> Vec<String> {
    let name = |text: &str| text.to_string();
    let permissions =
        [(0, [(0, vec![name("a"), name("b")]), (1, vec![])].into()), (4, [(1, vec![name("c")])].into())].into();
    let scopes = [
        Scope::Rtc { channel: name("hall"), uid: name("ada") },
        Scope::Rtm { user_id: name("u") },
        Scope::Apaas { room_uuid: name("r"), user_uuid: name("u"), role: -1 },
        Scope::Rtm2 { user_id: name("u"), permissions },
        Scope::Chat { user_id: "long ".repeat(200) },
        Scope::Fpa,
    ];
    let services: Vec<Service> =
        scopes.into_iter().map(|scope| Service { scope, privileges: [(1, 600), (2, 600)].into() }).collect();
    let build = |services: &[Service]| {
        let token =
            Token { app_id: APP.into(), issue_ts: NOW as u32, expire: 600, salt: 5, services: services.to_vec() };
        access2::build(&token, CERTIFICATE).unwrap()
    };
    vec![build(&services[..1]), build(&services[1..4]), build(&services)]
}

fn inflate(token: &str) -> Vec<u8> {
    let packed = STANDARD.decode(&token[3..]).unwrap();
    let mut content = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut content).unwrap();
    content
}

fn deflate(content: &[u8]) -> String {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(content).unwrap();
    format!("007{}", STANDARD.encode(zlib.finish().unwrap()))
}

/// The text, the zlib stream, and what is inside it, each changed by itself, so that all layers see hostile bytes.
#[test]
fn access_tokens_gone_wrong() {
    let mut rng = Rng(1);
    let good: Vec<(String, Vec<u8>)> =
        access_tokens().into_iter().map(|token| (inflate(&token), token)).map(|(c, t)| (t, c)).collect();
    for case in 0..CASES {
        let (token, content) = &good[case % good.len()];
        let changed = match case / good.len() % 3 {
            0 => {
                let mut text = token.clone().into_bytes();
                mutate(&mut rng, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            }
            1 => {
                let mut packed = STANDARD.decode(&token[3..]).unwrap();
                mutate(&mut rng, &mut packed);
                format!("007{}", STANDARD.encode(packed))
            }
            _ => {
                let mut content = content.clone();
                mutate(&mut rng, &mut content);
                deflate(&content)
            }
        };
        if feed(&changed) {
            // Another compression of the same bytes is the same token.
            assert_eq!(inflate(&changed), *content, "case {case}: {changed} counts as good");
        }
    }
}

#[test]
fn livekit_tokens_gone_wrong() {
    let mut rng = Rng(2);
    let claims = Claims { sub: "ada".into(), nbf: NOW, exp: NOW + 600, name: "Ada".into(), ..Claims::default() };
    let good = jwt::build(&claims, "key", "secret");
    let parts: Vec<&str> = good.split('.').collect();
    for case in 0..CASES {
        let changed = if case % 2 == 0 {
            let mut text = good.clone().into_bytes();
            mutate(&mut rng, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        } else {
            let mut parts: Vec<Vec<u8>> = parts.iter().map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
            let which = rng.below(3);
            mutate(&mut rng, &mut parts[which]);
            parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".")
        };
        assert!(!feed(&changed) || changed == good, "case {case}: {changed} counts as good");
    }
}

#[test]
fn bytes_from_nowhere() {
    let mut rng = Rng(3);
    for case in 0..CASES {
        let length = rng.below(200);
        let bytes = rng.bytes(length);
        let text = match case % 4 {
            0 => String::from_utf8_lossy(&bytes).into_owned(),
            1 => format!("007{}", STANDARD.encode(&bytes)),
            2 => deflate(&bytes),
            _ => format!("e30.{}.{}", URL_SAFE_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)),
        };
        assert!(!feed(&text), "case {case}: {text} counts as good");
        let _ = document::build(&text, APP, CERTIFICATE, Fresh { unix_now: NOW, random: 1 });
    }
}
