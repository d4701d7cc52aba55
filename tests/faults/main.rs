//! Servers that are not there, hang, refuse, or are none; and what a channel does about it: a status, a sentence, in time.

mod hanging;
mod losing;
mod pretend;
mod refusing;

use std::thread;
use std::time::{Duration, Instant};
use stoa::Status;
use stoa::driver::{Channel, ChannelOptions, Engine, EngineOptions, Server, ServerOptions};
use stoa::event::{ConnectionState, EventBody, Reason};
use stoa::token::jwt::{self, Claims, VideoGrant};

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

fn wait(channel: &Channel, what: &str, wanted: impl Fn(&EventBody) -> bool) -> EventBody {
    loop {
        let event = channel.poll_event(Some(LONG)).unwrap().unwrap_or_else(|| panic!("no {what} in time"));
        if wanted(&event.body) {
            return event.body;
        }
    }
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
