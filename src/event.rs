//! What a channel reports to the application.

use crate::error::Status;
use std::ffi::CStr;

/// Connection states. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ConnectionState {
    /// Not connected.
    Disconnected = 1,
    /// The first connection is being made.
    Connecting = 2,
    /// In the room.
    Connected = 3,
    /// The connection was lost and is being made again.
    Reconnecting = 4,
    /// Given up; the event's reason and text say why.
    Failed = 5,
}

/// Subscribe states of one remote user's audio. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SubscribeState {
    /// The user is unknown or gone.
    Idle = 0,
    /// Not subscribed.
    NoSubscribe = 1,
    /// Asked for, not yet heard from the server.
    Subscribing = 2,
    /// Subscribed: audio arrives when the user speaks.
    Subscribed = 3,
}

/// Why a connection ended, a user left, or a join was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u32)]
pub enum Reason {
    /// No reason is known or needed.
    #[default]
    None = 0,
    /// The user asked for it (disconnect, leave).
    Requested = 1,
    /// Another connection joined with the same identity.
    DuplicateIdentity = 2,
    /// The server is shutting down.
    ServerShutdown = 3,
    /// The participant was removed by an administrator or the server.
    Removed = 4,
    /// The room was deleted or closed.
    RoomClosed = 5,
    /// The connection was lost.
    ConnectionLost = 6,
    /// The server could not be reached.
    Unreachable = 7,
    /// The token was refused.
    BadToken = 8,
    /// The server or the peer broke the protocol.
    Protocol = 9,
    /// The join was refused for another reason.
    Refused = 10,
    /// The join took longer than the timeout.
    TimedOut = 11,
    /// A fault inside the library.
    Internal = 12,
    /// The token's time was over.
    TokenExpired = 13,
}

impl Reason {
    /// Every reason, by its number.
    pub const ALL: [Reason; 14] = [
        Reason::None,
        Reason::Requested,
        Reason::DuplicateIdentity,
        Reason::ServerShutdown,
        Reason::Removed,
        Reason::RoomClosed,
        Reason::ConnectionLost,
        Reason::Unreachable,
        Reason::BadToken,
        Reason::Protocol,
        Reason::Refused,
        Reason::TimedOut,
        Reason::Internal,
        Reason::TokenExpired,
    ];

    /// The name, as programs in C know it.
    pub fn name(self) -> &'static CStr {
        match self {
            Reason::None => c"none",
            Reason::Requested => c"requested",
            Reason::DuplicateIdentity => c"duplicate_identity",
            Reason::ServerShutdown => c"server_shutdown",
            Reason::Removed => c"removed",
            Reason::RoomClosed => c"room_closed",
            Reason::ConnectionLost => c"connection_lost",
            Reason::Unreachable => c"unreachable",
            Reason::BadToken => c"bad_token",
            Reason::Protocol => c"protocol",
            Reason::Refused => c"refused",
            Reason::TimedOut => c"timed_out",
            Reason::Internal => c"internal",
            Reason::TokenExpired => c"token_expired",
        }
    }
}

/// One event of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened: microseconds since the Unix epoch, on the engine's clock.
    pub time_us: u64,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventBody {
    /// `connection_state_changed`. May merge into the newest of its kind while unread (`old` stays the oldest).
    ConnectionStateChanged {
        /// The state before.
        old: ConnectionState,
        /// The state now.
        new: ConnectionState,
        /// Why.
        reason: Reason,
        /// The error's status, or OK.
        status: Status,
        /// The sentence that goes with the status; may be empty.
        text: String,
        /// Microseconds since the last change.
        elapsed_us: u64,
    },
    /// `user_joined`.
    UserJoined {
        /// The user's identity.
        user: String,
    },
    /// `user_left`.
    UserLeft {
        /// The user's identity.
        user: String,
        /// Why.
        reason: Reason,
    },
    /// `audio_subscribe_state_changed`.
    SubscribeStateChanged {
        /// The user's identity.
        user: String,
        /// The state before.
        old: SubscribeState,
        /// The state now.
        new: SubscribeState,
        /// Microseconds since the last change.
        elapsed_us: u64,
    },
    /// `user_muted`: a remote user muted or unmuted the microphone.
    UserMuted {
        /// The user's identity.
        user: String,
        /// Muted now.
        muted: bool,
    },
    /// `stream_ended`: this user's stream is over (left, unpublished, unsubscribed).
    StreamEnded {
        /// The user's identity.
        user: String,
    },
    /// `played`: everything before a playout mark has left, or was dropped by an interrupt.
    Played {
        /// The number given with the mark.
        mark: u64,
        /// OK, or INTERRUPTED.
        status: Status,
    },
    /// `data_received`: a data packet of another user.
    DataReceived {
        /// The sender's identity; empty when the server sent it.
        user: String,
        /// The topic; may be empty.
        topic: String,
        /// The payload.
        payload: Vec<u8>,
        /// Sent over the reliable channel.
        reliable: bool,
    },
    /// `overflow`: the event queue was full; this many events were dropped since the last one of these.
    Overflow {
        /// How many.
        dropped: u64,
    },
    /// `user_speaking`: the server says that a user began or stopped to speak.
    UserSpeaking {
        /// The user's identity.
        user: String,
        /// Speaking now.
        speaking: bool,
        /// Loudness, dB below the maximum (0 is the loudest, 127 silence).
        level: u8,
    },
    /// `stream_message`: a whole message of another user, in whichever format it came.
    Message {
        /// The sender's identity; empty when the server sent it.
        user: String,
        /// The topic; may be empty.
        topic: String,
        /// The message's id, as the sender chose it.
        id: String,
        /// How it came.
        format: MessageFormat,
        /// The message: UTF-8 but for byte streams.
        payload: Vec<u8>,
    },
    /// `stream_message_error`: a message that came in part was given up, or a chunk was refused.
    MessageError {
        /// The sender's identity.
        user: String,
        /// The message's id, as far as it is known.
        id: String,
        /// How it came.
        format: MessageFormat,
        /// What went wrong.
        status: Status,
        /// The sentence that goes with the status.
        text: String,
    },
    /// `message_sent`: a queued message left, or will not.
    MessageSent {
        /// The number that queueing it returned.
        ticket: u64,
        /// The message's id.
        id: String,
        /// OK, or why it did not leave.
        status: Status,
        /// The sentence that goes with the status; may be empty.
        text: String,
    },
    /// `token_will_expire`: renew the token soon.
    TokenWillExpire {
        /// Microseconds until it expires.
        left_us: u64,
    },
    /// `starving`: sound was pushed too late; the hearers had a gap in the midst of speech.
    Starving {
        /// How long the gap was, microseconds.
        gap_us: u64,
    },
    /// `stream_overflow`: nobody took a stream's frames in time. Merges while unread.
    StreamOverflow {
        /// Whose stream; empty for the mix.
        user: String,
        /// Frames dropped since the last event of this kind.
        dropped: u64,
    },
    /// `speech_started`: the voice detector heard a user begin to speak.
    SpeechStarted {
        /// Whose voice.
        user: String,
    },
    /// `speech_ended`: the voice detector heard a user stop.
    SpeechEnded {
        /// Whose voice.
        user: String,
        /// How long the speech was, microseconds.
        speech_us: u64,
    },
    /// `user_metadata_changed`: a user, or this one, has other metadata.
    UserMetadataChanged {
        /// The user's identity.
        user: String,
        /// All of it, as it is now.
        metadata: String,
    },
    /// `user_attributes_changed`.
    UserAttributesChanged {
        /// The user's identity.
        user: String,
        /// What changed, as a JSON object of strings; an attribute that is gone is "".
        changed: String,
    },
    /// `connection_quality_changed`. May merge into the newest of its user while unread (`old` stays the oldest).
    ConnectionQualityChanged {
        /// The user's identity.
        user: String,
        /// The quality before.
        old: Quality,
        /// The quality now.
        new: Quality,
    },
    /// `room_metadata_changed`.
    RoomMetadataChanged {
        /// All of it, as it is now.
        metadata: String,
    },
    /// `rpc_called`: a user calls a method that was registered.
    RpcCalled {
        /// Who calls.
        user: String,
        /// The method.
        method: String,
        /// The number to answer with.
        call: u64,
        /// The caller's own id for it.
        id: String,
        /// What the method is given.
        payload: String,
        /// How long the caller waits, microseconds.
        timeout_us: u64,
    },
    /// `rpc_answered`: a call of ours has ended, by an answer or otherwise.
    RpcAnswered {
        /// The number that calling returned.
        ticket: u64,
        /// Who was called.
        user: String,
        /// OK, or why there is no answer.
        status: Status,
        /// LiveKit's code of the error; 0 for an answer.
        code: u32,
        /// The error's message; empty for an answer.
        text: String,
        /// The answer, or what the error carries.
        payload: String,
    },
    /// `microphone_muted`: the server muted our microphone, or unmuted it.
    MicrophoneMuted {
        /// Muted now.
        muted: bool,
    },
    /// `permissions_changed`.
    PermissionsChanged {
        /// The user's identity.
        user: String,
        /// What is allowed now, as a JSON object.
        permission: String,
    },
    /// `user_name_changed`.
    UserNameChanged {
        /// The user's identity.
        user: String,
        /// The name to show.
        name: String,
    },
}

/// How well a user's connection does, as the server judges it. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Quality {
    /// The server has not said.
    #[default]
    Unknown = 0,
    /// Nothing comes from there.
    Lost = 1,
    /// It disturbs.
    Poor = 2,
    /// It can be heard.
    Good = 3,
    /// Nothing is wrong.
    Excellent = 4,
}

impl Quality {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Quality::Unknown => "unknown",
            Quality::Lost => "lost",
            Quality::Poor => "poor",
            Quality::Good => "good",
            Quality::Excellent => "excellent",
        }
    }
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum MessageFormat {
    /// JSON chunks: `{"msg_id", "part_idx", "total_parts", "content"}`.
    Json = 1,
    /// Chunks `msg_id|part|total|base64`.
    Base64 = 2,
    /// LiveKit's text stream.
    Text = 3,
    /// LiveKit's byte stream.
    Bytes = 4,
}

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
