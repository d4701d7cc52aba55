//! What a server sends on the WebSocket.

use super::*;

#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SignalResponse {
    #[prost(
        oneof = "signal_response::Message",
        tags = "1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 27, 28, 29"
    )]
    pub message: ::core::option::Option<signal_response::Message>,
}
/// Nested message and enum types in `SignalResponse`.
pub mod signal_response {
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum Message {
        #[prost(message, tag = "1")]
        Join(super::JoinResponse),
        #[prost(message, tag = "2")]
        Answer(super::SessionDescription),
        #[prost(message, tag = "3")]
        Offer(super::SessionDescription),
        #[prost(message, tag = "4")]
        Trickle(super::TrickleRequest),
        #[prost(message, tag = "5")]
        Update(super::ParticipantUpdate),
        #[prost(message, tag = "6")]
        TrackPublished(super::TrackPublishedResponse),
        #[prost(message, tag = "8")]
        Leave(super::LeaveRequest),
        #[prost(message, tag = "9")]
        Mute(super::MuteTrackRequest),
        #[prost(message, tag = "10")]
        SpeakersChanged(super::SpeakersChanged),
        #[prost(message, tag = "11")]
        RoomUpdate(super::RoomUpdate),
        #[prost(message, tag = "12")]
        ConnectionQuality(super::ConnectionQualityUpdate),
        #[prost(message, tag = "13")]
        StreamStateUpdate(super::StreamStateUpdate),
        #[prost(message, tag = "14")]
        SubscribedQualityUpdate(super::SubscribedQualityUpdate),
        #[prost(message, tag = "15")]
        SubscriptionPermissionUpdate(super::SubscriptionPermissionUpdate),
        #[prost(string, tag = "16")]
        RefreshToken(::prost::alloc::string::String),
        #[prost(message, tag = "17")]
        TrackUnpublished(super::TrackUnpublishedResponse),
        #[prost(int64, tag = "18")]
        Pong(i64),
        #[prost(message, tag = "19")]
        Reconnect(super::ReconnectResponse),
        #[prost(message, tag = "20")]
        PongResp(super::Pong),
        #[prost(message, tag = "21")]
        SubscriptionResponse(super::SubscriptionResponse),
        #[prost(message, tag = "22")]
        RequestResponse(super::RequestResponse),
        #[prost(message, tag = "23")]
        TrackSubscribed(super::TrackSubscribed),
        #[prost(message, tag = "24")]
        RoomMoved(super::RoomMovedResponse),
        #[prost(message, tag = "25")]
        MediaSectionsRequirement(super::MediaSectionsRequirement),
        #[prost(message, tag = "27")]
        PublishDataTrackResponse(super::PublishDataTrackResponse),
        #[prost(message, tag = "28")]
        UnpublishDataTrackResponse(super::UnpublishDataTrackResponse),
        #[prost(message, tag = "29")]
        DataTrackSubscriberHandles(super::DataTrackSubscriberHandles),
    }
}
