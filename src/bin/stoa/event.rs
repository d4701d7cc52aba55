//! A channel's events, as a line for people and as an object for programs. The names are those of `stoa.h`.

use crate::output::one_line;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stoa::Status;
use stoa::event::{ConnectionState, Event, EventBody, MessageFormat, Reason, SubscribeState};

/// The object: `event` says which, `time_us` when.
pub fn object(event: &Event) -> Value {
    let mut object = match &event.body {
        EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us } => json!({
            "event": "connection_state_changed", "old": state(*old), "new": state(*new), "reason": reason_name(*reason),
            "status": status.0, "text": text, "elapsed_us": elapsed_us,
        }),
        EventBody::UserJoined { user } => json!({"event": "user_joined", "user": user}),
        EventBody::UserLeft { user, reason } => {
            json!({"event": "user_left", "user": user, "reason": reason_name(*reason)})
        }
        EventBody::SubscribeStateChanged { user, old, new, elapsed_us } => json!({
            "event": "audio_subscribe_state_changed", "user": user, "old": subscribed(*old), "new": subscribed(*new),
            "elapsed_us": elapsed_us,
        }),
        EventBody::UserMuted { user, muted } => json!({"event": "user_muted", "user": user, "muted": muted}),
        EventBody::StreamEnded { user, .. } => json!({"event": "stream_ended", "user": user}),
        EventBody::Played { mark, status } => json!({"event": "played", "mark": mark, "status": status.0}),
        EventBody::DataReceived { user, topic, payload, reliable } => {
            let object = json!({"event": "data_received", "user": user, "topic": topic, "reliable": reliable});
            with_payload(object, payload)
        }
        EventBody::Overflow { dropped } => json!({"event": "overflow", "dropped": dropped}),
        EventBody::UserSpeaking { user, speaking, level } => {
            json!({"event": "user_speaking", "user": user, "speaking": speaking, "level": level})
        }
        EventBody::Message { user, topic, id, format, payload } => {
            let format = format_name(*format);
            let object = json!({"event": "stream_message", "user": user, "topic": topic, "id": id, "format": format});
            with_payload(object, payload)
        }
        EventBody::MessageError { user, id, format, status, text } => json!({
            "event": "stream_message_error", "user": user, "id": id, "format": format_name(*format),
            "status": status.0, "text": text,
        }),
        EventBody::MessageSent { ticket, id, status, text } => {
            json!({"event": "message_sent", "ticket": ticket, "id": id, "status": status.0, "text": text})
        }
        EventBody::TokenWillExpire { left_us } => json!({"event": "token_will_expire", "left_us": left_us}),
        EventBody::Starving { gap_us } => json!({"event": "starving", "gap_us": gap_us}),
        EventBody::StreamOverflow { user, dropped, .. } => {
            json!({"event": "stream_overflow", "user": user, "dropped": dropped})
        }
        EventBody::SpeechStarted { user } => json!({"event": "speech_started", "user": user}),
        EventBody::SpeechEnded { user, speech_us } => {
            json!({"event": "speech_ended", "user": user, "speech_us": speech_us})
        }
        EventBody::UserMetadataChanged { user, metadata } => {
            json!({"event": "user_metadata_changed", "user": user, "metadata": metadata})
        }
        EventBody::UserAttributesChanged { user, changed } => {
            json!({"event": "user_attributes_changed", "user": user, "changed": parsed(changed)})
        }
        EventBody::ConnectionQualityChanged { user, old, new } => {
            json!({"event": "connection_quality_changed", "user": user, "old": old.name(), "new": new.name()})
        }
        EventBody::RoomMetadataChanged { metadata } => json!({"event": "room_metadata_changed", "metadata": metadata}),
        EventBody::RpcCalled { user, method, call, id, payload, timeout_us } => json!({
            "event": "rpc_called", "user": user, "method": method, "call": call, "id": id, "payload": payload,
            "timeout_us": timeout_us,
        }),
        EventBody::RpcAnswered { ticket, user, status, code, text, payload } => json!({
            "event": "rpc_answered", "ticket": ticket, "user": user, "status": status.0, "code": code, "text": text,
            "payload": payload,
        }),
        EventBody::MicrophoneMuted { muted } => json!({"event": "microphone_muted", "muted": muted}),
        EventBody::PermissionsChanged { user, permission } => {
            json!({"event": "permissions_changed", "user": user, "permission": parsed(permission)})
        }
        EventBody::UserNameChanged { user, name } => json!({"event": "user_name_changed", "user": user, "name": name}),
    };
    object["time_us"] = event.time_us.into();
    object
}

/// The line; empty for what only programs want to know.
pub fn line(event: &Event) -> String {
    let line = match &event.body {
        EventBody::ConnectionStateChanged { new: ConnectionState::Reconnecting, .. } => {
            "the connection was lost and is being made again".into()
        }
        EventBody::ConnectionStateChanged {
            old: ConnectionState::Reconnecting,
            new: ConnectionState::Connected,
            ..
        } => "the connection is there again".into(),
        EventBody::UserJoined { user } => format!("{user} joined"),
        EventBody::UserLeft { user, reason: Reason::None | Reason::Requested } => format!("{user} left"),
        EventBody::UserLeft { user, reason } => format!("{user} left ({})", reason_name(*reason)),
        EventBody::UserMuted { user, muted: true } => format!("{user} muted the microphone"),
        EventBody::UserMuted { user, muted: false } => format!("{user} unmuted the microphone"),
        EventBody::UserSpeaking { user, speaking: true, .. } => format!("{user} speaks"),
        EventBody::UserSpeaking { user, speaking: false, .. } => format!("{user} is silent"),
        EventBody::DataReceived { user, topic, payload, .. } | EventBody::Message { user, topic, payload, .. } => {
            let user = if user.is_empty() { "the server" } else { user };
            let topic = if topic.is_empty() { String::new() } else { format!(" [{topic}]") };
            match std::str::from_utf8(payload) {
                Ok(text) => format!("{user}{topic}: {text}"),
                Err(_) => format!("{user}{topic} sent {} bytes", payload.len()),
            }
        }
        EventBody::MessageError { user, text, .. } => format!("a message of {user} was lost: {text}"),
        EventBody::Overflow { dropped } => format!("{dropped} events were dropped"),
        EventBody::StreamOverflow { user, dropped, .. } => format!("{dropped} frames of {user} were dropped"),
        EventBody::Starving { gap_us } => format!("the file came too slowly: a gap of {} ms", gap_us / 1000),
        EventBody::MicrophoneMuted { muted: true } => "the server muted the microphone".into(),
        EventBody::MicrophoneMuted { muted: false } => "the server unmuted the microphone".into(),
        EventBody::UserNameChanged { user, name } => format!("{user} is called {name}"),
        EventBody::TokenWillExpire { left_us } => format!("the token expires in {} s", left_us / 1_000_000),
        _ => String::new(),
    };
    one_line(&line)
}

/// As `text` where it is UTF-8, else as `base64`.
fn with_payload(mut object: Value, payload: &[u8]) -> Value {
    match std::str::from_utf8(payload) {
        Ok(text) => object["text"] = text.into(),
        Err(_) => object["base64"] = STANDARD.encode(payload).into(),
    }
    object
}

/// What the library wrote as JSON.
fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// Whether it tells that the room was entered.
pub fn is_connected(event: &Event) -> bool {
    matches!(event.body, EventBody::ConnectionStateChanged { new: ConnectionState::Connected, .. })
}

/// What ended the connection, as a sentence; and the status that goes with it.
pub fn end(event: &Event) -> Option<(Reason, Status, String)> {
    match &event.body {
        EventBody::ConnectionStateChanged {
            new: ConnectionState::Failed | ConnectionState::Disconnected,
            reason,
            status,
            text,
            ..
        } => Some((*reason, *status, text.clone())),
        _ => None,
    }
}

pub fn state(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Disconnected => "disconnected",
        ConnectionState::Connecting => "connecting",
        ConnectionState::Connected => "connected",
        ConnectionState::Reconnecting => "reconnecting",
        ConnectionState::Failed => "failed",
    }
}

fn subscribed(state: SubscribeState) -> &'static str {
    match state {
        SubscribeState::Idle => "idle",
        SubscribeState::NoSubscribe => "no_subscribe",
        SubscribeState::Subscribing => "subscribing",
        SubscribeState::Subscribed => "subscribed",
    }
}

fn format_name(format: MessageFormat) -> &'static str {
    match format {
        MessageFormat::Json => "json",
        MessageFormat::Base64 => "base64",
        MessageFormat::Text => "text",
        MessageFormat::Bytes => "bytes",
    }
}

pub fn reason_name(reason: Reason) -> &'static str {
    reason.name().to_str().unwrap_or_default()
}
