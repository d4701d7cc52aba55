//! The room server on real sockets: one thread, one TCP port for signalling (and media where UDP is blocked), one UDP port for media.

use super::clock::{time_of_day, time_us};
use super::framing;
use super::http;
use super::page::{Page, Site};
use super::sockets::local_towards;
use super::stats::{Board, Cpu, Reporting, ServerStats};
use super::tls::Tls;
use super::webhook::{self, Hook, Hooks};
use crate::log::one_line;
use crate::rtc::Protocol;
use crate::server::{
    AdminAnswer, AdminOptions, AdminRequest, AdminResponse, CallId, ConnId, HttpRequest, Level, Limits, Output,
    Refusal, RoomServer, ServerConfig,
};
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};

/// Messages that may wait for a WebSocket's reader; one that is slower is closed.
const MAX_QUEUED_MESSAGES: usize = 512;
/// Datagrams taken in before any leave: bursts share their wake-up and their flush.
const BATCH: usize = 64;
/// The UDP receive buffer asked for, bytes: half a second of 64 speakers. The system may grant less.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// The process, or the system, has no more descriptors: the numbers are the same on every Unix.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;
/// A datagram's largest size, bytes; WebRTC stays under the Ethernet MTU.
const MAX_DATAGRAM: usize = 2048;

/// How a room server is made.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The address to bind; loopback by default.
    pub bind: IpAddr,
    /// TCP port for signalling; 0 takes a free one.
    pub port: u16,
    /// UDP port for media; 0 takes a free one.
    pub udp_port: u16,
    /// API keys and their secrets (app ids and certificates).
    pub keys: Vec<(String, String)>,
    /// Where events are posted, as `https://host:port/path` or `http://`, signed with the first key; at most 8.
    pub webhooks: Vec<String>,
    /// A PEM file with the certificates to trust where they are posted by `https://`, and no others. Empty: those of the system.
    pub ca_file: String,
    /// `GET /metrics` shows the server's numbers to everyone who can reach its port.
    pub metrics: bool,
    /// The room service may unmute, which opens somebody's microphone from afar.
    pub remote_unmute: bool,
    /// What browsers are shown.
    pub pages: &'static [Page],
    /// The pages get a token for any room and user, signed with the first key. So does everyone else who can reach the port.
    pub development: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            udp_port: 0,
            keys: Vec::new(),
            webhooks: Vec::new(),
            ca_file: String::new(),
            metrics: false,
            remote_unmute: false,
            pages: &[],
            development: false,
        }
    }
}

/// Takes the server's log lines.
pub type LogSink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// A running room server; it ends when closed or dropped.
pub struct Server {
    address: SocketAddr,
    udp_port: u16,
    stop: Arc<Notify>,
    thread: Mutex<Option<JoinHandle<()>>>,
    counted: Arc<Board<ServerStats>>,
    cpu: Arc<Cpu>,
}

impl Server {
    /// Binds and starts. Fails with ADDRESS where a port is in use or the address is none of this machine,
    /// with BAD_ARGUMENT without keys. It logs where the library does ([`crate::log`]).
    pub fn new(options: ServerOptions) -> Result<Server> {
        let log = |level, text: &str| {
            let level = if level == Level::Warning { crate::log::Level::Warn } else { crate::log::Level::Info };
            crate::log::log(level, text);
        };
        Server::with_log(options, Arc::new(log))
    }

    /// The same, with a taker for log lines of its own; it runs on the server's thread and must not block.
    pub fn with_log(options: ServerOptions, log: LogSink) -> Result<Server> {
        if options.keys.is_empty() || options.keys.iter().any(|(key, secret)| key.is_empty() || secret.is_empty()) {
            let text = "The room server needs at least one key with a secret, neither of them empty.";
            return Err(Error::new(Status::BAD_ARGUMENT, text));
        }
        let hooks = Hook::parse_all(&options.webhooks)?;
        let tls = webhook::trust(&hooks, &options.ca_file)?;
        let tcp = TcpListener::bind((options.bind, options.port))
            .map_err(|error| unavailable("TCP", options.bind, options.port, &error))?;
        let udp = bind_udp(options.bind, options.udp_port)
            .map_err(|error| unavailable("UDP", options.bind, options.udp_port, &error))?;
        let internal = |error: std::io::Error| {
            Error::new(
                Status::INTERNAL,
                format!("The room server could not start: {error}. Are there enough descriptors?"),
            )
        };
        let address = tcp.local_addr().map_err(internal)?;
        let udp_port = udp.local_addr().map_err(internal)?.port();
        tcp.set_nonblocking(true).map_err(internal)?;
        let media: Vec<SocketAddr> =
            reachable(options.bind).into_iter().map(|ip| SocketAddr::new(ip, udp_port)).collect();
        let streams = media.iter().map(|media| SocketAddr::new(media.ip(), address.port())).collect();
        let cpu = Arc::new(Cpu::default());
        let counted = Arc::new(Board::default());
        let runtime = {
            let cpu = cpu.clone();
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().on_thread_park(move || cpu.look()).build().map_err(internal)?
        };
        let stop = Arc::new(Notify::new());
        let (stopped, board, looked) = (stop.clone(), counted.clone(), cpu.clone());
        let run = move || {
            let settings = Settings { options, hooks, tls, media, streams, log, counted: board, cpu: looked };
            runtime.block_on(run(tcp, udp, settings, stopped));
            // Connections that are still open must not hold up the thread.
            runtime.shutdown_background();
        };
        let thread = crate::thread::start("stoa-server", run).map_err(internal)?;
        Ok(Server { address, udp_port, stop, thread: Mutex::new(Some(thread)), counted, cpu })
    }

    /// `ws://ADDR:PORT`; loopback where the server is bound to all addresses.
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("ws://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The UDP port.
    pub fn udp_port(&self) -> u16 {
        self.udp_port
    }

    /// What was counted so far, as of 100 ms ago or less.
    pub fn stats(&self) -> ServerStats {
        ServerStats { cpu_us: self.cpu.used_us(), ..self.counted.read() }
    }

    /// Ends all rooms, within a second. Idempotent.
    pub fn close(&self) {
        self.stop.notify_one();
        let thread = self.thread.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some(thread) = thread {
            // A fault of that thread ended the server already; there is nothing left to do.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

fn unavailable(what: &str, ip: IpAddr, port: u16, error: &std::io::Error) -> Error {
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

fn bind_udp(ip: IpAddr, port: u16) -> std::io::Result<UdpSocket> {
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
fn reachable(bind: IpAddr) -> Vec<IpAddr> {
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
fn arrival(announced: &[SocketAddr], from: SocketAddr) -> SocketAddr {
    announced.iter().find(|address| address.is_ipv4() == from.is_ipv4()).copied().unwrap_or(announced[0])
}

/// An address as people write it: that of IPv4 on a socket for both families is plain IPv4.
pub(super) fn plain(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

/// An address as a socket for both families takes it.
fn mapped(to: SocketAddr) -> SocketAddr {
    match to.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
        IpAddr::V6(_) => to,
    }
}

/// What the tasks of a server share. All of them run on its one thread, so the lock is never waited for.
pub(super) struct Shared {
    state: Mutex<State>,
    udp: tokio::net::UdpSocket,
    /// The addresses that are announced, for UDP and for TCP.
    media: Vec<SocketAddr>,
    streams: Vec<SocketAddr>,
    /// The UDP socket is of IPv6, and takes IPv4 too.
    both_families: bool,
    /// The deadline may have changed.
    changed: Notify,
    counted: Arc<Board<ServerStats>>,
    cpu: Arc<Cpu>,
    /// Whether everybody may see the numbers.
    metrics: bool,
    pub(super) site: Site,
}

/// The answer to a call of the room service that has to wait.
pub(super) type Later = oneshot::Receiver<AdminResponse>;

struct State {
    server: RoomServer,
    conns: BTreeMap<ConnId, mpsc::Sender<Vec<u8>>>,
    /// Who waits for an answer of the room service; the room server bounds them.
    calls: BTreeMap<CallId, oneshot::Sender<AdminResponse>>,
    /// TCP connections of media, by where they come from.
    streams: BTreeMap<SocketAddr, mpsc::Sender<Vec<u8>>>,
    next_conn: u64,
    log: LogSink,
    /// Datagrams that the system's send buffer, or the queue of a TCP connection, had no room for.
    unsent: u64,
    /// WebSockets closed because their reader was too slow, or gone.
    dropped: u64,
    reporting: Reporting,
    hooks: Hooks,
}

impl State {
    /// Now, after the room server was told what time of day that is: for all but datagrams, which have nothing to do with tokens.
    fn now(&mut self) -> Instant {
        let now = Instant::now();
        self.server.wall_clock(now, time_of_day().as_micros() as u64);
        now
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Answers a validation request.
    pub(super) fn validate(&self, request: &HttpRequest) -> std::result::Result<(), Refusal> {
        let mut state = self.lock();
        let now = state.now();
        let outcome = state.server.validate(now, request);
        if let Err(refusal) = &outcome {
            (state.log)(
                Level::Info,
                &format!("A join would be refused with {}: {}", refusal.http_status, one_line(&refusal.log)),
            );
        }
        outcome
    }

    /// Answers a call of the room service, perhaps later.
    pub(super) fn admin(&self, request: &AdminRequest) -> std::result::Result<AdminResponse, Later> {
        let mut state = self.lock();
        let now = state.now();
        let answer = match state.server.admin(now, request) {
            AdminAnswer::Now(response) => Ok(response),
            AdminAnswer::Later(call) => {
                let (sender, receiver) = oneshot::channel();
                state.calls.insert(call, sender);
                Err(receiver)
            }
        };
        self.pump(&mut state);
        answer
    }

    /// How many rooms and participants there are.
    pub(super) fn population(&self) -> (usize, usize) {
        self.lock().server.population()
    }

    /// The numbers as of now, if everybody may see them.
    pub(super) fn metrics(&self) -> Option<ServerStats> {
        self.metrics.then(|| {
            self.report(&mut self.lock(), Instant::now());
            ServerStats { cpu_us: self.cpu.used_us(), ..self.counted.read() }
        })
    }

    /// A WebSocket asks to join: its number, and the queue of what it is to be sent, which ends when it is to be closed.
    pub(super) fn connect(
        &self,
        request: &HttpRequest,
    ) -> std::result::Result<(ConnId, mpsc::Receiver<Vec<u8>>), Refusal> {
        let mut state = self.lock();
        state.next_conn += 1;
        let conn = ConnId(state.next_conn);
        let (sender, receiver) = mpsc::channel(MAX_QUEUED_MESSAGES);
        state.conns.insert(conn, sender);
        let now = state.now();
        if let Err(refusal) = state.server.connect(now, conn, request) {
            state.conns.remove(&conn);
            (state.log)(
                Level::Info,
                &format!("A join was refused with {}: {}", refusal.http_status, one_line(&refusal.log)),
            );
            self.pump(&mut state);
            return Err(refusal);
        }
        self.pump(&mut state);
        Ok((conn, receiver))
    }

    /// A WebSocket's message.
    pub(super) fn message(&self, conn: ConnId, bytes: &[u8]) {
        let mut state = self.lock();
        let now = state.now();
        state.server.message(now, conn, bytes);
        self.pump(&mut state);
    }

    /// A WebSocket is gone.
    pub(super) fn disconnected(&self, conn: ConnId) {
        let mut state = self.lock();
        state.conns.remove(&conn);
        state.server.disconnected(Instant::now(), conn);
        self.pump(&mut state);
    }

    /// A TCP connection is there for media: the queue of what it is to be sent, which ends when it is to be closed. None if there
    /// is one from the same place.
    pub(super) fn stream_opened(&self, from: SocketAddr) -> Option<mpsc::Receiver<Vec<u8>>> {
        let mut state = self.lock();
        let Entry::Vacant(place) = state.streams.entry(from) else { return None };
        let (sender, receiver) = mpsc::channel(framing::MAX_QUEUED);
        place.insert(sender);
        Some(receiver)
    }

    /// A datagram came over it. Whether it belonged to somebody.
    pub(super) fn frame(&self, from: SocketAddr, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        let known = state.server.datagram(Instant::now(), Protocol::Tcp, from, arrival(&self.streams, from), bytes);
        self.pump(&mut state);
        known
    }

    /// It is closed.
    pub(super) fn stream_closed(&self, from: SocketAddr) {
        let mut state = self.lock();
        state.streams.remove(&from);
        state.server.stream_closed(Instant::now(), from);
        self.pump(&mut state);
    }

    /// A connection that was no WebSocket yet made room for another one.
    pub(super) fn pushed_out(&self, count: u64) {
        if count.is_power_of_two() {
            let text = format!("Too many connections that ask for nothing: {count} closed to make room for others.");
            (self.lock().log)(Level::Warning, &text);
        }
    }

    /// Does what the room server wants done.
    fn pump(&self, state: &mut State) {
        while let Some(output) = state.server.poll_output() {
            match output {
                Output::Transmit { protocol: Protocol::Tcp, to, bytes } => {
                    // One that is closed by now lost its datagrams, as any way does that is gone.
                    let queue = state.streams.get(&to);
                    state.unsent +=
                        u64::from(matches!(queue.map(|q| q.try_send(bytes)), Some(Err(TrySendError::Full(_)))));
                }
                Output::CloseStream { from } => _ = state.streams.remove(&from),
                Output::Transmit { to, bytes, .. } => {
                    let to = if self.both_families { mapped(to) } else { to };
                    if let Err(error) = self.udp.try_send_to(&bytes, to)
                        && error.kind() == std::io::ErrorKind::WouldBlock
                    {
                        state.unsent += 1;
                        if state.unsent.is_power_of_two() {
                            let text = format!("The system's send buffer is full: {} datagrams lost.", state.unsent);
                            (state.log)(Level::Warning, &text);
                        }
                    }
                }
                Output::Send { conn, bytes } => {
                    if state.conns.get(&conn).is_some_and(|queue| queue.try_send(bytes).is_err()) {
                        state.conns.remove(&conn);
                        state.dropped += 1;
                        (state.log)(Level::Warning, "A WebSocket is closed: its reader is too slow, or gone.");
                        state.server.disconnected(Instant::now(), conn);
                    }
                }
                Output::Close { conn } => {
                    state.conns.remove(&conn);
                }
                Output::Log { level, text } => (state.log)(level, &text),
                Output::Answer { call, response } => {
                    // Who called may not have waited.
                    let _ = state.calls.remove(&call).map(|caller| caller.send(response));
                }
                Output::Webhook(webhook) => {
                    if let Some(dropped) = state.hooks.put(webhook).filter(|dropped| dropped.is_power_of_two()) {
                        let text = format!("Webhooks are not taken fast enough: {dropped} dropped.");
                        (state.log)(Level::Warning, &text);
                    }
                }
            }
        }
        let now = Instant::now();
        if state.reporting.changed(now) {
            self.report(state, now);
        }
        self.changed.notify_one();
    }

    /// Puts the numbers up for who asks.
    fn report(&self, state: &mut State, now: Instant) {
        let depth = |queue: &mpsc::Sender<_>| (queue.max_capacity() - queue.capacity()) as u64;
        let signals_waiting = state.conns.values().map(depth).sum();
        if signals_waiting > 0 {
            // WebSockets take them without a word to the room server.
            state.reporting.again(now);
        }
        let (webhooks_sent, webhooks_failed, webhooks_dropped) = state.hooks.counted();
        self.counted.put(ServerStats {
            time_us: time_us(),
            rooms: state.server.stats(),
            packets_unsent: state.unsent,
            websockets: state.conns.len() as u64,
            websockets_dropped: state.dropped,
            signals_waiting,
            cpu_us: 0,
            webhooks_sent,
            webhooks_failed,
            webhooks_dropped,
        });
    }

    async fn media(&self) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let deadline = {
                let state = self.lock();
                state.server.deadline().into_iter().chain(state.reporting.deadline()).min()
            };
            let sleep = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Errors here belong to a datagram sent earlier (a peer's port is closed): nothing to wait for.
                _ = self.udp.readable() => self.receive(&mut buffer),
                () = sleep => {
                    let mut state = self.lock();
                    let now = state.now();
                    state.server.timeout(now);
                    self.pump(&mut state);
                }
                () = self.changed.notified() => {}
            }
        }
    }

    fn receive(&self, buffer: &mut [u8]) {
        let mut state = self.lock();
        for _ in 0..BATCH {
            match self.udp.try_recv_from(buffer) {
                Ok((length, from)) => {
                    let from = if self.both_families { plain(from) } else { from };
                    let to = arrival(&self.media, from);
                    state.server.datagram(Instant::now(), Protocol::Udp, from, to, &buffer[..length]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
        self.pump(&mut state);
    }
}

/// What a server's thread is given.
struct Settings {
    options: ServerOptions,
    hooks: Vec<Hook>,
    tls: Option<Arc<Tls>>,
    media: Vec<SocketAddr>,
    streams: Vec<SocketAddr>,
    log: LogSink,
    counted: Arc<Board<ServerStats>>,
    cpu: Arc<Cpu>,
}

async fn run(tcp: TcpListener, udp: UdpSocket, settings: Settings, stop: Arc<Notify>) {
    let Settings { options, hooks, tls, media, streams, log, counted, cpu } = settings;
    let both_families = options.bind.is_ipv6() && options.bind.is_unspecified();
    let announced = (media.clone(), streams.clone());
    let unix_us = time_of_day().as_micros() as u64;
    let site = Site::new(&options);
    let key = options.keys[0].clone();
    let config = ServerConfig { keys: options.keys, media, streams, limits: Limits::default() };
    // Sids need not be secret, only different: the clock is seed enough.
    let mut server = RoomServer::new(config, unix_us, Instant::now(), unix_us);
    let hooks = Hooks::new(hooks, tls, key, &log);
    server.set_admin_options(AdminOptions { webhooks: hooks.any(), remote_unmute: options.remote_unmute });
    let sockets = tokio::net::UdpSocket::from_std(udp).and_then(|u| Ok((u, tokio::net::TcpListener::from_std(tcp)?)));
    let (udp, tcp) = match sockets {
        Ok(sockets) => sockets,
        Err(error) => return log(Level::Warning, &format!("The room server could not start: {error}.")),
    };
    let (conns, calls) = (BTreeMap::new(), BTreeMap::new());
    let reporting = Reporting::default();
    let state = State {
        server,
        conns,
        calls,
        streams: BTreeMap::new(),
        next_conn: 0,
        log,
        unsent: 0,
        dropped: 0,
        reporting,
        hooks,
    };
    let (state, changed, metrics) = (Mutex::new(state), Notify::new(), options.metrics);
    let shared = Arc::new(Shared {
        state,
        udp,
        media: announced.0,
        streams: announced.1,
        both_families,
        changed,
        counted,
        cpu,
        metrics,
        site,
    });
    shared.report(&mut shared.lock(), Instant::now());
    tokio::select! {
        () = shared.media() => {}
        () = http::serve(tcp, shared.clone()) => {}
        () = stop.notified() => {}
    }
    let hooks = {
        let mut state = shared.lock();
        state.server.shutdown(Instant::now());
        shared.pump(&mut state);
        shared.report(&mut state, Instant::now());
        std::mem::take(&mut state.hooks)
    };
    // The WebSockets' tasks say goodbye meanwhile.
    tokio::join!(tokio::time::sleep(Duration::from_millis(50)), hooks.finish());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn options() -> ServerOptions {
        ServerOptions { keys: vec![("app".into(), "secret".into())], ..Default::default() }
    }

    fn get(port: u16, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn it_serves_until_it_is_closed() {
        let server = Server::new(options()).unwrap();
        let port = server.port();
        assert_eq!(server.url(), format!("ws://127.0.0.1:{port}"));
        assert!(get(port, "/").starts_with("HTTP/1.1 200"));
        assert!(get(port, "/rtc/v1").starts_with("HTTP/1.1 404"), "no WebSocket, no service");
        let refused = get(port, "/rtc/validate?access_token=x.y.z");
        assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("The token"), "{refused}");
        assert!(get(port, "/nothing/validate").starts_with("HTTP/1.1 404"));
        // A connection that says nothing does not hold it up.
        let _idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let start = Instant::now();
        server.close();
        server.close();
        assert!(start.elapsed() < http::UPGRADE);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port is free again");
    }

    #[test]
    fn connections_that_ask_for_nothing_keep_nobody_out() {
        let server = Server::new(options()).unwrap();
        let half_a_request = || {
            let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
            stream
        };
        let mut idle: Vec<_> = (0..http::MAX_UPGRADING + 8).map(|_| half_a_request()).collect();
        let start = Instant::now();
        assert!(get(server.port(), "/").starts_with("HTTP/1.1 200"));
        // The oldest made room, the newest wait for their time to be over.
        let mut rest = [0; 1];
        idle[0].set_read_timeout(Some(http::UPGRADE)).unwrap();
        let closed = idle[0].read(&mut rest);
        assert!(matches!(&closed, Ok(0)) || closed.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset);
        assert!(start.elapsed() < http::UPGRADE, "{:?}", start.elapsed());
        let newest = idle.last_mut().unwrap();
        newest.set_read_timeout(Some(http::UPGRADE + Duration::from_secs(5))).unwrap();
        assert_eq!(newest.read(&mut rest).unwrap(), 0, "closed without a word");
        assert!(start.elapsed() > http::UPGRADE - Duration::from_secs(1));
    }

    #[test]
    fn what_cannot_be_bound_is_said() {
        let first = Server::new(options()).unwrap();
        let says = |options: ServerOptions, status: Status, part: &str| {
            let error = Server::new(options).err().expect("an error");
            assert_eq!(error.status, status);
            assert!(error.text.contains(part), "{} lacks {part}", error.text);
        };
        says(ServerOptions { port: first.port(), ..options() }, Status::ADDRESS, "another program has it");
        says(ServerOptions { udp_port: first.udp_port(), ..options() }, Status::ADDRESS, "UDP");
        says(
            ServerOptions { bind: "192.0.2.1".parse().unwrap(), ..options() },
            Status::ADDRESS,
            "no address of this machine",
        );
        says(ServerOptions::default(), Status::BAD_ARGUMENT, "at least one key");
    }

    #[test]
    fn a_server_on_all_addresses_announces_some_that_can_be_reached() {
        let addresses = reachable(Ipv4Addr::UNSPECIFIED.into());
        assert!(addresses.contains(&Ipv4Addr::LOCALHOST.into()));
        assert!(addresses.iter().all(|a| !a.is_unspecified()), "{addresses:?}");
        let both = reachable(Ipv6Addr::UNSPECIFIED.into());
        assert!([Ipv4Addr::LOCALHOST.into(), IpAddr::from(Ipv6Addr::LOCALHOST)].iter().all(|ip| both.contains(ip)));
        assert_eq!(reachable("127.0.0.2".parse().unwrap()), ["127.0.0.2".parse::<IpAddr>().unwrap()]);
    }
}
