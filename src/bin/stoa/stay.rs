//! A stay in a room: one loop on the main thread takes events, looks after player and recorder, and tells of them.

mod ending;
mod status;

use crate::event;
use crate::interrupt::Interrupt;
use crate::output::{Output, one_line};
use crate::player::Player;
use crate::progress::{Progress, clock};
use crate::recorder::Recorder;
use crate::{Exit, Failure};
use ending::End;
use serde_json::json;
use status::status_line;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use stoa::Status;
use stoa::driver::{Channel, Engine};
use stoa::event::{Event, EventBody, MessageFormat};
use stoa::message::chunks::Outgoing;

/// How long the loop waits for an event before it looks at everything else.
const TICK: Duration = Duration::from_millis(50);
/// What has left is not heard yet: it is on its way, then in the hearers' jitter buffers, which a leave would empty.
const LINGER: Duration = Duration::from_millis(300);
/// The topic of LiveKit's chat: its components and agents show and answer what comes there.
const CHAT: &str = "lk.chat";

/// What to do in the room.
pub struct Plan {
    pub url: String,
    /// Where the token comes from, or what it is made with.
    pub by: &'static str,
    pub player: Option<Player>,
    pub recorder: Option<Recorder>,
    pub say: VecDeque<String>,
    pub stay: Option<Duration>,
}

/// See the module.
pub struct Stay {
    engine: Engine,
    channel: Channel,
    player: Option<Player>,
    recorder: Option<Arc<Mutex<Recorder>>>,
    say: VecDeque<String>,
    /// Tickets of messages that have not left yet.
    leaving: VecDeque<u64>,
    url: String,
    by: &'static str,
    stay: Option<Duration>,
    /// Something is to be done that has an end, and that end is the end of the stay.
    leaves: bool,
    output: Output,
    progress: Progress,
    interrupt: Interrupt,
    joined: Option<Instant>,
    done_at: Option<Instant>,
    said: u64,
    heard: u64,
}

impl Stay {
    pub fn new(engine: Engine, channel: Channel, plan: Plan, output: Output, progress: bool) -> Result<Stay, Failure> {
        let recorder = plan.recorder.map(|recorder| Arc::new(Mutex::new(recorder)));
        if let Some(recorder) = recorder.clone() {
            let take = move |user: &str, info: &_, pcm: &[i16]| lock(&recorder).frame(user, info, pcm);
            channel.set_frame_callback(Some(Box::new(take))).map_err(|error| Failure::of("--record", &error))?;
        }
        let busy = plan.player.is_some() || !plan.say.is_empty();
        Ok(Stay {
            leaves: busy && recorder.is_none() && plan.stay.is_none(),
            engine,
            channel,
            player: plan.player,
            recorder,
            say: plan.say,
            leaving: VecDeque::new(),
            url: plan.url,
            by: plan.by,
            stay: plan.stay,
            output,
            progress: Progress::new(progress),
            interrupt: Interrupt::listen()?,
            joined: None,
            done_at: None,
            said: 0,
            heard: 0,
        })
    }

    /// Joins, stays, leaves. Whatever happens, recordings are whole afterwards.
    pub fn run(mut self) -> Result<Exit, Failure> {
        let begun = self.channel.connect(Some(Duration::ZERO)).map_err(|error| Failure::of("stoa join", &error));
        let ended = begun.and_then(|()| self.stay());
        let recorded = self.leave();
        let ended = self.judge(ended);
        self.summary(&ended, &recorded);
        let exit = ended?;
        self.output.end(exit)
    }

    fn stay(&mut self) -> Result<End, Failure> {
        loop {
            let event = self.channel.poll_event(Some(TICK)).map_err(|error| Failure::of("stoa join", &error))?;
            if let Some(event) = &event {
                self.tell(event);
                if let Some((reason, status, text)) = event::end(event) {
                    return Ok(End::Lost(reason, status, text));
                }
                if self.joined.is_none() && event::is_connected(event) {
                    self.begin()?;
                }
            }
            if self.interrupt.asked() || self.output.is_lost() {
                return Ok(End::Interrupted);
            }
            let over = |since: Instant| self.stay.is_some_and(|stay| since.elapsed() >= stay);
            if self.joined.is_some_and(over) || self.is_done()? && self.leaves {
                return Ok(End::Done);
            }
            self.look_after_recorder()?;
            let (channel, joined, player) = (&self.channel, self.joined, &self.player);
            let recorder = &self.recorder;
            self.progress.show(|| status_line(channel, joined, player.as_ref(), recorder.as_deref()));
        }
    }

    /// In the room: what is to be played and said begins.
    fn begin(&mut self) -> Result<(), Failure> {
        self.joined = Some(Instant::now());
        let (room, user) = (self.channel.name(), self.channel.user());
        let line = one_line(&format!("joined {room} as {user}"));
        self.progress.clear(false);
        self.output.tell(&line, || json!({"event": "joined", "room": room, "user": user, "url": self.url}));
        if let Some(player) = &mut self.player {
            player.start(&self.channel)?;
            let length = player.seconds().map_or(String::new(), |seconds| format!(" ({})", clock(seconds)));
            let line = one_line(&format!("playing {}{length}", player.name()));
            self.output.tell(&line, || json!({"event": "playing", "file": player.name(), "seconds": player.seconds()}));
        }
        Ok(())
    }

    /// Whether everything was played and said, some time ago.
    fn is_done(&mut self) -> Result<bool, Failure> {
        if self.joined.is_none() {
            return Ok(false);
        }
        if !self.has_said()? {
            return Ok(false);
        }
        if let Some(player) = &self.player
            && !player.is_done()?
        {
            return Ok(false);
        }
        Ok(self.done_at.get_or_insert_with(Instant::now).elapsed() >= LINGER)
    }

    /// Queues the messages as they fit; true once all have left.
    fn has_said(&mut self) -> Result<bool, Failure> {
        let failed = |error| Failure::of("--say", &error);
        while let Some(text) = self.say.front() {
            let message = Outgoing {
                id: String::new(),
                format: MessageFormat::Text,
                topic: CHAT.into(),
                to: Vec::new(),
                lossy: false,
                payload: text.clone().into_bytes(),
            };
            match self.channel.send_message(message) {
                Ok(ticket) => self.leaving.push_back(ticket),
                Err(error) if error.status == Status::QUEUE_FULL => break,
                Err(error) => return Err(failed(error)),
            }
            self.say.pop_front();
        }
        while let Some(ticket) = self.leaving.front() {
            if self.channel.wait_sent(*ticket, Some(Duration::ZERO)).map_err(failed)? != Status::OK {
                return Ok(false);
            }
            self.leaving.pop_front();
            self.said += 1;
        }
        Ok(self.say.is_empty())
    }

    fn look_after_recorder(&mut self) -> Result<(), Failure> {
        let Some(recorder) = &self.recorder else { return Ok(()) };
        let mut recorder = lock(recorder);
        for (user, path) in recorder.begun() {
            let file = path.display().to_string();
            self.progress.clear(false);
            let line = one_line(&format!("recording {user} in {file}"));
            self.output.tell(&line, || json!({"event": "recording", "user": user, "file": file}));
        }
        if recorder.is_full() {
            let text = "more users speak than are recorded (256)";
            self.output.tell(text, || json!({"event": "warning", "text": text}));
        }
        match recorder.failed() {
            Some(text) => Err(unwritable(text)),
            None => Ok(()),
        }
    }

    fn tell(&mut self, event: &Event) {
        if matches!(event.body, EventBody::DataReceived { .. } | EventBody::Message { .. }) {
            self.heard += 1;
        }
        self.progress.clear(false);
        self.output.tell(&event::line(event), || event::object(event));
    }
}

fn unwritable(text: &str) -> Failure {
    Failure::failed(format!("--record: a file cannot be written ({text}); make room, or give another folder."))
}

fn lock(recorder: &Mutex<Recorder>) -> MutexGuard<'_, Recorder> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}
