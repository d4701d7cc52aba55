//! The dispatch thread: event and frame callbacks run here, one at a time, so that no media thread waits for the application.

mod slot;
#[cfg(test)]
mod tests;

pub use slot::Slot;

use super::stats::{Cpu, EngineStats};
use crate::stats::Meter;
use crate::{Error, Result, Status};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Something with work for the dispatch thread: a channel's event queue, a stream's ring.
pub trait Source: Send + Sync {
    /// The mark that keeps this source in the dispatch queue at most once.
    fn scheduled(&self) -> &Scheduled;

    /// Delivers a bounded amount (a few events, a few frames), so that other sources get their turn.
    /// True: there is more, and the source goes to the end of the queue.
    fn run(&self) -> bool;
}

/// A source's mark: set while the source waits in the dispatch queue.
#[derive(Debug, Default)]
pub struct Scheduled(AtomicBool);

enum Message {
    Run(Arc<dyn Source>),
    Stop,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    /// A source runs, or is about to look whether it may.
    inside: AtomicBool,
    ended: Mutex<bool>,
    end: Condvar,
    callbacks: Meter,
    cpu: Cpu,
}

/// The dispatch thread of an engine. Cloning shares it; it ends with a stop, or with the last clone.
#[derive(Clone)]
pub struct Dispatcher(Arc<Owner>);

struct Owner {
    // Unbounded in type only: it holds each source once at most, so the number of sources bounds it.
    queue: Sender<Message>,
    shared: Arc<Shared>,
    thread: ThreadId,
}

impl Owner {
    fn ask_to_stop(&self) {
        if !self.shared.stopping.swap(true, Ordering::SeqCst) {
            let _ = self.queue.send(Message::Stop);
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

impl Dispatcher {
    /// Starts the thread. INTERNAL where the system gives no thread.
    pub fn start(name: &str) -> Result<Dispatcher> {
        let (queue, messages) = unbounded();
        let shared = Arc::new(Shared::default());
        let (own_queue, own_shared) = (queue.clone(), shared.clone());
        let handle = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || dispatch(own_queue, messages, own_shared))
            .map_err(|error| Error::new(Status::INTERNAL, format!("no dispatch thread could be started: {error}")))?;
        Ok(Dispatcher(Arc::new(Owner { queue, shared, thread: handle.thread().id() })))
    }

    /// Asks for a run of the source, from any thread. Cheap when it is already waiting for one; does nothing after a stop.
    pub fn wake(&self, source: &Arc<dyn Source>) {
        if self.0.shared.stopping.load(Ordering::Acquire) || source.scheduled().0.swap(true, Ordering::AcqRel) {
            return;
        }
        // Fails only when the thread has ended; then nobody is to be woken.
        let _ = self.0.queue.send(Message::Run(source.clone()));
    }

    /// Runs a callback, and counts how long it takes.
    pub(super) fn timed(&self, callback: impl FnOnce()) {
        let begun = Instant::now();
        callback();
        self.0.shared.callbacks.add(begun.elapsed());
    }

    /// Adds this thread's numbers.
    pub(super) fn measure(&self, stats: &mut EngineStats) {
        stats.callbacks = self.0.shared.callbacks.read();
        stats.dispatch_waiting = self.0.queue.len() as u64;
        stats.cpu_dispatch_us = self.0.shared.cpu.used_us();
    }

    /// True on the dispatch thread itself, that is, inside a callback.
    pub fn is_current(&self) -> bool {
        thread::current().id() == self.0.thread
    }

    /// Lets no further source run and waits for the one that is running: BUSY when that takes longer than `timeout`.
    /// On the dispatch thread itself it returns at once, and the thread ends after the present callback. Idempotent.
    pub fn stop(&self, timeout: Duration) -> Result<()> {
        self.0.ask_to_stop();
        if self.is_current() {
            return Ok(());
        }
        let shared = &self.0.shared;
        let ended = lock(&shared.ended);
        let (ended, _) =
            shared.end.wait_timeout_while(ended, timeout, |ended| !*ended).unwrap_or_else(PoisonError::into_inner);
        // A thread that a busy machine has not yet let end runs nothing any more either.
        if *ended || !shared.inside.load(Ordering::SeqCst) { Ok(()) } else { Err(still_running()) }
    }
}

fn dispatch(queue: Sender<Message>, messages: Receiver<Message>, shared: Arc<Shared>) {
    while let Ok(Message::Run(source)) = messages.recv() {
        // Each of stop() and this thread tells before it looks, so that one of them sees the other.
        shared.inside.store(true, Ordering::SeqCst);
        if shared.stopping.load(Ordering::SeqCst) {
            break;
        }
        // Cleared before the run: what arrives during it asks for another one.
        source.scheduled().0.store(false, Ordering::Release);
        let more = catch_unwind(AssertUnwindSafe(|| source.run())).unwrap_or(false);
        if more && !source.scheduled().0.swap(true, Ordering::AcqRel) {
            let _ = queue.send(Message::Run(source));
        }
        shared.cpu.look();
        shared.inside.store(false, Ordering::SeqCst);
    }
    // What still waits is dropped here, before the end is told: nothing of it outlives a stop.
    drop(queue);
    let rest: Vec<Message> = messages.try_iter().collect();
    let _ = catch_unwind(AssertUnwindSafe(|| drop(rest)));
    *lock(&shared.ended) = true;
    shared.end.notify_all();
}

fn still_running() -> Error {
    Error::new(
        Status::BUSY,
        "a callback is still running on another thread: it will not start again, but what it uses must stay until it returns",
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
