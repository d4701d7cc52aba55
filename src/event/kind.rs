//! The kinds of events: their numbers and their names.

use super::EventBody;
use std::ffi::CStr;

/// The kinds of events. Programs know the numbers and the names: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum EventKind {
    /// `connection_state_changed`.
    ConnectionStateChanged = 1,
    /// `user_joined`.
    UserJoined = 2,
    /// `user_left`.
    UserLeft = 3,
    /// `audio_subscribe_state_changed`.
    SubscribeStateChanged = 4,
    /// `user_muted`.
    UserMuted = 5,
    /// `stream_ended`.
    StreamEnded = 6,
    /// `played`.
    Played = 7,
    /// `data_received`.
    DataReceived = 8,
    /// `overflow`.
    Overflow = 9,
    /// `user_speaking`.
    UserSpeaking = 10,
    /// `stream_message`.
    Message = 11,
    /// `stream_message_error`.
    MessageError = 12,
    /// `message_sent`.
    MessageSent = 13,
    /// `token_will_expire`.
    TokenWillExpire = 14,
    /// `starving`.
    Starving = 15,
    /// `stream_overflow`.
    StreamOverflow = 16,
    /// `speech_started`.
    SpeechStarted = 17,
    /// `speech_ended`.
    SpeechEnded = 18,
    /// `user_metadata_changed`.
    UserMetadataChanged = 19,
    /// `user_attributes_changed`.
    UserAttributesChanged = 20,
    /// `connection_quality_changed`.
    ConnectionQualityChanged = 21,
    /// `room_metadata_changed`.
    RoomMetadataChanged = 22,
    /// `rpc_called`.
    RpcCalled = 23,
    /// `rpc_answered`.
    RpcAnswered = 24,
    /// `microphone_muted`.
    MicrophoneMuted = 25,
    /// `permissions_changed`.
    PermissionsChanged = 26,
    /// `user_name_changed`.
    UserNameChanged = 27,
}

impl EventKind {
    /// Every kind, by its number, from 1.
    pub const ALL: [EventKind; 27] = [
        EventKind::ConnectionStateChanged,
        EventKind::UserJoined,
        EventKind::UserLeft,
        EventKind::SubscribeStateChanged,
        EventKind::UserMuted,
        EventKind::StreamEnded,
        EventKind::Played,
        EventKind::DataReceived,
        EventKind::Overflow,
        EventKind::UserSpeaking,
        EventKind::Message,
        EventKind::MessageError,
        EventKind::MessageSent,
        EventKind::TokenWillExpire,
        EventKind::Starving,
        EventKind::StreamOverflow,
        EventKind::SpeechStarted,
        EventKind::SpeechEnded,
        EventKind::UserMetadataChanged,
        EventKind::UserAttributesChanged,
        EventKind::ConnectionQualityChanged,
        EventKind::RoomMetadataChanged,
        EventKind::RpcCalled,
        EventKind::RpcAnswered,
        EventKind::MicrophoneMuted,
        EventKind::PermissionsChanged,
        EventKind::UserNameChanged,
    ];

    /// The kind of this name, such as "user_joined".
    pub fn named(name: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.name().to_bytes() == name.as_bytes())
    }

    /// The name, as programs in C know it.
    pub fn name(self) -> &'static CStr {
        match self {
            EventKind::ConnectionStateChanged => c"connection_state_changed",
            EventKind::UserJoined => c"user_joined",
            EventKind::UserLeft => c"user_left",
            EventKind::SubscribeStateChanged => c"audio_subscribe_state_changed",
            EventKind::UserMuted => c"user_muted",
            EventKind::StreamEnded => c"stream_ended",
            EventKind::Played => c"played",
            EventKind::DataReceived => c"data_received",
            EventKind::Overflow => c"overflow",
            EventKind::UserSpeaking => c"user_speaking",
            EventKind::Message => c"stream_message",
            EventKind::MessageError => c"stream_message_error",
            EventKind::MessageSent => c"message_sent",
            EventKind::TokenWillExpire => c"token_will_expire",
            EventKind::Starving => c"starving",
            EventKind::StreamOverflow => c"stream_overflow",
            EventKind::SpeechStarted => c"speech_started",
            EventKind::SpeechEnded => c"speech_ended",
            EventKind::UserMetadataChanged => c"user_metadata_changed",
            EventKind::UserAttributesChanged => c"user_attributes_changed",
            EventKind::ConnectionQualityChanged => c"connection_quality_changed",
            EventKind::RoomMetadataChanged => c"room_metadata_changed",
            EventKind::RpcCalled => c"rpc_called",
            EventKind::RpcAnswered => c"rpc_answered",
            EventKind::MicrophoneMuted => c"microphone_muted",
            EventKind::PermissionsChanged => c"permissions_changed",
            EventKind::UserNameChanged => c"user_name_changed",
        }
    }
}

impl EventBody {
    /// Which kind of event it is.
    pub fn kind(&self) -> EventKind {
        match self {
            EventBody::ConnectionStateChanged { .. } => EventKind::ConnectionStateChanged,
            EventBody::UserJoined { .. } => EventKind::UserJoined,
            EventBody::UserLeft { .. } => EventKind::UserLeft,
            EventBody::SubscribeStateChanged { .. } => EventKind::SubscribeStateChanged,
            EventBody::UserMuted { .. } => EventKind::UserMuted,
            EventBody::StreamEnded { .. } => EventKind::StreamEnded,
            EventBody::Played { .. } => EventKind::Played,
            EventBody::DataReceived { .. } => EventKind::DataReceived,
            EventBody::Overflow { .. } => EventKind::Overflow,
            EventBody::UserSpeaking { .. } => EventKind::UserSpeaking,
            EventBody::Message { .. } => EventKind::Message,
            EventBody::MessageError { .. } => EventKind::MessageError,
            EventBody::MessageSent { .. } => EventKind::MessageSent,
            EventBody::TokenWillExpire { .. } => EventKind::TokenWillExpire,
            EventBody::Starving { .. } => EventKind::Starving,
            EventBody::StreamOverflow { .. } => EventKind::StreamOverflow,
            EventBody::SpeechStarted { .. } => EventKind::SpeechStarted,
            EventBody::SpeechEnded { .. } => EventKind::SpeechEnded,
            EventBody::UserMetadataChanged { .. } => EventKind::UserMetadataChanged,
            EventBody::UserAttributesChanged { .. } => EventKind::UserAttributesChanged,
            EventBody::ConnectionQualityChanged { .. } => EventKind::ConnectionQualityChanged,
            EventBody::RoomMetadataChanged { .. } => EventKind::RoomMetadataChanged,
            EventBody::RpcCalled { .. } => EventKind::RpcCalled,
            EventBody::RpcAnswered { .. } => EventKind::RpcAnswered,
            EventBody::MicrophoneMuted { .. } => EventKind::MicrophoneMuted,
            EventBody::PermissionsChanged { .. } => EventKind::PermissionsChanged,
            EventBody::UserNameChanged { .. } => EventKind::UserNameChanged,
        }
    }
}
