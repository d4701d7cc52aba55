//! The room server on real sockets: one thread, one TCP port for signalling (and media where UDP is blocked), one UDP port for media.
//!
//! Here: how it is made, and its handle. `run`: what its thread does. `shared`: what its tasks share, and what comes in. `outputs`: what
//! leaves. `addresses`: where it is bound, and what it announces.

mod addresses;
mod outputs;
mod run;
mod shared;
#[cfg(test)]
mod tests;

use super::page::Page;
use super::stats::{Board, Cpu, ServerStats};
use super::webhook::{self, Hook};
use crate::server::Level;
use crate::{Error, Result, Status};
pub(super) use addresses::plain;
use addresses::{bind_udp, reachable, unavailable};
use run::{Settings, run};
pub(super) use shared::Shared;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::Notify;

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
