//! LiveKit's access token: a JWT (RFC 7519) signed with HMAC-SHA-256, its claims as livekit/protocol's `auth/grants.go` has them.

use crate::{Error, Result, Status};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::collections::BTreeMap;

/// Clocks may differ by this much before `exp` and `nbf` count, seconds; LiveKit's server allows the same.
pub const LEEWAY: u64 = 60;

/// The longest token that is looked at, bytes.
const MAX_TOKEN: usize = 64 * 1024;

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// `iss`: the API key (app id). [`build`] fills it in.
    pub iss: String,
    /// `sub`: the user's identity.
    pub sub: String,
    /// The user's display name.
    pub name: String,
    /// The end of validity, seconds since the Unix epoch.
    pub exp: u64,
    /// The begin of validity, seconds since the Unix epoch; 0 when absent.
    pub nbf: u64,
    /// When it was made, seconds since the Unix epoch, where the token says so.
    pub iat: Option<u64>,
    /// Free text of the application.
    pub metadata: String,
    /// Free key-value pairs of the application.
    pub attributes: BTreeMap<String, String>,
    /// `standard`, `agent`, `sip`, …; may be empty.
    pub kind: String,
    /// What the user may do.
    pub video: VideoGrant,
}

/// What a user may do; the name is LiveKit's, it covers audio and data too. An absent permission means the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoGrant {
    /// The room that the token is for.
    pub room: String,
    /// May join the room.
    pub room_join: bool,
    /// May create rooms.
    pub room_create: bool,
    /// May list rooms.
    pub room_list: bool,
    /// May administer the room.
    pub room_admin: bool,
    /// May publish tracks; default true.
    pub can_publish: Option<bool>,
    /// May publish data; default as `can_publish`.
    pub can_publish_data: Option<bool>,
    /// May subscribe; default true.
    pub can_subscribe: Option<bool>,
    /// Only these sources may be published (`microphone`, `camera`, `screen_share`, `screen_share_audio`); empty: all.
    pub can_publish_sources: Vec<String>,
    /// May change its own name, metadata and attributes; default false.
    pub can_update_own_metadata: Option<bool>,
    /// Others do not see this participant.
    pub hidden: bool,
    /// The participant records.
    pub recorder: bool,
    /// The participant is an agent.
    pub agent: bool,
}

impl VideoGrant {
    /// Whether tracks may be published.
    pub fn may_publish(&self) -> bool {
        self.can_publish.unwrap_or(true)
    }
    /// Whether tracks of this source may be published.
    pub fn may_publish_source(&self, source: &str) -> bool {
        self.may_publish()
            && (self.can_publish_sources.is_empty() || self.can_publish_sources.iter().any(|s| s == source))
    }
    /// Whether data may be published.
    pub fn may_publish_data(&self) -> bool {
        self.can_publish_data.unwrap_or(self.may_publish())
    }
    /// Whether tracks and data of others may be received.
    pub fn may_subscribe(&self) -> bool {
        self.can_subscribe.unwrap_or(true)
    }
    /// Whether the participant may change its own name, metadata and attributes.
    pub fn may_update_own_metadata(&self) -> bool {
        self.can_update_own_metadata.unwrap_or(false)
    }

    fn from_json(v: &Value) -> VideoGrant {
        let flag = |key: &str| v[key].as_bool();
        VideoGrant {
            room: text(&v["room"]),
            room_join: flag("roomJoin").unwrap_or(false),
            room_create: flag("roomCreate").unwrap_or(false),
            room_list: flag("roomList").unwrap_or(false),
            room_admin: flag("roomAdmin").unwrap_or(false),
            can_publish: flag("canPublish"),
            can_publish_data: flag("canPublishData"),
            can_subscribe: flag("canSubscribe"),
            can_publish_sources: v["canPublishSources"]
                .as_array()
                .map(|a| a.iter().map(text).collect())
                .unwrap_or_default(),
            can_update_own_metadata: flag("canUpdateOwnMetadata"),
            hidden: flag("hidden").unwrap_or(false),
            recorder: flag("recorder").unwrap_or(false),
            agent: flag("agent").unwrap_or(false),
        }
    }

    fn to_json(&self) -> Value {
        let mut map = Map::new();
        if !self.room.is_empty() {
            map.insert("room".into(), self.room.clone().into());
        }
        let always = [
            ("roomJoin", self.room_join),
            ("roomCreate", self.room_create),
            ("roomList", self.room_list),
            ("roomAdmin", self.room_admin),
            ("hidden", self.hidden),
            ("recorder", self.recorder),
            ("agent", self.agent),
        ];
        let given = [
            ("canPublish", self.can_publish),
            ("canPublishData", self.can_publish_data),
            ("canSubscribe", self.can_subscribe),
            ("canUpdateOwnMetadata", self.can_update_own_metadata),
        ];
        let flags = always.into_iter().filter(|f| f.1).map(|(k, v)| (k, Some(v))).chain(given);
        map.extend(flags.filter_map(|(k, v)| Some((k.to_string(), v?.into()))));
        if !self.can_publish_sources.is_empty() {
            map.insert("canPublishSources".into(), self.can_publish_sources.clone().into());
        }
        map.into()
    }
}

impl Claims {
    fn from_json(v: &Value) -> Claims {
        // NumericDate may have a fraction (RFC 7519, section 2).
        let time = |key: &str| v[key].as_u64().or_else(|| v[key].as_f64().map(|f| f as u64));
        Claims {
            iss: text(&v["iss"]),
            // LiveKit's oldest tokens have the identity in `jti`.
            sub: Some(text(&v["sub"])).filter(|s| !s.is_empty()).unwrap_or_else(|| text(&v["jti"])),
            name: text(&v["name"]),
            exp: time("exp").unwrap_or(0),
            nbf: time("nbf").unwrap_or(0),
            iat: time("iat"),
            metadata: text(&v["metadata"]),
            attributes: v["attributes"].as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v))).collect(),
            kind: text(&v["kind"]),
            video: VideoGrant::from_json(&v["video"]),
        }
    }

    fn to_json(&self, key: &str) -> Value {
        let mut map = Map::new();
        let texts = [
            ("iss", key),
            ("sub", &self.sub),
            ("name", &self.name),
            ("metadata", &self.metadata),
            ("kind", &self.kind),
        ];
        map.extend(texts.iter().filter(|t| !t.1.is_empty()).map(|(k, v)| (k.to_string(), (*v).into())));
        map.insert("exp".into(), self.exp.into());
        map.insert("nbf".into(), self.nbf.into());
        if let Some(iat) = self.iat {
            map.insert("iat".into(), iat.into());
        }
        if !self.attributes.is_empty() {
            map.insert("attributes".into(), self.attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
        }
        map.insert("video".into(), self.video.to_json());
        map.into()
    }
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_string()
}

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
    let [_, payload, _] = split(token)?;
    Ok(Claims::from_json(&json(payload, "claims")?))
}

/// Verifies a token against the known keys and their secrets, at `unix_now` seconds. The error says which check failed.
pub fn verify(token: &str, keys: &[(String, String)], unix_now: u64) -> Result<Claims> {
    let [header, payload, signature] = split(token)?;
    // Only the algorithm we sign with: "none" and public-key algorithms are how forged tokens come in.
    if json(header, "header")?["alg"] != "HS256" {
        return Err(bad("The token is not signed with HS256; build it with the server's key and secret."));
    }
    let claims = Claims::from_json(&json(payload, "claims")?);
    let Some((_, secret)) = keys.iter().find(|(key, _)| *key == claims.iss) else {
        return Err(bad("The token's issuer is no key of this server; check the app id (API key)."));
    };
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| bad("The token's signature is not base64url; it was cut or changed."))?;
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
        return Err(bad("The token is longer than 64 kB; that is no access token."));
    }
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), Some(c), None) => Ok([a, b, c]),
        _ => Err(bad("The token is no JWT: it does not have three parts with dots between.")),
    }
}

fn json(part: &str, what: &str) -> Result<Value> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| bad(format!("The token's {what} is not base64url; it was cut or changed.")))?;
    serde_json::from_slice(&bytes).map_err(|_| bad(format!("The token's {what} is not JSON; it was cut or changed.")))
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

    #[test]
    fn permissions_have_livekits_defaults() {
        let grant = VideoGrant::default();
        assert!(grant.may_publish() && grant.may_publish_data() && grant.may_subscribe());
        assert!(!grant.may_update_own_metadata());
        let grant = VideoGrant { can_publish: Some(false), ..Default::default() };
        assert!(!grant.may_publish_data(), "data follows publishing when it is not said");
        let grant = VideoGrant { can_publish_sources: vec!["microphone".into()], ..Default::default() };
        assert!(grant.may_publish_source("microphone") && !grant.may_publish_source("camera"));
    }
}
