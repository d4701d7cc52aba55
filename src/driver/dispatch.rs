//! The dispatch thread: event and frame callbacks run here, one at a time, so that no media thread waits for the application.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;
    use std::sync::atomic::AtomicUsize;

    const LONG: Duration = Duration::from_secs(20);

    struct Work {
        scheduled: Scheduled,
        run: Box<dyn Fn() -> bool + Send + Sync>,
    }

    impl Source for Work {
        fn scheduled(&self) -> &Scheduled {
            &self.scheduled
        }
        fn run(&self) -> bool {
            (self.run)()
        }
    }

    fn work(run: impl Fn() -> bool + Send + Sync + 'static) -> Arc<dyn Source> {
        Arc::new(Work { scheduled: Scheduled::default(), run: Box::new(run) })
    }

    struct CountDrop(Arc<AtomicUsize>);
    impl Drop for CountDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_source_waits_in_the_queue_once_and_yields_to_others() {
        let dispatcher = Dispatcher::start("test").unwrap();
        let (order, seen) = unbounded();
        let (gate, gated) = bounded::<()>(0);
        let blocker = work(move || {
            gated.recv().unwrap();
            false
        });
        let left = AtomicUsize::new(3);
        let tell = order.clone();
        let greedy = work(move || {
            tell.send("greedy").unwrap();
            left.fetch_sub(1, Ordering::SeqCst) > 1
        });
        let modest = work(move || {
            order.send("modest").unwrap();
            false
        });
        dispatcher.wake(&blocker);
        for _ in 0..10 {
            dispatcher.wake(&greedy);
            dispatcher.wake(&modest);
        }
        gate.send(()).unwrap();
        let got: Vec<_> = (0..4).map(|_| seen.recv_timeout(LONG).unwrap()).collect();
        assert_eq!(got, ["greedy", "modest", "greedy", "greedy"]);
        dispatcher.stop(LONG).unwrap();
        assert!(seen.try_recv().is_err(), "ten wakes were one run");
    }

    #[test]
    fn a_wake_during_the_run_brings_another_run() {
        let dispatcher = Dispatcher::start("test").unwrap();
        let (entered, enter) = bounded::<()>(0);
        let (leave, left) = bounded::<()>(0);
        let source = work(move || {
            entered.send(()).unwrap();
            left.recv().unwrap();
            false
        });
        dispatcher.wake(&source);
        enter.recv_timeout(LONG).unwrap();
        dispatcher.wake(&source);
        leave.send(()).unwrap();
        enter.recv_timeout(LONG).expect("the second run");
        leave.send(()).unwrap();
        dispatcher.stop(LONG).unwrap();
    }

    #[test]
    fn a_panic_ends_one_run_and_nothing_else() {
        let dispatcher = Dispatcher::start("test").unwrap();
        let (tell, told) = bounded(1);
        dispatcher.wake(&work(|| panic!("a callback's own fault")));
        dispatcher.wake(&work(move || {
            tell.send(()).unwrap();
            false
        }));
        told.recv_timeout(LONG).unwrap();
        dispatcher.stop(LONG).unwrap();
    }

    #[test]
    fn a_thread_that_runs_nothing_is_not_busy_however_short_the_wait() {
        Dispatcher::start("test").unwrap().stop(Duration::ZERO).unwrap();
    }

    #[test]
    fn stop_is_bounded_idempotent_and_possible_inside() {
        let dispatcher = Dispatcher::start("test").unwrap();
        let (entered, enter) = bounded::<()>(0);
        let (leave, left) = bounded::<()>(0);
        let inner = dispatcher.clone();
        dispatcher.wake(&work(move || {
            assert!(inner.is_current());
            entered.send(()).unwrap();
            left.recv().unwrap();
            inner.stop(LONG).unwrap();
            false
        }));
        enter.recv_timeout(LONG).unwrap();
        assert!(!dispatcher.is_current());
        assert_eq!(dispatcher.stop(Duration::ZERO).unwrap_err().status, Status::BUSY);
        leave.send(()).unwrap();
        dispatcher.stop(LONG).unwrap();
        dispatcher.stop(LONG).unwrap();
        let never = work(|| unreachable!("after the stop"));
        dispatcher.wake(&never);
        assert_eq!(Arc::strong_count(&never), 1);
    }

    #[test]
    fn replace_waits_for_the_running_callback_and_drops_it_first() {
        let drops = Arc::new(AtomicUsize::new(0));
        let slot = Arc::new(Slot::new());
        slot.replace(Some(CountDrop(drops.clone())), LONG).unwrap();
        let (entered, enter) = bounded::<()>(0);
        let (leave, left) = bounded::<()>(0);
        let runner = {
            let slot = slot.clone();
            thread::spawn(move || {
                slot.run(|_| {
                    entered.send(()).unwrap();
                    left.recv().unwrap();
                })
            })
        };
        enter.recv_timeout(LONG).unwrap();
        assert!(slot.is_set());
        assert_eq!(slot.replace(None, Duration::ZERO).unwrap_err().status, Status::BUSY);
        assert!(!slot.is_set());
        assert_eq!(drops.load(Ordering::SeqCst), 0, "it is running");
        let waiter = {
            let (slot, drops) = (slot.clone(), drops.clone());
            thread::spawn(move || {
                slot.replace(None, LONG).unwrap();
                drops.load(Ordering::SeqCst)
            })
        };
        leave.send(()).unwrap();
        assert_eq!(waiter.join().unwrap(), 1, "dropped before replace returned");
        assert!(runner.join().unwrap());
        assert!(!slot.run(|_| unreachable!("it was taken off")));
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn replace_inside_the_callback_does_not_wait() {
        let (old, new) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let slot = Slot::new();
        slot.replace(Some(CountDrop(old.clone())), LONG).unwrap();
        let ran = slot.run(|_| {
            assert!(!slot.run(|_| unreachable!("a callback does not nest")));
            slot.replace(Some(CountDrop(new.clone())), LONG).unwrap();
            assert_eq!(old.load(Ordering::SeqCst), 0, "it is still running");
        });
        assert!(ran);
        assert_eq!(old.load(Ordering::SeqCst), 1);
        assert!(slot.run(|now| assert!(Arc::ptr_eq(&now.0, &new))));
        drop(slot);
        assert_eq!(new.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_panic_in_a_callback_leaves_the_slot_usable() {
        let slot = Slot::new();
        slot.replace(Some(0), LONG).unwrap();
        assert!(slot.run(|_| panic!("a callback's own fault")));
        assert!(slot.run(|count| *count += 1));
        slot.replace(None, LONG).unwrap();
    }
}
