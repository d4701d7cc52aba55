//! Tokens with the machine's own clock and randomness; what they are is in [`crate::token`].

use super::validate;
use crate::token::access2::{self, JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_DATA, PUBLISH_VIDEO, Scope, Service, Token};
use crate::token::document::{self, Fresh};
use crate::token::jwt::{Claims, VideoGrant};
use crate::token::{Family, family, jwt, pass};
use crate::{Error, Result, Status};
use serde_json::Value;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

fn unix_now() -> u64 {
    super::clock::time_of_day().as_secs()
}

fn fresh() -> Fresh {
    // A salt keeps two tokens from being alike, and nobody has to fail to guess it: the operating system's random numbers would
    // be a sixth of what a token costs. Each state is another one, and after a fork the time is.
    let random = RandomState::new().hash_one(Instant::now());
    Fresh { unix_now: unix_now(), random: random as u32 }
}

/// Builds a token of either family from its JSON form ([`document`]).
pub fn build(document: &str, key: &str, secret: &str) -> Result<String> {
    document::build(document, key, secret, fresh())
}

/// Builds a LiveKit token with which `user` may join `room`, speak, hear and send data, for `ttl`.
pub fn build_livekit(key: &str, secret: &str, room: &str, user: &str, ttl: Duration) -> Result<String> {
    validate::token_ttl(ttl)?;
    let now = unix_now();
    let claims = Claims {
        sub: user.into(),
        nbf: now,
        exp: now + ttl.as_secs(),
        video: VideoGrant { room: room.into(), room_join: true, ..VideoGrant::default() },
        ..Claims::default()
    };
    Ok(jwt::build(&claims, key, secret))
}

/// Builds an AccessToken2 with which `user` may join `channel` and publish audio, video and data, for `ttl`. An empty user may
/// be anyone. Without a certificate there is nothing to sign with, and the token is empty: for apps that ask for none.
pub fn build_rtc(app_id: &str, certificate: &str, channel: &str, user: &str, ttl: Duration) -> Result<String> {
    validate::token_ttl(ttl)?;
    if certificate.is_empty() {
        return Ok(String::new());
    }
    let lasts = ttl.as_secs() as u32;
    let scope = Scope::Rtc { channel: channel.into(), uid: user.into() };
    let privileges =
        [JOIN_CHANNEL, PUBLISH_AUDIO, PUBLISH_VIDEO, PUBLISH_DATA].map(|privilege| (privilege, lasts)).into();
    let fresh = fresh();
    let token = Token {
        app_id: app_id.into(),
        issue_ts: u32::try_from(fresh.unix_now)
            .map_err(|_| Error::new(Status::BAD_STATE, "the clock is beyond 2106"))?,
        expire: lasts,
        salt: fresh.salt(),
        services: vec![Service { scope, privileges }],
    };
    access2::build(&token, certificate).map_err(|error| Error::new(Status::BAD_ARGUMENT, error.text))
}

/// What a token of either family says, as JSON ([`document`]); it is not verified.
pub fn show(token: &str) -> Result<Value> {
    document::show(token)
}

/// Verifies a token of either family now, and shows it. Where a room or a user is given, it must also let that user into
/// that room. The error says which check failed.
pub fn verify(token: &str, key: &str, secret: &str, room: &str, user: &str) -> Result<Value> {
    let keys = [(key.to_string(), secret.to_string())];
    if !room.is_empty() || !user.is_empty() {
        pass::verify(token, &keys, room, user, unix_now())?;
    } else {
        match family(token) {
            Family::LiveKit => _ = jwt::verify(token, &keys, unix_now())?,
            Family::AccessToken2 => _ = access2::verify(token, &keys, unix_now())?,
        }
    }
    show(token)
}
