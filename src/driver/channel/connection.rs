//! Joining, leaving and coming back; the token in use; closing.

use super::Channel;
use super::identity::{TOKEN_TTL, token_user};
use crate::client::hearing::FrameSink;
use crate::driver::dial::SIGNALS;
use crate::driver::state::{Shared, closed};
use crate::driver::stream::Stream;
use crate::driver::task::{self, Command};
use crate::event::{ConnectionState, EventBody, Reason};
use crate::{Error, Result, Status};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long closing takes at most: for a callback that runs, and for the farewell.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
/// How long the farewell may take.
const FAREWELL_PATIENCE: Duration = Duration::from_millis(500);

impl Channel {
    /// Joins. Zero timeout: returns at once (OK) and reports by event; None waits for ever. Fails at state 5 with why.
    /// A join that takes longer than the timeout is given up: TIMED_OUT, state 1.
    pub fn connect(&self, timeout: Option<Duration>) -> Result<()> {
        let inner = &self.inner;
        let (commands, receiver) = mpsc::channel(SIGNALS);
        // The end of the last connection is told before the beginning of this one.
        let told = |shared: &Shared| shared.closed || shared.told.0 == shared.state;
        let (mut shared, _) = inner.wait(Some(FAREWELL_PATIENCE), told);
        if shared.closed {
            return Err(closed());
        }
        if !matches!(shared.state, ConnectionState::Disconnected | ConnectionState::Failed) || shared.commands.is_some()
        {
            return Err(Error::new(Status::BAD_STATE, "the channel is connected or connecting; disconnect it first"));
        }
        if !shared.token_given {
            // The one of an earlier connect may have expired since.
            shared.token = inner.engine.build_token(&inner.options.name, &shared.user, TOKEN_TTL)?;
        }
        shared.state = ConnectionState::Connecting;
        shared.mutes = u32::from(shared.muted);
        if shared.muted {
            let _ = commands.try_send(Command::Mute(true));
        }
        if let Some(mix) = shared.mix.upgrade() {
            let _ = commands.try_send(Command::OpenMix(Stream { inner: mix }.sink()));
        }
        if shared.vad.is_some() {
            let _ = commands.try_send(Command::SetVad(shared.vad));
        }
        if let Some(dump) = &shared.dump {
            let _ = commands.try_send(Command::SetTap(Some(dump.clone())));
        }
        shared.commands = Some(commands);
        // What the last connection did not come to is over with it.
        (shared.leaving, shared.subscribes_taken) = (Arc::default(), shared.subscribes);
        let start = task::Start {
            inner: inner.clone(),
            token: shared.token.clone(),
            commands: receiver,
            leaving: shared.leaving.clone(),
            pushed: inner.pushed.clone(),
        };
        drop(shared);
        inner.publish(connecting(), Instant::now());
        if let Err(error) = inner.engine.spawn(move || task::run(start)) {
            inner.fail(Reason::Internal, error.status, error.text.clone());
            return Err(error);
        }
        if timeout == Some(Duration::ZERO) {
            return Ok(());
        }
        let done = |shared: &Shared| !matches!(shared.state, ConnectionState::Connecting);
        let (shared, in_time) = inner.wait(timeout, done);
        match shared.state {
            ConnectionState::Failed => Err(shared.why.clone()),
            _ if !in_time => {
                drop(shared);
                inner.leave();
                drop(inner.wait(Some(FAREWELL_PATIENCE), |shared| shared.commands.is_none()));
                Err(Error::new(Status::TIMED_OUT, "the join took longer than the timeout and was given up"))
            }
            ConnectionState::Disconnected => {
                Err(Error::new(Status::DISCONNECTED, "the channel was disconnected while it was connecting"))
            }
            _ => Ok(()),
        }
    }

    /// Leaves; waits until state 1. Zero timeout: returns at once (OK), and an event tells the rest.
    /// A channel that is not connected is left as it is.
    pub fn disconnect(&self, timeout: Option<Duration>) -> Result<()> {
        if self.inner.lock().commands.is_none() {
            return Ok(());
        }
        self.inner.leave();
        if timeout == Some(Duration::ZERO) {
            return Ok(());
        }
        let (shared, in_time) = self.inner.wait(timeout, |shared| shared.commands.is_none());
        drop(shared);
        if in_time { Ok(()) } else { Err(Error::new(Status::TIMED_OUT, "still leaving; the end comes as an event")) }
    }

    /// Makes the connection again now: in state 4 it ends the wait for the next attempt, in state 3 it gives the connection up
    /// and comes back from new sockets. Does not wait. Other states: BAD_STATE.
    pub fn reconnect(&self) -> Result<()> {
        let shared = self.inner.open()?;
        if self.inner.options.no_reconnect {
            return Err(Error::new(
                Status::BAD_STATE,
                "the channel was made with no_reconnect; disconnect it, and connect it again",
            ));
        }
        shared.in_room()?;
        shared.command(Command::Reconnect)
    }

    /// The connection's state.
    pub fn state(&self) -> ConnectionState {
        self.inner.lock().state
    }

    /// Takes a token in place of the one in use, without leaving. It must be for the same room and user; the server verifies it.
    pub fn renew_token(&self, token: &str) -> Result<()> {
        let mut shared = self.inner.open()?;
        token_user(token, &self.inner.options.name, Some(&shared.user))?;
        if shared.commands.is_some() {
            shared.command(Command::RenewToken(token.into()))?;
            shared.token_on_its_way = true;
        }
        shared.token = token.into();
        shared.token_given = true;
        Ok(())
    }

    /// Disconnects and ends all streams, within a second. Idempotent; safe in callbacks.
    pub fn close(&self) -> Result<()> {
        self.close_by(Instant::now() + CLOSE_PATIENCE)
    }

    /// Takes no new calls and says farewell, without waiting.
    pub(in super::super) fn begin_close(&self) {
        let mut shared = self.inner.lock();
        shared.closed = true;
        let streams = std::mem::take(&mut shared.for_callback);
        drop(shared);
        drop(streams);
        self.inner.changed.notify_all();
        self.inner.leave();
        self.inner.queue.close();
    }

    pub(in super::super) fn close_by(&self, until: Instant) -> Result<()> {
        self.begin_close();
        let inner = &self.inner;
        let left = || until.saturating_duration_since(Instant::now());
        let events = inner.listeners.close(left, &inner.events);
        let frames = inner.frame_callback.replace(None, left());
        let (mut shared, _) = inner.wait(Some(left().min(FAREWELL_PATIENCE)), |shared| shared.commands.is_none());
        let dump = shared.dump.take();
        let streams: Vec<_> = shared.streams.values().chain([&shared.mix]).filter_map(Weak::upgrade).collect();
        drop(shared);
        inner.events.close();
        for stream in streams {
            FrameSink::close(&*stream);
        }
        if let Some(dump) = dump {
            dump.end(left());
        }
        events.and(frames)
    }
}

/// The event of a connection that begins.
fn connecting() -> EventBody {
    EventBody::ConnectionStateChanged {
        old: ConnectionState::Disconnected,
        new: ConnectionState::Connecting,
        reason: Reason::None,
        status: Status::OK,
        text: String::new(),
        elapsed_us: 0,
    }
}
