//! The parsers and the reassembly, fed with what was meant well and then mangled, by seed. Nothing panics, nothing grows beyond its
//! bounds, and the honest message beside it arrives whole every time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use stoa::event::{EventBody, MessageFormat};
use stoa::message::chunks::{Chunks, Outgoing};
use stoa::message::reassembly::{MAX_HELD, MAX_PARTIAL, Reassembly};
use stoa::message::{Recognised, base64, json};
use stoa::signal::livekit::data_packet::Value;

const CASES: usize = 200_000;
const FORMATS: [MessageFormat; 4] =
    [MessageFormat::Json, MessageFormat::Base64, MessageFormat::Text, MessageFormat::Bytes];

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

fn text(rng: &mut Rng) -> String {
    const CHARS: [char; 12] = ['a', '|', '"', '\\', '\n', '\u{1}', 'é', '語', '🎉', '\u{301}', '\u{200d}', '{'];
    let length = rng.one(&[0, 1, 2, 299, 300, 301, 700, 2000]);
    (0..length).map(|_| rng.one(&CHARS)).collect()
}

fn cut(format: MessageFormat, id: &str, text: &str) -> Vec<Value> {
    let (topic, to, lossy) = (String::new(), Vec::new(), false);
    let message = Outgoing { id: id.into(), format, topic, to, lossy, payload: text.into() };
    let mut chunks = Chunks::new(message).unwrap();
    std::iter::from_fn(|| chunks.next(0)).collect()
}

/// What a broken or hostile sender makes of a packet.
fn mangle(rng: &mut Rng, bytes: &mut Vec<u8>) {
    const PIECES: [&[u8]; 14] = [
        b"|",
        b"-1",
        b"99999999999999999999",
        b"{",
        b"}",
        b"\"",
        b"\\u",
        b"\\ud83c",
        b"\xff",
        b"\xf0\x9f",
        b"=",
        b",",
        b"\0",
        b"\"part_idx\": ",
    ];
    for _ in 0..=rng.below(3) {
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => _ = bytes.remove(at),
            2 if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
            3 => _ = bytes.splice(at..at, rng.one(&PIECES).iter().copied()),
            4 if !bytes.is_empty() => bytes[at] = b'0' + rng.below(10) as u8,
            _ => bytes.extend_from_within(at..),
        }
    }
}

/// A parser may say anything of anything, but not panic, and a chunk that it takes has a place in its message.
fn parses(packet: &[u8]) {
    for recognised in [json::parse(packet), base64::parse(packet)] {
        if let Recognised::Chunk(chunk) = recognised {
            assert!(chunk.part < chunk.total && chunk.total <= 65_536, "{chunk:?}");
        }
    }
}

fn give(reassembly: &mut Reassembly, now: Instant, user: &str, value: Value) {
    match value {
        Value::User(packet) => _ = reassembly.user_packet(now, user, "", &packet.payload),
        Value::StreamHeader(header) => reassembly.header(now, user, header),
        Value::StreamChunk(chunk) => reassembly.chunk(now, user, &chunk),
        Value::StreamTrailer(trailer) => reassembly.trailer(now, user, &trailer),
        _ => unreachable!(),
    }
}

/// Changes something in a packet of a liar's.
fn spoil(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::User(packet) => mangle(rng, &mut packet.payload),
        Value::StreamHeader(header) => match rng.below(5) {
            0 => header.total_length = Some(rng.next()),
            1 => header.total_length = Some(rng.below(100) as u64),
            2 => header.compression = rng.below(3) as i32 - 1,
            3 => header.content_header = None,
            _ => header.inline_content = Some(vec![0xff; rng.below(10)]),
        },
        Value::StreamChunk(chunk) => match rng.below(3) {
            0 => chunk.chunk_index = rng.one(&[0, 1, 2, u64::MAX]),
            1 => mangle(rng, &mut chunk.content),
            _ => chunk.stream_id = "x".repeat(rng.below(600)),
        },
        Value::StreamTrailer(trailer) => trailer.reason = "x".repeat(rng.below(300)),
        _ => unreachable!(),
    }
}

#[test]
fn parsers_survive_anything() {
    let mut rng = Rng(0x5eed);
    for case in 0..CASES {
        let mut packet = if case % 8 == 0 {
            (0..rng.below(80)).map(|_| rng.next() as u8).collect()
        } else {
            let text = text(&mut rng);
            let mut chunks: Box<dyn Iterator<Item = Vec<u8>>> = if case % 2 == 0 {
                Box::new(json::chunks("1|\"é", &text))
            } else {
                Box::new(base64::chunks("id", &text))
            };
            chunks.next().unwrap()
        };
        mangle(&mut rng, &mut packet);
        parses(&packet);
    }
}

#[test]
fn honest_messages_arrive_among_garbage() {
    let start = Instant::now();
    let mut rng = Rng(0xfeed);
    let mut reassembly = Reassembly::new();
    let mut now = start;
    let mut arrived = 0;
    for case in 0..CASES / 20 {
        let format = FORMATS[case % 4];
        let (id, honest) = (case.to_string(), text(&mut rng));
        let mut packets = cut(format, &id, &honest);
        if matches!(format, MessageFormat::Json | MessageFormat::Base64) {
            for at in (1..packets.len()).rev() {
                packets.swap(at, rng.below(at + 1));
            }
        }
        for packet in packets {
            for _ in 0..rng.below(8) {
                let lie = text(&mut rng);
                let mut lies = cut(rng.one(&FORMATS), &id, &lie);
                let mut lie = lies.swap_remove(rng.below(lies.len()));
                if rng.below(4) > 0 {
                    spoil(&mut rng, &mut lie);
                }
                let liar = rng.one(&["eve", "mallory", ""]);
                give(&mut reassembly, now, liar, lie);
            }
            // Of the honest one's, only copies.
            if rng.below(4) == 0
                && matches!(format, MessageFormat::Json | MessageFormat::Base64)
                && !matches!(&packet, Value::User(p) if is_alone(&p.payload))
            {
                give(&mut reassembly, now, "ada", packet.clone());
            }
            give(&mut reassembly, now, "ada", packet);
        }
        now += Duration::from_millis(rng.below(300) as u64);
        while reassembly.deadline().is_some_and(|due| due <= now) {
            reassembly.timeout(now);
        }
        let (count, held) = reassembly.in_part();
        assert!(count <= MAX_PARTIAL.1 && held <= MAX_HELD.1);
        let mut errors: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(event) = reassembly.poll() {
            match event {
                EventBody::Message { user, payload, id: its, format: of, .. } => {
                    assert!(of == MessageFormat::Bytes || std::str::from_utf8(&payload).is_ok());
                    if user == "ada" {
                        assert_eq!((its, of), (id.clone(), format));
                        assert_eq!(String::from_utf8(payload).unwrap(), honest);
                        arrived += 1;
                    }
                }
                EventBody::MessageError { user, .. } => *errors.entry(user).or_default() += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(errors.values().all(|count| *count <= 64), "{errors:?}");
        assert_eq!(errors.get("ada"), None, "nothing of hers was refused");
        assert_eq!(arrived, case + 1, "the honest message of case {case}: {format:?}");
    }
    assert!(reassembly.counters().refused > 10_000, "{:?}", reassembly.counters());
}

/// The only chunk of its message: a copy of it is another message.
fn is_alone(payload: &[u8]) -> bool {
    [json::parse(payload), base64::parse(payload)]
        .iter()
        .any(|recognised| matches!(recognised, Recognised::Chunk(chunk) if chunk.total == 1))
}
