//! CHANNEL: EVENTS AND CALLBACKS
//!
//! Each event is seen once: by the callback while there is one, and otherwise by whoever polls. What is waiting when a callback is
//! set goes to the callback. Likewise each frame: to the callback of its stream, else to that of its channel, else to readers.

use super::callback::UserData;
use super::channel::ChannelHandle;
use super::event::{convert, hand_over, stoa_event, stoa_event_callback};
use super::frame::stoa_frame_callback;
use super::options::{check, timeout};
use super::panic::on;
use super::status::stoa_status;
use super::stream::frame_callback;
use super::types::{stoa_channel, stoa_user_data_free};
use crate::Status;
use crate::driver::EventCallback;
use std::ffi::c_void;
use std::ptr::without_provenance_mut;

/// Takes the next event.
///
/// timeout_ms: 0: only looks. Negative: waits for ever.
/// out_event: gets the event, which stoa_event_free() frees. An event that was not freed before is overwritten, and leaks.
/// Returns: STOA_OK; STOA_TIMED_OUT: none came, as while an event callback is set; STOA_ERROR_BAD_STRUCT; STOA_ERROR_LIMIT: too many events were not freed, and this one is lost; the handle errors.
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
        let handle = channel.addr();
        let callback = callback.map(|callback| -> EventCallback {
            Box::new(move |event| {
                let (event, _payload) = convert(event);
                // SAFETY: the application's function, with what the header promises it.
                unsafe { callback(without_provenance_mut(handle), &event, user_data.get()) }
            })
        });
        this.channel.set_event_callback(callback)?;
        Ok(Status::OK)
    })
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
