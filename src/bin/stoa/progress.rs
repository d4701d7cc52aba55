//! The line at the foot of a terminal: state, users, sound. Where stderr is no terminal, a plain line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// On a terminal.
const OFTEN: Duration = Duration::from_millis(200);
/// Elsewhere: a log.
const SELDOM: Duration = Duration::from_secs(10);
/// A terminal whose width is not known has this many columns.
const COLUMNS: usize = 80;

/// See the module.
pub struct Progress {
    shown: bool,
    terminal: bool,
    /// stdout is a terminal too: the line has to make way for what is told there.
    shared: bool,
    on: bool,
    next: Instant,
}

impl Progress {
    /// `on`: false keeps silent.
    pub fn new(on: bool) -> Progress {
        let terminal = io::stderr().is_terminal();
        let wait = if terminal { OFTEN } else { SELDOM };
        let shared = io::stdout().is_terminal();
        Progress { shown: false, terminal, shared, on, next: Instant::now() + wait }
    }

    /// Shows the line, if it is time.
    pub fn show(&mut self, line: impl FnOnce() -> String) {
        let now = Instant::now();
        if !self.on || now < self.next {
            return;
        }
        self.next = now + if self.terminal { OFTEN } else { SELDOM };
        let line = line();
        let mut stderr = io::stderr().lock();
        // Whoever closed stderr does not miss it.
        if self.terminal {
            // A longer line would wrap, and could not be taken back.
            let line: String = line.chars().take(COLUMNS - 1).collect();
            let _ = write!(stderr, "\r{line}\x1b[K");
            self.shown = true;
        } else {
            let _ = writeln!(stderr, "{line}");
        }
    }

    /// Makes way for a line on stdout, or for the end.
    pub fn clear(&mut self, always: bool) {
        if std::mem::take(&mut self.shown) && (self.shared || always) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
            // It comes back soon.
            self.next = Instant::now() + OFTEN / 4;
        }
    }
}

/// Seconds as m:ss.
pub fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
