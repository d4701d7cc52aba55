//! What is kept, for whom, and what is dropped.

use super::*;
use crate::Status;
use crate::event::{ConnectionState, Reason, SubscribeState};

const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

fn at(time_us: u64, body: EventBody) -> Event {
    Event { time_us, body }
}

fn played(mark: u64) -> EventBody {
    EventBody::Played { mark, status: Status::OK }
}

fn joined(user: u64) -> EventBody {
    EventBody::UserJoined { user: user.to_string() }
}

fn connection(old: ConnectionState, new: ConnectionState) -> EventBody {
    let (reason, status, text) = (Reason::None, Status::OK, String::new());
    EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us: 7 }
}

fn polled(queue: &EventQueue) -> Vec<EventBody> {
    std::iter::from_fn(|| queue.pop(AT_ONCE)).map(|event| event.body).collect()
}

fn called(queue: &EventQueue) -> Vec<EventBody> {
    std::iter::from_fn(|| queue.pop_called()).map(|event| event.body).collect()
}

#[test]
fn each_kind_is_for_callbacks_or_for_polling_and_each_keeps_its_order() {
    let queue = EventQueue::default();
    assert!(!queue.push(at(1, played(1))));
    queue.set_called(Kinds::of(EventKind::Played));
    assert!(!queue.push(at(2, joined(2))));
    assert!(queue.push(at(3, played(3))));
    assert_eq!(called(&queue), [played(1), played(3)], "what waited too");
    assert_eq!(polled(&queue), [joined(2)]);
    queue.push(at(4, played(4)));
    queue.push(at(5, joined(5)));
    queue.set_called(Kinds::default());
    assert_eq!(polled(&queue), [played(4), joined(5)]);
    queue.set_called(Kinds::ALL);
    queue.push(at(6, joined(6)));
    assert_eq!(queue.pop(None), None, "callbacks take all: polling does not wait for ever");
    assert_eq!(called(&queue), [joined(6)]);
}

#[test]
fn who_polls_wakes_when_a_callback_leaves_it_an_event() {
    let queue = EventQueue::default();
    queue.set_called(Kinds::of(EventKind::Played));
    queue.push(at(1, played(1)));
    std::thread::scope(|scope| {
        let poller = scope.spawn(|| queue.pop(Some(Duration::from_secs(20))));
        let other = scope.spawn(|| queue.pop(Some(Duration::from_secs(20))));
        queue.set_called(Kinds::default());
        queue.push(at(2, joined(2)));
        let mut got = [poller, other].map(|thread| thread.join().unwrap().unwrap().time_us);
        got.sort_unstable();
        assert_eq!(got, [1, 2]);
    });
}

#[test]
fn the_descriptor_is_readable_while_there_is_something_to_poll() {
    let queue = EventQueue::default();
    queue.push(at(1, joined(1)));
    let descriptor = queue.descriptor().unwrap();
    assert_eq!(queue.descriptor().unwrap(), descriptor);
    let readable = || queue.wake.is_readable();
    assert!(readable(), "it was there before the descriptor");
    queue.push(at(2, joined(2)));
    queue.pop(AT_ONCE).unwrap();
    assert!(readable(), "one is left");
    queue.pop(AT_ONCE).unwrap();
    assert!(!readable());
    queue.set_called(Kinds::of(EventKind::Played));
    queue.push(at(3, played(3)));
    assert!(!readable(), "a callback takes it");
    let event = queue.pop_called().unwrap();
    queue.put_back(event);
    assert!(!readable());
    queue.set_called(Kinds::default());
    assert!(readable(), "nobody else takes it any more");
    queue.set_called(Kinds::ALL);
    assert!(!readable());
    queue.close();
    assert!(readable());
    assert_eq!(queue.pop(None), None);
    assert!(readable(), "the end stays to be seen");
}

#[test]
fn a_full_queue_tells_of_its_overflow_by_the_descriptor() {
    let queue = EventQueue::default();
    queue.set_called(Kinds::of(EventKind::Played));
    queue.descriptor().unwrap();
    for mark in 1..=CAPACITY as u64 {
        queue.push(at(mark, played(mark)));
    }
    assert!(!queue.wake.is_readable());
    queue.push(at(2000, played(2000)));
    assert!(queue.wake.is_readable());
    assert_eq!(queue.pop(AT_ONCE), Some(at(2000, EventBody::Overflow { dropped: 1 })));
    assert!(!queue.wake.is_readable());
}

#[test]
fn an_event_that_is_put_back_is_in_its_place() {
    let queue = EventQueue::default();
    queue.set_called(Kinds::of(EventKind::Played));
    for event in [at(1, joined(1)), at(2, played(2)), at(3, joined(3))] {
        queue.push(event);
    }
    let event = queue.pop_called().unwrap();
    queue.put_back(event);
    queue.set_called(Kinds::default());
    assert_eq!(polled(&queue), [joined(1), played(2), joined(3)]);
    queue.put_back(at(9, EventBody::Overflow { dropped: 4 }));
    assert_eq!(queue.pop(AT_ONCE), Some(at(9, EventBody::Overflow { dropped: 4 })));
}

#[test]
fn a_full_queue_drops_its_oldest_counts_them_and_keeps_states() {
    use ConnectionState::{Connected, Connecting, Disconnected, Failed};
    let queue = EventQueue::default();
    queue.push(at(0, connection(Disconnected, Connecting)));
    for mark in 1..=2000 {
        queue.push(at(mark, played(mark)));
    }
    queue.push(at(2001, connection(Connecting, Connected)));
    queue.push(at(2002, connection(Connected, Failed)));
    let subscribe = |user: &str, old, new| {
        let user = user.to_string();
        EventBody::SubscribeStateChanged { user, old, new, elapsed_us: 1 }
    };
    use SubscribeState::{NoSubscribe, Subscribed, Subscribing};
    queue.push(at(2003, subscribe("ada", NoSubscribe, Subscribing)));
    queue.push(at(2004, subscribe("bob", NoSubscribe, Subscribing)));
    queue.push(at(2005, subscribe("ada", Subscribing, Subscribed)));
    let overflow = queue.pop(AT_ONCE).unwrap();
    // 1021 of the marks are left, of two thousand.
    assert_eq!((overflow.body, overflow.time_us), (EventBody::Overflow { dropped: 979 }, 2004));
    let all = polled(&queue);
    assert_eq!(all.len(), CAPACITY);
    assert_eq!(all[0], played(980));
    let ends = [
        connection(Disconnected, Failed),
        subscribe("bob", NoSubscribe, Subscribing),
        subscribe("ada", NoSubscribe, Subscribed),
    ];
    assert_eq!(all[CAPACITY - 3..], ends);
}

#[test]
fn a_listener_to_overflows_is_told_though_all_else_is_polled() {
    let queue = EventQueue::default();
    queue.set_called(Kinds::of(EventKind::Overflow));
    let told: Vec<bool> = (0..CAPACITY as u64 + 2).map(|mark| queue.push(at(mark, played(mark)))).collect();
    assert_eq!(told.iter().filter(|told| **told).count(), 2);
    assert_eq!(called(&queue), [EventBody::Overflow { dropped: 2 }]);
    assert_eq!(polled(&queue)[0], played(2), "polling is not told again");
}

#[test]
fn what_one_stream_dropped_adds_up_while_unread() {
    let queue = EventQueue::default();
    let of_track = |user: &str, track: &str, dropped| EventBody::StreamOverflow {
        user: user.into(),
        track: track.into(),
        dropped,
    };
    let overflow = |user, dropped| of_track(user, "", dropped);
    let all = [overflow("ada", 1), overflow("", 5), of_track("ada", "music", 7), overflow("ada", 3)];
    for (time, body) in all.into_iter().enumerate() {
        queue.push(at(time as u64, body));
    }
    assert_eq!(polled(&queue), [overflow("ada", 4), overflow("", 5), of_track("ada", "music", 7)]);
    queue.push(at(9, overflow("ada", 2)));
    assert_eq!(polled(&queue), [overflow("ada", 2)]);
}

#[test]
fn a_closed_queue_is_drained_and_waits_for_nothing() {
    let queue = EventQueue::default();
    queue.push(at(1, joined(1)));
    queue.close();
    assert_eq!(queue.pop(None), Some(at(1, joined(1))));
    assert_eq!(queue.pop(None), None);
}
