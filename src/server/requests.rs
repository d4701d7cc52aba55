//! What a client asks over its WebSocket.

use super::participant::source_name;
use super::track::{Payloads, Track, TrackId};
use super::{Level, ParticipantId, RoomServer, Side, leaving, speakers, video};
use crate::signal::livekit::{
    AddTrackRequest, DisconnectReason, Pong, RequestResponse, SignalRequest, SimulcastCodecInfo, TrackInfo,
    TrackPublishedResponse, TrackType, TrickleRequest, UpdateParticipantMetadata, request_response, signal_request,
    signal_response,
};
use prost::Message as _;
use str0m::Candidate;

/// Metadata of a participant or a room, bytes. LiveKit allows 512 kB, which would be too much to send to everybody in a large room.
pub(super) const MAX_METADATA: usize = 64 * 1024;
/// Attributes of a participant, bytes; LiveKit allows as much by default.
pub(super) const MAX_ATTRIBUTES: usize = 64 * 1024;
/// A name to show, bytes; LiveKit allows as much by default.
pub(super) const MAX_NAME: usize = 256;
/// A refused request of at most so many bytes goes back with the refusal; of a longer one its kind.
const MAX_ECHO: usize = 4096;
/// The request that announces a track, bytes: everyone is told of it again with every change. Clients need some hundred.
const MAX_TRACK: usize = 4096;

impl RoomServer {
    /// A participant's message. What does not parse ends that participant; what is unknown is ignored.
    pub(super) fn request(&mut self, id: ParticipantId, bytes: &[u8]) {
        use signal_request::Message;
        let Ok(SignalRequest { message }) = SignalRequest::decode(bytes) else {
            return self.fail(id, "the client sent a message that is no SignalRequest.".into());
        };
        let Some(message) = message else { return };
        match message {
            Message::Offer(offer) => self.offered(id, offer),
            Message::Answer(answer) => self.answered(id, &answer),
            Message::Trickle(trickle) => self.trickle(id, &trickle),
            Message::AddTrack(request) => self.add_track(id, request),
            Message::Mute(mute) => {
                let own = self.own_track(id, &mute.sid);
                let Some(track) = own.and_then(|t| self.tracks.get_mut(&t)) else {
                    let text = "No track of this participant has this id.";
                    let request = request_response::Request::Mute(mute);
                    return self.refuse(id, 0, request_response::Reason::NotFound, text, request);
                };
                track.silenced &= mute.muted;
                if track.set_muted(mute.muted) {
                    self.announce(id, true);
                }
            }
            Message::Subscription(update) => self.update_subscription(id, &update),
            Message::TrackSetting(settings) => self.track_settings(id, settings),
            Message::SubscriptionPermission(permission) => self.set_permission(id, permission),
            Message::SyncState(state) => {
                if !self.sync_data_tracks(id, &state) {
                    return;
                }
                if let Some(update) = state.subscription {
                    self.update_subscription(id, &update);
                }
            }
            Message::Leave(leave) => {
                let own = Some(leave.reason()).filter(|reason| leaving::is_clients_own(*reason));
                self.remove(id, own.unwrap_or(DisconnectReason::ClientInitiated));
            }
            Message::Ping(_) => {
                let now = self.unix_ms();
                self.send(id, signal_response::Message::Pong(now));
            }
            Message::PingReq(ping) => {
                let pong = Pong { last_ping_timestamp: ping.timestamp, timestamp: self.unix_ms() };
                self.send(id, signal_response::Message::PongResp(pong));
                // Some clients only look at the old form.
                self.send(id, signal_response::Message::Pong(pong.timestamp));
            }
            Message::UpdateMetadata(update) => self.update_metadata(id, update),
            Message::RenewToken(token) => self.renew(id, &token),
            Message::UpdateAudioTrack(update) => {
                let own = self.own_track(id, &update.track_sid);
                if let Some(track) = own.and_then(|t| self.tracks.get_mut(&t)).filter(|_| bytes.len() <= MAX_TRACK) {
                    track.info.audio_features = update.features;
                    self.announce(id, true);
                }
            }
            Message::UpdateVideoTrack(update) => {
                let own = self.own_track(id, &update.track_sid);
                if let Some(track) = own.and_then(|t| self.tracks.get_mut(&t)).filter(|t| t.video.is_some()) {
                    (track.info.width, track.info.height) = (update.width, update.height);
                    self.announce(id, true);
                }
            }
            Message::Simulate(scenario) => self.simulate(id, &scenario),
            Message::PublishDataTrackRequest(request) => self.publish_data_track(id, request),
            Message::UnpublishDataTrackRequest(request) => self.unpublish_data_track(id, request),
            Message::UpdateDataSubscription(update) => self.update_data_subscription(id, &update),
            _ => {}
        }
    }

    pub(super) fn refuse(
        &mut self,
        id: ParticipantId,
        request_id: u32,
        reason: request_response::Reason,
        message: &str,
        request: request_response::Request,
    ) {
        self.log_of(id, Level::Warning, format!("was refused: {message}"));
        let request = Some(echo(request));
        let response = RequestResponse { request_id, reason: reason as i32, message: message.into(), request };
        self.send(id, signal_response::Message::RequestResponse(response));
    }

    pub(super) fn own_track(&self, id: ParticipantId, sid: &str) -> Option<TrackId> {
        self.own_track_where(id, |track| track.info.sid == sid)
    }

    /// The first of a participant's tracks that `is` so.
    pub(super) fn own_track_where(&self, id: ParticipantId, is: impl Fn(&Track) -> bool) -> Option<TrackId> {
        let own = &self.participants.get(&id)?.tracks;
        own.iter().find(|track| self.tracks.get(track).is_some_and(&is)).copied()
    }

    fn trickle(&mut self, id: ParticipantId, trickle: &TrickleRequest) {
        // mDNS names do not parse, and are not needed: the client's own checks tell where it is.
        let Ok(init) = serde_json::from_str::<serde_json::Value>(&trickle.candidate_init) else { return };
        let Ok(candidate) = Candidate::from_sdp_string(init["candidate"].as_str().unwrap_or_default()) else { return };
        let side = if trickle.target == 1 { Side::Down } else { Side::Main };
        if let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) {
            peer.add_candidate(candidate);
            self.touch(id, side);
        }
    }

    pub(super) fn add_track(&mut self, id: ParticipantId, request: AddTrackRequest) {
        use request_response::{Reason, Request};
        let Some(participant) = self.participants.get(&id) else { return };
        let (refusal, text) = if !participant.claims.video.may_publish_source(source_name(request.source)) {
            (Reason::NotAllowed, "The token does not allow to publish this.")
        } else if ![TrackType::Audio, TrackType::Video].map(|kind| kind as i32).contains(&request.r#type) {
            (Reason::UnsupportedType, "A track carries sound or video.")
        } else if request.encoded_len() > MAX_TRACK {
            (Reason::LimitExceeded, "The track's description is longer than 4 kB.")
        } else if let Some(known) = self.own_track_where(id, |track| track.cid == request.cid) {
            return self.add_track_again(known, request);
        } else if participant.tracks.len() >= self.config.limits.tracks {
            (Reason::LimitExceeded, "The participant has as many tracks as it may.")
        } else {
            (Reason::Ok, "")
        };
        if refusal != Reason::Ok {
            return self.refuse(id, 0, refusal, text, Request::AddTrack(request));
        }
        let is_video = request.r#type == TrackType::Video as i32;
        let info = TrackInfo {
            sid: self.rng.sid("TR_"),
            r#type: request.r#type,
            name: request.name.clone(),
            muted: request.muted,
            source: request.source,
            stereo: request.stereo,
            disable_dtx: request.disable_dtx,
            disable_red: request.disable_red,
            encryption: request.encryption,
            stream: request.stream.clone(),
            audio_features: request.audio_features.clone(),
            ..if is_video { video::track_info(&request) } else { audio_info(&request) }
        };
        let track_id = TrackId(self.id());
        self.tracks.insert(
            track_id,
            Track {
                publisher: id,
                info: info.clone(),
                cid: request.cid.clone(),
                again: None,
                mid: None,
                payloads: Payloads::default(),
                announced_subscribed: false,
                listeners: Vec::new(),
                level: speakers::Level::default(),
                arrivals: Default::default(),
                withheld: None,
                silenced: false,
                video: is_video.then(Default::default),
            },
        );
        self.participants.get_mut(&id).expect("checked above").tracks.push(track_id);
        self.accept_track(id, request.cid, info);
    }

    fn accept_track(&mut self, id: ParticipantId, cid: String, info: TrackInfo) {
        let response = TrackPublishedResponse { cid, track: Some(info) };
        self.send(id, signal_response::Message::TrackPublished(response));
    }

    /// A track is announced again. If it was never offered, the client may not have heard that it may be. If it was, the client takes it
    /// back first: most do so later than they announce, and nothing else tells the new track from the old one.
    fn add_track_again(&mut self, known: TrackId, request: AddTrackRequest) {
        let Some(track) = self.tracks.get_mut(&known) else { return };
        if track.mid.is_some() {
            track.again = Some(Box::new(request));
        } else {
            let (publisher, info) = (track.publisher, track.info.clone());
            self.accept_track(publisher, request.cid, info);
        }
    }

    fn update_metadata(&mut self, id: ParticipantId, update: UpdateParticipantMetadata) {
        use request_response::{Reason, Request};
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let request_id = update.request_id;
        if !participant.claims.video.may_update_own_metadata() {
            let text = "The token does not allow to change name, metadata or attributes.";
            return self.refuse(id, request_id, Reason::NotAllowed, text, Request::UpdateMetadata(update));
        }
        if let Err(text) = participant.describe(&update.name, &update.metadata, &update.attributes) {
            return self.refuse(id, request_id, Reason::LimitExceeded, text, Request::UpdateMetadata(update));
        }
        let response = RequestResponse {
            request_id,
            reason: Reason::Ok as i32,
            request: Some(Request::UpdateMetadata(update)),
            ..Default::default()
        };
        self.send(id, signal_response::Message::RequestResponse(response));
        self.announce(id, true);
    }
}

/// A refused request as it goes back. A copy of a long one would wait here for a client that does not read.
fn echo(request: request_response::Request) -> request_response::Request {
    use request_response::Request;
    match request {
        short if short.encoded_len() <= MAX_ECHO => short,
        Request::AddTrack(_) => Request::AddTrack(Default::default()),
        Request::Mute(_) => Request::Mute(Default::default()),
        Request::UpdateMetadata(_) => Request::UpdateMetadata(Default::default()),
        Request::PublishDataTrack(_) => Request::PublishDataTrack(Default::default()),
        other => other,
    }
}

/// What of a track's description depends on its being sound.
fn audio_info(request: &AddTrackRequest) -> TrackInfo {
    let mime_type = if request.disable_red { "audio/opus" } else { "audio/red" };
    TrackInfo {
        mime_type: mime_type.into(),
        codecs: vec![SimulcastCodecInfo {
            mime_type: mime_type.into(),
            cid: request.cid.clone(),
            ..Default::default()
        }],
        ..Default::default()
    }
}
