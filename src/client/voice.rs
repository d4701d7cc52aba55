//! What the application sees of a session: the users, the microphone's way out, each speaker's way in.
//!
//! Still a state machine: the driver feeds the [`Session`] inside with bytes and time, carries out its outputs,
//! runs the decoding jobs, and hands commands of the application over.

use super::hearing::{FrameInfo, FrameSink, Hearing, nobody};
use super::microphone::Microphone;
use super::session::{Output, Session, SessionConfig, SessionEvent, left_reason};
use super::user::{User, audio_track};
use crate::audio::jitter::Delivery;
use crate::audio::mix::Mixer;
use crate::audio::receiver::{Done, Job, level};
use crate::audio::send::SendQueue;
use crate::audio::vad::VoiceDetector;
use crate::clock::Clock;
use crate::event::{ConnectionState, EventBody, Reason, SubscribeState};
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A server that has not yet taken a track off its section has nothing to negotiate when it is wanted again. After so
/// long without an offer or answer the track counts as carried.
const CONFIRMATION: Duration = Duration::from_millis(300);

/// Remote users that a channel keeps; those who come after do not exist for it.
const MAX_USERS: usize = 10_000;

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
}

/// A decoding job of one speaker, to be run anywhere and given back to [`Voice::finish`].
pub struct Work {
    user: Arc<str>,
    hearing: u64,
    /// The decoding.
    pub job: Job,
}

/// A job that was run.
pub struct Finished {
    user: Arc<str>,
    hearing: u64,
    /// None: the job did not come to its end.
    done: Option<Done>,
}

impl Work {
    /// Runs the job where the caller is. A fault in it costs the frame and the decoder's past, no more.
    pub fn run(self) -> Finished {
        let Work { user, hearing, job } = self;
        let done = catch_unwind(AssertUnwindSafe(|| job.run())).ok();
        Finished { user, hearing, done }
    }
}

/// See the module.
pub struct Voice {
    config: VoiceConfig,
    session: Session,
    microphone: Microphone,
    users: Vec<User>,
    /// The tracks that have a section, by the newest offer and answer.
    carried: Vec<Arc<str>>,
    mixer: Mixer<Arc<str>>,
    mix: Weak<dyn FrameSink>,
    mix_voice: Option<Option<VoiceDetector>>,
    identity: String,
    may_send_data: bool,
    token: Option<String>,
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
        let microphone = Microphone::new(config.queue.clone(), config.rate, config.channels, config.bitrate)?;
        Ok(Voice {
            session: Session::new(config.session.clone(), now),
            microphone,
            users: Vec::new(),
            carried: Vec::new(),
            mixer: Mixer::new(config.rate, config.channels),
            mix: nobody(),
            mix_voice: None,
            identity: String::new(),
            may_send_data: true,
            token: None,
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

    /// The session, for bytes and time; call [`Voice::advance`] afterwards.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Takes the session's next output for the driver. Media and events stay here.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output> {
        loop {
            match self.session.poll()? {
                Output::Media { track, packet } => {
                    let mixing = self.mix.strong_count() > 0;
                    let user = self.users.iter_mut().find(|user| user.carries(&track));
                    if let Some(hearing) = user.and_then(|user| user.hearing.as_mut()) {
                        hearing.receive(&packet, now, mixing);
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
        for index in 0..self.users.len() {
            if self.users[index].confirm_at.is_some_and(|at| at <= now) {
                self.confirm(now, index);
            }
        }
        if self.session.can_send() {
            let events = &mut self.events;
            self.microphone.poll(&mut self.session, now, |mark, status| {
                events.push_back(EventBody::Played { mark, status });
            });
        }
        while self.mixer.poll(now, &mut self.mixed) {
            if let Some(sink) = self.mix.upgrade() {
                let (rate, channels) = (self.config.rate, self.config.channels);
                let voice = self.mix_voice.get_or_insert_with(|| VoiceDetector::new(rate, channels));
                let voice_probability = voice.as_mut().map_or(0.0, |voice| f64::from(voice.listen(&self.mixed)));
                let info = FrameInfo {
                    timestamp_us: self.config.clock.micros(now),
                    arrival_us: 0,
                    rtp_time: 0,
                    samples: (self.mixed.len() / usize::from(self.config.channels)) as u32,
                    sample_rate: self.config.rate,
                    channels: u32::from(self.config.channels),
                    origin: 0,
                    level: u32::from(level(&self.mixed)),
                    voice_probability,
                };
                sink.write(info, &self.mixed);
            }
        }
    }

    /// When [`Voice::advance`] or [`Voice::poll_work`] have something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let sending = self.session.can_send().then(|| self.microphone.deadline()).flatten();
        let hearing = self.users.iter().filter_map(|user| user.hearing.as_ref()?.deadline());
        let confirming = self.users.iter().filter_map(|user| user.confirm_at);
        hearing.chain(confirming).chain(sending).chain(self.session.deadline()).chain(self.mixer.deadline()).min()
    }

    /// The next decoding job that is due. Heavy ones belong on another thread.
    pub fn poll_work(&mut self, now: Instant) -> Option<Work> {
        self.users.iter_mut().find_map(|user| {
            let hearing = user.hearing.as_mut()?;
            let job = hearing.poll(now)?;
            Some(Work { user: user.identity.clone(), hearing: hearing.serial(), job })
        })
    }

    /// Takes a job back; its frame goes to the user's ring and the mix.
    pub fn finish(&mut self, finished: Finished, now: Instant) {
        let Some(user) = self.users.iter_mut().find(|user| user.identity == finished.user) else { return };
        // A job may outlive its subscription; its frame then belongs to nobody.
        let hearing = user.hearing.as_mut().filter(|hearing| hearing.serial() == finished.hearing);
        let Some(hearing) = hearing else { return };
        let mix = (self.mix.strong_count() > 0).then_some(&mut self.mixer);
        hearing.finish(finished.done, now, |pcm| {
            if let Some(mixer) = mix {
                mixer.push(finished.user.clone(), pcm, now);
            }
        });
    }

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
        self.users[index].wanted = wanted;
        self.update_subscription(now, index);
        Ok(())
    }

    /// Mutes or unmutes the microphone.
    pub fn mute(&mut self, muted: bool) {
        self.microphone.set_muted(muted);
        self.session.mute(muted);
    }

    /// Sends a data packet to everyone, or to the identities in `to`. False: the queue is full.
    pub fn send_data(&mut self, now: Instant, payload: Vec<u8>, reliable: bool, topic: &str, to: Vec<String>) -> bool {
        let user =
            lk::UserPacket { payload, topic: (!topic.is_empty()).then(|| topic.to_string()), ..Default::default() };
        let packet = lk::DataPacket {
            destination_identities: to,
            value: Some(lk::data_packet::Value::User(user)),
            ..Default::default()
        };
        self.session.send_data(now, &packet, reliable)
    }

    /// Leaves the room and ends.
    pub fn leave(&mut self) {
        self.session.leave();
    }

    /// The connection's state.
    pub fn state(&self) -> ConnectionState {
        self.state
    }

    /// The token that the server gave in place of the first, which may be about to expire.
    pub fn refreshed_token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Data packets that wait to leave.
    pub fn data_waiting(&self) -> usize {
        self.session.data_waiting()
    }

    /// The token allows to send data.
    pub fn may_send_data(&self) -> bool {
        self.may_send_data
    }

    /// Why the state is what it is: OK, or the error that ended the connection.
    pub fn why(&self) -> &Error {
        &self.why
    }

    /// Our own identity, once joined; empty before.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The remote users in the order they joined: identity and subscribe state.
    pub fn users(&self) -> impl Iterator<Item = (&Arc<str>, SubscribeState)> {
        self.users.iter().map(|user| (&user.identity, user.state))
    }

    fn index(&self, user: &str) -> Result<usize> {
        self.users.iter().position(|u| &*u.identity == user).ok_or_else(|| not_found(user))
    }

    fn session_event(&mut self, now: Instant, event: SessionEvent) {
        match event {
            SessionEvent::Joined(join) => {
                let own = join.participant.unwrap_or_default();
                self.may_send_data = own.permission.is_none_or(|may| may.can_publish_data);
                self.identity = own.identity;
                for info in join.other_participants {
                    self.participant(now, info);
                }
            }
            SessionEvent::Connected => {
                self.set_state(now, ConnectionState::Connected, Reason::None, Status::OK, String::new());
            }
            SessionEvent::Participants(infos) => infos.into_iter().for_each(|info| self.participant(now, info)),
            SessionEvent::Tracks(tracks) => {
                self.carried = tracks;
                for index in 0..self.users.len() {
                    self.confirm(now, index);
                }
            }
            SessionEvent::Data { packet, reliable } => {
                if let Some(lk::data_packet::Value::User(user)) = packet.value {
                    self.events.push_back(EventBody::DataReceived {
                        user: packet.participant_identity,
                        topic: user.topic.unwrap_or_default(),
                        payload: user.payload,
                        reliable,
                    });
                }
            }
            SessionEvent::Muted(muted) => self.microphone.set_muted(muted),
            SessionEvent::Token(token) => self.token = Some(token),
            SessionEvent::Ended { reason, http_status: _, text } => self.ended(now, reason, text),
        }
    }

    fn ended(&mut self, now: Instant, reason: Reason, text: String) {
        let users = std::mem::take(&mut self.users);
        for user in users {
            self.close(now, user);
        }
        let (state, status) = match reason {
            Reason::Requested => (ConnectionState::Disconnected, Status::OK),
            Reason::BadToken => (ConnectionState::Failed, Status::BAD_TOKEN),
            Reason::Unreachable => (ConnectionState::Failed, Status::UNREACHABLE),
            Reason::Protocol => (ConnectionState::Failed, Status::PROTOCOL),
            Reason::Refused => (ConnectionState::Failed, Status::REFUSED),
            Reason::TimedOut => (ConnectionState::Failed, Status::UNREACHABLE),
            _ => (ConnectionState::Failed, Status::DISCONNECTED),
        };
        self.set_state(now, state, reason, status, text);
    }

    /// Someone else's state as the server tells it.
    fn participant(&mut self, now: Instant, info: lk::ParticipantInfo) {
        let position = self.users.iter().position(|user| *user.identity == *info.identity);
        if info.state() == lk::participant_info::State::Disconnected {
            if let Some(position) = position.filter(|at| self.users[*at].sid == info.sid) {
                let user = self.users.remove(position);
                let identity = user.identity.to_string();
                let reason = left_reason(&info);
                self.close(now, user);
                self.events.push_back(EventBody::UserLeft { user: identity, reason });
            }
            return;
        }
        // Our own state comes too; nobody hears themselves.
        if info.identity == self.identity || (position.is_none() && self.users.len() >= MAX_USERS) {
            return;
        }
        let index = position.unwrap_or_else(|| {
            self.events.push_back(EventBody::UserJoined { user: info.identity.clone() });
            self.users.push(User::new(&info, now, self.config.subscribe_all));
            self.users.len() - 1
        });
        let track = audio_track(&info);
        let user = &mut self.users[index];
        user.sid = info.sid.clone();
        let muted = track.is_some_and(|track| track.muted);
        if muted != user.muted {
            user.muted = muted;
            self.events.push_back(EventBody::UserMuted { user: info.identity.clone(), muted });
        }
        let user = &mut self.users[index];
        let sid: Option<Arc<str>> = track.map(|track| track.sid.as_str().into());
        if sid != user.track {
            user.track = sid;
            user.open = false;
            user.requested = false;
            self.end_hearing(index);
        }
        self.update_subscription(now, index);
    }

    /// Brings a user's subscribe state in line with what is wanted, published and carried.
    fn update_subscription(&mut self, now: Instant, index: usize) {
        let user = &mut self.users[index];
        if let Some(track) = user.track.clone().filter(|_| user.wanted != user.requested) {
            user.requested = user.wanted;
            user.open = false;
            user.confirm_at = (user.wanted && self.carried.contains(&track)).then(|| now + CONFIRMATION);
            self.session.subscribe(&user.sid, &track, user.wanted);
        }
        if !user.wanted || user.track.is_none() {
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
            user.hearing = Some(Hearing::new(self.subscriptions, &self.config, types, user.sink.clone()));
        }
    }

    /// Takes over whether a section carries the user's track.
    fn confirm(&mut self, now: Instant, index: usize) {
        let user = &mut self.users[index];
        user.open = user.track.as_ref().is_some_and(|track| self.carried.contains(track));
        user.confirm_at = None;
        self.update_subscription(now, index);
    }

    /// Ends what is heard of a user, and the stream that the application reads.
    fn end_hearing(&mut self, index: usize) {
        let user = &mut self.users[index];
        if user.hearing.take().is_some() {
            self.mixer.remove(&user.identity);
            user.close_sink();
            self.events.push_back(EventBody::StreamEnded { user: user.identity.to_string() });
        }
    }

    /// A user is gone: the stream ends, the subscription is idle.
    fn close(&mut self, now: Instant, mut user: User) {
        self.mixer.remove(&user.identity);
        user.close_sink();
        if user.hearing.take().is_some() {
            self.events.push_back(EventBody::StreamEnded { user: user.identity.to_string() });
        }
        let change = user.change(now, SubscribeState::Idle);
        self.events.push_back(change);
    }

    fn set_state(&mut self, now: Instant, new: ConnectionState, reason: Reason, status: Status, text: String) {
        let old = std::mem::replace(&mut self.state, new);
        let elapsed_us = now.saturating_duration_since(self.state_since).as_micros() as u64;
        self.state_since = now;
        self.why = Error::new(status, text.clone());
        self.events.push_back(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us });
    }
}

fn not_found(user: &str) -> Error {
    Error::new(
        Status::NOT_FOUND,
        format!("no user '{user}' is in the room; wait for user_joined, or look at the users"),
    )
}
