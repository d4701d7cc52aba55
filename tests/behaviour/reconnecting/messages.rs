//! Data and messages that are on their way when a connection is lost.

use super::*;
use stoa::event::MessageFormat;
use stoa::message::chunks::{Chunks, Outgoing};

/// The first four bytes of each data packet that arrived.
fn numbers(sim: &Sim, client: usize) -> Vec<u32> {
    let number = |event: &EventBody| match event {
        EventBody::DataReceived { payload, .. } => Some(u32::from_be_bytes(payload[..4].try_into().unwrap())),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(number).collect()
}

#[test]
fn no_reliable_packet_is_lost_or_doubled_over_a_resume() {
    for options in both_modes() {
        let mut two = Two::new(12, options);
        let clients = [two.ada, two.bob];
        let send = |sim: &mut Sim, range: std::ops::Range<u32>| {
            for n in range {
                let now = sim.now;
                for client in clients {
                    let payload = n.to_be_bytes().repeat(500);
                    assert!(sim.clients[client].voice.send_data(now, payload, true, "", vec![]));
                }
            }
        };
        send(&mut two.sim, 0..20);
        // Some are on their way, some not yet acknowledged, some not yet sent.
        two.sim.run(ms(3));
        two.sim.clients[two.ada].link.cut = true;
        two.sim.cut_websocket(two.ada);
        send(&mut two.sim, 20..40);
        // Back just before the second attempt, while SCTP still waits to send again.
        two.sim.run(ms(5200));
        two.sim.clients[two.ada].link.cut = false;
        two.is_back(two.ada, ms(10_000));
        send(&mut two.sim, 40..50);
        two.sim.run(ms(10_000));
        for client in clients {
            assert_eq!(numbers(&two.sim, client), (0..50).collect::<Vec<u32>>());
        }
        assert_eq!(states(&two.sim, two.ada), BACK);
        // And not because nothing was sent twice.
        assert!(two.sim.server.stats().data_dropped_doubled > 0);
    }
}

/// What the server has acknowledged long ago is not sent to the next one.
#[test]
fn no_reliable_packet_is_doubled_over_a_new_join() {
    for options in both_modes() {
        let mut two = Two::new(29, options);
        let (ada, now) = (two.ada, two.sim.now);
        for n in 0..5u32 {
            assert!(two.sim.clients[ada].voice.send_data(now, n.to_be_bytes().to_vec(), true, "", vec![]));
        }
        two.sim.run(ms(1000));
        two.sim.stop_server();
        two.sim.run(ms(2000));
        two.sim.start_server();
        two.is_back(two.ada, ms(10_000));
        two.is_back(two.bob, ms(10_000));
        two.sim.run(ms(3000));
        assert_eq!(numbers(&two.sim, two.bob), (0..5).collect::<Vec<u32>>());
    }
}

fn message(two: &mut Two, client: usize, id: &str, length: usize) -> u64 {
    let (id, topic, payload) = (id.to_string(), "chat".into(), vec![7; length]);
    let message = Outgoing { id, format: MessageFormat::Bytes, topic, to: Vec::new(), lossy: false, payload };
    two.sim.clients[client].messages.push(Chunks::new(message).unwrap()).unwrap()
}

fn came(sim: &Sim, client: usize) -> Vec<(String, usize)> {
    let message = |event: &EventBody| match event {
        EventBody::Message { id, payload, .. } => Some((id.clone(), payload.len())),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(message).collect()
}

#[test]
fn a_long_message_comes_whole_over_a_resume() {
    let mut two = Two::new(13, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    for client in [ada, bob] {
        two.sim.clients[client].link.delay = ms(20);
        message(&mut two, client, "long", 3_000_000);
    }
    two.sim.run(ms(100));
    two.sim.clients[ada].link.cut = true;
    two.sim.cut_websocket(ada);
    two.sim.run(ms(2000));
    two.sim.clients[ada].link.cut = false;
    two.is_back(ada, ms(10_000));
    two.sim.run(ms(30_000));
    for client in [ada, bob] {
        assert_eq!(came(&two.sim, client), [("long".to_string(), 3_000_000)]);
    }
}

#[test]
fn on_a_new_join_half_a_message_is_told_as_failed_and_the_rest_is_sent() {
    let mut two = Two::new(14, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    two.sim.clients[ada].link.delay = ms(20);
    let long = message(&mut two, ada, "long", 3_000_000);
    let short = message(&mut two, ada, "short", 10);
    two.sim.run(ms(100));
    two.sim.stop_server();
    two.sim.run(ms(2000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.is_back(bob, ms(10_000));
    two.sim.run(ms(3000));
    assert_eq!(sent(&two.sim, ada), [(long, Status::DISCONNECTED), (short, Status::OK)]);
}

/// What became of the messages.
fn sent(sim: &Sim, client: usize) -> Vec<(u64, Status)> {
    let told = |event: &EventBody| match event {
        EventBody::MessageSent { ticket, status, .. } => Some((*ticket, *status)),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(told).collect()
}

/// A server that ends closes the media connection before the WebSocket: nothing that was on its way has arrived by that.
#[test]
fn what_was_on_its_way_to_a_server_that_ends_has_not_left() {
    let mut two = Two::new(32, Options { reconnect: Some(ms(20_000)), ..Options::default() });
    let ada = two.ada;
    two.sim.clients[ada].link.delay = ms(100);
    let ticket = message(&mut two, ada, "short", 1000);
    let now = two.sim.now;
    assert!(two.sim.clients[ada].voice.send_data(now, 7u32.to_be_bytes().to_vec(), true, "", vec![]));
    two.sim.run(ms(20));
    shut_down(&mut two);
    two.sim.run(ms(3000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.is_back(two.bob, ms(10_000));
    two.sim.run(ms(3000));
    assert_eq!(sent(&two.sim, ada), [(ticket, Status::DISCONNECTED)]);
    assert!(came(&two.sim, two.bob).is_empty());
    assert_eq!(numbers(&two.sim, two.bob), [7], "a packet tells no fate of its own: it is sent again");
}
