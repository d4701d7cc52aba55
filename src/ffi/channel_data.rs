//! CHANNEL: DATA

use super::channel::ChannelHandle;
use super::options::{Versioned, flag, read, reserved};
use super::panic::on;
use super::status::stoa_status;
use super::string::{optional, required};
use super::types::stoa_channel;
use crate::driver::validate;
use crate::{Error, Result, Status};
use std::ffi::{c_char, c_void};
use std::ptr::null;

/// The most users that a data packet can be addressed to by name.
const MAX_RECIPIENTS: usize = 4096;

/// How data is sent. Begin with STOA_DATA_OPTIONS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_data_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// A name by which receivers tell data apart, at most 256 bytes. NULL: none.
    pub topic: *const c_char,
    /// The identities of the users who get it. NULL with to_count 0: everyone.
    pub to: *const *const c_char,
    /// How many there are, at most 4096.
    pub to_count: usize,
    /// 1: sent once, may be lost or overtaken. 0: reliable and in order.
    pub lossy: u32,
    /// Leave it zero.
    pub reserved: u32,
}

// SAFETY: repr(C), begins with its size, four words and two half words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_data_options {
    const NAME: &'static str = "stoa_data_options";
    const FIRST: usize = 40;
}

/// Reads the users that something is for.
///
/// # Safety
/// `to` is NULL or has as many strings as `count` says, which stay while `'a` lasts.
pub unsafe fn recipients<'a>(to: *const *const c_char, count: usize) -> Result<Vec<&'a str>> {
    if count > 0 && to.is_null() {
        return Err(Error::new(
            Status::NULL_ARGUMENT,
            "to is NULL, and to_count is not 0: give the users, or a to_count of 0",
        ));
    }
    if count > MAX_RECIPIENTS {
        let text = format!("to_count is {count}: give at most {MAX_RECIPIENTS}, or none for everyone");
        return Err(Error::new(Status::BAD_ARGUMENT, text));
    }
    let user = |index| {
        // SAFETY: the caller's promise.
        let user = unsafe { required(to.add(index).read_unaligned(), "a user in to")? };
        validate::name("a user in to", user).map(|()| user)
    };
    (0..count).map(user).collect()
}

/// Sends a data packet to the others in the room, who get the event "data_received".
///
/// data: the bytes; NULL is right for a length of 0.
/// length: bytes, at most 60,000, which is what LiveKit's servers take; where it is lossy better less than 1,200, one network packet.
/// options: NULL: reliable, to everyone, without a topic.
/// Returns: STOA_OK: taken over for sending; STOA_QUEUE_FULL: too much is waiting to be sent, try later;
///   STOA_ERROR_BAD_STATE: not connected; STOA_ERROR_NOT_ALLOWED: the token does not let this user send data;
///   STOA_ERROR_BUSY: too many calls are waiting; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: a length, or lossy; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_send_data(
    channel: *mut stoa_channel,
    data: *const c_void,
    length: usize,
    options: *const stoa_data_options,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a struct of the size that it says, and strings that end with a zero.
        let (topic, to, lossy) = unsafe {
            let none = stoa_data_options {
                size: size_of::<stoa_data_options>(),
                topic: null(),
                to: null(),
                to_count: 0,
                lossy: 0,
                reserved: 0,
            };
            let options = if options.is_null() { none } else { read(options, "options")? };
            reserved(options.reserved, "options->reserved")?;
            let topic = optional(options.topic, "topic")?;
            (topic, recipients(options.to, options.to_count)?, flag(options.lossy, "lossy")?)
        };
        validate::optional_name("topic", topic)?;
        validate::data_length(length)?;
        let data = match length {
            0 => &[],
            _ if data.is_null() => {
                let text = "data is NULL, and length is not 0: give the bytes, or a length of 0";
                return Err(Error::new(Status::NULL_ARGUMENT, text));
            }
            // SAFETY: the header asks for as many bytes.
            _ => unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) },
        };
        channel.channel.send_data(data, !lossy, topic, &to)?;
        Ok(Status::OK)
    })
}
