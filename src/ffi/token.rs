//! TOKEN
//!
//! Tokens of two families let a user into a room: LiveKit's JWT, which every LiveKit server reads, and AccessToken2 ("007..."), which
//! the room server inside reads too. As JSON, for building and for showing, a token is one of
//!
//!   {"family": "livekit", "claims": {"sub": "ada", "exp": 1700003600, "video": {"room": "hall", "roomJoin": true}}}
//!   {"family": "access_token2", "claims": {"app_id": "...", "issue_ts": 1700000000, "expire": 3600, "salt": 1, "services": [
//!     {"type": "rtc", "channel": "hall", "uid": "7", "privileges": {"join_channel": 3600, "publish_audio": 3600}}]}}
//!
//! LiveKit's claims are those of the JWT itself, with all grants of livekit/protocol: video, sip, agent, inference, observability,
//! roomConfig, roomPreset, sha256, kind, kindDetails, attributes, metadata, name. Claims that are not known are kept.
//!
//! The services of an AccessToken2, with their own members and their privileges:
//!   rtc        channel, uid ("": any user)    join_channel, publish_audio, publish_video, publish_data
//!   rtm        user_id                        login
//!   streaming  channel, account               publish_mix, publish_raw
//!   fpa                                       login
//!   chat       user_id                        user, app
//!   fcdn       channel, account               publish, play
//!   apaas      room_uuid, user_uuid, role     room_user, user, app
//!   rtm2       user_id, permissions           login
//!   convo_ai, stt
//! Privileges last so many seconds after issue_ts, and no longer than the token; 0 grants nothing. One without a name goes by its
//! number. rtm2's permissions are {"message_channels": {"read": ["a"], "write": []}}, likewise stream_channels, group_channels,
//! server_groups, users. A service of a number that is not known hides those behind it: "unknown" then says its type, how many
//! services and how many bytes.
//!
//! Clocks may differ: a token counts until a minute after its time, and from a minute before.

use super::panic::call;
use super::status::stoa_status;
use super::string::{give, optional, required};
use crate::driver::{token as tokens, validate};
use std::ffi::c_char;
use std::time::Duration;

/// Builds a LiveKit token (a JWT, signed with HMAC-SHA-256), without an engine: with it one user may join one room, speak, hear and
/// send data. Every LiveKit server that has the key takes it, and so does the room server inside.
///
/// key: the API key (app id), 1 to 256 bytes. secret: the API secret (app certificate), 1 to 256 bytes.
/// room: the channel's name, 1 to 256 bytes. user: the identity, 1 to 256 bytes.
/// ttl_seconds: how long it may be used to join, from 1 s to 10 years.
/// buffer, capacity, out_length: see CONVENTIONS, strings out. 2048 bytes are enough.
/// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length
///   or the time; STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_token_build_livekit(
    key: *const c_char,
    secret: *const c_char,
    room: *const c_char,
    user: *const c_char,
    ttl_seconds: u64,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    call(|| {
        let named = |text, name| {
            // SAFETY: the header asks for strings that end with a zero.
            let text = unsafe { required(text, name)? };
            validate::name(name, text).map(|()| text)
        };
        let (key, secret) = (named(key, "key")?, named(secret, "secret")?);
        let (room, user) = (named(room, "room")?, named(user, "user")?);
        let token = tokens::build_livekit(key, secret, room, user, Duration::from_secs(ttl_seconds))?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&token, buffer, capacity, out_length) }
    })
}

/// Builds an AccessToken2, without an engine: with it one user may join one channel and publish audio, video and data, each for
/// as long as the token lasts. The room server inside takes it.
///
/// app_id, certificate: 32 hexadecimal characters each. A certificate that is NULL or "" makes the token "": nothing can be signed.
/// channel: the room's name, 1 to 256 bytes.
/// user: the identity (a number as text, or a name), at most 256 bytes; NULL or "": any user.
/// ttl_seconds: from 1 s to 10 years. 3600 is usual.
/// buffer, capacity, out_length: see CONVENTIONS, strings out. 2048 bytes are enough.
/// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length,
///   the time, or no 32 hexadecimal characters; STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_token_build_rtc(
    app_id: *const c_char,
    certificate: *const c_char,
    channel: *const c_char,
    user: *const c_char,
    ttl_seconds: u64,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    call(|| {
        // SAFETY: the header asks for strings that end with a zero, or NULL where it may be.
        let (app_id, certificate, channel, user) = unsafe {
            let (app_id, certificate) = (required(app_id, "app_id")?, optional(certificate, "certificate")?);
            (app_id, certificate, required(channel, "channel")?, optional(user, "user")?)
        };
        validate::name("channel", channel)?;
        validate::optional_name("user", user)?;
        let built = tokens::build_rtc(app_id, certificate, channel, user, Duration::from_secs(ttl_seconds))?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&built, buffer, capacity, out_length) }
    })
}

/// Builds a token of either family from its JSON form (see above), with everything that it can say.
///
/// document: the token as JSON, at most 64 kB. The key (iss, app_id) may be left out, and so may the times: from now, for an hour.
///   So may the salt, which is then drawn.
/// key: the API key, or the app id. secret: the API secret, or the app certificate; 1 to 256 bytes each, and for an AccessToken2 32
///   hexadecimal characters.
/// buffer, capacity, out_length: see CONVENTIONS, strings out. A token of more than 500 bytes may be some bytes longer at the next
///   call, by another salt: leave room to spare.
/// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length, or
///   what the document says; STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_token_build_json(
    document: *const c_char,
    key: *const c_char,
    secret: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    call(|| {
        // SAFETY: the header asks for strings that end with a zero.
        let (document, key, secret) =
            unsafe { (required(document, "document")?, required(key, "key")?, required(secret, "secret")?) };
        validate::name("key", key)?;
        validate::name("secret", secret)?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&tokens::build(document, key, secret)?, buffer, capacity, out_length) }
    })
}

/// Shows what a token of either family says, as JSON (see above). It is NOT verified: anybody could have made it.
///
/// token: at most 64 kB.
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: too long;
///   STOA_ERROR_BAD_TOKEN: it is none; STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_token_show(
    token: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    call(|| {
        // SAFETY: the header asks for a string that ends with a zero.
        let shown = tokens::show(unsafe { required(token, "token")? })?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&shown.to_string(), buffer, capacity, out_length) }
    })
}

/// Verifies a token of either family and shows what it says, as JSON (see above): key, signature (compared in constant time),
/// algorithm, times; and, where a room or a user is given, that it lets that user into that room now.
///
/// token: at most 64 kB. key: the API key, or the app id, that it must be of. secret: the API secret, or the app certificate.
/// room, user: NULL or "": not looked at. Another user than the token's is refused, unless the token is for any (AccessToken2).
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BAD_TOKEN: stoa_last_error() says which check failed (which is not for who brought the token);
///   STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length;
///   STOA_ERROR_INTERNAL.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_token_verify(
    token: *const c_char,
    key: *const c_char,
    secret: *const c_char,
    room: *const c_char,
    user: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    call(|| {
        // SAFETY: the header asks for strings that end with a zero, or NULL where it may be.
        let (token, key, secret, room, user) = unsafe {
            let (token, key, secret) = (required(token, "token")?, required(key, "key")?, required(secret, "secret")?);
            (token, key, secret, optional(room, "room")?, optional(user, "user")?)
        };
        validate::name("key", key)?;
        validate::name("secret", secret)?;
        let shown = tokens::verify(token, key, secret, room, user)?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&shown.to_string(), buffer, capacity, out_length) }
    })
}
