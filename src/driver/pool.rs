//! The codec pool: decoding that takes up to 2 ms (deep concealment) runs here, so that no other channel waits for it.

use super::stats::{Cpu, EngineStats};
use crate::client::voice::{Finished, Work};
use crate::stats::Meter;
use crate::thread;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;

/// Jobs that may wait; beyond that the channel decodes for itself.
const WAITING: usize = 256;

struct Order {
    work: Work,
    since: Instant,
    /// Bounded by itself: each speaker has one job out at a time.
    reply: mpsc::UnboundedSender<Finished>,
}

/// One thread, started with the first heavy job.
pub(super) struct Pool {
    state: Mutex<State>,
    refused: AtomicU64,
    thread: Arc<Thread>,
}

/// What the thread counts.
#[derive(Default)]
struct Thread {
    waited: Meter,
    cpu: Cpu,
}

enum State {
    Idle,
    Running(Sender<Order>),
    Stopped,
}

impl Pool {
    pub(super) fn new() -> Pool {
        Pool { state: Mutex::new(State::Idle), refused: AtomicU64::new(0), thread: Arc::default() }
    }

    /// Runs a job elsewhere; gives it back if that cannot be.
    pub(super) fn take(&self, work: Work, reply: &mpsc::UnboundedSender<Finished>) -> Option<Work> {
        let mut state = self.lock();
        if matches!(*state, State::Idle) {
            *state = start(self.thread.clone()).map_or(State::Stopped, State::Running);
        }
        let State::Running(orders) = &*state else { return Some(work) };
        match orders.try_send(Order { work, since: Instant::now(), reply: reply.clone() }) {
            Ok(()) => None,
            Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) => {
                self.refused.fetch_add(1, Relaxed);
                Some(order.work)
            }
        }
    }

    /// Adds this pool's numbers.
    pub(super) fn measure(&self, stats: &mut EngineStats) {
        if let State::Running(orders) = &*self.lock() {
            stats.codec_waiting = orders.len() as u64;
        }
        stats.codec_queue = self.thread.waited.read();
        stats.codec_refused = self.refused.load(Relaxed);
        stats.cpu_codec_us = self.thread.cpu.used_us();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread once its jobs are done.
    pub(super) fn stop(&self) {
        *self.lock() = State::Stopped;
    }
}

fn start(counts: Arc<Thread>) -> Option<Sender<Order>> {
    let (orders, taken): (_, Receiver<Order>) = bounded(WAITING);
    let work = move || {
        for order in taken {
            counts.waited.add(order.since.elapsed());
            // The channel may be gone by now.
            let _ = order.reply.send(order.work.run());
            counts.cpu.look();
        }
    };
    thread::start("stoa-codec", work).ok()?;
    Some(orders)
}
