//! Voice that passes str0m by.

use super::*;
use crate::server::track::{Cursor, Rebase};

impl World {
    /// One packet of Ann's. Whether the server had it ready to leave before it let str0m send.
    fn hop(&mut self, ann: usize) -> bool {
        self.say(ann, 20);
        self.pass_on(ann);
        let short = self.server.output.iter().any(|output| matches!(output, Output::Transmit { .. }));
        self.run(20);
        short
    }
}

#[test]
fn voice_takes_the_short_way_and_arrives_as_it_came() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let listener = world.server.tracks.values_mut().flat_map(|track| &mut track.listeners).next().expect("Bob");
    // The roll-over counter is the sealer's own affair.
    let first = 65_500;
    listener.rebase = Rebase::new(Cursor { sequence: first, ..Cursor::default() });
    let short = (0..300).map(|_| world.hop(ann)).collect::<Vec<_>>();
    assert!(!short[0], "the first shows where to");
    let through = short.iter().filter(|short| !**short).count();
    assert!((4..30).contains(&through), "{through} of 300 went through str0m");
    let packets = &world.clients[bob].packets;
    assert_eq!(packets.len(), 300);
    for (n, (_, sequence, time, payload)) in (0u64..).zip(packets) {
        assert_eq!(*sequence, first + n);
        assert_eq!(*time, packets[0].2 + n as u32 * 960);
        assert_eq!(payload[5..], [0xaa, n as u8, (n >> 8) as u8]);
    }
    assert_eq!(world.server.stats().media_forwarded, 300);
}

#[test]
fn a_listener_that_moves_is_followed() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    (0..10).for_each(|_| _ = world.hop(ann));
    assert!(world.hop(ann));
    let before = world.clients[bob].packets.len();
    let client = &mut world.clients[bob];
    let old = client.address;
    client.address.set_port(50_000);
    client.rtc.direct_api().invalidate_candidate(&Candidate::host(old, Protocol::Udp).unwrap());
    client.rtc.add_local_candidate(Candidate::host(client.address, Protocol::Udp).unwrap());
    // str0m holds on to the old way until it has heard nothing there for long.
    let mut hops = 0;
    while world.clients[bob].packets.len() == before {
        world.hop(ann);
        hops += 1;
        assert!(hops < 50 * 30, "it is not followed");
    }
    (0..10).for_each(|_| _ = world.hop(ann));
    assert_eq!(world.clients[bob].packets.len(), before + 11);
}

/// Packets of one batch stay in order whichever way they go.
#[test]
fn a_way_that_becomes_unknown_disorders_nothing() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    (0..10).for_each(|_| _ = world.hop(ann));
    for n in 0..9 {
        if n == 4 {
            let bob = world.server.participants.values_mut().find(|p| p.identity() == "bob").unwrap();
            bob.main.shortcut.forget();
        }
        world.say(ann, 20);
        world.pass_on(ann);
    }
    let short = world.server.output.iter().filter(|output| matches!(output, Output::Transmit { .. })).count();
    assert_eq!(short, 4, "those before the message that may change the way");
    world.run(20);
    let sequences: Vec<u64> = world.clients[bob].packets.iter().map(|packet| packet.1).collect();
    assert_eq!(sequences.len(), 19);
    assert!(sequences.is_sorted(), "{sequences:?}");
}
