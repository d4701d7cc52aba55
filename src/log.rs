//! What the library has to say about itself: to the application's callback, or to standard error. Off unless asked for.
//!
//! A thread of its own tells it, so that nobody waits for a slow callback or a full pipe, and a callback may call everything.

use crate::Result;
use crate::driver::dispatch::Slot;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::Write;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// How much a line matters. A level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Something failed.
    Error = 1,
    /// Something is not as it should be, and goes on.
    Warn = 2,
    /// What happened.
    Info = 3,
    /// How it happened.
    Debug = 4,
}

impl Level {
    /// The level's name, as the environment variable `STOA_LOG` has it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// The longest line that [`one_line`] makes, bytes.
const LONGEST: usize = 400;

/// A text with something in it that came from outside, as a line of the log: neither more than one, nor long.
pub fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() > LONGEST {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push('…');
    }
    line
}

/// What a log callback is given.
pub type LogCallback = Box<dyn FnMut(Level, &str) + Send>;

/// How long [`set`] waits for a callback that is running on another thread.
const WAIT: Duration = Duration::from_secs(1);

/// Lines that wait to be told. More are lost, and how many is told in their place.
const MAX_WAITING: usize = 512;

static CALLBACK: LazyLock<Slot<LogCallback>> = LazyLock::new(Slot::new);
/// The highest level that is told, once [`set`] was called; [`UNSET`] until then.
static LEVEL: AtomicU32 = AtomicU32::new(UNSET);
const UNSET: u32 = u32::MAX;
/// Lines that were lost and not told of yet.
static LOST: AtomicU64 = AtomicU64::new(0);

type Line = (Level, String);

/// The level that `STOA_LOG` (error, warn, info, debug) asks for; 0 without it.
fn level_of_environment() -> u32 {
    static LEVEL: OnceLock<u32> = OnceLock::new();
    *LEVEL.get_or_init(|| level_named(&std::env::var("STOA_LOG").unwrap_or_default()))
}

fn level_named(name: &str) -> u32 {
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug];
    levels.into_iter().find(|level| level.name() == name).map_or(0, |level| level as u32)
}

/// True where a line of this level would be told: ask before a costly text is made.
pub fn enabled(level: Level) -> bool {
    let limit = match LEVEL.load(Ordering::Relaxed) {
        UNSET => level_of_environment(),
        limit => limit,
    };
    level as u32 <= limit
}

/// Tells one line, soon. A line from inside the log callback itself is dropped.
pub fn log(level: Level, text: &str) {
    if !enabled(level) {
        return;
    }
    match teller() {
        Some((_, teller)) if thread::current().id() == *teller => {}
        Some((lines, _)) if lines.try_send((level, text.to_owned())).is_ok() => {}
        _ => _ = LOST.fetch_add(1, Ordering::Relaxed),
    }
}

/// Where lines go, and the thread that takes them; it starts with the first line. None: the system has no thread for it.
fn teller() -> Option<&'static (Sender<Line>, ThreadId)> {
    static TELLER: OnceLock<Option<(Sender<Line>, ThreadId)>> = OnceLock::new();
    let start = || {
        let (sender, lines) = bounded(MAX_WAITING);
        let thread = crate::thread::start("stoa-log", move || tell(lines)).ok()?;
        Some((sender, thread.thread().id()))
    };
    TELLER.get_or_init(start).as_ref()
}

fn tell(lines: Receiver<Line>) {
    for (level, text) in lines {
        tell_one(level, &text);
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tell_one(Level::Warn, &format!("{lost} lines of the log were lost: it is not taken fast enough"));
        }
    }
}

fn tell_one(level: Level, text: &str) {
    // The level may be another one by now.
    if enabled(level) && !CALLBACK.run(|callback| callback(level, text)) && !CALLBACK.is_set() {
        // A closed standard error is no reason to fail.
        let _ = writeln!(std::io::stderr(), "stoa {}: {text}", level.name());
    }
}

/// Sets the level (None: off) and the callback (None: standard error). BUSY where the old callback is still in its last run.
pub fn set(level: Option<Level>, callback: Option<LogCallback>) -> Result<()> {
    LEVEL.store(level.map_or(0, |level| level as u32), Ordering::Relaxed);
    CALLBACK.replace(callback, WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other tests of this process may log as well: only lines with this mark count.
    const MARK: &str = "test of the log: ";

    #[test]
    fn levels_a_slow_callback_and_what_is_lost() {
        assert_eq!(level_named("info"), 3);
        assert_eq!(level_named("loud"), 0);
        let (told, lines) = bounded(2 * MAX_WAITING);
        let (go_on, wait) = bounded::<()>(0);
        let callback = Box::new(move |level: Level, text: &str| {
            log(Level::Error, &format!("{MARK}from inside, dropped"));
            if text.contains("were lost") {
                told.send((level, "lost".to_owned())).unwrap();
            } else if let Some(text) = text.strip_prefix(MARK) {
                told.send((level, text.to_owned())).unwrap();
                // Until the test lets it.
                let _ = wait.recv();
            }
        });
        let say = |level, text: &str| log(level, &format!("{MARK}{text}"));
        let next = || lines.recv_timeout(Duration::from_secs(20)).unwrap();
        set(Some(Level::Warn), Some(callback)).unwrap();
        assert!(enabled(Level::Warn) && !enabled(Level::Info));
        say(Level::Info, "not told");
        say(Level::Error, "one");
        assert_eq!(next(), (Level::Error, "one".to_owned()));
        // It is slow now, and nobody waits for it.
        (0..MAX_WAITING + 10).for_each(|n| say(Level::Warn, &n.to_string()));
        drop(go_on);
        assert_eq!(next(), (Level::Warn, "lost".to_owned()));
        assert_eq!(next(), (Level::Warn, "0".to_owned()));
        set(None, None).unwrap();
        say(Level::Error, "not told either");
        assert!(lines.try_iter().all(|(_, text)| text.parse::<u32>().is_ok_and(|n| n < MAX_WAITING as u32)));
    }
}
