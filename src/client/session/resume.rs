//! The way back into the room after a loss, as the same participant: a new WebSocket, then a restart of ICE.
//!
//! The peer connections live on meanwhile. Media that still flows goes on flowing, and what SCTP took and the server has not
//! acknowledged is sent again by SCTP itself; sequence numbers on both sides see to it that nothing is taken twice.
//! [`super::Session`] says [`SessionEvent::Lost`]; when to call [`Session::resume`] is for its owner to decide.

use super::{Output, Phase, Request, STEP_TIMEOUT, Session, SessionEvent, Side, client_info};
use crate::event::Reason;
use crate::signal::livekit as lk;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long the server may take to open the WebSocket, and to know us again, before the next attempt: on a network that has just
/// come back, a new try gets through sooner than one that waits for its retransmission.
const RESUME_TIMEOUT: Duration = Duration::from_secs(5);

/// The WebSocket of a session that was in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Open, or not yet lost.
    Up,
    /// Lost.
    Down,
    /// New UDP sockets are being opened.
    Binding,
    /// A new WebSocket is being opened.
    Dialing,
    /// It is open; does the server know us?
    Asking,
    /// It does, and is to be told what we want.
    Known,
    /// It is told, and ICE restarts.
    Restarting,
}

impl Signal {
    /// There is no WebSocket to speak to the server, or not to one that knows us.
    pub(super) fn is_down(self) -> bool {
        matches!(self, Signal::Down | Signal::Binding | Signal::Dialing | Signal::Asking)
    }

    /// The server hears what is said.
    pub(super) fn carries(self) -> bool {
        matches!(self, Signal::Up | Signal::Restarting)
    }
}

impl Session {
    /// Comes back as the same participant, after [`SessionEvent::Lost`] that is not over.
    pub fn resume(&mut self, now: Instant) {
        if self.phase != Phase::Connected || self.signal != Signal::Down {
            return;
        }
        self.step_deadline = Some(now + RESUME_TIMEOUT);
        if self.media_lost {
            self.leave_relays();
            self.signal = Signal::Binding;
            self.output.push_back(Output::Bind { side: Side::Publisher });
        } else {
            self.dial_again();
        }
    }

    pub(super) fn rebound(&mut self, now: Instant, side: Side, local: SocketAddr) {
        match (side, &mut self.subscriber) {
            (Side::Publisher, subscriber) => {
                self.publisher.rebind(local);
                self.config.local = local;
                if subscriber.is_some() {
                    return self.output.push_back(Output::Bind { side: Side::Subscriber });
                }
            }
            (Side::Subscriber, Some(subscriber)) => subscriber.rebind(local),
            (Side::Subscriber, None) => return,
        }
        self.dial_again();
        self.timeout(now);
    }

    fn dial_again(&mut self) {
        let reason = if self.media_lost {
            lk::ReconnectReason::RrPublisherFailed
        } else {
            lk::ReconnectReason::RrSignalDisconnected
        };
        let request = lk::JoinRequest {
            client_info: Some(client_info()),
            connection_settings: Some(lk::ConnectionSettings::default()),
            reconnect: true,
            reconnect_reason: reason as i32,
            participant_sid: self.sid.clone(),
            ..Default::default()
        };
        self.signal = Signal::Dialing;
        self.output.push_back(Output::Dial { target: self.target(&request) });
    }

    pub(super) fn opened_again(&mut self, now: Instant) {
        if self.signal == Signal::Dialing {
            self.signal = Signal::Asking;
            self.step_deadline = Some(now + RESUME_TIMEOUT);
        }
    }

    /// Who says no (a lost node, an expired token) will say no again; who cannot answer may later.
    pub(super) fn refused_again(&mut self, http_status: u16) {
        let text = format!("the server refused to resume with HTTP {http_status}");
        self.lost((400..500).contains(&http_status), Reason::ConnectionLost, text);
    }

    /// The server knows us, and has had our reliable packets up to one.
    pub(super) fn known_again(&mut self, now: Instant, response: lk::ReconnectResponse) {
        if self.signal != Signal::Asking {
            return;
        }
        self.signal = Signal::Known;
        self.everyone = true;
        self.step_deadline = Some(now + STEP_TIMEOUT);
        if let Some(ping) = &mut self.ping {
            (ping.last_heard, ping.next, ping.asked) = (now, now + ping.interval, None);
        }
        self.relays_named(&response.ice_servers);
        self.data.resend(&mut self.publisher, response.last_message_seq);
        self.event(SessionEvent::Known);
    }

    /// Tells the server what we want, after [`SessionEvent::Known`], and restarts ICE: tracks to hear and not to hear, by the sids
    /// of their participants and their own.
    pub fn sync(&mut self, now: Instant, wanted: &[(String, String)], unwanted: &[(String, String)]) {
        if self.signal != Signal::Known {
            return;
        }
        self.signal = Signal::Restarting;
        let received = self.received.iter();
        let data_channels = self.publisher.channel_infos();
        let datachannel_receive_states = received
            .map(|(sid, seq)| lk::DataChannelReceiveState { publisher_sid: sid.clone(), last_seq: *seq })
            .collect();
        let microphone = (!self.microphone.sid.is_empty()).then(|| lk::TrackPublishedResponse {
            cid: self.cid(),
            track: Some(lk::TrackInfo {
                sid: self.microphone.sid.clone(),
                name: "microphone".into(),
                source: lk::TrackSource::Microphone as i32,
                muted: self.microphone.muted,
                ..Default::default()
            }),
        });
        // Offer and answer themselves matter to nobody but a server that takes us over from another one.
        self.request(Request::SyncState(lk::SyncState {
            subscription: Some(subscription(wanted, true)),
            publish_tracks: microphone.into_iter().collect(),
            data_channels,
            datachannel_receive_states,
            ..Default::default()
        }));
        if !unwanted.is_empty() {
            self.request(Request::Subscription(subscription(unwanted, false)));
        }
        if !self.microphone.sid.is_empty() {
            self.mute(self.microphone.muted);
        }
        if let Some(token) = self.renewal.take().filter(|_| self.renews) {
            self.request(Request::RenewToken(token));
        }
        if let Some(unanswered) = self.publisher.restart_ice() {
            self.request(Request::Offer(unanswered));
        }
        self.negotiate();
        self.drain(now);
    }

    /// Ends a resume where all is as it was.
    pub(super) fn look_for_the_end(&mut self, now: Instant) {
        if self.signal != Signal::Restarting {
            return;
        }
        let subscriber = self.subscriber.as_ref().is_none_or(|subscriber| subscriber.rtc.is_connected());
        if self.phase == Phase::Connected && self.publisher.is_settled() && subscriber {
            self.signal = Signal::Up;
            self.step_deadline = None;
            self.media_lost = false;
            for peer in std::iter::once(&mut self.publisher).chain(self.subscriber.as_mut()) {
                peer.linked = true;
                peer.heard = now;
            }
            self.event(SessionEvent::Connected);
            self.flush_data(now);
            self.drain(now);
        }
    }

    pub(super) fn resume_took_too_long(&mut self) {
        let (over, text) = match self.signal {
            Signal::Known | Signal::Restarting => (true, "media did not come back within 10 s"),
            _ => (false, "the server did not answer within 5 s"),
        };
        self.lost(over, Reason::ConnectionLost, text.into());
    }

    pub(super) fn participants(&mut self, infos: Vec<lk::ParticipantInfo>) {
        for info in &infos {
            if info.state() == lk::participant_info::State::Disconnected {
                self.received.remove(&info.sid);
            }
        }
        let everyone = std::mem::take(&mut self.everyone);
        self.event(if everyone { SessionEvent::Everyone(infos) } else { SessionEvent::Participants(infos) });
    }
}

fn subscription(tracks: &[(String, String)], subscribe: bool) -> lk::UpdateSubscription {
    lk::UpdateSubscription {
        track_sids: tracks.iter().map(|(_, track)| track.clone()).collect(),
        subscribe,
        participant_tracks: tracks
            .iter()
            .map(|(participant, track)| lk::ParticipantTracks {
                participant_sid: participant.clone(),
                track_sids: vec![track.clone()],
            })
            .collect(),
    }
}
