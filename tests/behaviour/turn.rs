//! The relay of the simulation: turn-server-proto, for datagrams and for connections.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;
use stoa::signal::livekit::IceServer;
use stoa::signal::turn::RelayWay;
use turn_server_proto::api::{Transmit, TurnServerApi as _, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_server_proto::types::{Instant as Time, TransportType};

/// Where it is, for both ways.
pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 2, 1)), 3478);
const USER: &str = "guest";
const PASSWORD: &str = "let me out";

/// As a server names it: with the right password, or another.
pub fn named(transport: &str, right: bool) -> IceServer {
    IceServer {
        urls: vec![format!("turn:{ADDRESS}?transport={transport}")],
        username: USER.into(),
        credential: if right { PASSWORD } else { "guessed" }.into(),
    }
}

pub struct Relay {
    udp: TurnServer,
    tcp: TurnServer,
    start: Instant,
    /// It says nothing any more.
    pub down: bool,
    /// It says nonsense.
    pub mad: bool,
    /// The addresses that it lends, and for whom.
    pub lent: BTreeMap<SocketAddr, RelayWay>,
    /// Messages that came from clients, by datagram and by connection.
    pub asked: [usize; 2],
    sent: Vec<(RelayWay, SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Relay {
    pub fn new(start: Instant) -> Relay {
        let [udp, tcp] = [TransportType::Udp, TransportType::Tcp].map(|transport| {
            let mut server = TurnServer::new(transport, ADDRESS, "simulation".into());
            server.add_user(USER.into(), PASSWORD.into());
            server
        });
        Relay { udp, tcp, start, down: false, mad: false, lent: BTreeMap::new(), asked: [0; 2], sent: Vec::new() }
    }

    /// Takes what came to its own address, or to one that it lends.
    pub fn receive(&mut self, now: Instant, way: RelayWay, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if self.down {
            return;
        }
        let mut way = way;
        let mut transport = TransportType::Udp;
        if to != ADDRESS {
            let Some(borrower) = self.lent.get(&to) else { return };
            way = *borrower;
        } else if way == RelayWay::Tcp {
            transport = TransportType::Tcp;
            self.asked[1] += 1;
        } else {
            self.asked[0] += 1;
        }
        if self.mad {
            let nonsense = bytes.iter().rev().map(|byte| byte & 0x7f).collect();
            return self.sent.push((way, ADDRESS, from, nonsense));
        }
        let time = self.time(now);
        let server = if way == RelayWay::Udp { &mut self.udp } else { &mut self.tcp };
        if let Some(transmit) = server.recv(Transmit::new(bytes, transport, from, to), time) {
            let Transmit { data, from, to, .. } = transmit.build();
            self.sent.push((way, from, to, data));
        }
    }

    /// What it sends, each with its way to the client, and from and to where.
    pub fn sent(&mut self, now: Instant) -> Vec<(RelayWay, SocketAddr, SocketAddr, Vec<u8>)> {
        let time = self.time(now);
        for (way, server) in [(RelayWay::Udp, &mut self.udp), (RelayWay::Tcp, &mut self.tcp)] {
            while let TurnServerPollRet::AllocateSocket {
                transport,
                listen_addr,
                client_addr,
                allocation_transport,
                family,
            } = server.poll(time)
            {
                let lent = SocketAddr::new(ADDRESS.ip(), 50_000 + self.lent.len() as u16);
                self.lent.insert(lent, way);
                server.allocated_socket(
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                    Ok(lent),
                    time,
                );
            }
            while let Some(Transmit { data, from, to, .. }) = server.poll_transmit(time) {
                self.sent.push((way, from, to, data));
            }
        }
        std::mem::take(&mut self.sent)
    }

    fn time(&self, now: Instant) -> Time {
        Time::from_nanos((now - self.start).as_nanos() as i64)
    }
}
