//! Webhooks: what others are told over HTTP of rooms, participants and tracks, as LiveKit's server does.

use super::track::TrackId;
use super::{ParticipantId, RoomServer};
use crate::signal::json::{self, Described, Style};
use crate::signal::livekit::{ParticipantInfo, Room as RoomInfo, participant_info};
use crate::signal::service::WebhookEvent;
use crate::token::jwt::{self, Claims};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use sha2::{Digest, Sha256};

/// How long a webhook's token is valid, seconds; as LiveKit's server's.
const VALID: u64 = 300;

/// The content type of webhooks: one of its own, so that nobody parses it who has not verified it.
pub const CONTENT_TYPE: &str = "application/webhook+json";

/// What is to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The event, as in `room_started`.
    pub event: &'static str,
    /// The body: a `WebhookEvent` as JSON.
    pub body: String,
}

impl Webhook {
    /// The `Authorization` header for it at `unix_s`: a token of the server's first key that has the body's SHA-256 in it. It is soon
    /// too old, so each attempt to post has one of its own.
    pub fn authorization(&self, (key, secret): &(String, String), unix_s: u64) -> String {
        let sha256 = STANDARD.encode(Sha256::digest(self.body.as_bytes()));
        jwt::build(&Claims { nbf: unix_s, exp: unix_s + VALID, sha256, ..Default::default() }, key, secret)
    }
}

impl RoomServer {
    /// Whether anyone wants webhooks.
    fn tells(&self) -> bool {
        self.options.webhooks
    }

    /// A room began.
    pub(super) fn tell_room(&mut self, event: &'static str, name: &str) {
        if self.tells() {
            let room = Some(self.room_info(name));
            self.tell(event, WebhookEvent { room, ..Default::default() });
        }
    }

    /// A room is over.
    pub(super) fn tell_ended(&mut self, room: RoomInfo) {
        self.tell("room_finished", WebhookEvent { room: Some(room), ..Default::default() });
    }

    /// Media flows: the participant is there.
    pub(super) fn tell_joined(&mut self, id: ParticipantId) {
        if self.tells()
            && let Some(participant) = self.participant_info(id)
        {
            let room = self.participants.get(&id).map(|p| self.room_info(&p.room));
            self.tell(
                "participant_joined",
                WebhookEvent { room, participant: Some(participant), ..Default::default() },
            );
        }
    }

    /// A participant is gone. One that was never there is told to have been aborted.
    pub(super) fn tell_left(&mut self, room: &str, farewell: &ParticipantInfo, was: participant_info::State) {
        if self.tells() {
            let joined = was == participant_info::State::Active;
            let event = if joined { "participant_left" } else { "participant_connection_aborted" };
            let room = Some(self.room_info(room));
            self.tell(event, WebhookEvent { room, participant: Some(farewell.clone()), ..Default::default() });
        }
    }

    /// A track can be heard now, or no longer. Of room and participant only the names are told.
    pub(super) fn tell_track(&mut self, event: &'static str, track: TrackId) {
        if !self.tells() {
            return;
        }
        let Some(track) = self.tracks.get(&track).filter(|track| track.mid.is_some()) else { return };
        let Some(publisher) = self.participants.get(&track.publisher) else { return };
        let sid = self.rooms.get(&publisher.room).map(|room| room.sid.clone()).unwrap_or_default();
        let told = WebhookEvent {
            room: Some(RoomInfo { sid, name: publisher.room.to_string(), ..Default::default() }),
            participant: Some(ParticipantInfo {
                sid: publisher.sid.clone(),
                identity: publisher.identity().into(),
                ..Default::default()
            }),
            track: Some(track.info.clone()),
            ..Default::default()
        };
        self.tell(event, told);
    }

    fn tell(&mut self, event: &'static str, told: WebhookEvent) {
        if !self.tells() {
            return;
        }
        let created_at = self.unix_s() as i64;
        let told = WebhookEvent { event: event.into(), id: self.rng.sid("EV_"), created_at, ..told };
        let json = json::to_json(WebhookEvent::FIELDS, &told.encode_to_vec(), Style::Brief);
        let body = json.expect("its own bytes").to_string();
        self.output.push_back(super::Output::Webhook(Webhook { event, body }));
    }
}
