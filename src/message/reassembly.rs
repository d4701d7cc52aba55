//! Messages on their way in: known by sender, format and id, so that nobody can touch another's, whatever ids they choose.
//!
//! - Parts come in any order. A part that is there already is dropped and counted; the first one counts.
//! - A chunk that does not fit (another total, no base64, no UTF-8) is refused, and the message waits for a better one. A stream of
//!   LiveKit's comes in order and once, so there the message is given up.
//! - What is incomplete 15 s after its last part is given up, as is what its sender or the connection leaves behind.
//! - Bounds hold for each sender and for all. Where one is reached, who holds most gives way, with the message that has waited
//!   longest: a flood drowns itself, not its neighbours.
//! - Whatever is refused or given up is told in an event, of which each sender has so many a second; the rest is told as a count.
//!
//! Here: parts of messages in chunks, and what becomes of a message. `streams`: LiveKit's. `sender`: what is kept of each. `timers`:
//! what has waited too long. `bounds`: who gives way. `refusals`: what is told of the rest.

mod bounds;
mod refusals;
mod sender;
mod streams;
#[cfg(test)]
mod tests;
mod timers;

use super::partial::{Fault, Partial, Put};
use super::{Chunk, Recognised, base64, json};
use crate::Status;
use crate::event::{EventBody, MessageFormat};
use sender::Sender;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long the next part of a message may take.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Messages in part, of one sender and of all.
pub const MAX_PARTIAL: (usize, usize) = (16, 256);
/// Bytes that they hold, of one sender and of all. One message whose first part came last takes up to 38 MiB.
pub const MAX_HELD: (usize, usize) = (48 << 20, 128 << 20);
/// Error events of one sender: so many at once, and so many more each second.
pub const ERRORS: (u32, u32) = (16, 4);

/// How often it is looked whether something has waited too long.
const LOOK: Duration = Duration::from_secs(1);

/// What was not delivered, and not told one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Parts that were there already, or came after their message was over.
    pub doubled: u64,
    /// Chunks and messages that were refused or given up.
    pub refused: u64,
    /// Of these, for how many there was no event, because too many had gone before.
    pub untold: u64,
}

/// See the module.
#[derive(Default)]
pub struct Reassembly {
    senders: BTreeMap<String, Sender>,
    partial: usize,
    held: usize,
    counters: Counters,
    next_look: Option<Instant>,
    /// A gap has closed, and there is more to be put in order than one turn may.
    unsettled: Option<Instant>,
    events: VecDeque<EventBody>,
}

impl Reassembly {
    /// Nothing has come yet.
    pub fn new() -> Reassembly {
        Reassembly::default()
    }

    /// The next event: a message, or what became of one.
    pub fn poll(&mut self) -> Option<EventBody> {
        self.events.pop_front()
    }

    /// What was not delivered so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Messages in part, and the bytes that they hold.
    pub fn in_part(&self) -> (usize, usize) {
        (self.partial, self.held)
    }

    /// When [`Reassembly::timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.unsettled.or(self.next_look)
    }

    /// Looks at a user packet. False: it is no chunk, but the application's own data.
    pub fn user_packet(&mut self, now: Instant, user: &str, topic: &str, packet: &[u8]) -> bool {
        match json::parse(packet) {
            Recognised::Other => self.recognised(now, user, topic, MessageFormat::Base64, &base64::parse(packet)),
            recognised => self.recognised(now, user, topic, MessageFormat::Json, &recognised),
        }
    }

    fn recognised(&mut self, now: Instant, user: &str, topic: &str, format: MessageFormat, what: &Recognised) -> bool {
        match what {
            Recognised::Other => return false,
            Recognised::Refused(id, why) => {
                self.refuse(now, user, id, format, Status::PROTOCOL, format!("a chunk was refused: {why}"));
            }
            Recognised::Chunk(chunk) => self.part(now, user, topic, format, chunk),
        }
        true
    }

    fn part(&mut self, now: Instant, user: &str, topic: &str, format: MessageFormat, chunk: &Chunk) {
        let known = self.senders.get(user);
        match known.and_then(|sender| sender.find(format, &chunk.id)) {
            Some(at) => self.put(now, user, at, |message| {
                if message.total != Some(chunk.total) {
                    return Err((Status::PROTOCOL, "its total is not the one of the chunks before"));
                }
                message.put(chunk.part, chunk.content.as_bytes())
            }),
            None if known.is_some_and(|sender| sender.is_straggler(now, format, chunk)) => self.counters.doubled += 1,
            None => {
                let mut message = Partial::new(format, &chunk.id, topic, chunk.total, now);
                match message.put(chunk.part, chunk.content.as_bytes()) {
                    Ok(Put::Whole) => self.deliver(user, message),
                    Ok(_) => self.begin(now, user, message),
                    Err(fault) => self.refuse_chunk(now, user, &chunk.id, format, fault),
                }
            }
        }
    }

    /// Puts something to the message at this place, and sees what has come of it.
    fn put(&mut self, now: Instant, user: &str, at: usize, put: impl FnOnce(&mut Partial) -> Result<Put, Fault>) {
        let Some(sender) = self.senders.get_mut(user) else { return };
        let message = &mut sender.messages[at];
        let before = message.held();
        let done = put(message);
        let after = message.held();
        sender.held = sender.held - before + after;
        self.held = self.held - before + after;
        if message.is_unsettled() {
            self.unsettled = Some(now);
        }
        match done {
            Ok(Put::Doubled) => self.counters.doubled += 1,
            Ok(Put::More) => {
                message.touched = now;
                self.give_way(now, user);
            }
            Ok(Put::Whole) => {
                let message = self.remove(user, at);
                if let Some(sender) = self.senders.get_mut(user) {
                    sender.set_over(message.format, &message.id, message.first, now);
                }
                self.deliver(user, message);
            }
            Err(fault) => {
                let (id, format) = (message.id.clone(), message.format);
                if message.is_spent() || fault.0 == Status::LIMIT {
                    self.give_up(now, user, at, fault.0, format!("a message was given up: {}", fault.1));
                } else {
                    self.refuse_chunk(now, user, &id, format, fault);
                }
            }
        }
    }

    /// A user has left: what they began does not come to its end. Of what is still under way from them nothing more is told.
    pub fn user_left(&mut self, now: Instant, user: &str) {
        self.abandon(now, user, "the sender left in the midst of it");
    }

    /// The connection is over, and all that is in part with it.
    pub fn end(&mut self, now: Instant) {
        let users: Vec<String> = self.senders.keys().cloned().collect();
        for user in users {
            self.abandon(now, &user, "the connection ended in the midst of it");
        }
        self.senders.clear();
        self.rest();
    }

    fn abandon(&mut self, now: Instant, user: &str, why: &str) {
        while self.senders.get(user).is_some_and(|sender| !sender.messages.is_empty()) {
            self.give_up(now, user, 0, Status::DISCONNECTED, why.into());
        }
    }

    fn deliver(&mut self, user: &str, message: Partial) {
        let (topic, id, format) = (message.topic.clone(), message.id.clone(), message.format);
        let payload = message.into_payload();
        self.events.push_back(EventBody::Message { user: user.into(), topic, id, format, payload });
    }
}
