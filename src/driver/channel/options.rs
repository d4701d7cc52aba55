//! How a channel is made.

use crate::audio::ring::Overflow;
use crate::audio::send::Backpressure;
use crate::client::reconnect::RECONNECT_TIMEOUT;
use std::time::Duration;

/// How a channel is made.
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    /// The room's name, 1 to 256 bytes.
    pub name: String,
    /// The identity; empty with `uid` 0 lets the library choose one. At most 256 bytes.
    pub user: String,
    /// A numeric identity; used where `user` is empty.
    pub uid: u32,
    /// The caller's own token; empty: built from the engine's app id and certificate.
    pub token: String,
    /// 8000, 16000, 24000, 32000, 44100 or 48000 Hz.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
    /// Subscribe to every user as they publish.
    pub subscribe_all: bool,
    /// Deliver each frame the moment it can be decoded, instead of on an even clock.
    pub eager: bool,
    /// Capacity of the send queue, milliseconds.
    pub send_queue_ms: u32,
    /// What a full send queue does: 0 refuse, 1 drop oldest, 2 drop newest.
    pub send_policy: u32,
    /// Capacity of each stream's ring, milliseconds, at least 2000.
    pub receive_queue_ms: u32,
    /// What a full stream ring does: 1 drop oldest (default), 2 drop newest.
    pub receive_policy: u32,
    /// Opus bit rate, bits a second.
    pub bitrate: u32,
    /// Publish no microphone; pushing is an error.
    pub listen_only: bool,
    /// For how long a lost connection is tried to be made again, milliseconds, 1,000 to 3,600,000.
    pub reconnect_timeout_ms: u32,
    /// A lost connection is the end.
    pub no_reconnect: bool,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        ChannelOptions {
            name: String::new(),
            user: String::new(),
            uid: 0,
            token: String::new(),
            sample_rate: 24000,
            channels: 1,
            subscribe_all: false,
            eager: false,
            send_queue_ms: 30_000,
            send_policy: 0,
            receive_queue_ms: 2_000,
            receive_policy: 1,
            bitrate: 24_000,
            listen_only: false,
            reconnect_timeout_ms: RECONNECT_TIMEOUT.as_millis() as u32,
            no_reconnect: false,
        }
    }
}

impl ChannelOptions {
    /// For how long a lost connection is tried to be made again.
    pub(in super::super) fn reconnect(&self) -> Option<Duration> {
        (!self.no_reconnect).then(|| Duration::from_millis(self.reconnect_timeout_ms.into()))
    }

    pub(super) fn backpressure(&self) -> Backpressure {
        match self.send_policy {
            1 => Backpressure::DropOldest,
            2 => Backpressure::DropNewest,
            _ => Backpressure::Refuse,
        }
    }

    pub(in super::super) fn receive_overflow(&self) -> Overflow {
        if self.receive_policy == 2 { Overflow::DropNewest } else { Overflow::DropOldest }
    }
}
