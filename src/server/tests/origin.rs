//! Whose word a data packet is.

use super::*;

/// What a field of a message looks like that has bytes in it.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[(number << 3) | 2, content.len() as u8], content].concat()
}

impl World {
    fn join_with(&mut self, identity: &str, video: VideoGrant) -> usize {
        let client = self.join_as(identity, video, true);
        self.run(300);
        client
    }

    fn send_packet(&mut self, client: usize, packet: &[u8]) {
        let channel = self.clients[client].reliable.unwrap();
        assert!(self.clients[client].rtc.channel(channel).unwrap().write(true, packet).unwrap());
        self.run(100);
    }
}

/// Who could send one would put words into another's mouth.
#[test]
fn transcriptions_pass_from_agents_alone() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    let agent = world.join_with("scribe", VideoGrant { agent: true, ..grant() });
    let transcription = field(7, &field(2, b"bob"));
    // With something else behind it, for those who look at the last.
    let disguised = [&transcription[..], &field(2, &field(2, b"x"))].concat();
    for packet in [&transcription, &disguised] {
        world.send_packet(ann, packet);
    }
    assert!(world.clients[bob].data.is_empty());
    assert_eq!(world.server.stats().data_dropped_forbidden, 2);
    assert!(
        world.logs.iter().any(|line| line.contains("ann in hall sent data that only agents may")),
        "{:?}",
        world.logs
    );
    world.send_packet(agent, &transcription);
    let from = |client: usize| world.clients[client].data.iter().map(|d| &*d.participant_identity).collect::<Vec<_>>();
    assert_eq!((from(ann), from(bob)), (vec!["scribe"], vec!["scribe"]));
}

#[test]
fn who_is_hidden_is_not_named_by_what_it_sends() {
    let mut world = World::new();
    let ann = world.join("ann");
    let ghost = world.join_with("ghost", VideoGrant { hidden: true, ..grant() });
    let forged = DataPacket {
        participant_identity: "queen".into(),
        value: Some(data_packet::Value::User(UserPacket {
            participant_sid: "PA_queen".into(),
            participant_identity: "queen".into(),
            payload: vec![1],
            ..Default::default()
        })),
        ..Default::default()
    };
    world.send_packet(ghost, &forged.encode_to_vec());
    let packet = &world.clients[ann].data[0];
    let Some(data_packet::Value::User(user)) = &packet.value else { panic!("{packet:?}") };
    let names = [&packet.participant_identity, &user.participant_sid, &user.participant_identity];
    assert_eq!((names, &user.payload[..]), ([""; 3].map(String::from).each_ref(), &[1][..]));
}
