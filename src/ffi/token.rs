//! TOKEN

use super::panic::call;
use super::status::stoa_status;
use super::string::{give, required};
use crate::driver::{clock, validate};
use crate::token::jwt::{self, Claims, VideoGrant};
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
        validate::token_ttl(Duration::from_secs(ttl_seconds))?;
        let now = clock::time_us() / 1_000_000;
        let claims = Claims {
            sub: user.into(),
            nbf: now,
            exp: now + ttl_seconds,
            video: VideoGrant { room: room.into(), room_join: true, ..VideoGrant::default() },
            ..Claims::default()
        };
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&jwt::build(&claims, key, secret), buffer, capacity, out_length) }
    })
}
