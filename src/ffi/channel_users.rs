//! CHANNEL: USERS AND HEARING

use super::channel::ChannelHandle;
use super::handle::{Entry, insert};
use super::options::{needed, put, timeout};
use super::panic::on;
use super::status::stoa_status;
use super::stream::StreamHandle;
use super::string::{give, required};
use super::types::{stoa_channel, stoa_stream};
use crate::driver::validate;
use crate::{Error, Result, Status};
use std::ffi::c_char;

/// # Safety
/// `user` is NULL or ends with a zero byte, and stays while `'a` lasts.
unsafe fn user_name<'a>(user: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    let user = unsafe { required(user, "user")? };
    validate::name("user", user).map(|()| user)
}

/// How many other users are in the room.
///
/// out_count: the number.
/// Returns: STOA_OK; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_user_count(channel: *const stoa_channel, out_count: *mut usize) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_count, "out_count")?;
        // SAFETY: the header asks for room for the count.
        unsafe { put(out_count, channel.channel.users().len()) };
        Ok(Status::OK)
    })
}

/// One of the other users in the room. They are in the order in which they joined; when one leaves, those behind move up.
///
/// index: 0 to count - 1.
/// buffer, capacity, out_length: see CONVENTIONS, strings out. 257 bytes are enough.
/// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: there are not as many (any more); STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_user_at(
    channel: *const stoa_channel,
    index: usize,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        let users = channel.channel.users();
        let Some(user) = users.get(index) else {
            let text =
                format!("index is {index}, and the room has {} other users: count from 0, and stop here", users.len());
            return Err(Error::new(Status::NOT_FOUND, text));
        };
        // SAFETY: the header asks for a buffer of that capacity.
        unsafe { give(user, buffer, capacity, out_length) }
    })
}

/// Subscribes to a user's sound, and waits until the server has done so. For a user who does not speak yet it takes effect then,
/// and the call waits as long. See subscribe_all for users who are still to come.
///
/// user: the identity, 1 to 256 bytes.
/// timeout_ms: 0: returns at once; an event tells the rest, or the same call again. Negative: waits for ever.
/// Returns: STOA_OK: subscribed; STOA_TIMED_OUT: not yet, but it stays asked for; STOA_ERROR_BAD_STATE: not connected;
///   STOA_ERROR_NOT_FOUND: no such user in the room, or gone meanwhile; STOA_ERROR_NOT_ALLOWED: the server does not let this user
///   hear (any more); STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length;
///   the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_subscribe(
    channel: *mut stoa_channel,
    user: *const c_char,
    timeout_ms: i32,
) -> stoa_status {
    // SAFETY: the header asks for a string that ends with a zero.
    on(channel, |channel: &ChannelHandle| channel.channel.subscribe(unsafe { user_name(user)? }, timeout(timeout_ms)))
}

/// Unsubscribes from a user's sound, and waits until the server has done so. The user's stream ends.
///
/// user: the identity, 1 to 256 bytes.
/// timeout_ms: 0: returns at once; an event tells the rest, or the same call again. Negative: waits for ever.
/// Returns: STOA_OK: not subscribed, also when it was so before; STOA_TIMED_OUT: not yet; STOA_ERROR_BAD_STATE: not connected;
///   STOA_ERROR_NOT_FOUND: no such user in the room, or gone meanwhile; STOA_ERROR_BUSY: too many calls are waiting;
///   STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_unsubscribe(
    channel: *mut stoa_channel,
    user: *const c_char,
    timeout_ms: i32,
) -> stoa_status {
    // SAFETY: the header asks for a string that ends with a zero.
    on(channel, |channel: &ChannelHandle| channel.channel.unsubscribe(unsafe { user_name(user)? }, timeout(timeout_ms)))
}

/// Whether a user is subscribed to.
///
/// user: the identity, 1 to 256 bytes.
/// out_state: STOA_SUBSCRIBE_...; STOA_SUBSCRIBE_IDLE for a user who is not here.
/// Returns: STOA_OK; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_subscribe_state(
    channel: *const stoa_channel,
    user: *const c_char,
    out_state: *mut u32,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_state, "out_state")?;
        // SAFETY: the header asks for a string that ends with a zero, and for room for the state.
        unsafe {
            let state = channel.channel.subscribe_state(user_name(user)?);
            put(out_state, state as u32);
        }
        Ok(Status::OK)
    })
}

/// The stream of one user who is in the room: that user's sound alone. It can be asked for before the user speaks; frames come once
/// the user is subscribed to. It ends when the user leaves, stops publishing or is unsubscribed; then ask for a new one.
///
/// user: the identity, 1 to 256 bytes.
/// out_stream: a handle of its own for each call, of one and the same stream; free it with stoa_stream_free().
/// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: no such user in the room; STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BAD_ARGUMENT: the length; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_BUSY: too many calls wait for this
///   channel; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_stream(
    channel: *mut stoa_channel,
    user: *const c_char,
    out_stream: *mut *mut stoa_stream,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_stream, "out_stream")?;
        // SAFETY: the header asks for a string that ends with a zero.
        let stream = channel.channel.stream(unsafe { user_name(user)? })?;
        let handle = insert(Entry::Stream(StreamHandle::new(stream, channel.channels)))?;
        // SAFETY: the header asks for room for a handle.
        unsafe { put(out_stream, handle) };
        Ok(Status::OK)
    })
}

/// The stream of one audio track of a user who is in the room: for a participant that publishes more than one, such as an agent with a
/// voice and background sound, or a browser that shares a screen with its sound. stoa_channel_user_info() tells which tracks there are.
/// While a handle of the stream is held the track is subscribed to, whether the user is or not; when the last one is freed it is
/// unsubscribed. It may be the track that stoa_channel_stream() gives, too: the two streams do not depend on each other.
/// It ends, and stream_ended tells so with the track, when the track is unpublished or the user leaves, and with the connection; then ask
/// for a new one. A connection that comes back goes on with the track of that name (by its id only as long as the server knows it).
/// The mix, voice detection, dumps and stoa_channel_set_frame_callback() are of the users' voices alone, without it.
///
/// user: the identity, 1 to 256 bytes.
/// track: the track's name, 1 to 256 bytes; or its id ("TR_..."), where no audio track of the user has that name. Of several with the
///   same name it is the first.
/// out_stream: a handle of its own for each call, of one and the same stream for the same track; free it with stoa_stream_free().
/// Returns: STOA_OK; STOA_ERROR_NOT_FOUND: no such user in the room, or no such audio track (now): the sentence says which there are;
///   STOA_ERROR_NOT_ALLOWED: the server does not let this user hear (any more); STOA_ERROR_BAD_STATE: not connected;
///   STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the length; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_BUSY: too many calls wait
///   for this channel; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_track_stream(
    channel: *mut stoa_channel,
    user: *const c_char,
    track: *const c_char,
    out_stream: *mut *mut stoa_stream,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_stream, "out_stream")?;
        // SAFETY: the header asks for strings that end with a zero.
        let (user, track) = unsafe { (user_name(user)?, required(track, "track")?) };
        validate::name("track", track)?;
        let stream = channel.channel.track_stream(user, track)?;
        let handle = insert(Entry::Stream(StreamHandle::new(stream, channel.channels)))?;
        // SAFETY: the header asks for room for a handle.
        unsafe { put(out_stream, handle) };
        Ok(Status::OK)
    })
}

/// The stream of all users who are subscribed to, mixed. It outlives connections, and ends when the channel is freed.
///
/// out_stream: a handle of its own for each call, of one and the same stream; free it with stoa_stream_free().
/// Returns: STOA_OK; STOA_ERROR_LIMIT: too many handles; STOA_ERROR_BUSY: too many calls wait for this channel; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_mixed_stream(
    channel: *mut stoa_channel,
    out_stream: *mut *mut stoa_stream,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_stream, "out_stream")?;
        let stream = channel.channel.mixed_stream()?;
        let handle = insert(Entry::Stream(StreamHandle::new(stream, channel.channels)))?;
        // SAFETY: the header asks for room for a handle.
        unsafe { put(out_stream, handle) };
        Ok(Status::OK)
    })
}
