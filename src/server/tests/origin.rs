//! Whose word a data packet is.

use super::*;
use crate::signal::livekit::data_stream::{ByteHeader, Chunk, Header, TextHeader, header};

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

/// What an agent has written down is shown as said by whom it heard.
#[test]
fn an_agent_gives_text_in_the_name_of_whom_it_heard() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    let agent = world.join_with("scribe", VideoGrant { agent: true, ..grant() });
    let header = |content: header::ContentHeader| {
        let header = Header { stream_id: "s".into(), content_header: Some(content), ..Default::default() };
        data_packet::Value::StreamHeader(header)
    };
    let text = TextHeader { version: 3, ..Default::default() };
    let carried = [
        header(header::ContentHeader::TextHeader(text.clone())),
        header(header::ContentHeader::ByteHeader(ByteHeader { name: "n".into() })),
        data_packet::Value::StreamChunk(Chunk { stream_id: "s".into(), ..Default::default() }),
    ];
    for sender in [agent, bob] {
        for value in carried.clone() {
            let packet = DataPacket { participant_identity: "cat".into(), value: Some(value), ..Default::default() };
            world.send_packet(sender, &packet.encode_to_vec());
        }
    }
    let got = world.clients[ann].data.iter().map(|d| (&*d.participant_identity, d.value.as_ref().unwrap()));
    let marked = header(header::ContentHeader::TextHeader(TextHeader { generated: true, ..text }));
    let [text, bytes, chunk] = &carried;
    let wanted =
        [("cat", &marked), ("scribe", bytes), ("scribe", chunk), ("bob", text), ("bob", bytes), ("bob", chunk)];
    assert_eq!(got.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_chat_message_that_an_agent_wrote_down_is_marked() {
    let message = [field(4, b"cat"), field(9, &field(4, b"hello"))].concat();
    let written = |is_agent: bool| {
        let sender = data::Sender { identity: "scribe", sid: "PA_s", hidden: false, is_agent };
        let envelope = data::envelope(&message).unwrap();
        envelope.with_origin(&message, data_packet::Kind::Reliable, &sender)[message.len()..].to_vec()
    };
    let (way, sid) = ([8, 0], [&[0x8a, 1, 4][..], b"PA_s"].concat());
    assert_eq!(written(true), [&way[..], &field(9, &[6 << 3, 1]), &sid].concat());
    assert_eq!(written(false), [&way[..], &field(4, b"scribe"), &sid].concat());
}
