//! STATUS

use super::panic::value;
use super::string::c_string;
use crate::Status;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::sync::OnceLock;

/// The outcome of a call: 0 is done, positive means nothing is wrong, negative is an error. Numbers are never used again.
pub type stoa_status = i32;

/// The call did what it says.
pub const STOA_OK: i32 = 0;
/// Nothing was ready before the timeout.
pub const STOA_TIMED_OUT: i32 = 1;
/// A bounded queue took only a part, or nothing.
pub const STOA_QUEUE_FULL: i32 = 2;
/// The stream is over, and everything in it was read.
pub const STOA_END_OF_STREAM: i32 = 3;
/// What was queued or being pushed was dropped by an interrupt.
pub const STOA_INTERRUPTED: i32 = 4;
/// An argument is NULL where it must not be.
pub const STOA_ERROR_NULL_ARGUMENT: i32 = -1;
/// A handle was never valid, is of another type, or was freed.
pub const STOA_ERROR_BAD_HANDLE: i32 = -2;
/// A struct's size, its unknown tail or a reserved member does not fit this version.
pub const STOA_ERROR_BAD_STRUCT: i32 = -3;
/// A string is not UTF-8.
pub const STOA_ERROR_BAD_UTF8: i32 = -4;
/// An argument is out of its range.
pub const STOA_ERROR_BAD_ARGUMENT: i32 = -5;
/// The call cannot work in the present state.
pub const STOA_ERROR_BAD_STATE: i32 = -6;
/// The engine of this object was freed.
pub const STOA_ERROR_CLOSED: i32 = -7;
/// Another thread is in the same call, or in a callback that must end first.
pub const STOA_ERROR_BUSY: i32 = -8;
/// No such user, track or stream.
pub const STOA_ERROR_NOT_FOUND: i32 = -9;
/// The caller's buffer is too small; the needed length was written.
pub const STOA_ERROR_BUFFER_TOO_SMALL: i32 = -10;
/// The server could not be reached.
pub const STOA_ERROR_UNREACHABLE: i32 = -11;
/// The server answered, and refused.
pub const STOA_ERROR_REFUSED: i32 = -12;
/// What answered is no LiveKit server, or broke the protocol.
pub const STOA_ERROR_PROTOCOL: i32 = -13;
/// The token is missing, malformed, expired, or for another room or user.
pub const STOA_ERROR_BAD_TOKEN: i32 = -14;
/// An address or port is in use, or may not be bound.
pub const STOA_ERROR_ADDRESS: i32 = -15;
/// The connection was lost.
pub const STOA_ERROR_DISCONNECTED: i32 = -16;
/// The token lacks the privilege.
pub const STOA_ERROR_NOT_ALLOWED: i32 = -17;
/// A limit of the library was reached.
pub const STOA_ERROR_LIMIT: i32 = -18;
/// A fault inside the library; the object is unusable, the process is safe.
pub const STOA_ERROR_INTERNAL: i32 = -19;

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Keeps the sentence of an error for this thread.
pub(crate) fn set_last_error(text: &str) {
    // A thread that is ending has nobody left to ask.
    let _ = LAST_ERROR.try_with(|last| last.replace(c_string(text)));
}

/// A short English text for a status, such as "timed out".
///
/// Returns: the text; "unknown status" for a number that is none. Never NULL. It is valid for ever.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_status_text(status: stoa_status) -> *const c_char {
    static TEXTS: OnceLock<BTreeMap<i32, CString>> = OnceLock::new();
    const UNKNOWN: &std::ffi::CStr = c"unknown status";
    value(UNKNOWN.as_ptr(), || {
        let known = STOA_ERROR_INTERNAL..=STOA_INTERRUPTED;
        let texts = TEXTS.get_or_init(|| known.map(|number| (number, c_string(Status(number).text()))).collect());
        texts.get(&status).map_or(UNKNOWN.as_ptr(), |text| text.as_ptr())
    })
}

/// The sentence of the last error on this thread: what was wrong, and what to do.
///
/// Returns: the sentence; "" before the first error. Never NULL. It is valid until the next stoa function on this thread;
///   a successful call leaves it as it is.
/// Threads: each has its own. Where a language moves between threads, see stoa_engine_last_error() and its like.
#[unsafe(no_mangle)]
pub extern "C" fn stoa_last_error() -> *const c_char {
    let empty = c"".as_ptr();
    value(empty, || LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn numbers_are_those_of_rust() {
        let pairs = [
            (STOA_OK, Status::OK),
            (STOA_TIMED_OUT, Status::TIMED_OUT),
            (STOA_QUEUE_FULL, Status::QUEUE_FULL),
            (STOA_END_OF_STREAM, Status::END_OF_STREAM),
            (STOA_INTERRUPTED, Status::INTERRUPTED),
            (STOA_ERROR_NULL_ARGUMENT, Status::NULL_ARGUMENT),
            (STOA_ERROR_BAD_HANDLE, Status::BAD_HANDLE),
            (STOA_ERROR_BAD_STRUCT, Status::BAD_STRUCT),
            (STOA_ERROR_BAD_UTF8, Status::BAD_UTF8),
            (STOA_ERROR_BAD_ARGUMENT, Status::BAD_ARGUMENT),
            (STOA_ERROR_BAD_STATE, Status::BAD_STATE),
            (STOA_ERROR_CLOSED, Status::CLOSED),
            (STOA_ERROR_BUSY, Status::BUSY),
            (STOA_ERROR_NOT_FOUND, Status::NOT_FOUND),
            (STOA_ERROR_BUFFER_TOO_SMALL, Status::BUFFER_TOO_SMALL),
            (STOA_ERROR_UNREACHABLE, Status::UNREACHABLE),
            (STOA_ERROR_REFUSED, Status::REFUSED),
            (STOA_ERROR_PROTOCOL, Status::PROTOCOL),
            (STOA_ERROR_BAD_TOKEN, Status::BAD_TOKEN),
            (STOA_ERROR_ADDRESS, Status::ADDRESS),
            (STOA_ERROR_DISCONNECTED, Status::DISCONNECTED),
            (STOA_ERROR_NOT_ALLOWED, Status::NOT_ALLOWED),
            (STOA_ERROR_LIMIT, Status::LIMIT),
            (STOA_ERROR_INTERNAL, Status::INTERNAL),
        ];
        for (number, status) in pairs {
            assert_eq!(number, status.0);
            assert_ne!(status.text(), "unknown status");
        }
        assert_eq!(Status(STOA_INTERRUPTED + 1).text(), "unknown status", "a new status needs its constant here");
        assert_eq!(Status(STOA_ERROR_INTERNAL - 1).text(), "unknown status", "a new status needs its constant here");
    }

    #[test]
    fn texts() {
        // SAFETY: the function returns strings that last for ever.
        let text = |status| unsafe { CStr::from_ptr(stoa_status_text(status)) }.to_str().unwrap();
        assert_eq!(text(STOA_ERROR_BUSY), "busy");
        assert_eq!(text(i32::MIN), "unknown status");
    }
}
