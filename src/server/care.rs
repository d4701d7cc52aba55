//! Looking after participants: are they still there, do media flow, do they need a token?

use super::connect::PING_TIMEOUT;
use super::participant::Participant;
use super::{ConnId, Job, Level, Output, ParticipantId, RoomServer, Side};
use crate::signal::livekit::{DisconnectReason, participant_info, signal_response};
use crate::token::jwt::{self, Claims};
use std::time::{Duration, Instant};

/// How often a participant is looked after.
pub(super) const CARE: Duration = Duration::from_secs(5);
/// How long a participant without a WebSocket may take to resume.
const RESUME: Duration = Duration::from_secs(15);
/// The same for one whose media is lost as well: a network that comes back closes the old WebSocket just before the new one.
const BOTH_LOST: Duration = Duration::from_secs(3);
/// How long media may take to flow, at the start or after a loss, while the WebSocket lives.
const MEDIA: Duration = Duration::from_secs(30);
/// A fresh token is sent this often, and is valid twice as long; LiveKit's server does the same.
const TOKEN: Duration = Duration::from_secs(300);

/// How long somebody's WebSocket may be gone.
fn patience(participant: &Participant) -> Duration {
    match participant.media_lost {
        None => RESUME,
        Some(_) if participant.state == participant_info::State::Active => BOTH_LOST,
        // Who has never come in has nothing to come back to.
        Some(_) => Duration::ZERO,
    }
}

impl RoomServer {
    /// A WebSocket is gone. Its participant may resume for a while.
    pub fn disconnected(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let Some(id) = self.conns.remove(&conn) else { return };
        let now = self.now;
        if let Some(participant) = self.participants.get_mut(&id).filter(|p| p.conn == Ok(conn)) {
            participant.conn = Err(now);
            match patience(participant) {
                Duration::ZERO => self.remove(id, DisconnectReason::SignalClose),
                patience => self.care_at(id, now + patience),
            }
        }
    }

    /// Looks after a participant: is it still there, does media flow, does it need a token?
    pub(super) fn care(&mut self, id: ParticipantId) {
        let now = self.now;
        // An entry from before a change of plan is stale.
        let Some(participant) = self.participants.get(&id).filter(|p| p.care_at <= now) else { return };
        let since = |then: Instant| now.saturating_duration_since(then);
        let patience = patience(participant);
        match participant.conn {
            Err(gone) if since(gone) >= patience => return self.remove(id, DisconnectReason::SignalClose),
            Ok(conn) if since(participant.last_heard) > Duration::from_secs(PING_TIMEOUT as u64) => {
                self.log(Level::Info, format!("{} sends no pings any more.", self.name(id)));
                self.output.push_back(Output::Close { conn });
                self.disconnected(now, conn);
            }
            _ => {}
        }
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if participant.media_lost.is_some_and(|lost| since(lost) > MEDIA) {
            self.log(Level::Warning, format!("{} has no media connection.", self.name(id)));
            return self.remove(id, DisconnectReason::MediaFailure);
        }
        participant.main.settle_channels();
        if participant.offer_due.is_some_and(|due| due <= now) {
            self.negotiate(id);
        }
        self.simulated_speech(id);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        // An AccessToken2 ends when it says: nothing takes its place but another one.
        if since(participant.token_at) >= TOKEN && participant.access.is_none() {
            participant.token_at = now;
            self.send_token(id);
        }
        self.touch(id, Side::Main);
        if !self.lapse(id) {
            return;
        }
        // One that waits for a resume is looked at when its time is over.
        let gone = self.participants.get(&id).and_then(|p| p.conn.err());
        let next = gone.map_or(now + CARE, |gone| gone + patience);
        self.care_at(id, next);
    }

    /// When a participant is looked after next; earlier, if its token has something to end before.
    pub(super) fn care_at(&mut self, id: ParticipantId, at: Instant) {
        let at = self.lapse_at(id).map_or(at, |lapse| at.min(lapse));
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.care_at = at;
            self.at(at, Job::Care(id));
        }
    }

    pub(super) fn send_token(&mut self, id: ParticipantId) {
        if let Some(token) = self.fresh_token(id) {
            self.send(id, signal_response::Message::RefreshToken(token));
        }
    }

    /// A token with what a participant may now, for the room that it is in.
    pub(super) fn fresh_token(&self, id: ParticipantId) -> Option<String> {
        let unix_s = self.unix_s();
        let participant = self.participants.get(&id)?;
        let claims = Claims { nbf: unix_s, exp: unix_s + 2 * TOKEN.as_secs(), ..participant.claims.clone() };
        let (key, secret) = self.config.keys.iter().find(|(key, _)| *key == claims.iss)?;
        Some(jwt::build(&claims, key, secret))
    }
}
