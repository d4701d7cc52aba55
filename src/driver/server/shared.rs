//! What the tasks of a server share: the room server, and the queues that lead out of it. Requests and messages come in here.

use super::LogSink;
use super::addresses::arrival;
use crate::driver::clock::time_of_day;
use crate::driver::framing;
use crate::driver::page::Site;
use crate::driver::stats::{Board, Cpu, Reporting, ServerStats};
use crate::driver::webhook::Hooks;
use crate::log::one_line;
use crate::rtc::Protocol;
use crate::server::{
    AdminAnswer, AdminRequest, AdminResponse, CallId, ConnId, HttpRequest, Level, Refusal, RoomServer,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::{Notify, mpsc, oneshot};

/// Messages that may wait for a WebSocket's reader; one that is slower is closed.
const MAX_QUEUED_MESSAGES: usize = 512;

/// What the tasks of a server share. All of them run on its one thread, so the lock is never waited for.
pub(in super::super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) udp: tokio::net::UdpSocket,
    /// The addresses that are announced, for UDP and for TCP.
    pub(super) media: Vec<SocketAddr>,
    pub(super) streams: Vec<SocketAddr>,
    /// The UDP socket is of IPv6, and takes IPv4 too.
    pub(super) both_families: bool,
    /// The deadline may have changed.
    pub(super) changed: Notify,
    pub(super) counted: Arc<Board<ServerStats>>,
    pub(super) cpu: Arc<Cpu>,
    /// Whether everybody may see the numbers.
    pub(super) metrics: bool,
    pub(in super::super) site: Site,
}

/// The answer to a call of the room service that has to wait.
pub(in super::super) type Later = oneshot::Receiver<AdminResponse>;

pub(super) struct State {
    pub(super) server: RoomServer,
    pub(super) conns: BTreeMap<ConnId, mpsc::Sender<Vec<u8>>>,
    /// Who waits for an answer of the room service; the room server bounds them.
    pub(super) calls: BTreeMap<CallId, oneshot::Sender<AdminResponse>>,
    /// TCP connections of media, by where they come from.
    pub(super) streams: BTreeMap<SocketAddr, mpsc::Sender<Vec<u8>>>,
    pub(super) next_conn: u64,
    pub(super) log: LogSink,
    /// Datagrams that the system's send buffer, or the queue of a TCP connection, had no room for.
    pub(super) unsent: u64,
    /// WebSockets closed because their reader was too slow, or gone.
    pub(super) dropped: u64,
    pub(super) reporting: Reporting,
    pub(super) hooks: Hooks,
}

impl State {
    /// Now, after the room server was told what time of day that is: for all but datagrams, which have nothing to do with tokens.
    pub(super) fn now(&mut self) -> Instant {
        let now = Instant::now();
        self.server.wall_clock(now, time_of_day().as_micros() as u64);
        now
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Answers a validation request.
    pub(in super::super) fn validate(&self, request: &HttpRequest) -> std::result::Result<(), Refusal> {
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
    pub(in super::super) fn admin(&self, request: &AdminRequest) -> std::result::Result<AdminResponse, Later> {
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
    pub(in super::super) fn population(&self) -> (usize, usize) {
        self.lock().server.population()
    }

    /// The numbers as of now, if everybody may see them.
    pub(in super::super) fn metrics(&self) -> Option<ServerStats> {
        self.metrics.then(|| {
            self.report(&mut self.lock(), Instant::now());
            ServerStats { cpu_us: self.cpu.used_us(), ..self.counted.read() }
        })
    }

    /// A WebSocket asks to join: its number, and the queue of what it is to be sent, which ends when it is to be closed.
    pub(in super::super) fn connect(
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
    pub(in super::super) fn message(&self, conn: ConnId, bytes: &[u8]) {
        let mut state = self.lock();
        let now = state.now();
        state.server.message(now, conn, bytes);
        self.pump(&mut state);
    }

    /// A WebSocket is gone.
    pub(in super::super) fn disconnected(&self, conn: ConnId) {
        let mut state = self.lock();
        state.conns.remove(&conn);
        state.server.disconnected(Instant::now(), conn);
        self.pump(&mut state);
    }

    /// A TCP connection is there for media: the queue of what it is to be sent, which ends when it is to be closed. None if there
    /// is one from the same place.
    pub(in super::super) fn stream_opened(&self, from: SocketAddr) -> Option<mpsc::Receiver<Vec<u8>>> {
        let mut state = self.lock();
        let Entry::Vacant(place) = state.streams.entry(from) else { return None };
        let (sender, receiver) = mpsc::channel(framing::MAX_QUEUED);
        place.insert(sender);
        Some(receiver)
    }

    /// A datagram came over it. Whether it belonged to somebody.
    pub(in super::super) fn frame(&self, from: SocketAddr, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        let known = state.server.datagram(Instant::now(), Protocol::Tcp, from, arrival(&self.streams, from), bytes);
        self.pump(&mut state);
        known
    }

    /// It is closed.
    pub(in super::super) fn stream_closed(&self, from: SocketAddr) {
        let mut state = self.lock();
        state.streams.remove(&from);
        state.server.stream_closed(Instant::now(), from);
        self.pump(&mut state);
    }

    /// A connection that was no WebSocket yet made room for another one.
    pub(in super::super) fn pushed_out(&self, count: u64) {
        if count.is_power_of_two() {
            let text = format!("Too many connections that ask for nothing: {count} closed to make room for others.");
            (self.lock().log)(Level::Warning, &text);
        }
    }
}
