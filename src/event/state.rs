//! The states of a connection and of a subscription.

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
