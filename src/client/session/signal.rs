//! The WebSocket: the server's messages and what each means, our requests, pings.

use super::{Output, Phase, Request, Response, Session, SessionEvent};
use crate::event::Reason;
use crate::signal::livekit as lk;
use prost::Message as _;
use std::time::Instant;

impl Session {
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

    /// Says something to the server. Without a WebSocket it is not kept: a resume tells all that matters.
    pub(super) fn request(&mut self, message: Request) {
        if self.signal.is_down() {
            return;
        }
        let bytes = lk::SignalRequest { message: Some(message) }.encode_to_vec();
        self.stats.signals_sent += 1;
        self.output.push_back(Output::Signal(bytes));
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

    pub(super) fn ping_if_due(&mut self, now: Instant) {
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
}
