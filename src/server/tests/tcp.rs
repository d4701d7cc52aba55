//! Media over TCP.

use super::*;
use str0m::net::TcpType;

impl World {
    /// Ann speaks over TCP to Bob, who hears her by UDP.
    fn ann_and_bob() -> (World, usize, usize) {
        let mut world = World::new();
        world.tcp = true;
        let ann = world.join("ann");
        world.tcp = false;
        let bob = world.join("bob");
        world.publish(ann);
        (world, ann, bob)
    }

    /// How many of these packets of Ann come to Bob.
    fn heard(&mut self, ann: usize, bob: usize, packets: usize) -> usize {
        let before = self.clients[bob].packets.len();
        (0..packets).for_each(|_| self.speak(ann, 20));
        self.run(20);
        self.clients[bob].packets.len() - before
    }
}

fn answer(client: &Client) -> &str {
    let mut answers = client.messages.iter().filter_map(|m| if let Message::Answer(a) = m { Some(a) } else { None });
    &answers.next().expect("an answer").sdp
}

#[test]
fn sound_and_data_pass_over_tcp_both_ways() {
    let (mut world, ann, bob) = World::ann_and_bob();
    let candidates: Vec<Candidate> = answer(&world.clients[ann])
        .lines()
        .filter_map(|line| Candidate::from_sdp_string(line.strip_prefix("a=candidate:").map(|_| &line[2..])?).ok())
        .collect();
    let of = |protocol| candidates.iter().find(|c| c.proto() == protocol).expect("both are announced");
    let (udp, tcp) = (of(Protocol::Udp), of(Protocol::Tcp));
    assert_eq!((udp.addr().to_string(), tcp.addr().to_string()), (SERVER.into(), SERVER_TCP.into()));
    assert_eq!((udp.tcptype(), tcp.tcptype()), (None, Some(TcpType::Passive)));
    assert!(udp.prio() > tcp.prio());
    assert_eq!(world.heard(ann, bob, 5), 5);
    world.publish(bob);
    assert_eq!(world.heard(bob, ann, 5), 5);
    // Who leaves needs no connection any more.
    let leave = LeaveRequest { reason: DisconnectReason::ClientInitiated as i32, ..Default::default() };
    world.ask(ann, signal_request::Message::Leave(leave));
    world.settle();
    assert_eq!(world.closed_streams, [world.clients[ann].address]);
    assert!(world.server.by_address.keys().all(|(protocol, _)| *protocol == Protocol::Udp));
}

#[test]
fn another_connection_takes_the_place_of_one_that_closed() {
    let (mut world, ann, bob) = World::ann_and_bob();
    let client = &mut world.clients[ann];
    let old = client.address;
    client.address.set_port(50_000);
    client.rtc.direct_api().invalidate_candidate(&Candidate::host(old, Protocol::Tcp).unwrap());
    client.rtc.add_local_candidate(Candidate::host(client.address, Protocol::Tcp).unwrap());
    world.server.stream_closed(world.now, old);
    assert!(!world.server.by_address.contains_key(&(Protocol::Tcp, old)));
    // Long before ICE would give the old one up.
    world.run(500);
    assert_eq!(world.heard(ann, bob, 5), 5);
    world.publish(bob);
    assert_eq!(world.heard(bob, ann, 5), 5);
    assert!(world.closed_streams.is_empty(), "what is closed need not be closed");
    // One that nobody knows.
    world.server.stream_closed(world.now, "127.0.0.1:9".parse().unwrap());
}

#[test]
fn who_has_many_connections_loses_the_oldest() {
    let (mut world, ann, bob) = World::ann_and_bob();
    let first = world.clients[ann].address;
    for port in 50_000..50_008 {
        world.clients[ann].address.set_port(port);
        // Until the next check of ICE comes from there.
        world.run(4_000);
    }
    assert_eq!(world.closed_streams, [first]);
    assert!(world.server.by_address.contains_key(&(Protocol::Tcp, world.clients[ann].address)));
    assert!(!world.server.by_address.contains_key(&(Protocol::Tcp, first)));
    assert_eq!(world.heard(ann, bob, 5), 5);
}

#[test]
fn an_address_of_tcp_is_none_of_udp() {
    let (mut world, ann, _) = World::ann_and_bob();
    let (now, from) = (world.now, world.clients[ann].address);
    let unknown = world.server.stats().packets_unknown;
    assert!(!world.server.datagram(now, Protocol::Udp, from, SERVER.parse().unwrap(), &[0x80; 20]));
    assert!(world.server.datagram(now, Protocol::Tcp, from, SERVER_TCP.parse().unwrap(), &[0x80; 20]));
    assert_eq!(world.server.stats().packets_unknown, unknown + 1);
}
