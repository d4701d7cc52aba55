//! Ways of media beside the first UDP socket of a side, as the driver makes them.

use super::{Output, Phase, Session, Side};
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

    fn ways_changed(&mut self, now: Instant, side: Side) {
        if !matches!(self.phase, Phase::Lost | Phase::Ended) {
            self.drain_peer(now, side);
        }
    }
}
