//! What the application asks for, and what is known of the connection: all that is behind the lock.

use crate::client::gate::VadConfig;
use crate::client::hearing::FrameSink;
use crate::client::people::People;
use crate::driver::dump::Dump;
use crate::driver::people::Calls;
use crate::driver::stream::{self, Stream};
use crate::driver::task::Command;
use crate::event::{ConnectionState, EventBody, SubscribeState};
use crate::{Error, Result, Status};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::{Notify, mpsc};

/// What the application asks for, as of the last change.
pub(in crate::driver) struct Shared {
    pub(in crate::driver) state: ConnectionState,
    /// The state that the last event told, and when.
    pub(in crate::driver) told: (ConnectionState, Instant),
    pub(in crate::driver) why: Error,
    pub(in crate::driver) user: String,
    pub(in crate::driver) token: String,
    /// The token is the application's: the library builds none in its place.
    pub(in crate::driver) token_given: bool,
    /// The token is new, and the connection has not heard of it yet.
    pub(in crate::driver) token_on_its_way: bool,
    pub(in crate::driver) users: Vec<(Arc<str>, SubscribeState)>,
    /// By user and track, which is empty for the voice.
    pub(in crate::driver) streams: BTreeMap<(String, String), Weak<stream::Inner>>,
    pub(in crate::driver) mix: Weak<stream::Inner>,
    /// Streams that live for the channel's frame callback alone.
    pub(in crate::driver) for_callback: BTreeMap<Arc<str>, Stream>,
    pub(in crate::driver) muted: bool,
    /// Calls that mute or unmute, on their way to the connection: what it tells of the microphone meanwhile is older than they are.
    pub(in crate::driver) mutes: u32,
    pub(in crate::driver) vad: Option<VadConfig>,
    pub(in crate::driver) dump: Option<Arc<Dump>>,
    pub(in crate::driver) may_send_data: bool,
    pub(in crate::driver) calls: Calls,
    /// Who is in the room; empty without a connection.
    pub(in crate::driver) people: Arc<People>,
    pub(in crate::driver) commands: Option<mpsc::Sender<Command>>,
    /// The present connection is to end. Beside the commands, of which there can be too many.
    pub(in crate::driver) leaving: Arc<Notify>,
    /// Subscribe commands that were passed on, and those whose outcome `users` has.
    pub(in crate::driver) subscribes: u64,
    pub(in crate::driver) subscribes_taken: u64,
    /// The newest of them about each user: its number and what was asked. Those that were taken go with the next one.
    pub(in crate::driver) wishes: BTreeMap<String, (u64, bool)>,
    pub(in crate::driver) closed: bool,
}

impl Shared {
    /// Passes a command on to the connection.
    pub(in crate::driver) fn command(&self, command: Command) -> Result<()> {
        self.room()?.send(command);
        Ok(())
    }

    /// Passes on whether a user is to be heard. Returns the number of this wish.
    pub(in crate::driver) fn wish(&mut self, user: &str, wanted: bool) -> Result<u64> {
        self.command(Command::Subscribe { user: user.into(), wanted })?;
        self.subscribes += 1;
        let taken = self.subscribes_taken;
        self.wishes.retain(|_, (number, _)| *number > taken);
        self.wishes.insert(user.into(), (self.subscribes, wanted));
        Ok(self.subscribes)
    }

    /// Room for one command on its way to the connection.
    pub(in crate::driver) fn room(&self) -> Result<mpsc::OwnedPermit<Command>> {
        let commands = self.commands.clone().ok_or_else(|| self.not_connected())?;
        let busy = |_| Error::new(Status::BUSY, "too many calls wait for this channel; try again in a moment");
        commands.try_reserve_owned().map_err(busy)
    }

    /// Passes on what a connection is also told at its beginning: without one there is nothing to do.
    pub(in crate::driver) fn tell(&self, command: Command) -> Result<()> {
        self.reserve().map(|room| pass(room, command))
    }

    /// The room for that; where there is none, the wish is not taken.
    pub(in crate::driver) fn reserve(&self) -> Result<Option<mpsc::OwnedPermit<Command>>> {
        self.commands.is_some().then(|| self.room()).transpose()
    }

    /// The channel is in its room, or on its way back there.
    pub(in crate::driver) fn in_room(&self) -> Result<()> {
        match self.state {
            ConnectionState::Connected | ConnectionState::Reconnecting => Ok(()),
            _ => Err(self.not_connected()),
        }
    }

    /// Why a call that needs the connection cannot be done in this state, and what to do.
    pub(in crate::driver) fn not_connected(&self) -> Error {
        let text = match self.state {
            ConnectionState::Connecting => "the channel is still connecting; wait until it is connected",
            ConnectionState::Reconnecting => "the channel is reconnecting; wait until it is connected again",
            _ => "the channel is not connected; connect it first",
        };
        Error::new(Status::BAD_STATE, text)
    }

    pub(in crate::driver) fn subscribe_state(&self, user: &str) -> Option<SubscribeState> {
        self.users.iter().find(|(known, _)| **known == *user).map(|(_, state)| *state)
    }

    /// Makes a connection's event follow the last one: sessions come and go, and each counts from its own beginning.
    /// False: it says nothing new.
    pub(super) fn follows(&mut self, body: &mut EventBody, now: Instant) -> bool {
        let EventBody::ConnectionStateChanged { old, new, elapsed_us, .. } = body else { return true };
        let (before, since) = self.told;
        if *new == before {
            return false;
        }
        *old = before;
        *elapsed_us = now.saturating_duration_since(since).as_micros() as u64;
        self.told = (*new, now);
        true
    }

    pub(in crate::driver) fn set_state(&mut self, state: ConnectionState) {
        self.state = state;
        if matches!(state, ConnectionState::Disconnected | ConnectionState::Failed) {
            self.commands = None;
            self.token_on_its_way = false;
            // Also those that the session had not heard of yet.
            let streams = std::mem::take(&mut self.streams);
            streams.values().filter_map(Weak::upgrade).for_each(|stream| FrameSink::close(&*stream));
        }
    }
}

/// Passes on what there was room for; without a connection there is nothing to do.
pub(in crate::driver) fn pass(room: Option<mpsc::OwnedPermit<Command>>, command: Command) {
    if let Some(room) = room {
        room.send(command);
    }
}
