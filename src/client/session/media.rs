//! The peer connections: datagrams in, what str0m makes of them, what is to leave.

use super::{MediaPacket, Output, Peer, Phase, Session, SessionEvent, Side};
use crate::event::Reason;
use crate::rtc::Protocol;
use crate::signal::livekit as lk;
use prost::Message as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::{Event as RtcEvent, IceConnectionState};

/// How long the server's reason may take to come after it closed the media connection.
const FAREWELL: Duration = Duration::from_millis(500);

impl Session {
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
    pub(super) fn received(&mut self, now: Instant, side: Side, length: usize, accepted: bool) {
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

    /// Takes everything out of the peer connections.
    pub(super) fn drain(&mut self, now: Instant) {
        self.drain_peer(now, Side::Publisher);
        self.drain_peer(now, Side::Subscriber);
    }

    pub(super) fn drain_peer(&mut self, now: Instant, side: Side) {
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

    /// When a side is lost unless something comes, and which.
    pub(super) fn silent_at(&self) -> Option<(Instant, Side)> {
        if self.phase != Phase::Connected {
            return None;
        }
        let publisher = self.publisher.silent_at().map(|at| (at, Side::Publisher));
        let subscriber = self.subscriber.as_ref().and_then(Peer::silent_at).map(|at| (at, Side::Subscriber));
        publisher.into_iter().chain(subscriber).min_by_key(|(at, _)| *at)
    }
}
