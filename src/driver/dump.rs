//! A dump: what a channel sends and hears, as WAV files, written by one thread of the engine that nobody waits for.
//!
//! All files of a dump begin at the same moment, and silence stands where nothing was said: laid over each other they are the
//! conversation. Frames wait in a bounded queue; what does not fit there, or into the dump's bytes, is lost and counted.
//!
//! Here: a dump, which gives the writer what it takes. `writer`: the thread. `files`: what it writes. `names`: what files are called.
//! `options`.

mod files;
mod names;
mod options;
#[cfg(test)]
mod tests;
mod writer;

use crate::client::tap::Tap;
use crate::clock::Clock;
use crossbeam_channel::{Sender, bounded};
pub use options::{DUMP_BYTES, DumpOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
pub(super) use writer::Dumper;

/// How long ending a dump waits for its files to be complete.
pub(super) const DUMP_PATIENCE: Duration = Duration::from_secs(1);

/// Whose files they are, and what they hold.
pub(super) struct Subject {
    pub(super) room: String,
    pub(super) user: String,
    pub(super) rate: u32,
    pub(super) channels: u32,
    /// Frames lost, of all dumps of the channel.
    pub(super) lost: Arc<AtomicU64>,
}

/// What a dump and the writer share.
struct Common {
    id: u64,
    options: DumpOptions,
    subject: Subject,
    clock: Clock,
    start_us: u64,
    /// No more is taken.
    over: AtomicBool,
    /// The writer's own: the files are complete, and what was still on its way is lost.
    done: AtomicBool,
}

impl Common {
    fn lose(&self) {
        self.subject.lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// None: the channel's own voice.
type Who = Option<Arc<str>>;

enum Order {
    Sound {
        dump: Arc<Common>,
        who: Who,
        at_us: u64,
        pcm: Vec<i16>,
    },
    End {
        id: u64,
        done: Option<Sender<()>>,
    },
    Stop,
    #[cfg(test)]
    Stall(crossbeam_channel::Receiver<()>),
}

/// A dump that goes on. Dropping it ends it.
pub(super) struct Dump {
    common: Arc<Common>,
    orders: Sender<Order>,
}

impl Dump {
    fn put(&self, who: Who, now: Instant, pcm: &[i16]) {
        if self.common.over.load(Ordering::Acquire) {
            return;
        }
        let at_us = self.common.clock.micros(now);
        let order = Order::Sound { dump: self.common.clone(), who, at_us, pcm: pcm.to_vec() };
        if self.orders.try_send(order).is_err() {
            self.common.lose();
        }
    }

    /// Takes no more, and waits for the files to be complete, at most so long.
    pub(super) fn end(&self, patience: Duration) {
        self.common.over.store(true, Ordering::Release);
        let until = Instant::now() + patience;
        let (done, ended) = bounded(1);
        if self.orders.send_deadline(Order::End { id: self.common.id, done: Some(done) }, until).is_ok() {
            let _ = ended.recv_deadline(until);
        }
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        self.common.over.store(true, Ordering::Release);
        // A full queue: the writer sees within a second that it is over.
        let _ = self.orders.try_send(Order::End { id: self.common.id, done: None });
    }
}

impl Tap for Dump {
    fn hears(&self) -> bool {
        self.common.options.heard && !self.common.over.load(Ordering::Acquire)
    }

    fn sent(&self, now: Instant, pcm: &[i16]) {
        if self.common.options.sent {
            self.put(None, now, pcm);
        }
    }

    fn heard(&self, user: &Arc<str>, now: Instant, pcm: &[i16]) {
        if self.common.options.heard {
            self.put(Some(user.clone()), now, pcm);
        }
    }
}
