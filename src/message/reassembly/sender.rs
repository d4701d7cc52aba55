//! What is kept of one sender: messages in part, which ids are over, and how many errors may be told.

use crate::event::MessageFormat;
use crate::message::Chunk;
use crate::message::partial::{Partial, digest};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Ids of a sender that are over, so that a straggler begins no message of its own.
const MAX_OVER: usize = 16;
/// How late a straggler of a message in chunks can be. Later the id may be used again, also out of order.
const STRAGGLING: Duration = Duration::from_secs(2);

pub(super) struct Sender {
    pub(super) messages: Vec<Partial>,
    pub(super) held: usize,
    pub(super) over: VecDeque<Over>,
    /// Error events that may be told now.
    pub(super) tellable: u32,
    /// Errors that were not told.
    pub(super) untold: u64,
}

/// A message that was delivered or given up.
pub(super) struct Over {
    pub(super) format: MessageFormat,
    pub(super) id: String,
    pub(super) at: Instant,
    /// Of its first part: another one with the same id begins another message.
    first: Option<u64>,
}

impl Sender {
    pub(super) fn find(&self, format: MessageFormat, id: &str) -> Option<usize> {
        self.messages.iter().position(|message| message.format == format && message.id == id)
    }

    pub(super) fn find_stream(&self, id: &str) -> Option<usize> {
        self.find(MessageFormat::Text, id).or_else(|| self.find(MessageFormat::Bytes, id))
    }

    /// The chunk belongs to a message that is over.
    pub(super) fn is_straggler(&self, now: Instant, format: MessageFormat, chunk: &Chunk) -> bool {
        self.over.iter().any(|over| {
            let same = over.format == format && over.id == chunk.id && now < over.at + STRAGGLING;
            same && (chunk.part > 0 || over.first == Some(digest(chunk.content.as_bytes())))
        })
    }

    pub(super) fn set_over(&mut self, format: MessageFormat, id: &str, first: Option<u64>, now: Instant) {
        if self.over.len() >= MAX_OVER {
            self.over.pop_front();
        }
        self.over.push_back(Over { format, id: id.into(), at: now, first });
    }
}
