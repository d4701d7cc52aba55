//! A room server and its clients, and perhaps a relay, on a network that exists only in memory. Time passes when the test says so.

use crate::second_track::SecondTrack;
use crate::turn::{self, Relay};

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use prost::Message as _;
use stoa::audio::jitter::Delivery;
use stoa::audio::send::{Backpressure, SendQueue};
use stoa::client::hearing::{FrameInfo, FrameSink};
use stoa::client::rpc::Callee;
use stoa::client::session::{Output, SessionConfig, Side};
use stoa::client::stats::HearingStats;
use stoa::client::voice::{Voice, VoiceConfig};
use stoa::clock::Clock;
use stoa::event::EventBody;
use stoa::message::queue::MessageQueue;
use stoa::rtc::Protocol;
use stoa::server::{AdminResponse, ConnId, HttpRequest, Output as ServerOutput, RoomServer, ServerConfig};
use stoa::signal::livekit::{IceServer, SignalResponse, signal_response};
use stoa::signal::turn::RelayWay;
use stoa::token::jwt::{self, Claims, VideoGrant};

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

/// A stopwatch that runs on by 1 ms whenever somebody looks: so whatever is timed takes 1 ms.
fn stopwatch() -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    thread_local!(static LOOKS: Cell<u32> = const { Cell::new(0) });
    *START + ms(1) * LOOKS.replace(LOOKS.get() + 1)
}

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
enum Parcel {
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

/// Frames that a sink was given.
#[derive(Default)]
pub struct Recorder {
    frames: Mutex<Vec<(FrameInfo, Vec<i16>)>>,
    closed: Mutex<bool>,
    stats: Mutex<HearingStats>,
}

impl FrameSink for Recorder {
    fn write(&self, info: FrameInfo, pcm: &[i16]) {
        self.frames.lock().unwrap().push((info, pcm.to_vec()));
    }
    fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }
    fn measured(&self, stats: &HearingStats) {
        *self.stats.lock().unwrap() = *stats;
    }
}

impl Recorder {
    pub fn frames(&self) -> Vec<(FrameInfo, Vec<i16>)> {
        self.frames.lock().unwrap().clone()
    }
    pub fn pcm(&self) -> Vec<i16> {
        self.frames.lock().unwrap().iter().flat_map(|(_, pcm)| pcm.clone()).collect()
    }
    pub fn is_closed(&self) -> bool {
        *self.closed.lock().unwrap()
    }
    /// The numbers that were told last.
    pub fn stats(&self) -> HearingStats {
        *self.stats.lock().unwrap()
    }
    /// How many frames came from there: 0 decoded, 1 recovered, 2 concealed, 3 silence.
    pub fn origin(&self, origin: u32) -> usize {
        self.frames.lock().unwrap().iter().filter(|(info, _)| info.origin == origin).count()
    }
}

/// How a client is made; the rest is as an application's defaults.
#[derive(Clone)]
pub struct Options {
    pub rate: u32,
    pub channels: u8,
    pub delivery: Delivery,
    pub subscribe_all: bool,
    pub link: Link,
    pub token: Option<String>,
    /// The room to name beside the token.
    pub asked: Option<String>,
    /// Of the send queue, milliseconds.
    pub queue_ms: u64,
    /// No microphone.
    pub listen_only: bool,
    /// The server does not know `/rtc/v1`, as older ones: two peer connections.
    pub old_server: bool,
    /// For how long a lost connection is tried to be made again.
    pub reconnect: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            rate: 24_000,
            channels: 1,
            delivery: Delivery::Steady,
            subscribe_all: true,
            link: QUIET,
            token: None,
            asked: None,
            queue_ms: 30_000,
            listen_only: false,
            old_server: false,
            reconnect: Some(stoa::client::reconnect::RECONNECT_TIMEOUT),
        }
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

fn server_address() -> SocketAddr {
    ([10, 0, 0, 1], 7882).into()
}

fn tcp_address() -> SocketAddr {
    ([10, 0, 0, 1], 7880).into()
}

/// Where the server takes datagrams of IPv6.
fn six() -> SocketAddr {
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

fn server(announced: Announced, seed: u64, now: Instant, unix_us: u64) -> RoomServer {
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

    /// Adds a client and lets it begin to join. Returns its number.
    pub fn add(&mut self, user: &str, options: Options) -> usize {
        let index = self.clients.len();
        let address: SocketAddr = ([10, 0, 1, index as u8 + 1], 5000).into();
        let channels = usize::from(options.channels);
        let capacity = options.queue_ms as usize * options.rate as usize / 1000;
        let queue = Arc::new(SendQueue::new(channels, capacity, Backpressure::Refuse, Box::new(|| {})));
        let messages = Arc::new(MessageQueue::new(Box::new(|| {})));
        let callee = Arc::new(Callee::default());
        let token = options.token.unwrap_or_else(|| token(user, |_| {}));
        let session = SessionConfig {
            rtc: stoa::rtc::config(&stoa::rtc::crypto_provider(), None),
            local: address,
            publish: !options.listen_only,
            stereo: options.channels == 2,
            cid: format!("microphone-{index}"),
            asked: options.asked.map(|room| (room, user.to_string())),
        };
        let config = VoiceConfig {
            session,
            clock: self.clock,
            rate: options.rate,
            channels: options.channels,
            bitrate: 24_000,
            delivery: options.delivery,
            subscribe_all: options.subscribe_all,
            queue: queue.clone(),
            messages: messages.clone(),
            callee: callee.clone(),
            stopwatch,
            room: "room".into(),
            token: token.clone(),
            reconnect: options.reconnect,
            seed: self.seed + index as u64,
        };
        let mut voice = Voice::new(config, self.now).expect("a voice");
        voice.start(self.now);
        self.clients.push(Client {
            voice,
            queue,
            messages,
            callee,
            events: Vec::new(),
            link: options.link,
            token,
            old_server: options.old_server,
            address,
            conn: 0,
            ports: [5000, 5001],
            streams: Vec::new(),
            relay_streams: Vec::new(),
            others: 0,
            dialed: Vec::new(),
        });
        self.pump();
        index
    }

    /// A client that is in the room before this returns.
    pub fn join(&mut self, user: &str, options: Options) -> usize {
        let index = self.add(user, options);
        let joined = |sim: &Sim| sim.clients[index].voice.state() == stoa::event::ConnectionState::Connected;
        assert!(self.run_until(ms(5000), joined), "{user} did not get in: {:?}", self.clients[index].events);
        index
    }

    /// Lets a client hear a user.
    pub fn record(&mut self, client: usize, user: &str) -> Arc<Recorder> {
        self.record_track(client, user, "")
    }

    /// Lets a client hear a track of a user.
    pub fn record_track(&mut self, client: usize, user: &str, track: &str) -> Arc<Recorder> {
        let recorder = Arc::new(Recorder::default());
        let as_sink: Arc<dyn FrameSink> = recorder.clone();
        let opened = self.clients[client].voice.open_stream(self.now, user, track, Arc::downgrade(&as_sink));
        opened.expect("a user in the room, with that track");
        recorder
    }

    /// Closes a client's WebSocket, as a proxy does that is restarted.
    pub fn cut_websocket(&mut self, client: usize) {
        let conn = self.clients[client].conn;
        self.post(self.now, Parcel::HangUp { conn });
        self.post(self.now, Parcel::Closed { client, conn });
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

    /// Everybody does what is due, and what they say is put on the wire.
    fn pump(&mut self) {
        for index in 0..self.clients.len() {
            self.pump_client(index);
        }
        while let Some(output) = self.server.poll_output() {
            if self.server_gone {
                continue;
            }
            match output {
                ServerOutput::Send { conn, bytes } => {
                    let bytes = self.with_ice_servers(bytes);
                    if let Some(client) = self.conns.get(&conn.0).copied() {
                        let bytes = match &mut self.second_track {
                            Some(second) if second.client != client => second.tell(bytes),
                            _ => bytes,
                        };
                        self.message(conn.0, false, Parcel::MessageToClient { client, conn: conn.0, bytes });
                    }
                }
                ServerOutput::Close { conn } => {
                    if let Some(client) = self.conns.get(&conn.0).copied() {
                        self.message(conn.0, false, Parcel::Closed { client, conn: conn.0 });
                    }
                }
                ServerOutput::Transmit { protocol: Protocol::Tcp, to, bytes } => {
                    if let Some(client) = self.client_of(to) {
                        self.frame(client, Parcel::FrameToClient { client, to, bytes });
                    }
                }
                ServerOutput::CloseStream { from } => {
                    if let Some(client) = self.client_of(from) {
                        self.frame(client, Parcel::StreamClosed { client, local: from });
                    }
                }
                ServerOutput::Transmit { to, bytes, .. } if to.ip() == turn::ADDRESS.ip() => {
                    self.relay.receive(self.now, RelayWay::Udp, server_address(), to, &bytes);
                }
                ServerOutput::Transmit { to, bytes, .. } => {
                    let client =
                        self.clients.iter().position(|client| [client.address.ip(), client.six()].contains(&to.ip()));
                    if let Some(client) = client {
                        self.datagram(client, |bytes| Parcel::ToClient { client, to, bytes }, bytes);
                    }
                }
                ServerOutput::Log { text, .. } => self.log.push(text),
                ServerOutput::Answer { response, .. } => self.answers.push(response),
                ServerOutput::Webhook(_) => {}
            }
        }
        for (way, from, to, bytes) in self.relay.sent(self.now) {
            if to == server_address() {
                self.post(self.now, Parcel::ToServer { client: 0, from, bytes });
            } else if let Some(client) = self.clients.iter().position(|client| client.address.ip() == to.ip()) {
                self.frame(client, Parcel::FromRelay { client, way, to, bytes });
            }
        }
    }

    fn with_ice_servers(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut response) = SignalResponse::decode(bytes.as_slice()) else { return bytes };
        match &mut response.message {
            Some(signal_response::Message::Join(join)) => join.ice_servers.clone_from(&self.ice_servers),
            Some(signal_response::Message::Reconnect(known)) => known.ice_servers.clone_from(&self.ice_servers),
            _ => return bytes,
        }
        response.encode_to_vec()
    }

    fn pump_client(&mut self, index: usize) {
        let now = self.now;
        loop {
            let client = &mut self.clients[index];
            client.voice.advance(now);
            while let Some(work) = client.voice.poll_work(now) {
                client.voice.finish(work.run(), now);
            }
            let Some(output) = client.voice.poll_output(now) else { break };
            let conn = client.conn;
            match output {
                Output::Dial { target } => {
                    self.message(conn, true, Parcel::HangUp { conn });
                    self.clients[index].dialed.push((now, target.clone()));
                    self.sequence += 1;
                    let conn = self.sequence;
                    self.clients[index].conn = conn;
                    self.conns.insert(conn, index);
                    self.message(conn, true, Parcel::Connect { client: index, conn, target });
                }
                Output::Signal(bytes) => self.message(conn, true, Parcel::MessageToServer { conn, bytes }),
                Output::HangUp => self.message(conn, true, Parcel::HangUp { conn }),
                Output::Transmit { side, protocol: Protocol::Tcp, to, bytes } => {
                    let mut streams = self.clients[index].streams.iter();
                    if let Some(stream) = streams.find(|s| (SIDES[s.side], s.to) == (side, to)) {
                        let from = stream.local;
                        self.frame(index, Parcel::FrameToServer { client: index, from, bytes });
                    }
                }
                Output::Transmit { side, to, bytes, .. } if to == turn::ADDRESS => {
                    let mut from = self.clients[index].address;
                    from.set_port(self.clients[index].ports[side as usize]);
                    self.frame(index, Parcel::ToRelay { way: RelayWay::Udp, from, bytes });
                }
                Output::ToRelay { side, id, bytes } => {
                    let mut streams = self.clients[index].relay_streams.iter();
                    if let Some((_, _, from)) = streams.find(|s| (SIDES[s.0], s.1) == (side, id)).copied() {
                        self.frame(index, Parcel::ToRelay { way: RelayWay::Tcp, from, bytes });
                    }
                }
                Output::Relay { side, id, at } => {
                    assert_eq!(at.host, turn::ADDRESS.ip().to_string());
                    self.sequence += 1;
                    let mut local = self.clients[index].address;
                    local.set_port(self.clients[index].ports[side as usize]);
                    if at.way != RelayWay::Udp {
                        local.set_port(40_000 + self.sequence as u16 % 20_000);
                        self.clients[index].relay_streams.push((side as usize, id, local));
                    }
                    self.frame(index, Parcel::RelayOpened { client: index, side: side as usize, id, local });
                }
                Output::Connect { side, to } if !self.clients[index].link.walled => {
                    self.sequence += 1;
                    let mut local = self.clients[index].address;
                    local.set_port(20_000 + self.sequence as u16 % 20_000);
                    let stream = Stream { side: side as usize, to, local };
                    self.frame(index, Parcel::StreamOpened { client: index, stream });
                }
                Output::Connect { .. } => {}
                Output::BindOther { side, .. } => {
                    let client = &mut self.clients[index];
                    client.others += 1;
                    let local = SocketAddr::new(client.six(), client.ports[side as usize]);
                    client.voice.session().bound_other(now, side, local);
                }
                Output::Transmit { side, to, bytes, .. } => {
                    let mut from = self.clients[index].address;
                    if to.is_ipv6() {
                        from.set_ip(self.clients[index].six());
                    }
                    from.set_port(self.clients[index].ports[side as usize]);
                    self.datagram(index, |bytes| Parcel::ToServer { client: index, from, bytes }, bytes);
                }
                Output::Bind { side } => {
                    let gone: Vec<_> = self.clients[index]
                        .streams
                        .extract_if(.., |s| SIDES[s.side] == side)
                        .map(|s| s.local)
                        .collect();
                    gone.into_iter().for_each(|from| self.server.stream_closed(now, from));
                    let client = &mut self.clients[index];
                    client.relay_streams.retain(|stream| SIDES[stream.0] != side);
                    client.ports[side as usize] += 2;
                    let mut local = client.address;
                    local.set_port(client.ports[side as usize]);
                    client.voice.session().bound(now, side, local);
                }
                Output::Media { .. } | Output::Event(_) => unreachable!("a voice keeps these"),
            }
        }
        let client = &mut self.clients[index];
        client.voice.tell_changes();
        while let Some(event) = client.voice.poll_event() {
            client.events.push(event);
        }
    }

    /// Whose TCP connection it is.
    fn client_of(&self, local: SocketAddr) -> Option<usize> {
        self.clients.iter().position(|client| client.streams.iter().any(|stream| stream.local == local))
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
    fn frame(&mut self, client: usize, parcel: Parcel) {
        let link = self.clients[client].link;
        if !link.cut {
            self.post(self.now + link.delay, parcel);
        }
    }

    fn post(&mut self, at: Instant, parcel: Parcel) {
        self.sequence += 1;
        self.parcels.push(Reverse((at, self.sequence, parcel)));
    }

    fn datagram(&mut self, client: usize, parcel: impl Fn(Vec<u8>) -> Parcel, bytes: Vec<u8>) {
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

    fn message(&mut self, conn: u64, to_server: bool, parcel: Parcel) {
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

    fn deliver(&mut self, parcel: Parcel) {
        let now = self.now;
        match parcel {
            Parcel::Connect { client, conn, target } => {
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let request = HttpRequest {
                    path: path.into(),
                    query: query.into(),
                    authorization: Some(format!(
                        "Bearer {}",
                        self.clients[client].voice.refreshed_token().unwrap_or(&self.clients[client].token)
                    )),
                    ..Default::default()
                };
                if self.server_gone {
                    return self.message(conn, false, Parcel::Closed { client, conn });
                }
                if self.clients[client].old_server && path == "/rtc/v1" {
                    let (status, body) = (404, "404 page not found".into());
                    return self.message(conn, false, Parcel::Refused { client, conn, status, body });
                }
                match self.server.connect(now, ConnId(conn), &request) {
                    Ok(()) => self.message(conn, false, Parcel::Opened { client, conn }),
                    Err(refusal) => {
                        self.log.push(refusal.log);
                        let (status, body) = (refusal.http_status, refusal.text);
                        self.message(conn, false, Parcel::Refused { client, conn, status, body });
                    }
                }
            }
            Parcel::ToServer { .. }
            | Parcel::MessageToServer { .. }
            | Parcel::HangUp { .. }
            | Parcel::FrameToServer { .. }
                if self.server_gone => {}
            Parcel::ToServer { from, bytes, .. } => {
                let to = if from.is_ipv6() { six() } else { server_address() };
                self.server.datagram(now, Protocol::Udp, from, to, &bytes);
            }
            Parcel::StreamOpened { client, stream } => {
                self.clients[client].streams.push(stream);
                let session = self.clients[client].voice.session();
                session.stream_opened(now, SIDES[stream.side], stream.to, stream.local);
            }
            Parcel::RelayOpened { client, side, id, local } => {
                let session = self.clients[client].voice.session();
                session.relay_opened(now, SIDES[side], id, turn::ADDRESS, local);
            }
            Parcel::ToRelay { way, from, bytes } => self.relay.receive(now, way, from, turn::ADDRESS, &bytes),
            Parcel::FromRelay { client, way, to, bytes } => {
                let client = &mut self.clients[client];
                let stream = client.relay_streams.iter().find(|stream| stream.2 == to);
                let port = client.ports.iter().position(|port| *port == to.port());
                match (way, stream.copied(), port) {
                    (RelayWay::Udp, _, Some(side)) => {
                        client.voice.session().datagram(now, SIDES[side], Protocol::Udp, turn::ADDRESS, &bytes);
                    }
                    (RelayWay::Tcp, Some((side, id, _)), _) => {
                        client.voice.session().relay_message(now, SIDES[side], id, &bytes);
                    }
                    _ => {}
                }
            }
            Parcel::StreamClosed { client, local } => {
                let streams = &mut self.clients[client].streams;
                let Some(at) = streams.iter().position(|stream| stream.local == local) else { return };
                let stream = streams.remove(at);
                self.clients[client].voice.session().stream_closed(now, SIDES[stream.side], stream.to);
            }
            Parcel::FrameToServer { client, from, bytes } => {
                if self.clients[client].streams.iter().any(|stream| stream.local == from) {
                    self.server.datagram(now, Protocol::Tcp, from, tcp_address(), &bytes);
                }
            }
            Parcel::FrameToClient { client, to, bytes } => {
                let client = &mut self.clients[client];
                if let Some(stream) = client.streams.iter().find(|stream| stream.local == to) {
                    let session = client.voice.session();
                    session.datagram(now, SIDES[stream.side], Protocol::Tcp, stream.to, &bytes);
                }
            }
            Parcel::MessageToServer { conn, bytes } => {
                self.longest_message = self.longest_message.max(bytes.len());
                self.server.message(now, ConnId(conn), &bytes);
            }
            Parcel::HangUp { conn } => self.server.disconnected(now, ConnId(conn)),
            Parcel::ToClient { client, to, bytes } => {
                let ports = self.clients[client].ports;
                let side = match ports.iter().position(|port| *port == to.port()) {
                    Some(0) => Side::Publisher,
                    Some(_) => Side::Subscriber,
                    // The socket is closed.
                    None => return,
                };
                let from = if to.is_ipv6() { six() } else { server_address() };
                self.clients[client].voice.session().datagram(now, side, Protocol::Udp, from, &bytes);
            }
            Parcel::MessageToClient { client, conn, bytes } => {
                if let Some(session) = self.session(client, conn) {
                    session.message(now, &bytes);
                }
            }
            Parcel::Opened { client, conn } => {
                if let Some(session) = self.session(client, conn) {
                    session.opened(now);
                }
            }
            Parcel::Refused { client, conn, status, body } => {
                if let Some(session) = self.session(client, conn) {
                    session.refused(now, status, &body);
                }
            }
            Parcel::Closed { client, conn } => {
                if let Some(session) = self.session(client, conn) {
                    session.closed("the server closed it");
                }
            }
        }
    }

    fn session(&mut self, client: usize, conn: u64) -> Option<&mut stoa::client::session::Session> {
        let client = &mut self.clients[client];
        (client.conn == conn).then(|| client.voice.session())
    }
}

/// A sine of `hertz` at half loudness, for so long.
pub fn tone(hertz: f64, rate: u32, span: Duration) -> Vec<i16> {
    let samples = (span.as_secs_f64() * f64::from(rate)).round() as usize;
    (0..samples)
        .map(|n| ((std::f64::consts::TAU * hertz * n as f64 / f64::from(rate)).sin() * 16_000.0) as i16)
        .collect()
}

/// How much of the sound's energy is at `hertz` (Goertzel): 1 for a pure tone, near 0 without it.
pub fn share_of(hertz: f64, rate: u32, pcm: &[i16]) -> f64 {
    let energy: f64 = pcm.iter().map(|s| f64::from(*s).powi(2)).sum();
    if energy == 0.0 {
        return 0.0;
    }
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let angle = std::f64::consts::TAU * hertz * n as f64 / f64::from(rate);
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    (re * re + im * im) * 2.0 / (energy * pcm.len() as f64)
}
