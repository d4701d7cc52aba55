//! The relays of a peer connection: one way more, for where nothing leads to the server itself. They are tried one after the other,
//! each as soon as the one before has had its time and media still do not flow.

use super::peer::Peer;
use super::relay::{Change, Received, Relay};
use crate::log::{Level, log};
use crate::rtc::Protocol;
use crate::signal::turn::{NamedRelay, RelayAt, RelayWay};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::{Candidate, Input};

/// How long the server itself is tried alone: UDP has 2 s of it ([`super::ways::UDP_ALONE`]), then TCP has a moment.
pub const DIRECT_ALONE: Duration = Duration::from_secs(3);
/// How long a relay may try alone before the next one does, too.
const RELAY_ALONE: Duration = Duration::from_secs(1);

/// What is known of them.
#[derive(Default)]
pub(super) struct Relays {
    /// A server names few ([`crate::signal::turn::relays`]).
    untried: VecDeque<NamedRelay>,
    /// When the next one is tried, if media do not flow by then.
    next_at: Option<Instant>,
    tried: Vec<Tried>,
    /// Numbers are not used again, so that what comes late means nobody else.
    next_id: u32,
}

struct Tried {
    id: u32,
    named: NamedRelay,
    /// None: the driver is on its way there.
    relay: Option<Relay>,
}

/// A message for a relay.
pub(super) struct ToRelay {
    pub(super) id: u32,
    pub(super) way: RelayWay,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

impl Relays {
    /// When there is something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.tried.iter().filter_map(|tried| tried.relay.as_ref()).map(|relay| relay.wake).chain(self.next_at).min()
    }

    /// There is a server to be reached: the time runs.
    pub(super) fn expect(&mut self, now: Instant) {
        if !self.untried.is_empty() {
            self.next_at.get_or_insert(now + DIRECT_ALONE);
        }
    }

    fn named(&mut self, id: u32) -> Option<&mut Tried> {
        self.tried.iter_mut().find(|tried| tried.id == id)
    }

    fn lending(&mut self, lent: SocketAddr) -> Option<&mut Relay> {
        self.tried.iter_mut().filter_map(|tried| tried.relay.as_mut()).find(|relay| relay.lent == Some(lent))
    }
}

impl Peer {
    /// These relays may be used from now on.
    pub(super) fn name_relays(&mut self, named: &[NamedRelay]) {
        let relays = &mut self.relays;
        let new = |one: &&NamedRelay| !relays.tried.iter().any(|tried| tried.named.at == one.at);
        relays.untried = named.iter().filter(new).cloned().collect();
        relays.next_at = None;
    }

    /// Whether a relay may still help.
    pub(super) fn expects_a_relay(&self) -> bool {
        let lends = |tried: &Tried| tried.relay.as_ref().is_some_and(|relay| relay.lent.is_some());
        self.relays.next_at.is_some() || !self.relays.tried.iter().all(lends)
    }

    /// The relay to be reached next, and its number, when it is time.
    pub(super) fn needs_relay(&mut self, now: Instant) -> Option<(u32, RelayAt)> {
        self.relays.next_at.take_if(|at| *at <= now)?;
        if self.rtc.is_connected() {
            return None;
        }
        let relays = &mut self.relays;
        let named = relays.untried.pop_front()?;
        let (id, at) = (relays.next_id, named.at.clone());
        relays.next_id += 1;
        relays.tried.push(Tried { id, named, relay: None });
        relays.next_at = (!relays.untried.is_empty()).then(|| now + RELAY_ALONE);
        Some((id, at))
    }

    /// A relay can be spoken with: it is there, and what it sends arrives here.
    pub(super) fn relay_opened(&mut self, now: Instant, id: u32, to: SocketAddr, local: SocketAddr) {
        if let Some(tried) = self.relays.named(id).filter(|tried| tried.relay.is_none()) {
            tried.relay = Some(Relay::new(now, &tried.named, to, local));
            self.work_relays(now);
        }
    }

    /// A relay cannot be spoken with, or not any more.
    pub(super) fn relay_closed(&mut self, now: Instant, id: u32, why: &str) {
        let relays = &mut self.relays;
        let Some(at) = relays.tried.iter().position(|tried| tried.id == id) else { return };
        let Tried { named, relay, .. } = relays.tried.remove(at);
        log(Level::Warn, &format!("the relay {}:{} is of no use: {why}", named.at.host, named.at.port));
        // The next one need not wait for it.
        relays.next_at = relays.next_at.map(|at| at.min(now));
        if let Some(candidate) = relay.as_ref().and_then(candidate) {
            self.rtc.direct_api().invalidate_candidate(&candidate);
            let _ = self.rtc.handle_input(Input::Timeout(now));
        }
    }

    /// Lets all relays do what is due.
    pub(super) fn work_relays(&mut self, now: Instant) {
        let mut over = Vec::new();
        let mut lent = Vec::new();
        for Tried { id, named, relay } in &mut self.relays.tried {
            let Some(relay) = relay.as_mut().filter(|relay| relay.wake <= now) else { continue };
            match relay.work(now, &named.at) {
                Some(Change::Lent) => lent.extend(candidate(relay)),
                Some(Change::Over(why)) => over.push((*id, why)),
                None => {}
            }
        }
        if !lent.is_empty() {
            lent.into_iter().for_each(|candidate| _ = self.rtc.add_local_candidate(candidate));
            let _ = self.rtc.handle_input(Input::Timeout(now));
        }
        over.into_iter().for_each(|(id, why)| self.relay_closed(now, id, why));
    }

    /// Whether a datagram that would leave from this address leaves by a relay: then it is taken.
    pub(super) fn relays_from(&self, from: SocketAddr) -> bool {
        self.relays.tried.iter().any(|tried| tried.relay.as_ref().is_some_and(|relay| relay.lent == Some(from)))
    }

    /// Sends a datagram by the relay that lends this address.
    pub(super) fn send_by_relay(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if let Some(relay) = self.relays.lending(from) {
            relay.send(now, to, bytes);
        }
    }

    /// The relay that is spoken with by datagrams, at this address.
    pub(super) fn relay_at(&self, protocol: Protocol, from: SocketAddr) -> Option<u32> {
        let by_udp = |tried: &&Tried| tried.named.at.way == RelayWay::Udp;
        let there = |tried: &&Tried| tried.relay.as_ref().is_some_and(|relay| relay.to == from);
        let tried = self.relays.tried.iter().filter(by_udp).find(there).filter(|_| protocol == Protocol::Udp);
        tried.map(|tried| tried.id)
    }

    /// Takes a message of a relay's. False: it was of no use.
    pub(super) fn receive_by_relay(&mut self, now: Instant, id: u32, bytes: &[u8]) -> bool {
        let Some(relay) = self.relays.named(id).and_then(|tried| tried.relay.as_mut()) else { return false };
        let (from, lent) = (relay.to, relay.lent);
        match relay.receive(now, bytes) {
            Received::Data(data) => self.receive(now, Protocol::Udp, data.peer, lent, data.data()),
            Received::Own => {
                self.work_relays(now);
                true
            }
            // The server itself may be at the same address.
            Received::Foreign => {
                let arrival = self.arrival(Protocol::Udp, from);
                self.receive(now, Protocol::Udp, from, arrival, bytes)
            }
        }
    }

    /// What is to be sent to relays.
    pub(super) fn for_relays(&mut self) -> Vec<ToRelay> {
        let mut all = Vec::new();
        for Tried { id, named, relay } in &mut self.relays.tried {
            let Some(relay) = relay else { continue };
            let (id, way, to) = (*id, named.at.way, relay.to);
            all.extend(relay.out.drain(..).map(|bytes| ToRelay { id, way, to, bytes }));
        }
        all
    }

    /// Gives all addresses back: nothing is sent from here any more.
    pub(super) fn leave_relays(&mut self) {
        self.relays.tried.iter_mut().filter_map(|tried| tried.relay.as_mut()).for_each(Relay::farewell);
    }

    /// All sockets are others from now on.
    pub(super) fn forget_relays(&mut self) {
        let tried = std::mem::take(&mut self.relays.tried);
        self.relays = Relays { next_id: self.relays.next_id, ..Relays::default() };
        for candidate in tried.iter().filter_map(|tried| candidate(tried.relay.as_ref()?)) {
            self.rtc.direct_api().invalidate_candidate(&candidate);
        }
    }
}

fn candidate(relay: &Relay) -> Option<Candidate> {
    Candidate::relayed(relay.lent?, relay.local, Protocol::Udp).ok()
}
