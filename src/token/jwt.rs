//! LiveKit's access token: a JWT (RFC 7519) signed with HMAC-SHA-256, its claims in `grants.rs`.

pub use super::grants::{AgentGrant, Claims, InferenceGrant, ObservabilityGrant, SipGrant, VideoGrant};

use crate::{Error, Result, Status};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// Clocks may differ by this much before `exp` and `nbf` count, seconds; LiveKit's server allows the same.
pub const LEEWAY: u64 = 60;

/// The longest token that is looked at, bytes.
pub(super) const MAX_TOKEN: usize = 64 * 1024;

fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Status::BAD_TOKEN, sentence)
}

/// Builds a token: `claims` signed with `secret`, issued by `key`.
pub fn build(claims: &Claims, key: &str, secret: &str) -> String {
    // The header never changes: {"alg":"HS256","typ":"JWT"}
    let mut token = String::from("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.");
    URL_SAFE_NO_PAD.encode_string(claims.to_json(key).to_string(), &mut token);
    let signature = mac(secret, &token).finalize().into_bytes();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// Reads a token's claims without looking at its signature: for a client, which wants to know its own identity, room and expiry.
pub fn parse_unverified(token: &str) -> Result<Claims> {
    Claims::from_json(payload(token)?)
}

/// The claims as they stand in a token, its signature not looked at.
pub(super) fn payload(token: &str) -> Result<Value> {
    let [_, payload, _] = split(token)?;
    json(payload, "payload")
}

/// Verifies a token against the known keys and their secrets, at `unix_now` seconds. The error says which check failed.
pub fn verify(token: &str, keys: &[(String, String)], unix_now: u64) -> Result<Claims> {
    let [header, payload, signature] = split(token)?;
    // Only the algorithm we sign with: "none" and public-key algorithms are how forged tokens come in.
    if json(header, "header")?["alg"] != "HS256" {
        return Err(bad("The token is not signed with HS256; build it with the server's key and secret."));
    }
    let claims = Claims::from_json(json(payload, "payload")?)?;
    let Some((_, secret)) = keys.iter().find(|(key, _)| *key == claims.iss) else {
        return Err(bad("The token's issuer is no key of this server; check the app id (API key)."));
    };
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| bad("The token's signature is not base64url; it was cut or changed: take it as it was made."))?;
    let signed = &token[..header.len() + 1 + payload.len()];
    mac(secret, signed)
        .verify_slice(&signature)
        .map_err(|_| bad("The token's signature is wrong; check the app certificate (API secret)."))?;
    if claims.exp == 0 {
        return Err(bad("The token has no expiry (exp); build it with one."));
    }
    if unix_now > claims.exp.saturating_add(LEEWAY) {
        return Err(bad("The token has expired; get a new one."));
    }
    if claims.nbf > unix_now.saturating_add(LEEWAY) {
        return Err(bad("The token is not valid yet; check the clocks of both machines."));
    }
    Ok(claims)
}

fn mac(secret: &str, signed: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    mac
}

fn split(token: &str) -> Result<[&str; 3]> {
    if token.len() > MAX_TOKEN {
        return Err(bad("The token is longer than 64 kB, as none is; give the token alone, as it was made."));
    }
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), Some(c), None) => Ok([a, b, c]),
        _ => Err(bad(
            "The token is no JWT: it does not have three parts with dots between; give it whole, as it was made.",
        )),
    }
}

fn json(part: &str, what: &str) -> Result<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| {
        bad(format!("The token's {what} is not base64url; it was cut or changed: take it as it was made."))
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|_| bad(format!("The token's {what} is not JSON; it was cut or changed: take it as it was made.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<(String, String)> {
        vec![("app".into(), "certificate".into()), ("other".into(), "secret".into())]
    }

    fn claims() -> Claims {
        Claims {
            iss: "app".into(),
            sub: "ann".into(),
            name: "Ann".into(),
            exp: 2_000,
            nbf: 1_000,
            metadata: "{\"a\":1}".into(),
            attributes: [("lang".to_string(), "de".to_string())].into(),
            video: VideoGrant {
                room: "hall".into(),
                room_join: true,
                can_publish: Some(false),
                can_publish_sources: vec!["microphone".into()],
                hidden: true,
                ..Default::default()
            },
            ..Default::default()
        }
    }

    #[test]
    fn what_is_built_verifies_and_reads_back() {
        let token = build(&claims(), "app", "certificate");
        assert_eq!(verify(&token, &keys(), 1_500).unwrap(), claims());
        assert_eq!(parse_unverified(&token).unwrap(), claims());
    }

    #[test]
    fn the_signature_is_what_others_compute() {
        // Expected value computed with Python's hmac module.
        let token = build(&Claims { sub: "a".into(), exp: 1, ..Default::default() }, "k", "s");
        assert_eq!(
            token,
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjEsImlzcyI6ImsiLCJuYmYiOjAsInN1YiI6ImEiLCJ2aWRlbyI6e319.48JHgxTGMICTnhrDOmGVINr-6-mo_-T1bJDWpVfCnpo"
        );
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let good = build(&claims(), "app", "certificate");
        let says = |token: &str, now: u64, part: &str| {
            let error = verify(token, &keys(), now).unwrap_err();
            assert_eq!(error.status, Status::BAD_TOKEN);
            assert!(error.text.contains(part), "{} lacks {part}", error.text);
        };
        says(&good, 2_000 + LEEWAY + 1, "expired");
        says(&good, 1_000 - LEEWAY - 1, "not valid yet");
        says(&build(&claims(), "app", "guess"), 1_500, "signature is wrong");
        says(&build(&claims(), "nobody", "certificate"), 1_500, "no key of this server");
        says(&build(&Claims { exp: 0, ..claims() }, "app", "certificate"), 1_500, "no expiry");
        says(&good.replace("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJhbGciOiJub25lIn0"), 1_500, "HS256");
        says("a.b", 1_500, "three parts");
        says("a.b.c.d", 1_500, "three parts");
        says("", 1_500, "three parts");
        says(&good[1..], 1_500, "header");
        says(&"x".repeat(70_000), 1_500, "64 kB");
        assert!(verify(&good, &keys(), 2_000 + LEEWAY).is_ok());
    }
}
