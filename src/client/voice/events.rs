//! What the session tells, and what it means for the application.

use super::reconnect::RETURN;
use super::{Voice, not_allowed};
use crate::Status;
use crate::client::people::OwnChange;
use crate::client::reconnect::may_pass;
use crate::client::session::SessionEvent;
use crate::event::{ConnectionState, EventBody, Reason};
use std::sync::Arc;
use std::time::Instant;

impl Voice {
    pub(super) fn session_event(&mut self, now: Instant, event: SessionEvent) {
        match event {
            SessionEvent::Joined(join) => {
                let people = Arc::make_mut(&mut self.people);
                if self.state == ConnectionState::Reconnecting {
                    let change = people.joined_again(&join);
                    if change != OwnChange::default() {
                        // Where it may not, it stays as its token says.
                        self.requests.ask(&mut self.session, now, change, Box::new(|_| {}));
                    }
                } else {
                    people.joined(&join);
                }
                let own = join.participant.unwrap_or_default();
                self.may_send_data = own.permission.is_none_or(|may| may.can_publish_data);
                self.identity = own.identity;
                let room_sid = join.room.map_or_else(String::new, |room| room.sid);
                let same_room = std::mem::replace(&mut self.room_sid, room_sid) == self.room_sid;
                let until = (!same_room).then_some(now + RETURN);
                self.everyone(now, join.other_participants, until);
            }
            SessionEvent::Connected => {
                self.reconnect.done();
                if !self.may_send_data {
                    self.messages.give_up(&not_allowed(), &mut self.events);
                }
                self.set_state(now, ConnectionState::Connected, Reason::None, Status::OK, String::new());
            }
            SessionEvent::Lost { over, reason, text } if self.reconnect.is_on() => {
                if self.state == ConnectionState::Connected {
                    self.set_state(now, ConnectionState::Reconnecting, reason, Status::DISCONNECTED, text.clone());
                }
                self.reconnect.lost(now, over, text);
            }
            SessionEvent::Lost { reason, text, .. } => self.session.give_up(reason, text),
            SessionEvent::Known => self.tell_wishes(now),
            SessionEvent::Everyone(infos) => self.everyone(now, infos, None),
            SessionEvent::Participants(infos) => {
                for info in infos {
                    if !self.is_old(&info) {
                        self.participant(now, info);
                    }
                }
            }
            SessionEvent::Speakers(speakers) => {
                Arc::make_mut(&mut self.people).speakers(&speakers);
                for told in speakers {
                    let user = self.users.iter_mut().find(|user| user.sid == told.sid);
                    self.events.extend(user.and_then(|user| user.speak(told.active, told.level)));
                }
            }
            SessionEvent::Tracks(tracks) => {
                self.carried = tracks;
                for index in 0..self.users.len() {
                    self.confirm(now, index);
                }
            }
            SessionEvent::Data { packet, reliable } => {
                if !self.rpc.receive(&mut self.session, now, &packet, &mut self.events) {
                    self.messages.receive(now, *packet, reliable, &mut self.events);
                }
            }
            SessionEvent::Muted(muted) => {
                self.microphone.set_muted(muted);
                self.events.push_back(EventBody::MicrophoneMuted { muted });
            }
            SessionEvent::Quality(told) => Arc::make_mut(&mut self.people).qualities(&told, &mut self.events),
            SessionEvent::Room(room) => {
                Arc::make_mut(&mut self.people).room(*room, &mut self.events);
                self.changed = true;
            }
            SessionEvent::Moved(moved) => self.moved(now, *moved),
            SessionEvent::Answered(response) => {
                if let Some(change) = self.requests.answered(&response) {
                    Arc::make_mut(&mut self.people).accepted(change, &mut self.events);
                }
                self.changed = true;
            }
            SessionEvent::Token(token) => self.use_token(token),
            SessionEvent::RenewalRefused => {
                // The application must hear that it is still in need of one, whether it heard before or not.
                if let Some(token) = self.before.take() {
                    self.use_token(token);
                    let left = self.expiry.poll_now(&self.wall, now);
                    self.events.push_back(EventBody::TokenWillExpire { left_us: left.as_micros() as u64 });
                }
            }
            SessionEvent::Ended { reason, text, .. } if self.reconnect.is_under_way() && may_pass(reason) => {
                self.session.make_room();
                self.reconnect.lost(now, true, text);
            }
            SessionEvent::Ended { reason, http_status: _, text } => self.ended(now, reason, text),
        }
    }
}
