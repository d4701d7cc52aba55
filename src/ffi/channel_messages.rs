//! CHANNEL: MESSAGES
//!
//! A message is up to 16 MiB of text or bytes. It travels in chunks, and the others get it whole, in one event "stream_message";
//! they recognise every format by itself. Messages of a channel leave in the order in which they were sent, and each has its own
//! completion, the event "message_sent". Sound goes first, so a long message disturbs nobody.
//!
//! What comes in chunks is put together by sender and id: nobody can touch another's message. A chunk that does not fit is
//! refused, and a message that stays incomplete for 15 seconds is given up; "stream_message_error" tells both. Of one user 16
//! messages and 48 MiB can be on their way here, of all 256 and 128 MiB; beyond that, who holds most loses what waited longest.
//! Events that nobody takes hold at most 64 MiB of messages and data: then the oldest go, and "overflow" counts them.
//! A data packet that is no chunk stays "data_received". One that has the shape of a chunk, but cannot be one, counts as a chunk. One
//! that was cut so short that the shape cannot be seen (of JSON before both msg_id and part_idx are named, of base64 before its third
//! bar) comes as "data_received" too, and the message that it is missing from is given up after its 15 seconds.

use super::channel::ChannelHandle;
use super::channel_data::recipients;
use super::event::{STOA_FORMAT_BASE64, STOA_FORMAT_BYTES, STOA_FORMAT_JSON, STOA_FORMAT_TEXT};
use super::options::{Versioned, flag, read, timeout};
use super::panic::on;
use super::status::stoa_status;
use super::string::optional;
use super::types::stoa_channel;
use crate::event::MessageFormat;
use crate::message::MAX_MESSAGE;
use crate::message::chunks::Outgoing;
use crate::{Error, Result, Status};
use std::ffi::{c_char, c_void};
use std::ptr::null;

/// How a message is sent. Begin with STOA_MESSAGE_OPTIONS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_message_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// Its id, at most 256 bytes, for STOA_FORMAT_BASE64 at most 32 characters without a bar. Messages that are on their way at the
    /// same time need different ones. NULL: the library chooses one.
    pub message_id: *const c_char,
    /// A name by which receivers tell messages apart, at most 256 bytes. NULL: none. Many of LiveKit's clients show the text streams
    /// of the topic "lk.chat".
    pub topic: *const c_char,
    /// The identities of the users who get it, together at most 16,384 bytes. NULL with to_count 0: everyone.
    pub to: *const *const c_char,
    /// How many there are, at most 4096.
    pub to_count: usize,
    /// STOA_FORMAT_... 0: STOA_FORMAT_TEXT, which every LiveKit client reads. Programs that use the chunks of agora-realtime-ai-api
    /// read STOA_FORMAT_JSON (its version 1.0) or STOA_FORMAT_BASE64 (1.1.0).
    pub format: u32,
    /// 1: each chunk is sent once, may be lost or overtaken, and the message with it; only for STOA_FORMAT_JSON and
    /// STOA_FORMAT_BASE64. 0: reliable and in order.
    pub lossy: u32,
}

// SAFETY: repr(C), begins with its size, five words and two half words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_message_options {
    const NAME: &'static str = "stoa_message_options";
    const FIRST: usize = 48;
}

fn format(number: u32) -> Result<MessageFormat> {
    match number {
        0 | STOA_FORMAT_TEXT => Ok(MessageFormat::Text),
        STOA_FORMAT_JSON => Ok(MessageFormat::Json),
        STOA_FORMAT_BASE64 => Ok(MessageFormat::Base64),
        STOA_FORMAT_BYTES => Ok(MessageFormat::Bytes),
        _ => {
            let text = format!("format is {number}: give STOA_FORMAT_JSON (1) to STOA_FORMAT_BYTES (4), or 0");
            Err(Error::new(Status::BAD_ARGUMENT, text))
        }
    }
}

/// Queues a message for the others in the room. It is copied.
///
/// Without a connection, or while it is made again, it waits for the next one. When a connection ends, or cannot be made, all that
/// has not left fails: "message_sent" says so with STOA_ERROR_DISCONNECTED. 1024 messages and 32 MiB can wait; more is refused, for you to try later.
/// data: the message, UTF-8 but for STOA_FORMAT_BYTES; NULL is right for a length of 0, which is a message too.
/// length: bytes, at most 16,777,216.
/// options: NULL: a text stream, to everyone, without a topic.
/// out_ticket: gets a number, which the event "message_sent" has as its id; they count from 1. May be NULL.
/// Returns: STOA_OK: queued; STOA_QUEUE_FULL: nothing was taken, try again after the next "message_sent";
///   STOA_ERROR_NOT_ALLOWED: the token does not let this user send data; STOA_ERROR_BAD_UTF8: of a text, or of an option;
///   STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_ARGUMENT: a length, an id, a format, or lossy; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_send_message(
    channel: *mut stoa_channel,
    data: *const c_void,
    length: usize,
    options: *const stoa_message_options,
    out_ticket: *mut u64,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a struct of the size that it says, and strings that end with a zero.
        let mut message = unsafe {
            let none = stoa_message_options {
                size: size_of::<stoa_message_options>(),
                message_id: null(),
                topic: null(),
                to: null(),
                to_count: 0,
                format: 0,
                lossy: 0,
            };
            let options = if options.is_null() { none } else { read(options, "options")? };
            Outgoing {
                id: optional(options.message_id, "message_id")?.into(),
                format: format(options.format)?,
                topic: optional(options.topic, "topic")?.into(),
                to: recipients(options.to, options.to_count)?.into_iter().map(str::to_string).collect(),
                lossy: flag(options.lossy, "lossy")?,
                payload: Vec::new(),
            }
        };
        if length > MAX_MESSAGE {
            let text = format!("a message of {length} bytes is too long: give at most {MAX_MESSAGE}");
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        if length > 0 {
            if data.is_null() {
                let text = "data is NULL, and length is not 0: give the bytes, or a length of 0";
                return Err(Error::new(Status::NULL_ARGUMENT, text));
            }
            // SAFETY: the header asks for as many bytes.
            message.payload = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }.to_vec();
        }
        let ticket = channel.channel.send_message(message)?;
        if !out_ticket.is_null() {
            // SAFETY: the caller's, to be written.
            unsafe { out_ticket.write_unaligned(ticket) };
        }
        Ok(Status::OK)
    })
}

/// Waits until a message has left: the server has all of it (where it is lossy: it was handed to the network).
///
/// ticket: from stoa_channel_send_message().
/// timeout_ms: 0: only looks. Negative: waits for ever.
/// Returns: STOA_OK; STOA_TIMED_OUT: it still waits, or is on its way; STOA_ERROR_DISCONNECTED or STOA_ERROR_NOT_ALLOWED: it failed, as
///   its event "message_sent" says; STOA_ERROR_NOT_FOUND: no such number, or from before 64 connections that
///   failed; the handle errors.
/// Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_wait_sent(
    channel: *mut stoa_channel,
    ticket: u64,
    timeout_ms: i32,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.wait_sent(ticket, timeout(timeout_ms)))
}
