//! A room server and its clients, and perhaps a relay, on a network that exists only in memory. Time passes when the test says so.

mod announced;
mod clients;
mod deliver;
mod pump;
mod sound;
mod wire;

pub use announced::{Announced, token};
pub use clients::Options;
pub use sound::{Recorder, share_of, tone};
pub use wire::{Link, QUIET, Rng};

use crate::second_track::SecondTrack;
use crate::turn::Relay;
use announced::server;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stoa::audio::send::SendQueue;
use stoa::client::rpc::Callee;
use stoa::client::session::Side;
use stoa::client::voice::Voice;
use stoa::clock::Clock;
use stoa::event::EventBody;
use stoa::message::queue::MessageQueue;
use stoa::server::{AdminResponse, RoomServer};
use stoa::signal::livekit::IceServer;
use wire::Parcel;

pub const KEY: &str = "key";
pub const SECRET: &str = "a secret that is long enough for HS256";
/// And a key for AccessToken2.
pub const APP: &str = "0123456789abcdef0123456789abcdef";
pub const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
/// The wall clock at the start of every simulation, seconds since the Unix epoch.
pub const EPOCH: u64 = 1_800_000_000;

pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A TCP connection of a client's media: of which side, and between which addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    side: usize,
    to: SocketAddr,
    local: SocketAddr,
}

const SIDES: [Side; 2] = [Side::Publisher, Side::Subscriber];

/// A client in the simulation.
pub struct Client {
    pub voice: Voice,
    pub queue: Arc<SendQueue>,
    pub messages: Arc<MessageQueue>,
    pub callee: Arc<Callee>,
    pub events: Vec<EventBody>,
    pub link: Link,
    token: String,
    old_server: bool,
    address: SocketAddr,
    conn: u64,
    /// The ports of both sides: new sockets have new ones.
    ports: [u16; 2],
    /// TCP connections that are open.
    pub streams: Vec<Stream>,
    /// TCP connections to the relay: of which side, which number, and from where.
    pub relay_streams: Vec<(usize, u32, SocketAddr)>,
    /// UDP sockets of the other family that were asked for.
    pub others: usize,
    /// Targets that were dialed, and when.
    pub dialed: Vec<(Instant, String)>,
}

impl Client {
    /// Its address of IPv6.
    fn six(&self) -> IpAddr {
        let IpAddr::V4(four) = self.address.ip() else { unreachable!("clients begin with IPv4") };
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 1, four.octets()[3].into()).into()
    }
}

/// The simulation.
pub struct Sim {
    pub start: Instant,
    pub now: Instant,
    pub server: RoomServer,
    /// Nobody listens where the server was.
    pub server_gone: bool,
    announced: Announced,
    /// What the server names beside itself, and what is there.
    pub ice_servers: Vec<IceServer>,
    pub relay: Relay,
    /// Who publishes in another's name.
    pub second_track: Option<SecondTrack>,
    pub clients: Vec<Client>,
    pub log: Vec<String>,
    /// What the room service answered later.
    pub answers: Vec<AdminResponse>,
    /// Of all that passed over WebSockets, bytes.
    pub longest_message: usize,
    seed: u64,
    rng: Rng,
    clock: Clock,
    parcels: BinaryHeap<Reverse<(Instant, u64, Parcel)>>,
    sequence: u64,
    conns: BTreeMap<u64, usize>,
    /// When the last message of a WebSocket arrives: they keep their order.
    last_message: BTreeMap<(u64, bool), Instant>,
}

impl Sim {
    pub fn new(seed: u64) -> Sim {
        Sim::announcing(Announced::Udp, seed)
    }

    pub fn announcing(announced: Announced, seed: u64) -> Sim {
        let start = Instant::now();
        Sim {
            start,
            now: start,
            server: server(announced, seed, start, EPOCH * 1_000_000),
            announced,
            ice_servers: Vec::new(),
            relay: Relay::new(start),
            second_track: None,
            server_gone: false,
            clients: Vec::new(),
            log: Vec::new(),
            answers: Vec::new(),
            longest_message: 0,
            seed,
            rng: Rng::new(seed),
            clock: Clock::new(start, EPOCH * 1_000_000),
            parcels: BinaryHeap::new(),
            sequence: 0,
            conns: BTreeMap::new(),
            last_message: BTreeMap::new(),
        }
    }

    /// The server is gone without a word, as by a fault, and its WebSockets with it.
    pub fn stop_server(&mut self) {
        self.server_gone = true;
        for client in 0..self.clients.len() {
            self.cut_websocket(client);
        }
    }

    /// Another server is there in its place, that knows nobody.
    pub fn start_server(&mut self) {
        self.server_gone = false;
        self.second_track.as_mut().map(SecondTrack::forget);
        self.server = server(self.announced, self.seed + 1000, self.now, self.clock.micros(self.now));
    }

    /// Time since the start.
    pub fn at(&self) -> Duration {
        self.now - self.start
    }

    /// Lets so much time pass.
    pub fn run(&mut self, span: Duration) {
        self.run_until(span, |_| false);
    }

    /// Lets time pass until `done`, at most `span`. True: it was done.
    pub fn run_until(&mut self, span: Duration, done: impl Fn(&Sim) -> bool) -> bool {
        let end = self.now + span;
        loop {
            self.pump();
            if done(self) {
                return true;
            }
            let deadlines = self.clients.iter().filter_map(|client| client.voice.deadline());
            let parcel = self.parcels.peek().map(|Reverse((at, _, _))| *at);
            let server = self.server.deadline().filter(|_| !self.server_gone);
            let next = deadlines.chain(server).chain(parcel).min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.now = self.now.max(next),
                None => {
                    self.now = end;
                    self.pump();
                    return done(self);
                }
            }
            while self.parcels.peek().is_some_and(|Reverse((at, _, _))| *at <= self.now) {
                if let Some(Reverse((_, _, parcel))) = self.parcels.pop() {
                    self.deliver(parcel);
                }
            }
            if !self.server_gone && self.server.deadline().is_some_and(|deadline| deadline <= self.now) {
                self.server.timeout(self.now);
            }
        }
    }
}
