//! The sockets of a channel's media: for a peer connection one UDP socket; one of the other IP family, or TCP connections, to the
//! server or a relay, where they are needed.

use super::framing::{self, Frames};
use super::reach::Reach;
use super::relaying;
use crate::rtc::Protocol;
use crate::signal::turn::{RelayAt, RelayWay};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;

/// How long a TCP connection may take to be made: the join has 10 s, of which UDP had 2.
const CONNECT: Duration = Duration::from_secs(5);

/// What came of a TCP connection, or the way to a relay.
pub(super) enum Arrived {
    Opened { to: SocketAddr, local: SocketAddr },
    Frame { from: SocketAddr, bytes: Vec<u8> },
    Closed { to: SocketAddr },
    RelayOpened { id: u32, to: SocketAddr, local: SocketAddr },
    RelayMessage { id: u32, bytes: Vec<u8> },
    RelayClosed { id: u32, why: String },
}

/// The sockets of one peer connection.
#[derive(Default)]
pub(super) struct Sockets {
    udp: Option<UdpSocket>,
    other: Option<UdpSocket>,
    /// By the server's address.
    streams: BTreeMap<SocketAddr, mpsc::Sender<Vec<u8>>>,
    /// Connections to relays.
    relays: BTreeMap<u32, mpsc::Sender<Vec<u8>>>,
    /// What they tell, once there are some.
    told: Option<(mpsc::Sender<Arrived>, mpsc::Receiver<Arrived>)>,
}

impl Sockets {
    /// A UDP socket in the place of all that there are, with the address that leads to `to` by now.
    pub(super) fn bind(&mut self, to: SocketAddr) -> io::Result<SocketAddr> {
        // The tasks of TCP connections end with the ends of their queues.
        *self = Sockets::default();
        let (local, udp) = bind_towards(to)?;
        self.udp = Some(udp);
        Ok(local)
    }

    /// A UDP socket of the other family, with the address that leads to `to`.
    pub(super) fn bind_other(&mut self, to: SocketAddr) -> io::Result<SocketAddr> {
        let (local, other) = bind_towards(to)?;
        self.other = Some(other);
        Ok(local)
    }

    /// Begins to connect to a TCP address of the server's.
    pub(super) fn connect(&mut self, to: SocketAddr) {
        let (send, queue) = mpsc::channel(framing::MAX_QUEUED);
        self.streams.insert(to, send);
        tokio::task::spawn_local(carry(to, queue, self.tell()));
    }

    /// Begins to look for a relay, or to connect to it.
    pub(super) fn relay(&mut self, reach: Arc<Reach>, id: u32, at: RelayAt) {
        let tell = self.tell();
        if at.way == RelayWay::Udp {
            let locals = self.udps().filter_map(|udp| udp.local_addr().ok()).collect();
            tokio::task::spawn_local(relaying::find(at, id, locals, tell));
        } else {
            let (send, queue) = mpsc::channel(framing::MAX_QUEUED);
            self.relays.insert(id, send);
            tokio::task::spawn_local(relaying::carry(reach, at, id, queue, tell));
        }
    }

    fn tell(&mut self) -> mpsc::Sender<Arrived> {
        self.told.get_or_insert_with(|| mpsc::channel(framing::MAX_QUEUED)).0.clone()
    }

    /// Sends a datagram. False: there was no room for it. A full buffer is loss, as on any network.
    pub(super) fn send(&self, protocol: Protocol, to: SocketAddr, bytes: Vec<u8>) -> bool {
        if protocol == Protocol::Tcp {
            return queued(self.streams.get(&to), bytes);
        }
        let fits = |udp: &&UdpSocket| udp.local_addr().is_ok_and(|local| local.is_ipv4() == to.is_ipv4());
        let udp = if self.other.is_none() { self.udp.as_ref() } else { self.udps().find(fits) };
        let sent = udp.map(|udp| udp.try_send_to(&bytes, to));
        !matches!(sent, Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Sends a message on the connection to a relay. False: there was no room for it.
    pub(super) fn send_to_relay(&self, id: u32, bytes: Vec<u8>) -> bool {
        queued(self.relays.get(&id), bytes)
    }

    /// Waits until something came. None: it is to be read from [`Sockets::udps`].
    pub(super) async fn arrival(&mut self) -> Option<Arrived> {
        tokio::select! {
            () = readable(&self.udp) => None,
            () = readable(&self.other) => None,
            arrived = told(&mut self.told) => arrived,
        }
    }

    /// What else came over TCP.
    pub(super) fn try_arrival(&mut self) -> Option<Arrived> {
        self.told.as_mut().and_then(|(_, told)| told.try_recv().ok())
    }

    pub(super) fn udps(&self) -> impl Iterator<Item = &UdpSocket> {
        self.udp.iter().chain(&self.other)
    }

    /// A TCP connection is closed.
    pub(super) fn closed(&mut self, to: SocketAddr) {
        self.streams.remove(&to);
    }

    /// The connection to a relay is closed.
    pub(super) fn relay_closed(&mut self, id: u32) {
        self.relays.remove(&id);
    }
}

fn queued(queue: Option<&mpsc::Sender<Vec<u8>>>, bytes: Vec<u8>) -> bool {
    !matches!(queue.map(|queue| queue.try_send(bytes)), Some(Err(mpsc::error::TrySendError::Full(_))))
}

/// The local address that leads to another one by now.
pub(super) fn local_towards(to: SocketAddr) -> io::Result<IpAddr> {
    // Connecting a UDP socket sends nothing: it asks the routing table, which may be another than before.
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(to)?;
    Ok(probe.local_addr()?.ip())
}

fn bind_towards(to: SocketAddr) -> io::Result<(SocketAddr, UdpSocket)> {
    let socket = std::net::UdpSocket::bind((local_towards(to)?, 0))?;
    socket.set_nonblocking(true)?;
    Ok((socket.local_addr()?, UdpSocket::from_std(socket)?))
}

async fn readable(socket: &Option<UdpSocket>) {
    match socket {
        Some(socket) => _ = socket.readable().await,
        None => std::future::pending().await,
    }
}

async fn told(told: &mut Option<(mpsc::Sender<Arrived>, mpsc::Receiver<Arrived>)>) -> Option<Arrived> {
    match told {
        Some((_, told)) => told.recv().await,
        None => std::future::pending().await,
    }
}

/// One TCP connection, from its making to its end. Where the channel is slow to take what comes, TCP makes the server wait.
async fn carry(to: SocketAddr, queue: mpsc::Receiver<Vec<u8>>, tell: mpsc::Sender<Arrived>) {
    if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT, TcpStream::connect(to)).await
        && let Ok(local) = stream.local_addr()
    {
        // Without it, packets wait for acknowledgements: 40 ms.
        let _ = stream.set_nodelay(true);
        let (reader, writer) = stream.into_split();
        let read = async {
            let mut frames = Frames::new(reader);
            let mut arrived = Ok(Arrived::Opened { to, local });
            while let Ok(next) = arrived
                && tell.send(next).await.is_ok()
            {
                arrived = frames.next().await.map(|frame| Arrived::Frame { from: to, bytes: frame.to_vec() });
            }
        };
        tokio::select! {
            () = read => {}
            _ = framing::write(writer, queue, framing::put) => {}
        }
    }
    let _ = tell.send(Arrived::Closed { to }).await;
}
