//! An engine: media threads, one dispatch thread, and the room server when no URL is given.

use super::channel::{Channel, ChannelOptions};
use super::clock::time_of_day;
use super::dial::Target;
use super::dispatch::Dispatcher;
use super::dump::Dumper;
use super::pool::Pool;
use super::reach::Reach;
use super::server::{Server, ServerOptions};
use super::shard::Shards;
use super::stats::{EngineStats, ServerStats, Totals};
use crate::clock::Clock;
use crate::event::ConnectionState;
use crate::token::jwt::{self, Claims, VideoGrant};
use crate::{Error, Result, Status, rtc};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use str0m::config::{CryptoProvider, DtlsCert};

/// How an engine is made.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The app id, or LiveKit's API key. Empty is refused.
    pub app_id: String,
    /// The app certificate, or LiveKit's API secret. Empty: a random secret when the room server is inside;
    /// with a URL each channel then needs a token of its own.
    pub app_certificate: String,
    /// `ws://` or `wss://` of a LiveKit server (`http://` and `https://` mean the same). Empty: the room server inside.
    pub url: String,
    /// With `wss://`: a PEM file with the certificates to trust, and no others. Empty: those of the system.
    pub ca_file: String,
    /// Media threads; 0 means as many as cores, at most 4.
    pub threads: u32,
}

/// An engine. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
}

/// What the channels of an engine share.
pub(super) struct Parts {
    app_id: String,
    secret: String,
    url: String,
    pub(super) reach: Arc<Reach>,
    pub(super) clock: Clock,
    pub(super) crypto: Arc<CryptoProvider>,
    /// One DTLS certificate for all connections of the engine: making one costs more than a join.
    pub(super) cert: Option<DtlsCert>,
    pub(super) pool: Pool,
    pub(super) dispatcher: Dispatcher,
    pub(super) dumper: Dumper,
    pub(super) totals: Totals,
    running: Mutex<Running>,
}

/// What closing takes away.
struct Running {
    shards: Option<Shards>,
    server: Option<Server>,
    channels: Vec<Weak<super::state::Inner>>,
}

impl Engine {
    /// Starts an engine.
    pub fn new(options: EngineOptions) -> Result<Engine> {
        options.validate()?;
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get().min(4)),
            given => given as usize,
        };
        let inside = options.url.is_empty();
        let secret = match options.app_certificate {
            // Nobody else knows it, so nobody else gets in.
            none if none.is_empty() && inside => super::random_secret(),
            given => given,
        };
        let server = if inside {
            let keys = vec![(options.app_id.clone(), secret.clone())];
            Some(Server::new(ServerOptions { keys, ..ServerOptions::default() })?)
        } else {
            None
        };
        let url = server.as_ref().map_or(options.url, Server::url);
        let reach = Arc::new(Reach::new(Target::parse(&url)?, &options.ca_file)?);
        let crypto = rtc::crypto_provider();
        let parts = Parts {
            app_id: options.app_id,
            secret,
            url,
            reach,
            clock: super::clock::clock(),
            cert: crypto.dtls_provider.generate_certificate(),
            crypto,
            pool: Pool::new(),
            dumper: Dumper::new(),
            totals: Totals::default(),
            dispatcher: Dispatcher::start("stoa-dispatch")?,
            running: Mutex::new(Running { shards: Some(Shards::start(threads)?), server, channels: Vec::new() }),
        };
        Ok(Engine { parts: Arc::new(parts) })
    }

    /// The URL other processes join with.
    pub fn url(&self) -> String {
        self.parts.url()
    }

    /// A channel of this engine, not yet connected.
    pub fn create_channel(&self, options: ChannelOptions) -> Result<Channel> {
        let channel = Channel::new(self.parts.clone(), options)?;
        let mut running = self.parts.lock();
        if running.shards.is_none() {
            return Err(closed());
        }
        running.channels.retain(|channel| channel.strong_count() > 0);
        running.channels.push(Arc::downgrade(&channel.inner));
        Ok(channel)
    }

    /// What it and its threads have counted so far.
    pub fn stats(&self) -> EngineStats {
        let mut stats = EngineStats { time_us: self.parts.clock.micros(Instant::now()), ..EngineStats::default() };
        self.parts.pool.measure(&mut stats);
        self.parts.dispatcher.measure(&mut stats);
        self.parts.totals.measure(&mut stats);
        let running = self.parts.lock();
        if let Some(shards) = &running.shards {
            shards.measure(&mut stats);
        }
        stats.cpu_server_us = running.server.as_ref().map_or(0, |server| server.stats().cpu_us);
        let channels: Vec<_> = running.channels.iter().filter_map(Weak::upgrade).collect();
        // One of them may be the last to hold a channel, whose end calls back.
        drop(running);
        let connected = |channel: &&Arc<super::state::Inner>| channel.lock().state == ConnectionState::Connected;
        stats.channels = channels.len() as u64;
        stats.channels_connected = channels.iter().filter(connected).count() as u64;
        stats
    }

    /// What the room server inside has counted so far; BAD_STATE where the engine has a URL.
    pub fn server_stats(&self) -> Result<ServerStats> {
        let running = self.parts.lock();
        let inside = running.server.as_ref().map(Server::stats);
        inside.ok_or_else(|| {
            Error::new(Status::BAD_STATE, "the engine has no room server inside: ask the server that it has the url of")
        })
    }

    /// Builds a token for a room and a user of this engine, valid for `ttl`.
    pub fn build_token(&self, room: &str, user: &str, ttl: Duration) -> Result<String> {
        self.parts.build_token(room, user, ttl)
    }

    /// Closes all channels and the room server and ends the threads, within about `timeout`. Idempotent; safe in callbacks.
    pub fn close(&self, timeout: Duration) -> Result<()> {
        let (shards, server, channels) = {
            let mut running = self.parts.lock();
            (running.shards.take(), running.server.take(), std::mem::take(&mut running.channels))
        };
        let until = Instant::now() + timeout;
        let channels: Vec<Channel> = channels.iter().filter_map(Weak::upgrade).map(|inner| Channel { inner }).collect();
        channels.iter().for_each(Channel::begin_close);
        // Each is closed, whatever became of the one before.
        let closed: Vec<Result<()>> = channels.iter().map(|channel| channel.close_by(until)).collect();
        let left = || until.saturating_duration_since(Instant::now());
        // Before what may take long on a busy machine: it must not look as if a callback did.
        let dispatched = self.parts.dispatcher.stop(left());
        if let Some(server) = server {
            server.close();
        }
        if let Some(shards) = shards {
            shards.stop(left());
        }
        self.parts.pool.stop();
        self.parts.dumper.stop(left());
        closed.into_iter().collect::<Result<()>>().and(dispatched)
    }
}

impl Parts {
    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    pub(super) fn spawn<F, T>(&self, make: F) -> Result<()>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Future<Output = ()> + 'static,
    {
        self.lock().shards.as_ref().ok_or_else(closed)?.spawn(make)
    }

    pub(super) fn build_token(&self, room: &str, user: &str, ttl: Duration) -> Result<String> {
        if self.secret.is_empty() {
            let text = "there is no certificate to build a token with; give the engine one, or the channel a token";
            return Err(Error::new(Status::BAD_TOKEN, text));
        }
        let now = time_of_day().as_secs();
        let claims = Claims {
            iss: self.app_id.clone(),
            sub: user.into(),
            // A clock that is a little ahead of the server's is no reason to be refused.
            nbf: now.saturating_sub(60),
            exp: now + ttl.as_secs(),
            video: VideoGrant {
                room: room.into(),
                room_join: true,
                can_update_own_metadata: Some(true),
                ..VideoGrant::default()
            },
            ..Claims::default()
        };
        Ok(jwt::build(&claims, &self.app_id, &self.secret))
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    Error::new(Status::CLOSED, "the engine was closed; make another one")
}
