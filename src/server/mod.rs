//! The room server: rooms, participants, forwarding. It decodes nothing, and it is sans-IO: requests, messages, datagrams
//! and time go in, what is to be sent comes out of [`RoomServer::poll_output`].
//!
//! A [`RoomServer`] is one shard: rooms in it share nothing with rooms of another.
//!
//! - `interface.rs`: what goes in and comes out.
//! - `connect.rs`: joining. `resume.rs`: resuming. `care.rs`: looking after who is there. `leaving.rs`: leaving. `moving.rs`: to another room.
//!   `permit.rs`: what tokens allow. `requests.rs`: what a client asks. `negotiate.rs`: offers and answers.
//! - `subscribe.rs`: who hears whom. `speakers.rs`: who is speaking.
//! - `data.rs`: data packets; `deliver.rs`: to whom. `data_tracks/`: data tracks.
//! - `datagrams.rs`: whose they are. `media.rs`: what goes into peer connections and comes out of them. `peer.rs`: one of them.
//! - `forward.rs`: from one to the others. `track.rs`: numbers and payloads of a track. `intake.rs`, `shortcut.rs`: in and out, past the
//!   peer connection. `check.rs`: a check back.
//! - `timers.rs`: what is due, and containing faults. `telling.rs`: the log, and what clients are told of each other.
//! - `video/`: layers, key frames, and what video needs of descriptions. `quality.rs`: how well connections do.
//! - `admin/`: LiveKit's room service. `rooms.rs`: how rooms begin and end. `webhook.rs`: telling others of it.
//! - `stats.rs`: what was counted.

pub mod admin;
mod care;
mod check;
mod connect;
mod data;
mod data_tracks;
mod datagrams;
mod deliver;
mod forward;
mod ids;
mod intake;
mod interface;
mod leaving;
mod media;
mod moving;
mod negotiate;
mod participant;
mod peer;
mod permit;
mod quality;
mod requests;
mod resume;
mod rooms;
mod shortcut;
mod simulate;
mod speakers;
mod stats;
mod subscribe;
mod telling;
#[cfg(test)]
mod tests;
mod timers;
mod track;
mod video;
mod webhook;

use crate::clock::Clock;
use crate::rtc::Protocol;
pub use admin::{AdminAnswer, AdminOptions, AdminRequest, AdminResponse, CallId};
use data_tracks::DataTrack;
pub use interface::{ConnId, HttpRequest, Level, Limits, Output, Refusal, ServerConfig};
use participant::Participant;
pub use stats::ServerStats;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::config::{CryptoProvider, DtlsCert};
use track::{Track, TrackId};
pub use webhook::{CONTENT_TYPE as WEBHOOK_CONTENT_TYPE, Webhook};

/// One participant's stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ParticipantId(u64);

/// Which of a participant's peer connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Main,
    Down,
}

/// Something to do later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    /// A peer connection's own timers.
    Peer(ParticipantId, Side),
    /// Looking after a participant: pings, tokens, waiting for a resume.
    Care(ParticipantId),
    /// A room's active speakers.
    Speakers(Arc<str>),
    /// How well a room's connections do.
    Quality(Arc<str>),
    /// The time of a room that nobody keeps is over.
    Close(Arc<str>),
    /// Telling a publisher that less of a track is watched.
    Layers(TrackId),
    /// A call of the room service waits no longer.
    Call(CallId),
    /// Closing a WebSocket that was told to go.
    HangUp(ConnId),
}

/// A room.
struct Room {
    sid: String,
    created_ms: i64,
    /// In the order they joined.
    members: Vec<ParticipantId>,
    /// When its speakers are looked at next; None: nobody speaks.
    speakers_at: Option<Instant>,
    /// When its connections are judged next.
    measured_at: Option<Instant>,
    /// For how long it stays while nobody has come, and after everyone has left, seconds.
    empty_timeout: u32,
    departure_timeout: u32,
    /// How many participants it takes; 0: as many as the server lets.
    max_participants: u32,
    metadata: String,
    /// Since when it waits for its first visitor.
    waits_since: Instant,
    /// Somebody has been in it.
    visited: bool,
    /// When it ends, while nobody keeps it.
    close_at: Option<Instant>,
    nonces: data::Nonces,
    /// It ends, and everybody's stay with it.
    ending: bool,
}

/// The room server. See the module's description.
pub struct RoomServer {
    config: ServerConfig,
    crypto: Arc<CryptoProvider>,
    /// One certificate for all connections: making a key costs more than a join otherwise would.
    certificate: Option<DtlsCert>,
    rng: ids::Rng,
    /// Ties `now` to the wall clock.
    clock: Clock,
    now: Instant,
    next_id: u64,
    rooms: BTreeMap<Arc<str>, Room>,
    participants: BTreeMap<ParticipantId, Participant>,
    tracks: BTreeMap<TrackId, Track>,
    /// By sid.
    data_tracks: BTreeMap<Arc<str>, DataTrack>,
    conns: BTreeMap<ConnId, ParticipantId>,
    /// Calls of the room service that wait for a participant's answer.
    calls: BTreeMap<CallId, admin::rpc::OpenCall>,
    // Only ever looked up, never walked: their order reaches nothing.
    by_ufrag: HashMap<String, (ParticipantId, Side)>,
    by_address: HashMap<(Protocol, SocketAddr), (ParticipantId, Side)>,
    jobs: BinaryHeap<Reverse<(Instant, Job)>>,
    dirty: Vec<(ParticipantId, Side)>,
    output: VecDeque<Output>,
    /// What only grows of the statistics.
    counted: ServerStats,
    options: AdminOptions,
    /// It shuts down.
    closing: bool,
}

impl RoomServer {
    /// Makes a server. `seed` starts the names it gives; `unix_us` is the wall clock at `now`, microseconds since the Unix epoch.
    pub fn new(config: ServerConfig, seed: u64, now: Instant, unix_us: u64) -> RoomServer {
        let crypto = crate::rtc::crypto_provider();
        RoomServer {
            certificate: crypto.dtls_provider.generate_certificate(),
            crypto,
            config,
            rng: ids::Rng::new(seed),
            clock: Clock::new(now, unix_us),
            now,
            next_id: 1,
            rooms: BTreeMap::new(),
            participants: BTreeMap::new(),
            tracks: BTreeMap::new(),
            data_tracks: BTreeMap::new(),
            conns: BTreeMap::new(),
            calls: BTreeMap::new(),
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            jobs: BinaryHeap::new(),
            dirty: Vec::new(),
            output: VecDeque::new(),
            counted: ServerStats::default(),
            options: AdminOptions::default(),
            closing: false,
        }
    }

    /// What the wall clock shows at `now`, microseconds since the Unix epoch: it may have been set, or the machine may have slept,
    /// and an [`Instant`] may tell of neither. Tokens go by it from then on.
    pub fn wall_clock(&mut self, now: Instant, unix_us: u64) {
        self.advance(now);
        self.clock.follow(self.now, unix_us);
    }

    /// How many rooms and participants there are.
    pub fn population(&self) -> (usize, usize) {
        (self.rooms.len(), self.participants.len())
    }

    /// What to do next; None: nothing until the next input or [`RoomServer::deadline`].
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.output.pop_front() {
                match &output {
                    Output::Transmit { bytes, .. } => {
                        self.counted.packets_sent += 1;
                        self.counted.bytes_sent += bytes.len() as u64;
                    }
                    Output::Send { .. } => self.counted.signals_sent += 1,
                    Output::Webhook(_) => self.counted.webhooks += 1,
                    Output::Close { .. } | Output::CloseStream { .. } | Output::Log { .. } | Output::Answer { .. } => {}
                }
                return Some(output);
            }
            if self.dirty.is_empty() {
                return None;
            }
            // Written packets leave here, in one go for each connection, whatever number of datagrams came before.
            let mut dirty = std::mem::take(&mut self.dirty);
            dirty.drain(..).for_each(|(id, side)| self.flush(id, side));
            if self.dirty.is_empty() {
                self.dirty = dirty;
            }
        }
    }

    /// When [`RoomServer::timeout`] is to be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.jobs.peek().map(|Reverse((at, _))| *at)
    }

    fn at(&mut self, when: Instant, job: Job) {
        self.jobs.push(Reverse((when, job)));
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn unix_ms(&self) -> i64 {
        (self.clock.micros(self.now) / 1000) as i64
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}
