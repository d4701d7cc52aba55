//! What the library has to say about itself: to the application's callback, or to standard error. Off unless asked for.

use crate::Result;
use crate::driver::dispatch::Slot;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};
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

/// What a log callback is given.
pub type LogCallback = Box<dyn FnMut(Level, &str) + Send>;

/// How long [`set`] waits for a callback that is running on another thread.
const WAIT: Duration = Duration::from_secs(1);

static CALLBACK: LazyLock<Slot<LogCallback>> = LazyLock::new(Slot::new);
/// The highest level that is told, once [`set`] was called; [`UNSET`] until then.
static LEVEL: AtomicU32 = AtomicU32::new(UNSET);
const UNSET: u32 = u32::MAX;

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

/// Tells one line. A line from inside the log callback itself is dropped. Never on a path of media frames.
pub fn log(level: Level, text: &str) {
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
    use std::sync::{Arc, Mutex};

    #[test]
    fn levels_and_the_callback() {
        assert_eq!(level_named("info"), 3);
        assert_eq!(level_named("loud"), 0);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let callback = Box::new(move |level: Level, text: &str| {
            log(Level::Error, "from inside, dropped");
            sink.lock().unwrap().push((level, text.to_owned()));
        });
        set(Some(Level::Warn), Some(callback)).unwrap();
        log(Level::Error, "one");
        log(Level::Info, "two");
        assert!(enabled(Level::Warn) && !enabled(Level::Info));
        set(None, None).unwrap();
        log(Level::Error, "three");
        assert_eq!(*lines.lock().unwrap(), [(Level::Error, "one".to_owned())]);
    }
}
