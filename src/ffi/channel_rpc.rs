//! CHANNEL: CALLS BETWEEN USERS
//!
//! A user calls a method of another one and gets an answer, as with LiveKit's RPC: what a call is given and what it answers are
//! texts of at most 15,360 bytes (longer ones are for messages). A method is registered once and may then be called over every
//! connection; each call comes as an event "rpc_called" and waits for its answer here, at most 256 at a time and 64 of one user.
//! Others' calls of methods that are not registered are answered by the library, with STOA_RPC_UNSUPPORTED_METHOD. One that
//! nobody answers comes to the end of its time, at the caller.

use super::channel::ChannelHandle;
use super::options::{needed, put, timeout};
use super::panic::on;
use super::status::stoa_status;
use super::string::{give, optional, required};
use super::types::stoa_channel;
use crate::client::rpc::{DEFAULT_TIMEOUT, MAX_TIMEOUT};
use crate::{Error, Result, Status};
use std::ffi::c_char;
use std::time::Duration;

/// A call failed: the method is not registered there.
pub const STOA_RPC_UNSUPPORTED_METHOD: u32 = 1400;
/// A call failed: no such user is in the room (any more).
pub const STOA_RPC_RECIPIENT_NOT_FOUND: u32 = 1401;
/// A call failed: what it is given is too long.
pub const STOA_RPC_REQUEST_PAYLOAD_TOO_LARGE: u32 = 1402;
/// A call failed: its server passes no calls on.
pub const STOA_RPC_UNSUPPORTED_SERVER: u32 = 1403;
/// A call failed: the other one speaks no such version.
pub const STOA_RPC_UNSUPPORTED_VERSION: u32 = 1404;
/// A call failed: the method itself failed.
pub const STOA_RPC_APPLICATION_ERROR: u32 = 1500;
/// A call failed: no acknowledgement came within 7 seconds.
pub const STOA_RPC_CONNECTION_TIMEOUT: u32 = 1501;
/// A call failed: no answer came in time.
pub const STOA_RPC_RESPONSE_TIMEOUT: u32 = 1502;
/// A call failed: the other user left, or this connection ended.
pub const STOA_RPC_RECIPIENT_DISCONNECTED: u32 = 1503;
/// A call failed: the answer is too long.
pub const STOA_RPC_RESPONSE_PAYLOAD_TOO_LARGE: u32 = 1504;
/// A call failed: it could not be sent.
pub const STOA_RPC_SEND_FAILED: u32 = 1505;

/// # Safety
/// `payload` is NULL or ends with a zero byte, and stays while `'a` lasts.
unsafe fn payload_of<'a>(payload: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    unsafe { optional(payload, "payload") }
}

/// Takes calls of a method from now on, over this connection and later ones. Registering again is as once.
///
/// method: its name, 1 to 64 bytes.
/// Returns: STOA_OK; STOA_ERROR_LIMIT: 256 methods are registered; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
///   the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_rpc_register(channel: *mut stoa_channel, method: *const c_char) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a string that ends with a zero.
        channel.channel.rpc_register(unsafe { required(method, "method")? })?;
        Ok(Status::OK)
    })
}

/// Takes calls of a method no more. Those that have come may still be answered.
///
/// method: its name, 1 to 64 bytes.
/// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: it is not registered; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
///   the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_rpc_unregister(channel: *mut stoa_channel, method: *const c_char) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a string that ends with a zero.
        channel.channel.rpc_unregister(unsafe { required(method, "method")? })?;
        Ok(Status::OK)
    })
}

/// Calls a method of another user in the room. Each call that begins ends with one event "rpc_answered", and stoa_channel_rpc_wait()
/// waits for it.
///
/// user: the identity, 1 to 256 bytes. method: its name, 1 to 64 bytes.
/// payload: what it is given, at most 15,360 bytes; NULL is the same as "".
/// response_ms: how long the answer may take, from 1 to 600,000; 0: 15,000. The other user is told 7 seconds less, at least 1 second.
/// out_ticket: gets a number, which the event has as its id; they count from 1. May be NULL.
/// Returns: STOA_OK: on its way; STOA_QUEUE_FULL: 256 calls wait for their answers; STOA_ERROR_BAD_STATE: not connected;
///   STOA_ERROR_NOT_FOUND: no such user in the room; STOA_ERROR_NOT_ALLOWED: the token does not let this user send data;
///   STOA_ERROR_BUSY: too many calls of this channel's functions are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length,
///   or response_ms; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_rpc_call(
    channel: *mut stoa_channel,
    user: *const c_char,
    method: *const c_char,
    payload: *const c_char,
    response_ms: u32,
    out_ticket: *mut u64,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for strings that end with a zero, or NULL where it may be.
        let (user, method, payload) =
            unsafe { (required(user, "user")?, required(method, "method")?, payload_of(payload)?) };
        let timeout = match Duration::from_millis(response_ms.into()) {
            Duration::ZERO => DEFAULT_TIMEOUT,
            timeout if timeout <= MAX_TIMEOUT => timeout,
            _ => {
                let text = format!("response_ms is {response_ms}: give 1 to 600000 ms, or 0 for the default");
                return Err(Error::new(Status::BAD_ARGUMENT, text));
            }
        };
        let ticket = channel.channel.rpc_call(user, method, payload, timeout)?;
        // SAFETY: the caller's, to be written.
        unsafe { put(out_ticket, ticket) };
        Ok(Status::OK)
    })
}

/// Waits until a call has ended, and gives its answer. The last 256 calls that have ended can be asked for, also again.
///
/// ticket: from stoa_channel_rpc_call().
/// timeout_ms: 0: only looks. Negative: waits for ever, which is until the call's own time is over.
/// out_code: gets the code where the call has failed (STOA_RPC_..., or the other's own), and 0 otherwise, whatever the status is.
/// buffer, capacity, out_length: the answer; see CONVENTIONS, strings out. 15,361 bytes are enough for an answer of version 1.
/// Returns: STOA_OK: answered; STOA_TIMED_OUT: not yet, or, where out_code is not 0, no answer came in the call's own time;
///   STOA_ERROR_REFUSED: the other user, or its library, answered with an error; STOA_ERROR_NOT_FOUND: the user left before, or there
///   is no such number; STOA_ERROR_DISCONNECTED: this connection ended before; STOA_QUEUE_FULL: the connection had no room for it;
///   STOA_ERROR_NOT_ALLOWED: the right to send data was lost before it left; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_rpc_wait(
    channel: *mut stoa_channel,
    ticket: u64,
    timeout_ms: i32,
    out_code: *mut u32,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_code, "out_code")?;
        // SAFETY: the header asks for room for the code.
        unsafe { put(out_code, 0) };
        let Some(outcome) = channel.channel.rpc_wait(ticket, timeout(timeout_ms))? else {
            return Ok(Status::TIMED_OUT);
        };
        // SAFETY: as before; and the header asks for a buffer of that capacity.
        unsafe { put(out_code, outcome.code) };
        match outcome.status {
            Status::OK => unsafe { give(&outcome.payload, buffer, capacity, out_length) },
            Status::REFUSED => {
                let text = format!("'{}' answered with the error {}: {}", outcome.user, outcome.code, outcome.text);
                Err(Error::new(Status::REFUSED, text))
            }
            status => Err(Error::new(status, outcome.text)),
        }
    })
}

/// Answers a call that came as "rpc_called".
///
/// call: its number, the event's id.
/// payload: the answer, at most 15,360 bytes; NULL is the same as "".
/// Returns: STOA_OK: on its way; STOA_ERROR_NOT_FOUND: it was answered, its time is over, or its caller left; STOA_ERROR_BAD_STATE:
///   not connected; STOA_ERROR_BUSY: too many calls of this channel's functions are waiting; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_rpc_answer(
    channel: *mut stoa_channel,
    call: u64,
    payload: *const c_char,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a string that ends with a zero, or NULL.
        channel.channel.rpc_answer(call, unsafe { payload_of(payload)? })?;
        Ok(Status::OK)
    })
}

/// Answers a call that came as "rpc_called" with an error.
///
/// call: its number, the event's id.
/// code: not 0. 1001 to 1999 are LiveKit's, of which STOA_RPC_APPLICATION_ERROR is the general one; others are for your own meanings.
/// text: a sentence for the caller, at most 256 bytes; NULL is the same as "".
/// Returns: STOA_OK: on its way; STOA_ERROR_NOT_FOUND: it was answered, its time is over, or its caller left; STOA_ERROR_BAD_STATE:
///   not connected; STOA_ERROR_BUSY: too many calls of this channel's functions are waiting; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BAD_ARGUMENT: the length, or the code; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_rpc_fail(
    channel: *mut stoa_channel,
    call: u64,
    code: u32,
    text: *const c_char,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a string that ends with a zero, or NULL.
        channel.channel.rpc_fail(call, code, unsafe { optional(text, "text")? })?;
        Ok(Status::OK)
    })
}
