//! The room server with bytes: clients made of str0m and LiveKit's messages, on a network of function calls and a clock of our own.

use super::*;
use crate::rtc;
use crate::signal::join;
use crate::signal::livekit::{
    AddTrackRequest, ClientInfo, ConnectionSettings, DataPacket, DisconnectReason, JoinRequest, JoinResponse,
    LeaveRequest, MuteTrackRequest, ParticipantInfo, Ping, SessionDescription, SignalRequest, SignalResponse,
    SubscriptionPermission, TrackPermission, TrackSource, UpdateSubscription, UpdateTrackSettings, UserPacket,
    data_packet, leave_request, participant_info, signal_request, signal_response::Message,
};
use crate::signal::sdp;
use crate::token::jwt::{self, Claims, VideoGrant};
use prost::Message as _;
use std::time::Duration;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, KeyframeRequest, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::stats::MediaEgressStats;
use str0m::{Candidate, Event, Input, Output as RtcOutput, Rtc};

mod acting;
mod admin;
mod check;
mod client;
mod data_tracks;
mod ending;
mod hostile;
mod intake;
mod joining;
mod leaving;
mod long_data;
mod origin;
mod packets;
mod permit;
mod republish;
mod resume;
mod sections;
mod shortcut;
mod simulate;
mod speakers;
mod subscribe;
mod tcp;
mod two_connections;
mod video;
mod world;

use client::Client;
use world::World;

const SERVER: &str = "127.0.0.1:7882";
const SERVER_TCP: &str = "127.0.0.1:7880";
const UNIX_US: u64 = 1_700_000_000_000_000;

fn server_at(protocol: Protocol) -> SocketAddr {
    if protocol == Protocol::Tcp { SERVER_TCP } else { SERVER }.parse().unwrap()
}

fn grant() -> VideoGrant {
    VideoGrant { room: "hall".into(), room_join: true, can_update_own_metadata: Some(true), ..Default::default() }
}

fn token(identity: &str, video: VideoGrant) -> String {
    let unix_s = UNIX_US / 1_000_000;
    let claims = Claims { sub: identity.into(), exp: unix_s + 3600, nbf: unix_s - 5, video, ..Default::default() };
    jwt::build(&claims, "app", "secret")
}

/// A request for two peer connections; `more` stands behind the query.
fn dual_request(identity: &str, more: &str) -> HttpRequest {
    HttpRequest {
        path: join::PATH_DUAL.into(),
        query: format!("protocol=16&auto_subscribe=1{more}"),
        authorization: Some(format!("Bearer {}", token(identity, grant()))),
        ..Default::default()
    }
}

fn description(kind: &str, sdp: String, id: u32) -> SessionDescription {
    SessionDescription { r#type: kind.into(), sdp, id, ..Default::default() }
}
