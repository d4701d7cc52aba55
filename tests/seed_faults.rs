//! The faults of the seed, each shown to be absent, on real sockets. One test a fault:
//!
//! - `subscribe_audio` completes on any user's event: `subscribe_waits_for_this_user_alone`
//! - `unsubscribe_audio` waits for "subscribed" and so always fails: `unsubscribe_waits_for_not_subscribed`
//! - neither times out: `subscribe_and_unsubscribe_time_out`
//! - streams never end: `a_stream_ends_when_its_user_leaves_or_is_unsubscribed` (after a fault: `driver/task/tests.rs`)
//! - a frame from a user who is not subscribed raises inside the native callback: `frames_of_who_is_not_subscribed_reach_nobody`
//! - queues grow without bound: `every_queue_is_bounded_and_counts_what_it_drops` (events: `driver/events.rs`)
//! - `disconnect` before `connect` waits for ever: `disconnect_before_connect_returns`
//!
//! Its faults with messages and data are tested where those are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use stoa::Status;
use stoa::driver::{Channel, ChannelOptions, Engine, EngineOptions, FrameInfo, ReadOutcome, Stream, Told};
use stoa::event::{EventBody, EventKind, SubscribeState};

const LONG: Option<Duration> = Some(Duration::from_secs(30));
const RATE: usize = 24_000;

fn engine() -> Engine {
    Engine::new(EngineOptions { app_id: "app".into(), ..Default::default() }).unwrap()
}

fn options(user: &str) -> ChannelOptions {
    ChannelOptions { name: "room".into(), user: user.into(), ..Default::default() }
}

fn join(engine: &Engine, options: ChannelOptions) -> Channel {
    let channel = engine.create_channel(options).unwrap();
    channel.connect(LONG).unwrap();
    channel
}

/// Ada, who hears; bob, who can speak; and carl, who has no microphone and so is never subscribed.
fn room() -> (Engine, Channel, Channel, Channel) {
    let engine = engine();
    let ada = join(&engine, options("ada"));
    let bob = join(&engine, options("bob"));
    let carl = join(&engine, ChannelOptions { listen_only: true, ..options("carl") });
    until("both are there", || ada.users().len() == 2);
    (engine, ada, bob, carl)
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn speak(channel: &Channel, seconds: f64) {
    let samples = (RATE as f64 * seconds) as usize;
    let pcm: Vec<i16> = (0..samples).map(|n| if n / 60 % 2 == 0 { 9000 } else { -9000 }).collect();
    assert_eq!(channel.push(&pcm, Some(Duration::ZERO)).unwrap(), (samples, Status::OK));
}

fn read(stream: &Stream, timeout: Option<Duration>) -> ReadOutcome {
    stream.read(&mut [0; 1920], &mut FrameInfo::default(), timeout).unwrap()
}

#[test]
fn subscribe_waits_for_this_user_alone() {
    let (_engine, ada, _bob, _carl) = room();
    let waiter = thread::spawn({
        let ada = ada.clone();
        move || ada.subscribe("carl", Some(Duration::from_secs(4))).unwrap()
    });
    until("carl is asked for", || ada.subscribe_state("carl") == SubscribeState::Subscribing);
    assert_eq!(ada.subscribe("bob", LONG).unwrap(), Status::OK);
    assert_eq!(ada.subscribe_state("bob"), SubscribeState::Subscribed);
    assert!(!waiter.is_finished(), "bob's subscription is none of carl's");
    assert_eq!(waiter.join().unwrap(), Status::TIMED_OUT);
    assert_eq!(ada.subscribe_state("carl"), SubscribeState::Subscribing);
}

#[test]
fn unsubscribe_waits_for_not_subscribed() {
    let (_engine, ada, _bob, _carl) = room();
    for _ in 0..3 {
        assert_eq!(ada.subscribe("bob", LONG).unwrap(), Status::OK);
        assert_eq!(ada.subscribe_state("bob"), SubscribeState::Subscribed);
        assert_eq!(ada.unsubscribe("bob", LONG).unwrap(), Status::OK);
        assert_eq!(ada.subscribe_state("bob"), SubscribeState::NoSubscribe);
    }
}

#[test]
fn subscribe_and_unsubscribe_time_out() {
    let (_engine, ada, _bob, _carl) = room();
    let start = Instant::now();
    assert_eq!(ada.subscribe("carl", Some(Duration::from_millis(200))).unwrap(), Status::TIMED_OUT);
    assert!((Duration::from_millis(200)..Duration::from_secs(10)).contains(&start.elapsed()));
    assert_eq!(ada.subscribe("bob", LONG).unwrap(), Status::OK);
    // The media thread may be that fast.
    let at_once = ada.unsubscribe("bob", Some(Duration::ZERO)).unwrap();
    assert!([Status::TIMED_OUT, Status::OK].contains(&at_once), "{at_once:?}");
    until("it goes on", || ada.subscribe_state("bob") == SubscribeState::NoSubscribe);
}

#[test]
fn a_stream_ends_when_its_user_leaves_or_is_unsubscribed() {
    let (_engine, ada, bob, _carl) = room();
    for leaves in [false, true] {
        assert_eq!(ada.subscribe("bob", LONG).unwrap(), Status::OK);
        let stream = ada.stream("bob").unwrap();
        speak(&bob, 1.0);
        assert!(matches!(read(&stream, LONG), ReadOutcome::Frame(_)), "leaves: {leaves}");
        if leaves {
            bob.disconnect(LONG).unwrap();
        } else {
            ada.unsubscribe("bob", LONG).unwrap();
        }
        let end = Instant::now() + Duration::from_secs(30);
        while read(&stream, LONG) != ReadOutcome::End {
            assert!(Instant::now() < end, "leaves: {leaves}");
        }
        assert!(stream.is_over());
    }
}

#[test]
fn frames_of_who_is_not_subscribed_reach_nobody() {
    let (_engine, ada, bob, _carl) = room();
    let called = Arc::new(AtomicUsize::new(0));
    let count = called.clone();
    ada.set_frame_callback(Some(Box::new(move |_, _, _| _ = count.fetch_add(1, Ordering::SeqCst)))).unwrap();
    speak(&bob, 10.0);
    // Never subscribed: nothing, and the stream is no error.
    let stream = ada.stream("bob").unwrap();
    assert_eq!(read(&stream, Some(Duration::from_millis(300))), ReadOutcome::TimedOut);
    assert_eq!(called.load(Ordering::SeqCst), 0);
    drop(stream);
    // In the midst of speech: frames, then none.
    ada.subscribe("bob", LONG).unwrap();
    until("frames", || called.load(Ordering::SeqCst) > 3);
    ada.unsubscribe("bob", LONG).unwrap();
    ada.set_frame_callback(None).unwrap();
    let before = called.load(Ordering::SeqCst);
    let count = called.clone();
    ada.set_frame_callback(Some(Box::new(move |_, _, _| _ = count.fetch_add(1, Ordering::SeqCst)))).unwrap();
    let sent = || bob.stats().samples.sent;
    let then = sent() + RATE as u64 * 3 / 10;
    until("bob has spoken on", || sent() > then);
    assert_eq!(called.load(Ordering::SeqCst), before);
    // And one who is not there at all is an error that says so.
    assert_eq!(ada.stream("nobody").err().unwrap().status, Status::NOT_FOUND);
    assert_eq!(ada.subscribe("nobody", LONG).unwrap_err().status, Status::NOT_FOUND);
}

#[test]
fn every_queue_is_bounded_and_counts_what_it_drops() {
    let (engine, ada, bob, _carl) = room();
    // What is to be sent: 30 s by default.
    let unconnected = engine.create_channel(options("dan")).unwrap();
    let pushed = unconnected.push(&vec![1; RATE * 31], Some(Duration::ZERO)).unwrap();
    assert_eq!(pushed, (RATE * 30, Status::QUEUE_FULL));
    // Events: who never polls has the newest 1024, and the number of the others.
    for mark in 0..3000 {
        until("a mark", || bob.mark(mark).is_ok());
    }
    let mut kept = Vec::new();
    let last = |kept: &[EventBody]| matches!(kept.last(), Some(EventBody::Played { mark: 2999, .. }));
    while !last(&kept) {
        kept.push(bob.poll_event(LONG).unwrap().expect("an event").body);
    }
    let dropped: u64 =
        kept.iter().map(|event| if let EventBody::Overflow { dropped } = event { *dropped } else { 0 }).sum();
    let told = kept.iter().filter(|event| !matches!(event, EventBody::Overflow { .. })).count() as u64;
    let played = kept.iter().filter(|event| matches!(event, EventBody::Played { .. })).count() as u64;
    assert!(dropped >= 1500 && played < 3000 && told + dropped >= 3000, "{dropped} dropped, {told} told");
    // What is heard: 2 s by default. The first drop is told at once, more of them once a second, the rest at the end.
    assert_eq!(ada.subscribe("bob", LONG).unwrap(), Status::OK);
    let stream = ada.stream("bob").unwrap();
    let (sum, times) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (add, count) = (sum.clone(), times.clone());
    let listener = Box::new(move |told: &Told| {
        let EventBody::StreamOverflow { user, dropped, .. } = &told.body else { panic!("another event") };
        assert_eq!(user, "bob");
        add.fetch_add(*dropped as usize, Ordering::SeqCst);
        count.fetch_add(1, Ordering::SeqCst);
    });
    ada.on(Some(EventKind::StreamOverflow), false, listener, |_| ()).unwrap();
    speak(&bob, 6.0);
    assert_eq!(bob.wait_played(LONG).unwrap(), Status::OK);
    until("the first is told at once", || times.load(Ordering::SeqCst) > 0);
    until("most are dropped", || stream.dropped() >= 90);
    bob.disconnect(LONG).unwrap();
    until("the end", || stream.is_over() && sum.load(Ordering::SeqCst) as u64 == stream.dropped());
    assert!(stream.readable() <= 100, "{} frames of 20 ms", stream.readable());
    let times = times.load(Ordering::SeqCst);
    assert!((2..=8).contains(&times), "{times} events for two seconds, or a little more");
}

#[test]
fn disconnect_before_connect_returns() {
    let engine = engine();
    let channel = engine.create_channel(options("ada")).unwrap();
    let (done, waits) = std::sync::mpsc::channel();
    thread::spawn(move || done.send(channel.disconnect(None)));
    waits.recv_timeout(Duration::from_secs(30)).expect("it returns").unwrap();
}
