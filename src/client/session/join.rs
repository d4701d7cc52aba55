//! The join: the request with the first offer in it, the steps to the media, and what a server may answer instead.

use super::resume::Signal;
use super::{Output, Peer, Phase, Ping, Request, Session, SessionEvent, Side, client_info};
use crate::event::Reason;
use crate::signal::{join, livekit as lk};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long the server may take for each step of a join: to answer the WebSocket, to send Join, to connect the media.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// Receive sections in the first offer: as many speakers are heard without another round trip.
const FIRST_RECEIVERS: u32 = 3;

impl Session {
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
    pub(super) fn target(&self, request: &lk::JoinRequest) -> String {
        let mut target = match self.single {
            true => format!("/rtc/v1?{}", join::query_single(request)),
            false => format!("/rtc?{}", join::query_dual(request)),
        };
        if let Some((room, identity)) = &self.config.asked {
            target.push_str(&format!("&room={}&identity={}", join::escape(room), join::escape(identity)));
        }
        target
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

    pub(super) fn joined(&mut self, now: Instant, response: lk::JoinResponse) {
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
}
