//! Servers that take a connection and say no more: given up in time.

use super::*;
use crate::pretend::{join_response, listener, stay, upgraded};
use std::io::Write;

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
