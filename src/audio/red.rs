//! Redundant audio (RFC 2198) as LiveKit uses it: "audio/red" with Opus inside.
//!
//! Each packet repeats the payload of two packets before. Bursts of two lost packets are then
//! survived without a trace, and what remains is covered by Opus' own FEC, which the copies
//! carry too.

use core::fmt;

/// Offsets are written in 14 bits.
const MAX_OFFSET: u32 = (1 << 14) - 1;
/// Lengths of copies are written in 10 bits.
const MAX_COPY: usize = (1 << 10) - 1;
/// How far back the copy lies, in packets.
const DISTANCE: usize = 2;
/// More blocks than anyone sends; a packet with more is refused.
const MAX_BLOCKS: usize = 16;

/// Writes RED payloads.
#[derive(Debug, Default)]
pub struct RedEncoder {
    /// The payloads before, oldest first, with their RTP timestamps.
    history: [Option<(u32, Vec<u8>)>; DISTANCE],
}

impl RedEncoder {
    /// An encoder without history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the packets before: at the start of a talk spurt, whose first packets must not
    /// repeat the last words of the one before.
    pub fn reset(&mut self) {
        self.history = Default::default();
    }

    /// Writes the RED payload of a packet to `out` (cleared first).
    ///
    /// `timestamp` is the RTP timestamp (48 kHz), `payload_type` the inner one, of Opus (7 bits).
    /// No copy is written where there is none, or none that RFC 2198 can express.
    pub fn encode(&mut self, timestamp: u32, payload: &[u8], payload_type: u8, out: &mut Vec<u8>) {
        out.clear();
        let payload_type = payload_type & 0x7F;
        let copy = self.history[0].as_ref().filter(|(then, copy)| {
            (1..=MAX_OFFSET).contains(&timestamp.wrapping_sub(*then)) && (1..=MAX_COPY).contains(&copy.len())
        });
        if let Some((then, copy)) = copy {
            let field = (timestamp.wrapping_sub(*then) << 10) | copy.len() as u32;
            out.push(0x80 | payload_type);
            out.extend_from_slice(&field.to_be_bytes()[1..]);
        }
        out.push(payload_type);
        if let Some((_, copy)) = copy {
            out.extend_from_slice(copy);
        }
        out.extend_from_slice(payload);

        // The oldest buffer is used again for the newest payload.
        self.history.rotate_left(1);
        let (then, copy) = self.history[DISTANCE - 1].get_or_insert_default();
        *then = timestamp;
        copy.clear();
        copy.extend_from_slice(payload);
    }
}

/// One block of a RED payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// How far before the packet's own timestamp, in its clock (48 kHz); 0 for the primary.
    pub timestamp_offset: u16,
    /// The inner payload type.
    pub payload_type: u8,
    /// The inner payload.
    pub data: &'a [u8],
}

/// Why a RED payload was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedError {
    /// The headers or the blocks end before they are complete.
    Truncated,
    /// More blocks than anyone sends.
    TooManyBlocks,
}

impl fmt::Display for RedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the RED payload is shorter than its headers say: treat it as lost",
            Self::TooManyBlocks => "the RED payload has more than 16 blocks: treat it as lost",
        })
    }
}

impl std::error::Error for RedError {}

/// The blocks of a RED payload: the copies in the sender's order, then the primary.
///
/// # Errors
/// When the payload is truncated or absurd; nothing of it should be used then.
pub fn parse(payload: &[u8]) -> Result<Blocks<'_>, RedError> {
    let mut blocks =
        Blocks { blocks: [Block { timestamp_offset: 0, payload_type: 0, data: &[] }; MAX_BLOCKS], next: 0, count: 0 };
    let mut lengths = [0; MAX_BLOCKS];
    let mut rest = payload;
    loop {
        if blocks.count == MAX_BLOCKS {
            return Err(RedError::TooManyBlocks);
        }
        let block = &mut blocks.blocks[blocks.count];
        match *rest {
            [header, a, b, c, ..] if header & 0x80 != 0 => {
                let field = u32::from_be_bytes([0, a, b, c]);
                block.payload_type = header & 0x7F;
                block.timestamp_offset = (field >> 10) as u16;
                lengths[blocks.count] = (field & 0x3FF) as usize;
                rest = &rest[4..];
                blocks.count += 1;
            }
            [header, ..] if header & 0x80 == 0 => {
                block.payload_type = header;
                rest = &rest[1..];
                blocks.count += 1;
                break;
            }
            _ => return Err(RedError::Truncated),
        }
    }
    let copies = blocks.count - 1;
    for (block, length) in blocks.blocks[..copies].iter_mut().zip(lengths) {
        let (data, after) = rest.split_at_checked(length).ok_or(RedError::Truncated)?;
        block.data = data;
        rest = after;
    }
    blocks.blocks[copies].data = rest;
    Ok(blocks)
}

/// Iterator over the blocks of one payload, see [`parse`].
#[derive(Debug, Clone)]
pub struct Blocks<'a> {
    blocks: [Block<'a>; MAX_BLOCKS],
    next: usize,
    count: usize,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let block = self.blocks[..self.count].get(self.next).copied()?;
        self.next += 1;
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(payload: &[u8]) -> Vec<(u16, u8, Vec<u8>)> {
        parse(payload).unwrap().map(|b| (b.timestamp_offset, b.payload_type, b.data.to_vec())).collect()
    }

    #[test]
    fn each_packet_repeats_the_one_two_before() {
        let mut encoder = RedEncoder::new();
        let mut out = Vec::new();
        let mut timestamp = u32::MAX - 1000; // the copy's offset crosses the wrap
        let mut seen = Vec::new();
        for n in 0..4u8 {
            encoder.encode(timestamp, &[n; 5], 111, &mut out);
            seen.push(blocks(&out));
            timestamp = timestamp.wrapping_add(960);
        }
        assert_eq!(seen[0], [(0, 111, vec![0; 5])]);
        assert_eq!(seen[1], [(0, 111, vec![1; 5])]);
        assert_eq!(seen[2], [(1920, 111, vec![0; 5]), (0, 111, vec![2; 5])]);
        assert_eq!(seen[3], [(1920, 111, vec![1; 5]), (0, 111, vec![3; 5])]);
    }

    #[test]
    fn the_bytes_are_those_of_rfc_2198() {
        let mut encoder = RedEncoder::new();
        let mut out = Vec::new();
        encoder.encode(0, &[0xAA, 0xBB], 63, &mut out);
        assert_eq!(out, [63, 0xAA, 0xBB]);
        encoder.encode(960, &[0xCC], 63, &mut out);
        encoder.encode(1920, &[0xDD], 63, &mut out);
        // F=1 and type; 1920 in 14 bits, 2 in 10 bits; F=0 and type; the copy; the primary.
        assert_eq!(out, [0x80 | 63, 0b0001_1110, 0, 2, 63, 0xAA, 0xBB, 0xDD], "{out:02x?}");
    }

    #[test]
    fn what_cannot_be_expressed_is_left_out() {
        let mut encoder = RedEncoder::new();
        let mut out = Vec::new();
        encoder.encode(0, &[1; 1024], 111, &mut out);
        encoder.encode(960, &[2; 1023], 111, &mut out);
        encoder.encode(1920, &[3; 10], 111, &mut out);
        assert_eq!(blocks(&out).len(), 1, "a copy of 1024 bytes is too long");
        encoder.encode(2880, &[4; 10], 111, &mut out);
        assert_eq!(blocks(&out).len(), 2, "one of 1023 bytes is not");
        encoder.encode(1920 + 16384, &[5; 10], 111, &mut out);
        assert_eq!(blocks(&out).len(), 1, "an offset of 2^14 is too far");
        encoder.encode(2880 + 16383, &[6; 10], 111, &mut out);
        assert_eq!(blocks(&out).len(), 2);
        encoder.reset();
        encoder.encode(2880 + 16383 + 960, &[7; 10], 111, &mut out);
        assert_eq!(blocks(&out).len(), 1, "nothing is repeated across a pause");
    }

    #[test]
    fn truncated_and_absurd_payloads_are_refused() {
        let mut encoder = RedEncoder::new();
        let mut out = Vec::new();
        for n in 0..3 {
            encoder.encode(n * 960, &[9; 20], 111, &mut out);
        }
        for len in 0..5 + 20 {
            let expected = if len == 0 || len < 25 { Err(RedError::Truncated) } else { Ok(2) };
            assert_eq!(parse(&out[..len]).map(Iterator::count), expected, "{len}");
        }
        assert_eq!(parse(&out[..25]).map(Iterator::count), Ok(2));
        assert_eq!(parse(&[0x80; 400]).map(Iterator::count), Err(RedError::TooManyBlocks));
        assert_eq!(blocks(&[111]), [(0, 111, vec![])]);
    }
}
