//! What is heard: a user is wanted, requested and carried; the streams that the application reads.

use super::Voice;
use crate::Result;
use crate::client::hearing::{FrameSink, Hearing};
use crate::client::user::User;
use crate::event::{EventBody, SubscribeState};
use std::sync::Weak;
use std::time::{Duration, Instant};

/// A server that has not yet taken a track off its section has nothing to negotiate when it is wanted again. After so
/// long without an offer or answer the track counts as carried.
pub(super) const CONFIRMATION: Duration = Duration::from_millis(300);

impl Voice {
    /// Opens the stream of a user who is in the room: frames are made while somebody holds the sink.
    pub fn open_stream(&mut self, user: &str, sink: Weak<dyn FrameSink>) -> Result<()> {
        let index = self.index(user)?;
        let user = &mut self.users[index];
        user.sink = sink;
        if let Some(hearing) = &mut user.hearing {
            hearing.set_sink(user.sink.clone());
        }
        Ok(())
    }

    /// Opens the mix of all users.
    pub fn open_mix(&mut self, sink: Weak<dyn FrameSink>) {
        self.mix = sink;
    }

    /// Asks for a user's audio, or asks for it no more.
    pub fn subscribe(&mut self, now: Instant, user: &str, wanted: bool) -> Result<()> {
        let index = self.index(user)?;
        let ends = std::mem::replace(&mut self.users[index].wanted, wanted) && !wanted;
        self.update_subscription(now, index);
        // Also the stream of one of whom nothing came.
        if ends && self.users[index].close_sink() {
            self.events.push_back(EventBody::StreamEnded { user: user.into() });
        }
        Ok(())
    }

    /// Brings a user's subscribe state in line with what is wanted, published and carried.
    pub(super) fn update_subscription(&mut self, now: Instant, index: usize) {
        let user = &mut self.users[index];
        if let Some(track) = user.track.clone().filter(|_| user.wanted != user.requested) {
            user.requested = user.wanted;
            user.open = false;
            user.confirm_at = (user.wanted && self.carried.contains(&track)).then(|| now + CONFIRMATION);
            self.session.subscribe(&user.sid, &track, user.wanted);
        }
        if !user.wanted || (user.track.is_none() && !user.away) {
            self.end_hearing(index);
        }
        let user = &mut self.users[index];
        let state = match (user.wanted, user.open) {
            (false, _) => SubscribeState::NoSubscribe,
            (true, false) => SubscribeState::Subscribing,
            (true, true) => SubscribeState::Subscribed,
        };
        if user.state != state {
            self.events.push_back(user.change(now, state));
        }
        // A section that is renegotiated does not end the stream.
        if user.state == SubscribeState::Subscribed && user.hearing.is_none() {
            self.subscriptions += 1;
            let types = self.session.payload_types();
            let mut hearing = Hearing::new(self.subscriptions, &self.config, types, user.sink.clone());
            hearing.set_vad(self.vad);
            user.hearing = Some(hearing);
        }
    }

    /// Takes over whether a section carries the user's track.
    pub(super) fn confirm(&mut self, now: Instant, index: usize) {
        let user = &mut self.users[index];
        user.open = user.track.as_ref().is_some_and(|track| self.carried.contains(track));
        user.confirm_at = None;
        self.update_subscription(now, index);
    }

    /// Ends what is heard of a user, and the stream that the application reads.
    pub(super) fn end_hearing(&mut self, index: usize) {
        self.tell(&self.users[index]);
        let user = &mut self.users[index];
        self.events.extend(user.end_speech());
        if user.hearing.take().is_some() {
            self.mixer.remove(&user.identity);
            user.close_sink();
            self.events.push_back(EventBody::StreamEnded { user: user.identity.to_string() });
        }
    }

    /// A user is gone: the stream ends, the subscription is idle.
    pub(super) fn close(&mut self, now: Instant, mut user: User) {
        self.events.extend(user.speak(false, 0.0));
        self.mixer.remove(&user.identity);
        self.tell(&user);
        self.events.extend(user.end_speech());
        user.close_sink();
        if user.hearing.take().is_some() {
            self.events.push_back(EventBody::StreamEnded { user: user.identity.to_string() });
        }
        let change = user.change(now, SubscribeState::Idle);
        self.events.push_back(change);
    }
}
