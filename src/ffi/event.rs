//! EVENTS

use super::handle::{Entry, Kind, insert, remove};
use super::options::{Versioned, check, write};
use super::panic::{call, value};
use super::status::stoa_status;
use super::string::c_string;
use super::types::stoa_channel;
use crate::event::{Event, EventBody, EventKind, Reason};
use crate::{Result, Status};
use std::ffi::{CString, c_char, c_void};
use std::ptr::null_mut;

/// "connection_state_changed": old_state and new_state (STOA_STATE_...), reason, status and text say why, elapsed_us since the last
/// change.
pub const STOA_EVENT_CONNECTION_STATE_CHANGED: u32 = 1;
/// "user_joined": user.
pub const STOA_EVENT_USER_JOINED: u32 = 2;
/// "user_left": user, reason.
pub const STOA_EVENT_USER_LEFT: u32 = 3;
/// "audio_subscribe_state_changed": user, old_state and new_state (STOA_SUBSCRIBE_...), elapsed_us since the last change.
pub const STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED: u32 = 4;
/// "user_muted": user; STOA_EVENT_FLAG_MUTED is set, or not set after unmuting.
pub const STOA_EVENT_USER_MUTED: u32 = 5;
/// "stream_ended": user, track; the user left, stopped publishing or was unsubscribed. What is in the stream can still be read.
pub const STOA_EVENT_STREAM_ENDED: u32 = 6;
/// "played": id is the number of a playout mark; status is STOA_OK when everything before it has left, STOA_INTERRUPTED when it
/// was dropped.
pub const STOA_EVENT_PLAYED: u32 = 7;
/// "data_received": user (the sender; "" for the server), topic, data; STOA_EVENT_FLAG_RELIABLE.
pub const STOA_EVENT_DATA_RECEIVED: u32 = 8;
/// "overflow": the queue was full; status is STOA_QUEUE_FULL; id is how many events were dropped since the last event of this kind.
pub const STOA_EVENT_OVERFLOW: u32 = 9;
/// "user_speaking": user, level; STOA_EVENT_FLAG_SPEAKING is set, or not set after the end. The server listens for it, not this library.
pub const STOA_EVENT_USER_SPEAKING: u32 = 10;
/// "stream_message": a whole message: user (the sender; "" for the server), message_id, format, topic, data.
pub const STOA_EVENT_STREAM_MESSAGE: u32 = 11;
/// "stream_message_error": a message that came in part was given up, or a chunk was refused: user, message_id, format; status and
/// text say why.
pub const STOA_EVENT_STREAM_MESSAGE_ERROR: u32 = 12;
/// "message_sent": id is the number that queueing the message gave; message_id. status is STOA_OK when all of it has left, or says with
/// text why it did not.
pub const STOA_EVENT_MESSAGE_SENT: u32 = 13;
/// "token_will_expire": renew the token; elapsed_us is the time that is left.
pub const STOA_EVENT_TOKEN_WILL_EXPIRE: u32 = 14;
/// "starving": the send queue ran dry, more sound came 20 to 500 ms too late, and the hearers had a gap of elapsed_us. Not told where
/// the end was said, by a playout mark or stoa_channel_wait_played() there, nor after an interrupt, nor while muted.
pub const STOA_EVENT_STARVING: u32 = 15;
/// "stream_overflow": user ("" for the mix), track; status is STOA_QUEUE_FULL; id is how many frames of the stream were dropped since the
/// last event of this kind, because nobody took them in time. At once for the first, then at most once a second; while unread it
/// adds up.
pub const STOA_EVENT_STREAM_OVERFLOW: u32 = 16;
/// "speech_started": the voice detector heard user begin to speak (see stoa_channel_set_vad).
pub const STOA_EVENT_SPEECH_STARTED: u32 = 17;
/// "speech_ended": the voice detector heard user stop, or the user is not heard any more; elapsed_us is how long the speech was.
pub const STOA_EVENT_SPEECH_ENDED: u32 = 18;
/// "user_metadata_changed": user (this channel's own too), data is all of the metadata now.
pub const STOA_EVENT_USER_METADATA_CHANGED: u32 = 19;
/// "user_attributes_changed": user (this channel's own too), data is a JSON object of what changed: name and value, "" where it is gone.
pub const STOA_EVENT_USER_ATTRIBUTES_CHANGED: u32 = 20;
/// "connection_quality_changed": user (this channel's own too), old_state and new_state (STOA_QUALITY_...). A state: where too many
/// events wait, the newest of a user takes the place of the one before and keeps its old_state.
pub const STOA_EVENT_CONNECTION_QUALITY_CHANGED: u32 = 21;
/// "room_metadata_changed": data is all of the room's metadata now.
pub const STOA_EVENT_ROOM_METADATA_CHANGED: u32 = 22;
/// "rpc_called": user calls a method that was registered: topic is the method, data what it is given, message_id the caller's own id.
/// Answer with id, within elapsed_us: stoa_channel_rpc_answer() or stoa_channel_rpc_fail().
pub const STOA_EVENT_RPC_CALLED: u32 = 23;
/// "rpc_answered": a call has ended: id is the number that stoa_channel_rpc_call() gave, user who was called. status is STOA_OK and data
/// the answer; otherwise reason is the code (STOA_RPC_..., or the other's own), text its message, and data what it carries.
pub const STOA_EVENT_RPC_ANSWERED: u32 = 24;
/// "microphone_muted": the server muted this channel's microphone (STOA_EVENT_FLAG_MUTED is set), or unmuted it; it is done already.
/// stoa_channel_mute() has the next word.
pub const STOA_EVENT_MICROPHONE_MUTED: u32 = 25;
/// "permissions_changed": user (this channel's own too), data is a JSON object: "permission" of stoa_channel_user_info(). What is not
/// allowed any more answers STOA_ERROR_NOT_ALLOWED from then on.
pub const STOA_EVENT_PERMISSIONS_CHANGED: u32 = 26;
/// "user_name_changed": user (this channel's own too), data is the name now.
pub const STOA_EVENT_USER_NAME_CHANGED: u32 = 27;

/// Set in flags: the user is muted now.
pub const STOA_EVENT_FLAG_MUTED: u32 = 1;
/// Set in flags: the data came over the reliable channel.
pub const STOA_EVENT_FLAG_RELIABLE: u32 = 2;
/// Set in flags: the user is speaking now.
pub const STOA_EVENT_FLAG_SPEAKING: u32 = 4;

/// Format of a message: JSON chunks, `{"msg_id", "part_idx", "total_parts", "content"}`.
pub const STOA_FORMAT_JSON: u32 = 1;
/// Format of a message: chunks `msg_id|part|total|base64`.
pub const STOA_FORMAT_BASE64: u32 = 2;
/// Format of a message: LiveKit's text stream.
pub const STOA_FORMAT_TEXT: u32 = 3;
/// Format of a message: LiveKit's byte stream.
pub const STOA_FORMAT_BYTES: u32 = 4;

/// Quality of a connection: the server has not said.
pub const STOA_QUALITY_UNKNOWN: u32 = 0;
/// Quality of a connection: nothing comes from there.
pub const STOA_QUALITY_LOST: u32 = 1;
/// Quality of a connection: it disturbs.
pub const STOA_QUALITY_POOR: u32 = 2;
/// Quality of a connection: it can be heard.
pub const STOA_QUALITY_GOOD: u32 = 3;
/// Quality of a connection: nothing is wrong.
pub const STOA_QUALITY_EXCELLENT: u32 = 4;

/// Connection: not connected.
pub const STOA_STATE_DISCONNECTED: u32 = 1;
/// Connection: the first connection is being made.
pub const STOA_STATE_CONNECTING: u32 = 2;
/// Connection: in the room.
pub const STOA_STATE_CONNECTED: u32 = 3;
/// Connection: lost, and being made again (see stoa_channel_reconnect).
pub const STOA_STATE_RECONNECTING: u32 = 4;
/// Connection: given up.
pub const STOA_STATE_FAILED: u32 = 5;

/// Subscription: the user is unknown or gone.
pub const STOA_SUBSCRIBE_IDLE: u32 = 0;
/// Subscription: not subscribed.
pub const STOA_SUBSCRIBE_NO_SUBSCRIBE: u32 = 1;
/// Subscription: asked for.
pub const STOA_SUBSCRIBE_SUBSCRIBING: u32 = 2;
/// Subscription: the user is heard when speaking.
pub const STOA_SUBSCRIBE_SUBSCRIBED: u32 = 3;

/// No reason is known or needed.
pub const STOA_REASON_NONE: u32 = 0;
/// The user asked for it.
pub const STOA_REASON_REQUESTED: u32 = 1;
/// Another connection joined with the same identity.
pub const STOA_REASON_DUPLICATE_IDENTITY: u32 = 2;
/// The server is shutting down.
pub const STOA_REASON_SERVER_SHUTDOWN: u32 = 3;
/// Removed by an administrator or the server.
pub const STOA_REASON_REMOVED: u32 = 4;
/// The room was deleted or closed.
pub const STOA_REASON_ROOM_CLOSED: u32 = 5;
/// The connection was lost.
pub const STOA_REASON_CONNECTION_LOST: u32 = 6;
/// The server could not be reached.
pub const STOA_REASON_UNREACHABLE: u32 = 7;
/// The token was refused.
pub const STOA_REASON_BAD_TOKEN: u32 = 8;
/// The server or the peer broke the protocol.
pub const STOA_REASON_PROTOCOL: u32 = 9;
/// The join was refused for another reason.
pub const STOA_REASON_REFUSED: u32 = 10;
/// The join took longer than the timeout.
pub const STOA_REASON_TIMED_OUT: u32 = 11;
/// A fault inside the library.
pub const STOA_REASON_INTERNAL: u32 = 12;
/// The token's time was over.
pub const STOA_REASON_TOKEN_EXPIRED: u32 = 13;

/// One event of a channel. Begin with STOA_EVENT_INIT. Which members mean something is said at each STOA_EVENT_...; the others are
/// zero, or "". The strings and the data belong to the library: after stoa_channel_poll_event() until stoa_event_free(), inside a
/// callback until it returns.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_event {
    /// The size of this struct, bytes.
    pub size: usize,
    /// When it happened: microseconds since the Unix epoch (see stoa_time_us).
    pub time_us: u64,
    /// What happened: STOA_EVENT_...
    pub kind: u32,
    /// The event's own status: STOA_OK, or what went wrong.
    pub status: stoa_status,
    /// The state before.
    pub old_state: u32,
    /// The state now.
    pub new_state: u32,
    /// Why: STOA_REASON_... (see stoa_reason_name()); the code of a call that failed.
    pub reason: u32,
    /// STOA_EVENT_FLAG_..., added.
    pub flags: u32,
    /// Microseconds since the last change of this state, or another time that the event tells.
    pub elapsed_us: u64,
    /// A number: a playout mark, a message's number, or a count.
    pub id: u64,
    /// The user it is about, UTF-8. Never NULL.
    pub user: *const c_char,
    /// The sentence that goes with status. Never NULL.
    pub text: *const c_char,
    /// The topic of data, UTF-8. Never NULL.
    pub topic: *const c_char,
    /// The data; NULL without any.
    pub data: *const u8,
    /// Bytes of data.
    pub data_length: usize,
    /// The library's own: leave it alone.
    pub owner: *mut c_void,
    /// The id of a message, as its sender chose it, UTF-8. Never NULL.
    pub message_id: *const c_char,
    /// How a message came: STOA_FORMAT_...
    pub format: u32,
    /// Loudness below the maximum, dB: 0 is the loudest, 127 is silence.
    pub level: u32,
    /// The track as stoa_channel_track_stream() was given it, UTF-8; "" for a user's voice. Never NULL.
    pub track: *const c_char,
}

// SAFETY: repr(C), begins with its size, words and an even number of half words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_event {
    const NAME: &'static str = "stoa_event";
    const FIRST: usize = 128;
}

/// An event callback. It runs on the engine's dispatch thread (see THREADS); the event is valid until it returns.
///
/// channel: the channel's handle, as given to the function that set the callback.
pub type stoa_event_callback =
    Option<unsafe extern "C" fn(channel: *mut stoa_channel, event: *const stoa_event, user_data: *mut c_void)>;

/// What an event's pointers point to.
#[derive(Default)]
pub struct Payload {
    /// The user it is about.
    pub user: CString,
    text: CString,
    topic: CString,
    message_id: CString,
    track: CString,
    data: Vec<u8>,
}

impl Payload {
    /// The payload of an event that is about a user.
    pub fn of_user(user: &str) -> Payload {
        Payload { user: c_string(user), ..Payload::default() }
    }

    /// The payload of an event that is about a user, and has a text as its data.
    fn with_data(user: &str, data: &str) -> Payload {
        Payload { data: data.as_bytes().to_vec(), ..Payload::of_user(user) }
    }
}

/// An event in C's form, and what it points to.
pub fn convert(event: &Event) -> (stoa_event, Payload) {
    let mut to = stoa_event {
        size: size_of::<stoa_event>(),
        time_us: event.time_us,
        kind: 0,
        status: Status::OK.0,
        old_state: 0,
        new_state: 0,
        reason: 0,
        flags: 0,
        elapsed_us: 0,
        id: 0,
        user: c"".as_ptr(),
        text: c"".as_ptr(),
        topic: c"".as_ptr(),
        data: null_mut(),
        data_length: 0,
        owner: null_mut(),
        message_id: c"".as_ptr(),
        format: 0,
        level: 0,
        track: c"".as_ptr(),
    };
    let mut payload = Payload::default();
    match &event.body {
        EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us } => {
            to.kind = STOA_EVENT_CONNECTION_STATE_CHANGED;
            (to.old_state, to.new_state, to.reason) = (*old as u32, *new as u32, *reason as u32);
            (to.status, to.elapsed_us) = (status.0, *elapsed_us);
            payload.text = c_string(text);
        }
        EventBody::UserJoined { user } => {
            to.kind = STOA_EVENT_USER_JOINED;
            payload = Payload::of_user(user);
        }
        EventBody::UserLeft { user, reason } => {
            (to.kind, to.reason) = (STOA_EVENT_USER_LEFT, *reason as u32);
            payload = Payload::of_user(user);
        }
        EventBody::SubscribeStateChanged { user, old, new, elapsed_us } => {
            to.kind = STOA_EVENT_AUDIO_SUBSCRIBE_STATE_CHANGED;
            (to.old_state, to.new_state, to.elapsed_us) = (*old as u32, *new as u32, *elapsed_us);
            payload = Payload::of_user(user);
        }
        EventBody::UserMuted { user, muted } => {
            (to.kind, to.flags) = (STOA_EVENT_USER_MUTED, if *muted { STOA_EVENT_FLAG_MUTED } else { 0 });
            payload = Payload::of_user(user);
        }
        EventBody::StreamEnded { user, track } => {
            to.kind = STOA_EVENT_STREAM_ENDED;
            payload = Payload { track: c_string(track), ..Payload::of_user(user) };
        }
        EventBody::Played { mark, status } => (to.kind, to.id, to.status) = (STOA_EVENT_PLAYED, *mark, status.0),
        EventBody::DataReceived { user, topic, payload: data, reliable } => {
            (to.kind, to.flags) = (STOA_EVENT_DATA_RECEIVED, if *reliable { STOA_EVENT_FLAG_RELIABLE } else { 0 });
            payload = Payload { topic: c_string(topic), data: data.clone(), ..Payload::of_user(user) };
        }
        EventBody::Overflow { dropped } => {
            (to.kind, to.id, to.status) = (STOA_EVENT_OVERFLOW, *dropped, Status::QUEUE_FULL.0);
        }
        EventBody::UserSpeaking { user, speaking, level } => {
            (to.kind, to.flags) = (STOA_EVENT_USER_SPEAKING, if *speaking { STOA_EVENT_FLAG_SPEAKING } else { 0 });
            to.level = u32::from(*level);
            payload = Payload::of_user(user);
        }
        EventBody::Message { user, topic, id, format, payload: data } => {
            (to.kind, to.format) = (STOA_EVENT_STREAM_MESSAGE, *format as u32);
            payload = Payload {
                topic: c_string(topic),
                message_id: c_string(id),
                data: data.clone(),
                ..Payload::of_user(user)
            };
        }
        EventBody::MessageError { user, id, format, status, text } => {
            (to.kind, to.format, to.status) = (STOA_EVENT_STREAM_MESSAGE_ERROR, *format as u32, status.0);
            payload = Payload { text: c_string(text), message_id: c_string(id), ..Payload::of_user(user) };
        }
        EventBody::MessageSent { ticket, id, status, text } => {
            (to.kind, to.id, to.status) = (STOA_EVENT_MESSAGE_SENT, *ticket, status.0);
            payload = Payload { text: c_string(text), message_id: c_string(id), ..Payload::default() };
        }
        EventBody::TokenWillExpire { left_us } => {
            (to.kind, to.elapsed_us) = (STOA_EVENT_TOKEN_WILL_EXPIRE, *left_us);
        }
        EventBody::Starving { gap_us } => (to.kind, to.elapsed_us) = (STOA_EVENT_STARVING, *gap_us),
        EventBody::StreamOverflow { user, track, dropped } => {
            (to.kind, to.id, to.status) = (STOA_EVENT_STREAM_OVERFLOW, *dropped, Status::QUEUE_FULL.0);
            payload = Payload { track: c_string(track), ..Payload::of_user(user) };
        }
        EventBody::SpeechStarted { user } => {
            to.kind = STOA_EVENT_SPEECH_STARTED;
            payload = Payload::of_user(user);
        }
        EventBody::SpeechEnded { user, speech_us } => {
            (to.kind, to.elapsed_us) = (STOA_EVENT_SPEECH_ENDED, *speech_us);
            payload = Payload::of_user(user);
        }
        EventBody::UserMetadataChanged { user, metadata } => {
            to.kind = STOA_EVENT_USER_METADATA_CHANGED;
            payload = Payload::with_data(user, metadata);
        }
        EventBody::UserAttributesChanged { user, changed } => {
            to.kind = STOA_EVENT_USER_ATTRIBUTES_CHANGED;
            payload = Payload::with_data(user, changed);
        }
        EventBody::ConnectionQualityChanged { user, old, new } => {
            to.kind = STOA_EVENT_CONNECTION_QUALITY_CHANGED;
            (to.old_state, to.new_state) = (*old as u32, *new as u32);
            payload = Payload::of_user(user);
        }
        EventBody::RoomMetadataChanged { metadata } => {
            to.kind = STOA_EVENT_ROOM_METADATA_CHANGED;
            payload = Payload::with_data("", metadata);
        }
        EventBody::RpcCalled { user, method, call, id, payload: data, timeout_us } => {
            (to.kind, to.id, to.elapsed_us) = (STOA_EVENT_RPC_CALLED, *call, *timeout_us);
            payload = Payload { topic: c_string(method), message_id: c_string(id), ..Payload::with_data(user, data) };
        }
        EventBody::RpcAnswered { ticket, user, status, code, text, payload: data } => {
            (to.kind, to.id, to.status, to.reason) = (STOA_EVENT_RPC_ANSWERED, *ticket, status.0, *code);
            payload = Payload { text: c_string(text), ..Payload::with_data(user, data) };
        }
        EventBody::MicrophoneMuted { muted } => {
            (to.kind, to.flags) = (STOA_EVENT_MICROPHONE_MUTED, if *muted { STOA_EVENT_FLAG_MUTED } else { 0 });
        }
        EventBody::PermissionsChanged { user, permission } => {
            to.kind = STOA_EVENT_PERMISSIONS_CHANGED;
            payload = Payload::with_data(user, permission);
        }
        EventBody::UserNameChanged { user, name } => {
            to.kind = STOA_EVENT_USER_NAME_CHANGED;
            payload = Payload::with_data(user, name);
        }
    }
    to.point_to(&payload);
    (to, payload)
}

impl stoa_event {
    /// The buffers behind the payload's strings stay in place when the payload itself is moved.
    fn point_to(&mut self, payload: &Payload) {
        (self.user, self.text, self.topic) = (payload.user.as_ptr(), payload.text.as_ptr(), payload.topic.as_ptr());
        (self.message_id, self.track) = (payload.message_id.as_ptr(), payload.track.as_ptr());
        if !payload.data.is_empty() {
            (self.data, self.data_length) = (payload.data.as_ptr(), payload.data.len());
        }
    }
}

/// Hands an event to the caller, who frees it.
///
/// # Safety
/// `to` passed `check`.
pub unsafe fn hand_over(event: &Event, to: *mut stoa_event) -> Result<()> {
    let (mut event, payload) = convert(event);
    event.owner = insert(Entry::Event(payload))?;
    // SAFETY: the caller's promise.
    unsafe { write(to, &event) };
    Ok(())
}

/// Frees what belongs to an event that stoa_channel_poll_event() filled in, and sets all its members but size to zero.
/// An event that was never filled in, or freed already, needs nothing. Events inside callbacks are not to be freed.
///
/// event: NULL does nothing.
/// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_HANDLE: a copy of this event was freed already; STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_event_free(event: *mut stoa_event) -> stoa_status {
    if event.is_null() {
        return Status::OK.0;
    }
    call(|| {
        // SAFETY: the header asks for a struct of the size that it says.
        let owner = unsafe {
            check(event, "event")?;
            let owner = (&raw const (*event).owner).read_unaligned();
            event.cast::<u8>().add(size_of::<usize>()).write_bytes(0, size_of::<stoa_event>() - size_of::<usize>());
            owner
        };
        if !owner.is_null() {
            remove(owner, Kind::Event, "event->owner")?;
        }
        Ok(Status::OK)
    })
}

/// The name of a kind of event, such as "user_joined".
///
/// kind: STOA_EVENT_...
/// Returns: the name; "" for a number that is no kind. Never NULL. It is valid for ever.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_event_name(kind: u32) -> *const c_char {
    value(c"".as_ptr(), || {
        let kind = EventKind::ALL.into_iter().find(|known| *known as u32 == kind);
        kind.map_or(c"", EventKind::name).as_ptr()
    })
}

/// The name of a reason, such as "duplicate_identity".
///
/// reason: STOA_REASON_...
/// Returns: the name; "" for a number that is no reason. Never NULL. It is valid for ever.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_reason_name(reason: u32) -> *const c_char {
    value(c"".as_ptr(), || {
        let reason = Reason::ALL.into_iter().find(|known| *known as u32 == reason);
        reason.map_or(c"", Reason::name).as_ptr()
    })
}
