//! The byte order of AccessToken2: integers little-endian, strings and maps behind a u16 count, all of it in zlib.

use super::bad;
use crate::Result;
use flate2::write::ZlibEncoder;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::Write;

/// What a token may hold, inflated, bytes: a small text must not blow up into much memory.
pub const MAX_CONTENT: usize = 64 * 1024;

/// Content up to this goes out in a stored block: it is nearly all signature and hexadecimal, and setting up a compressor
/// costs more than everything else in a token.
const STORED: usize = 512;

/// Reads packed bytes from the front.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let short = || bad("The token ends in the middle of a field; it was cut or changed: take it as it was made.");
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.take(2)?.try_into().expect("two bytes were taken")))
    }

    pub fn i16(&mut self) -> Result<i16> {
        Ok(self.u16()? as i16)
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes were taken")))
    }

    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    pub fn text(&mut self) -> Result<String> {
        let text = std::str::from_utf8(self.bytes()?);
        Ok(text
            .map_err(|_| bad("The token has a string that is not UTF-8; it was changed: take it as it was made."))?
            .to_string())
    }
}

/// Appends packed bytes.
#[derive(Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn u16(&mut self, value: u16) {
        self.0.extend(value.to_le_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    /// The number of things that follow.
    pub fn count(&mut self, count: usize) -> Result<()> {
        let count =
            u16::try_from(count).map_err(|_| bad("The token would have more than 65535 of one thing; name fewer."))?;
        self.u16(count);
        Ok(())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.count(bytes.len())?;
        self.0.extend(bytes);
        Ok(())
    }

    pub fn text(&mut self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }
}

/// Puts the content into zlib's format (RFC 1950).
pub fn deflate(content: &[u8]) -> Vec<u8> {
    if content.len() <= STORED {
        return stored(content);
    }
    let mut zlib = ZlibEncoder::new(Vec::with_capacity(content.len() + 64), flate2::Compression::default());
    zlib.write_all(content).and_then(|()| zlib.finish()).expect("writing to memory does not fail")
}

/// One stored block (RFC 1951, section 3.2.4).
fn stored(content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16;
    let mut packed = Vec::with_capacity(content.len() + 16);
    packed.extend([0x78, 0x9c, 1]);
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(content);
    packed.extend(adler32(content).to_be_bytes());
    packed
}

/// RFC 1950, section 8.2; of so few bytes the sums fit before their remainders are taken.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1, 0);
    for byte in bytes {
        a += u32::from(*byte);
        b += a;
    }
    ((b % 65_521) << 16) | (a % 65_521)
}

/// Takes the content out of zlib's format: whole, alone, and at most [`MAX_CONTENT`] bytes.
pub fn inflate(packed: &[u8]) -> Result<Vec<u8>> {
    let mut zlib = Decompress::new(true);
    let mut content = Vec::with_capacity(256);
    loop {
        let rest = &packed[zlib.total_in() as usize..];
        let done = zlib
            .decompress_vec(rest, &mut content, FlushDecompress::None)
            .map_err(|_| bad("The token's content is not zlib's; it was cut or changed: take it as it was made."))?;
        if content.len() > MAX_CONTENT {
            return Err(bad("The token's content is larger than 64 kB, as none is; take one as it was made."));
        }
        match done {
            Status::StreamEnd => break,
            _ if content.len() < content.capacity() => {
                return Err(bad("The token's content ends too early; it was cut: take it as it was made."));
            }
            // One byte beyond the limit tells that there is more.
            _ => content.reserve_exact(content.len().min(MAX_CONTENT + 1 - content.len())),
        }
    }
    if zlib.total_in() as usize != packed.len() {
        return Err(bad("The token has bytes behind its content; it was changed: take it as it was made."));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_survives_both_ways_of_packing() {
        for length in [0, 1, 31, STORED, STORED + 1, 5_600, MAX_CONTENT] {
            let content: Vec<u8> = (0..length).map(|i| (i * i % 251) as u8).collect();
            assert_eq!(inflate(&deflate(&content)).unwrap(), content, "{length}");
        }
    }

    #[test]
    fn a_bomb_and_a_tail_are_refused() {
        let says = |packed: &[u8], part: &str| {
            let error = inflate(packed).unwrap_err();
            assert!(error.text.contains(part), "{} lacks {part}", error.text);
        };
        let bomb = deflate(&vec![b'a'; 4 * MAX_CONTENT]);
        assert!(bomb.len() < 1_000);
        says(&bomb, "larger than 64 kB");
        says(&deflate(&vec![b'a'; MAX_CONTENT + 1]), "larger than 64 kB");
        let good = deflate(b"content");
        says(&[&good[..], b"x"].concat(), "behind its content");
        says(&good[..good.len() - 1], "too early");
        says(b"nonsense", "not zlib");
        says(b"", "too early");
    }
}
