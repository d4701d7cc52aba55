//! The numbers of a stream that is sent to one subscriber, while what feeds it changes: another simulcast layer, another
//! track, or a stream of which only some spatial layers pass. Whoever hears it sees one unbroken stream.

use crate::server::track::Cursor;
use std::collections::VecDeque;
use std::time::Instant;
use str0m::rtp::{Vp8Descriptor, Vp8Patch};

/// RTP time of video runs at 90 kHz.
const CLOCK: u32 = 90_000;
/// Of packets that are left out, so many numbers are remembered for those that come late.
const REMEMBERED: usize = 1024;

/// And so many numbers of VP8's pictures.
const PICTURES: usize = 128;

/// How far back a picture lies of which nothing comes any more.
const FAR: u16 = 0x1000;

/// VP8's numbers of pictures where a section's stream stands: PictureID, TL0PICIDX and KEYIDX of the last packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    id: u16,
    tl0: u8,
    key: u8,
}

/// Maps the numbers of one incoming stream after the other to those of one outgoing stream.
#[derive(Debug)]
pub struct Numbers {
    pub cursor: Cursor,
    /// The present stream; None: one begins with the next packet.
    base: Option<Base>,
}

#[derive(Debug)]
struct Base {
    /// The first sequence number that came, and its number here.
    first_in: u64,
    first_out: u64,
    /// The highest that came.
    highest: u64,
    /// What is added to RTP time.
    time: u32,
    /// What is added to VP8's numbers.
    picture: Picture,
    /// VP8's pictures that were left out, rising.
    pictures: VecDeque<u16>,
    /// The numbers of packets that were left out, rising; how many more there were before them, and the last of those.
    left_out: VecDeque<u64>,
    forgotten: u64,
    forgotten_to: u64,
}

impl Base {
    /// Of the oldest picture that was left out only its effect stays.
    fn forget_picture(&mut self) {
        if self.pictures.pop_front().is_some() {
            self.picture.id = self.picture.id.wrapping_sub(1);
        }
    }
}

impl Numbers {
    pub fn new(cursor: Cursor) -> Numbers {
        Numbers { cursor, base: None }
    }

    /// Begins another incoming stream with the packet of this sequence number and RTP time. `time_here` is its time in
    /// the outgoing stream, where it is known; else the clock says how far that moved on.
    pub fn begin(
        &mut self,
        sequence: u64,
        time: u32,
        vp8: Option<&Vp8Descriptor>,
        time_here: Option<u32>,
        now: Instant,
    ) {
        let start = self.cursor.time(CLOCK, now).map_or(time, |by_clock| time_here.unwrap_or(by_clock));
        let picture = match (self.cursor.last, vp8) {
            (Some(_), Some(vp8)) => {
                let last = self.cursor.picture;
                Picture {
                    id: last.id.wrapping_add(1).wrapping_sub(vp8.picture_id().unwrap_or(0)),
                    tl0: last.tl0.wrapping_add(1).wrapping_sub(vp8.tl0_pic_idx().unwrap_or(0)),
                    key: last.key.wrapping_add(1).wrapping_sub(vp8.key_idx().unwrap_or(0)),
                }
            }
            (None, Some(vp8)) => {
                // The first stream keeps its numbers.
                self.cursor.picture.id = vp8.picture_id().unwrap_or(0).wrapping_sub(1) & 0x7fff;
                Picture::default()
            }
            (_, None) => Picture::default(),
        };
        self.base = Some(Base {
            first_in: sequence,
            first_out: self.cursor.sequence,
            highest: sequence,
            time: start.wrapping_sub(time),
            picture,
            pictures: VecDeque::new(),
            left_out: VecDeque::new(),
            forgotten: 0,
            forgotten_to: 0,
        });
    }

    /// The outgoing sequence number and RTP time of a packet. None: it is from before the present stream, or so late that
    /// its number is not known any more.
    pub fn map(&mut self, sequence: u64, time: u32, now: Instant) -> Option<(u64, u32)> {
        let base = self.base.as_mut()?;
        let since = sequence.checked_sub(base.first_in)?;
        if base.forgotten > 0 && sequence <= base.forgotten_to {
            return None;
        }
        let left_out = base.forgotten + base.left_out.partition_point(|n| *n < sequence) as u64;
        base.highest = base.highest.max(sequence);
        let mapped = base.first_out + since.checked_sub(left_out)?;
        let time = time.wrapping_add(base.time);
        self.cursor.sent(mapped, time, now);
        Some((mapped, time))
    }

    /// A packet of the present stream is not passed on: those behind it close up. One that comes late leaves a hole,
    /// since its successors have their numbers.
    pub fn leave_out(&mut self, sequence: u64) {
        let Some(base) = self.base.as_mut().filter(|base| sequence > base.highest) else { return };
        base.highest = sequence;
        base.left_out.push_back(sequence);
        if base.left_out.len() > REMEMBERED
            && let Some(forgotten) = base.left_out.pop_front()
        {
            base.forgotten += 1;
            base.forgotten_to = forgotten;
        }
    }

    /// A picture of VP8's is not passed on: the numbers of those behind it close up.
    pub fn leave_out_picture(&mut self, vp8: &Vp8Descriptor) {
        let (Some(base), Some(id)) = (&mut self.base, vp8.picture_id()) else { return };
        // Each packet of it says so; and one that comes late would move what is sent already.
        if base.pictures.back().is_some_and(|last| !is_after(id, *last)) {
            return;
        }
        base.pictures.push_back(id);
        if base.pictures.len() > PICTURES {
            base.forget_picture();
        }
    }

    /// How much is added to RTP time at present.
    pub fn time_offset(&self) -> Option<u32> {
        self.base.as_ref().map(|base| base.time)
    }

    /// VP8's numbers, rewritten so that they go on; None: there is nothing to rewrite.
    pub fn picture(&mut self, vp8: &Vp8Descriptor) -> Option<Vp8Patch> {
        let base = self.base.as_mut()?;
        if let Some(id) = vp8.picture_id() {
            // Numbers begin again after 2^15: what lies far back would look like what is to come.
            while base.pictures.front().is_some_and(|left_out| is_after(id, left_out.wrapping_add(FAR))) {
                base.forget_picture();
            }
        }
        let mut offset = base.picture;
        if let Some(id) = vp8.picture_id() {
            let before = base.pictures.iter().rev().skip_while(|left_out| is_after(**left_out, id)).count();
            offset.id = offset.id.wrapping_sub(before as u16);
        }
        let (id, tl0, key) = (vp8.picture_id(), vp8.tl0_pic_idx(), vp8.key_idx());
        let id = id.map(|id| id.wrapping_add(offset.id) & 0x7fff);
        let tl0 = tl0.map(|tl0| tl0.wrapping_add(offset.tl0));
        let key = key.map(|key| key.wrapping_add(offset.key) & 0x1f);
        let last = &mut self.cursor.picture;
        // What comes late does not turn the numbers back.
        if let Some(id) = id.filter(|id| id.wrapping_sub(last.id) & 0x7fff < 0x4000) {
            *last = Picture { id, tl0: tl0.unwrap_or(last.tl0), key: key.unwrap_or(last.key) };
        }
        if offset == Picture::default() {
            return None;
        }
        let patch = |mask: u16| {
            let mut patch = vp8.patch();
            if let Some(id) = id {
                patch = patch.picture_id(id & mask);
            }
            if let Some(tl0) = tl0 {
                patch = patch.tl0_pic_idx(tl0);
            }
            if let Some(key) = key {
                patch = patch.key_idx(key);
            }
            patch.build().ok()
        };
        // The short form has 7 bits.
        patch(0x7fff).or_else(|| patch(0x7f))
    }
}

/// Whether a picture of VP8's comes after another; they are numbered with 15 bits.
fn is_after(id: u16, other: u16) -> bool {
    (1..0x4000).contains(&(id.wrapping_sub(other) & 0x7fff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn vp8(picture: u16, tl0: u8) -> Vp8Descriptor {
        Vp8Descriptor::parse(&[0x90, 0xe0, 0x80 | (picture >> 8) as u8, picture as u8, tl0, 0, 0x10, 0]).unwrap()
    }

    #[test]
    fn another_layer_goes_on_where_the_last_one_stood() {
        let now = Instant::now();
        let mut numbers = Numbers::new(Cursor::default());
        assert_eq!(numbers.map(7, 1, now), None, "nothing has begun");
        numbers.begin(70_000, 1_000, Some(&vp8(100, 200)), None, now);
        let (start, time) = numbers.map(70_000, 1_000, now).unwrap();
        assert!(start < 65_536, "the roll-over counter starts at zero");
        assert_eq!(time, 1_000);
        assert_eq!(numbers.picture(&vp8(100, 200)), None, "the first stream keeps its numbers");
        assert_eq!(numbers.map(70_002, 4_000, now).unwrap().0, start + 2);
        assert_eq!(numbers.map(70_001, 1_000, now).unwrap().0, start + 1);
        assert_eq!(numbers.map(69_999, 1_000, now), None);
        assert_eq!(numbers.picture(&vp8(101, 201)), None);
        let later = now + Duration::from_millis(100);
        numbers.begin(5, 77, Some(&vp8(0x7ffe, 255)), None, later);
        assert_eq!(numbers.map(5, 77, later).unwrap(), (start + 3, 4_000 + 9_000));
        let mut bytes = vec![0x90, 0xe0, 0xff, 0xfe, 255, 0, 0x10, 0];
        let patch = numbers.picture(&Vp8Descriptor::parse(&bytes).unwrap()).expect("a patch");
        assert_eq!(numbers.cursor.picture, Picture { id: 102, tl0: 202, key: 0 });
        assert!(format!("{patch:?}").contains("128, 102, 202"), "{patch:?}");
        // It goes on over the end of 15 bits.
        bytes[3] = 0xff;
        numbers.picture(&Vp8Descriptor::parse(&bytes).unwrap()).unwrap();
        numbers.picture(&vp8(0, 0)).unwrap();
        assert_eq!(numbers.cursor.picture.id, 104);
        numbers.picture(&vp8(0x7fff, 255)).unwrap();
        assert_eq!(numbers.cursor.picture.id, 104, "a late packet turns nothing back");
        // Where the time is known, it counts.
        numbers.begin(900, 500, None, Some(50_000), later);
        assert_eq!(numbers.map(900, 500, later).unwrap(), (start + 4, 50_000));
    }

    #[test]
    fn what_is_left_out_leaves_no_hole() {
        let now = Instant::now();
        let mut numbers = Numbers::new(Cursor::default());
        numbers.begin(10, 0, None, None, now);
        let start = numbers.map(10, 0, now).unwrap().0;
        let mut out = Vec::new();
        for sequence in 11..30 {
            match sequence % 3 {
                0 => numbers.leave_out(sequence),
                _ => out.push(numbers.map(sequence, 0, now).unwrap().0 - start),
            }
        }
        assert_eq!(out, (1..=out.len() as u64).collect::<Vec<_>>());
        // Late: its number is still known. Left out late: a hole, and nothing moves.
        assert_eq!(numbers.map(14, 0, now).unwrap().0 - start, 3);
        numbers.leave_out(13);
        assert_eq!(numbers.map(14, 0, now).unwrap().0 - start, 3);
        for sequence in 30..30 + 2 * REMEMBERED as u64 {
            numbers.leave_out(sequence);
        }
        assert_eq!(numbers.map(14, 0, now), None, "too late");
        let next = numbers.map(30 + 2 * REMEMBERED as u64, 0, now).unwrap().0 - start;
        assert_eq!(next, out.len() as u64 + 1);
    }

    #[test]
    fn pictures_that_are_left_out_leave_no_hole() {
        let now = Instant::now();
        let mut numbers = Numbers::new(Cursor::default());
        numbers.begin(10, 0, Some(&vp8(0x7f00, 1)), None, now);
        numbers.picture(&vp8(0x7f00, 1));
        // Every other one, of two packets each, over the end of the numbers, and of what is remembered.
        for n in 1..=3 * PICTURES as u16 {
            let id = (0x7f00 + n) & 0x7fff;
            if n % 2 == 1 {
                numbers.leave_out_picture(&vp8(id, 1));
                numbers.leave_out_picture(&vp8(id, 1));
            } else {
                numbers.picture(&vp8(id, 1)).expect("another number");
                assert_eq!(numbers.cursor.picture.id, (0x7f00 + n / 2) & 0x7fff);
            }
        }
        // A late one has the number that was its own: the newest has 192 more than the first, this one 190.
        let late = numbers.picture(&vp8((0x7f00 + 3 * PICTURES as u16 - 4) & 0x7fff, 1)).unwrap();
        let number = ((0x7f00 + 190) & 0x7fff_u16) | 0x8000;
        assert!(format!("{late:?}").contains(&format!("{}, {}", number >> 8, number & 0xff)), "{late:?}");
        // The whole round, with nothing left out; then it goes on.
        let mut id = (0x7f00 + 3 * PICTURES as u16) & 0x7fff;
        for _ in 0..0x9000 {
            id = (id + 1) & 0x7fff;
            let before = numbers.cursor.picture.id;
            numbers.picture(&vp8(id, 1)).expect("another number");
            assert_eq!(numbers.cursor.picture.id, (before + 1) & 0x7fff);
        }
        let before = numbers.cursor.picture.id;
        numbers.leave_out_picture(&vp8((id + 1) & 0x7fff, 1));
        numbers.picture(&vp8((id + 2) & 0x7fff, 1));
        assert_eq!(numbers.cursor.picture.id, (before + 1) & 0x7fff);
    }
}
