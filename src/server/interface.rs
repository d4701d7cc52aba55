//! What a room server is made with, what it is asked, and what comes out of it.

use super::{AdminResponse, CallId, Webhook};
use crate::rtc::Protocol;
use std::net::{IpAddr, SocketAddr};

/// One WebSocket, as the driver numbers them; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// How a room server is made.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// API keys and their secrets.
    pub keys: Vec<(String, String)>,
    /// The UDP addresses to announce; packets leave and arrive there.
    pub media: Vec<SocketAddr>,
    /// The TCP addresses to announce, for who cannot use UDP; may be empty.
    pub streams: Vec<SocketAddr>,
    /// What the server holds at most.
    pub limits: Limits,
}

/// What the server holds at most. Who asks for more is refused, with a log line.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rooms.
    pub rooms: usize,
    /// Participants in one room.
    pub participants: usize,
    /// Tracks of one participant, and as many data tracks.
    pub tracks: usize,
    /// One signalling message, bytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { rooms: 10_000, participants: 1_000, tracks: 32, message: 1024 * 1024 }
    }
}

/// What of a HTTP request matters.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// The path, as in `/rtc/v1`.
    pub path: String,
    /// The query, without the question mark.
    pub query: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The address of this machine that it came to: who asked can reach it, whatever else is announced.
    pub reached: Option<IpAddr>,
}

/// A request that is answered with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub http_status: u16,
    /// A sentence for the body. It does not tell which check a token failed.
    pub text: String,
    /// A sentence for the server's log. It does.
    pub log: String,
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something went wrong that somebody should look at.
    Warning,
    /// The course of things.
    Info,
}

/// What comes out.
#[derive(Debug)]
pub enum Output {
    /// Send a binary message on a WebSocket.
    Send {
        /// Which one.
        conn: ConnId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close a WebSocket, after what was sent before.
    Close {
        /// Which one.
        conn: ConnId,
    },
    /// Send a datagram; as a frame of RFC 4571 where it goes over TCP.
    Transmit {
        /// UDP or TCP.
        protocol: Protocol,
        /// Where to. For TCP the connection from there.
        to: SocketAddr,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Close the media's TCP connection, after what was sent before.
    CloseStream {
        /// The connection from there.
        from: SocketAddr,
    },
    /// A line for the log.
    Log {
        /// How much it matters.
        level: Level,
        /// The line.
        text: String,
    },
    /// The answer to a call of the room service that had to wait.
    Answer {
        /// Which one.
        call: CallId,
        /// The answer.
        response: AdminResponse,
    },
    /// Post an event to whoever wants webhooks.
    Webhook(Webhook),
}
