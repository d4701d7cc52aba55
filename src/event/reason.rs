//! Why something ended.

use std::ffi::CStr;

/// Why a connection ended, a user left, or a join was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u32)]
pub enum Reason {
    /// No reason is known or needed.
    #[default]
    None = 0,
    /// The user asked for it (disconnect, leave).
    Requested = 1,
    /// Another connection joined with the same identity.
    DuplicateIdentity = 2,
    /// The server is shutting down.
    ServerShutdown = 3,
    /// The participant was removed by an administrator or the server.
    Removed = 4,
    /// The room was deleted or closed.
    RoomClosed = 5,
    /// The connection was lost.
    ConnectionLost = 6,
    /// The server could not be reached.
    Unreachable = 7,
    /// The token was refused.
    BadToken = 8,
    /// The server or the peer broke the protocol.
    Protocol = 9,
    /// The join was refused for another reason.
    Refused = 10,
    /// The join took longer than the timeout.
    TimedOut = 11,
    /// A fault inside the library.
    Internal = 12,
    /// The token's time was over.
    TokenExpired = 13,
}

impl Reason {
    /// Every reason, by its number.
    pub const ALL: [Reason; 14] = [
        Reason::None,
        Reason::Requested,
        Reason::DuplicateIdentity,
        Reason::ServerShutdown,
        Reason::Removed,
        Reason::RoomClosed,
        Reason::ConnectionLost,
        Reason::Unreachable,
        Reason::BadToken,
        Reason::Protocol,
        Reason::Refused,
        Reason::TimedOut,
        Reason::Internal,
        Reason::TokenExpired,
    ];

    /// The name, as programs in C know it.
    pub fn name(self) -> &'static CStr {
        match self {
            Reason::None => c"none",
            Reason::Requested => c"requested",
            Reason::DuplicateIdentity => c"duplicate_identity",
            Reason::ServerShutdown => c"server_shutdown",
            Reason::Removed => c"removed",
            Reason::RoomClosed => c"room_closed",
            Reason::ConnectionLost => c"connection_lost",
            Reason::Unreachable => c"unreachable",
            Reason::BadToken => c"bad_token",
            Reason::Protocol => c"protocol",
            Reason::Refused => c"refused",
            Reason::TimedOut => c"timed_out",
            Reason::Internal => c"internal",
            Reason::TokenExpired => c"token_expired",
        }
    }
}
