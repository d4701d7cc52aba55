//! AccessToken2: `007`, then in base64 and zlib a signature and what it signs, as the official builders make it
//! (AgoraIO/Tools, `DynamicKey/AgoraDynamicKey`).
//!
//! `pack.rs`: bytes. `service.rs`: what a token is good for. `grant.rs`: what that means in a room.

mod grant;
mod pack;
mod service;

pub use service::{JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_DATA, PUBLISH_VIDEO, Permissions, Privileges, Scope, Service};

use super::jwt::{LEEWAY, MAX_TOKEN};
use crate::{Error, Result, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use pack::{MAX_CONTENT, Reader, Writer};
use sha2::Sha256;

/// What every AccessToken2 begins with.
pub const VERSION: &str = "007";

/// The largest salt; the smallest is 1.
pub const MAX_SALT: u32 = 99_999_999;

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The app id, 32 hexadecimal characters.
    pub app_id: String,
    /// When it was made, seconds since the Unix epoch.
    pub issue_ts: u32,
    /// How long after that it is valid, seconds.
    pub expire: u32,
    /// 1 to [`MAX_SALT`], drawn at random, so that no two tokens are alike.
    pub salt: u32,
    /// What it is good for. A token is built with the services in the order of their numbers.
    pub services: Vec<Service>,
}

/// Services that a parser did not understand: one whose number it does not know, and those behind it. The official
/// parsers stop there too; the signature covers them all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The number of the first of them.
    pub number: u16,
    /// How many services the token says it has from there on.
    pub count: u16,
    /// Their bytes.
    pub bytes: usize,
}

/// A token that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What it says.
    pub token: Token,
    /// What of it was not understood.
    pub unknown: Option<Unknown>,
    /// The signature, as it stands there.
    pub signature: Vec<u8>,
    signed: Vec<u8>,
}

pub(super) fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Status::BAD_TOKEN, sentence)
}

/// Whether this is the form of an app id and an app certificate: 32 hexadecimal characters.
pub fn is_hexadecimal_32(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Builds a token, signed with the certificate of its app id. Both must be 32 hexadecimal characters, and there must be a service.
pub fn build(token: &Token, certificate: &str) -> Result<String> {
    if !is_hexadecimal_32(&token.app_id) {
        return Err(bad(
            "The app id of an AccessToken2 has 32 hexadecimal characters, and this one has not: give it as it was issued.",
        ));
    }
    if !is_hexadecimal_32(certificate) {
        return Err(bad(
            "The app certificate of an AccessToken2 has 32 hexadecimal characters, and this one has not: give it as it was issued.",
        ));
    }
    if token.services.is_empty() {
        return Err(bad("The token has no service; give it one, or it would be good for nothing."));
    }
    if !(1..=MAX_SALT).contains(&token.salt) {
        return Err(bad(format!("The salt is {}; draw it from 1 to {MAX_SALT}.", token.salt)));
    }
    let mut services: Vec<&Service> = token.services.iter().collect();
    services.sort_by_key(|service| service.scope.number());
    let mut content = Writer(Vec::with_capacity(256));
    content.bytes(&[0; 32])?;
    let start = content.0.len();
    content.text(&token.app_id)?;
    content.u32(token.issue_ts);
    content.u32(token.expire);
    content.u32(token.salt);
    content.count(services.len())?;
    services.iter().try_for_each(|service| service.pack(&mut content))?;
    let mut content = content.0;
    if content.len() > MAX_CONTENT {
        return Err(bad("The token would hold more than 64 kB; name fewer services or resources."));
    }
    let signature = sign(certificate, token.issue_ts, token.salt, &content[start..]).finalize().into_bytes();
    content[start - signature.len()..start].copy_from_slice(&signature);
    let mut text = String::with_capacity(content.len() * 4 / 3 + 32);
    text.push_str(VERSION);
    STANDARD.encode_string(pack::deflate(&content), &mut text);
    if text.len() > MAX_TOKEN {
        return Err(bad("The token would be longer than 64 kB; name fewer services or resources."));
    }
    Ok(text)
}

/// Reads a token without looking at its signature: for a client, which wants to know its own channel, user and expiry.
pub fn parse(token: &str) -> Result<Parsed> {
    if token.len() > MAX_TOKEN {
        return Err(bad("The token is longer than 64 kB, as none is; give the token alone, as it was made."));
    }
    let Some(text) = token.strip_prefix(VERSION) else {
        return Err(bad("The token does not begin with 007; only that version of AccessToken is known."));
    };
    let packed = STANDARD
        .decode(text)
        .map_err(|_| bad("The token is not base64; it was cut or changed: take it as it was made."))?;
    let content = pack::inflate(&packed)?;
    let mut from = Reader(&content);
    let signature = from.bytes()?.to_vec();
    let signed = from.0.to_vec();
    let mut token = Token {
        app_id: from.text()?,
        issue_ts: from.u32()?,
        expire: from.u32()?,
        salt: from.u32()?,
        services: Vec::new(),
    };
    let mut unknown = None;
    for left in (1..=from.u16()?).rev() {
        match Service::unpack(&mut from)? {
            Some(service) => token.services.push(service),
            None => {
                unknown = Some(Unknown { number: Reader(from.0).u16()?, count: left, bytes: from.0.len() });
                from = Reader(&[]);
                break;
            }
        }
    }
    if !from.0.is_empty() {
        return Err(bad("The token has bytes behind its last service; it was changed: take it as it was made."));
    }
    Ok(Parsed { token, unknown, signature, signed })
}

/// Verifies a token against the known app ids and their certificates, at `unix_now` seconds. The error says which check failed.
/// Privileges have times of their own: see [`Token::until`].
pub fn verify(token: &str, keys: &[(String, String)], unix_now: u64) -> Result<Parsed> {
    let parsed = parse(token)?;
    let token = &parsed.token;
    let Some((_, certificate)) = keys.iter().find(|(key, _)| *key == token.app_id) else {
        return Err(bad("The token's app id is none of this server; check the app id."));
    };
    if !is_hexadecimal_32(&token.app_id) || !is_hexadecimal_32(certificate) {
        return Err(bad(
            "An AccessToken2 needs an app id and a certificate of 32 hexadecimal characters; this key takes a JWT only.",
        ));
    }
    sign(certificate, token.issue_ts, token.salt, &parsed.signed)
        .verify_slice(&parsed.signature)
        .map_err(|_| bad("The token's signature is wrong; check the app certificate."))?;
    if unix_now > token.expires_at().saturating_add(LEEWAY) {
        return Err(bad("The token has expired; get a new one."));
    }
    if u64::from(token.issue_ts) > unix_now.saturating_add(LEEWAY) {
        return Err(bad("The token is not valid yet; check the clocks of both machines."));
    }
    Ok(parsed)
}

impl Token {
    /// The end of validity, seconds since the Unix epoch.
    pub fn expires_at(&self) -> u64 {
        u64::from(self.issue_ts) + u64::from(self.expire)
    }

    /// Until when a service's privilege may be used, seconds since the Unix epoch: its own time or the token's, whichever
    /// ends first. None: it is not granted.
    pub fn until(&self, service: &Service, privilege: u16) -> Option<u64> {
        let lasts = *service.privileges.get(&privilege).filter(|lasts| **lasts > 0)?;
        Some(self.expires_at().min(u64::from(self.issue_ts) + u64::from(lasts)))
    }
}

/// The HMAC of what is signed, its key derived from certificate, issue time and salt.
fn sign(certificate: &str, issue_ts: u32, salt: u32, signed: &[u8]) -> Hmac<Sha256> {
    let mac = |key: &[u8], message: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(message);
        mac
    };
    let key = mac(&issue_ts.to_le_bytes(), certificate.as_bytes()).finalize().into_bytes();
    let key = mac(&salt.to_le_bytes(), &key).finalize().into_bytes();
    mac(&key, signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "0123456789abcdef0123456789ABCDEF";
    const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";

    fn keys() -> Vec<(String, String)> {
        vec![(APP.into(), CERTIFICATE.into()), ("short".into(), "secret".into())]
    }

    fn token() -> Token {
        let scope = Scope::Rtc { channel: "hall".into(), uid: "7".into() };
        Token {
            app_id: APP.into(),
            issue_ts: 1_000,
            expire: 500,
            salt: 1,
            services: vec![Service { scope, privileges: [(JOIN_CHANNEL, 100), (PUBLISH_AUDIO, 900)].into() }],
        }
    }

    #[test]
    fn what_is_built_verifies_and_reads_back() {
        let text = build(&token(), CERTIFICATE).unwrap();
        assert!(text.starts_with("007eJ"));
        let parsed = verify(&text, &keys(), 1_200).unwrap();
        assert_eq!(parsed.token, token());
        assert_eq!(parsed.unknown, None);
        assert_eq!(parse(&text).unwrap(), parsed);
        let service = &parsed.token.services[0];
        assert_eq!(parsed.token.until(service, JOIN_CHANNEL), Some(1_100));
        assert_eq!(parsed.token.until(service, PUBLISH_AUDIO), Some(1_500), "no longer than the token");
        assert_eq!(parsed.token.until(service, PUBLISH_DATA), None);
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let good = build(&token(), CERTIFICATE).unwrap();
        let says = |token: &str, now: u64, part: &str| {
            let error = verify(token, &keys(), now).unwrap_err();
            assert_eq!(error.status, Status::BAD_TOKEN);
            assert!(error.text.contains(part), "{} lacks {part}", error.text);
        };
        says(&good, 1_500 + LEEWAY + 1, "expired");
        says(&good, 1_000 - LEEWAY - 1, "not valid yet");
        says(&build(&token(), APP).unwrap(), 1_200, "signature is wrong");
        let other = Token { app_id: CERTIFICATE.into(), ..token() };
        says(&build(&other, CERTIFICATE).unwrap(), 1_200, "app id");
        says(&good.replacen("007", "006", 1), 1_200, "begin with 007");
        says(&good[..good.len() - 4], 1_200, "too early");
        says(&good[..good.len() - 1], 1_200, "base64");
        says("007", 1_200, "too early");
        says(&format!("007{}", "A".repeat(70_000)), 1_200, "64 kB");
        assert!(verify(&good, &keys(), 1_500 + LEEWAY).is_ok());
    }

    #[test]
    fn what_cannot_be_built_is_said() {
        let says = |token: Token, certificate: &str, part: &str| {
            let error = build(&token, certificate).unwrap_err();
            assert!(error.text.contains(part), "{} lacks {part}", error.text);
        };
        says(Token { app_id: "app".into(), ..token() }, CERTIFICATE, "app id");
        says(token(), "secret", "certificate");
        says(token(), &"g".repeat(32), "certificate");
        says(Token { services: Vec::new(), ..token() }, CERTIFICATE, "no service");
        says(Token { salt: 0, ..token() }, CERTIFICATE, "salt");
        says(Token { salt: MAX_SALT + 1, ..token() }, CERTIFICATE, "salt");
        let scope = Scope::Rtm { user_id: "x".repeat(65_536) };
        says(
            Token { services: vec![Service { scope, privileges: Privileges::new() }], ..token() },
            CERTIFICATE,
            "65535",
        );
        let scope = Scope::Rtm { user_id: "x".repeat(65_000) };
        let two = vec![Service { scope, privileges: Privileges::new() }; 2];
        says(Token { services: two, ..token() }, CERTIFICATE, "64 kB");
    }

    /// A token of these signed bytes, with a right signature.
    fn forged(signed: &[u8]) -> String {
        let mut content = Writer::default();
        content.bytes(&sign(CERTIFICATE, 1_000, 1, signed).finalize().into_bytes()).unwrap();
        content.0.extend(signed);
        format!("007{}", STANDARD.encode(pack::deflate(&content.0)))
    }

    #[test]
    fn an_unknown_service_is_told_and_what_stands_before_it_is_kept() {
        let mut signed = parse(&build(&token(), CERTIFICATE).unwrap()).unwrap().signed;
        let count = 2 + APP.len() + 12;
        signed[count] = 3;
        signed.extend([11, 0, 0, 0, 1, 0, b'x', 12, 0, 0, 0]);
        let parsed = verify(&forged(&signed), &keys(), 1_200).unwrap();
        assert_eq!(parsed.token, token());
        assert_eq!(parsed.unknown, Some(Unknown { number: 11, count: 2, bytes: 11 }));
        // A count that says more than there is.
        signed.truncate(signed.len() - 11);
        assert!(parse(&forged(&signed)).unwrap_err().text.contains("middle of a field"));
        // And one that says less.
        signed[count] = 0;
        assert!(parse(&forged(&signed)).unwrap_err().text.contains("behind its last service"));
    }
}
