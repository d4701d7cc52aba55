//! The server's thread: the room server, from its beginning to its end, with its datagrams and its time.

use super::addresses::{arrival, plain};
use super::shared::{Shared, State};
use super::{LogSink, ServerOptions};
use crate::driver::alarm::Alarm;
use crate::driver::clock::time_of_day;
use crate::driver::http;
use crate::driver::page::Site;
use crate::driver::stats::{Board, Cpu, Reporting, ServerStats};
use crate::driver::tls::Tls;
use crate::driver::webhook::{Hook, Hooks};
use crate::rtc::Protocol;
use crate::server::{AdminOptions, Level, Limits, RoomServer, ServerConfig};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Datagrams taken in before any leave: bursts share their wake-up and their flush.
const BATCH: usize = 64;
/// A datagram's largest size, bytes; WebRTC stays under the Ethernet MTU.
const MAX_DATAGRAM: usize = 2048;

/// What a server's thread is given.
pub(super) struct Settings {
    pub(super) options: ServerOptions,
    pub(super) hooks: Vec<Hook>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) media: Vec<SocketAddr>,
    pub(super) streams: Vec<SocketAddr>,
    pub(super) log: LogSink,
    pub(super) counted: Arc<Board<ServerStats>>,
    pub(super) cpu: Arc<Cpu>,
}

pub(super) async fn run(tcp: TcpListener, udp: UdpSocket, settings: Settings, stop: Arc<Notify>) {
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

impl Shared {
    async fn media(&self) {
        let (mut buffer, mut alarm) = (vec![0; MAX_DATAGRAM], Alarm::new());
        loop {
            let deadline = {
                let state = self.lock();
                state.server.deadline().into_iter().chain(state.reporting.deadline()).min()
            };
            tokio::select! {
                // Errors here belong to a datagram sent earlier (a peer's port is closed): nothing to wait for.
                _ = self.udp.readable() => self.receive(&mut buffer),
                () = alarm.wait(deadline) => {
                    let mut state = self.lock();
                    let now = state.now();
                    state.server.timeout(now);
                    self.carry_out(&mut state);
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
        self.carry_out(&mut state);
    }
}
