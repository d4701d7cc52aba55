//! The ways that a peer connection may take beside its UDP socket: one of the other IP family where the server names no address
//! of ours, and TCP where UDP does not get through. Relays are in `relays.rs`.

use super::peer::Peer;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::net::{Protocol, TcpType};
use str0m::{Candidate, Input};

/// How long UDP may try alone. Where it works it needs some round trips, and one lost packet more costs 50 to 200 ms; who is behind
/// a firewall must not wait much longer for a word than that.
pub const UDP_ALONE: Duration = Duration::from_secs(2);
/// TCP connections of a peer connection: a server has few addresses.
const MAX_STREAMS: usize = 4;

/// What is known of the ways there.
#[derive(Default)]
pub(super) struct Ways {
    /// The server's TCP addresses (passive candidates).
    passive: Vec<SocketAddr>,
    /// TCP connections by the server's address, and ours once they are open.
    streams: Vec<(SocketAddr, Option<SocketAddr>)>,
    /// When TCP is tried, if media do not flow by then.
    pub(super) tcp_at: Option<Instant>,
    /// The server has a UDP address of our socket's family.
    reachable: bool,
    other: Other,
}

/// The UDP socket of the other family.
#[derive(Clone, Copy, Default)]
enum Other {
    #[default]
    Unneeded,
    /// The server has this address, and none of our family.
    Needed(SocketAddr),
    Asked,
    Bound(SocketAddr),
}

impl Peer {
    /// Takes note of the candidates in a description of the server's.
    pub(super) fn note_candidates(&mut self, now: Instant, sdp: &str) {
        let texts =
            sdp.lines().filter_map(|line| line.strip_prefix("a=")).filter(|text| text.starts_with("candidate:"));
        texts.filter_map(|text| Candidate::from_sdp_string(text).ok()).for_each(|c| self.note_candidate(now, &c));
    }

    /// Takes note of a candidate of the server's.
    pub(super) fn note_candidate(&mut self, now: Instant, candidate: &Candidate) {
        let (address, ways) = (candidate.addr(), &mut self.ways);
        // A server elsewhere means its own loopback, not ours.
        if address.ip().is_loopback() && !self.local.ip().is_loopback() {
            return;
        }
        self.relays.expect(now);
        match (candidate.proto(), candidate.tcptype()) {
            (Protocol::Udp, _) if address.is_ipv4() == self.local.is_ipv4() => ways.reachable = true,
            (Protocol::Udp, _) if matches!(ways.other, Other::Unneeded) => ways.other = Other::Needed(address),
            (Protocol::Tcp, None | Some(TcpType::Passive)) => {
                if ways.passive.len() < MAX_STREAMS && !ways.passive.contains(&address) {
                    ways.passive.push(address);
                }
                ways.tcp_at.get_or_insert(now + UDP_ALONE);
            }
            _ => {}
        }
    }

    /// A server's address for which a UDP socket of the other family is needed: told once.
    pub(super) fn needs_other(&mut self) -> Option<SocketAddr> {
        let Other::Needed(to) = self.ways.other else { return None };
        if self.ways.reachable {
            return None;
        }
        self.ways.other = Other::Asked;
        Some(to)
    }

    /// That socket is there.
    pub(super) fn bound_other(&mut self, now: Instant, local: SocketAddr) {
        if matches!(self.ways.other, Other::Asked) {
            self.ways.other = Other::Bound(local);
            self.add_way(now, Candidate::host(local, Protocol::Udp).ok());
        }
    }

    /// ICE has nothing left to try. Whether there is more to come; TCP comes at once then.
    pub(super) fn expects_another_way(&mut self, now: Instant) -> bool {
        let ways = &mut self.ways;
        ways.tcp_at = ways.tcp_at.map(|at| at.min(now));
        let connecting = ways.streams.iter().any(|(_, local)| local.is_none());
        ways.tcp_at.is_some() || connecting || matches!(ways.other, Other::Asked) || self.expects_a_relay()
    }

    /// The server's addresses to connect to, when it is time.
    pub(super) fn needs_streams(&mut self, now: Instant) -> Vec<SocketAddr> {
        if self.ways.tcp_at.take_if(|at| *at <= now).is_none() || self.rtc.is_connected() {
            return Vec::new();
        }
        let missing = |to: &&SocketAddr| !self.ways.streams.iter().any(|(other, _)| other == *to);
        let missing: Vec<SocketAddr> = self.ways.passive.iter().filter(missing).copied().collect();
        self.ways.streams.extend(missing.iter().map(|to| (*to, None)));
        missing
    }

    /// A TCP connection is open.
    pub(super) fn stream_opened(&mut self, now: Instant, to: SocketAddr, local: SocketAddr) {
        if let Some((_, place)) = self.ways.streams.iter_mut().find(|(other, place)| *other == to && place.is_none()) {
            *place = Some(local);
            self.add_way(now, Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build().ok());
        }
    }

    /// A TCP connection was not made, or is closed.
    pub(super) fn stream_closed(&mut self, now: Instant, to: SocketAddr) {
        let Some(at) = self.ways.streams.iter().position(|(other, _)| *other == to) else { return };
        if let (_, Some(local)) = self.ways.streams.remove(at) {
            self.remove_way(local, Protocol::Tcp);
            let _ = self.rtc.handle_input(Input::Timeout(now));
        }
    }

    /// All sockets are others from now on.
    pub(super) fn forget_ways(&mut self) {
        self.forget_relays();
        let ways = std::mem::take(&mut self.ways);
        for local in ways.streams.into_iter().filter_map(|(_, local)| local) {
            self.remove_way(local, Protocol::Tcp);
        }
        if let Other::Bound(local) = ways.other {
            self.remove_way(local, Protocol::Udp);
        }
    }

    /// Where what comes from an address of the server's arrives. None: on no socket that is known.
    pub(super) fn arrival(&self, protocol: Protocol, from: SocketAddr) -> Option<SocketAddr> {
        if protocol == Protocol::Tcp {
            return self.ways.streams.iter().find(|(to, _)| *to == from).and_then(|(_, local)| *local);
        }
        match self.ways.other {
            Other::Bound(other) if from.is_ipv4() == other.is_ipv4() => Some(other),
            _ => Some(self.local),
        }
    }

    fn add_way(&mut self, now: Instant, candidate: Option<Candidate>) {
        if let Some(candidate) = candidate {
            self.rtc.add_local_candidate(candidate);
            let _ = self.rtc.handle_input(Input::Timeout(now));
        }
    }

    fn remove_way(&mut self, local: SocketAddr, protocol: Protocol) {
        if let Ok(candidate) = Candidate::host(local, protocol) {
            self.rtc.direct_api().invalidate_candidate(&candidate);
        }
    }
}
