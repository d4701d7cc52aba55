//! What an event says, kind by kind.

use super::{ConnectionState, MessageFormat, Quality, Reason, SubscribeState};
use crate::error::Status;

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
    /// `stream_ended`: a stream of this user's is over (left, unpublished, unsubscribed).
    StreamEnded {
        /// The user's identity.
        user: String,
        /// The track as it was named when the stream was opened; empty for the voice.
        track: String,
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
        /// The track, as with `StreamEnded`.
        track: String,
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
