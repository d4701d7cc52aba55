//! What a client sends on the WebSocket, and the answers to requests that are numbered.

use super::*;

#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SignalRequest {
    #[prost(
        oneof = "signal_request::Message",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 2007"
    )]
    pub message: ::core::option::Option<signal_request::Message>,
}
/// Nested message and enum types in `SignalRequest`.
pub mod signal_request {
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum Message {
        #[prost(message, tag = "1")]
        Offer(super::SessionDescription),
        #[prost(message, tag = "2")]
        Answer(super::SessionDescription),
        #[prost(message, tag = "3")]
        Trickle(super::TrickleRequest),
        #[prost(message, tag = "4")]
        AddTrack(super::AddTrackRequest),
        #[prost(message, tag = "5")]
        Mute(super::MuteTrackRequest),
        #[prost(message, tag = "6")]
        Subscription(super::UpdateSubscription),
        #[prost(message, tag = "7")]
        TrackSetting(super::UpdateTrackSettings),
        #[prost(message, tag = "8")]
        Leave(super::LeaveRequest),
        #[prost(message, tag = "10")]
        UpdateLayers(super::UpdateVideoLayers),
        #[prost(message, tag = "11")]
        SubscriptionPermission(super::SubscriptionPermission),
        #[prost(message, tag = "12")]
        SyncState(super::SyncState),
        #[prost(message, tag = "13")]
        Simulate(super::SimulateScenario),
        #[prost(int64, tag = "14")]
        Ping(i64),
        #[prost(message, tag = "15")]
        UpdateMetadata(super::UpdateParticipantMetadata),
        #[prost(message, tag = "16")]
        PingReq(super::Ping),
        #[prost(message, tag = "17")]
        UpdateAudioTrack(super::UpdateLocalAudioTrack),
        #[prost(message, tag = "18")]
        UpdateVideoTrack(super::UpdateLocalVideoTrack),
        #[prost(message, tag = "19")]
        PublishDataTrackRequest(super::PublishDataTrackRequest),
        #[prost(message, tag = "20")]
        UnpublishDataTrackRequest(super::UnpublishDataTrackRequest),
        #[prost(message, tag = "21")]
        UpdateDataSubscription(super::UpdateDataSubscription),
        /// Stoa's own: a token in place of the one in use. LiveKit has no such request and skips the field.
        #[prost(string, tag = "2007")]
        RenewToken(::prost::alloc::string::String),
    }
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RequestResponse {
    #[prost(uint32, tag = "1")]
    pub request_id: u32,
    #[prost(enumeration = "request_response::Reason", tag = "2")]
    pub reason: i32,
    #[prost(string, tag = "3")]
    pub message: ::prost::alloc::string::String,
    #[prost(oneof = "request_response::Request", tags = "4, 5, 6, 7, 8, 9, 10, 11")]
    pub request: ::core::option::Option<request_response::Request>,
}
/// Nested message and enum types in `RequestResponse`.
pub mod request_response {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum Reason {
        Ok = 0,
        NotFound = 1,
        NotAllowed = 2,
        LimitExceeded = 3,
        Queued = 4,
        UnsupportedType = 5,
        UnclassifiedError = 6,
        InvalidHandle = 7,
        InvalidName = 8,
        DuplicateHandle = 9,
        DuplicateName = 10,
        InvalidRequest = 11,
    }
    impl Reason {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Ok => "OK",
                Self::NotFound => "NOT_FOUND",
                Self::NotAllowed => "NOT_ALLOWED",
                Self::LimitExceeded => "LIMIT_EXCEEDED",
                Self::Queued => "QUEUED",
                Self::UnsupportedType => "UNSUPPORTED_TYPE",
                Self::UnclassifiedError => "UNCLASSIFIED_ERROR",
                Self::InvalidHandle => "INVALID_HANDLE",
                Self::InvalidName => "INVALID_NAME",
                Self::DuplicateHandle => "DUPLICATE_HANDLE",
                Self::DuplicateName => "DUPLICATE_NAME",
                Self::InvalidRequest => "INVALID_REQUEST",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "OK" => Some(Self::Ok),
                "NOT_FOUND" => Some(Self::NotFound),
                "NOT_ALLOWED" => Some(Self::NotAllowed),
                "LIMIT_EXCEEDED" => Some(Self::LimitExceeded),
                "QUEUED" => Some(Self::Queued),
                "UNSUPPORTED_TYPE" => Some(Self::UnsupportedType),
                "UNCLASSIFIED_ERROR" => Some(Self::UnclassifiedError),
                "INVALID_HANDLE" => Some(Self::InvalidHandle),
                "INVALID_NAME" => Some(Self::InvalidName),
                "DUPLICATE_HANDLE" => Some(Self::DuplicateHandle),
                "DUPLICATE_NAME" => Some(Self::DuplicateName),
                "INVALID_REQUEST" => Some(Self::InvalidRequest),
                _ => None,
            }
        }
    }
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum Request {
        #[prost(message, tag = "4")]
        Trickle(super::TrickleRequest),
        #[prost(message, tag = "5")]
        AddTrack(super::AddTrackRequest),
        #[prost(message, tag = "6")]
        Mute(super::MuteTrackRequest),
        #[prost(message, tag = "7")]
        UpdateMetadata(super::UpdateParticipantMetadata),
        #[prost(message, tag = "8")]
        UpdateAudioTrack(super::UpdateLocalAudioTrack),
        #[prost(message, tag = "9")]
        UpdateVideoTrack(super::UpdateLocalVideoTrack),
        #[prost(message, tag = "10")]
        PublishDataTrack(super::PublishDataTrackRequest),
        #[prost(message, tag = "11")]
        UnpublishDataTrack(super::UnpublishDataTrackRequest),
    }
}
