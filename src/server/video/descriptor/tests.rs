//! Descriptors as a sender writes them, for tests.

use super::*;

/// A template: spatial and temporal layer, what it is to each target, how long ago each chain was.
type Row = (u8, u8, &'static str, &'static [u32]);

/// Two spatial layers of two temporal ones, tied at key frames only (L2T2_KEY), as libwebrtc describes them.
pub const L2T2_KEY: [Row; 6] = [
    (0, 0, "SSSS", &[0, 0]),
    (0, 0, "SS--", &[4, 3]),
    (0, 1, "-D--", &[2, 1]),
    (1, 0, "--SS", &[1, 1]),
    (1, 0, "--SS", &[1, 4]),
    (1, 1, "---D", &[3, 2]),
];
/// Which chain protects which of its targets.
const PROTECTED: [u32; 4] = [0, 0, 1, 1];
/// Where the numbers of templates begin.
const OFFSET: u32 = 60;

#[derive(Default)]
pub struct Writer(Vec<bool>);

impl Writer {
    fn put(&mut self, count: u32, value: u32) -> &mut Writer {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|bits| (0..8).fold(0, |b, n| b << 1 | u8::from(bits.get(n) == Some(&true)))).collect()
    }
}

/// The descriptor of a frame that is one packet. `extended`: what follows the mandatory fields.
fn descriptor(template: u32, number: u16, extended: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.put(2, 3).put(6, (OFFSET + template) % 64).put(16, number.into());
    extended(&mut writer);
    writer.bytes()
}

pub fn frame(template: u32, number: u16) -> Vec<u8> {
    descriptor(template, number, |_| {})
}

/// A frame that says which targets there are from now on.
pub fn activating(template: u32, number: u16, active: u32) -> Vec<u8> {
    descriptor(template, number, |writer| {
        writer.put(5, 0b01000).put(4, active);
    })
}

/// A key frame, which brings the structure.
pub fn key(number: u16) -> Vec<u8> {
    descriptor(0, number, |writer| {
        writer.put(5, 0b10000).put(6, OFFSET).put(5, 3);
        for (n, row) in L2T2_KEY.iter().enumerate() {
            let step = match L2T2_KEY.get(n + 1) {
                None => 3,
                Some(next) if next.0 > row.0 => 2,
                Some(next) => u32::from(next.1 - row.1),
            };
            writer.put(2, step);
        }
        for mark in L2T2_KEY.iter().flat_map(|row| row.2.chars()) {
            writer.put(2, "-DSR".find(mark).unwrap() as u32);
        }
        // One frame is needed by each, none by the key frame.
        writer.put(1, 0);
        (1..L2T2_KEY.len()).for_each(|_| {
            writer.put(1, 1).put(4, 3).put(1, 0);
        });
        // Two chains, of 0 to 4: three bits for 3 and more. Below two: one bit.
        writer.put(2, 2);
        for chain in PROTECTED {
            writer.put(1, chain);
        }
        for ago in L2T2_KEY.iter().flat_map(|row| row.3) {
            writer.put(4, *ago);
        }
        writer.put(1, 1);
        for size in [319, 179, 639, 359] {
            writer.put(16, size);
        }
    })
}

#[test]
fn frames_are_read_by_the_structure_that_came_last() {
    let mut reader = Reader::default();
    assert_eq!(reader.read(&frame(1, 7), 1), None, "no structure");
    let read = reader.read(&key(9), 2).unwrap();
    assert_eq!((read.number, read.key, read.ends, read.spatial()), (9, true, true, 0));
    let targets: Vec<_> = reader.targets().map(|(n, t)| (n, t.spatial, t.temporal, t.chain)).collect();
    let all = [(0, 0, 0, Some(0)), (1, 0, 1, Some(0)), (2, 1, 0, Some(1)), (3, 1, 1, Some(1))];
    assert_eq!(targets, all);
    for (n, row) in L2T2_KEY.iter().enumerate() {
        let read = reader.read(&frame(n as u32, 300), 3).unwrap();
        assert_eq!((read.spatial(), read.key), (row.0, false));
        for (number, target) in reader.targets() {
            let mark = row.2.as_bytes()[usize::from(number)];
            assert_eq!(read.is_of(number), mark != b'-');
            assert_eq!(read.switches(number), mark == b'S');
            let ago = row.3[usize::from(target.chain.unwrap())] as u16;
            let before = if ago == 0 { Before::Nothing } else { Before::Frame(300 - ago) };
            assert_eq!(read.before(target), Some(before));
        }
    }
    assert_eq!(reader.read(&frame(6, 10), 3), None, "no such template");
    // Which targets there are; what comes late changes nothing.
    assert!(reader.read(&activating(1, 13, 0b0011), 6).is_some());
    assert_eq!(reader.targets().map(|(n, _)| n).collect::<Vec<_>>(), [0, 1]);
    assert!(reader.read(&activating(1, 12, 0b1111), 5).is_some());
    assert_eq!(reader.targets().count(), 2);
    reader.read(&key(14), 7).unwrap();
    assert_eq!(reader.targets().count(), 4);
    // A frame that differs from its template.
    let custom = descriptor(1, 15, |writer| {
        writer.put(5, 0b00111).put(8, 0b00_01_10_11).put(2, 2).put(8, 200).put(2, 0).put(8, 77).put(8, 0);
    });
    let read = reader.read(&custom, 8).unwrap();
    assert_eq!([0, 1, 2, 3].map(|target| read.is_of(target)), [false, true, true, true]);
    assert_eq!([0, 1, 2, 3].map(|target| read.switches(target)), [false, false, true, false]);
    let before = [0, 2].map(|number| read.before(reader.target(number).unwrap()));
    assert_eq!(before, [Some(Before::Frame(15u16.wrapping_sub(77))), Some(Before::Nothing)]);
}

#[test]
fn hostile_descriptors_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut choice = crate::server::video::targets::Choice::default();
    let mut reader = Reader::default();
    let (mut whole, mut taken) = (0, 0);
    for round in 0..200_000 {
        let mut bytes = match round % 3 {
            0 => key(round as u16),
            1 => activating(1, round as u16, random() as u32 & 15),
            _ => frame(random() as u32 % 6, round as u16),
        };
        for _ in 0..random() % 4 {
            let at = random() as usize % bytes.len();
            bytes[at] = random() as u8;
        }
        if random() % 4 == 0 {
            bytes.truncate(random() as usize % (bytes.len() + 1));
        }
        if let Some(frame) = reader.read(&bytes, round) {
            whole += 1;
            let wanted =
                crate::server::video::targets::Wanted { spatial: random() as u8 % 3, temporal: random() as u8 % 3 };
            taken += usize::from(choice.takes(&frame, &reader, wanted));
            choice.top(&reader);
        }
    }
    assert!(whole > 50_000 && taken > 10_000, "{whole} could be read, {taken} were taken");
}
