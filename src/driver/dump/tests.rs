//! Dumps into directories of their own: names, times, bounds, a writer that stands still, a disk that fails.

use super::names::{part, stem};
use super::writer::WAITING;
use super::*;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;

const LONG: Duration = Duration::from_secs(20);

/// A directory of its own, gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("stoa-dump-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn samples(&self, name: &str) -> Vec<i16> {
        let reader = hound::WavReader::open(self.0.join(name)).unwrap();
        assert_eq!(reader.spec().sample_rate, 8_000);
        reader.into_samples().map(|sample| sample.unwrap()).collect()
    }

    fn bytes(&self) -> u64 {
        std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn begin(dumper: &Dumper, scratch: &Scratch, max_bytes: u64) -> (Dump, Arc<AtomicU64>) {
    let lost = Arc::new(AtomicU64::new(0));
    let subject = Subject { room: "room".into(), user: "ada".into(), rate: 8_000, channels: 1, lost: lost.clone() };
    let options = DumpOptions { directory: scratch.0.clone(), max_bytes, sent: true, heard: true };
    options.validate().unwrap();
    (dumper.begin(options, subject, super::super::clock::clock()).unwrap(), lost)
}

fn at(dump: &Dump, ms: u64) -> Instant {
    let now = Instant::now();
    let behind = dump.common.clock.micros(now) - dump.common.start_us;
    now - Duration::from_micros(behind) + Duration::from_millis(ms)
}

#[test]
fn names_are_safe_and_bounded() {
    for (name, safe) in [
        ("ada", "ada"),
        ("..", "_."),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("a\0b", "a_b"),
        ("", "_"),
        ("C:\\con", "C__con"),
        ("Ἀθηνᾶ 7", "Ἀθηνᾶ_7"),
        ("a\nb\u{202e}c", "a_b_c"),
        (".hidden", "_hidden"),
        ("v1.2-x_y", "v1.2-x_y"),
    ] {
        assert_eq!(part(name), safe, "{name:?}");
    }
    let long = stem(&"ж".repeat(500), &"x".repeat(500), Some(&"語".repeat(500)));
    assert!(long.len() < 220 && long.contains("-heard-"), "{} bytes", long.len());
}

#[test]
fn files_are_laid_over_each_other_and_never_overwritten() {
    let (dumper, scratch) = (Dumper::new(), Scratch::new());
    std::fs::write(scratch.0.join("room-ada-sent.wav"), "somebody's").unwrap();
    let (dump, lost) = begin(&dumper, &scratch, DUMP_BYTES);
    let users: [Arc<str>; 3] = ["a/b".into(), "a:b".into(), "bob".into()];
    dump.sent(at(&dump, 0), &[1; 160]);
    dump.sent(at(&dump, 25), &[2; 160]);
    dump.sent(at(&dump, 500), &[3; 160]);
    for (user, ms) in users.iter().zip([100, 200, 0]) {
        dump.heard(user, at(&dump, ms), &[4; 160]);
    }
    dump.end(LONG);
    dump.sent(at(&dump, 520), &[5; 160]);
    let names = [
        "room-ada-heard-a_b-2.wav",
        "room-ada-heard-a_b.wav",
        "room-ada-heard-bob.wav",
        "room-ada-sent-2.wav",
        "room-ada-sent.wav",
    ];
    assert_eq!(scratch.names(), names);
    assert_eq!(std::fs::read(scratch.0.join("room-ada-sent.wav")).unwrap(), b"somebody's");
    let sent = scratch.samples("room-ada-sent-2.wav");
    assert_eq!(sent[..320], [vec![1; 160], vec![2; 160]].concat(), "a late frame leaves no gap");
    let late = sent.iter().position(|s| *s == 3).unwrap();
    assert!((3_999..=4_000).contains(&late) && sent.len() == late + 160, "{late}, {}", sent.len());
    let heard = scratch.samples("room-ada-heard-a_b-2.wav");
    assert!((1_599..=1_600).contains(&heard.iter().position(|s| *s == 4).unwrap()));
    assert_eq!(lost.load(Ordering::Relaxed), 0);
    dumper.stop(LONG);
}

#[test]
fn bytes_are_bounded_and_files_stay_valid() {
    let (dumper, scratch) = (Dumper::new(), Scratch::new());
    let (dump, lost) = begin(&dumper, &scratch, 4_096);
    let bob: Arc<str> = "bob".into();
    for n in 0..20 {
        dump.sent(at(&dump, n * 20), &[7; 160]);
        dump.heard(&bob, at(&dump, n * 20), &[8; 160]);
    }
    // An hour later: the silence before it would be 57 MB.
    dump.heard(&"eve".into(), at(&dump, 3_600_000), &[9; 160]);
    dump.end(LONG);
    assert_eq!(scratch.bytes(), 4_096);
    let samples = scratch.samples("room-ada-sent.wav").len() + scratch.samples("room-ada-heard-bob.wav").len();
    assert_eq!(samples, (4_096 - 88) / 2);
    assert_eq!(lost.load(Ordering::Relaxed), 41 - 12, "12 frames fit whole");
    dumper.stop(LONG);
}

#[test]
fn files_can_be_read_while_they_grow() {
    let (dumper, scratch) = (Dumper::new(), Scratch::new());
    let (dump, _) = begin(&dumper, &scratch, DUMP_BYTES);
    dump.sent(at(&dump, 0), &[1; 160]);
    let end = Instant::now() + Duration::from_secs(20);
    let path = scratch.0.join("room-ada-sent.wav");
    while hound::WavReader::open(&path).map_or(0, |reader| reader.len()) != 160 {
        assert!(Instant::now() < end, "the head was not brought up to date");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(dump);
    dumper.stop(LONG);
}

#[test]
fn a_writer_that_stands_still_loses_frames_and_holds_nobody_up() {
    let (dumper, scratch) = (Dumper::new(), Scratch::new());
    let (dump, lost) = begin(&dumper, &scratch, DUMP_BYTES);
    let (go_on, until) = bounded(1);
    dump.orders.send(Order::Stall(until)).unwrap();
    let begun = Instant::now();
    for n in 0..3 * WAITING as u64 {
        dump.sent(at(&dump, n * 20), &[1; 160]);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?} for 3072 frames", begun.elapsed());
    let lost = lost.load(Ordering::Relaxed);
    assert!((2 * WAITING as u64..=2 * WAITING as u64 + 1).contains(&lost), "{lost}");
    let begun = Instant::now();
    dump.end(Duration::from_millis(100));
    assert!(begun.elapsed() < Duration::from_secs(5));
    go_on.send(()).unwrap();
    drop(dump);
    dumper.stop(LONG);
    assert!(scratch.samples("room-ada-sent.wav").len() >= 160 * (WAITING - 1));
}

#[test]
fn an_error_of_the_disk_ends_the_dump() {
    let (dumper, scratch) = (Dumper::new(), Scratch::new());
    let (dump, _) = begin(&dumper, &scratch, DUMP_BYTES);
    std::fs::remove_dir_all(&scratch.0).unwrap();
    assert!(dump.hears());
    dump.sent(at(&dump, 0), &[1; 160]);
    let end = Instant::now() + Duration::from_secs(20);
    while dump.hears() {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(5));
    }
    dumper.stop(LONG);
}

#[test]
fn options_are_refused_by_name() {
    let scratch = Scratch::new();
    let file = scratch.0.join("file");
    std::fs::write(&file, "").unwrap();
    let options = DumpOptions { directory: scratch.0.clone(), max_bytes: DUMP_BYTES, sent: true, heard: true };
    let refused = |options: DumpOptions| options.validate().unwrap_err().text;
    assert!(refused(DumpOptions { max_bytes: 4095, ..options.clone() }).starts_with("max_bytes is 4095"));
    assert!(refused(DumpOptions { max_bytes: 1 << 32, ..options.clone() }).contains("4294967295"));
    assert!(refused(DumpOptions { directory: file, ..options.clone() }).contains("is no directory"));
    let missing = scratch.0.join("missing");
    assert!(refused(DumpOptions { directory: missing, ..options }).contains("make it first"));
}
