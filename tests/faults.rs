//! Servers that are not there, hang, refuse, or are none; and what a channel does about it: a status, a sentence, in time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use stoa::driver::{Channel, ChannelOptions, Engine, EngineOptions, ReadOutcome, Server, ServerOptions};
use stoa::event::{ConnectionState, EventBody, Reason};
use stoa::token::jwt::{self, Claims, VideoGrant};
use stoa::{Error, Status};

const LONG: Duration = Duration::from_secs(20);
/// What a bounded call may take beyond its bound: the farewell, and a busy machine. Less than the ten seconds after which a server
/// that hangs is given up.
const SLACK: Duration = Duration::from_secs(8);

fn engine(url: &str) -> Engine {
    Engine::new(EngineOptions {
        app_id: "app".into(),
        app_certificate: "secret".into(),
        url: url.into(),
        threads: 1,
        ..Default::default()
    })
    .unwrap()
}

fn channel(engine: &Engine, user: &str) -> Channel {
    let options = ChannelOptions { name: "room".into(), user: user.into(), subscribe_all: true, ..Default::default() };
    engine.create_channel(options).unwrap()
}

fn server(port: u16) -> Server {
    Server::new(ServerOptions { port, keys: vec![("app".into(), "secret".into())], ..Default::default() }).unwrap()
}

/// Reads a request's head.
fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A listener that treats each connection in the same way; each is kept open until the listener's end or its own.
fn listener(treat: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let treat = Arc::new(treat);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let treat = treat.clone();
            thread::spawn(move || {
                let mut stream = stream;
                treat(&mut stream);
            });
        }
    });
    url
}

/// Stays until the other side has closed.
fn stay(stream: &mut TcpStream) {
    while stream.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {}
}

/// Answers every request with this status and body.
fn http(status: &'static str, body: &'static str) -> String {
    listener(move |stream| {
        head(stream);
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes());
        stay(stream);
    })
}

/// Opens the WebSocket, and leaves the rest to the caller.
fn upgraded(then: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    listener(move |stream| {
        let head = head(stream);
        let key = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.to_string())
        });
        let accept = accept_key(&key.unwrap_or_default());
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
        let _ = write!(stream, "{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n");
        then(stream);
    })
}

/// What a server proves with that it speaks WebSocket (RFC 6455, 1.3).
fn accept_key(key: &str) -> String {
    tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes())
}

/// A binary WebSocket message of less than 126 bytes.
fn binary(payload: &[u8]) -> Vec<u8> {
    [&[0x82, payload.len() as u8], payload].concat()
}

/// `SignalResponse { join: JoinResponse { participant: { sid: "PA", identity: "ada" }, ping_interval: 5 } }`, by hand.
fn join_response() -> Vec<u8> {
    let participant = [&b"\x0a\x02PA"[..], b"\x12\x03ada"].concat();
    let join = [&[0x12, participant.len() as u8], &participant[..], &[0x58, 5]].concat();
    binary(&[&[0x0a, join.len() as u8], &join[..]].concat())
}

/// Connects to what answers at `url` and expects this failure, with this in its sentence, in time.
fn fails(url: &str, status: Status, reason: Reason, part: &str) {
    let engine = engine(url);
    let channel = channel(&engine, "ada");
    for round in 0..2 {
        let start = Instant::now();
        let error = channel.connect(Some(LONG)).expect_err(url);
        assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
        assert_eq!(error.status, status, "{error:?}");
        assert!(error.text.contains(part), "{} lacks {part}", error.text);
        assert_eq!(channel.state(), ConnectionState::Failed, "round {round}");
        let (told, text) = failure(&channel);
        assert_eq!((told, text.as_str()), (reason, error.text.as_str()));
    }
    closes(channel, engine);
}

fn failure(channel: &Channel) -> (Reason, String) {
    loop {
        let event = channel.poll_event(Some(LONG)).unwrap().expect("a state event in time");
        if let EventBody::ConnectionStateChanged { new: ConnectionState::Failed, reason, text, .. } = event.body {
            return (reason, text);
        }
    }
}

/// Closing is bounded, whatever the server does, and possible twice.
fn closes(channel: Channel, engine: Engine) {
    let start = Instant::now();
    channel.close().unwrap();
    channel.close().unwrap();
    assert!(start.elapsed() < SLACK, "{:?}", start.elapsed());
    let start = Instant::now();
    engine.close(Duration::from_secs(2)).unwrap();
    engine.close(Duration::from_secs(2)).unwrap();
    assert!(start.elapsed() < SLACK, "{:?}", start.elapsed());
}

/// Connects with timeouts to what hangs: given up in time, again possible, and nothing is left behind.
fn hangs(url: &str) {
    let engine = engine(url);
    let ada = channel(&engine, "ada");
    for timeout in [1, 300, 1000].map(Duration::from_millis) {
        let start = Instant::now();
        let error = ada.connect(Some(timeout)).expect_err(url);
        let took = start.elapsed();
        assert_eq!(error.status, Status::TIMED_OUT, "{error:?}");
        assert!(took >= timeout && took < timeout + SLACK, "{took:?} for {timeout:?}");
        assert_eq!(ada.state(), ConnectionState::Disconnected);
    }
    // Disconnecting while it connects.
    ada.connect(Some(Duration::ZERO)).unwrap();
    assert_eq!(ada.connect(None).unwrap_err().status, Status::BAD_STATE);
    let start = Instant::now();
    ada.disconnect(Some(LONG)).unwrap();
    assert!(start.elapsed() < SLACK, "{:?}", start.elapsed());
    assert_eq!(ada.state(), ConnectionState::Disconnected);
    // Another thread that waits for ever is let go by the disconnect.
    let waiting = thread::spawn({
        let ada = ada.clone();
        move || ada.connect(None)
    });
    let start = Instant::now();
    while ada.state() != ConnectionState::Connecting {
        assert!(start.elapsed() < LONG);
        thread::yield_now();
    }
    ada.disconnect(Some(LONG)).unwrap();
    assert_eq!(waiting.join().unwrap().unwrap_err().status, Status::DISCONNECTED);
    // Closing while it connects.
    ada.connect(Some(Duration::ZERO)).unwrap();
    closes(ada, engine);
}

#[test]
fn a_port_where_nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    fails(&format!("ws://127.0.0.1:{port}"), Status::UNREACHABLE, Reason::Unreachable, "cannot be reached");
}

#[test]
fn a_name_that_no_host_has() {
    // RFC 6761: "invalid" never resolves.
    fails("ws://stoa.invalid:7880", Status::UNREACHABLE, Reason::Unreachable, "stoa.invalid:7880 cannot be reached");
}

#[test]
fn urls_that_are_none() {
    for url in
        ["7880", "localhost:7880", "ftp://localhost", "ws://", "ws:///room", "ws://a b", "ws://x:99999", "wss://"]
    {
        let options = EngineOptions { app_id: "app".into(), url: url.into(), ..Default::default() };
        let error = Engine::new(options).map(|_| ()).expect_err(url);
        assert_eq!(error.status, Status::BAD_ARGUMENT, "{url}: {error:?}");
        assert!(error.text.len() > 20, "{url}: {}", error.text);
    }
}

#[test]
fn a_port_that_is_in_use() {
    let first = server(0);
    let keys = vec![("app".into(), "secret".into())];
    let error = Server::new(ServerOptions { port: first.port(), keys, ..Default::default() }).map(|_| ()).unwrap_err();
    assert_eq!(error.status, Status::ADDRESS);
    assert!(error.text.contains("another program has it"), "{}", error.text);
}

#[test]
fn a_server_that_takes_connections_and_says_nothing() {
    hangs(&listener(stay));
}

#[test]
fn a_server_that_opens_the_websocket_and_says_nothing() {
    hangs(&upgraded(stay));
}

#[test]
fn a_server_that_sends_a_join_and_then_nothing() {
    hangs(&upgraded(|stream| {
        stream.write_all(&join_response()).unwrap();
        stay(stream);
    }));
}

#[test]
fn a_server_that_hangs_is_given_up_after_ten_seconds_by_itself() {
    let engine = engine(&upgraded(stay));
    let ada = channel(&engine, "ada");
    let start = Instant::now();
    let error = ada.connect(None).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10) + SLACK, "{:?}", start.elapsed());
    assert_eq!(error.status, Status::UNREACHABLE);
    assert!(error.text.contains("no Join within 10 s"), "{}", error.text);
    assert_eq!(failure(&ada).0, Reason::TimedOut);
    closes(ada, engine);
}

#[test]
fn a_server_that_closes_at_once() {
    let closes = listener(|stream| _ = head(stream));
    fails(&closes, Status::PROTOCOL, Reason::Protocol, "not as a LiveKit server does");
}

#[test]
fn web_servers_that_are_no_livekit_servers() {
    fails(&http("200 OK", "<html>"), Status::PROTOCOL, Reason::Protocol, "HTTP 200");
    fails(&http("404 Not Found", "no"), Status::PROTOCOL, Reason::Protocol, "404");
    fails(&http("500 Oops", "broken"), Status::REFUSED, Reason::Refused, "HTTP 500 (broken)");
    fails(&http("401 No", "who are you"), Status::BAD_TOKEN, Reason::BadToken, "who are you");
    fails(&http("302 Found", ""), Status::PROTOCOL, Reason::Protocol, "HTTP 302");
    let endless = listener(|stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    fails(&endless, Status::PROTOCOL, Reason::Protocol, "not as a LiveKit server does");
    let other = listener(|stream| {
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n");
        stay(stream);
    });
    fails(&other, Status::PROTOCOL, Reason::Protocol, "not as a LiveKit server does");
}

#[test]
fn servers_that_open_the_websocket_and_break_it() {
    let garbage = upgraded(|stream| {
        let _ = stream.write_all(&[0xff; 64]);
        stay(stream);
    });
    fails(&garbage, Status::PROTOCOL, Reason::Protocol, "WebSocket protocol");
    let message = upgraded(|stream| {
        let _ = stream.write_all(&binary(&[0xff; 20]));
        stay(stream);
    });
    fails(&message, Status::PROTOCOL, Reason::Protocol, "not LiveKit's");
    let huge = upgraded(|stream| {
        let _ = stream.write_all(&[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        stay(stream);
    });
    fails(&huge, Status::PROTOCOL, Reason::Protocol, "WebSocket protocol");
    fails(&upgraded(|_| {}), Status::DISCONNECTED, Reason::ConnectionLost, "was lost");
    let join = upgraded(|stream| _ = stream.write_all(&join_response()));
    fails(&join, Status::DISCONNECTED, Reason::ConnectionLost, "was lost");
}

#[test]
fn a_server_given_up_leaves_no_connection_behind() {
    let (closed, told) = std::sync::mpsc::channel();
    let closed = std::sync::Mutex::new(closed);
    let engine = engine(&listener(move |stream| {
        stay(stream);
        closed.lock().unwrap().send(()).unwrap();
    }));
    let ada = channel(&engine, "ada");
    for _ in 0..3 {
        ada.connect(Some(Duration::from_millis(200))).unwrap_err();
        told.recv_timeout(LONG).expect("the connection is closed, though the server never answered");
    }
    closes(ada, engine);
}

fn wait(channel: &Channel, what: &str, wanted: impl Fn(&EventBody) -> bool) -> EventBody {
    loop {
        let event = channel.poll_event(Some(LONG)).unwrap().unwrap_or_else(|| panic!("no {what} in time"));
        if wanted(&event.body) {
            return event.body;
        }
    }
}

fn ends(stream: &stoa::driver::Stream) {
    let mut pcm = [0; 5760];
    loop {
        match stream.read(&mut pcm, &mut Default::default(), Some(LONG)).unwrap() {
            ReadOutcome::Frame(_) => {}
            other => return assert_eq!(other, ReadOutcome::End),
        }
    }
}

#[test]
fn a_server_that_goes_away_is_noticed_and_joined_again_when_it_is_back() {
    let first = server(0);
    let port = first.port();
    let engine = engine(&first.url());
    let once = |user: &str| {
        let options =
            ChannelOptions { name: "room".into(), user: user.into(), subscribe_all: true, ..Default::default() };
        engine.create_channel(ChannelOptions { no_reconnect: true, ..options }).unwrap()
    };
    let (ada, bob) = (once("ada"), once("bob"));
    ada.connect(Some(LONG)).unwrap();
    bob.connect(Some(LONG)).unwrap();
    wait(&ada, "bob", |event| matches!(event, EventBody::UserJoined { user } if user == "bob"));
    let (voice, mix) = (ada.stream("bob").unwrap(), ada.mixed_stream().unwrap());
    let start = Instant::now();
    first.close();
    assert!(start.elapsed() < SLACK, "{:?}", start.elapsed());
    for channel in [&ada, &bob] {
        let lost = |event: &EventBody| {
            matches!(event, EventBody::ConnectionStateChanged { old: ConnectionState::Connected, .. })
        };
        let event = wait(channel, "loss", lost);
        let EventBody::ConnectionStateChanged { new, reason, text, .. } = event else { unreachable!() };
        assert_eq!((new, reason), (ConnectionState::Failed, Reason::ServerShutdown), "{text}");
        assert_eq!(channel.state(), ConnectionState::Failed);
    }
    ends(&voice);
    assert!(!mix.is_over(), "the mix outlives connections");
    assert_eq!(ada.stream("bob").map(|_| ()).unwrap_err().status, Status::BAD_STATE);
    assert_eq!(ada.send_data(b"x", true, "", &[]).unwrap_err().status, Status::BAD_STATE);
    assert_eq!(ada.connect(Some(LONG)).unwrap_err().status, Status::UNREACHABLE);
    let second = server(port);
    ada.connect(Some(LONG)).unwrap();
    assert_eq!(ada.state(), ConnectionState::Connected);
    closes(ada, engine);
    ends(&mix);
    drop(second);
}

#[test]
fn a_server_that_is_restarted_gets_its_clients_back() {
    let first = server(0);
    let port = first.port();
    let engine = engine(&first.url());
    let ada = channel(&engine, "ada");
    ada.connect(Some(LONG)).unwrap();
    let changed = |to: ConnectionState| {
        let is = |event: &EventBody| matches!(event, EventBody::ConnectionStateChanged { new, .. } if *new == to);
        let EventBody::ConnectionStateChanged { reason, .. } = wait(&ada, "change", is) else { unreachable!() };
        reason
    };
    changed(ConnectionState::Connected);
    first.close();
    assert_eq!(changed(ConnectionState::Reconnecting), Reason::ServerShutdown);
    let second = server(port);
    changed(ConnectionState::Connected);
    // While it tries to come back, nothing waits for it.
    second.close();
    changed(ConnectionState::Reconnecting);
    closes(ada, engine);
}

#[test]
fn data_that_was_lost_with_its_connection_holds_no_place() {
    let engine = engine("");
    let ada = channel(&engine, "ada");
    let mut refused: Option<Error> = None;
    for _ in 0..20 {
        ada.connect(Some(LONG)).unwrap();
        for _ in 0..64 {
            refused = ada.send_data(&[0; 100], true, "", &[]).err().filter(|e| e.status != Status::QUEUE_FULL);
        }
        ada.disconnect(Some(LONG)).unwrap();
    }
    assert_eq!(refused.map(|error| error.text), None);
    ada.connect(Some(LONG)).unwrap();
    let start = Instant::now();
    // 20 * 64 are more than may wait: had they kept their places there were none now.
    while ada.send_data(b"x", true, "", &[]).is_err() {
        assert!(start.elapsed() < LONG, "no place for data");
        thread::yield_now();
    }
    closes(ada, engine);
}

#[test]
fn engines_and_channels_come_and_go_without_a_trace() {
    fn count(directory: &str) -> usize {
        std::fs::read_dir(directory).map_or(0, |entries| entries.count())
    }
    // A process of its own: other tests have descriptors and threads as well.
    const CHILD: &str = "STOA_TEST_LEAKS";
    if std::env::var_os(CHILD).is_none() {
        let name = "engines_and_channels_come_and_go_without_a_trace";
        let program = std::env::current_exe().unwrap();
        let ran = std::process::Command::new(program).args(["--exact", name]).env(CHILD, "1").output().unwrap();
        assert!(
            ran.status.success(),
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        return;
    }
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    };
    let round = |number: usize| {
        let engine = engine("");
        let (ada, bob) = (channel(&engine, "ada"), channel(&engine, "bob"));
        ada.connect(Some(LONG)).unwrap();
        bob.connect(Some(LONG)).unwrap();
        wait(&ada, "bob", |event| matches!(event, EventBody::UserJoined { .. }));
        let stream = ada.stream("bob").unwrap();
        stream.descriptor().unwrap();
        ada.set_event_callback(Some(Box::new(|_| {}))).unwrap();
        stream.set_frame_callback(Some(Box::new(|_, _, _| {}))).unwrap();
        if number.is_multiple_of(2) {
            closes(bob, engine);
        } else {
            ada.close().unwrap();
            closes(bob, engine);
        }
    };
    // Threads that were asked to end may take a moment for it.
    let settled = |descriptors: usize, threads: usize| {
        let start = Instant::now();
        while (count("/proc/self/fd") > descriptors || count("/proc/self/task") > threads) && start.elapsed() < LONG {
            thread::sleep(Duration::from_millis(5));
        }
        (count("/proc/self/fd"), count("/proc/self/task"))
    };
    let (descriptors, threads) = (count("/proc/self/fd"), count("/proc/self/task"));
    (0..40).for_each(round);
    let (warm_descriptors, warm_threads) = settled(descriptors + 2, threads);
    let before = resident();
    (0..160).for_each(round);
    let (after_descriptors, after_threads) = settled(warm_descriptors, warm_threads);
    let after = resident();
    println!(
        "{descriptors}, {warm_descriptors}, {after_descriptors} descriptors; {threads}, {warm_threads}, {after_threads} threads; {before}, {after} kB"
    );
    assert!(after_descriptors <= warm_descriptors, "{after_descriptors} descriptors, {warm_descriptors} before");
    assert!(after_threads <= warm_threads && after_threads <= threads, "{after_threads} threads, {threads} before");
    // 160 rounds: half a participant's 0.6 MB left behind by each would be 48 MB.
    assert!(after < before + 8 * 1024, "{before} kB before, {after} kB after");
}

#[test]
fn who_only_listens_cannot_push() {
    let server = server(0);
    let engine = engine(&server.url());
    let options = ChannelOptions { name: "room".into(), listen_only: true, ..Default::default() };
    let channel = engine.create_channel(options).unwrap();
    channel.connect(Some(LONG)).unwrap();
    let error = channel.push(&[0; 480], Some(Duration::ZERO)).unwrap_err();
    assert_eq!(error.status, Status::BAD_STATE);
    assert!(error.text.contains("listen_only"), "{error}");
    engine.close(LONG).unwrap();
}

#[test]
fn data_that_the_token_does_not_allow_is_refused_with_a_sentence() {
    let server = server(0);
    let engine = engine(&server.url());
    let video =
        VideoGrant { room: "room".into(), room_join: true, can_publish_data: Some(false), ..VideoGrant::default() };
    let unix_s = stoa::driver::clock::time_us() / 1_000_000;
    let claims = Claims { iss: "app".into(), sub: "ada".into(), exp: unix_s + 60, video, ..Claims::default() };
    let token = jwt::build(&claims, "app", "secret");
    let options = ChannelOptions { name: "room".into(), token, ..Default::default() };
    let channel = engine.create_channel(options).unwrap();
    channel.connect(Some(LONG)).unwrap();
    let error = channel.send_data(b"psst", true, "", &[]).unwrap_err();
    assert_eq!(error.status, Status::NOT_ALLOWED);
    assert!(error.text.contains("token"), "{error}");
    engine.close(LONG).unwrap();
}
