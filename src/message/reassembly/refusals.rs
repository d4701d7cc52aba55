//! What is refused or given up, told within the bounds of its sender.

use super::Reassembly;
use crate::Status;
use crate::event::{EventBody, MessageFormat};
use crate::message::MAX_ID;
use crate::message::partial::Fault;
use std::time::Instant;

impl Reassembly {
    pub(super) fn give_up(&mut self, now: Instant, user: &str, at: usize, status: Status, text: String) {
        let message = self.remove(user, at);
        if let Some(sender) = self.senders.get_mut(user) {
            sender.set_over(message.format, &message.id, message.first, now);
        }
        self.refuse(now, user, &message.id, message.format, status, text);
    }

    pub(super) fn refuse_chunk(&mut self, now: Instant, user: &str, id: &str, format: MessageFormat, fault: Fault) {
        self.refuse(now, user, id, format, fault.0, format!("a chunk was refused: {}", fault.1));
    }

    /// A stream that does not begin. Its chunks need not be told as well.
    pub(super) fn refuse_stream(
        &mut self,
        now: Instant,
        user: &str,
        id: &str,
        format: MessageFormat,
        status: Status,
        why: &'static str,
    ) {
        let id = if id.len() > MAX_ID { "" } else { id };
        if let Some(sender) = self.sender(now, user) {
            sender.set_over(format, id, None, now);
        }
        self.refuse(now, user, id, format, status, format!("a stream was refused: {why}"));
    }

    pub(super) fn refuse(
        &mut self,
        now: Instant,
        user: &str,
        id: &str,
        format: MessageFormat,
        status: Status,
        text: String,
    ) {
        self.counters.refused += 1;
        let told = self.sender(now, user).is_some_and(|sender| {
            let told = sender.tellable > 0;
            if told {
                sender.tellable -= 1;
            } else {
                sender.untold += 1;
            }
            told
        });
        if told {
            self.events.push_back(error(user, id, format, status, text));
        } else {
            self.counters.untold += 1;
        }
    }
}

pub(super) fn error(user: &str, id: &str, format: MessageFormat, status: Status, text: String) -> EventBody {
    EventBody::MessageError { user: user.into(), id: id.into(), format, status, text }
}
