//! A dump: what a channel sends and hears, as WAV files, written by one thread of the engine that nobody waits for.
//!
//! All files of a dump begin at the same moment, and silence stands where nothing was said: laid over each other they are the
//! conversation. Frames wait in a bounded queue; what does not fit there, or into the dump's bytes, is lost and counted.

use crate::client::tap::Tap;
use crate::clock::Clock;
use crate::log::{Level, log};
use crate::thread;
use crate::{Error, Result, Status};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use hound::{SampleFormat, WavSpec, WavWriter};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Frames on their way to the disk, of all channels together.
const WAITING: usize = 1024;
/// Files of one dump: one for itself, and one for each user heard.
const MAX_FILES: usize = 256;
/// Files of one name, told apart by a number.
const MAX_ALIKE: usize = 1000;
/// How often what a file's head says is brought up to date, so that also a crash leaves files that play.
const FLUSH: Duration = Duration::from_secs(1);
/// A frame that is late by less continues what was before it; after more there was silence.
const TOLERANCE_US: u64 = 60_000;
/// How long ending a dump waits for its files to be complete.
pub(super) const DUMP_PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that a dump may have by default.
pub const DUMP_BYTES: u64 = 256 << 20;
/// A file's head.
const HEAD: u64 = 44;
/// Bytes of each name that a file's name is made of.
const MAX_PART: usize = 60;

/// What is dumped, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpOptions {
    /// A directory that is there.
    pub directory: PathBuf,
    /// Bytes of all files together, 4096 to 4,294,967,295.
    pub max_bytes: u64,
    /// What leaves.
    pub sent: bool,
    /// What is heard of each user who is subscribed to.
    pub heard: bool,
}

impl DumpOptions {
    /// Checks the options, and that there is such a directory.
    pub fn validate(&self) -> Result<()> {
        let bad = |text| Err(Error::new(Status::BAD_ARGUMENT, text));
        if !(4096..=u64::from(u32::MAX)).contains(&self.max_bytes) {
            return bad(format!("max_bytes is {}: give 4096 to 4294967295, or 0 for the default", self.max_bytes));
        }
        let directory = self.directory.display();
        match std::fs::metadata(&self.directory) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => bad(format!("'{directory}' is no directory: give one")),
            _ if self.directory.as_os_str().is_empty() => bad("directory is empty: give one that is there".into()),
            Err(error) => bad(format!("the directory '{directory}' cannot be used: {error}; make it first")),
        }
    }
}

/// Whose files they are, and what they hold.
pub(super) struct Subject {
    pub(super) room: String,
    pub(super) user: String,
    pub(super) rate: u32,
    pub(super) channels: u32,
    /// Frames lost, of all dumps of the channel.
    pub(super) lost: Arc<AtomicU64>,
}

/// What a dump and the writer share.
struct Common {
    id: u64,
    options: DumpOptions,
    subject: Subject,
    clock: Clock,
    start_us: u64,
    /// No more is taken.
    over: AtomicBool,
    /// The writer's own: the files are complete, and what was still on its way is lost.
    done: AtomicBool,
}

impl Common {
    fn lose(&self) {
        self.subject.lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// None: the channel's own voice.
type Who = Option<Arc<str>>;

enum Order {
    Sound {
        dump: Arc<Common>,
        who: Who,
        at_us: u64,
        pcm: Vec<i16>,
    },
    End {
        id: u64,
        done: Option<Sender<()>>,
    },
    Stop,
    #[cfg(test)]
    Stall(Receiver<()>),
}

/// A dump that goes on. Dropping it ends it.
pub(super) struct Dump {
    common: Arc<Common>,
    orders: Sender<Order>,
}

impl Dump {
    fn put(&self, who: Who, now: Instant, pcm: &[i16]) {
        if self.common.over.load(Ordering::Acquire) {
            return;
        }
        let at_us = self.common.clock.micros(now);
        let order = Order::Sound { dump: self.common.clone(), who, at_us, pcm: pcm.to_vec() };
        if self.orders.try_send(order).is_err() {
            self.common.lose();
        }
    }

    /// Takes no more, and waits for the files to be complete, at most so long.
    pub(super) fn end(&self, patience: Duration) {
        self.common.over.store(true, Ordering::Release);
        let until = Instant::now() + patience;
        let (done, ended) = bounded(1);
        if self.orders.send_deadline(Order::End { id: self.common.id, done: Some(done) }, until).is_ok() {
            let _ = ended.recv_deadline(until);
        }
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        self.common.over.store(true, Ordering::Release);
        // A full queue: the writer sees within a second that it is over.
        let _ = self.orders.try_send(Order::End { id: self.common.id, done: None });
    }
}

impl Tap for Dump {
    fn hears(&self) -> bool {
        self.common.options.heard && !self.common.over.load(Ordering::Acquire)
    }

    fn sent(&self, now: Instant, pcm: &[i16]) {
        if self.common.options.sent {
            self.put(None, now, pcm);
        }
    }

    fn heard(&self, user: &Arc<str>, now: Instant, pcm: &[i16]) {
        if self.common.options.heard {
            self.put(Some(user.clone()), now, pcm);
        }
    }
}

/// The writer of an engine: one thread, started with the first dump.
pub(super) struct Dumper {
    state: Mutex<State>,
    dumps: AtomicU64,
}

enum State {
    Idle,
    Running { orders: Sender<Order>, ended: Receiver<()> },
    Stopped,
}

impl Dumper {
    pub(super) fn new() -> Dumper {
        Dumper { state: Mutex::new(State::Idle), dumps: AtomicU64::new(0) }
    }

    /// Begins a dump.
    pub(super) fn begin(&self, options: DumpOptions, subject: Subject, clock: Clock) -> Result<Dump> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Idle) {
            *state = start().map_err(|error| {
                Error::new(Status::INTERNAL, format!("no thread could be started that writes the dump: {error}"))
            })?;
        }
        let State::Running { orders, .. } = &*state else { return Err(super::state::closed()) };
        let common = Common {
            id: self.dumps.fetch_add(1, Ordering::Relaxed),
            options,
            subject,
            start_us: clock.micros(Instant::now()),
            clock,
            over: AtomicBool::new(false),
            done: AtomicBool::new(false),
        };
        Ok(Dump { common: Arc::new(common), orders: orders.clone() })
    }

    /// Completes all files and ends the thread; waits for that at most so long.
    pub(super) fn stop(&self, patience: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Running { orders, ended } = std::mem::replace(&mut *state, State::Stopped) else { return };
        drop(state);
        let until = Instant::now() + patience;
        if orders.send_deadline(Order::Stop, until).is_ok() {
            let _ = ended.recv_deadline(until);
        }
    }
}

fn start() -> std::io::Result<State> {
    let (orders, taken) = bounded(WAITING);
    let (end, ended) = bounded(1);
    let work = move || {
        write(&taken);
        let _ = end.send(());
    };
    thread::start("stoa-dump", work)?;
    Ok(State::Running { orders, ended })
}

/// The thread: until the engine is closed, or nobody could send an order any more.
fn write(orders: &Receiver<Order>) {
    let mut dumps: BTreeMap<u64, Files> = BTreeMap::new();
    let mut flush_at = Instant::now() + FLUSH;
    loop {
        match orders.recv_deadline(flush_at) {
            Ok(Order::Sound { dump, .. }) if dump.done.load(Ordering::Relaxed) => dump.lose(),
            Ok(Order::Sound { dump, who, at_us, pcm }) => {
                let files = dumps.entry(dump.id).or_insert_with(|| Files::new(dump));
                files.attempt(|files| files.sound(who, at_us, &pcm));
            }
            Ok(Order::End { id, done }) => {
                dumps.remove(&id).into_iter().for_each(Files::complete);
                done.into_iter().for_each(|done| _ = done.try_send(()));
            }
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            #[cfg(test)]
            Ok(Order::Stall(until)) => _ = until.recv(),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if Instant::now() >= flush_at {
            flush_at = Instant::now() + FLUSH;
            dumps.values_mut().for_each(|files| files.attempt(Files::flush));
            // While orders wait, there may be sound of a dump that is over among them.
            let over = dumps.iter().filter(|(_, files)| files.is_over() && orders.is_empty());
            let over: Vec<u64> = over.map(|(id, _)| *id).collect();
            over.into_iter().filter_map(|id| dumps.remove(&id)).for_each(Files::complete);
        }
    }
    dumps.into_values().for_each(Files::complete);
}

/// One dump's files.
struct Files {
    dump: Arc<Common>,
    tracks: BTreeMap<Who, Track>,
    /// Bytes that may still be written.
    left: u64,
    told_full: bool,
}

struct Track {
    wav: WavWriter<BufWriter<File>>,
    /// Samples for each channel.
    written: u64,
}

impl Files {
    fn new(dump: Arc<Common>) -> Files {
        Files { left: dump.options.max_bytes, dump, tracks: BTreeMap::new(), told_full: false }
    }

    fn is_over(&self) -> bool {
        self.dump.over.load(Ordering::Acquire)
    }

    /// An error of the disk ends the dump, and nothing else.
    fn attempt(&mut self, act: impl FnOnce(&mut Files) -> hound::Result<()>) {
        if let Err(error) = act(self) {
            self.dump.over.store(true, Ordering::Release);
            self.dump.done.store(true, Ordering::Relaxed);
            let directory = self.dump.options.directory.display();
            log(Level::Error, &format!("the dump into '{directory}' ended: {error}; set it again when that is cured"));
        }
    }

    fn sound(&mut self, who: Who, at_us: u64, pcm: &[i16]) -> hound::Result<()> {
        let Subject { rate, channels, .. } = self.dump.subject;
        if !self.tracks.contains_key(&who) {
            if self.left <= HEAD || self.tracks.len() >= MAX_FILES {
                self.lose();
                return Ok(());
            }
            let track = Track { wav: create(&self.dump, who.as_deref())?, written: 0 };
            self.left -= HEAD;
            self.tracks.insert(who.clone(), track);
        }
        let Some(track) = self.tracks.get_mut(&who) else { return Ok(()) };
        let samples = |us: u64| us * u64::from(rate) / 1_000_000;
        let due = samples(at_us.saturating_sub(self.dump.start_us));
        let silence = due.saturating_sub(track.written);
        let silence = if silence > samples(TOLERANCE_US) { silence } else { 0 };
        let sample_bytes = 2 * u64::from(channels);
        let room = self.left / sample_bytes;
        let silence = silence.min(room);
        let values = (((room - silence) * u64::from(channels)) as usize).min(pcm.len());
        for _ in 0..silence * u64::from(channels) {
            track.wav.write_sample(0i16)?;
        }
        for sample in &pcm[..values] {
            track.wav.write_sample(*sample)?;
        }
        let written = silence + values as u64 / u64::from(channels);
        track.written += written;
        self.left -= written * sample_bytes;
        if values < pcm.len() {
            self.lose();
        }
        Ok(())
    }

    fn lose(&mut self) {
        self.dump.lose();
        if !std::mem::replace(&mut self.told_full, true) {
            let options = &self.dump.options;
            let text = format!(
                "the dump into '{}' is full: its {} bytes or {MAX_FILES} files are used up; what follows is not in it",
                options.directory.display(),
                options.max_bytes
            );
            log(Level::Warn, &text);
        }
    }

    fn flush(&mut self) -> hound::Result<()> {
        self.tracks.values_mut().try_for_each(|track| track.wav.flush())
    }

    fn complete(mut self) {
        self.dump.done.store(true, Ordering::Relaxed);
        let tracks = std::mem::take(&mut self.tracks);
        self.attempt(|_| tracks.into_values().try_for_each(|track| track.wav.finalize()));
    }
}

/// Makes the file of the channel's own voice, or of another user; never over one that is there.
fn create(dump: &Common, other: Option<&str>) -> hound::Result<WavWriter<BufWriter<File>>> {
    let Subject { room, user, rate, channels, .. } = &dump.subject;
    let spec = WavSpec {
        channels: *channels as u16,
        sample_rate: *rate,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    for path in paths(&dump.options.directory, &stem(room, user, other)) {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => return WavWriter::new(BufWriter::new(file), spec),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = format!("there are {MAX_ALIKE} files of one name already");
    Err(std::io::Error::new(ErrorKind::AlreadyExists, text).into())
}

fn paths(directory: &Path, stem: &str) -> impl Iterator<Item = PathBuf> {
    let first = std::iter::once(directory.join(format!("{stem}.wav")));
    first.chain((2..=MAX_ALIKE).map(move |number| directory.join(format!("{stem}-{number}.wav"))))
}

fn stem(room: &str, user: &str, other: Option<&str>) -> String {
    let (room, user) = (part(room), part(user));
    match other {
        None => format!("{room}-{user}-sent"),
        Some(other) => format!("{room}-{user}-heard-{}", part(other)),
    }
}

/// A name as a part of a file's name: letters and digits of any script, and `-`, `_` and `.` in its midst.
fn part(name: &str) -> String {
    let mut safe = String::new();
    for char in name.chars() {
        let plain = char.is_alphanumeric() || char == '-' || char == '_' || (char == '.' && !safe.is_empty());
        let char = if plain { char } else { '_' };
        if safe.len() + char.len_utf8() > MAX_PART {
            break;
        }
        safe.push(char);
    }
    if safe.is_empty() { "_".into() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
