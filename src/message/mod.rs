//! Messages: text or bytes of up to 16 MiB, cut into chunks that fit into data packets, and put together again.
//!
//! - Formats: [`json`] and [`base64`], which travel as user packets, and LiveKit's text and byte [`stream`]s.
//! - Out: [`chunks`] cuts a message as it leaves, [`queue`] keeps the messages in order until they have left.
//! - In: [`reassembly`] knows all formats, and keeps what came in part (`partial`) within bounds.
//!
//! Nothing here knows a session: chunks go out, chunks and `now` come in, events come out.

pub mod base64;
pub mod chunks;
pub mod json;
mod partial;
pub mod queue;
pub mod reassembly;
pub mod stream;

use std::borrow::Cow;

/// The longest message, bytes.
pub const MAX_MESSAGE: usize = 16 * 1024 * 1024;
/// The longest id of a message, bytes; "base64" has a shorter one of its own.
pub const MAX_ID: usize = 256;
/// The most parts of a "json" or "base64" message. 16 MiB need 55,925 of the smallest, 300 bytes each.
pub const MAX_PARTS: u32 = 65_536;

/// What a user packet turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Recognised<'a> {
    /// A chunk. Whether it fits to the others of its message is for [`reassembly`] to say.
    Chunk(Chunk<'a>),
    /// It was meant as a chunk, and is none: why, and the id as far as it could be read.
    Refused(Cow<'a, str>, &'static str),
    /// Something else: the application's own data.
    Other,
}

/// One chunk of a message in the format "json" or "base64".
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The message's id.
    pub id: Cow<'a, str>,
    /// Which part, from 0.
    pub part: u32,
    /// How many parts there are, 1 to [`MAX_PARTS`]; more than `part`.
    pub total: u32,
    /// The content: text ("json"), or base64.
    pub content: Cow<'a, str>,
}

/// Why a part's place in its message cannot be.
fn misplaced(part: i64, total: i64) -> Option<&'static str> {
    match (part, total) {
        (..0, _) | (_, ..0) => Some("its part or its total is too small"),
        (_, 0) => Some("its message has no parts"),
        (_, total) if total > i64::from(MAX_PARTS) => Some("its message has more than 65,536 parts"),
        (part, total) if part >= total => Some("its part is beyond its total"),
        _ => None,
    }
}

/// The whole number at the front, and how many digits it has. More than 18 are told as the largest number, which is out of every
/// range here.
fn digits(text: &[u8]) -> (i64, usize) {
    let (mut value, mut count) = (0i64, 0);
    while let Some(digit @ b'0'..=b'9') = text.get(count) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        count += 1;
    }
    (if count > 18 { i64::MAX } else { value }, count)
}
