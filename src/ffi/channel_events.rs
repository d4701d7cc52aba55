//! CHANNEL: EVENTS AND CALLBACKS
//!
//! Each event is seen once: by the callbacks that take it, and otherwise by whoever polls. The callback of
//! stoa_channel_set_event_callback() takes every event, a listener those of its name. Several callbacks for one event all see it:
//! first that for every event, then the listeners in the order in which they were added. What is waiting when a callback is set or
//! a listener added goes to it. So a program may listen to some events by name and poll the others.
//! At most 1024 events wait. When there are more, the oldest are dropped, and "overflow" tells how many; changes of a state are not
//! dropped but merged into one: old_state is the oldest, new_state the newest.
//! Likewise each frame goes to the callback of its stream, else to that of its channel, else to readers.

use super::callback::UserData;
use super::channel::ChannelHandle;
use super::event::{convert, hand_over, stoa_event, stoa_event_callback};
use super::frame::stoa_frame_callback;
use super::options::{check, needed, put, timeout};
use super::panic::on;
use super::status::stoa_status;
use super::stream::frame_callback;
use super::string::optional;
use super::types::{stoa_channel, stoa_user_data_free};
use crate::driver::EventCallback;
use crate::event::EventKind;
use crate::{Error, Result, Status};
use std::ffi::{c_char, c_void};
use std::ptr::without_provenance_mut;

/// Takes the next event that no callback takes.
///
/// timeout_ms: 0: only looks. Negative: waits for ever.
/// out_event: gets the event, which stoa_event_free() frees. An event that was not freed before is overwritten, and leaks.
/// Returns: STOA_OK; STOA_TIMED_OUT: none came; while callbacks take every event, at once; STOA_ERROR_BAD_STRUCT;
///   STOA_ERROR_LIMIT: too many events were not freed, and this one is lost; the handle errors.
/// Threads: any; each event goes to one of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_poll_event(
    channel: *mut stoa_channel,
    timeout_ms: i32,
    out_event: *mut stoa_event,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a struct of the size that it says.
        unsafe { check(out_event, "out_event")? };
        let Some(event) = channel.channel.poll_event(timeout(timeout_ms))? else { return Ok(Status::TIMED_OUT) };
        // SAFETY: it was checked.
        unsafe { hand_over(&event, out_event)? };
        Ok(Status::OK)
    })
}

/// A descriptor for poll, epoll, kqueue, libuv or asyncio: readable while there are events that no callback takes, or the channel is
/// closed. Then call stoa_channel_poll_event() with timeout 0 until it is not STOA_OK. Only wait on it: do not write to or close it.
/// It belongs to the channel, and is closed with it: when the channel is freed.
///
/// out_descriptor: the descriptor; the same at each call.
/// Returns: STOA_OK; STOA_ERROR_LIMIT: the process has no more descriptors; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_event_descriptor(
    channel: *mut stoa_channel,
    out_descriptor: *mut i32,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_descriptor, "out_descriptor")?;
        let descriptor = channel.channel.event_descriptor()?;
        // SAFETY: the header asks for room for the descriptor.
        unsafe { put(out_descriptor, descriptor) };
        Ok(Status::OK)
    })
}

/// Sets, replaces or takes off the channel's event callback.
///
/// callback: NULL takes it off, and events wait for stoa_channel_poll_event() again.
/// user_data, user_data_free: see OWNERSHIP.
/// Returns: STOA_OK; STOA_ERROR_BUSY: done, but the old callback is in its last run (see THREADS); the handle errors.
/// Threads: any, also inside the callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_set_event_callback(
    channel: *mut stoa_channel,
    callback: stoa_event_callback,
    user_data: *mut c_void,
    user_data_free: stoa_user_data_free,
) -> stoa_status {
    let user_data = UserData::new(user_data, user_data_free);
    on(channel, |this: &ChannelHandle| {
        let callback = event_callback(channel, callback, user_data);
        this.channel.set_event_callback(callback)?;
        Ok(Status::OK)
    })
}

/// Adds a listener for the events of one name, which then are not for polling any more. Listeners with one name all get the event.
///
/// event: the name, such as "user_joined" (see STOA_EVENT_...). NULL: every event.
/// user_data, user_data_free: see OWNERSHIP.
/// out_listener: the listener's number on this channel, for stoa_channel_off(); written before the callback can run. It may be NULL:
///   the listener then stays until the channel is freed.
/// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: no event has this name, and the sentence lists those that there are;
///   STOA_ERROR_BAD_UTF8; STOA_ERROR_LIMIT: the channel has 256 listeners; the handle errors, also where callback is NULL.
/// Threads: any, also inside callbacks: a listener that is added there gets the next event, not the present one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_on(
    channel: *mut stoa_channel,
    event: *const c_char,
    callback: stoa_event_callback,
    user_data: *mut c_void,
    user_data_free: stoa_user_data_free,
    out_listener: *mut u64,
) -> stoa_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the header asks for a name that ends with a zero, and for room for the number.
    unsafe { listen(channel, event, false, callback, user_data, out_listener) }
}

/// Adds a listener for one event: after the first of its name it is off, and user_data_free was called.
///
/// event, user_data, user_data_free, out_listener: as with stoa_channel_on().
/// Returns: the statuses of stoa_channel_on().
/// Threads: any, also inside callbacks, as with stoa_channel_on().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_once(
    channel: *mut stoa_channel,
    event: *const c_char,
    callback: stoa_event_callback,
    user_data: *mut c_void,
    user_data_free: stoa_user_data_free,
    out_listener: *mut u64,
) -> stoa_status {
    let user_data = UserData::new(user_data, user_data_free);
    // SAFETY: the header asks for a name that ends with a zero, and for room for the number.
    unsafe { listen(channel, event, true, callback, user_data, out_listener) }
}

/// Takes a listener off. What nobody else listens to waits for stoa_channel_poll_event() again.
///
/// listener: the number that stoa_channel_on() or stoa_channel_once() gave.
/// Returns: STOA_OK: it is not running and never runs again (inside the listener itself: never again after this run);
///   STOA_ERROR_NOT_FOUND: there is no such listener, it is off already, or was for one event and had it;
///   STOA_ERROR_BUSY: off, but still in its last run after a second (see THREADS); the handle errors.
/// Threads: any, also inside callbacks, also inside this one, where it does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_off(channel: *mut stoa_channel, listener: u64) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.off(listener).map(|()| Status::OK))
}

/// # Safety
/// `event` is NULL or ends with a zero byte; `out_listener` is NULL or may be written.
unsafe fn listen(
    channel: *mut stoa_channel,
    event: *const c_char,
    once: bool,
    callback: stoa_event_callback,
    user_data: UserData,
    out_listener: *mut u64,
) -> stoa_status {
    on(channel, |this: &ChannelHandle| {
        // SAFETY: the caller's promise.
        let kind = kind(unsafe { optional(event, "event")? })?;
        let callback = event_callback(channel, callback, user_data)
            .ok_or_else(|| Error::new(Status::NULL_ARGUMENT, "callback is NULL: give the function to be called"))?;
        this.channel.on(kind, once, callback, |number| {
            if !out_listener.is_null() {
                // SAFETY: the caller's promise.
                unsafe { put(out_listener, number) }
            }
        })?;
        Ok(Status::OK)
    })
}

/// The kind of this name; "" is every kind.
fn kind(name: &str) -> Result<Option<EventKind>> {
    if name.is_empty() {
        return Ok(None);
    }
    EventKind::named(name).map(Some).ok_or_else(|| {
        let names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name().to_string_lossy()).collect();
        Error::new(Status::BAD_ARGUMENT, format!("no event is named '{name}': give one of {}", names.join(", ")))
    })
}

/// A C callback in Rust's form.
fn event_callback(
    channel: *mut stoa_channel,
    callback: stoa_event_callback,
    user_data: UserData,
) -> Option<EventCallback> {
    let (callback, handle) = (callback?, channel.addr());
    Some(Box::new(move |told| {
        let Some((event, _payload)) = told.form(convert) else { return };
        // SAFETY: the application's function, with what the header promises it.
        unsafe { callback(without_provenance_mut(handle), event, user_data.get()) }
    }))
}

/// Sets, replaces or takes off a callback for the frames of every user who is subscribed to.
///
/// callback: NULL takes it off, and frames wait for stoa_stream_read() again.
/// user_data, user_data_free: see OWNERSHIP.
/// Returns: STOA_OK; STOA_ERROR_BUSY: done, but the old callback is in its last run (see THREADS); the handle errors.
/// Threads: any, also inside the callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_set_frame_callback(
    channel: *mut stoa_channel,
    callback: stoa_frame_callback,
    user_data: *mut c_void,
    user_data_free: stoa_user_data_free,
) -> stoa_status {
    let user_data = UserData::new(user_data, user_data_free);
    on(channel, |channel: &ChannelHandle| {
        channel.channel.set_frame_callback(frame_callback(callback, user_data))?;
        Ok(Status::OK)
    })
}
