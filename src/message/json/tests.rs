//! What is written, what is read, and what is refused.

use super::*;

fn texts(id: &str, text: &str) -> Vec<String> {
    chunks(id, text).map(|chunk| String::from_utf8(chunk).unwrap()).collect()
}

fn refused(packet: &str) -> &'static str {
    match parse(packet.as_bytes()) {
        Recognised::Refused(_, why) => why,
        other => panic!("{packet}: {other:?}"),
    }
}

#[test]
fn chunks_are_written_as_python_writes_them() {
    // json.dumps({"msg_id": …, "part_idx": …, "total_parts": …, "content": …}, ensure_ascii=False)
    assert_eq!(texts("7", ""), [r#"{"msg_id": "7", "part_idx": 0, "total_parts": 1, "content": ""}"#]);
    assert_eq!(
        texts("ä\"", "tab\t, \\, \"né\", \u{1}\u{8}\u{c}\r\n\u{7f}, 👩‍👩‍👧"),
        [
            "{\"msg_id\": \"ä\\\"\", \"part_idx\": 0, \"total_parts\": 1, \"content\": \"tab\\t, \\\\, \\\"né\\\", \\u0001\\b\\f\\r\\n\u{7f}, 👩‍👩‍👧\"}"
        ]
    );
}

#[test]
fn a_part_has_300_characters_whatever_their_bytes() {
    for unit in ["a", "é", "語", "🎉", "e\u{301}"] {
        for count in [1, 299, 300, 301, 600, 601] {
            let text: String = unit.chars().cycle().take(count).collect();
            let parts = texts("id", &text);
            assert_eq!(parts.len(), count.div_ceil(300), "{count} of {unit}");
            let mut whole = String::new();
            for (index, part) in parts.iter().enumerate() {
                let Recognised::Chunk(chunk) = parse(part.as_bytes()) else { panic!("{part}") };
                assert_eq!((chunk.part as usize, chunk.total as usize), (index, parts.len()));
                assert!(index + 1 == parts.len() || chunk.content.chars().count() == 300);
                whole += &chunk.content;
            }
            assert_eq!(whole, text);
        }
    }
}

#[test]
fn any_order_any_space_any_escape() {
    let packet =
        "\n { \"content\" : \"\\ud83c\\udf89 \\u00e9\\/\", \"total_parts\":3,\"part_idx\" :2 , \"msg_id\": \"\" } ";
    let Recognised::Chunk(chunk) = parse(packet.as_bytes()) else { panic!() };
    assert_eq!((&*chunk.id, chunk.part, chunk.total, &*chunk.content), ("", 2, 3, "🎉 é/"));
}

#[test]
fn a_packet_as_it_is_written_is_read_as_any_other() {
    for id in ["\"\"", "\"ä\\\"\"", "\"a", "5", "\"\u{1}\"", &format!("\"{}\"", "i".repeat(257))] {
        for (part, total) in [("0", "1"), ("00", "1"), ("-1", "2"), ("1", "1"), ("0", "65537"), ("0", " 1 ")] {
            for end in
                ["\"é\"}", "\"\\u00e9\"} ", "\"\\ud800\"}", "\"\t\"}", "\"x\"", "\"x\"}}", "\"x\", \"content\": \"\"}"]
            {
                let members = ["msg_id", "part_idx", "total_parts", "content"];
                let values = members.iter().zip([id, part, total, end]);
                let packet = values.map(|(name, value)| format!("\"{name}\": {value}")).collect::<Vec<_>>().join(", ");
                let (packet, other) = (format!("{{{packet}"), format!(" {{{packet}"));
                assert_eq!(parse(packet.as_bytes()), parse(other.as_bytes()), "{packet}");
            }
        }
    }
}

#[test]
fn what_is_no_chunk_is_the_applications() {
    for packet in [
        "",
        "{",
        "{}",
        "[]",
        "hello",
        "{\"msg_id\": \"a\"}",
        "{\"msg_id\": \"a\", \"part_id",
        "{\"msg_id\": \"a\", \"part_idx\": 0, \"total_parts\": 1, \"content\": \"\", \"more\": 1}",
        "{\"other\": 1, \"msg_id\": \"a\", \"part_idx\": 0, \"total_parts\": 1, \"content\": \"\"}",
        "{\"content\": 5, \"msg_id\": \"a\"}",
    ] {
        assert_eq!(parse(packet.as_bytes()), Recognised::Other, "{packet}");
    }
    assert_eq!(parse(&[0xff; 40]), Recognised::Other);
}

#[test]
fn near_misses_are_refused_with_a_reason() {
    let with = |part: &str, total: &str| {
        format!("{{\"msg_id\": \"a\", \"part_idx\": {part}, \"total_parts\": {total}, \"content\": \"x\"}}")
    };
    for (part, total) in [("-1", "2"), ("0", "-2"), ("0", "0"), ("2", "2"), ("0", "65537"), ("0", &"9".repeat(400))] {
        refused(&with(part, total));
    }
    for (part, total) in [("0.0", "1"), ("0", "1e3"), ("true", "1"), ("\"0\"", "1"), ("00", "1"), ("0", "")] {
        refused(&with(part, total));
    }
    let good = with("0", "1");
    assert!(matches!(parse(good.as_bytes()), Recognised::Chunk(_)));
    for end in good.find("part_idx\"").unwrap() + 9..good.len() {
        refused(&good[..end]);
    }
    refused(&format!("{good}x"));
    refused(&good.replace("\"x\"", "\"\\ud800\""));
    refused(&good.replace("\"x\"", "\"\n\""));
    refused(&good.replace("\"total_parts\"", "\"part_idx\""));
    assert_eq!(refused(&good.replace("\"a\"", &format!("\"{}\"", "a".repeat(257)))), "its id is longer than 256 bytes");
}
