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
}

impl EventKind {
    /// Every kind, by its number, from 1.
    pub const ALL: [EventKind; 18] = [
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
        }
    }
}
