//! One relay (TURN, RFC 8656): it lends an address, at which others reach us. What leaves from there goes to the relay wrapped, and
//! what arrives there comes back wrapped. The protocol is `turn-client-proto`'s; here is what a peer connection wants of it.
//!
//! Over TCP each message is handed over as a datagram would be: the driver cuts the stream. So one kind of client does for both, and
//! nothing is buffered here.

use crate::log::{Level, log};
use crate::signal::turn::{NamedRelay, RelayAt, RelayWay};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use turn_client_proto::api::{Transmit, TurnConfig, TurnEvent, TurnPeerData, TurnPollRet, TurnRecvRet};
use turn_client_proto::prelude::{DelayedTransmitBuild as _, TurnClientApi as _};
use turn_client_proto::stun::Instant as Time;
use turn_client_proto::types::{AddressFamily, TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

/// How long a relay may take to lend an address: it is asked twice, since the first answer says what to sign.
const LENDING: Duration = Duration::from_secs(5);
/// How soon a request is repeated at first, at most, how often, and how long the last one waits.
const REQUESTS: (Duration, Duration, u32, Duration) =
    (Duration::from_millis(200), Duration::from_secs(1), 6, Duration::from_secs(2));
/// Addresses that a relay is asked to lead to: a server has few.
const MAX_PERMISSIONS: usize = 8;
/// Messages and events taken in one go. More than it ever has at a time.
const BURST: usize = 64;

/// What became of a relay.
pub(super) enum Change {
    /// It lends an address.
    Lent,
    /// It is of no use, or no more: why.
    Over(&'static str),
}

/// What came from it.
pub(super) enum Received<'a> {
    /// A datagram, from the address that is named in it.
    Data(TurnPeerData<&'a [u8]>),
    /// Something for this module.
    Own,
    /// Nothing of a relay's.
    Foreign,
}

/// A relay that can be spoken with.
pub(super) struct Relay {
    client: TurnClientUdp,
    /// Where it is, and where what it sends arrives.
    pub(super) to: SocketAddr,
    pub(super) local: SocketAddr,
    /// The address that it lends.
    pub(super) lent: Option<SocketAddr>,
    /// Addresses that it was asked to lead to. One that it refused is not asked for again.
    asked: Vec<IpAddr>,
    /// A channel was asked for: it saves 32 bytes in each packet.
    channel: bool,
    began: Instant,
    now: Instant,
    /// When [`Relay::work`] is due.
    pub(super) wake: Instant,
    /// To be sent to it; emptied after every input.
    pub(super) out: Vec<Vec<u8>>,
}

impl Relay {
    pub(super) fn new(now: Instant, named: &NamedRelay, to: SocketAddr, local: SocketAddr) -> Relay {
        let mut config = TurnConfig::new(TurnCredentials::new(&named.username, &named.credential));
        config.set_address_family(if to.is_ipv4() { AddressFamily::IPV4 } else { AddressFamily::IPV6 });
        let (initial, longest, tries, last) = REQUESTS;
        // TCP repeats by itself.
        let tries = if named.at.way == RelayWay::Udp { tries } else { 1 };
        config.set_request_retransmits(initial, longest, tries, if tries == 1 { LENDING } else { last });
        Relay {
            client: TurnClientUdp::allocate(local, to, config),
            to,
            local,
            lent: None,
            asked: Vec::new(),
            channel: false,
            began: now,
            now,
            wake: now,
            out: Vec::new(),
        }
    }

    /// Does what is due: asks for an address, keeps it and what belongs to it.
    pub(super) fn work(&mut self, now: Instant, at: &RelayAt) -> Option<Change> {
        let time = self.time(now);
        let mut change = None;
        for _ in 0..BURST {
            let polled = self.client.poll(time);
            let sent = self.client.poll_transmit(time);
            let event = self.client.poll_event();
            let more = sent.is_some() || event.is_some();
            self.out.extend(sent.map(|transmit| transmit.data.to_vec()));
            match event {
                Some(TurnEvent::AllocationCreated(_, lent)) => {
                    self.lent = Some(lent);
                    change = Some(Change::Lent);
                }
                Some(TurnEvent::AllocationCreateFailed(_)) => return Some(Change::Over("it lends no address")),
                Some(TurnEvent::PermissionCreateFailed(_, ip)) => {
                    log(Level::Info, &format!("the relay {}:{} does not lead to {ip}", at.host, at.port));
                }
                _ => {}
            }
            match polled {
                TurnPollRet::Closed if !more => return Some(Change::Over("the address that it lent is lost")),
                TurnPollRet::WaitUntil(wake) if !more => {
                    self.wake = self.began + Duration::from_nanos(wake.as_nanos().max(0) as u64);
                    break;
                }
                _ => {}
            }
        }
        // However the time is told there: never at once again, without end.
        self.wake = self.wake.max(now + Duration::from_millis(1));
        if self.lent.is_none() {
            let last = self.began + LENDING;
            if now >= last {
                return Some(Change::Over("it lent no address within 5 s"));
            }
            self.wake = self.wake.min(last);
        }
        change
    }

    /// Sends a datagram from the address that is lent. Until the relay leads there it is lost, as on any network: ICE tries again.
    pub(super) fn send(&mut self, now: Instant, to: SocketAddr, bytes: Vec<u8>) {
        let time = self.time(now);
        if !self.client.have_permission(TransportType::Udp, to.ip()) {
            let new = self.asked.len() < MAX_PERMISSIONS && !self.asked.contains(&to.ip());
            if new && self.client.create_permission(TransportType::Udp, to.ip(), time).is_ok() {
                self.asked.push(to.ip());
                self.wake = now;
            }
            return;
        }
        // STUN (RFC 7983: 0 to 3) is sent to every address there is; all else to the one that was found.
        if !self.channel && bytes.first().is_some_and(|first| *first > 3) {
            self.channel = true;
            let _ = self.client.bind_channel(TransportType::Udp, to, time);
            self.wake = now;
        }
        if let Ok(Some(wrapped)) = self.client.send_to(TransportType::Udp, to, bytes, time) {
            self.out.push(wrapped.data.build());
        }
    }

    /// Takes what came from the relay.
    pub(super) fn receive<'a>(&mut self, now: Instant, bytes: &'a [u8]) -> Received<'a> {
        let time = self.time(now);
        match self.client.recv(Transmit::new(bytes, TransportType::Udp, self.to, self.local), time) {
            TurnRecvRet::PeerData(data) => Received::Data(data),
            TurnRecvRet::Ignored(_) => Received::Foreign,
            _ => {
                self.wake = now;
                Received::Own
            }
        }
    }

    /// Gives the address back.
    pub(super) fn farewell(&mut self) {
        let time = self.time(self.now);
        if self.client.delete(time).is_ok() {
            self.out.extend(self.client.poll_transmit(time).map(|transmit| transmit.data.to_vec()));
        }
    }

    fn time(&mut self, now: Instant) -> Time {
        self.now = self.now.max(now);
        Time::from_nanos(self.now.saturating_duration_since(self.began).as_nanos() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turn_server_proto::api::{TurnServerApi as _, TurnServerPollRet};
    use turn_server_proto::server::TurnServer;

    const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 3478);
    const LENT: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 50_000);
    const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)), 7882);

    struct Pair {
        relay: Relay,
        at: RelayAt,
        server: TurnServer,
        start: Instant,
        now: Instant,
        /// What arrived by way of the relay, and what it was asked so far.
        data: Vec<(SocketAddr, Vec<u8>)>,
        asked: usize,
    }

    impl Pair {
        fn new(password: &str) -> Pair {
            let at = RelayAt { host: ADDRESS.ip().to_string(), port: ADDRESS.port(), way: RelayWay::Udp };
            let named = NamedRelay { at: at.clone(), username: "guest".into(), credential: password.into() };
            let mut server = TurnServer::new(TransportType::Udp, ADDRESS, "test".into());
            server.add_user("guest".into(), "right".into());
            let now = Instant::now();
            let relay = Relay::new(now, &named, ADDRESS, "198.51.100.1:5000".parse().unwrap());
            Pair { relay, at, server, start: now, now, data: Vec::new(), asked: 0 }
        }

        /// 10 ms; each answer goes through `mangle`.
        fn step(&mut self, mangle: &mut impl FnMut(&mut Vec<u8>)) -> Option<Change> {
            self.now += Duration::from_millis(10);
            let time = Time::from_nanos((self.now - self.start).as_nanos() as i64);
            let change = self.relay.work(self.now, &self.at);
            let mut answers = Vec::new();
            for bytes in std::mem::take(&mut self.relay.out) {
                self.asked += 1;
                let transmit = Transmit::new(bytes, TransportType::Udp, self.relay.local, ADDRESS);
                answers.extend(self.server.recv(transmit, time).map(|answer| answer.build()));
            }
            while let TurnServerPollRet::AllocateSocket { transport, client_addr, family, .. } = self.server.poll(time)
            {
                self.server.allocated_socket(
                    transport,
                    ADDRESS,
                    client_addr,
                    TransportType::Udp,
                    family,
                    Ok(LENT),
                    time,
                );
            }
            answers.extend(std::iter::from_fn(|| self.server.poll_transmit(time)));
            // The peer says the same, and that comes after what the relay itself has to say.
            let (to_peer, mut answers): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.to == PEER);
            for sent in to_peer {
                let echo = Transmit::new(sent.data, TransportType::Udp, PEER, LENT);
                answers.extend(self.server.recv(echo, time).map(|wrapped| wrapped.build()));
            }
            for mut answer in answers {
                mangle(&mut answer.data);
                if let Received::Data(data) = self.relay.receive(self.now, &answer.data) {
                    self.data.push((data.peer, data.data().to_vec()));
                }
            }
            change
        }

        fn until_it_lends_or_is_over(&mut self, mut mangle: impl FnMut(&mut Vec<u8>)) -> bool {
            loop {
                match self.step(&mut mangle) {
                    Some(Change::Lent) => return true,
                    Some(Change::Over(_)) => return false,
                    None => assert!(self.now - self.start < Duration::from_secs(6), "it is neither"),
                }
            }
        }
    }

    #[test]
    fn what_leaves_from_the_address_that_is_lent_is_answered_there() {
        let mut pair = Pair::new("right");
        assert!(pair.until_it_lends_or_is_over(|_| {}));
        assert_eq!(pair.relay.lent, Some(LENT));
        // The first is lost; then in an indication, and by a channel.
        for bytes in [b"\x00", b"\x01", b"\x80", b"\x81"] {
            pair.relay.send(pair.now, PEER, bytes.to_vec());
            (0..20).for_each(|_| _ = pair.step(&mut |_| {}));
        }
        let heard: Vec<_> = pair.data.iter().map(|(from, bytes)| (*from, bytes.as_slice())).collect();
        assert_eq!(heard, [(PEER, &b"\x01"[..]), (PEER, b"\x80"), (PEER, b"\x81")]);
        let many = (0..100).map(|n| SocketAddr::from(([203, 0, 113, n], 1)));
        many.for_each(|to| pair.relay.send(pair.now, to, b"\x00".to_vec()));
        assert_eq!(pair.relay.asked.len(), MAX_PERMISSIONS);
    }

    #[test]
    fn a_wrong_password_ends_it_in_time() {
        let mut pair = Pair::new("wrong");
        assert!(!pair.until_it_lends_or_is_over(|_| {}));
        assert!(pair.asked < 20, "asked {} times", pair.asked);
    }

    #[test]
    fn mangled_answers_end_it_or_are_passed_over() {
        let mut lent = 0;
        for seed in 1..400u64 {
            let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut random = move |below: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 20) as usize % below
            };
            let mut mangle = move |bytes: &mut Vec<u8>| match random(6) {
                0 => bytes.truncate(random(bytes.len() + 1)),
                1 | 2 if !bytes.is_empty() => {
                    let at = random(bytes.len());
                    bytes[at] = random(256) as u8;
                }
                3 => bytes.extend((0..random(64)).map(|n| n as u8)),
                _ => {}
            };
            let mut pair = Pair::new("right");
            if pair.until_it_lends_or_is_over(&mut mangle) {
                lent += 1;
                for n in 0..100 {
                    pair.relay.send(pair.now, PEER, vec![if n < 50 { 0 } else { 0x80 }; n]);
                    _ = pair.step(&mut mangle);
                }
            }
            assert!(pair.asked < 200, "asked {} times", pair.asked);
        }
        assert!(lent > 100, "only {lent} of 399 lent an address");
    }
}
