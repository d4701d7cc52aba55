//! The codec pool: decoding that takes up to 2 ms (deep concealment) runs here, so that no other channel waits for it.

use crate::client::voice::{Finished, Work};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::sync::{Mutex, PoisonError};
use std::thread;
use tokio::sync::mpsc;

/// Jobs that may wait; beyond that the channel decodes for itself.
const WAITING: usize = 256;

struct Order {
    work: Work,
    /// Bounded by itself: each speaker has one job out at a time.
    reply: mpsc::UnboundedSender<Finished>,
}

/// One thread, started with the first heavy job.
pub(super) struct Pool(Mutex<State>);

enum State {
    Idle,
    Running(Sender<Order>),
    Stopped,
}

impl Pool {
    pub(super) fn new() -> Pool {
        Pool(Mutex::new(State::Idle))
    }

    /// Runs a job elsewhere; gives it back if that cannot be.
    pub(super) fn take(&self, work: Work, reply: &mpsc::UnboundedSender<Finished>) -> Option<Work> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Idle) {
            *state = start().map_or(State::Stopped, State::Running);
        }
        let State::Running(orders) = &*state else { return Some(work) };
        match orders.try_send(Order { work, reply: reply.clone() }) {
            Ok(()) => None,
            Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) => Some(order.work),
        }
    }

    /// Ends the thread once its jobs are done.
    pub(super) fn stop(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::Stopped;
    }
}

fn start() -> Option<Sender<Order>> {
    let (orders, taken): (_, Receiver<Order>) = bounded(WAITING);
    let work = move || {
        for order in taken {
            // The channel may be gone by now.
            let _ = order.reply.send(order.work.run());
        }
    };
    thread::Builder::new().name("stoa-codec".into()).spawn(work).ok()?;
    Some(orders)
}
