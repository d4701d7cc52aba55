//! Voice that comes in past str0m.

use super::*;

impl World {
    /// One packet of Ann's reaches the server as often as `arrives` says. Whether str0m is yet to be told of it.
    fn utter(&mut self, ann: usize, arrives: impl Fn(&[u8]) -> usize) -> bool {
        self.say(ann, 20);
        let client = &mut self.clients[ann];
        client.poll();
        let (sent, address) = (std::mem::take(&mut client.outbox), client.address);
        let before = self.untold();
        for datagram in &sent {
            for _ in 0..arrives(datagram) {
                self.server.datagram(self.now, Protocol::Udp, address, server_at(Protocol::Udp), datagram);
            }
        }
        self.untold() > before
    }

    /// One packet of Ann's that is still on its way.
    fn hold_back(&mut self, ann: usize) -> Vec<u8> {
        let held = std::cell::RefCell::default();
        self.utter(ann, |datagram| {
            held.replace(datagram.to_vec());
            0
        });
        held.take()
    }

    /// How many packets str0m does not know of.
    fn untold(&self) -> usize {
        self.server.participants.values().map(|p| p.main.intake.waiting()).sum()
    }

    /// The numbers that Ann gave to what Bob has heard.
    fn numbers(&self, bob: usize) -> Vec<u64> {
        self.clients[bob]
            .packets
            .iter()
            .map(|(.., payload)| u64::from(payload[6]) | u64::from(payload[7]) << 8)
            .collect()
    }
}

fn once(_: &[u8]) -> usize {
    1
}

/// Of 300 packets nearly all, over a roll-over of their numbers; and the publisher is told of all of them.
#[test]
fn voice_comes_in_by_the_short_way_and_is_reported_all_the_same() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    let first = 65_400;
    world.clients[ann].sent = first;
    let mut short = 0;
    for _ in 0..300 {
        short += usize::from(world.utter(ann, once));
        world.run(20);
    }
    assert!(short > 250, "{short} of 300");
    assert_eq!(world.numbers(bob), (first..first + 300).map(|n| n & 0xffff).collect::<Vec<_>>());
    // Reports come every five seconds.
    world.run(6000);
    let report = world.clients[ann].reports.iter().rev().find_map(|report| report.remote.clone()).expect("reports");
    assert_eq!((*report.maximum_sequence_number, report.packets_lost), (first + 100 + 299, 0));
    assert!(report.jitter < 48, "they came in time: {}", report.jitter);
    assert_eq!(world.server.stats().media_received, 300);
    assert_eq!(world.untold(), 0, "whoever falls silent leaves nothing behind");
}

/// What is late, doubled or lost is str0m's to judge, and what is forged nobody's.
#[test]
fn only_what_is_next_comes_in_by_the_short_way() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    (0..10).for_each(|_| _ = (world.utter(ann, once), world.run(20)));
    assert!(world.utter(ann, once));
    assert!(!world.utter(ann, |_| 2), "str0m judges the double, and is told of the first one before");
    // Of a forged one nothing counts, so that the true one is still next.
    let address = world.clients[ann].address;
    let mut bytes = world.hold_back(ann);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    world.server.datagram(world.now, Protocol::Udp, address, server_at(Protocol::Udp), &bytes);
    bytes[last] ^= 1;
    let before = world.untold();
    world.server.datagram(world.now, Protocol::Udp, address, server_at(Protocol::Udp), &bytes);
    assert_eq!(world.untold(), before + 1);
    // One that is overtaken.
    let late = world.hold_back(ann);
    assert!(!world.utter(ann, once), "the one after a gap");
    assert!(world.utter(ann, once));
    world.server.datagram(world.now, Protocol::Udp, address, server_at(Protocol::Udp), &late);
    assert_eq!(world.untold(), 0, "str0m was told of those before it");
    world.run(20);
    assert_eq!(world.numbers(bob), (0..13).chain([14, 15, 13]).collect::<Vec<_>>());
    assert_eq!(world.server.stats().media_forwarded, 16);
}

#[test]
fn after_another_offer_the_first_packet_goes_through_str0m() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.publish(ann);
    (0..5).for_each(|_| _ = (world.utter(ann, once), world.run(20)));
    assert!(world.utter(ann, once));
    world.offer(ann, 1, 0);
    world.run(100);
    assert!(!world.utter(ann, once));
    assert!(world.utter(ann, once));
}
