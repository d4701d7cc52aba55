//! What a channel reports to the application.

use crate::error::Status;

/// Connection states. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ConnectionState {
    /// Not connected.
    Disconnected = 1,
    /// The first connection is being made.
    Connecting = 2,
    /// In the room.
    Connected = 3,
    /// The connection was lost and is being made again.
    Reconnecting = 4,
    /// Given up; the event's reason and text say why.
    Failed = 5,
}

/// Subscribe states of one remote user's audio. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SubscribeState {
    /// The user is unknown or gone.
    Idle = 0,
    /// Not subscribed.
    NoSubscribe = 1,
    /// Asked for, not yet heard from the server.
    Subscribing = 2,
    /// Subscribed: audio arrives when the user speaks.
    Subscribed = 3,
}

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
}

/// One event of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened: microseconds since the Unix epoch, on the engine's clock.
    pub time_us: u64,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventBody {
    /// `connection_state_changed`. May merge into the newest of its kind while unread (`old` stays the oldest).
    ConnectionStateChanged {
        /// The state before.
        old: ConnectionState,
        /// The state now.
        new: ConnectionState,
        /// Why.
        reason: Reason,
        /// The error's status, or OK.
        status: Status,
        /// The sentence that goes with the status; may be empty.
        text: String,
        /// Microseconds since the last change.
        elapsed_us: u64,
    },
    /// `user_joined`.
    UserJoined {
        /// The user's identity.
        user: String,
    },
    /// `user_left`.
    UserLeft {
        /// The user's identity.
        user: String,
        /// Why.
        reason: Reason,
    },
    /// `audio_subscribe_state_changed`.
    SubscribeStateChanged {
        /// The user's identity.
        user: String,
        /// The state before.
        old: SubscribeState,
        /// The state now.
        new: SubscribeState,
        /// Microseconds since the last change.
        elapsed_us: u64,
    },
    /// `user_muted`: a remote user muted or unmuted the microphone.
    UserMuted {
        /// The user's identity.
        user: String,
        /// Muted now.
        muted: bool,
    },
    /// `stream_ended`: this user's stream is over (left, unpublished, unsubscribed).
    StreamEnded {
        /// The user's identity.
        user: String,
    },
    /// `played`: everything before a playout mark has left, or was dropped by an interrupt.
    Played {
        /// The number given with the mark.
        mark: u64,
        /// OK, or INTERRUPTED.
        status: Status,
    },
    /// `data_received`: a data packet of another user.
    DataReceived {
        /// The sender's identity; empty when the server sent it.
        user: String,
        /// The topic; may be empty.
        topic: String,
        /// The payload.
        payload: Vec<u8>,
        /// Sent over the reliable channel.
        reliable: bool,
    },
    /// `overflow`: the event queue was full; this many events were dropped since the last one of these.
    Overflow {
        /// How many.
        dropped: u64,
    },
}
