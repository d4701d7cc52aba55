//! Messages of all formats in order and out of it, spoiled, left in part, and too many.

use super::*;
use crate::message::MAX_MESSAGE;
use crate::message::chunks::{Chunks, Outgoing};
use crate::signal::livekit::data_packet::Value;
use crate::signal::livekit::data_stream;

/// User, id and payload.
type Whole = (String, String, Vec<u8>);

struct Rig {
    reassembly: Reassembly,
    now: Instant,
}

impl Rig {
    fn new() -> Rig {
        Rig { reassembly: Reassembly::new(), now: Instant::now() }
    }

    fn give(&mut self, user: &str, value: &Value) {
        match value {
            Value::User(packet) => {
                let topic = packet.topic.as_deref().unwrap_or_default();
                assert!(self.reassembly.user_packet(self.now, user, topic, &packet.payload));
            }
            Value::StreamHeader(header) => self.reassembly.header(self.now, user, header.clone()),
            Value::StreamChunk(chunk) => self.reassembly.chunk(self.now, user, chunk),
            Value::StreamTrailer(trailer) => self.reassembly.trailer(self.now, user, trailer),
            _ => unreachable!(),
        }
    }

    fn packet(&mut self, user: &str, packet: &str) {
        assert!(self.reassembly.user_packet(self.now, user, "", packet.as_bytes()), "{packet}");
    }

    fn events(&mut self) -> Vec<EventBody> {
        std::iter::from_fn(|| self.reassembly.poll()).collect()
    }

    /// What was delivered; user and sentence of what was not.
    fn seen(&mut self) -> (Vec<Whole>, Vec<(String, String)>) {
        let (mut whole, mut errors) = (Vec::new(), Vec::new());
        for event in self.events() {
            match event {
                EventBody::Message { user, id, payload, .. } => whole.push((user, id, payload)),
                EventBody::MessageError { user, text, .. } => errors.push((user, text)),
                other => panic!("{other:?}"),
            }
        }
        (whole, errors)
    }

    /// Time passes, and what is due is done.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.reassembly.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.reassembly.timeout(self.now);
        }
        self.now = end;
    }

    fn is_empty(&self) -> bool {
        self.reassembly.in_part() == (0, 0)
    }
}

fn cut(format: MessageFormat, id: &str, payload: &[u8]) -> Vec<Value> {
    let (topic, to, lossy) = ("topic".into(), Vec::new(), false);
    let message = Outgoing { id: id.into(), format, topic, to, lossy, payload: payload.into() };
    let mut chunks = Chunks::new(message).unwrap();
    std::iter::from_fn(|| chunks.next(0)).collect()
}

const ALL: [MessageFormat; 4] = [MessageFormat::Json, MessageFormat::Base64, MessageFormat::Text, MessageFormat::Bytes];

#[test]
fn every_format_every_length() {
    for format in ALL {
        for text in ["", "x", &"é".repeat(300), &"語".repeat(301), &"\"\\\n🎉e\u{301}".repeat(20_000)] {
            let mut rig = Rig::new();
            cut(format, "id", text.as_bytes()).iter().for_each(|value| rig.give("ada", value));
            let topic = "topic".into();
            let (user, id) = ("ada".into(), "id".into());
            assert_eq!(rig.events(), [EventBody::Message { user, topic, id, format, payload: text.into() }]);
            assert!(rig.is_empty());
        }
    }
}

#[test]
fn in_any_order_and_doubled() {
    let text = "🎉".repeat(3000);
    for format in [MessageFormat::Json, MessageFormat::Base64] {
        let values = cut(format, "id", text.as_bytes());
        let last = values.len() - 1;
        for order in [(0..=last).rev().collect::<Vec<_>>(), (0..=last).map(|at| (at * 7 + 3) % (last + 1)).collect()] {
            let mut rig = Rig::new();
            for at in &order {
                rig.give("ada", &values[*at]);
                rig.give("ada", &values[*at]);
            }
            rig.pass(Duration::ZERO);
            assert_eq!(rig.seen(), (vec![("ada".into(), "id".into(), text.clone().into_bytes())], vec![]));
            assert_eq!(rig.reassembly.counters().doubled as usize, values.len());
            assert!(rig.is_empty());
        }
    }
}

#[test]
fn two_senders_and_three_formats_with_one_id_at_once() {
    let mut rig = Rig::new();
    let texts = ["ada's 🎉".repeat(2000), "bob's 語".repeat(2000)];
    let mut lines: Vec<_> = [("ada", &texts[0]), ("bob", &texts[1])]
        .into_iter()
        .flat_map(|(user, text)| {
            [ALL[0], ALL[1], ALL[2]].map(|format| (user, cut(format, "1", text.as_bytes()).into_iter()))
        })
        .collect();
    while !lines.is_empty() {
        lines.retain_mut(|(user, values)| {
            let value = values.next();
            value.iter().for_each(|value| rig.give(user, value));
            value.is_some()
        });
    }
    let (whole, errors) = rig.seen();
    assert_eq!(errors, []);
    assert_eq!(whole.len(), 6);
    for (user, id, payload) in whole {
        assert_eq!((id.as_str(), &payload[..]), ("1", texts[usize::from(user == "bob")].as_bytes()));
    }
}

#[test]
fn a_bad_chunk_is_refused_and_the_message_arrives() {
    let mut rig = Rig::new();
    rig.packet("ada", "7|1|3|aMOp");
    rig.packet("ada", "7|2|4|aMOp"); // another total
    rig.packet("ada", "7|2|3|a MOp"); // no base64
    rig.packet("ada", "7|2|3|/////"); // no UTF-8
    rig.packet("ada", "7|1|3|AAAA"); // another content: the first one counts
    rig.packet("eve", "7|2|3|AAAA"); // a liar
    rig.packet("ada", "7|-2|3|aMOp");
    rig.packet("ada", "7|2|99999999999999999999|aMOp");
    rig.packet("ada", "7|3|3|bG8=");
    rig.packet("ada", "7|2|3|bGxv");
    let (whole, errors) = rig.seen();
    assert_eq!(whole, [("ada".into(), "7".into(), "héllolo".into())]);
    assert_eq!(errors.len(), 5, "{errors:?}");
    rig.pass(PATIENCE + LOOK);
    let (_, errors) = rig.seen();
    assert!(matches!(&errors[..], [(user, text)] if user == "eve" && text.contains("1 of 3 parts")), "{errors:?}");
    assert!(rig.is_empty());
}

#[test]
fn base64_may_be_cut_anywhere_but_has_to_end() {
    let mut rig = Rig::new();
    rig.packet("ada", "8|1|3|aMOpb");
    rig.packet("ada", "8|3|3|bG8=");
    rig.packet("ada", "8|2|3|Gxv");
    assert_eq!(rig.seen(), (vec![("ada".into(), "8".into(), "héllolo".into())], vec![]));
    rig.packet("ada", "9|2|2|b");
    rig.packet("ada", "9|1|2|aMOp");
    let (whole, errors) = rig.seen();
    assert!(whole.is_empty() && errors[0].1.contains("ends too soon"), "{errors:?}");
    assert!(rig.is_empty());
}

#[test]
fn text_that_is_none_is_not_delivered() {
    let mut rig = Rig::new();
    rig.packet("ada", "1|1|1|/w==");
    rig.packet("ada", "2|1|1|w6"); // ends too soon
    rig.packet("ada", "3|1|1|w6Q="); // whole
    rig.packet("ada", "4|1|1|ww=="); // ends within a character
    for (id, content) in [("5", &b"\xff"[..]), ("6", b"\xc3")] {
        let mut values = cut(MessageFormat::Text, id, b"xx"[..content.len()].as_ref());
        if let Value::StreamChunk(chunk) = &mut values[1] {
            chunk.content = content.to_vec();
        }
        values.iter().for_each(|value| rig.give("ada", value));
    }
    let (whole, errors) = rig.seen();
    assert_eq!(whole, [("ada".into(), "3".into(), "ä".into())]);
    assert_eq!(errors.len(), 5, "{errors:?}");
}

#[test]
fn streams_that_lie_are_given_up_once() {
    let spoil = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut rig = Rig::new();
        let mut values = cut(MessageFormat::Bytes, "id", &[1; 40_000]);
        change(&mut values);
        values.iter().for_each(|value| rig.give("ada", value));
        let (whole, errors) = rig.seen();
        assert!(rig.is_empty());
        assert_eq!((whole.len(), errors.len()), (0, 1), "{errors:?}");
        errors[0].1.clone()
    };
    let header = |values: &mut Vec<Value>, change: &dyn Fn(&mut data_stream::Header)| {
        let Value::StreamHeader(header) = &mut values[0] else { unreachable!() };
        change(header);
    };
    assert!(spoil(&|values| _ = values.remove(0)).contains("no header"));
    assert!(spoil(&|values| _ = values.remove(2)).contains("missing"));
    assert!(spoil(&|values| values.swap(1, 2)).contains("missing"));
    assert!(spoil(&|values| _ = values.remove(3)).contains("shorter"));
    assert!(spoil(&|values| header(values, &|h| h.total_length = Some(39_999))).contains("longer"));
    assert!(spoil(&|values| header(values, &|h| h.total_length = Some(u64::MAX))).contains("16 MiB"));
    assert!(spoil(&|values| header(values, &|h| h.compression = 1)).contains("compressed"));
    assert!(spoil(&|values| header(values, &|h| h.content_header = None)).contains("neither"));
    let trailer = |values: &mut Vec<Value>| {
        let Some(Value::StreamTrailer(trailer)) = values.last_mut() else { unreachable!() };
        trailer.reason = "tired".into();
    };
    assert!(spoil(&trailer).contains("tired"));

    let mut rig = Rig::new();
    let mut values = cut(MessageFormat::Text, "id", b"inline");
    header(&mut values, &|h| h.inline_content = Some(b"inline".to_vec()));
    rig.give("ada", &values[0]);
    assert_eq!(rig.seen(), (vec![("ada".into(), "id".into(), b"inline".to_vec())], vec![]));
}

#[test]
fn what_stays_incomplete_is_reported_in_time() {
    let mut rig = Rig::new();
    for format in ALL {
        let values = cut(format, &format!("{format:?}"), &[b'x'; 40_000]);
        values[..2].iter().for_each(|value| rig.give("ada", value));
    }
    rig.pass(PATIENCE - LOOK);
    assert_eq!(rig.seen(), (vec![], vec![]));
    rig.pass(2 * LOOK);
    let (whole, errors) = rig.seen();
    assert_eq!((whole.len(), errors.len()), (0, 4), "{errors:?}");
    assert!(rig.is_empty());
    // Nothing is left to wake up for.
    rig.pass(2 * PATIENCE);
    assert_eq!(rig.reassembly.deadline(), None);
}

#[test]
fn a_leaver_and_the_end_of_the_connection_are_reported() {
    let mut rig = Rig::new();
    for user in ["ada", "bob", "cyd"] {
        rig.packet(user, "id|1|2|aMOp");
    }
    rig.reassembly.user_left(rig.now, "ada");
    let (_, errors) = rig.seen();
    assert!(matches!(&errors[..], [(user, text)] if user == "ada" && text.contains("left")), "{errors:?}");
    rig.reassembly.end(rig.now);
    assert_eq!(rig.seen().1.len(), 2);
    assert!(rig.is_empty() && rig.reassembly.deadline().is_none());
}

#[test]
fn a_flood_drowns_itself() {
    let mut rig = Rig::new();
    rig.packet("ada", "id|1|2|aMOp");
    for number in 0..1000 {
        rig.packet("eve", &format!("{number}|1|2|aMOp"));
    }
    assert_eq!(rig.reassembly.in_part().0, 1 + MAX_PARTIAL.0);
    // Many liars: whoever holds most gives way.
    for liar in 0..40 {
        for number in 0..16 {
            rig.packet(&format!("liar{liar}"), &format!("{number}|1|2|aMOp"));
        }
    }
    assert_eq!(rig.reassembly.in_part().0, MAX_PARTIAL.1);
    let (_, errors) = rig.seen();
    let of_eve = errors.iter().filter(|(user, _)| user == "eve").count();
    assert_eq!(of_eve, ERRORS.0 as usize, "events of one sender are bounded");
    assert!(rig.reassembly.counters().untold > 900);
    rig.packet("ada", "id|2|2|bGxv");
    assert_eq!(rig.seen().0, [("ada".into(), "id".into(), "héllo".into())]);
    rig.pass(LOOK);
    let (_, errors) = rig.seen();
    assert!(errors.iter().any(|(user, text)| user == "eve" && text.contains("more chunks")), "{errors:?}");
}

#[test]
fn memory_is_bounded_for_each_and_for_all() {
    let mut rig = Rig::new();
    let piece = "A".repeat(60_000);
    let json = |id: usize, part: usize| {
        format!("{{\"msg_id\": \"{id}\", \"part_idx\": {part}, \"total_parts\": 65536, \"content\": \"{piece}\"}}")
    };
    for liar in 0..4 {
        for id in 0..8 {
            for part in 1..160 {
                rig.packet(&format!("liar{liar}"), &json(id, part));
            }
        }
        rig.seen();
        assert!(rig.reassembly.in_part().1 <= (MAX_HELD.0 * (liar + 1)).min(MAX_HELD.1));
    }
    // A message that grows beyond 16 MiB gets no further.
    let mut rig = Rig::new();
    for part in 0..300 {
        rig.packet("eve", &json(0, part));
    }
    assert!(rig.reassembly.in_part().1 <= MAX_MESSAGE);
    assert!(rig.seen().1[0].1.contains("16 MiB"));
    // A total that lies costs nothing.
    let mut rig = Rig::new();
    rig.packet("eve", "id|65536|65536|QQ==");
    assert!(rig.reassembly.in_part().1 < 100);
}

#[test]
fn sixteen_megabytes_backwards() {
    let text = "語🎉 a".repeat(MAX_MESSAGE / 9);
    let mut rig = Rig::new();
    for value in cut(MessageFormat::Base64, "id", text.as_bytes()).iter().rev() {
        rig.give("ada", value);
    }
    assert_eq!(rig.seen(), (vec![], vec![]), "in one go it would take too long");
    rig.pass(Duration::ZERO);
    let (whole, errors) = rig.seen();
    assert_eq!(errors, []);
    assert!(whole.len() == 1 && whole[0].2 == text.as_bytes());
}

#[test]
fn an_id_can_be_used_again_and_a_straggler_begins_nothing() {
    let mut rig = Rig::new();
    for text in ["aMOp", "bGxv"] {
        rig.packet("ada", &format!("id|1|2|{text}"));
        rig.packet("ada", "id|2|2|bGxv");
        rig.packet("ada", "id|2|2|bGxv");
    }
    let (whole, errors) = rig.seen();
    assert_eq!((whole.len(), errors.len()), (2, 0));
    assert!(rig.is_empty());
    assert_eq!(rig.reassembly.counters().doubled, 2);
}
