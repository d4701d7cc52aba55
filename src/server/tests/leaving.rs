//! Who leaves, or is lost, and that it is one participant only.

use super::*;

#[test]
fn leaving_is_seen_whichever_way_it_happens() {
    let mut world = World::new();
    let [ann, bob, carol] = ["ann", "bob", "carol"].map(|name| world.join(name));
    world.publish(ann);
    world.ask(ann, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    let gone = world.seen(carol, "ann").unwrap();
    assert_eq!((gone.state, gone.disconnect_reason), (3, DisconnectReason::ClientInitiated as i32));
    assert!(world.clients[ann].closed && world.clients[ann].left().is_none());
    // A client may say why, of what can be its own reason.
    use DisconnectReason::{AgentError, ClientInitiated, RoomDeleted, UserRejected, UserUnavailable};
    for said in [UserRejected, UserUnavailable, AgentError, RoomDeleted] {
        let dan = world.join("dan");
        world.ask(dan, signal_request::Message::Leave(LeaveRequest { reason: said as i32, ..Default::default() }));
        world.run(20);
        let told = if said == RoomDeleted { ClientInitiated } else { said };
        assert_eq!(world.seen(carol, "dan").unwrap().disconnect_reason(), told);
        assert!(world.clients[dan].closed && world.clients[dan].left().is_none());
    }
    // Closing the peer connection is as good.
    world.clients[bob].rtc.close().unwrap();
    world.run(20);
    assert_eq!(world.seen(carol, "bob").unwrap().state, 3);
    // And carol joins again elsewhere.
    let again = world.join("carol");
    let leave = world.clients[carol].left().unwrap();
    assert_eq!((leave.reason, leave.action), (DisconnectReason::DuplicateIdentity as i32, 0));
    assert!(world.clients[carol].closed && !world.clients[again].closed);
    world.ask(again, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(20);
    assert_eq!(world.server.population().1, 0);
}

#[test]
fn silence_on_the_websocket_is_noticed() {
    let mut world = World::new();
    let ann = world.join("ann");
    for _ in 0..4 {
        world.run(5000);
        world.ask(ann, signal_request::Message::Ping(1));
    }
    assert_eq!(world.server.population().1, 1);
    world.run(45_000);
    assert_eq!(world.server.population().1, 0);
    assert!(world.clients[ann].closed);
}

#[test]
fn hostile_bytes_end_one_participant_only() {
    let hostile: [&[u8]; 4] = [&[0xff; 40], &[0x0a, 0x05, 1, 2, 3, 4, 5], &[0; 200_000], &{
        let offer = description(
            "offer",
            "v=0
m=audio x
"
            .into(),
            1,
        );
        SignalRequest { message: Some(signal_request::Message::Offer(offer)) }.encode_to_vec()
    }];
    let mut world = World::new();
    let (ann, bob) = (world.join("ann"), world.join("bob"));
    world.publish(ann);
    for bytes in hostile {
        let eve = world.join("eve");
        world.server.message(world.now, world.clients[eve].conn, bytes);
        world.run(20);
        assert!(world.clients[eve].closed, "{bytes:?}");
        let left = world.clients[eve].left().unwrap();
        assert_eq!(
            (left.reason(), left.action()),
            (DisconnectReason::StateMismatch, leave_request::Action::Disconnect)
        );
    }
    // Datagrams from strangers and from a participant's own address.
    let own = world.clients[bob].address;
    for n in 0..2000u32 {
        let bytes: Vec<u8> = (0..n % 90).map(|i| (n.wrapping_mul(2_654_435_761) >> (i % 24)) as u8 ^ i as u8).collect();
        for from in [own, "127.0.0.1:9".parse().unwrap()] {
            world.server.datagram(world.now, Protocol::Udp, from, SERVER.parse().unwrap(), &bytes);
            world.server.datagram(world.now, Protocol::Tcp, from, SERVER_TCP.parse().unwrap(), &bytes);
        }
    }
    world.run(20);
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1, "the others hear no gap");
}

#[test]
fn a_fault_of_the_server_ends_one_participant_only() {
    let mut world = World::new();
    let ada = world.join("ada");
    let bob = world.join("bob");
    let id = world.server.conns[&world.clients[ada].conn];
    world.server.contained(id, |_| panic!("a fault"));
    world.run(100);
    assert!(world.clients[ada].closed);
    assert_eq!(
        world.clients[ada].left().unwrap().action(),
        leave_request::Action::Reconnect,
        "it was no fault of hers"
    );
    assert_eq!(world.seen(bob, "ada").unwrap().state(), participant_info::State::Disconnected);
    assert!(world.logs.iter().any(|line| line.contains("ada in hall is removed: it met a fault")), "{:?}", world.logs);
    assert_eq!(world.server.population(), (1, 1));
    // The room goes on, and lets the same user in again.
    world.publish(bob);
    let again = world.join("ada");
    world.speak(bob, -20);
    world.run(100);
    assert!(!world.clients[again].packets.is_empty());
}
