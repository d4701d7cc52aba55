//! A lost connection comes back in the same voice: the session resumes, or another one takes its place.

use super::Voice;
use super::subscriptions::CONFIRMATION;
use crate::client::ear::Ear;
use crate::client::session::Session;
use crate::event::{ConnectionState, Reason};
use std::time::{Duration, Instant};

/// In a room that was made anew, as by a server that was restarted, everyone comes back when their turn is. So long a user
/// who was in the room before is waited for, and the track of one who is there. LiveKit's clients try every 5 s (its Rust SDK, which is
/// beneath those for Python and Node) to 7 s (in a browser): twice, where the first attempt fails.
pub(super) const RETURN: Duration = Duration::from_secs(15);

impl Voice {
    /// Makes the connection again now: ends the wait for the next attempt, or gives a connection up that stands.
    pub fn reconnect(&mut self, now: Instant) {
        match self.state {
            ConnectionState::Reconnecting if self.reconnect.hurry(now) => {}
            ConnectionState::Reconnecting | ConnectionState::Connected if self.reconnect.is_on() => {
                self.session.drop_connection();
            }
            _ => {}
        }
    }

    /// Makes the next attempt where it is due, or gives up.
    pub(super) fn come_back(&mut self, now: Instant) {
        if let Some(text) = self.reconnect.take_end(now) {
            return self.session.give_up(Reason::ConnectionLost, text);
        }
        match self.reconnect.take(now) {
            Some(false) => self.session.resume(now),
            Some(true) => self.join_again(now),
            None => {}
        }
        for index in (0..self.users.len()).rev() {
            if self.users[index].awaited_until.is_some_and(|until| until <= now) {
                self.user_left(now, index, Reason::None);
                continue;
            }
            let mut over = false;
            for ear in self.users[index].ears_mut() {
                if ear.track_until.take_if(|until| *until <= now).is_some() {
                    (ear.away, over) = (false, true);
                }
            }
            if over {
                let person = self.people.find(&self.users[index].identity).cloned();
                self.tracks_told(now, index, person.as_ref().map_or(&[], |person| &person.tracks));
            }
        }
    }

    /// Joins with a new session in the place of the lost one. The users stay, and so do their streams.
    fn join_again(&mut self, now: Instant) {
        self.messages.connection_lost(now, &mut self.events);
        let mut session = Session::new(self.config.session.clone(), now);
        session.count_from(self.session.stats(now));
        session.mute(self.microphone.muted());
        session.take_data(&mut self.session);
        session.start_again();
        self.session = session;
        self.carried.clear();
        for index in 0..self.users.len() {
            let user = &mut self.users[index];
            self.events.extend(user.speak(false, 0.0));
            user.ears_mut().for_each(Ear::lose_track);
            self.update_subscription(now, index);
        }
    }

    /// Tells a server that knows us again what is to be heard: what was said over the lost WebSocket may not have arrived.
    pub(super) fn tell_wishes(&mut self, now: Instant) {
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for user in &mut self.users {
            for ear in user.ears() {
                let Some(track) = &ear.track else { continue };
                // Another ear may be on the same track.
                let is_wanted = user.ears().any(|ear| ear.wanted && ear.carries(track));
                let tracks = if is_wanted { &mut wanted } else { &mut unwanted };
                tracks.push((user.sid.clone(), track.to_string()));
            }
            for ear in user.ears_mut() {
                let Some(track) = &ear.track else { continue };
                ear.requested = ear.wanted;
                if ear.wanted && !ear.open && self.carried.contains(track) {
                    ear.confirm_at = Some(now + CONFIRMATION);
                }
            }
        }
        self.session.sync(now, &wanted, &unwanted);
    }
}
