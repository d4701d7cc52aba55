//! The server: where it is, what it announces, and whom it lets in.

use super::{APP, CERTIFICATE, EPOCH, KEY, SECRET};
use std::net::SocketAddr;
use std::time::Instant;
use stoa::server::{RoomServer, ServerConfig};
use stoa::token::jwt::{self, Claims, VideoGrant};

pub(super) fn server_address() -> SocketAddr {
    ([10, 0, 0, 1], 7882).into()
}

pub(super) fn tcp_address() -> SocketAddr {
    ([10, 0, 0, 1], 7880).into()
}

/// Where the server takes datagrams of IPv6.
pub(super) fn six() -> SocketAddr {
    "[fd00::1]:7882".parse().unwrap()
}

/// What a server announces beside, or instead of, its UDP address of IPv4.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    Udp,
    UdpAndTcp,
    UdpOfIpv6,
    Tcp,
}

pub(super) fn server(announced: Announced, seed: u64, now: Instant, unix_us: u64) -> RoomServer {
    let keys = [(KEY, SECRET), (APP, CERTIFICATE)].map(|(key, secret)| (key.to_string(), secret.to_string())).to_vec();
    let (media, streams) = match announced {
        Announced::Udp => (vec![server_address()], vec![]),
        Announced::UdpAndTcp => (vec![server_address()], vec![tcp_address()]),
        Announced::UdpOfIpv6 => (vec![six()], vec![]),
        Announced::Tcp => (vec![], vec![tcp_address()]),
    };
    let config = ServerConfig { keys, media, streams, limits: Default::default() };
    RoomServer::new(config, seed, now, unix_us)
}

/// A token for the room "room".
pub fn token(user: &str, change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = Claims {
        iss: KEY.into(),
        sub: user.into(),
        nbf: EPOCH - 60,
        exp: EPOCH + 3600,
        video: VideoGrant { room: "room".into(), room_join: true, ..VideoGrant::default() },
        ..Claims::default()
    };
    change(&mut claims);
    jwt::build(&claims, KEY, SECRET)
}
