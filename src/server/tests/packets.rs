//! Data packets: whom they reach, and on which channels.

use super::*;

#[test]
fn data_reaches_whom_it_is_for_with_its_sender() {
    let mut world = World::new();
    let [ann, bob, carol] = ["ann", "bob", "carol"].map(|name| world.join(name));
    let mut send = |to: &[&str], sequence: u32| {
        let packet = DataPacket {
            participant_identity: "forged".into(),
            destination_identities: to.iter().map(|s| s.to_string()).collect(),
            sequence,
            value: Some(data_packet::Value::User(UserPacket { payload: vec![9; 50_000], ..Default::default() })),
            ..Default::default()
        };
        let channel = world.clients[ann].reliable.unwrap();
        let written = world.clients[ann].rtc.channel(channel).unwrap().write(true, &packet.encode_to_vec()).unwrap();
        assert!(written);
        world.run(200);
    };
    send(&[], 1);
    send(&["carol"], 2);
    let sequences = |client: usize| world.clients[client].data.iter().map(|d| d.sequence).collect::<Vec<_>>();
    assert_eq!((sequences(ann), sequences(bob), sequences(carol)), (vec![], vec![1], vec![1, 2]));
    let sid = &world.clients[ann].joined().participant.as_ref().unwrap().sid;
    let packet = &world.clients[bob].data[0];
    assert_eq!((packet.participant_identity.as_str(), &packet.participant_sid), ("ann", sid));
}

#[test]
fn metrics_reach_those_who_may_have_them_and_hear_their_sender() {
    let mut world = World::new();
    let may = VideoGrant { can_subscribe_metrics: Some(true), ..grant() };
    let ann = world.join("ann");
    world.publish(ann);
    let bob = world.join("bob");
    let [carol, deaf] = [("carol", true), ("deaf", false)].map(|(name, hears)| world.join_as(name, may.clone(), hears));
    world.run(300);
    // Field 8, metrics, with something in it.
    let channel = world.clients[ann].reliable.unwrap();
    assert!(world.clients[ann].rtc.channel(channel).unwrap().write(true, &[0x42, 2, 8, 1]).unwrap());
    world.run(200);
    assert_eq!([bob, carol, deaf].map(|client| world.clients[client].data.len()), [0, 1, 0]);
}

#[test]
fn channels_known_beforehand_carry_data_where_the_client_opens_none() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.agreed = true;
    let bob = world.join("bob");
    let send = |world: &mut World, client: usize, sequence: u32| {
        let packet = DataPacket { sequence, ..Default::default() }.encode_to_vec();
        let channel = world.clients[client].reliable.unwrap();
        assert!(world.clients[client].rtc.channel(channel).unwrap().write(true, &packet).unwrap());
        world.run(100);
    };
    let sequences =
        |world: &World, client: usize| world.clients[client].data.iter().map(|d| d.sequence).collect::<Vec<_>>();
    send(&mut world, ann, 1);
    assert!(sequences(&world, bob).is_empty(), "bob may still open channels of his own");
    world.run(5000);
    assert_eq!(sequences(&world, bob), [1], "he did not");
    let carol = world.join("carol");
    send(&mut world, carol, 2);
    send(&mut world, ann, 3);
    assert_eq!(sequences(&world, carol), [3], "who has used them is not waited for");
    assert_eq!(sequences(&world, bob), [1, 2, 3]);
}
