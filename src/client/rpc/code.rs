//! LiveKit's codes of errors. An application's own are outside of 1001 to 1999.

/// The method is not registered there.
pub const UNSUPPORTED_METHOD: u32 = 1400;
/// Nobody of that name is in the room.
pub const RECIPIENT_NOT_FOUND: u32 = 1401;
/// What the call is given is too long.
pub const REQUEST_TOO_LARGE: u32 = 1402;
/// Its version is not spoken.
pub const UNSUPPORTED_VERSION: u32 = 1404;
/// The method itself failed.
pub const APPLICATION_ERROR: u32 = 1500;
/// No acknowledgement in time.
pub const CONNECTION_TIMEOUT: u32 = 1501;
/// No answer in time.
pub const RESPONSE_TIMEOUT: u32 = 1502;
/// One of both left before the answer.
pub const RECIPIENT_DISCONNECTED: u32 = 1503;
/// The request could not be sent.
pub const SEND_FAILED: u32 = 1505;
