//! A place for one callback that can be replaced at any time, from any thread.

use super::{lock, still_running};
use crate::Result;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// A place for one callback that can be replaced at any time, from any thread.
///
/// After [`Slot::replace`] returns OK, the old callback is not running and never runs again, and it is dropped: once, after its last run.
/// Called inside the callback itself it does not wait; then the old one is dropped as soon as it returns.
pub struct Slot<F> {
    state: Mutex<State<F>>,
    idle: Condvar,
    /// Whether there is a callback to run: set with the lock, looked at without.
    is_set: AtomicBool,
}

struct State<F> {
    callback: Option<F>,
    /// Who is inside the callback; it is out of its place meanwhile.
    running: Option<ThreadId>,
    /// The one that is running was replaced, or is in its last run: it does not come back.
    replaced: bool,
    /// Counts the runs, so that a waiter does not mistake the next run for the one it waits for.
    runs: u64,
}

impl<F> Default for Slot<F> {
    fn default() -> Self {
        Slot {
            state: Mutex::new(State { callback: None, running: None, replaced: false, runs: 0 }),
            idle: Condvar::new(),
            is_set: AtomicBool::new(false),
        }
    }
}

impl<F> Slot<F> {
    /// An empty slot.
    pub fn new() -> Self {
        Self::default()
    }

    /// True while there is a callback to run.
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::SeqCst)
    }

    /// Runs the callback, if there is one. False: there is none, or this very thread is inside it already.
    /// Another thread that is inside it is waited for, so the callback never runs twice at a time. A panic in it is caught.
    pub fn run(&self, call: impl FnOnce(&mut F)) -> bool {
        self.run_once(call, false)
    }

    /// The same, and it was the last run: the callback is off from its beginning, and dropped at its end.
    pub fn run_last(&self, call: impl FnOnce(&mut F)) -> bool {
        self.run_once(call, true)
    }

    fn run_once(&self, call: impl FnOnce(&mut F), last: bool) -> bool {
        let this = thread::current().id();
        let mut state = lock(&self.state);
        while let Some(thread) = state.running {
            if thread == this {
                return false;
            }
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let Some(mut callback) = state.callback.take() else { return false };
        state.running = Some(this);
        state.replaced = last;
        if last {
            self.is_set.store(false, Ordering::SeqCst);
        }
        drop(state);

        let _ = catch_unwind(AssertUnwindSafe(|| call(&mut callback)));

        let mut state = lock(&self.state);
        if state.replaced {
            // Still "running" while it is dropped, so that whoever waits finds its data released.
            drop(state);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(callback)));
            state = lock(&self.state);
        } else {
            state.callback = Some(callback);
        }
        state.running = None;
        state.runs += 1;
        drop(state);
        self.idle.notify_all();
        true
    }

    /// Puts another callback in the place, or none. BUSY: done all the same, but the old one is still in its last run
    /// on another thread after `timeout`.
    pub fn replace(&self, callback: Option<F>, timeout: Duration) -> Result<()> {
        let mut state = lock(&self.state);
        self.is_set.store(callback.is_some(), Ordering::SeqCst);
        let old = std::mem::replace(&mut state.callback, callback);
        let outcome = match state.running {
            None => {
                drop(state);
                Ok(())
            }
            Some(thread) => {
                state.replaced = true;
                let waits = thread != thread::current().id();
                if waits {
                    self.wait_for_run(state, timeout)
                } else {
                    drop(state);
                    Ok(())
                }
            }
        };
        // Without the lock: what the old callback owned may set another one as it goes.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
        outcome
    }

    /// Waits for the end of a callback that was taken off before and is still in its last run, as [`Slot::replace`] did.
    pub fn settle(&self, timeout: Duration) -> Result<()> {
        let state = lock(&self.state);
        match state.running {
            Some(thread) if state.replaced && thread != thread::current().id() => self.wait_for_run(state, timeout),
            _ => Ok(()),
        }
    }

    fn wait_for_run(&self, mut state: MutexGuard<'_, State<F>>, timeout: Duration) -> Result<()> {
        let run = state.runs;
        let until = Instant::now() + timeout;
        while state.running.is_some() && state.runs == run {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(still_running());
            }
            state = self.idle.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}
