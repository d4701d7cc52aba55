//! Where the packets of one connection come from.

use super::Peer;
use std::net::SocketAddr;
use str0m::Candidate;
use str0m::net::Protocol;

/// Addresses that lead to one connection by UDP, and as many by TCP: a client has a few interfaces, and roams.
const MAX_ADDRESSES: usize = 8;

impl Peer {
    /// Notes where packets come from. The address that had to make room, if any.
    pub fn learn(&mut self, address: (Protocol, SocketAddr)) -> Option<(Protocol, SocketAddr)> {
        if self.addresses.contains(&address) {
            return None;
        }
        self.addresses.push_back(address);
        let same = |other: &&(Protocol, SocketAddr)| other.0 == address.0;
        if self.addresses.iter().filter(same).count() <= MAX_ADDRESSES {
            return None;
        }
        let oldest = self.addresses.iter().position(|other| same(&other))?;
        let oldest = self.addresses.remove(oldest)?;
        if let (Protocol::Tcp, from) = oldest {
            self.invalidate_stream(from);
        }
        Some(oldest)
    }

    /// A TCP connection is closed.
    pub fn forget_stream(&mut self, from: SocketAddr) {
        self.addresses.retain(|address| *address != (Protocol::Tcp, from));
        self.invalidate_stream(from);
    }

    /// An ICE-lite agent holds on to a nominated way until it hears nothing for long, even where the client has nominated
    /// another one meanwhile: so it is told.
    fn invalidate_stream(&mut self, from: SocketAddr) {
        self.shortcut.forget();
        // Mostly ICE found it out by itself (prflx), since clients connect from a port that they announce as 9 (RFC 6544, section
        // 4.5). str0m makes such candidates from text only; kind, protocol and address count.
        for kind in ["prflx", "host"] {
            let text = format!("candidate:1 1 tcp 1 {} {} typ {kind}", from.ip(), from.port());
            if let Ok(candidate) = Candidate::from_sdp_string(&text) {
                self.rtc.direct_api().invalidate_candidate(&candidate);
            }
        }
    }
}
