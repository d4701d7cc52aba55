//! Users: who is there, who is heard, and the streams of their sound.

use super::Channel;
use crate::client::voice::not_found;
use crate::driver::state::Shared;
use crate::driver::stream::{CALLBACK_PATIENCE, FrameCallback, Stream};
use crate::driver::task::Command;
use crate::event::SubscribeState;
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

impl Channel {
    /// Subscribes to a user's audio and waits for that user's state 3. OK or TIMED_OUT; the wish stays.
    pub fn subscribe(&self, user: &str, timeout: Option<Duration>) -> Result<Status> {
        self.set_subscribed(user, true, timeout)
    }

    /// Unsubscribes and waits for that user's state 1. OK or TIMED_OUT; the wish stays.
    pub fn unsubscribe(&self, user: &str, timeout: Option<Duration>) -> Result<Status> {
        self.set_subscribed(user, false, timeout)
    }

    fn set_subscribed(&self, user: &str, wanted: bool, timeout: Option<Duration>) -> Result<Status> {
        self.inner.known(user)?;
        if wanted {
            self.may_hear()?;
        }
        let target = if wanted { SubscribeState::Subscribed } else { SubscribeState::NoSubscribe };
        let mut shared = self.inner.open()?;
        let taken = shared.subscribes_taken;
        let mine = match shared.wishes.get(user).filter(|(number, _)| *number > taken) {
            // Who asks again and again instead of waiting asks the connection once.
            Some((number, wish)) if *wish == wanted => *number,
            None if shared.subscribe_state(user) == Some(target) => return Ok(Status::OK),
            _ => shared.wish(user, wanted)?,
        };
        drop(shared);
        // Until it is taken the state may be what an earlier call made it.
        let done = |shared: &Shared| shared.subscribes_taken >= mine && shared.subscribe_state(user) == Some(target);
        let (shared, _) = self.inner.wait(timeout, |shared| {
            done(shared) || shared.subscribe_state(user).is_none() || shared.commands.is_none()
        });
        match shared.subscribe_state(user) {
            _ if done(&shared) => Ok(Status::OK),
            Some(_) if shared.commands.is_some() => Ok(Status::TIMED_OUT),
            _ => {
                let text = format!(
                    "'{user}' left, or the channel did, before it could be done; try again when user_joined tells of them"
                );
                Err(Error::new(Status::NOT_FOUND, text))
            }
        }
    }

    fn may_hear(&self) -> Result<()> {
        if self.inner.lock().people.own().may_hear() {
            return Ok(());
        }
        let text = "this user may not hear in this room (any more); take a token with canSubscribe";
        Err(Error::new(Status::NOT_ALLOWED, text))
    }

    /// A user's subscribe state; Idle for one who is not in the room.
    pub fn subscribe_state(&self, user: &str) -> SubscribeState {
        self.inner.lock().subscribe_state(user).unwrap_or(SubscribeState::Idle)
    }

    /// The remote users' identities, in the order they joined.
    pub fn users(&self) -> Vec<String> {
        self.inner.lock().users.iter().map(|(user, _)| user.to_string()).collect()
    }

    /// The stream of one user who is in the room (NOT_FOUND otherwise). The same stream for the same user until it ends.
    /// It may be opened before the user is subscribed: frames come once that is done.
    pub fn stream(&self, user: &str) -> Result<Stream> {
        self.inner.known(user)?;
        self.open_stream(user, "")
    }

    /// The stream of one audio track of a user who is in the room, found by its name, or by its sid where none has that name
    /// (NOT_FOUND: there is no such user or track now). The same stream for the same words until it ends. While one is held the track
    /// is subscribed to, whether the user is or not. It ends when the track does; after a lost connection it goes on with the track
    /// that is found then. Mix, dump, voice detection and [`Channel::set_frame_callback`] know the users' voices alone.
    pub fn track_stream(&self, user: &str, track: &str) -> Result<Stream> {
        self.inner.known(user)?;
        self.may_hear()?;
        let people = self.inner.lock().people.clone();
        people.find(user).ok_or_else(|| not_found(user))?.track(track)?;
        self.open_stream(user, track)
    }

    fn open_stream(&self, user: &str, track: &str) -> Result<Stream> {
        let key = (user.to_string(), track.to_string());
        let mut shared = self.inner.lock();
        let present = shared.streams.get(&key).and_then(Weak::upgrade).map(|inner| Stream { inner });
        if let Some(stream) = present.filter(|stream| !stream.is_over()) {
            return Ok(stream);
        }
        let stream = self.inner.make_stream(user, track);
        shared.streams.retain(|_, stream| stream.strong_count() > 0);
        shared.streams.insert(key, Arc::downgrade(&stream.inner));
        drop(shared);
        self.inner.command(Command::OpenStream { user: user.into(), track: track.into(), sink: stream.sink() })?;
        Ok(stream)
    }

    /// The stream of all users mixed. It outlives connections and ends with the channel.
    pub fn mixed_stream(&self) -> Result<Stream> {
        let mut shared = self.inner.open()?;
        if let Some(inner) = shared.mix.upgrade() {
            return Ok(Stream { inner });
        }
        let stream = self.inner.make_stream("", "");
        shared.mix = Arc::downgrade(&stream.inner);
        let told = shared.tell(Command::OpenMix(stream.sink()));
        drop(shared);
        told.map(|()| stream)
    }

    /// Frames of every user by callback (given the user's identity), except those with a callback of their own stream.
    pub fn set_frame_callback(&self, callback: Option<FrameCallback>) -> Result<()> {
        let set = callback.is_some();
        let done = self.inner.frame_callback.replace(callback, CALLBACK_PATIENCE);
        if set {
            self.inner.open_for_callback();
        }
        let mut shared = self.inner.lock();
        shared.for_callback.values().for_each(|stream| stream.inner.callback_changed());
        let unused = if set { BTreeMap::new() } else { std::mem::take(&mut shared.for_callback) };
        drop(shared);
        drop(unused);
        done
    }
}
