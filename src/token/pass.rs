//! Getting into a room with a token of either family.

use super::access2::{self, Parsed, Token};
use super::jwt::{self, Claims, VideoGrant};
use super::{Family, family};
use crate::{Error, Result, Status};

/// What a token lets its bearer do in one room.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Room, identity and permissions, in LiveKit's terms. An AccessToken2 for any user (uid 0) leaves `sub` empty.
    pub claims: Claims,
    /// Until when it may be used to join, seconds since the Unix epoch: of an AccessToken2 the time of the privilege to
    /// join, or the token's, whichever ends first.
    pub expires_at: u64,
    /// The AccessToken2 behind it; its privileges end one by one.
    pub access: Option<Access>,
}

/// An AccessToken2 and the channel that it is used for.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    token: Token,
    channel: String,
    /// The signature: no two tokens share it.
    pub signature: Vec<u8>,
}

/// Reads a token without looking at its signature: for a client, which wants to know its own room, identity and expiry.
/// `room` picks among the channels of an AccessToken2 and may be empty.
pub fn read(token: &str, room: &str) -> Result<Pass> {
    match family(token) {
        Family::LiveKit => {
            let claims = jwt::parse_unverified(token)?;
            Ok(Pass { expires_at: claims.exp, claims, access: None })
        }
        Family::AccessToken2 => {
            let parsed = access2::parse(token)?;
            let issued = u64::from(parsed.token.issue_ts);
            from_access(parsed, room, issued)
        }
    }
}

/// Verifies that a token lets `user` into `room` at `unix_now` seconds; an empty room or user may be any.
/// The error says which check failed.
pub fn verify(token: &str, keys: &[(String, String)], room: &str, user: &str, unix_now: u64) -> Result<Pass> {
    let pass = match family(token) {
        Family::LiveKit => {
            let claims = jwt::verify(token, keys, unix_now)?;
            Pass { expires_at: claims.exp, claims, access: None }
        }
        Family::AccessToken2 => from_access(access2::verify(token, keys, unix_now)?, room, unix_now)?,
    };
    let claims = &pass.claims;
    if !claims.video.room_join {
        return Err(bad(match pass.access {
            Some(_) => {
                "The token does not allow to join the channel (join_channel), or no longer; build it with that privilege."
            }
            None => "The token does not allow to join a room (roomJoin); build it with that grant.",
        }));
    }
    if !room.is_empty() && claims.video.room != room {
        return Err(bad(format!(
            "The token is for the room '{}', not for '{room}'; take one for this room.",
            claims.video.room
        )));
    }
    if !user.is_empty() && claims.sub != user && !(pass.access.is_some() && claims.sub.is_empty()) {
        return Err(bad(format!(
            "The token is for the user '{}', not for '{user}'; take one for this user.",
            claims.sub
        )));
    }
    Ok(pass)
}

fn from_access(parsed: Parsed, room: &str, unix_now: u64) -> Result<Pass> {
    let Parsed { token, signature, .. } = parsed;
    let Some((service, channel, uid)) = token.rtc(room) else {
        let rtc = token.rtc("");
        return Err(bad(match rtc {
            Some((_, other, _)) => {
                format!("The token is for the room '{other}', not for '{room}'; take one for this room.")
            }
            None => "The token has no service for real-time voice (rtc); build it with one.".into(),
        }));
    };
    let claims = Claims {
        iss: token.app_id.clone(),
        sub: uid.into(),
        exp: token.expires_at(),
        nbf: u64::from(token.issue_ts),
        video: token.video_grant(service, channel, unix_now),
        ..Claims::default()
    };
    let expires_at = token.until(service, access2::JOIN_CHANNEL).unwrap_or(0);
    let channel = channel.to_string();
    Ok(Pass { claims, expires_at, access: Some(Access { token, channel, signature }) })
}

impl Access {
    /// It names no user (uid 0): its bearer may be anyone.
    pub fn is_for_anyone(&self) -> bool {
        self.token.rtc(&self.channel).is_some_and(|(_, _, uid)| uid.is_empty())
    }

    /// What may be done at `unix_now` seconds.
    pub fn grant_at(&self, unix_now: u64) -> VideoGrant {
        let service = self.token.rtc(&self.channel).map(|(service, ..)| service);
        service.map_or_else(VideoGrant::default, |service| self.token.video_grant(service, &self.channel, unix_now))
    }

    /// When [`Access::grant_at`] says less than at `unix_now`, seconds since the Unix epoch.
    pub fn next_change(&self, unix_now: u64) -> Option<u64> {
        let (service, ..) = self.token.rtc(&self.channel)?;
        self.token.next_change(service, unix_now)
    }
}

fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Status::BAD_TOKEN, sentence)
}
