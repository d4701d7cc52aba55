//! The writer of an engine: one thread, started with the first dump, that takes orders from a bounded queue.

use super::files::Files;
use super::{Common, Dump, DumpOptions, Order, Subject};
use crate::clock::Clock;
use crate::driver::state::closed;
use crate::thread;
use crate::{Error, Result, Status};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Frames on their way to the disk, of all channels together.
pub(super) const WAITING: usize = 1024;
/// How often what a file's head says is brought up to date, so that also a crash leaves files that play.
const FLUSH: Duration = Duration::from_secs(1);

/// The writer of an engine: one thread, started with the first dump.
pub(in super::super) struct Dumper {
    state: Mutex<State>,
    dumps: AtomicU64,
}

enum State {
    Idle,
    Running { orders: Sender<Order>, ended: Receiver<()> },
    Stopped,
}

impl Dumper {
    pub(in super::super) fn new() -> Dumper {
        Dumper { state: Mutex::new(State::Idle), dumps: AtomicU64::new(0) }
    }

    /// Begins a dump.
    pub(in super::super) fn begin(&self, options: DumpOptions, subject: Subject, clock: Clock) -> Result<Dump> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Idle) {
            *state = start().map_err(|error| {
                Error::new(Status::INTERNAL, format!("no thread could be started that writes the dump: {error}"))
            })?;
        }
        let State::Running { orders, .. } = &*state else { return Err(closed()) };
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
    pub(in super::super) fn stop(&self, patience: Duration) {
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
