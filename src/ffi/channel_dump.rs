//! CHANNEL: DUMP
//!
//! What is sent and heard, as WAV files to listen to later: 16-bit PCM at the channel's rate. `<room>-<user>-sent.wav` is what left
//! (after muting and interrupting), `<room>-<user>-heard-<other>.wav` each user who is subscribed to, also those whose stream nobody
//! holds. In names everything but letters, digits, `-`, `_` and `.` becomes `_`; a file that is there is left alone, and the new one
//! gets a number. All files begin at the same moment, and silence stands where nothing was said: laid over each other they are the
//! conversation. Once a second their heads are brought up to date, so that they play also after a crash.

use super::channel::ChannelHandle;
use super::options::{Versioned, needed, put, read, reserved};
use super::panic::on;
use super::status::stoa_status;
use super::string::required;
use super::types::stoa_channel;
use crate::driver::{DUMP_BYTES, DumpOptions};
use crate::{Error, Result, Status};
use std::ffi::c_char;

/// Dump what leaves.
pub const STOA_DUMP_SENT: u32 = 1;
/// Dump what is heard of each user.
pub const STOA_DUMP_HEARD: u32 = 2;

/// How a dump is made. Begin with STOA_DUMP_OPTIONS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_dump_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// A directory that is there. Required.
    pub directory: *const c_char,
    /// Bytes of all files of this dump together, 4,096 to 4,294,967,295. What does not fit is dropped, and counted. 0: 268,435,456.
    pub max_bytes: u64,
    /// STOA_DUMP_..., added. 0: both.
    pub what: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), begins with its size, three words and two half words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_dump_options {
    const NAME: &'static str = "stoa_dump_options";
    const FIRST: usize = 32;
}

impl stoa_dump_options {
    /// # Safety
    /// The string is NULL or ends with a zero byte.
    unsafe fn to_driver(self) -> Result<DumpOptions> {
        reserved(self.reserved, "options->reserved")?;
        if self.what > STOA_DUMP_SENT + STOA_DUMP_HEARD {
            let text = format!(
                "what is {}: give STOA_DUMP_SENT (1), STOA_DUMP_HEARD (2), their sum, or 0 for both",
                self.what
            );
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        // SAFETY: the caller's promise.
        let directory = unsafe { required(self.directory, "directory")? };
        Ok(DumpOptions {
            directory: directory.into(),
            max_bytes: if self.max_bytes == 0 { DUMP_BYTES } else { self.max_bytes },
            sent: self.what == 0 || self.what & STOA_DUMP_SENT != 0,
            heard: self.what == 0 || self.what & STOA_DUMP_HEARD != 0,
        })
    }
}

/// Begins a dump, in place of the one before, or ends it. Any state of the channel is right; a dump goes on through disconnecting,
/// and ends with the channel. The media never waits for the disk: what the disk does not take in time is dropped, and counted. An
/// error of the disk ends the dump, and the log (see stoa_log_set) tells it.
///
/// options: directory is required. NULL: ends the dump and completes its files.
/// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BUSY: too many calls wait for this channel; STOA_ERROR_INTERNAL: no thread could be started; the handle errors.
/// Threads: any. Waits for the files of a dump that ends, at most one second; after that they are completed in the background.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_set_dump(
    channel: *mut stoa_channel,
    options: *const stoa_dump_options,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        let options = if options.is_null() {
            None
        } else {
            // SAFETY: the header asks for a struct of the size that it says, and for a string that ends with a zero.
            Some(unsafe { read(options, "options")?.to_driver()? })
        };
        channel.channel.set_dump(options)?;
        Ok(Status::OK)
    })
}

/// How many frames are in no file, because max_bytes was reached or the disk was too slow.
///
/// out_frames: the number, of all dumps of this channel.
/// Returns: STOA_OK; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_dump_dropped(channel: *const stoa_channel, out_frames: *mut u64) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_frames, "out_frames")?;
        // SAFETY: the header asks for room for the count.
        unsafe { put(out_frames, channel.channel.dump_dropped()) };
        Ok(Status::OK)
    })
}
