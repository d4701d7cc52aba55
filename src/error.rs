//! What can go wrong, as a number that programs test and a sentence that people read.

use std::fmt;

/// The outcome of a call. 0 is done; positive means nothing is wrong; negative is an error. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub i32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:expr, $text:expr;)*) => {
        impl Status {
            $($(#[$doc])* pub const $name: Status = Status($value);)*

            /// A short English text for the status.
            pub fn text(self) -> &'static str {
                match self { $(Status::$name => $text,)* _ => "unknown status" }
            }
        }
    };
}

statuses! {
    /// The call did what it says.
    OK = 0, "done";
    /// Nothing was ready before the timeout.
    TIMED_OUT = 1, "timed out";
    /// A bounded queue took only a part, or nothing.
    QUEUE_FULL = 2, "queue full";
    /// The stream is over, and everything in it was read.
    END_OF_STREAM = 3, "end of stream";
    /// What was queued or being pushed was dropped by an interrupt.
    INTERRUPTED = 4, "interrupted";
    /// An argument is NULL where it must not be.
    NULL_ARGUMENT = -1, "null argument";
    /// A handle was never valid, is of another type, or was freed.
    BAD_HANDLE = -2, "bad handle";
    /// A struct's size member, or its unknown tail, does not fit this version.
    BAD_STRUCT = -3, "bad struct";
    /// A string is not UTF-8.
    BAD_UTF8 = -4, "not UTF-8";
    /// An argument is out of its range.
    BAD_ARGUMENT = -5, "bad argument";
    /// The call cannot work in the present state.
    BAD_STATE = -6, "bad state";
    /// The object behind the handle was closed (its engine was freed).
    CLOSED = -7, "closed";
    /// Another thread is in the same call, or in a callback that must end first.
    BUSY = -8, "busy";
    /// No such user, track or stream.
    NOT_FOUND = -9, "not found";
    /// The caller's buffer is too small; the needed length was written.
    BUFFER_TOO_SMALL = -10, "buffer too small";
    /// The server could not be reached.
    UNREACHABLE = -11, "server unreachable";
    /// The server answered, and refused.
    REFUSED = -12, "refused";
    /// What answered is no LiveKit server, or broke the protocol.
    PROTOCOL = -13, "protocol error";
    /// The token is missing, malformed, expired, or for another room or user.
    BAD_TOKEN = -14, "bad token";
    /// An address or port is in use, or may not be bound.
    ADDRESS = -15, "address unavailable";
    /// The connection was lost.
    DISCONNECTED = -16, "disconnected";
    /// The privilege is missing in the token.
    NOT_ALLOWED = -17, "not allowed";
    /// A limit of the library was reached.
    LIMIT = -18, "limit reached";
    /// A fault inside the library; the object is unusable, the process is safe.
    INTERNAL = -19, "internal error";
}

/// An error: its status and a sentence that says what was wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The number for programs.
    pub status: Status,
    /// The sentence for people.
    pub text: String,
}

impl Error {
    /// An error with its sentence.
    pub fn new(status: Status, text: impl Into<String>) -> Error {
        Error { status, text: text.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// What most calls return.
pub type Result<T> = std::result::Result<T, Error>;
