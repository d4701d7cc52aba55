//! The chat queue: messages in the order in which they were sent, until they have left; one completion for each.
//!
//! Application threads push; the media thread takes the oldest, and says when it has left. Both hold the lock for a few
//! instructions. A connection that ends fails all that have not left; what is pushed without one waits for the next.

use super::chunks::Chunks;
use crate::event::EventBody;
use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Messages that have not left.
pub const MAX_MESSAGES: usize = 1024;
/// Their bytes; one message always fits.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Runs of failed tickets that are remembered.
const MAX_FAILURES: usize = 64;

/// What became of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounters {
    /// Those that have left.
    pub sent: u64,
    /// Those that failed, since their connection ended.
    pub failed: u64,
    /// Those that were not taken, since too many waited.
    pub refused: u64,
    /// Those that have not left yet.
    pub waiting: u64,
    /// Their bytes.
    pub waiting_bytes: u64,
}

/// See the module.
pub struct MessageQueue {
    state: Mutex<State>,
    /// Messages that nobody took yet, for a look without the lock.
    waiting: AtomicUsize,
    waker: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Chunks>,
    /// Id and bytes of those that have not left, taken or not, oldest first: the tickets `left + 1` to `last`.
    outstanding: VecDeque<(String, usize)>,
    bytes: usize,
    /// All tickets up to this one are done with.
    left: u64,
    last: u64,
    /// First and last of the tickets that failed, and why.
    failures: VecDeque<(u64, u64, Error)>,
    /// Up to this ticket nobody remembers which failed.
    forgotten: u64,
    counters: QueueCounters,
}

impl MessageQueue {
    /// An empty queue. `waker` is called after every push, on the thread that pushes.
    pub fn new(waker: Box<dyn Fn() + Send + Sync>) -> MessageQueue {
        MessageQueue { state: Mutex::default(), waiting: AtomicUsize::new(0), waker }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message and returns its ticket; tickets count from 1. QUEUE_FULL: nothing was taken.
    pub fn push(&self, message: Chunks) -> Result<u64> {
        let mut state = self.lock();
        let bytes = message.len();
        let full = state.outstanding.len() >= MAX_MESSAGES;
        if full || (state.bytes + bytes > MAX_BYTES && !state.outstanding.is_empty()) {
            state.counters.refused += 1;
            let (count, bytes) = (state.outstanding.len(), state.bytes);
            let text =
                format!("{count} messages of {bytes} bytes wait to be sent; try again after an event 'message_sent'");
            return Err(Error::new(Status::QUEUE_FULL, text));
        }
        state.bytes += bytes;
        state.outstanding.push_back((message.id().to_string(), bytes));
        state.waiting.push_back(message);
        state.last += 1;
        let ticket = state.last;
        self.waiting.store(state.waiting.len(), Ordering::Release);
        drop(state);
        (self.waker)();
        Ok(ticket)
    }

    /// Takes the oldest message that nobody took, with its ticket.
    pub fn take(&self) -> Option<(u64, Chunks)> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut state = self.lock();
        let ticket = state.last + 1 - state.waiting.len() as u64;
        let message = state.waiting.pop_front()?;
        self.waiting.store(state.waiting.len(), Ordering::Release);
        Some((ticket, message))
    }

    /// The oldest message has left. None: it is not that one's turn, since it failed before.
    pub fn left(&self, ticket: u64) -> Option<EventBody> {
        let mut state = self.lock();
        if ticket != state.left + 1 {
            return None;
        }
        state.left = ticket;
        let (id, bytes) = state.outstanding.pop_front()?;
        state.bytes -= bytes;
        state.counters.sent += 1;
        Some(EventBody::MessageSent { ticket, id, status: Status::OK, text: String::new() })
    }

    /// Gives up all that have not left. Returns their completions.
    pub fn fail(&self, why: &Error) -> Vec<EventBody> {
        self.give_up(why, true)
    }

    /// The same for those only that were taken.
    pub fn fail_taken(&self, why: &Error) -> Vec<EventBody> {
        self.give_up(why, false)
    }

    fn give_up(&self, why: &Error, all: bool) -> Vec<EventBody> {
        let mut state = self.lock();
        let first = state.left + 1;
        let messages = if all { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        self.waiting.store(state.waiting.len(), Ordering::Release);
        let kept = state.outstanding.len() - state.waiting.len();
        let rest = state.outstanding.split_off(kept);
        let gone = std::mem::replace(&mut state.outstanding, rest);
        state.bytes -= gone.iter().map(|(_, bytes)| bytes).sum::<usize>();
        state.left += gone.len() as u64;
        state.counters.failed += gone.len() as u64;
        if !gone.is_empty() {
            let failure = (first, state.left, why.clone());
            state.failures.push_back(failure);
            if state.failures.len() > MAX_FAILURES
                && let Some((_, last, _)) = state.failures.pop_front()
            {
                state.forgotten = last;
            }
        }
        drop(state);
        // Up to 32 MB go back to the system, which is nobody else's business.
        drop(messages);
        let completion =
            |(ticket, (id, _))| EventBody::MessageSent { ticket, id, status: why.status, text: why.text.clone() };
        (first..).zip(gone).map(completion).collect()
    }

    /// What became of all messages so far.
    pub fn counters(&self) -> QueueCounters {
        let state = self.lock();
        QueueCounters { waiting: state.outstanding.len() as u64, waiting_bytes: state.bytes as u64, ..state.counters }
    }

    /// What became of a ticket. None: it has not left. Err(NOT_FOUND): there is no such ticket, or it is forgotten.
    pub fn outcome(&self, ticket: u64) -> Option<Result<()>> {
        let state = self.lock();
        if ticket == 0 || ticket > state.last {
            let text = format!("no message has the number {ticket}; give one that stoa_channel_send_message() gave");
            return Some(Err(Error::new(Status::NOT_FOUND, text)));
        }
        if ticket <= state.forgotten {
            let text = format!(
                "too much happened since message {ticket} to say what became of it; its event 'message_sent' said it"
            );
            return Some(Err(Error::new(Status::NOT_FOUND, text)));
        }
        if ticket > state.left {
            return None;
        }
        let failure = state.failures.iter().find(|(first, last, _)| (*first..=*last).contains(&ticket));
        Some(failure.map_or(Ok(()), |(_, _, why)| Err(why.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::MessageFormat;
    use crate::message::chunks::Outgoing;
    use std::sync::Arc;

    fn message(id: &str, bytes: usize) -> Chunks {
        Chunks::new(Outgoing {
            id: id.into(),
            format: MessageFormat::Bytes,
            topic: String::new(),
            to: Vec::new(),
            lossy: false,
            payload: vec![0; bytes],
        })
        .unwrap()
    }

    fn queue() -> (MessageQueue, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        (MessageQueue::new(Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed))), woken)
    }

    #[test]
    fn in_order_with_a_completion_each() {
        let (queue, woken) = queue();
        for (index, id) in ["a", "b", "c"].iter().enumerate() {
            assert_eq!(queue.push(message(id, 1)).unwrap(), index as u64 + 1);
        }
        assert_eq!(woken.load(Ordering::Relaxed), 3);
        for (ticket, id) in [(1, "a"), (2, "b")] {
            let (taken, chunks) = queue.take().unwrap();
            assert_eq!((taken, chunks.id()), (ticket, id));
        }
        assert_eq!(queue.outcome(1), None);
        assert_eq!(queue.left(2), None, "the first one has not left");
        let sent = EventBody::MessageSent { ticket: 1, id: "a".into(), status: Status::OK, text: String::new() };
        assert_eq!(queue.left(1), Some(sent));
        assert_eq!(queue.outcome(1), Some(Ok(())));

        let why = Error::new(Status::DISCONNECTED, "gone");
        let failed = queue.fail(&why);
        let tickets: Vec<_> = failed
            .iter()
            .map(|event| match event {
                EventBody::MessageSent { ticket, id, status: Status::DISCONNECTED, .. } => (*ticket, id.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(tickets, [(2, "b"), (3, "c")]);
        assert!(queue.take().is_none());
        assert_eq!(queue.left(2), None, "it failed before");
        assert_eq!((queue.outcome(1), queue.outcome(2)), (Some(Ok(())), Some(Err(why.clone()))));
        assert_eq!(queue.fail(&why), []);
        assert_eq!(queue.push(message("d", 1)).unwrap(), 4);
        assert_eq!(queue.take().map(|(ticket, _)| ticket), Some(4));
        assert_eq!(queue.outcome(5).unwrap().unwrap_err().status, Status::NOT_FOUND);
        assert_eq!(queue.outcome(0).unwrap().unwrap_err().status, Status::NOT_FOUND);
        let counters = QueueCounters { sent: 1, failed: 2, refused: 0, waiting: 1, waiting_bytes: 1 };
        assert_eq!(queue.counters(), counters);
    }

    #[test]
    fn a_failure_that_is_forgotten_is_no_success() {
        let (queue, _) = queue();
        let why = Error::new(Status::DISCONNECTED, "gone");
        for ticket in 1..=MAX_FAILURES as u64 + 1 {
            assert_eq!(queue.push(message("a", 1)).unwrap(), ticket);
            queue.fail(&why);
        }
        assert_eq!(queue.outcome(1).unwrap().unwrap_err().status, Status::NOT_FOUND);
        assert_eq!(queue.outcome(2), Some(Err(why)));
    }

    #[test]
    fn bounded_in_count_and_bytes() {
        let (queue, _) = queue();
        for _ in 0..MAX_MESSAGES {
            queue.push(message("a", 0)).unwrap();
        }
        assert_eq!(queue.push(message("a", 0)).unwrap_err().status, Status::QUEUE_FULL);
        // What is taken still counts, until it has left.
        queue.take().unwrap();
        assert!(queue.push(message("a", 0)).is_err());
        queue.left(1).unwrap();
        queue.push(message("a", 0)).unwrap();
        queue.fail(&Error::new(Status::DISCONNECTED, ""));
        let half = MAX_BYTES / 2;
        queue.push(message("a", half)).unwrap();
        queue.push(message("b", half)).unwrap();
        assert_eq!(queue.push(message("c", 1)).unwrap_err().status, Status::QUEUE_FULL);
        queue.push(message("c", 0)).unwrap();
    }
}
