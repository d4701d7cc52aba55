//! A channel: the application's side of one conversation.
//!
//! Here: what it is made of, and its numbers. `connection`: joining and leaving. `speaking`, `hearing`: sound. `sending`: data and
//! messages. `events`. `options`, `identity`: how it is made, and for whom.

mod connection;
mod events;
mod hearing;
mod identity;
mod options;
mod sending;
mod speaking;

use super::dispatch::{Scheduled, Slot};
use super::engine;
use super::events::EventQueue;
use super::listeners::Listeners;
use super::people::Calls;
use super::state::{Inner, Shared};
use super::stats::{Board, ChannelStats};
use crate::audio::send::SendQueue;
use crate::event::ConnectionState;
use crate::message::queue::MessageQueue;
use crate::{Error, Result, Status};
use identity::identity;
pub use options::ChannelOptions;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};

/// Data packets on their way to the shard.
const MAX_DATA_WAITING: usize = 128;

/// A channel. Cloning shares it.
#[derive(Clone)]
pub struct Channel {
    pub(super) inner: Arc<Inner>,
}

impl Channel {
    pub(super) fn new(engine: Arc<engine::Parts>, options: ChannelOptions) -> Result<Channel> {
        options.validate()?;
        let (user, token) = identity(&engine, &options)?;
        let pushed = Arc::new(Notify::new());
        let queue = {
            let pushed = pushed.clone();
            let capacity = u64::from(options.sample_rate) * u64::from(options.send_queue_ms) / 1000;
            let waker = Box::new(move || pushed.notify_one());
            SendQueue::new(options.channels as usize, capacity as usize, options.backpressure(), waker)
        };
        let messages = {
            let pushed = pushed.clone();
            MessageQueue::new(Box::new(move || pushed.notify_one()))
        };
        let shared = Shared {
            state: ConnectionState::Disconnected,
            told: (ConnectionState::Disconnected, Instant::now()),
            why: Error::new(Status::OK, ""),
            user,
            token,
            token_given: !options.token.is_empty(),
            token_on_its_way: false,
            users: Vec::new(),
            streams: BTreeMap::new(),
            mix: Weak::new(),
            for_callback: BTreeMap::new(),
            muted: false,
            mutes: 0,
            vad: None,
            dump: None,
            may_send_data: true,
            calls: Calls::default(),
            people: Arc::default(),
            commands: None,
            leaving: Arc::default(),
            subscribes: 0,
            subscribes_taken: 0,
            wishes: BTreeMap::new(),
            closed: false,
        };
        let inner = Arc::new_cyclic(|this| Inner {
            options,
            engine,
            queue: Arc::new(queue),
            pushed,
            messages: Arc::new(messages),
            callee: Arc::default(),
            may_speak: AtomicBool::new(true),
            events: EventQueue::default(),
            listeners: Listeners::default(),
            frame_callback: Arc::new(Slot::new()),
            scheduled: Scheduled::default(),
            data_room: Arc::new(Semaphore::new(MAX_DATA_WAITING)),
            dump_lost: Arc::default(),
            shared: Mutex::new(shared),
            changed: Condvar::new(),
            counted: Board::default(),
            data_refused: AtomicU64::new(0),
            this: this.clone(),
        });
        Ok(Channel { inner })
    }

    /// The user's own identity (chosen when the options left it open).
    pub fn user(&self) -> String {
        self.inner.lock().user.clone()
    }

    /// The room's name.
    pub fn name(&self) -> String {
        self.inner.options.name.clone()
    }

    /// The token in use.
    pub fn token(&self) -> String {
        self.inner.lock().token.clone()
    }

    /// What was counted so far: queues as of now, the connection's numbers as of 100 ms ago or less.
    pub fn stats(&self) -> ChannelStats {
        let inner = &self.inner;
        let sound = |samples| Duration::from_micros(samples * 1_000_000 / u64::from(inner.options.sample_rate));
        let (events_waiting, events_dropped) = inner.events.counts();
        let calls = inner.lock().commands.as_ref().map_or(0, |calls| calls.max_capacity() - calls.capacity());
        ChannelStats {
            samples: inner.queue.counters(),
            messages: inner.messages.counters(),
            send_queue: sound(inner.queue.queued()),
            send_capacity: sound(inner.queue.capacity() as u64),
            marks_waiting: inner.queue.marks_waiting() as u64,
            data_waiting: (MAX_DATA_WAITING - inner.data_room.available_permits()) as u64,
            data_refused: inner.data_refused.load(Relaxed),
            events_waiting: events_waiting as u64,
            events_dropped,
            calls_waiting: calls as u64,
            ..inner.counted.read()
        }
    }
}
