//! What the application sees of a session: the users, the microphone's way out, each speaker's way in.
//!
//! Still a state machine: the driver feeds the [`Session`] inside with bytes and time, carries out its outputs,
//! runs the decoding jobs, and hands commands of the application over.

mod moving;

use super::expiry::Expiry;
use super::gate::VadConfig;
use super::hearing::{FrameInfo, FrameSink, Hearing, nobody};
use super::messages::{self, Messages};
use super::microphone::Microphone;
use super::people::{OwnChange, People, Requests, Told};
use super::reconnect::{Reconnect, may_pass};
use super::rpc::{Callee, OpenCall, Rpc, RpcCall, RpcCounters, RpcError, code};
use super::session::{Output, Session, SessionConfig, SessionEvent, left_reason};
use super::stats::{HearingStats, VoiceStats};
use super::tap::Tap;
use super::user::{User, audio_track};
use crate::audio::jitter::Delivery;
use crate::audio::mix::Mixer;
use crate::audio::receiver::{Done, Job, level};
use crate::audio::send::SendQueue;
use crate::audio::vad::VoiceDetector;
use crate::clock::Clock;
use crate::event::{ConnectionState, EventBody, Reason, SubscribeState};
use crate::message::queue::MessageQueue;
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A server that has not yet taken a track off its section has nothing to negotiate when it is wanted again. After so
/// long without an offer or answer the track counts as carried.
const CONFIRMATION: Duration = Duration::from_millis(300);

/// In a room that was made anew, as by a server that was restarted, everyone comes back when their turn is. So long a user
/// who was in the room before is waited for.
const RETURN: Duration = Duration::from_secs(10);

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

/// A decoding job of one speaker, to be run anywhere and given back to [`Voice::finish`].
pub struct Work {
    user: Arc<str>,
    hearing: u64,
    /// The decoding.
    pub job: Job,
    stopwatch: fn() -> Instant,
}

/// A job that was run.
pub struct Finished {
    user: Arc<str>,
    hearing: u64,
    /// None: the job did not come to its end.
    done: Option<Done>,
    took: Duration,
}

impl Work {
    /// Runs the job where the caller is. A fault in it costs the frame and the decoder's past, no more.
    pub fn run(self) -> Finished {
        let Work { user, hearing, job, stopwatch } = self;
        let begun = stopwatch();
        let done = catch_unwind(AssertUnwindSafe(|| job.run())).ok();
        Finished { user, hearing, done, took: stopwatch().saturating_duration_since(begun) }
    }
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

    /// Goes on counting from the numbers of the channel's voices before.
    pub fn count_from(&mut self, earlier: VoiceStats) {
        self.session.count_from(earlier);
    }

    /// The numbers so far.
    pub fn stats(&self, now: Instant) -> VoiceStats {
        let mut stats = self.session.stats(now);
        self.messages.count(&mut stats);
        self.rpc.counters.add_to(&mut stats.rpc);
        stats
    }

    /// Tells every open stream its numbers; a stream's last ones are told before it ends.
    pub fn report(&self) {
        self.users.iter().for_each(|user| self.tell(user));
        if let Some(sink) = self.mix.upgrade() {
            let samples = self.mixer.dropped() / u64::from(self.config.channels);
            let mix_dropped = Duration::from_micros(samples * 1_000_000 / u64::from(self.config.rate));
            sink.measured(&HearingStats { mix_dropped, network: self.network(), ..HearingStats::default() });
        }
    }

    fn tell(&self, user: &User) {
        if let (Some(hearing), Some(sink)) = (&user.hearing, user.sink.upgrade()) {
            sink.measured(&HearingStats { network: self.network(), ..hearing.stats() });
        }
    }

    /// The way from the server, as far as it can be known here.
    fn network(&self) -> Duration {
        Duration::from_nanos(self.session.stats.round_trip.recent_ns / 2)
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
                    let user = self.users.iter_mut().find(|user| user.carries(&track));
                    if let Some(hearing) = user.and_then(|user| user.hearing.as_mut()) {
                        hearing.receive(&packet, now, wanted);
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
            if self.users[index].confirm_at.is_some_and(|at| at <= now) {
                self.confirm(now, index);
            }
            let user = &mut self.users[index];
            if let Some(turn) = user.hearing.as_mut().and_then(|hearing| hearing.quiet(now)) {
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
        let returning = self.users.iter().filter_map(|user| user.awaited_until);
        let hearing = self.users.iter().filter_map(|user| user.hearing.as_ref()?.deadline());
        let confirming = self.users.iter().filter_map(|user| user.confirm_at);
        let expiring = (self.state == ConnectionState::Connected).then(|| self.expiry.deadline(&self.wall)).flatten();
        let media = hearing.chain(confirming).chain(sending).chain(self.mixer.deadline());
        let asked = self.rpc.deadline().into_iter().chain(self.requests.deadline());
        let media = media.chain(returning).chain(self.reconnect.deadline()).chain(asked);
        media.chain(self.session.deadline()).chain(self.messages.deadline()).chain(expiring).min()
    }

    /// The next decoding job that is due. Heavy ones belong on another thread.
    pub fn poll_work(&mut self, now: Instant) -> Option<Work> {
        self.users.iter_mut().find_map(|user| {
            let hearing = user.hearing.as_mut()?;
            let job = hearing.poll(now)?;
            Some(Work { user: user.identity.clone(), hearing: hearing.serial(), job, stopwatch: self.config.stopwatch })
        })
    }

    /// Takes a job back; its frame goes to the user's ring and the mix.
    pub fn finish(&mut self, finished: Finished, now: Instant) {
        let Some(user) = self.users.iter_mut().find(|user| user.identity == finished.user) else { return };
        // A job may outlive its subscription; its frame then belongs to nobody.
        let hearing = user.hearing.as_mut().filter(|hearing| hearing.serial() == finished.hearing);
        let Some(hearing) = hearing else { return };
        hearing.decode.add(finished.took);
        let mix = (self.mix.strong_count() > 0).then_some(&mut self.mixer);
        let turn = hearing.finish(finished.done, now, |pcm| {
            if let Some(tap) = &self.tap {
                tap.heard(&finished.user, now, pcm);
            }
            if let Some(mixer) = mix {
                mixer.push(finished.user.clone(), pcm, now);
            }
        });
        if let Some(turn) = turn {
            self.events.push_back(user.speech(turn));
        }
    }

    /// Listens for the speech of every user who is subscribed to; None: no more. Speech that goes on ends first.
    pub fn set_vad(&mut self, config: Option<VadConfig>) {
        self.vad = config;
        for user in &mut self.users {
            self.events.extend(user.end_speech());
            if let Some(hearing) = &mut user.hearing {
                hearing.set_vad(config);
            }
        }
    }

    /// Copies what is said and heard; None: no more.
    pub fn set_tap(&mut self, tap: Option<Arc<dyn Tap>>) {
        self.microphone.set_tap(tap.clone());
        self.tap = tap;
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
        let ends = std::mem::replace(&mut self.users[index].wanted, wanted) && !wanted;
        self.update_subscription(now, index);
        // Also the stream of one of whom nothing came.
        if ends && self.users[index].close_sink() {
            self.events.push_back(EventBody::StreamEnded { user: user.into() });
        }
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
        let packet = messages::packet(to, lk::data_packet::Value::User(user), reliable);
        self.session.send_data(now, &packet, reliable)
    }

    /// Calls a method of another user; one event `rpc_answered` says what came of it.
    pub fn rpc_call(&mut self, now: Instant, call: RpcCall) {
        let refused = if self.state != ConnectionState::Connected {
            let text = "the channel is not connected; connect it first";
            Some((Error::new(Status::DISCONNECTED, text), code::SEND_FAILED))
        } else if !self.may_send_data {
            Some((not_allowed(), code::SEND_FAILED))
        } else {
            self.index(&call.to).err().map(|error| (error, code::RECIPIENT_NOT_FOUND))
        };
        self.rpc.call(&mut self.session, now, call, refused, &mut self.events);
    }

    /// Answers a call that was taken out of [`VoiceConfig::callee`].
    pub fn rpc_answer(&mut self, now: Instant, call: OpenCall, answer: std::result::Result<String, RpcError>) {
        self.rpc.answer(&mut self.session, now, call, answer);
    }

    /// What was counted of calls, in and out.
    pub fn rpc_counters(&self) -> RpcCounters {
        self.rpc.counters
    }

    /// Asks the server to tell something else of this user. `done` is dropped without a word where the connection ends first.
    pub fn change_own(&mut self, now: Instant, change: OwnChange, done: Told) {
        self.requests.ask(&mut self.session, now, change, done);
    }

    /// Tells what became of changes that [`Voice::change_own`] asked for; call it once what is known was taken over.
    pub fn tell_changes(&mut self) {
        self.requests.tell();
    }

    /// What is known of everybody in the room, and of the room.
    pub fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// Takes a token in place of the one in use, without leaving.
    pub fn renew(&mut self, token: String) {
        self.session.renew(&token);
        let old = self.token.take().unwrap_or_else(|| self.config.token.clone());
        self.before = Some(old);
        self.use_token(token);
    }

    fn use_token(&mut self, token: String) {
        self.expiry = Expiry::of(&token, &self.config.room);
        self.token = Some(token);
        self.changed = true;
    }

    /// Leaves the room and ends.
    pub fn leave(&mut self) {
        self.session.leave();
    }

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

    /// The connection is over for good.
    pub fn is_over(&self) -> bool {
        matches!(self.state, ConnectionState::Disconnected | ConnectionState::Failed)
    }

    /// The connection's state.
    pub fn state(&self) -> ConnectionState {
        self.state
    }

    /// The token in place of the first, which may be about to expire: the server's, or a new one of the application's.
    pub fn refreshed_token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether something changed that no event tells: the token, or what it allows.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
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
                let people = Arc::make_mut(&mut self.people);
                if self.state == ConnectionState::Reconnecting {
                    let change = people.joined_again(&join);
                    if change != OwnChange::default() {
                        // Where it may not, it stays as its token says.
                        self.requests.ask(&mut self.session, now, change, Box::new(|_| {}));
                    }
                } else {
                    people.joined(&join);
                }
                let own = join.participant.unwrap_or_default();
                self.may_send_data = own.permission.is_none_or(|may| may.can_publish_data);
                self.identity = own.identity;
                let room_sid = join.room.map_or_else(String::new, |room| room.sid);
                let same_room = std::mem::replace(&mut self.room_sid, room_sid) == self.room_sid;
                let until = (!same_room).then_some(now + RETURN);
                self.everyone(now, join.other_participants, until);
            }
            SessionEvent::Connected => {
                self.reconnect.done();
                if !self.may_send_data {
                    self.messages.give_up(&not_allowed(), &mut self.events);
                }
                self.set_state(now, ConnectionState::Connected, Reason::None, Status::OK, String::new());
            }
            SessionEvent::Lost { over, reason, text } if self.reconnect.is_on() => {
                if self.state == ConnectionState::Connected {
                    self.set_state(now, ConnectionState::Reconnecting, reason, Status::DISCONNECTED, text.clone());
                }
                self.reconnect.lost(now, over, text);
            }
            SessionEvent::Lost { reason, text, .. } => self.session.give_up(reason, text),
            SessionEvent::Known => self.tell_wishes(now),
            SessionEvent::Everyone(infos) => self.everyone(now, infos, None),
            SessionEvent::Participants(infos) => {
                for info in infos {
                    if !self.is_old(&info) {
                        self.participant(now, info);
                    }
                }
            }
            SessionEvent::Speakers(speakers) => {
                Arc::make_mut(&mut self.people).speakers(&speakers);
                for told in speakers {
                    let user = self.users.iter_mut().find(|user| user.sid == told.sid);
                    self.events.extend(user.and_then(|user| user.speak(told.active, told.level)));
                }
            }
            SessionEvent::Tracks(tracks) => {
                self.carried = tracks;
                for index in 0..self.users.len() {
                    self.confirm(now, index);
                }
            }
            SessionEvent::Data { packet, reliable } => {
                if !self.rpc.receive(&mut self.session, now, &packet, &mut self.events) {
                    self.messages.receive(now, *packet, reliable, &mut self.events);
                }
            }
            SessionEvent::Muted(muted) => {
                self.microphone.set_muted(muted);
                self.events.push_back(EventBody::MicrophoneMuted { muted });
            }
            SessionEvent::Quality(told) => Arc::make_mut(&mut self.people).qualities(&told, &mut self.events),
            SessionEvent::Room(room) => {
                Arc::make_mut(&mut self.people).room(*room, &mut self.events);
                self.changed = true;
            }
            SessionEvent::Moved(moved) => self.moved(now, *moved),
            SessionEvent::Answered(response) => {
                if let Some(change) = self.requests.answered(&response) {
                    Arc::make_mut(&mut self.people).accepted(change, &mut self.events);
                }
                self.changed = true;
            }
            SessionEvent::Token(token) => self.use_token(token),
            SessionEvent::RenewalRefused => {
                // The application must hear that it is still in need of one, whether it heard before or not.
                if let Some(token) = self.before.take() {
                    self.use_token(token);
                    let left = self.expiry.poll_now(&self.wall, now);
                    self.events.push_back(EventBody::TokenWillExpire { left_us: left.as_micros() as u64 });
                }
            }
            SessionEvent::Ended { reason, text, .. } if self.reconnect.is_under_way() && may_pass(reason) => {
                self.session.make_room();
                self.reconnect.lost(now, true, text);
            }
            SessionEvent::Ended { reason, http_status: _, text } => self.ended(now, reason, text),
        }
    }

    /// Makes the next attempt where it is due, or gives up.
    fn come_back(&mut self, now: Instant) {
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
            user.lose_track();
            self.update_subscription(now, index);
        }
    }

    /// Tells a server that knows us again what is to be heard: what was said over the lost WebSocket may not have arrived.
    fn tell_wishes(&mut self, now: Instant) {
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for user in &mut self.users {
            let Some(track) = &user.track else { continue };
            let tracks = if user.wanted { &mut wanted } else { &mut unwanted };
            tracks.push((user.sid.clone(), track.to_string()));
            user.requested = user.wanted;
            if user.wanted && !user.open && self.carried.contains(track) {
                user.confirm_at = Some(now + CONFIRMATION);
            }
        }
        self.session.sync(now, &wanted, &unwanted);
    }

    /// All who are in the room. Who was, and is not, has left, or is waited for.
    fn everyone(&mut self, now: Instant, infos: Vec<lk::ParticipantInfo>, wait: Option<Instant>) {
        for index in (0..self.users.len()).rev() {
            let user = &mut self.users[index];
            if infos.iter().any(|info| *info.identity == *user.identity) {
                continue;
            }
            match wait {
                Some(until) => user.awaited_until = Some(until),
                None => self.user_left(now, index, Reason::None),
            }
        }
        infos.into_iter().for_each(|info| self.participant(now, info));
    }

    fn user_left(&mut self, now: Instant, index: usize, reason: Reason) {
        let user = self.users.remove(index);
        let identity = user.identity.to_string();
        self.close(now, user);
        self.messages.user_left(now, &identity, &mut self.events);
        self.rpc.user_left(&identity, &mut self.events);
        Arc::make_mut(&mut self.people).left(&identity);
        self.events.push_back(EventBody::UserLeft { user: identity, reason });
    }

    fn ended(&mut self, now: Instant, reason: Reason, text: String) {
        self.reconnect.done();
        self.messages.end(now, &text, &mut self.events);
        self.rpc.end(&text, &mut self.events);
        self.requests.end();
        self.people = Arc::default();
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
            Reason::TokenExpired => (ConnectionState::Failed, Status::BAD_TOKEN),
            _ => (ConnectionState::Failed, Status::DISCONNECTED),
        };
        self.set_state(now, state, reason, status, text);
    }

    /// Old news of a user who is here. Of one who was here before this session the server may have another clock.
    fn is_old(&self, info: &lk::ParticipantInfo) -> bool {
        let mut here = self.users.iter().filter(|user| !user.away && user.awaited_until.is_none());
        here.any(|user| *user.identity == *info.identity)
            && info.state() != lk::participant_info::State::Disconnected
            && self.people.is_old(info)
    }

    /// Someone else's state as the server tells it.
    fn participant(&mut self, now: Instant, info: lk::ParticipantInfo) {
        let position = self.users.iter().position(|user| *user.identity == *info.identity);
        if info.state() == lk::participant_info::State::Disconnected {
            if let Some(position) = position.filter(|at| self.users[*at].sid == info.sid) {
                self.user_left(now, position, left_reason(&info));
            }
            return;
        }
        // Our own state comes too; nobody hears themselves.
        if let Some(may) = info.permission.as_ref().filter(|_| info.identity == self.identity) {
            self.changed |= self.may_send_data != may.can_publish_data;
            self.may_send_data = may.can_publish_data;
        }
        if info.identity == self.identity {
            self.changed |= Arc::make_mut(&mut self.people).tell(&info, &mut self.events);
            self.requests.seen(self.people.own());
            if !self.people.own().may_speak() {
                self.silenced = true;
            } else if std::mem::take(&mut self.silenced) {
                self.session.publish_again();
            }
            return;
        }
        if position.is_none() && self.users.len() >= MAX_USERS {
            return;
        }
        let index = position.unwrap_or_else(|| {
            self.events.push_back(EventBody::UserJoined { user: info.identity.clone() });
            self.users.push(User::new(&info, now, self.config.subscribe_all));
            self.users.len() - 1
        });
        self.changed |= Arc::make_mut(&mut self.people).tell(&info, &mut self.events);
        let track = audio_track(&info);
        let user = &mut self.users[index];
        user.sid = info.sid.clone();
        user.awaited_until = None;
        // Without a track it is as it was: who comes back muted has none for a moment.
        if let Some(muted) = track.map(|track| track.muted).filter(|muted| *muted != user.muted) {
            user.muted = muted;
            self.events.push_back(EventBody::UserMuted { user: info.identity.clone(), muted });
        }
        let user = &mut self.users[index];
        let sid: Option<Arc<str>> = track.map(|track| track.sid.as_str().into());
        if sid != user.track {
            // The server says no more of a track that is gone.
            self.events.extend(user.speak(user.speaking && sid.is_some(), 0.0));
            let back = user.away && sid.is_some();
            user.track = sid;
            user.open = false;
            user.requested = false;
            if back {
                user.away = false;
                let types = self.session.payload_types();
                if let Some(hearing) = &mut user.hearing {
                    hearing.restart(types);
                }
            } else if !user.away {
                self.end_hearing(index);
            }
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
    fn confirm(&mut self, now: Instant, index: usize) {
        let user = &mut self.users[index];
        user.open = user.track.as_ref().is_some_and(|track| self.carried.contains(track));
        user.confirm_at = None;
        self.update_subscription(now, index);
    }

    /// Ends what is heard of a user, and the stream that the application reads.
    fn end_hearing(&mut self, index: usize) {
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
    fn close(&mut self, now: Instant, mut user: User) {
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

    fn set_state(&mut self, now: Instant, new: ConnectionState, reason: Reason, status: Status, text: String) {
        let old = std::mem::replace(&mut self.state, new);
        let elapsed_us = now.saturating_duration_since(self.state_since).as_micros() as u64;
        self.state_since = now;
        self.why = Error::new(status, text.clone());
        self.events.push_back(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us });
    }
}

/// What sending data says where the token does not allow it.
pub fn not_allowed() -> Error {
    Error::new(Status::NOT_ALLOWED, "the token does not let this user send data; take one with canPublishData")
}

/// What a call says that names nobody who is in the room.
pub fn not_found(user: &str) -> Error {
    Error::new(
        Status::NOT_FOUND,
        format!("no user '{user}' is in the room; wait for user_joined, or look at the users"),
    )
}
