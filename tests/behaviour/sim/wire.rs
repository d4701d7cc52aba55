//! What is between the clients and the server: what is on its way, and what happens to it.

use super::{SIDES, Sim, Stream, ms};
use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stoa::signal::turn::RelayWay;

/// What happens to datagrams between one client and the server, each way.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub delay: Duration,
    /// Up to so much more, evenly distributed: later packets may overtake.
    pub jitter: Duration,
    /// Chance that a datagram is lost, or doubled; 0 to 1.
    pub loss: f64,
    pub duplicate: f64,
    /// Nothing passes, messages of the WebSocket neither.
    pub cut: bool,
    /// Datagrams do not pass; TCP does.
    pub deaf: bool,
    /// Of media nothing passes between the client and the server: neither datagrams nor TCP. A relay is reached.
    pub walled: bool,
}

/// A quiet line: 1 ms each way.
pub const QUIET: Link =
    Link { delay: ms(1), jitter: ms(0), loss: 0.0, duplicate: 0.0, cut: false, deaf: false, walled: false };

/// Xorshift: the same numbers for the same seed, everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    /// 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Parcel {
    Connect { client: usize, conn: u64, target: String },
    ToServer { client: usize, from: SocketAddr, bytes: Vec<u8> },
    MessageToServer { conn: u64, bytes: Vec<u8> },
    HangUp { conn: u64 },
    ToClient { client: usize, to: SocketAddr, bytes: Vec<u8> },
    MessageToClient { client: usize, conn: u64, bytes: Vec<u8> },
    Opened { client: usize, conn: u64 },
    Refused { client: usize, conn: u64, status: u16, body: String },
    Closed { client: usize, conn: u64 },
    StreamOpened { client: usize, stream: Stream },
    StreamClosed { client: usize, local: SocketAddr },
    FrameToServer { client: usize, from: SocketAddr, bytes: Vec<u8> },
    FrameToClient { client: usize, to: SocketAddr, bytes: Vec<u8> },
    RelayOpened { client: usize, side: usize, id: u32, local: SocketAddr },
    ToRelay { way: RelayWay, from: SocketAddr, bytes: Vec<u8> },
    FromRelay { client: usize, way: RelayWay, to: SocketAddr, bytes: Vec<u8> },
}

impl Sim {
    /// Closes a client's WebSocket, as a proxy does that is restarted.
    pub fn cut_websocket(&mut self, client: usize) {
        let conn = self.clients[client].conn;
        self.post(self.now, Parcel::HangUp { conn });
        self.post(self.now, Parcel::Closed { client, conn });
    }

    /// Closes a client's TCP connections to the relay.
    pub fn cut_relay_streams(&mut self, client: usize) {
        for (side, id, _) in std::mem::take(&mut self.clients[client].relay_streams) {
            self.clients[client].voice.session().relay_closed(self.now, SIDES[side], id, "cut");
        }
    }

    /// Closes a client's TCP connections of media, as a firewall does.
    pub fn cut_streams(&mut self, client: usize) {
        for stream in self.clients[client].streams.clone() {
            self.server.stream_closed(self.now, stream.local);
            self.post(self.now, Parcel::StreamClosed { client, local: stream.local });
        }
    }

    /// Something on a TCP connection: it neither gets lost nor overtakes.
    pub(super) fn frame(&mut self, client: usize, parcel: Parcel) {
        let link = self.clients[client].link;
        if !link.cut {
            self.post(self.now + link.delay, parcel);
        }
    }

    pub(super) fn post(&mut self, at: Instant, parcel: Parcel) {
        self.sequence += 1;
        self.parcels.push(Reverse((at, self.sequence, parcel)));
    }

    pub(super) fn datagram(&mut self, client: usize, parcel: impl Fn(Vec<u8>) -> Parcel, bytes: Vec<u8>) {
        let link = self.clients[client].link;
        // DTLS and ICE draw numbers of their own, so how many packets go before is not the same in every run: what
        // happens to a packet of sound depends on its RTP sequence number and time alone.
        let rtp = (bytes.len() > 12 && bytes[0] >> 6 == 2 && !(64..96).contains(&(bytes[1] & 0x7f)))
            .then(|| u64::from_be_bytes([0, 0, bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]));
        let mut own = Rng::new(self.seed ^ (rtp.unwrap_or(0) << 8) ^ client as u64);
        own.next();
        let rng = if rtp.is_some() { &mut own } else { &mut self.rng };
        let mut deliveries = Vec::new();
        let copies = 1 + u32::from(rng.unit() < link.duplicate);
        for _ in 0..copies {
            let lost = rng.unit() < link.loss || link.cut || link.deaf || link.walled;
            let late = link.jitter.mul_f64(rng.unit());
            if !lost {
                deliveries.push(self.now + link.delay + late);
            }
        }
        for at in deliveries {
            self.post(at, parcel(bytes.clone()));
        }
    }

    pub(super) fn message(&mut self, conn: u64, to_server: bool, parcel: Parcel) {
        let Some(client) = self.conns.get(&conn).copied() else { return };
        let link = self.clients[client].link;
        if link.cut {
            return;
        }
        let last = self.last_message.entry((conn, to_server)).or_insert(self.now);
        let at = (self.now + link.delay).max(*last);
        *last = at;
        self.post(at, parcel);
    }
}
