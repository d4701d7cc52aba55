//! Messages: every format, every length, several senders, bad lines, liars, and what becomes of those that do not leave.

use crate::sim::{Link, Options, QUIET, Sim, ms, token};
use stoa::Status;
use stoa::event::{ConnectionState, EventBody, MessageFormat};
use stoa::message::chunks::{Chunks, Outgoing};

const FORMATS: [MessageFormat; 4] =
    [MessageFormat::Json, MessageFormat::Base64, MessageFormat::Text, MessageFormat::Bytes];

fn message(format: MessageFormat, id: &str, payload: &[u8]) -> Outgoing {
    Outgoing { id: id.into(), format, topic: "chat".into(), to: Vec::new(), lossy: false, payload: payload.to_vec() }
}

fn send(sim: &mut Sim, from: usize, message: Outgoing) -> u64 {
    sim.clients[from].messages.push(Chunks::new(message).unwrap()).unwrap()
}

/// Sender, id, format and payload of what arrived.
fn arrived(sim: &Sim, at: usize) -> Vec<(String, String, MessageFormat, Vec<u8>)> {
    let message = |event: &EventBody| match event {
        EventBody::Message { user, id, format, payload, .. } => {
            Some((user.clone(), id.clone(), *format, payload.clone()))
        }
        _ => None,
    };
    sim.clients[at].events.iter().filter_map(message).collect()
}

/// Ticket and status of what has left, or has not.
fn completed(sim: &Sim, at: usize) -> Vec<(u64, Status)> {
    let sent = |event: &EventBody| match event {
        EventBody::MessageSent { ticket, status, .. } => Some((*ticket, *status)),
        _ => None,
    };
    sim.clients[at].events.iter().filter_map(sent).collect()
}

fn errors(sim: &Sim, at: usize) -> Vec<(String, Status)> {
    let error = |event: &EventBody| match event {
        EventBody::MessageError { user, status, .. } => Some((user.clone(), *status)),
        _ => None,
    };
    sim.clients[at].events.iter().filter_map(error).collect()
}

fn raw(sim: &mut Sim, from: usize, payload: &str) {
    let now = sim.now;
    assert!(sim.clients[from].voice.send_data(now, payload.into(), true, "", vec![]));
}

#[test]
fn every_format_carries_every_text_both_ways() {
    let mut sim = Sim::new(1);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    let texts = [
        String::new(),
        "x".into(),
        "é".repeat(300),
        "語".repeat(301),
        format!("x{}", "🎉e\u{301}👩\u{200d}👩\u{200d}👧".repeat(2000)),
        "\"\\\n|{\t".repeat(20_000),
    ];
    let mut expected = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        for format in FORMATS {
            let id = number.to_string();
            send(&mut sim, ada, message(format, &id, text.as_bytes()));
            send(&mut sim, bob, message(format, &id, text.as_bytes()));
            expected.push((id, format, text.clone().into_bytes()));
        }
    }
    let count = expected.len();
    assert!(sim.run_until(ms(60_000), |sim| [ada, bob].iter().all(|at| completed(sim, *at).len() == count)));
    sim.run(ms(200));
    for (at, from) in [(ada, "bob"), (bob, "ada")] {
        let seen: Vec<_> = arrived(&sim, at)
            .into_iter()
            .map(|(user, id, format, payload)| {
                assert_eq!(user, from);
                (id, format, payload)
            })
            .collect();
        assert!(seen == expected, "whole, and in order");
        let completed = completed(&sim, at);
        assert_eq!(completed, (1..=count as u64).map(|ticket| (ticket, Status::OK)).collect::<Vec<_>>());
        assert_eq!(errors(&sim, at), []);
    }
}

#[test]
fn sixteen_megabytes_leave_room_for_what_is_short() {
    let mut sim = Sim::new(2);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    let long: Vec<u8> = (0..16u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    send(&mut sim, ada, message(MessageFormat::Bytes, "long", &long));
    sim.run(ms(50));
    assert_eq!(completed(&sim, ada), []);
    raw(&mut sim, ada, "short");
    let heard = |sim: &Sim| sim.clients[bob].events.iter().any(|event| matches!(event, EventBody::DataReceived { .. }));
    assert!(sim.run_until(ms(1000), heard), "a data packet waits behind the whole message");
    assert_eq!(arrived(&sim, bob), []);
    assert!(sim.run_until(ms(120_000), |sim| !arrived(sim, bob).is_empty()));
    sim.run(ms(200));
    assert!(arrived(&sim, bob)[0].3 == long);
    assert_eq!(completed(&sim, ada), [(1, Status::OK)]);
}

/// The server keeps it meanwhile, for who reads more slowly than it is sent.
#[test]
fn who_hears_nothing_for_a_while_gets_a_long_message_all_the_same() {
    let mut sim = Sim::new(14);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    let text = "0123456789abcdef".repeat(12 << 16);
    sim.clients[bob].link.deaf = true;
    send(&mut sim, ada, message(MessageFormat::Text, "long", text.as_bytes()));
    assert!(sim.run_until(ms(4_000), |sim| !completed(sim, ada).is_empty()), "the server takes it more slowly");
    sim.clients[bob].link.deaf = false;
    assert!(sim.run_until(ms(60_000), |sim| !arrived(sim, bob).is_empty() || !errors(sim, bob).is_empty()));
    assert_eq!(errors(&sim, bob), []);
    assert!(arrived(&sim, bob)[0].3 == text.as_bytes());
    assert_eq!((sim.server.stats().data_dropped_full, sim.server.stats().data_waiting_bytes), (0, 0));
}

#[test]
fn two_senders_use_the_same_id_at_once() {
    let mut sim = Sim::new(3);
    let [ada, bob, cyd] = ["ada", "bob", "cyd"].map(|user| sim.join(user, Options::default()));
    let texts = ["ada's".repeat(20_000), "bob's".repeat(20_000)];
    for format in FORMATS {
        send(&mut sim, ada, message(format, "1", texts[0].as_bytes()));
        send(&mut sim, bob, message(format, "1", texts[1].as_bytes()));
    }
    assert!(sim.run_until(ms(30_000), |sim| arrived(sim, cyd).len() == 8));
    for (user, id, _, payload) in arrived(&sim, cyd) {
        assert!(id == "1" && payload == texts[usize::from(user == "bob")].as_bytes(), "{user}");
    }
    assert_eq!(errors(&sim, cyd), []);
}

#[test]
fn only_who_is_named_gets_it() {
    let mut sim = Sim::new(4);
    let [ada, bob, cyd] = ["ada", "bob", "cyd"].map(|user| sim.join(user, Options::default()));
    for format in FORMATS {
        send(&mut sim, ada, Outgoing { to: vec!["cyd".into()], ..message(format, "1", &[b'x'; 5000]) });
    }
    sim.run(ms(2000));
    assert_eq!((arrived(&sim, bob).len(), arrived(&sim, cyd).len()), (0, 4));
    let topics =
        sim.clients[cyd].events.iter().filter(|e| matches!(e, EventBody::Message { topic, .. } if topic == "chat"));
    assert_eq!(topics.count(), 4);
}

#[test]
fn reliable_messages_cross_a_bad_line() {
    let mut sim = Sim::new(5);
    let bad = Link { delay: ms(20), jitter: ms(20), loss: 0.05, duplicate: 0.05, ..QUIET };
    let ada = sim.join("ada", Options { link: bad, ..Options::default() });
    let bob = sim.join("bob", Options::default());
    let text = "🎉".repeat(10_000);
    for format in FORMATS {
        send(&mut sim, ada, message(format, "1", text.as_bytes()));
    }
    assert!(sim.run_until(ms(120_000), |sim| arrived(sim, bob).len() == 4));
    assert!(arrived(&sim, bob).iter().all(|(_, _, _, payload)| payload == text.as_bytes()));
    assert!(sim.run_until(ms(10_000), |sim| completed(sim, ada).len() == 4));
}

/// What may be lost arrives whole, in any order, or is reported: nothing is kept in silence, and nothing is mixed.
#[test]
fn lossy_messages_arrive_or_are_reported() {
    let mut sim = Sim::new(6);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    sim.run(ms(500));
    sim.clients[ada].link = Link { delay: ms(20), jitter: ms(30), loss: 0.1, duplicate: 0.05, ..QUIET };
    const COUNT: u64 = 40;
    for number in 0..COUNT {
        let format = if number % 2 == 0 { MessageFormat::Json } else { MessageFormat::Base64 };
        let payload = format!("{number} ").repeat(1500);
        send(&mut sim, ada, Outgoing { lossy: true, ..message(format, &number.to_string(), payload.as_bytes()) });
        sim.run(ms(200));
    }
    sim.run(ms(20_000));
    let whole = arrived(&sim, bob);
    for (_, id, _, payload) in &whole {
        assert_eq!(*payload, format!("{id} ").repeat(1500).into_bytes());
    }
    let reported = errors(&sim, bob).len();
    assert!(whole.len() > 5 && reported > 5, "{} arrived, {reported} were reported", whole.len());
    // A message of which nothing at all arrived cannot be known.
    assert!(whole.len() + reported >= COUNT as usize - 1, "{} and {reported}", whole.len());
    assert_eq!(completed(&sim, ada).len(), COUNT as usize);
}

#[test]
fn liars_are_refused_and_the_honest_message_arrives() {
    let mut sim = Sim::new(7);
    let [ada, eve, bob] = ["ada", "eve", "bob"].map(|user| sim.join(user, Options::default()));
    let text = "truth ".repeat(20_000);
    send(&mut sim, ada, message(MessageFormat::Json, "7", text.as_bytes()));
    let lies = [
        r#"{"msg_id": "7", "part_idx": 3, "total_parts": 400, "content": "lie"}"#,
        r#"{"msg_id": "7", "part_idx": 3, "total_parts": 401, "content": "lie"}"#, // another total
        r#"{"msg_id": "7", "part_idx": -1, "total_parts": 400, "content": "lie"}"#,
        r#"{"msg_id": "7", "part_idx": 3, "total_parts": 99999999999999999999, "content": "lie"}"#,
        r#"{"msg_id": "7", "part_idx": 4, "total_parts": 400, "content": "li"#, // cut
        "7|0|3|bGll",
        "7|1|1|b l l",
    ];
    for lie in lies {
        raw(&mut sim, eve, lie);
        // Those that are only out of place say nothing; those that are broken would be refused from her as well.
        raw(&mut sim, eve, lie);
    }
    raw(&mut sim, eve, "just data");
    raw(&mut sim, eve, r#"{"msg_id": "7", "mine": true}"#);
    sim.run(ms(20_000));
    let whole = arrived(&sim, bob);
    assert_eq!(whole.len(), 1);
    assert!(whole[0].0 == "ada" && whole[0].3 == text.as_bytes());
    let errors = errors(&sim, bob);
    assert!(errors.iter().all(|(user, _)| user == "eve"), "{errors:?}");
    // Six kinds of wrong, twice each; and the first one, which lacked 399 parts.
    assert_eq!(errors.iter().filter(|(_, status)| *status == Status::PROTOCOL).count(), 12, "{errors:?}");
    assert_eq!(errors.iter().filter(|(_, status)| *status == Status::TIMED_OUT).count(), 1, "{errors:?}");
    let data = sim.clients[bob].events.iter().filter(|event| matches!(event, EventBody::DataReceived { .. }));
    assert_eq!(data.count(), 2, "what is no chunk stays data");
}

#[test]
fn what_is_queued_before_the_connection_leaves_with_it() {
    let mut sim = Sim::new(8);
    let bob = sim.join("bob", Options::default());
    let ada = sim.add("ada", Options::default());
    for text in ["one", "two", "three"] {
        send(&mut sim, ada, message(MessageFormat::Text, text, text.as_bytes()));
    }
    assert!(sim.run_until(ms(5000), |sim| arrived(sim, bob).len() == 3));
    assert_eq!(arrived(&sim, bob).iter().map(|m| m.1.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
}

#[test]
fn a_connection_that_ends_fails_what_has_not_left() {
    let mut sim = Sim::new(9);
    let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, Options::default()));
    send(&mut sim, ada, message(MessageFormat::Text, "0", b"short"));
    sim.run(ms(500));
    send(&mut sim, ada, message(MessageFormat::Bytes, "1", &vec![7; 8 << 20]));
    send(&mut sim, ada, message(MessageFormat::Text, "2", b"never"));
    sim.run(ms(20));
    sim.clients[ada].voice.leave();
    sim.run(ms(1000));
    let gone = Status::DISCONNECTED;
    assert_eq!(completed(&sim, ada), [(1, Status::OK), (2, gone), (3, gone)]);
    // Who was to get it hears of its end at once, and not after 15 s.
    assert_eq!(errors(&sim, bob), [("ada".to_string(), gone)]);
    assert_eq!(arrived(&sim, bob).len(), 1);
    let queue = &sim.clients[ada].messages;
    assert_eq!(queue.outcome(1), Some(Ok(())));
    assert_eq!(queue.outcome(3).unwrap().unwrap_err().status, gone);
    assert!(queue.take().is_none());
}

#[test]
fn who_may_not_send_data_is_told() {
    let mut sim = Sim::new(10);
    let token = token("ada", |claims| claims.video.can_publish_data = Some(false));
    let ada = sim.add("ada", Options { token: Some(token), ..Options::default() });
    send(&mut sim, ada, message(MessageFormat::Text, "1", b"psst"));
    assert!(sim.run_until(ms(5000), |sim| sim.clients[ada].voice.state() == ConnectionState::Connected));
    sim.run(ms(10));
    assert_eq!(completed(&sim, ada), [(1, Status::NOT_ALLOWED)]);
}
