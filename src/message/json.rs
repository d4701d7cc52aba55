//! The format "json": a chunk is a user packet that holds `{"msg_id": "7", "part_idx": 0, "total_parts": 2, "content": "…"}`.
//!
//! Out: members, order and separators as Python's `json.dumps(chunk, ensure_ascii=False)` writes them; parts count from 0 and have
//! 300 characters (code points), the last one fewer; an empty message is one empty part.
//!
//! In: a JSON object with exactly these four members, in any order, the outer two strings and the inner two integers. A packet that
//! breaks off, or goes wrong in a value, after `msg_id` and `part_idx` were named was meant as a chunk and is refused. Any other
//! packet is the application's own: one with another member, one without these names, one that is no object.

use super::{Chunk, MAX_ID, Recognised, digits, misplaced};
use std::borrow::Cow;
use std::io::Write;

/// Characters of a part.
pub const PART_CHARS: usize = 300;

const NAMES: [&str; 4] = ["msg_id", "part_idx", "total_parts", "content"];

/// What stands before, between and behind the four values as they are written.
const BESIDE: [&[u8]; 5] = [b"{\"msg_id\": ", b", \"part_idx\": ", b", \"total_parts\": ", b", \"content\": ", b"}"];

/// How many parts a text has.
pub fn parts(text: &str) -> usize {
    text.chars().count().div_ceil(PART_CHARS).max(1)
}

/// Bytes of the first part of a text.
pub fn cut(text: &str) -> usize {
    let (mut rest, mut missing) = (text.as_bytes(), PART_CHARS);
    pass::<96>(&mut rest, &mut missing);
    pass::<32>(&mut rest, &mut missing);
    pass::<8>(&mut rest, &mut missing);
    pass::<1>(&mut rest, &mut missing);
    text.len() - rest.len()
}

/// Passes blocks in which at most as many characters begin as are missing. Of a fixed length, so that the compiler can use wide
/// registers.
fn pass<const N: usize>(rest: &mut &[u8], missing: &mut usize) {
    for block in rest.as_chunks::<N>().0 {
        let begun: u8 = block.iter().map(|byte| u8::from(*byte as i8 >= -0x40)).sum();
        if usize::from(begun) > *missing {
            return;
        }
        *missing -= usize::from(begun);
        *rest = &rest[N..];
    }
}

/// Writes a chunk behind `out`.
pub fn write(out: &mut Vec<u8>, id: &str, part: u32, total: u32, content: &str) {
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(BESIDE[0]);
    quote(out, id);
    out.extend_from_slice(BESIDE[1]);
    out.extend_from_slice(digits.format(part).as_bytes());
    out.extend_from_slice(BESIDE[2]);
    out.extend_from_slice(digits.format(total).as_bytes());
    out.extend_from_slice(BESIDE[3]);
    quote(out, content);
    out.extend_from_slice(BESIDE[4]);
}

/// The chunks of a message, one after the other.
pub fn chunks<'a>(id: &'a str, text: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    let total = parts(text) as u32;
    let mut rest = text;
    (0..total).map(move |part| {
        let (content, after) = rest.split_at(cut(rest));
        rest = after;
        let mut out = Vec::with_capacity(content.len() + id.len() + 80);
        write(&mut out, id, part, total, content);
        out
    })
}

/// A string as Python writes it: only what has to be is escaped.
fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    if is_plain(rest) {
        out.extend_from_slice(rest);
        rest = &[];
    }
    loop {
        let (fine, special) = rest.split_at(plain(rest));
        out.extend_from_slice(fine);
        let Some((byte, after)) = special.split_first() else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // A Vec takes everything.
            control => _ = write!(out, "\\u{control:04x}"),
        }
        rest = after;
    }
    out.push(b'"');
}

/// The text of a string with escapes.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        out.push(match rest.as_bytes().get(at + 1)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            // Numbers, in pairs for some, and what is no escape at all: rare here.
            _ => return serde_json::from_str(&format!("\"{text}\"")).ok(),
        });
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    Some(out)
}

/// How many bytes stand before the first one that a JSON string cannot hold as it is: a quote, a backslash, a control character.
fn plain(bytes: &[u8]) -> usize {
    let end = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
    if is_plain(&bytes[..end]) { end } else { bytes.iter().take_while(|byte| **byte >= 0x20).count() }
}

/// Whether a JSON string can hold all of it as it is. Without a branch inside, for the compiler to use wide registers: hardly any text
/// has such a byte.
fn is_plain(bytes: &[u8]) -> bool {
    // Zero for a byte that it cannot hold.
    let fine = |byte: &u8| (byte ^ b'"').min(byte ^ b'\\').min(byte.saturating_sub(0x1f));
    bytes.iter().map(fine).fold(1, u8::min) > 0
}

/// Looks whether a user packet is a chunk.
pub fn parse(packet: &[u8]) -> Recognised<'_> {
    if let Some((id, part, total, content)) = as_written(packet) {
        return judge(id, part, total, content);
    }
    let mut reader = Reader { rest: packet };
    let mut members = Members::default();
    match members.read(&mut reader) {
        Ok(true) => {}
        Ok(false) => return Recognised::Other,
        Err(why) => return members.refused(why),
    }
    match members {
        Members { id: Some(id), part: Some(part), total: Some(total), content: Some(content), .. } => {
            judge(id, part, total, content)
        }
        _ => members.refused("a member is missing"),
    }
}

/// The four values of a packet that is just as [`write`] would have it, as nearly all are. Any other one is for [`Members`].
fn as_written(packet: &[u8]) -> Option<(Cow<'_, str>, i64, i64, Cow<'_, str>)> {
    let mut reader = Reader { rest: packet };
    reader.pass(BESIDE[0])?;
    let id = reader.string()?;
    reader.pass(BESIDE[1])?;
    let part = reader.integer()?;
    reader.pass(BESIDE[2])?;
    let total = reader.integer()?;
    reader.pass(BESIDE[3])?;
    // Where nothing is escaped, what stands between the outer quotes is all of it.
    let between = reader.rest.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"}"));
    if let Some(content) = between.filter(|between| is_plain(between)) {
        return Some((id, part, total, Cow::Borrowed(simdutf8::basic::from_utf8(content).ok()?)));
    }
    let content = reader.string()?;
    (reader.rest == BESIDE[4]).then_some((id, part, total, content))
}

/// Whether a chunk with these values can be.
fn judge<'a>(id: Cow<'a, str>, part: i64, total: i64, content: Cow<'a, str>) -> Recognised<'a> {
    if id.len() > MAX_ID {
        return Recognised::Refused(Cow::Borrowed(""), "its id is longer than 256 bytes");
    }
    match misplaced(part, total) {
        Some(why) => Recognised::Refused(id, why),
        None => Recognised::Chunk(Chunk { id, part: part as u32, total: total as u32, content }),
    }
}

#[derive(Default)]
struct Members<'a> {
    named: [bool; 4],
    id: Option<Cow<'a, str>>,
    part: Option<i64>,
    total: Option<i64>,
    content: Option<Cow<'a, str>>,
}

impl<'a> Members<'a> {
    /// False: an object, or something else, that has nothing to do with us.
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<bool, &'static str> {
        const CUT: &str = "it is no whole JSON object";
        if !reader.take(b'{') {
            return Ok(false);
        }
        loop {
            let name = reader.string().ok_or(CUT)?;
            let Some(which) = NAMES.iter().position(|known| *known == name) else { return Ok(false) };
            if std::mem::replace(&mut self.named[which], true) {
                return Err("a member occurs twice");
            }
            if !reader.take(b':') {
                return Err(CUT);
            }
            match which {
                0 => self.id = Some(reader.string().ok_or("its id is no whole string")?),
                1 => self.part = Some(reader.integer().ok_or("its part is no integer")?),
                2 => self.total = Some(reader.integer().ok_or("its total is no integer")?),
                _ => self.content = Some(reader.string().ok_or("its content is no whole string")?),
            }
            if reader.take(b'}') {
                return if reader.is_empty() { Ok(true) } else { Err("something stands behind it") };
            }
            if !reader.take(b',') {
                return Err(CUT);
            }
        }
    }

    fn refused(self, why: &'static str) -> Recognised<'a> {
        // Without these two names it may be anything.
        if !(self.named[0] && self.named[1]) {
            return Recognised::Other;
        }
        let id = self.id.filter(|id| id.len() <= MAX_ID);
        Recognised::Refused(id.unwrap_or(Cow::Borrowed("")), why)
    }
}

/// Reads JSON from its beginning; white space before a token is skipped (RFC 8259).
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        let blank = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.rest = &self.rest[blank..];
    }

    fn is_empty(&mut self) -> bool {
        self.skip();
        self.rest.is_empty()
    }

    fn take(&mut self, byte: u8) -> bool {
        self.skip();
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn pass(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(bytes)?;
        Some(())
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        if !self.take(b'"') {
            return None;
        }
        let text = self.rest;
        let mut end = plain(text);
        let escaped = text.get(end) == Some(&b'\\');
        while text.get(end) == Some(&b'\\') {
            end = (end + 2).min(text.len());
            end += plain(&text[end..]);
        }
        if text.get(end) != Some(&b'"') {
            return None;
        }
        self.rest = &text[end + 1..];
        let text = simdutf8::basic::from_utf8(&text[..end]).ok()?;
        if escaped { unescape(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
    }

    /// An integer.
    fn integer(&mut self) -> Option<i64> {
        let negative = self.take(b'-');
        let (value, count) = digits(self.rest);
        // JSON has no leading zeros, fractions are no parts, and a number that touches the end was cut.
        let ended = matches!(self.rest.get(count), Some(b',' | b'}' | b' ' | b'\t' | b'\n' | b'\r'));
        if count == 0 || (count > 1 && self.rest[0] == b'0') || !ended {
            return None;
        }
        self.rest = &self.rest[count..];
        Some(if negative { -value } else { value })
    }
}

#[cfg(test)]
mod tests;
