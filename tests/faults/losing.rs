//! Servers that go away, and connections with what was on them.

use super::*;
use stoa::Error;
use stoa::driver::ReadOutcome;

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
