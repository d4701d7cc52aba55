//! A session: signalling and transport of one participant in one room, as a state machine.
//!
//! One peer connection (`/rtc/v1`) is tried first, its offer and the microphone inside the join request, so that one
//! round trip opens everything; a server that does not know that path (404) gets two (`/rtc`).
//! Bytes and time go in; [`Output`]s and a deadline come out. A connection that was lost comes back by `session/resume.rs`.

mod data;
mod join;
mod losing;
mod media;
mod microphone;
mod moving;
mod resume;
mod signal;
mod ways;

pub use super::data::MAX_DATA_PACKET;
pub use super::output::{MediaPacket, Output, SessionConfig, SessionEvent, Side, left_reason};
pub use join::STEP_TIMEOUT;

use super::data::DataOut;
use super::output::{client_info, leave_reason};
use super::peer::{PayloadTypes, Peer};
use super::stats::VoiceStats;
use crate::event::Reason;
use crate::signal::livekit as lk;
use crate::signal::turn::NamedRelay;
use crate::stats::Rate;
use lk::signal_request::Message as Request;
use lk::signal_response::Message as Response;
use resume::Signal;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use str0m::Input;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Dialing,
    Joining,
    Connecting,
    Connected,
    /// The media connection is over, the WebSocket is not yet.
    Closing,
    /// Over, and another session is to take its place.
    Lost,
    Ended,
}

/// A session. See the module.
pub struct Session {
    config: SessionConfig,
    phase: Phase,
    single: bool,
    publisher: Peer,
    subscriber: Option<Peer>,
    /// The moment by which the present step must be done.
    step_deadline: Option<Instant>,
    /// What ended the media connection.
    media_end: String,
    /// The WebSocket, once the room was entered.
    signal: Signal,
    /// The next Update says who is in the room, after a resume.
    everyone: bool,
    /// Media was connected: what is lost now may come back.
    entered: bool,
    /// Our own sid, by which the server knows us again.
    sid: String,
    /// No media arrives: the UDP sockets may be useless too.
    media_lost: bool,
    /// Of the reliable packets, the newest of each sender (by sid), so that none is taken twice.
    received: BTreeMap<String, u32>,
    ping: Option<Ping>,
    microphone: Microphone,
    data: DataOut,
    /// The server takes new tokens over the WebSocket, which LiveKit's does not.
    renews: bool,
    /// A new token that came while the join was on its way.
    renewal: Option<String>,
    output: VecDeque<Output>,
    began: Instant,
    pub(super) stats: VoiceStats,
    /// Packets of the microphone that earlier sessions lost.
    lost_before: u64,
    /// What the server named last.
    relays: Vec<NamedRelay>,
}

#[derive(Default)]
struct Microphone {
    sid: String,
    /// The server took its track away.
    taken: bool,
    /// How often it was published anew after that.
    renewals: u32,
    muted: bool,
    next_seq: u64,
    rate: Rate,
}

struct Ping {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    last_heard: Instant,
    /// The newest one that has no answer yet: its timestamp, and when it left.
    asked: Option<(i64, Instant)>,
}

impl Session {
    /// A session that has not begun.
    pub fn new(config: SessionConfig, now: Instant) -> Session {
        let publisher = Peer::new(config.rtc.clone(), config.local, now);
        Session {
            config,
            phase: Phase::Idle,
            single: true,
            publisher,
            subscriber: None,
            step_deadline: None,
            media_end: String::new(),
            signal: Signal::Up,
            everyone: false,
            entered: false,
            sid: String::new(),
            media_lost: false,
            received: BTreeMap::new(),
            ping: None,
            microphone: Microphone::default(),
            data: DataOut::default(),
            renews: false,
            renewal: None,
            output: VecDeque::new(),
            began: now,
            stats: VoiceStats::default(),
            lost_before: 0,
            relays: Vec::new(),
        }
    }

    /// Goes on counting from an earlier session's numbers.
    pub(super) fn count_from(&mut self, earlier: VoiceStats) {
        self.lost_before = earlier.audio_packets_lost;
        self.stats = earlier;
    }

    /// The numbers so far.
    pub fn stats(&self, now: Instant) -> VoiceStats {
        VoiceStats {
            audio_bitrate: self.microphone.rate.bits_per_second(now),
            data_waiting: self.data.waiting() as u64,
            data_sent: self.stats.data_sent + self.data.sent,
            data_bytes_sent: self.stats.data_bytes_sent + self.data.bytes_sent,
            data_dropped: self.stats.data_dropped + self.data.refused,
            ..self.stats
        }
    }

    fn negotiate(&mut self) {
        if !self.signal.carries() {
            return;
        }
        if let Some(offer) = self.publisher.next_offer() {
            self.request(Request::Offer(offer));
        }
    }

    fn tracks_changed(&mut self) {
        let peer = self.subscriber.as_ref().unwrap_or(&self.publisher);
        let tracks = peer.tracks().cloned().collect();
        self.event(SessionEvent::Tracks(tracks));
    }

    fn peer(&mut self, side: Side) -> Option<&mut Peer> {
        match side {
            Side::Publisher => Some(&mut self.publisher),
            Side::Subscriber => self.subscriber.as_mut(),
        }
    }

    /// Time passed; call at or after [`Session::deadline`].
    pub fn timeout(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Lost | Phase::Ended) {
            return;
        }
        if self.step_deadline.is_some_and(|deadline| deadline <= now) {
            let text = match self.phase {
                Phase::Closing => {
                    let text = std::mem::take(&mut self.media_end);
                    return self.lost(true, Reason::ConnectionLost, text);
                }
                Phase::Connected => return self.resume_took_too_long(),
                Phase::Dialing => "the server did not answer within 10 s; check the URL",
                Phase::Joining => {
                    "the server accepted the WebSocket but sent no Join within 10 s; check that the URL is a LiveKit server's"
                }
                _ => "no media connection within 10 s; check that UDP to the server's media port is open, or TCP",
            };
            return self.end(Reason::TimedOut, 0, text.into());
        }
        self.ping_if_due(now);
        self.look_for_ways(now);
        for peer in std::iter::once(&mut self.publisher).chain(self.subscriber.as_mut()) {
            let _ = peer.rtc.handle_input(Input::Timeout(now));
        }
        self.drain(now);
        if let Some((_, side)) = self.silent_at().filter(|(at, _)| *at <= now) {
            self.media_disconnected(now, side);
        }
        self.look_for_the_end(now);
    }

    /// When [`Session::timeout`] is due. Known after every call that takes `now`.
    pub fn deadline(&self) -> Option<Instant> {
        if matches!(self.phase, Phase::Lost | Phase::Ended) {
            return None;
        }
        let pings = self.ping.as_ref().filter(|_| self.signal.carries()).map(|p| p.next);
        let peers = std::iter::once(&self.publisher).chain(self.subscriber.as_ref());
        let wakes = peers.flat_map(|peer| [peer.wake, peer.ways.tcp_at, peer.relays.deadline()]);
        let silence = self.silent_at().map(|(at, _)| at);
        wakes.chain([self.step_deadline, pings, silence]).flatten().min()
    }

    /// The next thing to do or to know.
    pub fn poll(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// Opus and RED as negotiated for receiving.
    pub fn payload_types(&self) -> PayloadTypes {
        self.subscriber.as_ref().unwrap_or(&self.publisher).payload_types()
    }

    /// Asks to change what others are told of this user.
    pub(super) fn update_metadata(&mut self, update: lk::UpdateParticipantMetadata) {
        self.request(Request::UpdateMetadata(update));
    }

    /// Gives the server a token in place of the one in use, where it takes one; others hear of it at the next join.
    pub fn renew(&mut self, token: &str) {
        match self.phase {
            Phase::Idle | Phase::Dialing | Phase::Joining => self.renewal = Some(token.into()),
            Phase::Connected if !self.signal.carries() => self.renewal = Some(token.into()),
            Phase::Connecting | Phase::Connected if self.renews => self.request(Request::RenewToken(token.into())),
            _ => {}
        }
    }

    /// Subscribes to, or unsubscribes from, a remote track.
    pub fn subscribe(&mut self, participant_sid: &str, track_sid: &str, subscribe: bool) {
        self.request(Request::Subscription(lk::UpdateSubscription {
            track_sids: vec![track_sid.into()],
            subscribe,
            participant_tracks: vec![lk::ParticipantTracks {
                participant_sid: participant_sid.into(),
                track_sids: vec![track_sid.into()],
            }],
        }));
    }

    /// Leaves the room: tells the server and ends.
    pub fn leave(&mut self) {
        if matches!(self.phase, Phase::Joining | Phase::Connecting | Phase::Connected) {
            self.request(Request::Leave(lk::LeaveRequest {
                reason: lk::DisconnectReason::ClientInitiated as i32,
                ..Default::default()
            }));
        }
        self.end(Reason::Requested, 0, String::new());
    }

    fn end(&mut self, reason: Reason, http_status: u16, text: String) {
        if self.phase == Phase::Ended {
            return;
        }
        self.leave_relays();
        self.phase = Phase::Ended;
        self.output.push_back(Output::HangUp);
        self.event(SessionEvent::Ended { reason, http_status, text });
    }

    fn event(&mut self, event: SessionEvent) {
        self.output.push_back(Output::Event(event));
    }
}
