//! How the connection events of a channel follow each other.

use super::*;
use crate::driver::{Engine, EngineOptions};
use crate::event::{ConnectionState, Event, EventBody};

/// Connection states by event: old, new, and the time in between, which the events' own times confirm.
#[test]
fn connection_events_follow_each_other_over_sessions() {
    use ConnectionState::{Connected, Connecting, Disconnected, Failed};
    let long = Some(Duration::from_secs(20));
    let options = EngineOptions { app_id: "key".into(), app_certificate: "secret".into(), ..Default::default() };
    let engine = Engine::new(options).unwrap();
    // Nobody answers there: the port was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (app_id, app_certificate) = ("key".into(), "secret".into());
    let url = format!("ws://{free}");
    let nowhere =
        Engine::new(EngineOptions { app_id, app_certificate, url, threads: 1, ..Default::default() }).unwrap();
    let named = || ChannelOptions { name: "room".into(), user: "ada".into(), ..Default::default() };
    let (there, nobody) = (engine.create_channel(named()).unwrap(), nowhere.create_channel(named()).unwrap());
    for _ in 0..2 {
        there.connect(long).unwrap();
        there.disconnect(long).unwrap();
        assert_eq!(nobody.connect(long).unwrap_err().status, Status::UNREACHABLE);
    }
    let changes = |channel: &Channel, count: usize| -> Vec<_> {
        let mut last = None;
        let change = |event: Event| {
            let EventBody::ConnectionStateChanged { old, new, status, elapsed_us, .. } = event.body else {
                return None;
            };
            if let Some(last) = last.replace(event.time_us) {
                // Each is rounded by itself.
                assert!((event.time_us - last).abs_diff(elapsed_us) <= 2, "{elapsed_us} µs");
            }
            Some((old, new, status))
        };
        let events = std::iter::from_fn(|| channel.poll_event(long).unwrap());
        events.filter_map(change).take(count).collect()
    };
    let once = [(Connecting, Connected, Status::OK), (Connected, Disconnected, Status::OK)];
    let begin = (Disconnected, Connecting, Status::OK);
    assert_eq!(changes(&there, 6), [[begin].as_slice(), &once, &[begin], &once].concat());
    let failed = (Connecting, Failed, Status::UNREACHABLE);
    let again = (Failed, Connecting, Status::OK);
    assert_eq!(changes(&nobody, 4), [begin, failed, again, failed]);
}
