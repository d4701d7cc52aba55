//! Addresses: binding them, which are announced, and how those of IPv4 look on a socket of both families.

use crate::driver::sockets::local_towards;
use crate::{Error, Status};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The UDP receive buffer asked for, bytes: half a second of 64 speakers. The system may grant less.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// The process, or the system, has no more descriptors: the numbers are the same on every Unix.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

pub(super) fn unavailable(what: &str, ip: IpAddr, port: u16, error: &std::io::Error) -> Error {
    let address = SocketAddr::new(ip, port);
    let cure = match error.kind() {
        std::io::ErrorKind::AddrInUse => "another program has it; choose another port, or 0 for a free one",
        std::io::ErrorKind::AddrNotAvailable => {
            "it is no address of this machine; choose one that is, or 0.0.0.0 for all of them"
        }
        std::io::ErrorKind::PermissionDenied => "this user may not; ports below 1024 need a privilege",
        _ if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => {
            "no descriptor is left; close some, or raise the limit"
        }
        _ => "choose another address or port",
    };
    Error::new(Status::ADDRESS, format!("The room server cannot bind {what} {address}: {cure} ({error})."))
}

pub(super) fn bind_udp(ip: IpAddr, port: u16) -> std::io::Result<UdpSocket> {
    let address = SocketAddr::new(ip, port);
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, None)?;
    if ip.is_ipv6() {
        // On all addresses means those of IPv4 as well, as for TCP; IPv4 comes as ::ffff:a.b.c.d.
        socket.set_only_v6(!ip.is_unspecified())?;
    }
    // Refused on some systems; the default is only smaller.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = socket.set_send_buffer_size(RECEIVE_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// The addresses to announce for a bound one: for "all of them" that of the default route, and loopback; for all of IPv6 those of
/// IPv4 too.
pub(super) fn reachable(bind: IpAddr) -> Vec<IpAddr> {
    // The peers are documentation addresses.
    let four = (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into());
    let six = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(), Ipv6Addr::LOCALHOST.into());
    let families: &[(IpAddr, IpAddr)] = match bind {
        bind if !bind.is_unspecified() => return vec![bind],
        IpAddr::V4(_) => &[four],
        IpAddr::V6(_) => &[six, four],
    };
    let mut addresses = Vec::new();
    for (peer, loopback) in families {
        addresses.extend(local_towards(SocketAddr::new(*peer, 9)));
        addresses.push(*loopback);
    }
    addresses.dedup();
    addresses
}

/// Where datagrams from one place arrive, as far as ICE is concerned: at the first announced address of its family.
pub(super) fn arrival(announced: &[SocketAddr], from: SocketAddr) -> SocketAddr {
    announced.iter().find(|address| address.is_ipv4() == from.is_ipv4()).copied().unwrap_or(announced[0])
}

/// An address as people write it: that of IPv4 on a socket for both families is plain IPv4.
pub(in super::super) fn plain(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

/// An address as a socket for both families takes it.
pub(super) fn mapped(to: SocketAddr) -> SocketAddr {
    match to.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
        IpAddr::V6(_) => to,
    }
}
