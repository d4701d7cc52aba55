//! CHANNEL: WHAT USERS TELL OF THEMSELVES
//!
//! Each user has a name to show, metadata (any text) and attributes (texts by names), which everybody in the room sees; the room has
//! metadata too. They begin as the tokens say, and change as users ask for and the server allows: with the grant
//! canUpdateOwnMetadata, which the tokens that the library builds for its own channels have. As JSON a user is
//!
//!   {"user": "ada", "name": "Ada", "metadata": "", "attributes": {"seat": "3"}, "kind": "standard", "joined_ms": 1700000000000,
//!    "quality": "excellent", "speaking": false, "muted": false, "permission": {"can_publish": true, "can_publish_sources": [],
//!    "can_publish_data": true, "can_subscribe": true, "can_update_metadata": true, "hidden": false},
//!    "tracks": [{"id": "TR_...", "name": "microphone", "kind": "audio", "source": "microphone", "muted": false}]}
//!
//! kind is standard, agent, sip, ingress, egress, connector or bridge; quality is unknown, lost, poor, good or excellent, as the
//! server judges the connection; speaking is what the server hears; muted is the microphone. A permission that the server does not
//! tell is null; no can_publish_sources means all. joined_ms counts from the Unix epoch. The room is
//!
//!   {"name": "hall", "id": "RM_...", "metadata": "", "users": 2, "publishers": 2, "recording": false, "created_ms": 1700000000000}
//!
//! where users and publishers count this user too. Later versions may add members.

use super::channel::ChannelHandle;
use super::options::timeout;
use super::panic::on;
use super::status::stoa_status;
use super::string::{give, optional};
use super::types::stoa_channel;
use crate::client::people::OwnChange;
use crate::driver::{self, validate};
use std::ffi::c_char;

/// What is known of a user in the room, as JSON (see above).
///
/// user: the identity, at most 256 bytes; NULL or "": this channel's own user.
/// buffer, capacity, out_length: see CONVENTIONS, strings out. It may have grown at the next call: leave room to spare.
/// Returns: STOA_OK; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_NOT_FOUND: no such user in the room;
///   STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_user_info(
    channel: *const stoa_channel,
    user: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a string that ends with a zero, or NULL.
        let user = unsafe { optional(user, "user")? };
        validate::optional_name("user", user)?;
        let person = channel.channel.person(user)?;
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(&person.to_json().to_string(), buffer, capacity, out_length) }
    })
}

/// What is known of the room, as JSON (see above).
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out. It may have grown at the next call: leave room to spare.
/// Returns: STOA_OK; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_room_info(
    channel: *const stoa_channel,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(channel, |channel: &ChannelHandle| unsafe { give(&channel.channel.room_info()?, buffer, capacity, out_length) })
}

/// Asks the server to tell everybody something else of this channel's own user, and waits for its answer. The new values come as
/// events, here as well. A value cannot become empty again, but for attributes.
///
/// name: the name to show, at most 256 bytes; NULL or "": as it is.
/// metadata: NULL or "": as it is.
/// attributes: a JSON object of strings, those that are to change, where "" takes one away; NULL or "": as they are.
/// timeout_ms: 0: returns STOA_TIMED_OUT at once, and a refusal is a line in the log. Negative: waits as long as the request, at
///   most 10 seconds.
/// Returns: STOA_OK: done; STOA_TIMED_OUT: asked for, not answered yet; STOA_ERROR_NOT_ALLOWED: the server refuses, since the token
///   lacks canUpdateOwnMetadata; STOA_ERROR_LIMIT: it is too long for the server, or 64 changes wait for its answer;
///   STOA_ERROR_REFUSED: another refusal; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_DISCONNECTED: the connection ended before
///   the answer; STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: nothing is to change, a
///   length, or no JSON object of strings; the handle errors.
/// Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_set_user_info(
    channel: *mut stoa_channel,
    name: *const c_char,
    metadata: *const c_char,
    attributes: *const c_char,
    timeout_ms: i32,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for strings that end with a zero, or NULL.
        let (name, metadata, attributes) =
            unsafe { (optional(name, "name")?, optional(metadata, "metadata")?, optional(attributes, "attributes")?) };
        let attributes = driver::attributes(attributes)?;
        let change = OwnChange { name: name.into(), metadata: metadata.into(), attributes };
        channel.channel.change_own(change, timeout(timeout_ms))
    })
}
