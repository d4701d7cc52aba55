//! A session: signalling and transport of one participant in one room, as a state machine.
//!
//! One peer connection (`/rtc/v1`) is tried first, its offer and the microphone inside the join request, so that one
//! round trip opens everything; a server that does not know that path (404) gets two (`/rtc`).
//! Bytes and time go in; [`Output`]s and a deadline come out. A connection that was lost comes back by `session/resume.rs`.

mod moving;
mod resume;
mod ways;

use super::data::DataOut;
pub use super::data::MAX_DATA_PACKET;
pub use super::output::{MediaPacket, Output, SessionConfig, SessionEvent, Side, left_reason};
use super::output::{client_info, leave_reason};
use super::peer::{PayloadTypes, Peer};
use super::stats::VoiceStats;
use crate::event::Reason;
use crate::rtc::Protocol;
use crate::signal::turn::NamedRelay;
use crate::signal::{join, livekit as lk};
use crate::stats::Rate;
use lk::signal_request::Message as Request;
use lk::signal_response::Message as Response;
use prost::Message as _;
use resume::Signal;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::rtp::RtpWrite;
use str0m::{Event as RtcEvent, IceConnectionState, Input};

/// How long the server may take for each step of a join: to answer the WebSocket, to send Join, to connect the media.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server's reason may take to come after it closed the media connection.
const FAREWELL: Duration = Duration::from_millis(500);
/// Receive sections in the first offer: as many speakers are heard without another round trip.
const FIRST_RECEIVERS: u32 = 3;
/// How often the microphone is published anew in one session: each time takes a section.
const MAX_RENEWALS: u32 = 64;

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

    /// Begins to join in the place of a session that was lost: from a new UDP socket, for the network may be another one.
    pub fn start_again(&mut self) {
        self.output.push_back(Output::Bind { side: Side::Publisher });
    }

    /// Begins to join.
    pub fn start(&mut self, now: Instant) {
        let cid = self.config.publish.then(|| self.cid());
        let offer = self.publisher.first_offer(FIRST_RECEIVERS, cid.as_deref());
        let request = lk::JoinRequest {
            client_info: Some(client_info()),
            connection_settings: Some(lk::ConnectionSettings::default()),
            add_track_requests: self.config.publish.then(|| self.add_track()).into_iter().collect(),
            publisher_offer: offer,
            ..Default::default()
        };
        self.dial(now, &request);
    }

    fn dial(&mut self, now: Instant, request: &lk::JoinRequest) {
        self.phase = Phase::Dialing;
        self.step_deadline = Some(now + STEP_TIMEOUT);
        self.output.push_back(Output::Dial { target: self.target(request) });
    }

    /// The path of a join, with the request in its query.
    fn target(&self, request: &lk::JoinRequest) -> String {
        let mut target = match self.single {
            true => format!("/rtc/v1?{}", join::query_single(request)),
            false => format!("/rtc?{}", join::query_dual(request)),
        };
        if let Some((room, identity)) = &self.config.asked {
            target.push_str(&format!("&room={}&identity={}", join::escape(room), join::escape(identity)));
        }
        target
    }

    fn add_track(&self) -> lk::AddTrackRequest {
        let mut features = vec![lk::AudioTrackFeature::TfNoDtx as i32];
        if self.config.stereo {
            features.push(lk::AudioTrackFeature::TfStereo as i32);
        }
        lk::AddTrackRequest {
            cid: self.cid(),
            name: "microphone".into(),
            r#type: lk::TrackType::Audio as i32,
            source: lk::TrackSource::Microphone as i32,
            audio_features: features,
            stereo: self.config.stereo,
            disable_dtx: true,
            muted: self.microphone.muted,
            ..Default::default()
        }
    }

    /// The WebSocket is open.
    pub fn opened(&mut self, now: Instant) {
        if self.phase == Phase::Dialing {
            self.phase = Phase::Joining;
            self.step_deadline = Some(now + STEP_TIMEOUT);
        }
        self.opened_again(now);
    }

    /// The server answered the WebSocket request with another HTTP status, and this body.
    pub fn refused(&mut self, now: Instant, http_status: u16, body: &str) {
        if self.signal == Signal::Dialing {
            return self.refused_again(http_status);
        }
        if self.phase != Phase::Dialing {
            return;
        }
        if http_status == 404 && self.single {
            return self.fall_back(now);
        }
        let body: String = body.trim().chars().take(300).collect();
        let (reason, text) = match http_status {
            401 | 403 => (
                Reason::BadToken,
                format!(
                    "the server refused the token (HTTP {http_status}: {body}); check app id, certificate, room and expiry"
                ),
            ),
            ..=399 => (
                Reason::Protocol,
                format!(
                    "the server answered with HTTP {http_status} instead of a WebSocket; check that the URL is a LiveKit server's"
                ),
            ),
            404 => (
                Reason::Protocol,
                format!("the server answered 404 on /rtc ({body}); check that the URL is a LiveKit server's"),
            ),
            _ => (
                Reason::Refused,
                format!("the server refused the join with HTTP {http_status} ({body}); ask who runs it, or try later"),
            ),
        };
        self.end(reason, http_status, text);
    }

    /// Two peer connections: the server sends on one that it offers, we send on ours.
    fn fall_back(&mut self, now: Instant) {
        self.single = false;
        self.publisher = Peer::new(self.config.rtc.clone(), self.config.local, now);
        self.output.push_back(Output::Bind { side: Side::Subscriber });
    }

    /// A side's new UDP socket has this address.
    pub fn bound(&mut self, now: Instant, side: Side, local: SocketAddr) {
        if side == Side::Publisher && self.phase == Phase::Idle {
            self.config.local = local;
            self.publisher = Peer::new(self.config.rtc.clone(), local, now);
            return self.start(now);
        }
        if self.signal == Signal::Binding {
            return self.rebound(now, side, local);
        }
        if side == Side::Publisher || self.single || self.subscriber.is_some() || self.phase != Phase::Dialing {
            return;
        }
        self.subscriber = Some(Peer::new(self.config.rtc.clone(), local, now));
        let request = lk::JoinRequest {
            client_info: Some(client_info()),
            connection_settings: Some(lk::ConnectionSettings::default()),
            ..Default::default()
        };
        self.dial(now, &request);
    }

    /// The WebSocket could not be opened, or is closed.
    pub fn closed(&mut self, text: &str) {
        match self.phase {
            Phase::Ended | Phase::Lost => {}
            Phase::Idle | Phase::Dialing => self.end(Reason::Unreachable, 0, text.to_string()),
            // With no media either, and no word why, there is nobody left who knows us.
            Phase::Closing => {
                self.lost(true, Reason::ConnectionLost, format!("the connection to the server was lost: {text}"))
            }
            _ => self.lost(false, Reason::ConnectionLost, format!("the connection to the server was lost: {text}")),
        }
    }

    /// What answers does not speak the protocol.
    pub fn broken(&mut self, text: String) {
        if self.signal.is_down() {
            return self.lost(false, Reason::Protocol, text);
        }
        self.end(Reason::Protocol, 0, text);
    }

    /// A binary WebSocket message.
    pub fn message(&mut self, now: Instant, bytes: &[u8]) {
        if matches!(self.phase, Phase::Idle | Phase::Dialing | Phase::Lost | Phase::Ended) {
            return;
        }
        let Ok(lk::SignalResponse { message }) = lk::SignalResponse::decode(bytes) else {
            return self.end(Reason::Protocol, 0, "the server sent a message that is not LiveKit's".into());
        };
        self.stats.signals_received += 1;
        if let Some(ping) = &mut self.ping {
            ping.last_heard = now;
        }
        // A message of a kind that is not known here is skipped: newer servers have more.
        if let Some(message) = message {
            self.response(now, message);
        }
        self.negotiate();
        self.look_for_ways(now);
        self.drain(now);
        self.look_for_the_end(now);
    }

    fn response(&mut self, now: Instant, message: Response) {
        match message {
            Response::Join(join) => self.joined(now, join),
            Response::Answer(answer) => match self.publisher.answer(now, &answer) {
                Ok(true) => self.tracks_changed(),
                Ok(false) => {}
                Err(error) => self.end(Reason::Protocol, 0, format!("the server's answer does not fit: {error}")),
            },
            Response::Offer(offer) => {
                let Some(subscriber) = &mut self.subscriber else { return };
                match subscriber.accept(now, &offer) {
                    Ok(answer) => {
                        self.request(Request::Answer(answer));
                        self.tracks_changed();
                    }
                    Err(error) => self.end(Reason::Protocol, 0, format!("the server's offer does not fit: {error}")),
                }
            }
            Response::Trickle(trickle) => {
                let to_subscriber = trickle.target == lk::SignalTarget::Subscriber as i32;
                match &mut self.subscriber {
                    Some(subscriber) if to_subscriber => subscriber.trickle(now, &trickle.candidate_init),
                    _ => self.publisher.trickle(now, &trickle.candidate_init),
                }
            }
            // Video sections are never offered: this library hears.
            Response::MediaSectionsRequirement(need)
                if self.single && (need.num_audios > 0 || need.num_videos == 0) =>
            {
                self.publisher.require(need.num_audios);
            }
            Response::Update(update) => self.participants(update.participants),
            Response::Reconnect(reconnect) => self.known_again(now, reconnect),
            Response::SpeakersChanged(changed) => self.event(SessionEvent::Speakers(changed.speakers)),
            Response::TrackPublished(published) => {
                if let Some(track) = published.track.filter(|_| published.cid == self.cid()) {
                    self.microphone.sid = track.sid;
                    // What was wished since the request to join left could not be told before.
                    if self.microphone.muted != track.muted {
                        self.mute(self.microphone.muted);
                    }
                }
            }
            Response::TrackUnpublished(gone) if gone.track_sid == self.microphone.sid && !gone.track_sid.is_empty() => {
                self.microphone.sid.clear();
                self.microphone.taken = true;
                self.publisher.retire_microphone();
                self.negotiate();
            }
            Response::Mute(mute) if mute.sid == self.microphone.sid => {
                // The server has done it already: nothing is to be said back.
                self.microphone.muted = mute.muted;
                self.event(SessionEvent::Muted(mute.muted));
            }
            Response::ConnectionQuality(told) => self.event(SessionEvent::Quality(told.updates)),
            Response::RoomUpdate(lk::RoomUpdate { room: Some(room) }) => self.event(SessionEvent::Room(Box::new(room))),
            Response::PongResp(pong) => {
                let asked = self.ping.as_mut().and_then(|ping| ping.asked.take_if(|a| a.0 == pong.last_ping_timestamp));
                if let Some((_, sent)) = asked {
                    self.stats.signal_round_trip.add(now.saturating_duration_since(sent));
                }
            }
            // With no request in it, it answers a renewal: nothing else that we ask comes without.
            Response::RequestResponse(response)
                if self.renews
                    && response.request.is_none()
                    && response.reason() != lk::request_response::Reason::Ok =>
            {
                self.event(SessionEvent::RenewalRefused);
            }
            Response::RequestResponse(response) if response.request_id != 0 => {
                self.event(SessionEvent::Answered(Box::new(response)));
            }
            Response::RefreshToken(token) => self.event(SessionEvent::Token(token)),
            Response::Leave(leave) => self.sent_away(&leave),
            Response::RoomMoved(moved) => self.moved(moved),
            _ => {}
        }
    }

    fn joined(&mut self, now: Instant, response: lk::JoinResponse) {
        if self.phase != Phase::Joining {
            return;
        }
        self.phase = Phase::Connecting;
        self.step_deadline = Some(now + STEP_TIMEOUT);
        if response.ping_interval > 0 {
            let interval = Duration::from_secs(response.ping_interval as u64);
            let timeout = Duration::from_secs(response.ping_timeout.max(response.ping_interval) as u64);
            self.ping = Some(Ping { interval, timeout, next: now + interval, last_heard: now, asked: None });
        }
        self.renews = response.server_info.as_ref().is_some_and(|info| info.debug_info == join::SERVER);
        self.sid = response.participant.as_ref().map_or_else(String::new, |own| own.sid.clone());
        self.relays_named(&response.ice_servers);
        self.event(SessionEvent::Joined(Box::new(response)));
        if let Some(token) = self.renewal.take().filter(|_| self.renews) {
            self.request(Request::RenewToken(token));
        }
        if !self.single {
            if self.config.publish {
                let add = self.add_track();
                self.request(Request::AddTrack(add));
            }
            let cid = self.config.publish.then(|| self.cid());
            if let Some(offer) = self.publisher.first_offer(0, cid.as_deref()) {
                self.request(Request::Offer(offer));
            }
        }
    }

    /// Publishes the microphone once more, as a new track, where the server had taken it away.
    pub fn publish_again(&mut self) {
        if std::mem::take(&mut self.microphone.taken) && self.microphone.renewals < MAX_RENEWALS {
            self.microphone.renewals += 1;
            self.publisher.renew_microphone(self.cid());
            self.request(Request::AddTrack(self.add_track()));
            self.negotiate();
        }
    }

    /// What the microphone's track is called between the server and us.
    fn cid(&self) -> String {
        let cid = &self.config.cid;
        if self.microphone.renewals == 0 { cid.clone() } else { format!("{cid}-{}", self.microphone.renewals) }
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

    /// A datagram that arrived at a side's UDP sockets, or as a frame of its TCP connection to that address.
    pub fn datagram(&mut self, now: Instant, side: Side, protocol: Protocol, from: SocketAddr, bytes: &[u8]) {
        if matches!(self.phase, Phase::Lost | Phase::Ended) {
            return;
        }
        let Some(peer) = self.peer(side) else { return };
        let accepted = match peer.relay_at(protocol, from) {
            Some(relay) => peer.receive_by_relay(now, relay, bytes),
            None => {
                let to = peer.arrival(protocol, from);
                peer.receive(now, protocol, from, to, bytes)
            }
        };
        self.received(now, side, bytes.len(), accepted);
    }

    /// Counts what came, and takes what it led to.
    fn received(&mut self, now: Instant, side: Side, length: usize, accepted: bool) {
        self.stats.packets_received += 1;
        self.stats.bytes_received += length as u64;
        self.stats.packets_rejected += u64::from(!accepted);
        if accepted {
            if let Some(peer) = self.peer(side) {
                peer.heard = now;
            }
            self.drain_peer(now, side);
            self.look_for_the_end(now);
        }
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

    /// When a side is lost unless something comes, and which.
    fn silent_at(&self) -> Option<(Instant, Side)> {
        if self.phase != Phase::Connected {
            return None;
        }
        let publisher = self.publisher.silent_at().map(|at| (at, Side::Publisher));
        let subscriber = self.subscriber.as_ref().and_then(Peer::silent_at).map(|at| (at, Side::Subscriber));
        publisher.into_iter().chain(subscriber).min_by_key(|(at, _)| *at)
    }

    fn ping_if_due(&mut self, now: Instant) {
        let Some(ping) = self.ping.as_mut().filter(|_| self.signal.carries()) else { return };
        if now >= ping.last_heard + ping.timeout + ping.interval {
            return self.lost(false, Reason::ConnectionLost, "the server stopped answering".into());
        }
        if now >= ping.next {
            ping.next = now + ping.interval;
            // The server sends the number back; it and the last round trip are milliseconds to those who look at them.
            let timestamp = now.saturating_duration_since(self.began).as_millis() as i64;
            ping.asked = Some((timestamp, now));
            let rtt = (self.stats.signal_round_trip.recent_ns / 1_000_000) as i64;
            self.request(Request::PingReq(lk::Ping { timestamp, rtt }));
        }
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

    /// Takes everything out of the peer connections.
    fn drain(&mut self, now: Instant) {
        self.drain_peer(now, Side::Publisher);
        self.drain_peer(now, Side::Subscriber);
    }

    fn drain_peer(&mut self, now: Instant, side: Side) {
        while let Some(peer) = self.peer(side) {
            match peer.rtc.poll_output() {
                Ok(str0m::Output::Timeout(wake)) => {
                    peer.wake = Some(wake.max(now));
                    return self.flush_relays(side);
                }
                // ICE pairs each of our addresses with each of the server's, but a TCP connection leads to one only.
                Ok(str0m::Output::Transmit(transmit))
                    if transmit.proto == Protocol::Tcp
                        && peer.arrival(Protocol::Tcp, transmit.destination) != Some(transmit.source) => {}
                Ok(str0m::Output::Transmit(transmit)) if peer.relays_from(transmit.source) => {
                    peer.send_by_relay(now, transmit.source, transmit.destination, transmit.contents.into());
                }
                Ok(str0m::Output::Transmit(transmit)) => {
                    let (protocol, to) = (transmit.proto, transmit.destination);
                    let bytes: Vec<u8> = transmit.contents.into();
                    self.count_sent(&bytes);
                    self.output.push_back(Output::Transmit { side, protocol, to, bytes });
                }
                Ok(str0m::Output::Event(event)) => self.rtc_event(now, side, event),
                Err(error) => {
                    peer.wake = None;
                    return self.media_over(now, format!("the media connection broke: {error}"));
                }
            }
        }
    }

    /// The media connection is over. The server's message that says why may still be on its way.
    fn media_over(&mut self, now: Instant, text: String) {
        if self.signal.is_down() {
            // Whoever could say why is not heard.
            return self.lost(true, Reason::ConnectionLost, text);
        }
        if !matches!(self.phase, Phase::Closing | Phase::Lost | Phase::Ended) {
            self.phase = Phase::Closing;
            self.step_deadline = Some(now + FAREWELL);
            self.media_end = text;
        }
    }

    fn rtc_event(&mut self, now: Instant, side: Side, event: RtcEvent) {
        if let RtcEvent::Connected
        | RtcEvent::IceConnectionStateChange(IceConnectionState::Connected | IceConnectionState::Completed) = event
            && let Some(peer) = self.peer(side)
        {
            peer.linked = peer.rtc.is_connected();
        }
        match event {
            // With two connections the first will do: the other opens beside it.
            RtcEvent::Connected if self.phase == Phase::Connecting => {
                self.phase = Phase::Connected;
                self.entered = true;
                self.step_deadline = None;
                self.stats.connections += 1;
                self.event(SessionEvent::Connected);
            }
            RtcEvent::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.media_disconnected(now, side);
            }
            RtcEvent::Closed => self.media_over(now, "the server closed the media connection".into()),
            RtcEvent::RtpPacket(packet) => {
                let ssrc = *packet.header.ssrc;
                let Some(track) = self.peer(side).and_then(|peer| peer.track(ssrc)) else {
                    self.stats.audio_packets_unknown += 1;
                    return;
                };
                let packet = MediaPacket {
                    ssrc,
                    seq: *packet.seq_no,
                    rtp_time: packet.time.numer(),
                    payload_type: *packet.header.payload_type,
                    payload: packet.payload,
                };
                self.output.push_back(Output::Media { track, packet });
            }
            RtcEvent::ChannelOpen(id, label) => {
                if let Some(peer) = self.peer(side) {
                    peer.channel_opened(id, &label);
                }
                self.flush_data(now);
            }
            RtcEvent::ChannelBufferedAmountLow(_) => self.flush_data(now),
            RtcEvent::ChannelData(data) => {
                let reliable = self.peer(side).is_some_and(|peer| peer.is_reliable(data.id));
                // A packet that does not parse harms nobody but its sender.
                let Ok(packet) = lk::DataPacket::decode(data.data.as_slice()) else {
                    self.stats.data_malformed += 1;
                    return;
                };
                self.stats.data_received += 1;
                self.stats.data_bytes_received += data.data.len() as u64;
                if reliable && !self.is_new(&packet) {
                    return;
                }
                self.event(SessionEvent::Data { packet: Box::new(packet), reliable });
            }
            RtcEvent::PeerStats(report) => {
                let peer = if side == Side::Publisher { Some(&mut self.publisher) } else { self.subscriber.as_mut() };
                if let Some(peer) = peer {
                    self.stats.peer(&report, &mut peer.stun_answers);
                }
            }
            RtcEvent::MediaEgressStats(report) if Some(report.mid) == self.publisher.microphone() => {
                self.stats.microphone(&report, self.lost_before);
            }
            _ => {}
        }
    }

    /// The microphone can send: media is connected and the server took the track.
    pub fn can_send(&self) -> bool {
        self.phase == Phase::Connected && self.publisher.microphone().is_some() && self.publisher.linked
    }

    /// Opus and RED as negotiated for sending.
    pub fn send_payload_types(&self) -> PayloadTypes {
        self.publisher.payload_types()
    }

    /// Opus and RED as negotiated for receiving.
    pub fn payload_types(&self) -> PayloadTypes {
        self.subscriber.as_ref().unwrap_or(&self.publisher).payload_types()
    }

    /// Sends one packet of the microphone. `rtp_time` is in 48 kHz units; `red` says that the payload is RFC 2198.
    /// Nothing is sent before [`Session::can_send`].
    pub fn send_media(&mut self, now: Instant, rtp_time: u32, marker: bool, red: bool, level: u8, payload: &[u8]) {
        let types = self.publisher.payload_types();
        let Some(mid) = self.publisher.microphone().filter(|_| self.can_send()) else { return };
        let payload_type = if red { types.red.unwrap_or(types.opus) } else { types.opus };
        let mut api = self.publisher.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
        let seq = self.microphone.next_seq;
        self.microphone.next_seq += 1;
        let extensions = str0m::rtp::ExtensionValues {
            audio_level: Some(-(level.min(127) as i8)),
            voice_activity: Some(level < 127),
            ..Default::default()
        };
        let write = RtpWrite::new(payload_type.into(), seq.into(), rtp_time, now, payload.to_vec())
            .marker(marker)
            .ext_vals(extensions)
            .nackable(false);
        stream.write_rtp(write);
        self.stats.audio_packets_sent += 1;
        self.stats.audio_bytes_sent += payload.len() as u64;
        self.microphone.rate.add(now, payload.len());
        let _ = self.publisher.rtc.handle_input(Input::Timeout(now));
        self.drain_peer(now, Side::Publisher);
    }

    /// Tells everyone that the microphone is muted, or not.
    pub fn mute(&mut self, muted: bool) {
        self.microphone.muted = muted;
        if !self.microphone.sid.is_empty() {
            self.request(Request::Mute(lk::MuteTrackRequest { sid: self.microphone.sid.clone(), muted }));
        }
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

    /// Sends a data packet. False: too many wait already, or it is too large.
    pub fn send_data(&mut self, now: Instant, packet: &lk::DataPacket, reliable: bool) -> bool {
        let taken = self.data.queue(packet.encode_to_vec(), reliable);
        self.data.flush(&mut self.publisher);
        self.flush(now);
        taken
    }

    /// Sends first what an earlier session took, and the server may not have had.
    pub(super) fn take_data(&mut self, earlier: &mut Session) {
        earlier.data_arrived();
        self.data = std::mem::take(&mut earlier.data).carried_over();
    }

    /// Data packets that wait for room on their way to the server.
    pub fn data_waiting(&self) -> usize {
        self.data.waiting()
    }

    /// A part of a long message may be handed over with [`Session::put_data`].
    pub fn has_room_for_data(&mut self, reliable: bool) -> bool {
        self.phase == Phase::Connected && self.data.has_room(&mut self.publisher, reliable)
    }

    /// Hands over a part, a whole data packet. Call [`Session::flush`] after the last one.
    pub fn put_data(&mut self, bytes: &[u8], reliable: bool) {
        self.data.put(&mut self.publisher, bytes, reliable);
    }

    /// Bytes given to the reliable channel so far.
    pub fn data_put(&self) -> u64 {
        self.data.put_so_far()
    }

    /// How many of them the server has acknowledged.
    pub fn data_arrived(&mut self) -> u64 {
        self.data.arrived(&mut self.publisher)
    }

    /// Sends what was handed over.
    pub fn flush(&mut self, now: Instant) {
        let _ = self.publisher.rtc.handle_input(Input::Timeout(now));
        self.drain_peer(now, Side::Publisher);
    }

    fn flush_data(&mut self, now: Instant) {
        self.data.flush(&mut self.publisher);
        let _ = self.publisher.rtc.handle_input(Input::Timeout(now));
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

    /// Says something to the server. Without a WebSocket it is not kept: a resume tells all that matters.
    fn request(&mut self, message: Request) {
        if self.signal.is_down() {
            return;
        }
        let bytes = lk::SignalRequest { message: Some(message) }.encode_to_vec();
        self.stats.signals_sent += 1;
        self.output.push_back(Output::Signal(bytes));
    }

    fn event(&mut self, event: SessionEvent) {
        self.output.push_back(Output::Event(event));
    }
}
