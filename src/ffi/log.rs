//! LOG

use super::callback::UserData;
use super::panic::call;
use super::status::stoa_status;
use super::string::c_string;
use super::types::stoa_user_data_free;
use crate::log::{Level, LogCallback};
use crate::{Error, Status};
use std::ffi::{c_char, c_void};

/// Nothing is logged.
pub const STOA_LOG_OFF: u32 = 0;
/// Something failed.
pub const STOA_LOG_ERROR: u32 = 1;
/// Something is not as it should be, and goes on.
pub const STOA_LOG_WARN: u32 = 2;
/// What happened.
pub const STOA_LOG_INFO: u32 = 3;
/// How it happened.
pub const STOA_LOG_DEBUG: u32 = 4;

/// A log callback: one line, UTF-8, without a line's end, valid until the callback returns.
/// It runs on a thread of the log's own, never twice at a time, soon after what it tells of. Nobody waits for it: where 512 lines
/// wait for it, more are lost, and it is told how many. It may call every function.
pub type stoa_log_callback = Option<unsafe extern "C" fn(level: u32, text: *const c_char, user_data: *mut c_void)>;

/// Sets where log lines go, for the whole process. Until then the environment variable STOA_LOG (error, warn, info or debug)
/// sends them to standard error, and without it nothing is logged. Room servers of this process log here too: who joins, leaves or
/// is refused, and why a token was.
///
/// level: the highest STOA_LOG_... to be told.
/// callback: gets the lines; NULL: standard error.
/// user_data, user_data_free: see OWNERSHIP.
/// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: no such level; STOA_ERROR_BUSY: done, but the old callback is in its last run
///   (see THREADS); STOA_ERROR_INTERNAL.
/// Threads: any, also inside the callback. What is logged by calls from inside the callback is dropped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_log_set(
    level: u32,
    callback: stoa_log_callback,
    user_data: *mut c_void,
    user_data_free: stoa_user_data_free,
) -> stoa_status {
    let user_data = UserData::new(user_data, user_data_free);
    call(|| {
        let level = match level {
            STOA_LOG_OFF => None,
            STOA_LOG_ERROR => Some(Level::Error),
            STOA_LOG_WARN => Some(Level::Warn),
            STOA_LOG_INFO => Some(Level::Info),
            STOA_LOG_DEBUG => Some(Level::Debug),
            _ => {
                let text = format!("level is {level}: give STOA_LOG_OFF (0) to STOA_LOG_DEBUG (4)");
                return Err(Error::new(Status::BAD_ARGUMENT, text));
            }
        };
        let callback = callback.map(|callback| -> LogCallback {
            Box::new(move |level, text| {
                let text = c_string(text);
                // SAFETY: the application's function, with what the header promises it.
                unsafe { callback(level as u32, text.as_ptr(), user_data.get()) }
            })
        });
        crate::log::set(level, callback)?;
        Ok(Status::OK)
    })
}
