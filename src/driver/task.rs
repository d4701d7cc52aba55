//! A connected channel on its shard: one task that carries bytes, time and commands to its [`Voice`], and back.

use super::clock::time_of_day;
use super::dial::{self, SIGNALS, Wire};
use super::people::HeldCall;
use super::reach::{Reach, Reached};
use super::sockets::{Arrived, Sockets};
use super::state::Inner;
use super::stats::{ChannelStats, Reporting};
use crate::client::gate::VadConfig;
use crate::client::hearing::FrameSink;
use crate::client::people::{OwnChange, Told};
use crate::client::rpc::{OpenCall, RpcCall, RpcError};
use crate::client::session::{Output, STEP_TIMEOUT, SessionConfig, Side};
use crate::client::tap::Tap;
use crate::client::voice::{Finished, Voice, VoiceConfig};
use crate::event::{EventBody, Reason};
use crate::rtc::Protocol;
use crate::token::{Family, family};
use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::mem::discriminant;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Datagrams taken before other work gets its turn.
const BURST: usize = 64;
/// The largest datagram that a peer connection sends.
const MAX_DATAGRAM: usize = 2048;

/// What the application asks of a connected channel.
pub(super) enum Command {
    Subscribe {
        user: String,
        wanted: bool,
    },
    Mute(bool),
    /// The permit is given back when the packet leaves, or is lost with its connection.
    Data {
        payload: Vec<u8>,
        reliable: bool,
        topic: String,
        to: Vec<String>,
        permit: OwnedSemaphorePermit,
    },
    OpenStream {
        user: String,
        sink: Weak<dyn FrameSink>,
    },
    OpenMix(Weak<dyn FrameSink>),
    SetVad(Option<VadConfig>),
    SetTap(Option<Arc<dyn Tap>>),
    RenewToken(String),
    Reconnect,
    /// The other half ends the call where this task does not.
    RpcCall(RpcCall, HeldCall),
    RpcAnswer(OpenCall, std::result::Result<String, RpcError>),
    ChangeOwn(OwnChange, Told),
    #[cfg(test)]
    Fault,
}

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
            _ = sleep_until(deadline) => {}
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

/// What becomes of reaching the server; for ever, where nobody does.
async fn found(reaching: &mut Option<(Side, JoinHandle<Result<Reached>>)>) -> (Side, Result<Reached>) {
    let Some((side, reached)) = reaching else { return std::future::pending().await };
    let ended = |error| Err(Error::new(Status::INTERNAL, format!("the server could not be reached: {error}")));
    (*side, reached.await.unwrap_or_else(ended))
}

/// Reaches the server, and makes a socket for the media, with its address.
async fn open(reach: &Reach) -> Result<(Reached, Sockets, SocketAddr)> {
    let reached = reach_in_time(reach).await?;
    let mut sockets = Sockets::default();
    let local = sockets.bind(reached.peer).map_err(no_socket)?;
    Ok((reached, sockets, local))
}

async fn reach_in_time(reach: &Reach) -> Result<Reached> {
    timeout(STEP_TIMEOUT, reach.connect()).await.unwrap_or_else(|_| {
        let text = format!("{} did not answer within 10 s; check the URL", reach.target.authority());
        Err(Error::new(Status::UNREACHABLE, text))
    })
}

fn no_socket(error: std::io::Error) -> Error {
    Error::new(Status::UNREACHABLE, format!("no UDP socket could be made: {error}; are there descriptors left?"))
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
    /// Does all that is due. False when the session is over.
    fn work(&mut self) -> bool {
        let now = Instant::now();
        self.voice.wall_clock(now, time_of_day().as_micros() as u64);
        self.voice.advance(now);
        while let Some(work) = self.voice.poll_work(now) {
            let heavy = work.job.is_heavy();
            let mine = if heavy { self.inner.engine.pool.take(work, &self.finished) } else { Some(work) };
            if let Some(work) = mine {
                self.voice.finish(work.run(), now);
            }
        }
        while let Some(output) = self.voice.poll_output(now) {
            match output {
                Output::Transmit { side, protocol, to, bytes } => {
                    self.unsent += u64::from(!self.sockets(side).send(protocol, to, bytes));
                }
                Output::Bind { side } => self.bind(now, side),
                Output::BindOther { side, to } => {
                    // Without that family there is one way less.
                    if let Ok(local) = self.sockets(side).bind_other(to) {
                        self.voice.session().bound_other(now, side, local);
                    }
                }
                Output::Connect { side, to } => self.sockets(side).connect(to),
                Output::Relay { side, id, at } => {
                    let reach = self.inner.engine.reach.clone();
                    self.sockets(side).relay(reach, id, at);
                }
                Output::ToRelay { side, id, bytes } => {
                    self.unsent += u64::from(!self.sockets(side).send_to_relay(id, bytes));
                }
                Output::Signal(bytes) => {
                    // Where it is over, what the server said last is still to be read.
                    let sent = self.wire.as_ref().map_or(Ok(()), |(send, _)| send.try_send(bytes));
                    if let Err(TrySendError::Full(_)) = sent {
                        self.voice.session().closed("the server reads no messages any more");
                    }
                }
                Output::Dial { target } => self.dial(target),
                Output::HangUp => self.wire = None,
                Output::Media { .. } | Output::Event(_) => {}
            }
        }
        let over = self.voice.is_over();
        let left = self.data_held.len().saturating_sub(self.voice.data_waiting());
        self.data_held.drain(..left);
        if self.reporting.changed(now) || over {
            self.report(now);
        }
        let events: Vec<EventBody> = std::iter::from_fn(|| self.voice.poll_event()).collect();
        // Who reads an event must find what it says: first the state, then the event.
        let subscribes = std::mem::take(&mut self.subscribes);
        if self.voice.take_changed() || subscribes > 0 || events.iter().any(changes_what_is_known) {
            self.inner.update(&self.voice, subscribes);
        }
        self.voice.tell_changes();
        let answered = events.iter().any(|event| matches!(event, EventBody::RpcAnswered { .. }));
        events.into_iter().for_each(|event| self.inner.publish(event, now));
        if answered {
            self.calls_held.retain(HeldCall::waits);
        }
        self.busy += now.elapsed();
        !over
    }

    /// Puts the numbers up for who asks.
    fn report(&mut self, now: Instant) {
        let waiting = self.wire.as_ref().map_or(0, |(send, _)| send.max_capacity() - send.capacity());
        if waiting > 0 {
            // The WebSocket takes them without a word to this task.
            self.reporting.again(now);
        }
        let voice = self.voice.stats(now);
        self.inner.engine.totals.add(&self.inner.counted.read().voice, &voice);
        self.inner.counted.put(ChannelStats {
            time_us: self.inner.engine.clock.micros(now),
            voice,
            packets_unsent: self.unsent,
            busy: self.busy,
            signals_waiting: waiting as u64,
            ..ChannelStats::default()
        });
        self.voice.report();
    }

    fn dial(&mut self, path: String) {
        let (send, outgoing) = mpsc::channel(SIGNALS);
        let (events, receive) = mpsc::channel(SIGNALS);
        self.wire = Some((send, receive));
        // The newest: the first may have expired since.
        let token = self.voice.refreshed_token().unwrap_or(&self.token).to_string();
        let dialing = dial::run(self.inner.engine.reach.clone(), self.reached.take(), path, token, outgoing, events);
        tokio::task::spawn_local(dialing);
    }

    fn wire_event(&mut self, event: Option<Wire>) {
        let now = Instant::now();
        let session = self.voice.session();
        match event {
            Some(Wire::Open) => session.opened(now),
            Some(Wire::Message(bytes)) => session.message(now, &bytes),
            Some(Wire::Refused(status, body)) => session.refused(now, status, &body),
            Some(Wire::Closed(text)) => session.closed(&text),
            Some(Wire::Broken(text)) => session.broken(text),
            None => session.closed("the connection ended"),
        }
    }

    fn sockets(&mut self, side: Side) -> &mut Sockets {
        match side {
            Side::Publisher => &mut self.publisher,
            Side::Subscriber => &mut self.subscriber,
        }
    }

    /// A new socket: the second one, for a server that wants two peer connections, or one in the place of another.
    fn bind(&mut self, now: Instant, side: Side) {
        let address = self.address;
        match self.sockets(side).bind(address) {
            Ok(local) => self.voice.session().bound(now, side, local),
            // The network may be another one, which leads to another address of the server's.
            Err(_) => {
                let reach = self.inner.engine.reach.clone();
                let reaching = tokio::task::spawn_local(async move { reach_in_time(&reach).await });
                if let Some((_, old)) = self.reaching.replace((side, reaching)) {
                    old.abort();
                }
            }
        }
    }

    fn found(&mut self, side: Side, reached: Result<Reached>) {
        self.reaching = None;
        let bound = reached.and_then(|reached| {
            let address = reached.peer;
            (self.address, self.reached) = (address, Some(reached));
            self.sockets(side).bind(address).map_err(no_socket)
        });
        match bound {
            Ok(local) => self.voice.session().bound(Instant::now(), side, local),
            Err(error) => self.voice.session().closed(&error.text),
        }
    }

    fn receive(&mut self, side: Side, arrived: Option<Arrived>) {
        // A stream that was opened before somebody spoke has their first frame.
        self.obey();
        let now = Instant::now();
        if let Some(arrived) = arrived {
            return self.receive_streams(now, side, arrived);
        }
        let sockets = if side == Side::Publisher { &self.publisher } else { &self.subscriber };
        for socket in sockets.udps() {
            for _ in 0..BURST {
                // Nothing more, or a port unreachable told for an earlier packet.
                let Ok((length, from)) = socket.try_recv_from(&mut self.buffer) else { break };
                self.voice.session().datagram(now, side, Protocol::Udp, from, &self.buffer[..length]);
            }
        }
        self.busy += now.elapsed();
    }

    fn receive_streams(&mut self, now: Instant, side: Side, first: Arrived) {
        let mut next = Some(first);
        for left in (0..BURST).rev() {
            let Some(arrived) = next.take() else { return };
            let session = self.voice.session();
            match arrived {
                Arrived::Opened { to, local } => session.stream_opened(now, side, to, local),
                Arrived::Frame { from, bytes } => session.datagram(now, side, Protocol::Tcp, from, &bytes),
                Arrived::Closed { to } => {
                    session.stream_closed(now, side, to);
                    self.sockets(side).closed(to);
                }
                Arrived::RelayOpened { id, to, local } => session.relay_opened(now, side, id, to, local),
                Arrived::RelayMessage { id, bytes } => session.relay_message(now, side, id, &bytes),
                Arrived::RelayClosed { id, why } => {
                    session.relay_closed(now, side, id, &why);
                    self.sockets(side).relay_closed(id);
                }
            }
            if left > 0 {
                next = self.sockets(side).try_arrival();
            }
        }
    }

    /// Does what was asked for before, and not what is asked for meanwhile.
    fn obey(&mut self) {
        for _ in 0..self.commands.len() {
            let Ok(command) = self.commands.try_recv() else { return };
            self.command(command);
        }
    }

    fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            // A user who has just left: the caller, if it waits, sees that in the users.
            Command::Subscribe { user, wanted } => {
                let _ = self.voice.subscribe(now, &user, wanted);
                self.subscribes += 1;
            }
            Command::Mute(muted) => {
                self.voice.mute(muted);
                self.inner.lock().mutes -= 1;
            }
            Command::Data { payload, reliable, topic, to, permit } => {
                let length = payload.len();
                self.data_held.push_back(permit);
                if !self.voice.send_data(now, payload, reliable, &topic, to) {
                    let text = format!("a data packet of {length} bytes was dropped: the connection is full");
                    crate::log::log(crate::log::Level::Warn, &text);
                }
            }
            Command::OpenStream { user, sink } => {
                let opened = self.voice.open_stream(&user, sink.clone());
                if let Some(sink) = sink.upgrade().filter(|_| opened.is_err()) {
                    sink.close();
                }
            }
            Command::OpenMix(sink) => self.voice.open_mix(sink),
            Command::SetVad(config) => self.voice.set_vad(config),
            Command::SetTap(tap) => self.voice.set_tap(tap),
            Command::RenewToken(token) => {
                self.inner.renewed(&token);
                // A second dial of the same join, which is still on its way, is made with it.
                self.token.clone_from(&token);
                self.voice.renew(token);
            }
            Command::Reconnect => self.voice.reconnect(now),
            Command::RpcCall(call, held) => {
                self.calls_held.push(held);
                self.voice.rpc_call(now, call);
            }
            Command::RpcAnswer(call, answer) => self.voice.rpc_answer(now, call, answer),
            Command::ChangeOwn(change, done) => self.voice.change_own(now, change, done),
            #[cfg(test)]
            Command::Fault => panic!("a fault on purpose"),
        }
    }
}

/// Whether users, states or the token may be others than before.
fn changes_what_is_known(event: &EventBody) -> bool {
    use EventBody::{DataReceived, Message, MessageError, Played, RpcAnswered, RpcCalled, Starving};
    !matches!(
        event,
        Played { .. }
            | DataReceived { .. }
            | Message { .. }
            | MessageError { .. }
            | RpcCalled { .. }
            | RpcAnswered { .. }
            | Starving { .. }
    )
}

async fn next(wire: &mut Option<(mpsc::Sender<Vec<u8>>, mpsc::Receiver<Wire>)>) -> Option<Wire> {
    match wire {
        Some((_, events)) => events.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{Channel, ChannelOptions, Engine, EngineOptions, ReadOutcome, Server, ServerOptions};
    use crate::event::ConnectionState;
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::time::Duration;

    const LONG: Option<Duration> = Some(Duration::from_secs(20));

    fn join(engine: &Engine, user: &str) -> Channel {
        let options = ChannelOptions { name: "room".into(), user: user.into(), ..Default::default() };
        let channel = engine.create_channel(options).unwrap();
        channel.connect(LONG).unwrap();
        channel
    }

    fn wait(channel: &Channel, wanted: impl Fn(&EventBody) -> bool) -> EventBody {
        loop {
            let event = channel.poll_event(LONG).unwrap().expect("the event, in time");
            if wanted(&event.body) {
                return event.body;
            }
        }
    }

    /// A proxy in front of a server's WebSockets. It cuts them when it is told to, and lets in new ones while it is open.
    struct Proxy {
        port: u16,
        open: Arc<AtomicBool>,
        links: Arc<Mutex<Vec<TcpStream>>>,
    }

    impl Proxy {
        fn new(server: u16) -> Proxy {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let proxy = Proxy { port, open: Arc::new(AtomicBool::new(true)), links: Arc::default() };
            let (open, links) = (proxy.open.clone(), proxy.links.clone());
            std::thread::spawn(move || {
                for client in listener.incoming().flatten().filter(|_| open.load(Relaxed)) {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                    let pair = [(client.try_clone(), server.try_clone()), (server.try_clone(), client.try_clone())];
                    links.lock().unwrap().extend([client, server]);
                    for (from, to) in pair {
                        let (Ok(mut from), Ok(mut to)) = (from, to) else { continue };
                        std::thread::spawn(move || {
                            let _ = std::io::copy(&mut from, &mut to);
                            let _ = to.shutdown(Shutdown::Both);
                        });
                    }
                }
            });
            proxy
        }

        fn cut(&self) {
            self.links.lock().unwrap().drain(..).for_each(|link| _ = link.shutdown(Shutdown::Both));
        }
    }

    /// Joins and resumes, which are told with a delay.
    fn becomes(server: &Server, wanted: (u64, u64)) {
        let counts = || (server.stats().rooms.joins, server.stats().rooms.resumes);
        for _ in 0..200 {
            if counts() == wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(counts(), wanted);
    }

    #[test]
    fn a_cut_websocket_resumes_and_a_restarted_server_is_joined_anew() {
        let keys = vec![("app".to_string(), "secret".to_string())];
        let server = Server::new(ServerOptions { keys: keys.clone(), ..Default::default() }).unwrap();
        let (port, udp_port) = (server.port(), server.udp_port());
        let proxy = Proxy::new(port);
        let options = EngineOptions {
            app_id: "app".into(),
            app_certificate: "secret".into(),
            url: format!("ws://127.0.0.1:{}", proxy.port),
            threads: 1,
            ..Default::default()
        };
        let engine = Engine::new(options).unwrap();
        let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
        wait(&bob, |event| matches!(event, EventBody::UserJoined { user } if user == "ada"));
        bob.subscribe("ada", LONG).unwrap();
        let stream = bob.stream("ada").unwrap();
        let heard = || {
            ada.push(&[8_000; 24_000], LONG).unwrap();
            let mut pcm = [0; 1920];
            let outcome = stream.read(&mut pcm, &mut Default::default(), LONG).unwrap();
            assert!(matches!(outcome, ReadOutcome::Frame(_)), "{outcome:?}");
            while matches!(
                stream.read(&mut pcm, &mut Default::default(), Some(Duration::from_millis(500))),
                Ok(ReadOutcome::Frame(_))
            ) {}
        };
        heard();
        let is = |state| move |event: &EventBody| matches!(event, EventBody::ConnectionStateChanged { new, .. } if *new == state);
        proxy.cut();
        for channel in [&ada, &bob] {
            wait(channel, is(ConnectionState::Reconnecting));
            wait(channel, is(ConnectionState::Connected));
        }
        becomes(&server, (2, 2));
        heard();
        proxy.open.store(false, Relaxed);
        proxy.cut();
        for channel in [&ada, &bob] {
            wait(channel, is(ConnectionState::Reconnecting));
        }
        drop(server);
        let server = Server::new(ServerOptions { port, udp_port, keys, ..Default::default() }).unwrap();
        proxy.open.store(true, Relaxed);
        for channel in [&ada, &bob] {
            wait(channel, is(ConnectionState::Connected));
        }
        assert_eq!(bob.subscribe("ada", LONG).unwrap(), Status::OK);
        heard();
        becomes(&server, (2, 0));
        engine.close(Duration::from_secs(2)).unwrap();
    }

    /// UDP to and from a port is dropped, as long as it is there.
    struct Firewall(String);

    impl Firewall {
        fn new(port: u16) -> Option<Firewall> {
            let table = format!("stoa_task_{}", std::process::id());
            let rules = format!(
                "add table inet {table}; add chain inet {table} out {{ type filter hook output priority 0; }}; \
                 add rule inet {table} out udp dport {port} drop; add rule inet {table} out udp sport {port} drop"
            );
            let output = std::process::Command::new("nft").arg(rules).output();
            output.is_ok_and(|output| output.status.success()).then_some(Firewall(table))
        }
    }

    impl Drop for Firewall {
        fn drop(&mut self) {
            let _ = std::process::Command::new("nft").args(["delete", "table", "inet", &self.0]).status();
        }
    }

    /// Two hear each other through a server at one of these addresses.
    fn hears(server: &Server, host: &str) -> Duration {
        let engine = Engine::new(EngineOptions {
            app_id: "app".into(),
            app_certificate: "secret".into(),
            url: format!("ws://{host}:{}", server.port()),
            threads: 1,
            ..Default::default()
        });
        let engine = engine.unwrap();
        let start = Instant::now();
        let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
        let took = start.elapsed();
        wait(&bob, |event| matches!(event, EventBody::UserJoined { user } if user == "ada"));
        bob.subscribe("ada", LONG).unwrap();
        let stream = bob.stream("ada").unwrap();
        ada.push(&[8_000; 24_000], LONG).unwrap();
        let outcome = stream.read(&mut [0; 1920], &mut Default::default(), LONG).unwrap();
        assert!(matches!(outcome, ReadOutcome::Frame(_)), "{outcome:?}");
        engine.close(Duration::from_secs(2)).unwrap();
        took
    }

    #[test]
    fn where_udp_is_blocked_sound_takes_tcp() {
        let keys = vec![("app".to_string(), "secret".to_string())];
        let server = Server::new(ServerOptions { keys, ..Default::default() }).unwrap();
        let Some(_firewall) = Firewall::new(server.udp_port()) else {
            return eprintln!("not tried: only root can block UDP, with nftables");
        };
        let took = hears(&server, "127.0.0.1");
        assert!(took > crate::client::UDP_ALONE, "UDP is not blocked: {took:?}");
    }

    #[test]
    fn a_server_on_all_addresses_is_joined_by_both_families() {
        let keys = vec![("app".to_string(), "secret".to_string())];
        let bind = std::net::Ipv6Addr::UNSPECIFIED.into();
        let server = Server::new(ServerOptions { keys, bind, ..Default::default() }).unwrap();
        hears(&server, "127.0.0.1");
        hears(&server, "[::1]");
    }

    /// Also in the midst of what it says itself, which nobody takes any more.
    #[test]
    fn who_is_sent_away_hears_why() {
        let engine = Engine::new(EngineOptions { app_id: "app".into(), threads: 2, ..Default::default() }).unwrap();
        let (_bob, mut ada) = (join(&engine, "bob"), join(&engine, "ada"));
        for round in 0..60 {
            wait(&ada, |event| matches!(event, EventBody::UserJoined { user } if user == "bob"));
            let talker = std::thread::spawn({
                let ada = ada.clone();
                move || {
                    while ada.state() == ConnectionState::Connected {
                        let _ = ada.subscribe("bob", Some(Duration::ZERO));
                        let _ = ada.unsubscribe("bob", Some(Duration::ZERO));
                        std::thread::sleep(Duration::from_millis(2));
                    }
                }
            });
            let again = join(&engine, "ada");
            let over = |event: &EventBody| {
                matches!(event, EventBody::ConnectionStateChanged { old: ConnectionState::Connected, .. })
            };
            let EventBody::ConnectionStateChanged { reason, text, .. } = wait(&ada, over) else { unreachable!() };
            assert_eq!(reason, Reason::DuplicateIdentity, "round {round}: {text}");
            talker.join().unwrap();
            ada = again;
        }
        engine.close(Duration::from_secs(2)).unwrap();
    }

    #[test]
    fn a_fault_ends_one_channel_with_a_reason_and_nothing_else() {
        // One media thread: both channels are on it.
        let engine = Engine::new(EngineOptions { app_id: "app".into(), threads: 1, ..Default::default() }).unwrap();
        let (ada, bob) = (join(&engine, "ada"), join(&engine, "bob"));
        wait(&ada, |event| matches!(event, EventBody::UserJoined { user } if user == "bob"));
        let stream = ada.stream("bob").unwrap();
        ada.inner.command(Command::Fault).unwrap();
        let failed =
            |event: &EventBody| matches!(event, EventBody::ConnectionStateChanged { new: ConnectionState::Failed, .. });
        let event = wait(&ada, failed);
        let EventBody::ConnectionStateChanged { reason, status, text, .. } = event else { unreachable!() };
        assert_eq!((reason, status), (Reason::Internal, Status::INTERNAL));
        assert!(text.contains("fault inside the library"), "{text}");
        let mut pcm = [0; 1920];
        let end = stream.read(&mut pcm, &mut Default::default(), LONG).unwrap();
        assert_eq!(end, ReadOutcome::End);
        assert_eq!(ada.users(), Vec::<String>::new());
        assert_eq!(bob.state(), ConnectionState::Connected);
        bob.mute(true).unwrap();
        ada.connect(LONG).unwrap();
        engine.close(Duration::from_secs(2)).unwrap();
    }
}
