//! A participant: who it is, what it may do, what it hears.

use super::data_tracks::DataTracks;
use super::peer::Peer;
use super::quality::Quality;
use super::requests::{MAX_ATTRIBUTES, MAX_METADATA, MAX_NAME};
use super::simulate::Simulated;
use super::subscribe::Permission;
use super::track::TrackId;
use super::{ConnId, ParticipantId, Side};
use crate::signal::livekit::{
    ClientInfo, DisconnectReason, ParticipantInfo, ParticipantPermission, TrackInfo, TrackSource, UpdateTrackSettings,
    participant_info,
};
use crate::token::jwt::{Claims, VideoGrant};
use crate::token::pass::Access;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;
use str0m::media::Mid;

/// A participant.
pub struct Participant {
    pub id: ParticipantId,
    pub room: Arc<str>,
    pub sid: String,
    pub claims: Claims,
    /// The AccessToken2 that `claims` came from, if it was one: what it grants ends with time.
    pub access: Option<Access>,
    /// What the token granted when it was last looked at; an administrator may have changed what `claims` say since.
    pub granted: VideoGrant,
    pub client: ClientInfo,
    pub state: participant_info::State,
    /// Counts changes, so that clients can tell old news.
    pub version: u32,
    pub joined_ms: i64,
    /// The WebSocket, and since when it is gone otherwise.
    pub conn: Result<ConnId, Instant>,
    pub last_heard: Instant,
    pub token_at: Instant,
    /// Lines of the log that its own requests made.
    pub lines: u64,
    /// Data packets of its own that were not passed on: without permission, or malformed.
    pub data_refused: u64,
    /// The number of its newest reliable data packet. It sends again what it does not know to have arrived.
    pub data_sequence: u32,
    /// When it is looked after next.
    pub care_at: Instant,
    /// Since when media does not flow; from the start on.
    pub media_lost: Option<Instant>,
    pub auto_subscribe: bool,
    /// The connection for everything (single), or for what the client publishes (dual).
    // Boxed: a map of participants has room for more than are in it, and a connection is large.
    pub main: Box<Peer>,
    /// The connection for what the client receives, where it has two.
    pub down: Option<Box<Peer>>,
    pub tracks: Vec<TrackId>,
    pub data_tracks: DataTracks,
    /// The tracks it is to hear, and the section of each once there is one.
    pub wants: BTreeMap<TrackId, Option<Mid>>,
    /// The tracks it would hear if their publishers let it, or its own permissions.
    pub denied: BTreeSet<TrackId>,
    /// The tracks it is subscribed to and does not want to be sent for now.
    pub paused: BTreeSet<TrackId>,
    /// How well its connection does.
    pub quality: Quality,
    /// How it wants the video that it watches, where it said so.
    pub settings: BTreeMap<TrackId, UpdateTrackSettings>,
    /// Who may hear its own tracks; None: everybody.
    pub permission: Option<Arc<Permission>>,
    /// Until when an offer of the client's is waited for: it was asked for sections, or it has just resumed.
    pub offer_due: Option<Instant>,
    /// The next subscriber offer's id (dual).
    pub offer_id: u32,
    /// Something changed while an offer was outstanding (dual).
    pub offer_again: bool,
    /// What it asked for to test itself.
    pub simulated: Simulated,
}

impl Participant {
    pub fn identity(&self) -> &str {
        &self.claims.sub
    }

    /// Others are told of it.
    pub fn is_visible(&self) -> bool {
        !self.claims.video.hidden
    }

    /// The connection on which this participant receives.
    pub fn receiving(&mut self) -> &mut Peer {
        self.down.as_deref_mut().unwrap_or(&mut self.main)
    }

    /// Bytes of data that wait for it.
    pub fn waiting_bytes(&self) -> usize {
        self.down.as_ref().unwrap_or(&self.main).waiting_bytes()
    }

    /// Which side that is.
    pub fn receiving_side(&self) -> Side {
        if self.down.is_some() { Side::Down } else { Side::Main }
    }

    pub fn peer(&mut self, side: Side) -> Option<&mut Peer> {
        match side {
            Side::Main => Some(&mut self.main),
            Side::Down => self.down.as_deref_mut(),
        }
    }

    /// Takes another name, metadata and attributes over. What is empty stays; an attribute without a value goes.
    /// An error: it would be too long, and stays as it was.
    pub fn describe(
        &mut self,
        name: &str,
        metadata: &str,
        changes: &BTreeMap<String, String>,
    ) -> Result<(), &'static str> {
        let claims = &mut self.claims;
        let mut attributes = claims.attributes.clone();
        for (key, value) in changes {
            if value.is_empty() {
                attributes.remove(key);
            } else {
                attributes.insert(key.clone(), value.clone());
            }
        }
        let metadata = if metadata.is_empty() { &claims.metadata } else { metadata };
        if name.len() > MAX_NAME {
            return Err("The name is longer than 256 bytes.");
        }
        bounded(metadata, &attributes)?;
        claims.metadata = metadata.to_string();
        claims.attributes = attributes;
        if !name.is_empty() {
            claims.name = name.into();
        }
        Ok(())
    }

    /// What others (and itself) are told.
    pub fn info(&self, tracks: Vec<TrackInfo>) -> ParticipantInfo {
        let video = &self.claims.video;
        ParticipantInfo {
            sid: self.sid.clone(),
            identity: self.claims.sub.clone(),
            name: self.claims.name.clone(),
            state: self.state as i32,
            is_publisher: !tracks.is_empty(),
            tracks,
            metadata: self.claims.metadata.clone(),
            attributes: self.claims.attributes.clone(),
            joined_at: self.joined_ms / 1000,
            joined_at_ms: self.joined_ms,
            version: self.version,
            kind: kind(&self.claims) as i32,
            client_protocol: self.client.client_protocol,
            capabilities: self.client.capabilities.clone(),
            disconnect_reason: DisconnectReason::UnknownReason as i32,
            permission: Some(ParticipantPermission {
                can_subscribe: video.may_subscribe(),
                can_publish: video.may_publish(),
                can_publish_data: video.may_publish_data(),
                can_publish_sources: video.can_publish_sources.iter().map(|s| source_from_name(s) as i32).collect(),
                hidden: video.hidden,
                recorder: video.recorder,
                can_update_metadata: video.may_update_own_metadata(),
                agent: video.agent,
                can_subscribe_metrics: video.can_subscribe_metrics == Some(true),
                can_manage_agent_session: video.can_manage_agent_session == Some(true),
            }),
            kind_details: self.claims.kind_details.iter().filter_map(|d| kind_detail(d)).collect(),
            ..Default::default()
        }
    }
}

/// Whether metadata and attributes are no longer than a participant's may be.
pub fn bounded(metadata: &str, attributes: &BTreeMap<String, String>) -> Result<(), &'static str> {
    if metadata.len() > MAX_METADATA {
        return Err("The metadata is longer than 64 kB.");
    }
    match attributes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MAX_ATTRIBUTES {
        true => Err("The attributes are longer than 64 kB."),
        false => Ok(()),
    }
}

fn kind(claims: &Claims) -> participant_info::Kind {
    use participant_info::Kind;
    match claims.kind.as_str() {
        "agent" => Kind::Agent,
        "egress" => Kind::Egress,
        "ingress" => Kind::Ingress,
        "sip" => Kind::Sip,
        "connector" => Kind::Connector,
        "bridge" => Kind::Bridge,
        _ if claims.video.agent => Kind::Agent,
        _ => Kind::Standard,
    }
}

/// Tokens have the names of the protocol in small letters.
fn kind_detail(name: &str) -> Option<i32> {
    participant_info::KindDetail::from_str_name(&name.to_ascii_uppercase()).map(|detail| detail as i32)
}

/// The name a token has for a source.
pub fn source_name(source: i32) -> &'static str {
    match TrackSource::try_from(source) {
        Ok(TrackSource::Camera) => "camera",
        Ok(TrackSource::Microphone) => "microphone",
        Ok(TrackSource::ScreenShare) => "screen_share",
        Ok(TrackSource::ScreenShareAudio) => "screen_share_audio",
        _ => "unknown",
    }
}

fn source_from_name(name: &str) -> TrackSource {
    let all = [TrackSource::Camera, TrackSource::Microphone, TrackSource::ScreenShare, TrackSource::ScreenShareAudio];
    all.into_iter().find(|s| source_name(*s as i32) == name).unwrap_or(TrackSource::Unknown)
}
