//! Data packets that are longer than a client takes: what comes behind them passes.

use super::*;

/// With the sender's name in it this is more than any client takes that announces what ours do.
fn packet(bytes: usize, sequence: u32) -> Vec<u8> {
    let with = |payload: usize| {
        let value = data_packet::Value::User(UserPacket { payload: vec![9; payload], ..Default::default() });
        DataPacket { sequence, value: Some(value), ..Default::default() }.encode_to_vec()
    };
    let packet = with(bytes - (with(bytes).len() - bytes));
    assert_eq!(packet.len(), bytes);
    packet
}

impl World {
    /// Sends a packet of the longest kind, and a short one.
    fn send_long_and_short(&mut self, client: usize) {
        for (bytes, sequence) in [(rtc::MAX_MESSAGE, 1), (50_000, 2)] {
            let channel = self.clients[client].reliable.unwrap();
            let packet = packet(bytes, sequence);
            assert!(self.clients[client].rtc.channel(channel).unwrap().write(true, &packet).unwrap());
            self.run(500);
        }
    }

    fn sequences(&self, client: usize) -> Vec<u32> {
        self.clients[client].data.iter().map(|packet| packet.sequence).collect()
    }
}

#[test]
fn a_packet_too_long_for_a_client_is_dropped_and_the_next_one_arrives() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.send_long_and_short(ann);
    assert_eq!(world.sequences(bob), [2]);
    let stats = world.server.stats();
    assert_eq!((stats.data_forwarded, stats.data_dropped_full, stats.data_waiting_bytes), (1, 1, 0));
    assert!(
        world.logs.iter().any(|line| line.contains("bob in hall takes none so long: 1 data packets dropped")),
        "{:?}",
        world.logs
    );
}

#[test]
fn a_packet_too_long_that_waited_for_the_channel_is_dropped_then() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.agreed = true;
    let bob = world.join("bob");
    world.send_long_and_short(ann);
    assert!(world.sequences(bob).is_empty(), "bob may still open channels of his own");
    world.run(5000);
    assert_eq!((world.sequences(bob), world.server.stats().data_waiting_bytes), (vec![2], 0));
}
