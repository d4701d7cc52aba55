//! Ways of media beside the first UDP socket of a side, as the driver makes them.

use super::{Output, Phase, Session, Side};
use crate::client::relays::ToRelay;
use crate::rtc::Protocol;
use crate::signal::livekit as lk;
use crate::signal::turn::{self, RelayWay};
use std::net::SocketAddr;
use std::time::Instant;

impl Session {
    /// Asks for the ways that are needed by now.
    pub(super) fn look_for_ways(&mut self, now: Instant) {
        for side in [Side::Publisher, Side::Subscriber] {
            let Some(peer) = self.peer(side) else { continue };
            let other = peer.needs_other().map(|to| Output::BindOther { side, to });
            let streams = peer.needs_streams(now).into_iter().map(|to| Output::Connect { side, to });
            self.output.extend(other.into_iter().chain(streams));
            let Some(peer) = self.peer(side) else { continue };
            peer.work_relays(now);
            let relay = peer.needs_relay(now).map(|(id, at)| Output::Relay { side, id, at });
            self.output.extend(relay);
        }
    }

    /// A side has a UDP socket of the other family, too, with this address.
    pub fn bound_other(&mut self, now: Instant, side: Side, local: SocketAddr) {
        if let Some(peer) = self.peer(side) {
            peer.bound_other(now, local);
            self.ways_changed(now, side);
        }
    }

    /// A side's TCP connection to an address of the server's is open, from this one of ours.
    pub fn stream_opened(&mut self, now: Instant, side: Side, to: SocketAddr, local: SocketAddr) {
        if let Some(peer) = self.peer(side) {
            peer.stream_opened(now, to, local);
            self.ways_changed(now, side);
        }
    }

    /// A side's TCP connection to an address of the server's could not be made, or is closed.
    pub fn stream_closed(&mut self, now: Instant, side: Side, to: SocketAddr) {
        if let Some(peer) = self.peer(side) {
            peer.stream_closed(now, to);
            self.ways_changed(now, side);
        }
    }

    /// A relay of a side's was found at an address, and a connection to it made where it wants one: what it sends arrives at `local`.
    pub fn relay_opened(&mut self, now: Instant, side: Side, id: u32, to: SocketAddr, local: SocketAddr) {
        if let Some(peer) = self.peer(side) {
            peer.relay_opened(now, id, to, local);
            self.ways_changed(now, side);
        }
    }

    /// A relay of a side's was not found, or its connection could not be made, or is closed.
    pub fn relay_closed(&mut self, now: Instant, side: Side, id: u32, why: &str) {
        if matches!(self.phase, Phase::Lost | Phase::Ended) {
            return;
        }
        if let Some(peer) = self.peer(side) {
            peer.relay_closed(now, id, why);
            self.look_for_ways(now);
            self.drain_peer(now, side);
        }
    }

    /// A message on the connection to a relay: of STUN, or ChannelData without what it was padded with.
    pub fn relay_message(&mut self, now: Instant, side: Side, id: u32, bytes: &[u8]) {
        if matches!(self.phase, Phase::Lost | Phase::Ended) {
            return;
        }
        let Some(peer) = self.peer(side) else { return };
        let accepted = peer.receive_by_relay(now, id, bytes);
        self.received(now, side, bytes.len(), accepted);
    }

    /// Takes note of the relays that the server names. One that names none any more has changed its mind about nothing.
    pub(super) fn relays_named(&mut self, servers: &[lk::IceServer]) {
        let named = turn::relays(servers);
        if !named.is_empty() {
            self.relays = named;
        }
        for peer in std::iter::once(&mut self.publisher).chain(self.subscriber.as_mut()) {
            peer.name_relays(&self.relays);
        }
    }

    /// Gives back what relays lend.
    pub(super) fn leave_relays(&mut self) {
        for side in [Side::Publisher, Side::Subscriber] {
            if let Some(peer) = self.peer(side) {
                peer.leave_relays();
                self.flush_relays(side);
            }
        }
    }

    /// Sends what relays are to have.
    pub(super) fn flush_relays(&mut self, side: Side) {
        let Some(peer) = self.peer(side) else { return };
        for ToRelay { id, way, to, bytes } in peer.for_relays() {
            self.count_sent(&bytes);
            self.output.push_back(match way {
                RelayWay::Udp => Output::Transmit { side, protocol: Protocol::Udp, to, bytes },
                RelayWay::Tcp | RelayWay::Tls => Output::ToRelay { side, id, bytes },
            });
        }
    }

    pub(super) fn count_sent(&mut self, bytes: &[u8]) {
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += bytes.len() as u64;
    }

    fn ways_changed(&mut self, now: Instant, side: Side) {
        if !matches!(self.phase, Phase::Lost | Phase::Ended) {
            self.drain_peer(now, side);
        }
    }
}
