//! Tokens in a room: who is let in, what ends with time, what a new token changes.

use super::participant::{bounded, source_name};
use super::{HttpRequest, Level, ParticipantId, Refusal, RoomServer};
use crate::Error;
use crate::signal::join;
use crate::signal::livekit::{
    DisconnectReason, JoinRequest, MuteTrackRequest, RequestResponse, request_response::Reason,
    signal_response::Message,
};
use crate::token::jwt::{Claims, VideoGrant};
use crate::token::pass::{self, Pass};
use std::time::{Duration, Instant};

/// Names of rooms and identities, bytes.
pub(super) const MAX_NAME: usize = 256;

impl RoomServer {
    /// Reads a request to join: what its token allows, and what it asks for. An AccessToken2 may name several channels and
    /// no user; the parameters `room` and `identity`, which are no part of LiveKit's protocol, then say which is meant.
    /// A user whom nothing names stays empty.
    pub(super) fn read(&self, path: &str, request: &HttpRequest) -> Result<(Pass, JoinRequest), Refusal> {
        let single = match path {
            join::PATH_SINGLE => true,
            join::PATH_DUAL => false,
            _ => return Err(refuse(404, "There is nothing here; LiveKit's clients join at /rtc/v1 or /rtc.")),
        };
        let Some(token) = token(request.authorization.as_deref(), &request.query) else {
            return Err(refuse(401, "No token: send it as Authorization: Bearer, or as access_token."));
        };
        let asked = |key: &str| join::parameter(&request.query, key).unwrap_or_default();
        let (room, user) = (asked("room"), asked("identity"));
        let mut pass = pass::verify(token.trim(), &self.config.keys, &room, &user, self.unix_s())
            .map_err(|error| refuse_token(&error.text))?;
        let claims = &mut pass.claims;
        if claims.video.room.is_empty() || claims.video.room.len() > MAX_NAME {
            return Err(refuse_token("The token names no room, or one of more than 256 bytes."));
        }
        if claims.sub.is_empty() && pass.access.is_none() {
            return Err(refuse_token("The token has no identity (sub)."));
        }
        if claims.sub.is_empty() {
            claims.sub = user;
        }
        if claims.sub.len() > MAX_NAME {
            return Err(refuse_token("The identity has more than 256 bytes."));
        }
        let join = match single {
            true => join::parse_single(&request.query).map_err(|error| refuse(400, &error.text))?,
            false => join::parse_dual(&request.query),
        };
        bring(&mut pass.claims, &join)?;
        Ok((pass, join))
    }

    /// A token in place of the one that let a participant in: for the same room, user and key.
    pub(super) fn renew(&mut self, id: ParticipantId, token: &str) {
        let Some(participant) = self.participants.get(&id) else { return };
        let (room, user) = (participant.room.clone(), participant.identity().to_string());
        let checked = pass::verify(token, &self.config.keys, &room, &user, self.unix_s()).and_then(|pass| {
            let same = pass.claims.iss == participant.claims.iss;
            if same {
                Ok(pass)
            } else {
                Err(Error::new(
                    crate::Status::BAD_TOKEN,
                    "The token is of another app id (API key) than the one before.",
                ))
            }
        });
        let (reason, message) = match checked {
            Ok(pass) => {
                self.log_of(id, Level::Info, "renews the token.");
                let participant = self.participants.get_mut(&id).expect("looked up above");
                participant.access = pass.access;
                participant.granted = pass.claims.video.clone();
                participant.token_at = self.now;
                // Whether others see it was settled when it joined.
                let hidden = participant.claims.video.hidden;
                self.permit(id, VideoGrant { hidden, ..pass.claims.video });
                (Reason::Ok, "")
            }
            Err(error) => {
                self.log_of(id, Level::Warning, format!("was refused a new token: {}", error.text));
                (Reason::NotAllowed, "The token was refused; the server's log says why.")
            }
        };
        let response = RequestResponse { reason: reason as i32, message: message.into(), ..Default::default() };
        self.send(id, Message::RequestResponse(response));
    }

    /// Takes back what an AccessToken2 no longer grants. False: the participant is gone.
    pub(super) fn lapse(&mut self, id: ParticipantId) -> bool {
        let unix_s = self.unix_s();
        let Some(participant) = self.participants.get(&id) else { return false };
        let Some(grant) = participant.access.as_ref().map(|access| access.grant_at(unix_s)) else { return true };
        if !grant.room_join {
            self.log(Level::Info, format!("{}: the token has expired.", self.name(id)));
            self.remove(id, DisconnectReason::TokenExpired);
            return false;
        }
        let participant = self.participants.get(&id).expect("looked up above");
        if grant != participant.granted {
            let left = lessened(&participant.claims.video, &participant.granted, &grant);
            self.participants.get_mut(&id).expect("looked up above").granted = grant;
            self.log(Level::Info, format!("{}: a privilege has expired.", self.name(id)));
            self.permit(id, left);
        }
        true
    }

    /// When [`RoomServer::lapse`] has something to do.
    pub(super) fn lapse_at(&self, id: ParticipantId) -> Option<Instant> {
        let unix_s = self.unix_s();
        let at = self.participants.get(&id)?.access.as_ref()?.next_change(unix_s)?;
        let left = Duration::from_secs(at).saturating_sub(Duration::from_micros(self.clock.micros(self.now)));
        self.now.checked_add(left)
    }

    /// Gives a participant other permissions. What it may not publish any more is held back, muted for everyone, until it
    /// may again.
    pub(super) fn permit(&mut self, id: ParticipantId, grant: VideoGrant) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let could_hear = participant.claims.video.may_subscribe();
        let depended = participant.claims.is_dependent();
        let (can_hear, room) = (grant.may_subscribe(), participant.room.clone());
        participant.claims.video = grant;
        let (own, heard) = (participant.tracks.clone(), participant.wants.keys().copied().collect::<Vec<_>>());
        for track_id in own {
            let (Some(participant), Some(track)) = (self.participants.get(&id), self.tracks.get_mut(&track_id)) else {
                continue;
            };
            let may = participant.claims.video.may_publish_source(source_name(track.info.source));
            let muted = match (may, track.withheld) {
                (false, None) => {
                    track.withheld = Some(track.info.muted);
                    true
                }
                (true, Some(before)) => {
                    track.withheld = None;
                    before
                }
                _ => continue,
            };
            if muted != track.info.muted {
                track.info.muted = muted;
                let mute = MuteTrackRequest { sid: track.info.sid.clone(), muted };
                self.send(id, Message::Mute(mute));
            }
        }
        if could_hear && !can_hear {
            for track in heard {
                self.unsubscribe(id, track);
                // What it asked for comes back with the permission.
                self.participants.get_mut(&id).expect("looked up above").denied.insert(track);
            }
            self.retell(id);
        } else if can_hear && !could_hear {
            let denied = std::mem::take(&mut self.participants.get_mut(&id).expect("looked up above").denied);
            denied.into_iter().for_each(|track| self.subscribe(id, track));
            self.negotiate(id);
        }
        self.permit_data_tracks(id);
        if self.participants.get(&id).is_some_and(|p| p.claims.is_dependent() != depended) {
            self.plan_end(&room);
        }
        self.announce(id, true);
    }

    pub(super) fn unix_s(&self) -> u64 {
        (self.unix_ms() / 1000) as u64
    }
}

/// The token of a HTTP request: in a header, or where that cannot be set in the query.
pub(super) fn token(authorization: Option<&str>, query: &str) -> Option<String> {
    let bearer = authorization.and_then(|header| header.strip_prefix("Bearer "));
    bearer.map(str::to_string).or_else(|| join::parameter(query, "access_token"))
}

/// A client may bring metadata and attributes if it might also change them later; what the token has of them it cannot take away.
fn bring(claims: &mut Claims, join: &JoinRequest) -> Result<(), Refusal> {
    if join.metadata.is_empty() && join.participant_attributes.is_empty() {
        return Ok(());
    }
    if !claims.video.may_update_own_metadata() {
        return Err(refuse(401, "The token does not allow to bring metadata or attributes (canUpdateOwnMetadata)."));
    }
    bounded(&join.metadata, &join.participant_attributes).map_err(|text| refuse(400, text))?;
    if !join.metadata.is_empty() {
        claims.metadata = join.metadata.clone();
    }
    let given = join.participant_attributes.iter().filter(|(_, value)| !value.is_empty());
    claims.attributes.extend(given.map(|(key, value)| (key.clone(), value.clone())));
    Ok(())
}

/// What is left of the present permissions when a token grants less than before. What an administrator changed stays so.
fn lessened(present: &VideoGrant, before: &VideoGrant, now: &VideoGrant) -> VideoGrant {
    let mut left = present.clone();
    if before.may_publish() && !now.may_publish() {
        left.can_publish = Some(false);
    }
    if before.may_publish_data() && !now.may_publish_data() {
        left.can_publish_data = Some(false);
    }
    if before.may_subscribe() && !now.may_subscribe() {
        left.can_subscribe = Some(false);
    }
    // No sources mean all of them.
    if left.can_publish_sources.is_empty() {
        left.can_publish_sources = now.can_publish_sources.clone();
    } else {
        left.can_publish_sources.retain(|s| now.may_publish_source(s) || !before.may_publish_source(s));
        left.can_publish = Some(left.may_publish() && !left.can_publish_sources.is_empty());
    }
    left
}

/// Refuses a request; the log has the same sentence.
pub(super) fn refuse(http_status: u16, text: &str) -> Refusal {
    Refusal { http_status, text: text.into(), log: text.into() }
}

/// Which check a token failed is for who runs the server, not for who tries tokens.
fn refuse_token(why: &str) -> Refusal {
    Refusal { http_status: 401, text: "The token was refused; the server's log says why.".into(), log: why.into() }
}
