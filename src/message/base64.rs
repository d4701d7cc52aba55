//! The format "base64": a chunk is a user packet that holds `msg_id|part|total|base64`, at most 1024 bytes.
//!
//! Out: the message's UTF-8 is encoded as one (RFC 4648, with padding) and cut into pieces of 924 characters, or of 824 beside an
//! id that leaves no room for more, as agora-realtime-ai-api 1.1.0 does. Parts count from 1. An empty message is one empty part.
//!
//! In: `part` and `total` are whole numbers, the id has at most 32 characters, and may have a bar in it. The base64 may be cut
//! anywhere, and each part may also be encoded for itself. A packet of this shape with an impossible number was meant as a chunk
//! and is refused, as is one whose last field is not base64 (which shows when it is put in its place). Any other packet is the
//! application's own.

use super::{Chunk, Recognised, digits, misplaced};
use base64_turbo::STANDARD;
use std::borrow::Cow;

/// The longest chunk, bytes.
pub const MAX_CHUNK: usize = 1024;
/// The longest id, characters.
pub const MAX_ID_CHARS: usize = 32;

/// Bytes of the message in each part, by the length of its id: three quarters of the piece of base64.
pub fn part_bytes(id: &str) -> usize {
    // Two numbers of at most five digits, three bars.
    let head = id.len() + 13;
    if head + 924 <= MAX_CHUNK { 693 } else { 618 }
}

/// How many parts a message has.
pub fn parts(id: &str, message: &[u8]) -> usize {
    message.len().div_ceil(part_bytes(id)).max(1)
}

/// Writes a chunk behind `out`. `part` counts from 0, on the wire from 1.
pub fn write(out: &mut Vec<u8>, id: &str, part: u32, total: u32, content: &[u8]) {
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(id.as_bytes());
    out.push(b'|');
    out.extend_from_slice(digits.format(part + 1).as_bytes());
    out.push(b'|');
    out.extend_from_slice(digits.format(total).as_bytes());
    out.push(b'|');
    let start = out.len();
    out.resize(start + STANDARD.encoded_len(content.len()), 0);
    STANDARD.encode_slice(content, &mut out[start..]).expect("there is as much room as it asked for");
}

/// The chunks of a message, one after the other.
pub fn chunks<'a>(id: &'a str, text: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    let total = parts(id, text.as_bytes()) as u32;
    let size = part_bytes(id);
    (0..total).map(move |part| {
        let at = part as usize * size;
        let mut out = Vec::with_capacity(MAX_CHUNK);
        write(&mut out, id, part, total, &text.as_bytes()[at..(at + size).min(text.len())]);
        out
    })
}

/// At most how many bytes so many characters decode to.
pub(super) fn decoded(characters: usize) -> usize {
    STANDARD.decoded_len_estimate(characters)
}

/// Decodes base64 and puts it behind `out`. False: it is none, and `out` is as it was.
pub(super) fn decode(base64: &[u8], out: &mut Vec<u8>) -> bool {
    STANDARD.decode_vec(base64, out).is_ok()
}

/// Looks whether a user packet is a chunk.
pub fn parse(packet: &[u8]) -> Recognised<'_> {
    if packet.len() > MAX_CHUNK {
        return Recognised::Other;
    }
    let Ok(text) = simdutf8::basic::from_utf8(packet) else { return Recognised::Other };
    let Some((text, content)) = split_last(text) else { return Recognised::Other };
    let Some((text, total)) = split_last(text) else { return Recognised::Other };
    let Some((id, part)) = split_last(text) else { return Recognised::Other };
    let (Some(part), Some(total)) = (whole_number(part), whole_number(total)) else { return Recognised::Other };
    if id.len() > MAX_ID_CHARS && id.chars().count() > MAX_ID_CHARS {
        return Recognised::Other;
    }
    match misplaced(part - 1, total) {
        Some(why) => Recognised::Refused(Cow::Borrowed(id), why),
        None => Recognised::Chunk(Chunk {
            id: Cow::Borrowed(id),
            part: (part - 1) as u32,
            total: total as u32,
            content: Cow::Borrowed(content),
        }),
    }
}

/// What stands before the last bar, and behind it.
fn split_last(text: &str) -> Option<(&str, &str)> {
    let at = memchr::memrchr(b'|', text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// A text that is a number and no more.
fn whole_number(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (value, count) = digits(unsigned.as_bytes());
    (count > 0 && count == unsigned.len()).then_some(if unsigned.len() < text.len() { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_written_as_1_1_0_writes_them() {
        let one = |id, text| String::from_utf8(chunks(id, text).next().unwrap()).unwrap();
        assert_eq!(one("7", "héllo"), "7|1|1|aMOpbGxv");
        assert_eq!(one("7", ""), "7|1|1|");
        let text = "x".repeat(694);
        let parts: Vec<_> = chunks("message", &text).collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].starts_with(b"message|1|2|eHh4"));
        assert_eq!((parts[0].len(), parts[1].len()), (12 + 924, 12 + 4));
    }

    #[test]
    fn no_chunk_is_longer_than_1024_bytes() {
        let text = "語".repeat(3000);
        for id in [
            "",
            "7",
            "12345678901234567890123456789012",
            "三十二文字三十二文字三十二文字三十二文字三十二文字三十二文字三十",
        ] {
            assert!(id.chars().count() <= MAX_ID_CHARS);
            let mut bytes = Vec::new();
            for (index, chunk) in chunks(id, &text).enumerate() {
                assert!(chunk.len() <= MAX_CHUNK, "{} bytes", chunk.len());
                let Recognised::Chunk(chunk) = parse(&chunk) else { panic!("{id}") };
                assert_eq!((&*chunk.id, chunk.part as usize), (id, index));
                assert!(decode(chunk.content.as_bytes(), &mut bytes));
            }
            assert_eq!(bytes, text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_chunk_is_the_applications() {
        let long = format!("id|1|1|{}", "A".repeat(1024));
        let long_id = format!("{}|1|1|QQ==", "i".repeat(33));
        for packet in
            ["", "|", "|||", "a|b|c|d", "id|1|1", "id|+1|1|QQ==", "id| 1|1|QQ==", "id|1.0|1|QQ==", &long, &long_id]
        {
            assert_eq!(parse(packet.as_bytes()), Recognised::Other, "{packet}");
        }
        assert_eq!(parse(b"id|1|1|\xff"), Recognised::Other);
    }

    #[test]
    fn near_misses_are_refused() {
        let huge = format!("id|1|{}|QQ==", "9".repeat(300));
        for packet in
            ["id|0|1|QQ==", "id|-1|1|QQ==", "id|1|-1|QQ==", "id|2|1|QQ==", "id|1|0|QQ==", "id|1|65537|QQ==", &huge]
        {
            assert!(matches!(parse(packet.as_bytes()), Recognised::Refused(id, _) if id == "id"), "{packet}");
        }
        let Recognised::Chunk(chunk) = parse(b"a|b|2|3|QQ==") else { panic!() };
        assert_eq!((&*chunk.id, chunk.part, chunk.total, &*chunk.content), ("a|b", 1, 3, "QQ=="));
        let mut bytes = vec![7];
        for bad in ["Q", "QQ", "QQ=", "QR==", "Q Q=", "QQ==QQ==", "QQ-_"] {
            assert!(!decode(bad.as_bytes(), &mut bytes), "{bad}");
            assert_eq!(bytes, [7]);
        }
    }

    /// Of every length on both sides of what goes into a register, with every byte in every place.
    #[test]
    fn no_other_base64_is_taken_than_the_strict_one() {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        for length in 0..100 {
            let message: Vec<u8> = (0..length).map(|byte: u8| byte.wrapping_mul(37)).collect();
            let mut text = Vec::new();
            write(&mut text, "", 0, 1, &message);
            let text = text.split_off(5);
            assert_eq!(text, STANDARD.encode(&message).as_bytes());
            for at in 0..text.len() {
                for byte in 0..=255 {
                    let mut text = text.clone();
                    text[at] = byte;
                    let mut bytes = Vec::new();
                    let done = decode(&text, &mut bytes);
                    assert_eq!(done.then_some(bytes), STANDARD.decode(&text).ok(), "{text:?}");
                }
            }
        }
    }
}
