//! What the application sees of a session: the users, the microphone's way out, each speaker's way in.
//!
//! Still a state machine: the driver feeds the [`Session`] inside with bytes and time, carries out its outputs,
//! runs the decoding jobs, and hands commands of the application over.

mod commands;
mod events;
mod moving;
mod participants;
mod reconnect;
mod state;
mod stats;
mod subscriptions;
mod work;

pub use commands::{not_allowed, not_found};
pub use work::{Finished, Work};

use super::ear::Ear;
use super::expiry::Expiry;
use super::gate::VadConfig;
use super::hearing::{FrameInfo, FrameSink, nobody};
use super::messages::Messages;
use super::microphone::Microphone;
use super::people::{People, Requests};
use super::reconnect::Reconnect;
use super::rpc::{Callee, Rpc};
use super::session::{Output, Session, SessionConfig};
use super::tap::Tap;
use super::user::User;
use crate::audio::jitter::Delivery;
use crate::audio::mix::Mixer;
use crate::audio::receiver::level;
use crate::audio::send::SendQueue;
use crate::audio::vad::VoiceDetector;
use crate::clock::Clock;
use crate::event::{ConnectionState, EventBody, Reason};
use crate::message::queue::MessageQueue;
use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How a voice is made.
pub struct VoiceConfig {
    /// The session's half.
    pub session: SessionConfig,
    /// The engine's clock, for the times of frames.
    pub clock: Clock,
    /// Hz of the application's PCM.
    pub rate: u32,
    /// Channels of the application's PCM.
    pub channels: u8,
    /// Opus bit rate, bits a second.
    pub bitrate: u32,
    /// Even or eager.
    pub delivery: Delivery,
    /// Subscribe to every user as they publish.
    pub subscribe_all: bool,
    /// Where the application pushes to.
    pub queue: Arc<SendQueue>,
    /// Where its messages wait.
    pub messages: Arc<MessageQueue>,
    /// The methods that it answers, and the calls that wait for it.
    pub callee: Arc<Callee>,
    /// What encoding and decoding are timed with. It decides nothing: only statistics see it.
    pub stopwatch: fn() -> Instant,
    /// The room's name.
    pub room: String,
    /// The token that the join is made with.
    pub token: String,
    /// For how long a lost connection is tried to be made again; None: it is the end.
    pub reconnect: Option<Duration>,
    /// Any number; it spreads the attempts of many clients.
    pub seed: u64,
}

/// See the module.
pub struct Voice {
    config: VoiceConfig,
    session: Session,
    microphone: Microphone,
    messages: Messages,
    rpc: Rpc,
    people: Arc<People>,
    requests: Requests,
    users: Vec<User>,
    /// The tracks that have a section, by the newest offer and answer.
    carried: Vec<Arc<str>>,
    mixer: Mixer<Arc<str>>,
    mix: Weak<dyn FrameSink>,
    mix_voice: Option<VoiceDetector>,
    vad: Option<VadConfig>,
    tap: Option<Arc<dyn Tap>>,
    identity: String,
    may_send_data: bool,
    /// In place of the first token.
    token: Option<String>,
    reconnect: Reconnect,
    /// The room's sid: another one is another room, of the same name.
    room_sid: String,
    /// The microphone could send once. From then on its time passes whether it can or not.
    speaks: bool,
    expiry: Expiry,
    /// The server did not let this user speak when it last told.
    silenced: bool,
    /// What tokens, and the times of messages, go by.
    wall: Clock,
    /// What counts again if the server refuses the new token.
    before: Option<String>,
    /// Something changed that no event tells.
    changed: bool,
    /// Subscriptions so far: each has its own number.
    subscriptions: u64,
    state: ConnectionState,
    why: Error,
    state_since: Instant,
    events: VecDeque<EventBody>,
    mixed: Vec<i16>,
}

impl Voice {
    /// A voice that has not begun to join.
    pub fn new(config: VoiceConfig, now: Instant) -> Result<Voice> {
        let microphone = Microphone::new(&config)?;
        Ok(Voice {
            session: Session::new(config.session.clone(), now),
            microphone,
            messages: Messages::new(config.messages.clone()),
            rpc: Rpc::new(config.callee.clone()),
            people: Arc::default(),
            requests: Requests::default(),
            users: Vec::new(),
            carried: Vec::new(),
            mixer: Mixer::new(config.rate, config.channels),
            mix: nobody(),
            mix_voice: None,
            vad: None,
            tap: None,
            identity: String::new(),
            may_send_data: true,
            token: None,
            reconnect: Reconnect::new(config.reconnect, config.seed),
            room_sid: String::new(),
            speaks: false,
            expiry: Expiry::of(&config.token, &config.room),
            silenced: false,
            wall: config.clock,
            before: None,
            changed: false,
            subscriptions: 0,
            state: ConnectionState::Disconnected,
            why: Error::new(Status::OK, ""),
            state_since: now,
            events: VecDeque::new(),
            mixed: Vec::new(),
            config,
        })
    }

    /// Begins to join.
    pub fn start(&mut self, now: Instant) {
        self.set_state(now, ConnectionState::Connecting, Reason::None, Status::OK, String::new());
        self.session.start(now);
    }

    /// What the wall clock shows at `now`, microseconds since the Unix epoch: the ends of tokens go by it.
    pub fn wall_clock(&mut self, now: Instant, unix_us: u64) {
        self.wall.follow(now, unix_us);
    }

    /// The session, for bytes and time; call [`Voice::advance`] afterwards.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Takes the session's next output for the driver. Media and events stay here.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output> {
        loop {
            match self.session.poll()? {
                Output::Media { track, packet } => {
                    let wanted = self.mix.strong_count() > 0 || self.tap.as_ref().is_some_and(|tap| tap.hears());
                    let user = self.users.iter_mut().find(|user| user.ears().any(|ear| ear.carries(&track)));
                    let ears = user.into_iter().flat_map(User::ears_mut).filter(|ear| ear.carries(&track));
                    for ear in ears {
                        let wanted = wanted && ear.is_voice();
                        if let Some(hearing) = &mut ear.hearing {
                            hearing.receive(&packet, now, wanted);
                        }
                    }
                }
                Output::Event(event) => self.session_event(now, event),
                other => return Some(other),
            }
        }
    }

    /// The next event for the application.
    pub fn poll_event(&mut self) -> Option<EventBody> {
        self.events.pop_front()
    }

    /// Does what is due: sends a frame, gives out the mix. Decoding jobs are the driver's: [`Voice::poll_work`].
    pub fn advance(&mut self, now: Instant) {
        if self.session.deadline().is_some_and(|deadline| deadline <= now) {
            self.session.timeout(now);
        }
        self.come_back(now);
        for index in 0..self.users.len() {
            if self.users[index].ears().any(|ear| ear.confirm_at.is_some_and(|at| at <= now)) {
                self.confirm(now, index);
            }
            if self.users[index].named.iter().any(Ear::is_let_go) {
                self.update_subscription(now, index);
            }
            let user = &mut self.users[index];
            if let Some(turn) = user.voice.hearing.as_mut().and_then(|hearing| hearing.quiet(now)) {
                self.events.push_back(user.speech(turn));
            }
        }
        self.speaks |= self.session.can_send();
        if self.speaks {
            let events = &mut self.events;
            self.microphone.poll(&mut self.session, now, |mark, status| {
                events.push_back(EventBody::Played { mark, status });
            });
            if let Some(gap) = self.microphone.take_gap() {
                self.events.push_back(EventBody::Starving { gap_us: gap.as_micros() as u64 });
            }
        }
        self.messages.timeout(now, &mut self.events);
        self.rpc.timeout(now, &mut self.events);
        self.requests.timeout(now);
        // After the microphone: a long message leaves between the frames.
        let unix_ms = (self.wall.micros(now) / 1000) as i64;
        self.messages.send(&mut self.session, now, unix_ms, &mut self.events);
        if self.state == ConnectionState::Connected
            && let Some(left) = self.expiry.poll(&self.wall, now)
        {
            self.events.push_back(EventBody::TokenWillExpire { left_us: left.as_micros() as u64 });
        }
        while self.mixer.poll(now, &mut self.mixed) {
            if let Some(sink) = self.mix.upgrade() {
                let (rate, channels) = (self.config.rate, self.config.channels);
                let voice = self.mix_voice.get_or_insert_with(|| VoiceDetector::new(rate, channels));
                let level = level(&self.mixed);
                let voice_probability = f64::from(voice.listen(&self.mixed, level));
                let info = FrameInfo {
                    timestamp_us: self.config.clock.micros(now),
                    arrival_us: 0,
                    rtp_time: 0,
                    samples: (self.mixed.len() / usize::from(self.config.channels)) as u32,
                    sample_rate: self.config.rate,
                    channels: u32::from(self.config.channels),
                    origin: 0,
                    level: u32::from(level),
                    voice_probability,
                    speech: 0,
                };
                sink.write(info, &self.mixed);
            }
        }
    }

    /// When [`Voice::advance`] or [`Voice::poll_work`] have something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let sending = (self.speaks || self.session.can_send()).then(|| self.microphone.deadline()).flatten();
        let ears = || self.users.iter().flat_map(User::ears);
        let returning = self.users.iter().filter_map(|user| user.awaited_until);
        let returning = returning.chain(ears().filter_map(|ear| ear.track_until));
        let hearing = ears().filter_map(|ear| ear.hearing.as_ref()?.deadline());
        let confirming = ears().filter_map(|ear| ear.confirm_at);
        let expiring = (self.state == ConnectionState::Connected).then(|| self.expiry.deadline(&self.wall)).flatten();
        let media = hearing.chain(confirming).chain(sending).chain(self.mixer.deadline());
        let asked = self.rpc.deadline().into_iter().chain(self.requests.deadline());
        let media = media.chain(returning).chain(self.reconnect.deadline()).chain(asked);
        media.chain(self.session.deadline()).chain(self.messages.deadline()).chain(expiring).min()
    }
}
