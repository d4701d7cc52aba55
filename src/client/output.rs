//! What a session is made of, asks for, and tells.

use crate::event::Reason;
use crate::rtc::Protocol;
use crate::signal::livekit as lk;
use crate::signal::turn::RelayAt;
use std::net::SocketAddr;
use std::sync::Arc;
use str0m::RtcConfig;

/// How a session is made.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// How peer connections are made ([`mod@crate::rtc::config`]).
    pub rtc: RtcConfig,
    /// The local UDP address that packets leave from and arrive at ([`Side::Publisher`]).
    pub local: SocketAddr,
    /// Publish a microphone on joining.
    pub publish: bool,
    /// The microphone is stereo.
    pub stereo: bool,
    /// A name for the microphone that no other track of this participant has.
    pub cid: String,
    /// Room and identity to ask for in the query: an AccessToken2 may leave them open. LiveKit's servers do not read it.
    pub asked: Option<(String, String)>,
}

/// The two peer connections, and the UDP socket of each: they must differ, since the server has one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The only one, or the one that sends where there are two.
    Publisher,
    /// The one that hears, where there are two.
    Subscriber,
}

/// What a session asks for, or tells.
#[derive(Debug)]
pub enum Output {
    /// Open a WebSocket on this path and query of the server, with the token as `Authorization: Bearer`.
    Dial {
        /// Path and query, beginning with `/rtc`.
        target: String,
    },
    /// Send this binary WebSocket message.
    Signal(Vec<u8>),
    /// Close the WebSocket.
    HangUp,
    /// Open a UDP socket for a side, in place of all that it has, TCP connections too, and tell its address with
    /// [`super::session::Session::bound`].
    Bind {
        /// Which one.
        side: Side,
    },
    /// Open a second UDP socket for a side, of the other IP family: with the address that leads to this one. Tell it with
    /// [`super::session::Session::bound_other`].
    BindOther {
        /// Which one.
        side: Side,
        /// An address of the server's.
        to: SocketAddr,
    },
    /// Open a TCP connection for a side's media, and tell it with [`super::session::Session::stream_opened`], or
    /// [`super::session::Session::stream_closed`].
    Connect {
        /// Which one.
        side: Side,
        /// An address of the server's; no side has two connections to the same.
        to: SocketAddr,
    },
    /// Find a relay, for a side's media, and open a connection to it where it is not spoken with by datagrams. Tell it with
    /// [`super::session::Session::relay_opened`], or [`super::session::Session::relay_closed`].
    Relay {
        /// Which one.
        side: Side,
        /// A number for it, which the side never uses again.
        id: u32,
        /// Where it is.
        at: RelayAt,
    },
    /// Send this message (of STUN, or ChannelData) on a side's connection to a relay.
    ToRelay {
        /// Which one.
        side: Side,
        /// The relay's number.
        id: u32,
        /// The message, not padded.
        bytes: Vec<u8>,
    },
    /// Send this datagram; as a frame of RFC 4571 where it goes over TCP.
    Transmit {
        /// From which socket.
        side: Side,
        /// UDP, or the TCP connection to that address.
        protocol: Protocol,
        /// Where to.
        to: SocketAddr,
        /// The datagram.
        bytes: Vec<u8>,
    },
    /// An RTP packet of a remote track.
    Media {
        /// The track's sid.
        track: Arc<str>,
        /// The packet.
        packet: MediaPacket,
    },
    /// Something the channel should know.
    Event(SessionEvent),
}

/// An RTP packet, decrypted.
#[derive(Clone, Debug)]
pub struct MediaPacket {
    /// The stream that it is of: a track may come in another one, after its subscription was taken and given back.
    pub ssrc: u32,
    /// Extended sequence number.
    pub seq: u64,
    /// Extended RTP time, 48 kHz.
    pub rtp_time: u64,
    /// Payload type.
    pub payload_type: u8,
    /// The payload.
    pub payload: Arc<[u8]>,
}

/// What happens to a session.
#[derive(Debug)]
pub enum SessionEvent {
    /// The server let us in.
    Joined(Box<lk::JoinResponse>),
    /// Media can flow; after a loss, again.
    Connected,
    /// The connection was lost, and may come back: by [`super::session::Session::resume`], or in a new session.
    Lost {
        /// This session cannot come back: only a new one can.
        over: bool,
        /// Why.
        reason: Reason,
        /// A sentence.
        text: String,
    },
    /// The server knows us again, and is to be told what we want: [`super::session::Session::sync`].
    Known,
    /// All participants that there are, ourselves included: whoever is missing is gone.
    Everyone(Vec<lk::ParticipantInfo>),
    /// Participants changed (joined, left, published, muted).
    Participants(Vec<lk::ParticipantInfo>),
    /// Who began or stopped to speak, or changed in loudness.
    Speakers(Vec<lk::SpeakerInfo>),
    /// The sections changed: these remote tracks are carried now.
    Tracks(Vec<Arc<str>>),
    /// The server muted or unmuted the microphone.
    Muted(bool),
    /// How well connections do, where that changed.
    Quality(Vec<lk::ConnectionQualityInfo>),
    /// The room changed.
    Room(Box<lk::Room>),
    /// The server took us into another room: nobody of the old one is there any more.
    Moved(Box<lk::RoomMovedResponse>),
    /// What became of a request that had a number.
    Answered(Box<lk::RequestResponse>),
    /// The server refreshed the token.
    Token(String),
    /// The server refused a new token; the one before stays in use.
    RenewalRefused,
    /// A data packet.
    Data {
        /// As received.
        packet: Box<lk::DataPacket>,
        /// Over the reliable channel.
        reliable: bool,
    },
    /// The session is over.
    Ended {
        /// Why.
        reason: Reason,
        /// The HTTP status of a refusal; 0 otherwise.
        http_status: u16,
        /// A sentence.
        text: String,
    },
}

/// How this client introduces itself.
pub(super) fn client_info() -> lk::ClientInfo {
    lk::ClientInfo {
        sdk: lk::client_info::Sdk::Rust as i32,
        version: env!("CARGO_PKG_VERSION").into(),
        // 18 lets channels be agreed on beforehand; they are opened in-band all the same, since servers of 17 know no others.
        protocol: 18,
        os: std::env::consts::OS.into(),
        ..Default::default()
    }
}

/// A server's reason, in our terms.
pub(super) fn leave_reason(reason: lk::DisconnectReason) -> Reason {
    match reason {
        lk::DisconnectReason::ClientInitiated => Reason::Requested,
        lk::DisconnectReason::DuplicateIdentity => Reason::DuplicateIdentity,
        lk::DisconnectReason::ServerShutdown => Reason::ServerShutdown,
        lk::DisconnectReason::ParticipantRemoved => Reason::Removed,
        lk::DisconnectReason::RoomDeleted | lk::DisconnectReason::RoomClosed => Reason::RoomClosed,
        lk::DisconnectReason::JoinFailure => Reason::Refused,
        lk::DisconnectReason::StateMismatch => Reason::Protocol,
        lk::DisconnectReason::TokenExpired => Reason::TokenExpired,
        _ => Reason::ConnectionLost,
    }
}

/// Why a participant left, as the server says.
pub fn left_reason(info: &lk::ParticipantInfo) -> Reason {
    leave_reason(info.disconnect_reason())
}
