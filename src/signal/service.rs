//! LiveKit's room service and webhooks: the part of `livekit_room.proto` and `livekit_webhook.proto` (Apache-2.0,
//! <https://github.com/livekit/protocol>) that Stoa speaks, as prost types, with the tables of their JSON form and of the
//! messages of `livekit` in them. Field numbers are the contract; fields left out here are skipped on receipt.

use super::json::{Described, Field, Kind, Label, Names};
use super::livekit::{
    AudioTrackFeature, BackupCodecPolicy, Codec, DisconnectReason, ParticipantInfo, ParticipantPermission,
    ParticipantTracks, Room, SimulcastCodecInfo, TrackInfo, TrackSource, TrackType, VideoLayer, VideoQuality,
    client_info, data_packet, encryption, participant_info, video_layer,
};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateRoomRequest {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "12")]
    pub room_preset: String,
    #[prost(uint32, tag = "2")]
    pub empty_timeout: u32,
    #[prost(uint32, tag = "10")]
    pub departure_timeout: u32,
    #[prost(uint32, tag = "3")]
    pub max_participants: u32,
    #[prost(string, tag = "5")]
    pub metadata: String,
}
/// How a token wants the room made.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RoomConfiguration {
    #[prost(uint32, tag = "2")]
    pub empty_timeout: u32,
    #[prost(uint32, tag = "3")]
    pub departure_timeout: u32,
    #[prost(uint32, tag = "4")]
    pub max_participants: u32,
    #[prost(string, tag = "11")]
    pub metadata: String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListRoomsRequest {
    #[prost(string, repeated, tag = "1")]
    pub names: Vec<String>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListRoomsResponse {
    #[prost(message, repeated, tag = "1")]
    pub rooms: Vec<Room>,
}
/// `DeleteRoomRequest` and `ListParticipantsRequest`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RoomRequest {
    #[prost(string, tag = "1")]
    pub room: String,
}
/// The responses that say nothing: `DeleteRoomResponse` and its like.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct EmptyResponse {}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListParticipantsResponse {
    #[prost(message, repeated, tag = "1")]
    pub participants: Vec<ParticipantInfo>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RoomParticipantIdentity {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub identity: String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct MuteRoomTrackRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub identity: String,
    #[prost(string, tag = "3")]
    pub track_sid: String,
    #[prost(bool, tag = "4")]
    pub muted: bool,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct MuteRoomTrackResponse {
    #[prost(message, optional, tag = "1")]
    pub track: Option<TrackInfo>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateParticipantRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub identity: String,
    #[prost(string, tag = "3")]
    pub metadata: String,
    #[prost(message, optional, tag = "4")]
    pub permission: Option<ParticipantPermission>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(btree_map = "string, string", tag = "6")]
    pub attributes: BTreeMap<String, String>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateSubscriptionsRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub identity: String,
    #[prost(string, repeated, tag = "3")]
    pub track_sids: Vec<String>,
    #[prost(bool, tag = "4")]
    pub subscribe: bool,
    #[prost(message, repeated, tag = "5")]
    pub participant_tracks: Vec<ParticipantTracks>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SendDataRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(bytes = "vec", tag = "2")]
    pub data: Vec<u8>,
    #[prost(enumeration = "data_packet::Kind", tag = "3")]
    pub kind: i32,
    #[prost(string, repeated, tag = "4")]
    pub destination_sids: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    pub destination_identities: Vec<String>,
    #[prost(string, optional, tag = "5")]
    pub topic: Option<String>,
    #[prost(bytes = "vec", tag = "7")]
    pub nonce: Vec<u8>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateRoomMetadataRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub metadata: String,
}
/// `ForwardParticipantRequest` and `MoveParticipantRequest`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DestinationRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub identity: String,
    #[prost(string, tag = "3")]
    pub destination_room: String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PerformRpcRequest {
    #[prost(string, tag = "1")]
    pub room: String,
    #[prost(string, tag = "2")]
    pub destination_identity: String,
    #[prost(string, tag = "3")]
    pub method: String,
    #[prost(string, tag = "4")]
    pub payload: String,
    #[prost(uint32, tag = "5")]
    pub response_timeout_ms: u32,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct PerformRpcResponse {
    #[prost(string, tag = "1")]
    pub payload: String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct WebhookEvent {
    #[prost(string, tag = "1")]
    pub event: String,
    #[prost(message, optional, tag = "2")]
    pub room: Option<Room>,
    #[prost(message, optional, tag = "3")]
    pub participant: Option<ParticipantInfo>,
    #[prost(message, optional, tag = "8")]
    pub track: Option<TrackInfo>,
    #[prost(string, tag = "6")]
    pub id: String,
    #[prost(int64, tag = "7")]
    pub created_at: i64,
}

/// `text 1 name` is a string field, `[text] 1 names` a repeated one, `text? 1 topic` one that may be absent.
macro_rules! described {
    ($($message:ty { $($rest:tt)* })*) => {
        $(impl Described for $message {
            const FIELDS: &'static [Field] = &described!(@ [] $($rest)*);
        })*
    };
    (@ [$($done:tt)*]) => { [$($done)*] };
    (@ [$($done:tt)*] [$kind:ident $(($of:ty))?] $number:literal $name:literal, $($rest:tt)*) => {
        described!(@ [$($done)* Field { number: $number, name: $name, kind: described!(# $kind $(($of))?), label: Label::Many },] $($rest)*)
    };
    (@ [$($done:tt)*] $kind:ident $(($of:ty))? ? $number:literal $name:literal, $($rest:tt)*) => {
        described!(@ [$($done)* Field { number: $number, name: $name, kind: described!(# $kind $(($of))?), label: Label::Optional },] $($rest)*)
    };
    (@ [$($done:tt)*] $kind:ident $(($of:ty))? $number:literal $name:literal, $($rest:tt)*) => {
        described!(@ [$($done)* Field { number: $number, name: $name, kind: described!(# $kind $(($of))?), label: Label::One },] $($rest)*)
    };
    (# text) => { Kind::Text };
    (# bytes) => { Kind::Bytes };
    (# bool) => { Kind::Bool };
    (# u32) => { Kind::U32 };
    (# i32) => { Kind::I32 };
    (# i64) => { Kind::I64 };
    (# map) => { Kind::Map };
    (# message ($of:ty)) => { Kind::Message(<$of as Described>::FIELDS) };
    (# names ($of:ty)) => {
        Kind::Enum(Names {
            name: |number| <$of>::try_from(number).ok().map(|value| value.as_str_name()),
            number: |name| <$of>::from_str_name(name).map(|value| value as i32),
        })
    };
}

described! {
    CreateRoomRequest {
        text 1 "name", text 12 "room_preset", u32 2 "empty_timeout", u32 10 "departure_timeout", u32 3 "max_participants",
        text 5 "metadata",
    }
    RoomConfiguration {
        u32 2 "empty_timeout", u32 3 "departure_timeout", u32 4 "max_participants", text 11 "metadata",
    }
    ListRoomsRequest { [text] 1 "names", }
    ListRoomsResponse { [message(Room)] 1 "rooms", }
    RoomRequest { text 1 "room", }
    EmptyResponse {}
    ListParticipantsResponse { [message(ParticipantInfo)] 1 "participants", }
    RoomParticipantIdentity { text 1 "room", text 2 "identity", }
    MuteRoomTrackRequest { text 1 "room", text 2 "identity", text 3 "track_sid", bool 4 "muted", }
    MuteRoomTrackResponse { message(TrackInfo) 1 "track", }
    UpdateParticipantRequest {
        text 1 "room", text 2 "identity", text 3 "metadata", message(ParticipantPermission) 4 "permission", text 5 "name",
        map 6 "attributes",
    }
    UpdateSubscriptionsRequest {
        text 1 "room", text 2 "identity", [text] 3 "track_sids", bool 4 "subscribe",
        [message(ParticipantTracks)] 5 "participant_tracks",
    }
    ParticipantTracks { text 1 "participant_sid", [text] 2 "track_sids", }
    SendDataRequest {
        text 1 "room", bytes 2 "data", names(data_packet::Kind) 3 "kind", [text] 4 "destination_sids",
        [text] 6 "destination_identities", text? 5 "topic", bytes 7 "nonce",
    }
    UpdateRoomMetadataRequest { text 1 "room", text 2 "metadata", }
    DestinationRequest { text 1 "room", text 2 "identity", text 3 "destination_room", }
    PerformRpcRequest {
        text 1 "room", text 2 "destination_identity", text 3 "method", text 4 "payload", u32 5 "response_timeout_ms",
    }
    PerformRpcResponse { text 1 "payload", }
    WebhookEvent {
        text 1 "event", message(Room) 2 "room", message(ParticipantInfo) 3 "participant", message(TrackInfo) 8 "track",
        text 6 "id", i64 7 "created_at",
    }
    Room {
        text 1 "sid", text 2 "name", u32 3 "empty_timeout", u32 14 "departure_timeout", u32 4 "max_participants",
        i64 5 "creation_time", i64 15 "creation_time_ms", text 6 "turn_password", [message(Codec)] 7 "enabled_codecs",
        text 8 "metadata", u32 9 "num_participants", u32 11 "num_publishers", bool 10 "active_recording",
    }
    Codec { text 1 "mime", text 2 "fmtp_line", }
    ParticipantPermission {
        bool 1 "can_subscribe", bool 2 "can_publish", bool 3 "can_publish_data", [names(TrackSource)] 9 "can_publish_sources",
        bool 7 "hidden", bool 8 "recorder", bool 10 "can_update_metadata", bool 11 "agent", bool 12 "can_subscribe_metrics",
        bool 13 "can_manage_agent_session",
    }
    ParticipantInfo {
        text 1 "sid", text 2 "identity", names(participant_info::State) 3 "state", [message(TrackInfo)] 4 "tracks",
        text 5 "metadata", i64 6 "joined_at", i64 17 "joined_at_ms", text 9 "name", u32 10 "version",
        message(ParticipantPermission) 11 "permission", text 12 "region", bool 13 "is_publisher",
        names(participant_info::Kind) 14 "kind", map 15 "attributes", names(DisconnectReason) 16 "disconnect_reason",
        [names(participant_info::KindDetail)] 18 "kind_details", i32 20 "client_protocol",
        [names(client_info::Capability)] 21 "capabilities",
    }
    TrackInfo {
        text 1 "sid", names(TrackType) 2 "type", text 3 "name", bool 4 "muted", u32 5 "width", u32 6 "height",
        bool 7 "simulcast", bool 8 "disable_dtx", names(TrackSource) 9 "source", [message(VideoLayer)] 10 "layers",
        text 11 "mime_type", text 12 "mid", [message(SimulcastCodecInfo)] 13 "codecs", bool 14 "stereo", bool 15 "disable_red",
        names(encryption::Type) 16 "encryption", text 17 "stream", [names(AudioTrackFeature)] 19 "audio_features",
        names(BackupCodecPolicy) 20 "backup_codec_policy",
    }
    SimulcastCodecInfo {
        text 1 "mime_type", text 2 "mid", text 3 "cid", [message(VideoLayer)] 4 "layers",
        names(video_layer::Mode) 5 "video_layer_mode", text 6 "sdp_cid",
    }
    VideoLayer {
        names(VideoQuality) 1 "quality", u32 2 "width", u32 3 "height", u32 4 "bitrate", u32 5 "ssrc", i32 6 "spatial_layer",
        text 7 "rid", u32 8 "repair_ssrc",
    }
}
