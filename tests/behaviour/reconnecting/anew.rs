//! A server that knows nobody any more: the room is joined anew, and streams go on.

use super::*;
use crate::sim::token;
use stoa::event::{Reason, SubscribeState};

#[test]
fn a_server_that_was_restarted_is_joined_anew_and_streams_go_on() {
    for options in both_modes() {
        let mut two = Two::new(4, options);
        let (ada, bob) = (two.ada, two.bob);
        two.sim.clients[ada].voice.mute(true);
        two.sim.run(ms(100));
        let statistics = two.sim.clients[ada].voice.stats(two.sim.now);
        two.sim.stop_server();
        two.sim.run(ms(5000));
        assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
        two.sim.start_server();
        two.is_back(ada, ms(10_000));
        two.is_back(bob, ms(10_000));
        two.sim.run(ms(1000));
        assert_eq!((states(&two.sim, ada), states(&two.sim, bob)), (BACK.to_vec(), BACK.to_vec()));
        assert_eq!(two.comings_and_goings(), Vec::<&EventBody>::new());
        assert_eq!(two.sim.server.population(), (1, 2));
        assert!(!two.at_ada.is_closed() && !two.at_bob.is_closed());
        let subscribed: Vec<_> = two.sim.clients[bob].voice.users().map(|(user, state)| (&**user, state)).collect();
        assert_eq!(subscribed, [("ada", SubscribeState::Subscribed)]);
        // Muted as before.
        two.push(ada, 440.0, ms(200));
        two.sim.run(ms(500));
        assert_eq!(two.at_bob.frames().len(), 0, "heard though muted");
        let told = two.sim.clients[bob].events.iter();
        let told: Vec<_> = told.filter(|event| matches!(event, EventBody::UserMuted { .. })).collect();
        assert_eq!(told, [&EventBody::UserMuted { user: "ada".into(), muted: true }], "once, before");
        two.sim.clients[ada].voice.mute(false);
        two.sim.run(ms(100));
        two.hear_each_other();
        let now = two.sim.clients[ada].voice.stats(two.sim.now);
        assert_eq!((statistics.connections, now.connections), (1, 2));
        assert!(now.packets_received > statistics.packets_received && now.signals_sent > statistics.signals_sent);
    }
}

#[test]
fn who_is_gone_after_a_restart_has_left_and_who_is_new_has_joined() {
    let mut two = Two::new(5, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    two.sim.stop_server();
    two.sim.clients[bob].voice.leave();
    two.sim.run(ms(1000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.sim.join("cyd", Options::default());
    two.sim.run(ms(16_000));
    let users: Vec<_> = two.sim.clients[ada].voice.users().map(|(user, _)| user.to_string()).collect();
    assert_eq!(users, ["cyd"]);
    assert!(two.at_ada.is_closed());
    let events = &two.sim.clients[ada].events;
    assert!(events.contains(&EventBody::UserLeft { user: "bob".into(), reason: Reason::None }));
    let joined = |event: &&EventBody| matches!(event, EventBody::UserJoined { user } if user == "cyd");
    assert_eq!(events.iter().filter(joined).count(), 1);
}

#[test]
fn who_comes_back_without_a_track_is_heard_no_more() {
    let mut two = Two::new(5, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    two.sim.stop_server();
    two.sim.clients[bob].voice.renew(token("bob", |claims| claims.video.can_publish = Some(false)));
    two.sim.run(ms(1000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.is_back(bob, ms(10_000));
    assert!(!two.at_ada.is_closed(), "the track may come yet");
    two.sim.run(ms(16_000));
    assert!(two.at_ada.is_closed());
    let ended = EventBody::StreamEnded { user: "bob".into(), track: String::new() };
    assert_eq!(two.comings_and_goings(), [&ended]);
}

#[test]
fn in_a_room_that_lived_on_the_others_hear_of_a_new_join_and_who_left_is_gone_at_once() {
    let mut two = Two::new(6, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    let cyd = two.sim.join("cyd", Options::default());
    two.sim.run(ms(200));
    two.sim.clients[ada].link.cut = true;
    two.sim.cut_websocket(ada);
    two.sim.clients[bob].voice.leave();
    // Longer than the server keeps a place.
    two.sim.run(ms(25_000));
    two.sim.clients[ada].link.cut = false;
    two.is_back(ada, ms(10_000));
    two.sim.run(ms(100));
    let left = EventBody::UserLeft { user: "bob".into(), reason: Reason::None };
    assert!(two.sim.clients[ada].events.contains(&left));
    let at_cyd: Vec<_> = two.sim.clients[cyd]
        .events
        .iter()
        .filter(
            |event| matches!(event, EventBody::UserLeft { user, .. } | EventBody::UserJoined { user } if user == "ada"),
        )
        .collect();
    assert_eq!(at_cyd.len(), 3, "there, gone, there: {at_cyd:?}");
}

/// The request to join says that the microphone is muted, and before its answer it is not any more.
#[test]
fn unmuting_while_a_new_join_is_on_its_way_is_told() {
    for options in both_modes() {
        let mut two = Two::new(33, options);
        let (ada, bob) = (two.ada, two.bob);
        two.sim.clients[ada].voice.mute(true);
        two.sim.run(ms(200));
        two.sim.stop_server();
        two.sim.run(ms(2000));
        two.sim.start_server();
        let joins = |sim: &Sim| sim.clients[ada].dialed.iter().any(|(_, target)| !is_resume(target));
        assert!(two.sim.run_until(ms(10_000), joins));
        two.sim.clients[ada].voice.mute(false);
        two.is_back(ada, ms(10_000));
        two.is_back(bob, ms(10_000));
        two.sim.run(ms(500));
        let muted = |sim: &Sim| sim.clients[bob].voice.people().find("ada").map(|ada| ada.muted);
        assert_eq!(muted(&two.sim), Some(false));
        two.hear_each_other();
    }
}

#[test]
fn a_server_that_shuts_down_gets_its_clients_back() {
    for options in both_modes() {
        let mut two = Two::new(30, Options { reconnect: Some(ms(20_000)), ..options });
        shut_down(&mut two);
        two.sim.run(ms(3000));
        two.sim.start_server();
        for client in [two.ada, two.bob] {
            two.is_back(client, ms(10_000));
            assert_eq!(states(&two.sim, client), BACK);
            let told = two.sim.clients[client].events.iter().find_map(|event| match event {
                EventBody::ConnectionStateChanged { new: Reconnecting, reason, .. } => Some(*reason),
                _ => None,
            });
            assert_eq!(told, Some(Reason::ServerShutdown));
        }
        two.sim.run(ms(10_000));
        two.hear_each_other();
    }
}
