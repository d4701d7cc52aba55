//! Waking whoever waits for a ring: a parked thread, or a program that polls a descriptor.
//!
//! The side that has news calls [`Wake::notify`], a fence and one load when nobody is asleep. Only waiting reads a
//! clock here, and only the application's threads wait.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread, ThreadId};
use std::time::{Duration, Instant};

/// The state word: what the descriptor does, in its two low bits, and above them the number of sleeping threads.
const DESCRIPTOR: u32 = 3;
/// The descriptor waits for news. (Zero: there is none.)
const ARMED: u32 = 1;
/// A notifier is about to write its byte.
const WRITING: u32 = 2;
/// The byte is in: readable.
const SIGNALLED: u32 = 3;
const SLEEPER: u32 = 4;

/// Until when a caller waits. The clock is first read when it is made, so make it where waiting begins.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// In so much time from now; `None` is never.
    pub fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

/// A timeout whose time begins with the first waiting: who does not wait reads no clock.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    timeout: Option<Duration>,
    deadline: Option<Deadline>,
}

impl Patience {
    /// So much; `None` is endless.
    pub fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, deadline: None }
    }

    /// Until when to wait. `None`: not at all.
    pub fn deadline(&mut self) -> Option<Deadline> {
        let waits = self.timeout != Some(Duration::ZERO);
        waits.then(|| *self.deadline.get_or_insert_with(|| Deadline::after(self.timeout)))
    }
}

/// Where readers sleep, and where they are woken.
#[derive(Debug, Default)]
pub struct Wake {
    state: AtomicU32,
    /// Locked by a notifier only while somebody sleeps, for as long as it takes to unpark them.
    sleepers: Mutex<Vec<Thread>>,
    pair: OnceLock<Pair>,
}

/// A byte written into one end makes the other readable. A socket pair rather than an eventfd, which Node refuses.
#[derive(Debug)]
struct Pair {
    near: UnixStream,
    far: UnixStream,
}

impl Pair {
    fn new() -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        Ok(Self { near, far })
    }
}

impl Wake {
    /// Nobody sleeps, and there is no descriptor.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes everybody. Call it after the news can be seen. Several calls may come to one wake-up.
    pub fn notify(&self) {
        // Either this load sees the sleeper, or the sleeper's last look, behind a fence of its own, sees the news.
        fence(SeqCst);
        let state = self.state.load(Relaxed);
        if state < SLEEPER && state != ARMED {
            return;
        }
        self.signal();
        if state >= SLEEPER {
            self.sleepers().iter().for_each(Thread::unpark);
        }
    }

    /// Sleeps until `ready`, which [`Wake::notify`] makes it look at again. Returns whether it is ready.
    pub fn wait(&self, deadline: Deadline, ready: impl Fn() -> bool) -> bool {
        if ready() {
            return true;
        }
        let _bed = Bed::new(self);
        loop {
            fence(SeqCst);
            if ready() {
                return true;
            }
            match deadline.left() {
                Some(Duration::ZERO) => return false,
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
        }
    }

    /// A descriptor to poll for reading: readable once there is news, until [`Wake::settle`] finds nothing left.
    /// Made at the first call, non-blocking and closed on exec; it belongs to this object: the caller only polls.
    pub fn descriptor(&self, ready: impl Fn() -> bool) -> io::Result<RawFd> {
        if self.pair.get().is_none() {
            let pair = Pair::new()?;
            if self.pair.set(pair).is_ok() {
                self.arm(ARMED, ready);
            }
        }
        self.pair.get().map(|pair| pair.far.as_raw_fd()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The one reader says that it may have taken the last: makes the descriptor unreadable unless `ready`.
    pub fn settle(&self, ready: impl Fn() -> bool) {
        // A notifier is between its byte and saying so. Who polls for edges, as Go does, may be here already because of
        // that byte, and would not be told again of one that stays.
        while self.state.load(Acquire) & DESCRIPTOR == WRITING && !ready() {
            thread::yield_now();
        }
        if self.state.load(Acquire) & DESCRIPTOR != SIGNALLED || ready() {
            return;
        }
        if let Some(pair) = self.pair.get() {
            // There is one byte at most, so that one read drains it.
            let _ = (&pair.far).read(&mut [0; 8]);
            self.arm(ARMED.wrapping_sub(SIGNALLED), ready);
        }
    }

    /// Arms the descriptor by this change of state. News that came too early to see it armed is signalled here.
    fn arm(&self, change: u32, ready: impl Fn() -> bool) {
        self.state.fetch_add(change, AcqRel);
        fence(SeqCst);
        if ready() {
            self.signal();
        }
    }

    /// Writes the byte if the descriptor is armed. Three steps, so that never more than one byte is under way.
    fn signal(&self) {
        let write = |state: u32| (state & DESCRIPTOR == ARMED).then_some(state + (WRITING - ARMED));
        if let Some(pair) = self.pair.get()
            && self.state.fetch_update(AcqRel, Relaxed, write).is_ok()
        {
            // An empty socket takes one byte.
            let _ = (&pair.near).write(&[1]);
            self.state.fetch_add(SIGNALLED - WRITING, AcqRel);
        }
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<Thread>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread's entry among the sleepers, taken out again however it leaves.
struct Bed<'a> {
    wake: &'a Wake,
    thread: ThreadId,
}

impl<'a> Bed<'a> {
    fn new(wake: &'a Wake) -> Self {
        let thread = thread::current();
        let id = thread.id();
        wake.sleepers().push(thread);
        wake.state.fetch_add(SLEEPER, AcqRel);
        Self { wake, thread: id }
    }
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        self.wake.state.fetch_sub(SLEEPER, AcqRel);
        let mut sleepers = self.wake.sleepers();
        if let Some(place) = sleepers.iter().position(|sleeper| sleeper.id() == self.thread) {
            sleepers.swap_remove(place);
        }
    }
}

#[cfg(all(test, not(loom)))]
impl Wake {
    /// Whether nobody sleeps.
    pub(super) fn is_quiet(&self) -> bool {
        self.state.load(SeqCst) < SLEEPER
    }

    /// What polling the descriptor would say: takes the byte out and puts it back.
    pub(crate) fn is_readable(&self) -> bool {
        let pair = self.pair.get().expect("a descriptor");
        match (&pair.far).read(&mut [0; 8]) {
            Ok(count) => {
                assert_eq!(count, 1, "never more than one byte");
                (&pair.near).write_all(&[1]).expect("room for one byte");
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                false
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    const FOREVER: Option<Duration> = None;

    #[test]
    fn a_sleeper_wakes_for_news_and_leaves_no_trace() {
        let (wake, news) = (Wake::new(), AtomicBool::new(false));
        thread::scope(|scope| {
            let sleepers: Vec<_> =
                (0..3).map(|_| scope.spawn(|| wake.wait(Deadline::after(FOREVER), || news.load(SeqCst)))).collect();
            while wake.state.load(SeqCst) != 3 * SLEEPER {
                thread::yield_now();
            }
            news.store(true, SeqCst);
            wake.notify();
            assert!(sleepers.into_iter().all(|sleeper| sleeper.join().expect("no panic")));
        });
        assert_eq!((wake.state.load(SeqCst), wake.sleepers().len()), (0, 0));
    }

    #[test]
    fn a_sleeper_gives_up_when_its_time_is_over() {
        let wake = Wake::new();
        assert!(!wake.wait(Deadline::after(Some(Duration::from_millis(5))), || false));
        assert!(!wake.wait(Deadline::after(Some(Duration::ZERO)), || false));
        assert!(wake.wait(Deadline::after(Some(Duration::ZERO)), || true));
        assert_eq!(wake.sleepers().len(), 0);
    }

    #[test]
    fn no_wake_up_is_lost_between_two_threads() {
        let (wake, count) = (Wake::new(), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    count.fetch_add(1, Relaxed);
                    wake.notify();
                }
            });
            let mut seen = 0;
            while seen < 20_000 {
                assert!(wake.wait(Deadline::after(FOREVER), || count.load(Relaxed) > seen));
                seen = count.load(Relaxed);
            }
        });
    }

    #[test]
    fn the_descriptor_is_readable_while_there_is_news() {
        let (wake, news) = (Wake::new(), AtomicBool::new(false));
        let ready = || news.load(SeqCst);
        let descriptor = wake.descriptor(ready).expect("a socket pair");
        assert_eq!(wake.descriptor(ready).expect("the same"), descriptor);
        assert!(!wake.is_readable());
        news.store(true, SeqCst);
        (0..10).for_each(|_| wake.notify());
        assert!(wake.is_readable());
        wake.settle(ready);
        assert!(wake.is_readable(), "there still is news");
        news.store(false, SeqCst);
        wake.settle(ready);
        assert!(!wake.is_readable());
        wake.settle(ready);
        news.store(true, SeqCst);
        wake.notify();
        assert!(wake.is_readable(), "armed again");
    }

    #[test]
    fn a_descriptor_made_late_is_readable_at_once() {
        let wake = Wake::new();
        wake.notify();
        wake.descriptor(|| true).expect("a socket pair");
        assert!(wake.is_readable());
    }

    #[test]
    fn news_between_draining_and_arming_is_not_lost() {
        let wake = Wake::new();
        wake.descriptor(|| true).expect("a socket pair");
        let looks = AtomicU32::new(0);
        // Nothing at the first look; the news comes, unnoticed by the notifier, before the second.
        wake.settle(|| looks.fetch_add(1, SeqCst) > 0);
        assert!(wake.is_readable());
    }

    #[test]
    fn a_polling_reader_misses_nothing() {
        let (wake, count) = (Wake::new(), AtomicU32::new(0));
        wake.descriptor(|| false).expect("a socket pair");
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    count.fetch_add(1, Relaxed);
                    wake.notify();
                }
            });
            let mut seen = 0;
            while seen < 20_000 {
                while !wake.is_readable() {
                    thread::yield_now();
                }
                seen = count.load(Relaxed);
                wake.settle(|| count.load(Relaxed) > seen);
            }
        });
    }
}
