//! What time brings: the rest of a gap that has closed is put in order, and what has waited too long is given up.

use super::refusals::error;
use super::sender::Sender;
use super::{ERRORS, LOOK, PATIENCE, Reassembly};
use crate::Status;
use crate::event::MessageFormat;
use crate::message::partial::Partial;
use std::time::Instant;

impl Reassembly {
    /// Puts in order what was left to be, and gives up what has waited too long.
    pub fn timeout(&mut self, now: Instant) {
        if self.unsettled.take().is_some() {
            self.settle(now);
        }
        if self.next_look.is_some_and(|at| at <= now) {
            self.look(now);
        }
    }

    /// One turn for one message: the next may have its own.
    fn settle(&mut self, now: Instant) {
        let unsettled = |sender: &Sender| sender.messages.iter().position(Partial::is_unsettled);
        let found = self.senders.iter().find_map(|(user, sender)| Some((user.clone(), unsettled(sender)?)));
        if let Some((user, at)) = found {
            self.put(now, &user, at, Partial::settle);
            self.unsettled = Some(now).filter(|_| self.senders.values().any(|sender| unsettled(sender).is_some()));
        }
    }

    fn look(&mut self, now: Instant) {
        let users: Vec<String> = self.senders.keys().cloned().collect();
        for user in users {
            let late = |message: &Partial| message.touched + PATIENCE <= now;
            while let Some(at) = self.senders.get(&user).and_then(|sender| sender.messages.iter().position(late)) {
                let message = &self.senders[&user].messages[at];
                let text = match message.total {
                    Some(total) => format!("{} of {total} parts came, and no more for 15 s", message.arrived()),
                    None => format!("the stream stopped after {} bytes, for 15 s", message.held()),
                };
                self.give_up(now, &user, at, Status::TIMED_OUT, text);
            }
            let Some(sender) = self.senders.get_mut(&user) else { continue };
            sender.tellable = (sender.tellable + ERRORS.1).min(ERRORS.0);
            sender.over.retain(|over| over.at + PATIENCE > now);
            if sender.untold > 0 {
                sender.tellable -= 1;
                let text = format!("{} more chunks or messages of this user were refused", sender.untold);
                sender.untold = 0;
                let format = MessageFormat::Json;
                self.events.push_back(error(&user, "", format, Status::LIMIT, text));
            }
        }
        self.senders
            .retain(|_, sender| !sender.messages.is_empty() || !sender.over.is_empty() || sender.tellable < ERRORS.0);
        self.next_look = Some(now + LOOK);
        self.rest();
    }

    /// Nothing is kept, so nothing has to be looked at.
    pub(super) fn rest(&mut self) {
        if self.senders.is_empty() {
            self.next_look = None;
            self.unsettled = None;
        }
    }
}
