//! What is held of each sender and of all, and who gives way where it is too much.

use super::sender::Sender;
use super::{ERRORS, LOOK, MAX_HELD, MAX_PARTIAL, Reassembly};
use crate::Status;
use crate::message::partial::Partial;
use std::collections::VecDeque;
use std::time::Instant;

/// Senders of whom something is kept: messages in part, or that they had many errors.
const MAX_SENDERS: usize = 1024;

impl Reassembly {
    pub(super) fn sender(&mut self, now: Instant, user: &str) -> Option<&mut Sender> {
        if !self.senders.contains_key(user) {
            if self.senders.len() >= MAX_SENDERS {
                return None;
            }
            let (messages, over) = (Vec::new(), VecDeque::new());
            self.senders.insert(user.into(), Sender { messages, held: 0, over, tellable: ERRORS.0, untold: 0 });
            self.next_look.get_or_insert(now + LOOK);
        }
        self.senders.get_mut(user)
    }

    pub(super) fn begin(&mut self, now: Instant, user: &str, message: Partial) {
        let held = message.held();
        let Some(sender) = self.sender(now, user) else {
            self.counters.refused += 1;
            self.counters.untold += 1;
            return;
        };
        // A straggler of its namesake would now be its own.
        sender.over.retain(|over| over.format != message.format || over.id != message.id);
        sender.messages.push(message);
        sender.held += held;
        self.partial += 1;
        self.held += held;
        self.give_way(now, user);
    }

    /// Holds the bounds after `user`'s messages grew.
    pub(super) fn give_way(&mut self, now: Instant, user: &str) {
        while let Some((who, why)) = self.over_a_bound(user) {
            let Some(sender) = self.senders.get(&who) else { return };
            let oldest = (0..sender.messages.len()).min_by_key(|at| sender.messages[*at].touched);
            let Some(at) = oldest else { return };
            self.give_up(now, &who, at, Status::LIMIT, why.into());
        }
    }

    /// Who has to give way, and why.
    fn over_a_bound(&self, user: &str) -> Option<(String, &'static str)> {
        // All together keep no more than one may: as a rule there is nobody to look for.
        if self.partial <= MAX_PARTIAL.0 && self.held <= MAX_HELD.0 {
            return None;
        }
        let sender = self.senders.get(user)?;
        if sender.messages.len() > MAX_PARTIAL.0 {
            return Some((user.into(), "more than 16 messages of this user are on their way"));
        }
        if sender.held > MAX_HELD.0 {
            return Some((user.into(), "messages of this user on their way hold more than 48 MiB"));
        }
        let most = |key: &dyn Fn(&Sender) -> usize| {
            self.senders.iter().max_by_key(|(_, sender)| key(sender)).map(|(user, _)| user.clone())
        };
        if self.partial > MAX_PARTIAL.1 {
            return Some((most(&|sender| sender.messages.len())?, "more than 256 messages are on their way"));
        }
        if self.held > MAX_HELD.1 {
            return Some((most(&|sender| sender.held)?, "messages on their way hold more than 128 MiB"));
        }
        None
    }

    pub(super) fn remove(&mut self, user: &str, at: usize) -> Partial {
        let sender = self.senders.get_mut(user).expect("whose message it is");
        let message = sender.messages.remove(at);
        sender.held -= message.held();
        self.held -= message.held();
        self.partial -= 1;
        message
    }
}
