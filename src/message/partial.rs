//! One message that has come in part.
//!
//! Parts that are next go straight to the end of what is there, decoded and checked; those that are ahead wait in one buffer.
//! So memory follows what has arrived, whatever total a chunk claims, and the last part costs no more than the first.

use super::{MAX_MESSAGE, base64};
use crate::Status;
use crate::event::MessageFormat;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

/// What a part ahead costs beside its bytes.
const PLACE: usize = 32;
/// Bytes that are put in order in one go, when a gap closes: less than a millisecond's work.
const TURN: usize = 128 * 1024;

/// What is wrong with a part.
pub(super) type Fault = (Status, &'static str);

const TOO_LONG: Fault = (Status::LIMIT, "it is longer than 16 MiB");

/// What a part came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It was there already; the first one counts.
    Doubled,
    /// More are missing, or wait to be put in order.
    More,
    /// The message is whole.
    Whole,
}

/// Tells contents of a first part apart: enough for doubled ones, nobody's security.
pub(super) fn digest(content: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hasher::write(&mut hasher, content);
    std::hash::Hasher::finish(&hasher)
}

/// See the module.
pub(super) struct Partial {
    pub(super) format: MessageFormat,
    pub(super) id: String,
    pub(super) topic: String,
    /// When its last part came.
    pub(super) touched: Instant,
    /// What its first part was, once that has come.
    pub(super) first: Option<u64>,
    /// How many parts it has; None: a stream, which says so at its end.
    pub(super) total: Option<u32>,
    /// Bytes that a stream announced.
    length: Option<u64>,
    /// The part that goes to the end next.
    next: u64,
    bytes: Vec<u8>,
    /// So many bytes are known to be UTF-8.
    checked: usize,
    /// Base64 that was cut within its four characters.
    carry: Vec<u8>,
    ahead: BTreeMap<u32, Range<usize>>,
    ahead_bytes: usize,
    /// Where the parts ahead are, and those that were until it is empty.
    buffer: Vec<u8>,
}

impl Partial {
    /// A message of `total` parts.
    pub(super) fn new(format: MessageFormat, id: &str, topic: &str, total: u32, now: Instant) -> Partial {
        Partial::empty(format, id, topic, Some(total), None, now)
    }

    /// A stream.
    pub(super) fn stream(format: MessageFormat, id: &str, topic: &str, length: Option<u64>, now: Instant) -> Partial {
        Partial::empty(format, id, topic, None, length, now)
    }

    fn empty(
        format: MessageFormat,
        id: &str,
        topic: &str,
        total: Option<u32>,
        length: Option<u64>,
        now: Instant,
    ) -> Partial {
        Partial {
            format,
            id: id.into(),
            topic: topic.into(),
            touched: now,
            first: None,
            total,
            length,
            next: 0,
            bytes: Vec::new(),
            checked: 0,
            carry: Vec::new(),
            ahead: BTreeMap::new(),
            ahead_bytes: 0,
            buffer: Vec::new(),
        }
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.bytes.len() + self.buffer.len() + self.ahead.len() * PLACE
    }

    /// How many parts have come.
    pub(super) fn arrived(&self) -> u64 {
        self.next + self.ahead.len() as u64
    }

    /// After a fault nothing can make it whole any more.
    pub(super) fn is_spent(&self) -> bool {
        self.total.is_none_or(|total| self.next == u64::from(total))
    }

    /// Takes a part of a message with a total. After a fault the message waits for a better one.
    pub(super) fn put(&mut self, part: u32, content: &[u8]) -> Result<Put, Fault> {
        if u64::from(part) < self.next || self.ahead.contains_key(&part) {
            return Ok(Put::Doubled);
        }
        // Base64 is longer by a third.
        if self.bytes.len() + self.ahead_bytes + content.len() > MAX_MESSAGE / 2 * 3 {
            return Err(TOO_LONG);
        }
        if u64::from(part) == self.next {
            self.append(content)?;
            self.next += 1;
            // One that is alone has no stragglers.
            if part == 0 && self.total != Some(1) {
                self.first = Some(digest(content));
            }
            return self.settle();
        }
        let start = self.buffer.len();
        self.buffer.extend_from_slice(content);
        self.ahead.insert(part, start..self.buffer.len());
        self.ahead_bytes += content.len();
        Ok(Put::More)
    }

    /// A gap has closed, and what was ahead of it is not yet in order: [`Partial::settle`] again.
    pub(super) fn is_unsettled(&self) -> bool {
        self.ahead.first_key_value().is_some_and(|(part, _)| u64::from(*part) == self.next)
    }

    /// Puts what is ahead in order, a bounded amount of it.
    pub(super) fn settle(&mut self) -> Result<Put, Fault> {
        let mut work = 0;
        while work < TURN && self.is_unsettled() {
            let Some((_, range)) = self.ahead.pop_first() else { break };
            work += range.len() + PLACE;
            self.ahead_bytes -= range.len();
            let buffer = std::mem::take(&mut self.buffer);
            let done = self.append(&buffer[range]);
            self.buffer = buffer;
            done?;
            self.next += 1;
        }
        if self.ahead.is_empty() {
            self.buffer = Vec::new();
        }
        if self.total.is_none_or(|total| self.next < u64::from(total)) {
            return Ok(Put::More);
        }
        self.check_end()?;
        Ok(Put::Whole)
    }

    /// Takes the next chunk of a stream. A fault ends it: a stream is in order, and nothing comes again.
    pub(super) fn put_next(&mut self, index: u64, content: &[u8]) -> Result<Put, Fault> {
        if index < self.next {
            return Ok(Put::Doubled);
        }
        if index > self.next {
            return Err((Status::PROTOCOL, "a chunk is missing"));
        }
        if self.length.is_some_and(|length| (self.bytes.len() + content.len()) as u64 > length) {
            return Err((Status::PROTOCOL, "it is longer than its header said"));
        }
        self.append(content)?;
        self.next += 1;
        Ok(Put::More)
    }

    /// The stream is over: is it whole?
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.length.is_some_and(|length| self.bytes.len() as u64 != length) {
            return Err((Status::PROTOCOL, "it is shorter than its header said"));
        }
        self.check_end()
    }

    /// The message.
    pub(super) fn into_payload(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        bytes.shrink_to_fit();
        bytes
    }

    /// Puts a content at the end; after a fault everything is as it was.
    fn append(&mut self, content: &[u8]) -> Result<(), Fault> {
        self.make_room(match self.format {
            MessageFormat::Base64 => base64::decoded(self.carry.len() + content.len()),
            _ => content.len(),
        });
        let (before, carry) = (self.bytes.len(), self.carry.clone());
        let done = self
            .append_decoded(content)
            .and_then(|()| if self.bytes.len() > MAX_MESSAGE { Err(TOO_LONG) } else { self.check_text() });
        if done.is_err() {
            self.bytes.truncate(before);
            self.carry = carry;
        }
        done
    }

    /// Room for `more` bytes and for those to come, if the parts go on as they were: the last of them then fit without a move.
    /// A total may lie, so at most as much again as is there; and it may be told too low, so a sixteenth at least.
    fn make_room(&mut self, more: usize) {
        let there = self.bytes.len();
        if self.bytes.capacity() - there >= more {
            return;
        }
        let whole = match (self.total, self.length) {
            (Some(total), _) => (there as u64 + more as u64) * u64::from(total) / (self.next + 1),
            (None, length) => length.unwrap_or(u64::MAX),
        };
        let foreseen = usize::try_from(whole).unwrap_or(usize::MAX).saturating_sub(there);
        self.bytes.reserve_exact(foreseen.clamp(there / 16, there).max(more));
    }

    fn append_decoded(&mut self, content: &[u8]) -> Result<(), Fault> {
        if self.format == MessageFormat::Base64 {
            return self.append_base64(content);
        }
        self.bytes.extend_from_slice(content);
        Ok(())
    }

    fn append_base64(&mut self, content: &[u8]) -> Result<(), Fault> {
        const FAULT: Fault = (Status::PROTOCOL, "its content is no base64");
        if self.carry.is_empty() && content.len().is_multiple_of(4) {
            return if base64::decode(content, &mut self.bytes) { Ok(()) } else { Err(FAULT) };
        }
        let joined = [&self.carry, content].concat();
        let (whole, rest) = joined.split_at(joined.len() / 4 * 4);
        if !base64::decode(whole, &mut self.bytes) {
            return Err(FAULT);
        }
        self.carry = rest.to_vec();
        Ok(())
    }

    /// What is new is UTF-8, but for a character that may have been cut at the end.
    fn check_text(&mut self) -> Result<(), Fault> {
        match self.format {
            MessageFormat::Bytes => return Ok(()),
            // Each part was checked as it was read.
            MessageFormat::Json => self.checked = self.bytes.len(),
            MessageFormat::Base64 | MessageFormat::Text => {
                let new = &self.bytes[self.checked..];
                let whole = new.len() - cut_off(new);
                if simdutf8::basic::from_utf8(&new[..whole]).is_err() {
                    return Err((Status::BAD_UTF8, "its text is not UTF-8"));
                }
                self.checked += whole;
            }
        }
        Ok(())
    }

    fn check_end(&self) -> Result<(), Fault> {
        if !self.carry.is_empty() {
            return Err((Status::PROTOCOL, "its base64 ends too soon"));
        }
        if self.format != MessageFormat::Bytes && self.checked < self.bytes.len() {
            return Err((Status::BAD_UTF8, "its text ends within a character"));
        }
        Ok(())
    }
}

/// Bytes at the end of a text that are the beginning of a character, of which the rest is still to come.
fn cut_off(text: &[u8]) -> usize {
    let length = text.iter().rev().take(3).position(|byte| *byte >= 0xc0).map_or(0, |behind| behind + 1);
    match std::str::from_utf8(&text[text.len() - length..]) {
        Err(error) if error.error_len().is_none() => length,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cut at every byte, as what is read at once and by the standard library.
    #[test]
    fn a_text_in_pieces_is_judged_as_a_whole() {
        let texts: [&[u8]; 9] = [
            "a語🎉é".as_bytes(),
            b"ab\xff",
            b"a\xc3",
            b"\xc0\x80a",
            b"\xe0\x80\x80",
            b"\xed\xa0\x80a",
            b"\xf4\x90\x80\x80",
            b"\xe8\xaa\xe8\xaa\x9e",
            b"\x9e\x9e\x9e\x9e",
        ];
        for text in texts {
            for cut in 0..=text.len() {
                let mut message = Partial::new(MessageFormat::Text, "id", "", 3, Instant::now());
                let mut refused = false;
                for end in [cut, text.len()] {
                    let start = message.bytes.len();
                    let wrong = std::str::from_utf8(&text[..end]).is_err_and(|error| error.error_len().is_some());
                    refused = message.append(&text[start..end]).is_err();
                    assert_eq!(refused, wrong, "{text:?}, cut at {cut}");
                    if refused {
                        break;
                    }
                }
                let whole = !refused && message.check_end().is_ok();
                assert_eq!(whole, std::str::from_utf8(text).is_ok(), "{text:?}, cut at {cut}");
            }
        }
    }

    #[test]
    fn room_is_made_for_what_is_foreseen_but_never_more_than_double() {
        for (total, capacity) in [(1000, 300_000), (65_536, 600_000)] {
            let mut message = Partial::new(MessageFormat::Json, "id", "", total, Instant::now());
            for part in 0..1000 {
                message.put(part, &[b'x'; 300]).unwrap();
                assert!(message.bytes.capacity() <= 2 * message.bytes.len());
            }
            assert!(message.bytes.capacity() <= capacity);
        }
    }
}
