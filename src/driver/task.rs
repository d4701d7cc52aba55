//! A connected channel on its shard: one task that carries bytes, time and commands to its [`Voice`], and back.
//!
//! Here: its course, and what it holds. `reaching`: the server. `commands`: what it is asked. `arrivals`: what comes in. `work`: what
//! is due.

mod arrivals;
mod commands;
mod reaching;
#[cfg(test)]
mod tests;
mod work;

use super::alarm::Alarm;
use super::dial::Wire;
use super::people::HeldCall;
use super::reach::Reached;
use super::sockets::Sockets;
use super::state::Inner;
use super::stats::{ChannelStats, Reporting};
use crate::client::session::{SessionConfig, Side};
use crate::client::voice::{Finished, Voice, VoiceConfig};
use crate::event::Reason;
use crate::token::{Family, family};
use crate::{Result, Status};
use arrivals::next;
pub(super) use commands::Command;
use reaching::{found, open};
use std::collections::VecDeque;
use std::mem::discriminant;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

/// The largest datagram that a peer connection sends.
const MAX_DATAGRAM: usize = 2048;

/// What a task is started with.
pub(super) struct Start {
    pub(super) inner: Arc<Inner>,
    pub(super) token: String,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) leaving: Arc<Notify>,
    pub(super) pushed: Arc<Notify>,
}

/// Joins, and stays until it is over.
pub(super) async fn run(start: Start) {
    let mut unfinished = Unfinished(Some(start.inner.clone()));
    converse(start).await;
    unfinished.0 = None;
}

/// A task that ends in the middle, by a fault of this library or with its shard, must not leave its channel waiting.
struct Unfinished(Option<Arc<Inner>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(inner) = self.0.take() else { return };
        if std::thread::panicking() {
            let text = "a fault inside the library ended the connection; connect again, and report the fault";
            inner.fail(Reason::Internal, Status::INTERNAL, text.into());
        } else {
            inner.fail(Reason::Requested, Status::CLOSED, "the engine was closed".into());
        }
    }
}

async fn converse(start: Start) {
    let Start { inner, token, mut commands, leaving, pushed } = start;
    let mut early = Vec::new();
    let opened = tokio::select! {
        opened = open(&inner.engine.reach) => opened,
        () = keep(&mut commands, &mut early) => return inner.gone(),
        () = leaving.notified() => return inner.gone(),
    };
    let (reached, publisher, local) = match opened {
        Ok(opened) => opened,
        Err(error) => return inner.fail(Reason::Unreachable, error.status, error.text),
    };
    let voice = match make(&inner, local, &token) {
        Ok(voice) => voice,
        Err(error) => return inner.fail(Reason::Internal, error.status, error.text),
    };
    let ChannelStats { voice: earlier, packets_unsent: unsent, busy, .. } = inner.counted.read();
    let (finished, mut done) = mpsc::unbounded_channel();
    let mut task = Task {
        inner,
        voice,
        publisher,
        subscriber: Sockets::default(),
        address: reached.peer,
        reached: Some(reached),
        reaching: None,
        token,
        wire: None,
        commands,
        finished,
        data_held: VecDeque::new(),
        calls_held: Vec::new(),
        subscribes: 0,
        unsent,
        busy,
        reporting: Reporting::default(),
        buffer: vec![0; MAX_DATAGRAM],
    };
    task.voice.count_from(earlier);
    task.voice.start(Instant::now());
    early.into_iter().for_each(|command| task.command(command));
    let mut alarm = Alarm::new();
    while task.work() {
        let deadline = task.voice.deadline().into_iter().chain(task.reporting.deadline()).min();
        tokio::select! {
            arrived = task.publisher.arrival() => task.receive(Side::Publisher, arrived),
            arrived = task.subscriber.arrival() => task.receive(Side::Subscriber, arrived),
            event = next(&mut task.wire) => task.wire_event(event),
            (side, reached) = found(&mut task.reaching) => task.found(side, reached),
            Some(finished) = done.recv() => task.voice.finish(finished, Instant::now()),
            Some(command) = task.commands.recv() => task.command(command),
            () = leaving.notified() => {
                task.obey();
                task.voice.leave();
            }
            _ = pushed.notified() => {}
            () = alarm.wait(deadline) => {}
        }
    }
}

/// Keeps commands for later, as long as somebody can give any: a name that is being looked up may take long.
async fn keep(commands: &mut mpsc::Receiver<Command>, early: &mut Vec<Command>) {
    while let Some(command) = commands.recv().await {
        // Of each kind only the latest counts: before the join it is muting, the mix, voice detection and the dump.
        early.retain(|other| discriminant(other) != discriminant(&command));
        early.push(command);
    }
}

fn make(inner: &Inner, local: SocketAddr, token: &str) -> Result<Voice> {
    let options = &inner.options;
    let session = SessionConfig {
        rtc: crate::rtc::config(&inner.engine.crypto, inner.engine.cert.as_ref()),
        local,
        publish: !options.listen_only,
        stereo: options.channels == 2,
        cid: format!("microphone-{:08x}", super::random_u64() as u32),
        asked: (family(token) == Family::AccessToken2).then(|| (options.name.clone(), inner.lock().user.clone())),
    };
    let config = VoiceConfig {
        session,
        clock: inner.engine.clock,
        rate: options.sample_rate,
        channels: options.channels as u8,
        bitrate: options.bitrate,
        delivery: inner.delivery(),
        subscribe_all: options.subscribe_all,
        queue: inner.queue.clone(),
        messages: inner.messages.clone(),
        callee: inner.callee.clone(),
        stopwatch: Instant::now,
        room: options.name.clone(),
        token: token.into(),
        reconnect: options.reconnect(),
        seed: super::random_u64(),
    };
    Voice::new(config, Instant::now())
}

struct Task {
    inner: Arc<Inner>,
    voice: Voice,
    publisher: Sockets,
    subscriber: Sockets,
    /// Of the server, or the proxy before it: media leave by the way that leads there.
    address: SocketAddr,
    /// The way on which the next WebSocket goes, where there is one already.
    reached: Option<Reached>,
    /// The server is being reached anew, for a side's sockets: by the way that led there none could be made any more.
    reaching: Option<(Side, JoinHandle<Result<Reached>>)>,
    token: String,
    wire: Option<(mpsc::Sender<Vec<u8>>, mpsc::Receiver<Wire>)>,
    commands: mpsc::Receiver<Command>,
    finished: mpsc::UnboundedSender<Finished>,
    /// Data packets taken from the application and not yet handed to the connection.
    data_held: VecDeque<OwnedSemaphorePermit>,
    /// Calls that have no answer yet.
    calls_held: Vec<HeldCall>,
    /// Commands to subscribe since the last look at what came of them.
    subscribes: u64,
    /// Datagrams that the system had no room for.
    unsent: u64,
    /// How long it has worked.
    busy: Duration,
    reporting: Reporting,
    buffer: Vec<u8>,
}

impl Task {
    fn sockets(&mut self, side: Side) -> &mut Sockets {
        match side {
            Side::Publisher => &mut self.publisher,
            Side::Subscriber => &mut self.subscriber,
        }
    }
}
