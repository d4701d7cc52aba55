//! Datagrams, and TCP connections of media: whose they are.

use super::forward::MAX_PAYLOAD;
use super::{Output, ParticipantId, RoomServer, Side};
use crate::rtc::Protocol;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use str0m::Input;
use str0m::net::Receive;

impl RoomServer {
    /// A datagram came `from` somewhere to our address `to`, by UDP, or as a frame of a TCP connection. What belongs to nobody
    /// is ignored. Returns whether it belonged to somebody.
    pub fn datagram(
        &mut self,
        now: Instant,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        self.advance(now);
        self.counted.packets_received += 1;
        self.counted.bytes_received += bytes.len() as u64;
        // A datagram that cannot even be told whose it is ends nobody.
        let route = catch_unwind(AssertUnwindSafe(|| self.route(protocol, from, to, bytes)));
        let Ok(Some((id, side))) = route else {
            self.counted.packets_unknown += 1;
            return false;
        };
        self.contained(id, |server| {
            if server.take_short(id, side, (protocol, from, to), bytes) {
                return;
            }
            let Ok(receive) = Receive::new(protocol, from, to, bytes) else {
                server.counted.packets_malformed += 1;
                return;
            };
            let peer = server.participants.get_mut(&id).and_then(|p| p.peer(side));
            if peer.is_some_and(|peer| peer.intake.waiting() > 0) {
                server.catch_up(id, side);
            }
            let Some(peer) = server.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
            // Anybody can send nonsense from a forged address: only what the connection itself takes for fatal counts.
            peer.shortcut.received(bytes);
            let taken = peer.rtc.handle_input(Input::Receive(server.now, receive));
            match taken {
                Err(error) if !peer.rtc.is_alive() => server.lose(id, format!("its connection failed: {error}.")),
                _ => server.drive(id, side),
            }
            if stun_username(bytes).is_some() {
                let Some(peer) = server.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
                peer.checks.proven(&peer.ufrag, (protocol, from));
                server.check_back(id, side);
            }
        });
        true
    }

    /// Takes a packet of voice past str0m; false: this one is str0m's.
    fn take_short(
        &mut self,
        id: ParticipantId,
        side: Side,
        way: (Protocol, SocketAddr, SocketAddr),
        bytes: &[u8],
    ) -> bool {
        let mut room = [0; MAX_PAYLOAD];
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return false };
        let Some((track, voice)) = peer.intake.take(self.now, way, bytes, &mut room) else { return false };
        let full = peer.intake.is_full();
        self.forward_short(id, track, &voice);
        if full {
            self.catch_up(id, side);
        }
        true
    }

    /// Checks where the client's own checks came from: Pion waits for it.
    pub(super) fn check_back(&mut self, id: ParticipantId, side: Side) {
        let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) else { return };
        while let Some(((protocol, to), bytes)) = peer.checks.next(&self.crypto) {
            self.output.push_back(Output::Transmit { protocol, to, bytes });
        }
    }

    /// The media's TCP connection from there is closed.
    pub fn stream_closed(&mut self, now: Instant, from: SocketAddr) {
        self.advance(now);
        let Some((id, side)) = self.by_address.remove(&(Protocol::Tcp, from)) else { return };
        if let Some(peer) = self.participants.get_mut(&id).and_then(|p| p.peer(side)) {
            peer.forget_stream(from);
            self.touch(id, side);
        }
    }

    /// Whose datagram it is: the first ones find their way by the ICE user name in them, later ones by their address.
    fn route(
        &mut self,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> Option<(ParticipantId, Side)> {
        let address = (protocol, from);
        let Some(user) = stun_username(bytes) else { return self.by_address.get(&address).copied() };
        // A binding request names whom it is for, even where the address was somebody else's before.
        let (id, side) = self.by_ufrag.get(user.split(':').next()?).copied()?;
        let peer = self.participants.get_mut(&id)?.peer(side)?;
        // The address counts once the request's integrity is proven.
        let receive = Receive::new(protocol, from, to, bytes).ok()?;
        if !peer.rtc.accepts(&Input::Receive(self.now, receive)) {
            return None;
        }
        let forgotten = peer.learn(address);
        self.by_address.insert(address, (id, side));
        if let Some(address) = forgotten {
            self.forget(address, id);
        }
        Some((id, side))
    }

    /// An address leads to a participant no more.
    pub(super) fn forget(&mut self, (protocol, from): (Protocol, SocketAddr), id: ParticipantId) {
        if self.by_address.get(&(protocol, from)).is_some_and(|(owner, _)| *owner == id) {
            self.by_address.remove(&(protocol, from));
            if protocol == Protocol::Tcp {
                self.output.push_back(Output::CloseStream { from });
            }
        }
    }
}

/// The user name of a STUN binding request (RFC 8489), as far as it is needed to find the connection it is for.
fn stun_username(datagram: &[u8]) -> Option<&str> {
    const BINDING_REQUEST: [u8; 2] = [0, 1];
    const USERNAME: [u8; 2] = [0, 6];
    if datagram.get(..2)? != BINDING_REQUEST {
        return None;
    }
    let mut rest = datagram.get(20..)?;
    while let [t0, t1, l0, l1, value @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if [*t0, *t1] == USERNAME {
            return std::str::from_utf8(value.get(..length)?).ok();
        }
        rest = value.get(length.next_multiple_of(4)..)?;
    }
    None
}
