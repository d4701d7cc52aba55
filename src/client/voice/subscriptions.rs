//! What is heard: a track is wanted, requested and carried; the streams that the application reads.

use super::{Voice, not_found};
use crate::Result;
use crate::audio::mix::Mixer;
use crate::client::ear::Ear;
use crate::client::hearing::{FrameSink, Hearing};
use crate::client::user::User;
use crate::event::{EventBody, SubscribeState};
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A server that has not yet taken a track off its section has nothing to negotiate when it is wanted again. After so
/// long without an offer or answer the track counts as carried.
pub(super) const CONFIRMATION: Duration = Duration::from_millis(300);

impl Voice {
    /// Opens the stream of a user who is in the room: of the voice where `track` is empty, else of that track, which is subscribed to
    /// meanwhile. Frames are made while somebody holds the sink.
    pub fn open_stream(&mut self, now: Instant, user: &str, track: &str, sink: Weak<dyn FrameSink>) -> Result<()> {
        let index = self.index(user)?;
        let user = &mut self.users[index];
        if let Some(ear) = user.ears_mut().find(|ear| *ear.name == *track) {
            ear.set_sink(sink);
            return Ok(());
        }
        let person = self.people.find(&user.identity).ok_or_else(|| not_found(&user.identity))?;
        let mut ear = Ear::named(track, person.track(track)?, sink);
        if user.voice.away {
            // What is known of the tracks is of the connection before.
            ear.lose_track();
        }
        user.named.push(ear);
        self.update_subscription(now, index);
        Ok(())
    }

    /// Opens the mix of all users.
    pub fn open_mix(&mut self, sink: Weak<dyn FrameSink>) {
        self.mix = sink;
    }

    /// Asks for a user's audio, or asks for it no more.
    pub fn subscribe(&mut self, now: Instant, user: &str, wanted: bool) -> Result<()> {
        let index = self.index(user)?;
        let ends = std::mem::replace(&mut self.users[index].voice.wanted, wanted) && !wanted;
        self.update_subscription(now, index);
        // Also the stream of one of whom nothing came.
        if ends && self.users[index].voice.close_sink() {
            self.events.push_back(EventBody::StreamEnded { user: user.into(), track: String::new() });
        }
        Ok(())
    }

    /// Brings what is heard of a user, and the subscribe state, in line with what is wanted, published and carried.
    pub(super) fn update_subscription(&mut self, now: Instant, index: usize) {
        for place in 0..self.users[index].ears().count() {
            self.update_ear(now, index, place);
        }
        let user = &mut self.users[index];
        user.named.retain(|ear| ear.wanted);
        let state = match (user.voice.wanted, user.voice.open) {
            (false, _) => SubscribeState::NoSubscribe,
            (true, false) => SubscribeState::Subscribing,
            (true, true) => SubscribeState::Subscribed,
        };
        if user.state != state {
            self.events.push_back(user.change(now, state));
        }
    }

    fn update_ear(&mut self, now: Instant, index: usize, place: usize) {
        let user = &mut self.users[index];
        let ear = user.ear(place);
        ear.wanted &= !ear.is_let_go();
        if let Some(track) = ear.track.clone().filter(|_| ear.wanted != ear.requested) {
            ear.requested = ear.wanted;
            ear.open = false;
            ear.confirm_at = (ear.wanted && self.carried.contains(&track)).then(|| now + CONFIRMATION);
            // Another ear may be on the same track.
            self.session.subscribe(&user.sid, &track, user.requests(&track));
        }
        let ear = self.users[index].ear(place);
        if !ear.wanted || (ear.track.is_none() && !ear.away) {
            self.end_hearing(index, place);
        }
        let ear = self.users[index].ear(place);
        // A section that is renegotiated does not end the stream.
        if ear.wanted && ear.open && ear.hearing.is_none() {
            self.subscriptions += 1;
            let types = self.session.payload_types();
            let mut hearing = Hearing::new(self.subscriptions, &self.config, types, ear.sink.clone());
            hearing.set_vad(self.vad.filter(|_| ear.is_voice()));
            ear.hearing = Some(hearing);
        }
    }

    /// Takes over whether sections carry the user's tracks.
    pub(super) fn confirm(&mut self, now: Instant, index: usize) {
        for ear in self.users[index].ears_mut() {
            ear.open = ear.track.as_ref().is_some_and(|track| self.carried.contains(track));
            ear.confirm_at = None;
        }
        self.update_subscription(now, index);
    }

    /// Ends what an ear hears, and the stream that the application reads. An ear for a named track hears no other one after it.
    pub(super) fn end_hearing(&mut self, index: usize, place: usize) {
        let ear = self.users[index].ear(place);
        ear.wanted &= ear.is_voice();
        // The stream of a voice of which nothing came yet waits for it.
        if ear.is_voice() && ear.hearing.is_none() {
            return;
        }
        let network = self.network();
        end(&mut self.users[index], place, network, &mut self.mixer, &mut self.events);
    }

    /// A user is gone: the streams end, the subscription is idle.
    pub(super) fn close(&mut self, now: Instant, mut user: User) {
        self.events.extend(user.speak(false, 0.0));
        let network = self.network();
        for place in 0..user.ears().count() {
            end(&mut user, place, network, &mut self.mixer, &mut self.events);
        }
        let change = user.change(now, SubscribeState::Idle);
        self.events.push_back(change);
    }
}

/// Ends what an ear hears, with its last numbers, and the stream that the application reads.
fn end(
    user: &mut User,
    place: usize,
    network: Duration,
    mixer: &mut Mixer<Arc<str>>,
    events: &mut VecDeque<EventBody>,
) {
    user.ear(place).tell(network);
    if user.ear(place).is_voice() {
        mixer.remove(&user.identity);
        events.extend(user.end_speech());
    }
    let ear = user.ear(place);
    let track = ear.name.to_string();
    if ear.end() {
        events.push_back(EventBody::StreamEnded { user: user.identity.to_string(), track });
    }
}
