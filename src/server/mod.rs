//! The room server: rooms, participants, forwarding. It decodes nothing, and it is sans-IO: requests, messages, datagrams
//! and time go in, what is to be sent comes out of [`RoomServer::poll_output`].
//!
//! A [`RoomServer`] is one shard: rooms in it share nothing with rooms of another.
//!
//! - `connect.rs`: joining. `resume.rs`: resuming. `care.rs`: looking after who is there. `leaving.rs`: leaving. `moving.rs`: to another room.
//!   `permit.rs`: what tokens allow. `requests.rs`: what a client asks. `negotiate.rs`: offers and answers.
//! - `subscribe.rs`: who hears whom. `speakers.rs`: who is speaking.
//! - `data.rs`: data packets; `deliver.rs`: to whom. `data_tracks/`: data tracks.
//! - `datagrams.rs`: whose they are. `media.rs`: what goes into peer connections and comes out of them. `peer.rs`: one of them.
//! - `forward.rs`: from one to the others. `track.rs`: numbers and payloads of a track. `shortcut.rs`: past the peer connection.
//!   `check.rs`: a check back.
//! - `timers.rs`: what is due, and containing faults.
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
#[cfg(test)]
mod tests;
mod timers;
mod track;
mod video;
mod webhook;

use crate::clock::Clock;
use crate::log::one_line;
use crate::rtc::Protocol;
use crate::signal::livekit::{
    ParticipantInfo, ParticipantUpdate, Room as RoomInfo, SignalResponse, TrackInfo, signal_response,
};
pub use admin::{AdminAnswer, AdminOptions, AdminRequest, AdminResponse, CallId};
use data_tracks::DataTrack;
use participant::Participant;
use prost::Message;
pub use stats::ServerStats;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use str0m::config::{CryptoProvider, DtlsCert};
use track::{Track, TrackId};
pub use webhook::{CONTENT_TYPE as WEBHOOK_CONTENT_TYPE, Webhook};

/// One WebSocket, as the driver numbers them; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// One participant's stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ParticipantId(u64);

/// Which of a participant's peer connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Main,
    Down,
}

/// How a room server is made.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// API keys and their secrets.
    pub keys: Vec<(String, String)>,
    /// The UDP addresses to announce; packets leave and arrive there.
    pub media: Vec<SocketAddr>,
    /// The TCP addresses to announce, for who cannot use UDP; may be empty.
    pub streams: Vec<SocketAddr>,
    /// What the server holds at most.
    pub limits: Limits,
}

/// What the server holds at most. Who asks for more is refused, with a log line.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rooms.
    pub rooms: usize,
    /// Participants in one room.
    pub participants: usize,
    /// Tracks of one participant, and as many data tracks.
    pub tracks: usize,
    /// One signalling message, bytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { rooms: 10_000, participants: 1_000, tracks: 32, message: 1024 * 1024 }
    }
}

/// What of a HTTP request matters.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// The path, as in `/rtc/v1`.
    pub path: String,
    /// The query, without the question mark.
    pub query: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The address of this machine that it came to: who asked can reach it, whatever else is announced.
    pub reached: Option<IpAddr>,
}

/// A request that is answered with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub http_status: u16,
    /// A sentence for the body. It does not tell which check a token failed.
    pub text: String,
    /// A sentence for the server's log. It does.
    pub log: String,
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something went wrong that somebody should look at.
    Warning,
    /// The course of things.
    Info,
}

/// What comes out.
#[derive(Debug)]
pub enum Output {
    /// Send a binary message on a WebSocket.
    Send {
        /// Which one.
        conn: ConnId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close a WebSocket, after what was sent before.
    Close {
        /// Which one.
        conn: ConnId,
    },
    /// Send a datagram; as a frame of RFC 4571 where it goes over TCP.
    Transmit {
        /// UDP or TCP.
        protocol: Protocol,
        /// Where to. For TCP the connection from there.
        to: SocketAddr,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Close the media's TCP connection, after what was sent before.
    CloseStream {
        /// The connection from there.
        from: SocketAddr,
    },
    /// A line for the log.
    Log {
        /// How much it matters.
        level: Level,
        /// The line.
        text: String,
    },
    /// The answer to a call of the room service that had to wait.
    Answer {
        /// Which one.
        call: CallId,
        /// The answer.
        response: AdminResponse,
    },
    /// Post an event to whoever wants webhooks.
    Webhook(Webhook),
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

    fn log(&mut self, level: Level, text: impl AsRef<str>) {
        // Names and reasons in it are the clients' words.
        self.output.push_back(Output::Log { level, text: one_line(text.as_ref()) });
    }

    /// Logs what a client can do as often as it likes: the first eight times, then at 16, 32, …, since the log is not its to fill.
    fn log_of(&mut self, id: ParticipantId, level: Level, what: impl AsRef<str>) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.lines += 1;
        let lines = participant.lines;
        if lines <= 8 {
            self.log(level, format!("{} {}", self.name(id), what.as_ref()));
        } else if lines.is_power_of_two() {
            self.log(level, format!("{} {} That makes {lines} such lines.", self.name(id), what.as_ref()));
        }
    }

    /// How log lines call a participant.
    fn name(&self, id: ParticipantId) -> String {
        self.participants.get(&id).map_or_else(String::new, |p| format!("{} in {}", p.identity(), p.room))
    }

    fn members(&self, room: &str) -> Vec<ParticipantId> {
        self.rooms.get(room).map(|r| r.members.clone()).unwrap_or_default()
    }

    fn send(&mut self, to: ParticipantId, message: signal_response::Message) {
        if let Some(Ok(conn)) = self.participants.get(&to).map(|p| p.conn) {
            self.output.push_back(Output::Send { conn, bytes: encode(message) });
        }
    }

    /// Sends one message to several participants, encoded once.
    fn send_all(&mut self, to: &[ParticipantId], message: signal_response::Message) {
        let bytes = encode(message);
        for id in to {
            if let Some(Ok(conn)) = self.participants.get(id).map(|p| p.conn) {
                self.output.push_back(Output::Send { conn, bytes: bytes.clone() });
            }
        }
    }

    /// The published tracks of a participant, as others are told.
    fn track_infos(&self, id: ParticipantId) -> Vec<TrackInfo> {
        let tracks = self.participants.get(&id).map(|p| &p.tracks[..]).unwrap_or_default();
        tracks.iter().filter_map(|t| self.tracks.get(t)).filter(|t| t.mid.is_some()).map(|t| t.info.clone()).collect()
    }

    fn participant_info(&self, id: ParticipantId) -> Option<ParticipantInfo> {
        let participant = self.participants.get(&id)?;
        let data_tracks = self.data_track_infos(participant);
        let info = participant.info(self.track_infos(id));
        Some(ParticipantInfo { is_publisher: info.is_publisher || !data_tracks.is_empty(), data_tracks, ..info })
    }

    /// Tells the room that a participant changed; of a hidden one only itself.
    fn announce(&mut self, id: ParticipantId, also_self: bool) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.version += 1;
        let (hidden, room) = (participant.claims.video.hidden, participant.room.clone());
        let Some(info) = self.participant_info(id) else { return };
        let mut to = if hidden { vec![id] } else { self.members(&room) };
        to.retain(|m| also_self || *m != id);
        self.send_all(&to, signal_response::Message::Update(ParticipantUpdate { participants: vec![info] }));
    }

    fn room_info(&self, name: &str) -> RoomInfo {
        let Some(room) = self.rooms.get(name) else { return RoomInfo::default() };
        let counts = |p: &Participant| p.is_visible() && !p.claims.is_dependent();
        let counts = |id: &&ParticipantId| self.participants.get(id).is_some_and(counts);
        let publishes = |id: &&ParticipantId| {
            self.participants.get(id).is_some_and(|p| !p.tracks.is_empty() || p.data_tracks.publishes())
        };
        let records = |id: &ParticipantId| self.participants.get(id).is_some_and(|p| p.claims.is_recorder());
        RoomInfo {
            sid: room.sid.clone(),
            name: name.to_string(),
            creation_time: room.created_ms / 1000,
            creation_time_ms: room.created_ms,
            num_participants: room.members.iter().filter(counts).count() as u32,
            num_publishers: room.members.iter().filter(publishes).count() as u32,
            empty_timeout: room.empty_timeout,
            departure_timeout: room.departure_timeout,
            max_participants: room.max_participants,
            metadata: room.metadata.clone(),
            active_recording: room.members.iter().any(records),
            ..Default::default()
        }
    }
}

fn encode(message: signal_response::Message) -> Vec<u8> {
    SignalResponse { message: Some(message) }.encode_to_vec()
}
