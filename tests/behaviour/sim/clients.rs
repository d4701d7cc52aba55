//! How clients are made, and join.

use super::{Client, Link, QUIET, Sim, ms, token};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use stoa::audio::jitter::Delivery;
use stoa::audio::send::{Backpressure, SendQueue};
use stoa::client::rpc::Callee;
use stoa::client::session::SessionConfig;
use stoa::client::voice::{Voice, VoiceConfig};
use stoa::message::queue::MessageQueue;

/// How a client is made; the rest is as an application's defaults.
#[derive(Clone)]
pub struct Options {
    pub rate: u32,
    pub channels: u8,
    pub delivery: Delivery,
    pub subscribe_all: bool,
    pub link: Link,
    pub token: Option<String>,
    /// The room to name beside the token.
    pub asked: Option<String>,
    /// Of the send queue, milliseconds.
    pub queue_ms: u64,
    /// No microphone.
    pub listen_only: bool,
    /// The server does not know `/rtc/v1`, as older ones: two peer connections.
    pub old_server: bool,
    /// For how long a lost connection is tried to be made again.
    pub reconnect: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            rate: 24_000,
            channels: 1,
            delivery: Delivery::Steady,
            subscribe_all: true,
            link: QUIET,
            token: None,
            asked: None,
            queue_ms: 30_000,
            listen_only: false,
            old_server: false,
            reconnect: Some(stoa::client::reconnect::RECONNECT_TIMEOUT),
        }
    }
}

/// A stopwatch that runs on by 1 ms whenever somebody looks: so whatever is timed takes 1 ms.
fn stopwatch() -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    thread_local!(static LOOKS: Cell<u32> = const { Cell::new(0) });
    *START + ms(1) * LOOKS.replace(LOOKS.get() + 1)
}

impl Sim {
    /// Adds a client and lets it begin to join. Returns its number.
    pub fn add(&mut self, user: &str, options: Options) -> usize {
        let index = self.clients.len();
        let address: SocketAddr = ([10, 0, 1, index as u8 + 1], 5000).into();
        let channels = usize::from(options.channels);
        let capacity = options.queue_ms as usize * options.rate as usize / 1000;
        let queue = Arc::new(SendQueue::new(channels, capacity, Backpressure::Refuse, Box::new(|| {})));
        let messages = Arc::new(MessageQueue::new(Box::new(|| {})));
        let callee = Arc::new(Callee::default());
        let token = options.token.unwrap_or_else(|| token(user, |_| {}));
        let session = SessionConfig {
            rtc: stoa::rtc::config(&stoa::rtc::crypto_provider(), None),
            local: address,
            publish: !options.listen_only,
            stereo: options.channels == 2,
            cid: format!("microphone-{index}"),
            asked: options.asked.map(|room| (room, user.to_string())),
        };
        let config = VoiceConfig {
            session,
            clock: self.clock,
            rate: options.rate,
            channels: options.channels,
            bitrate: 24_000,
            delivery: options.delivery,
            subscribe_all: options.subscribe_all,
            queue: queue.clone(),
            messages: messages.clone(),
            callee: callee.clone(),
            stopwatch,
            room: "room".into(),
            token: token.clone(),
            reconnect: options.reconnect,
            seed: self.seed + index as u64,
        };
        let mut voice = Voice::new(config, self.now).expect("a voice");
        voice.start(self.now);
        self.clients.push(Client {
            voice,
            queue,
            messages,
            callee,
            events: Vec::new(),
            link: options.link,
            token,
            old_server: options.old_server,
            address,
            conn: 0,
            ports: [5000, 5001],
            streams: Vec::new(),
            relay_streams: Vec::new(),
            others: 0,
            dialed: Vec::new(),
        });
        self.pump();
        index
    }

    /// A client that is in the room before this returns.
    pub fn join(&mut self, user: &str, options: Options) -> usize {
        let index = self.add(user, options);
        let joined = |sim: &Sim| sim.clients[index].voice.state() == stoa::event::ConnectionState::Connected;
        assert!(self.run_until(ms(5000), joined), "{user} did not get in: {:?}", self.clients[index].events);
        index
    }
}
