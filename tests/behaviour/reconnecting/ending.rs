//! What is the end, and what is not.

use super::*;
use stoa::event::ConnectionState::Failed;
use stoa::event::Reason;

#[test]
fn a_server_that_stays_away_is_given_up_when_the_time_is_over() {
    let options = Options { reconnect: Some(ms(20_000)), ..Options::default() };
    let mut two = Two::new(7, options);
    let ada = two.ada;
    two.sim.stop_server();
    let begun = two.sim.now;
    two.sim.run(ms(19_999));
    assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
    assert!(!two.at_ada.is_closed());
    let dialed: Vec<_> = two.sim.clients[ada].dialed.iter().map(|(at, _)| (*at - begun).as_millis()).collect();
    // At once, after 300 ms, then ever more slowly; each is refused 2 ms after it began.
    assert_eq!(dialed[..2], [0, 302]);
    let waits: Vec<_> = dialed.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.len() >= 4 && waits.windows(2).all(|pair| pair[1] > pair[0]), "{waits:?}");
    two.sim.run(ms(1));
    let last = two.sim.clients[ada].events.last();
    let Some(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us }) = last else {
        panic!("{last:?}");
    };
    assert_eq!((*old, *new, *reason, *status), (Reconnecting, Failed, Reason::ConnectionLost, Status::DISCONNECTED));
    assert!(text.contains("within 20 s"), "{text}");
    assert_eq!(*elapsed_us, 20_000_000);
    assert!(two.at_ada.is_closed());
    two.sim.start_server();
    two.sim.run(ms(20_000));
    assert_eq!(two.sim.clients[ada].voice.state(), Failed);
}

#[test]
fn a_leave_says_whether_and_how_to_come_back() {
    use lk::DisconnectReason as Why;
    use lk::leave_request::Action;
    for (why, action, resumes) in
        [(Why::MediaFailure, Action::Reconnect, false), (Why::UnknownReason, Action::Resume, true)]
    {
        let mut two = Two::new(8, Options::default());
        let ada = two.ada;
        server_says(&mut two.sim, ada, leave(why, action));
        two.is_back(ada, ms(1000));
        two.sim.run(ms(1000));
        let dialed = &two.sim.clients[ada].dialed;
        assert_eq!((dialed.len(), is_resume(&dialed[0].1)), (1, resumes));
        assert_eq!(states(&two.sim, ada), BACK);
        // A new join is seen by the others, whose stream of it ends.
        two.at_bob = two.sim.record(two.bob, "ada");
        two.hear_each_other();
    }
    let final_ones = [
        (Why::ServerShutdown, Reason::ServerShutdown),
        (Why::ParticipantRemoved, Reason::Removed),
        (Why::RoomDeleted, Reason::RoomClosed),
        (Why::DuplicateIdentity, Reason::DuplicateIdentity),
    ];
    for (why, reason) in final_ones {
        let mut two = Two::new(9, Options::default());
        let ada = two.ada;
        server_says(&mut two.sim, ada, leave(why, Action::Disconnect));
        two.sim.run(ms(10_000));
        let last = two.sim.clients[ada].events.last();
        let ended =
            matches!(last, Some(EventBody::ConnectionStateChanged { new: Failed, reason: r, .. }) if *r == reason);
        assert!(ended && two.sim.clients[ada].dialed.is_empty(), "{last:?}");
    }
}

#[test]
fn who_was_replaced_does_not_come_back() {
    let mut two = Two::new(10, Options::default());
    let again = two.sim.join("ada", Options::default());
    two.sim.run(ms(30_000));
    assert_eq!(states(&two.sim, two.ada), [(Connected, Failed)]);
    assert!(two.sim.clients[two.ada].dialed.is_empty());
    assert_eq!(two.sim.clients[again].voice.state(), Connected);
}

#[test]
fn reconnecting_can_be_switched_off() {
    let mut two = Two::new(11, Options { reconnect: None, ..Options::default() });
    two.sim.cut_websocket(two.ada);
    two.sim.run(ms(1000));
    assert_eq!(states(&two.sim, two.ada), [(Connected, Failed)]);
    assert!(two.at_ada.is_closed());
}

#[test]
fn a_new_join_that_fails_is_tried_again_until_the_time_is_over_or_somebody_leaves() {
    for leaves in [false, true] {
        let mut two = Two::new(18, Options { reconnect: Some(ms(20_000)), ..Options::default() });
        let ada = two.ada;
        two.sim.server_gone = true;
        let again = leave(lk::DisconnectReason::ServerShutdown, lk::leave_request::Action::Reconnect);
        server_says(&mut two.sim, ada, again);
        two.sim.run(ms(19_999));
        assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
        let dialed = &two.sim.clients[ada].dialed;
        assert!(dialed.len() > 4 && !dialed.iter().any(|(_, target)| is_resume(target)), "{dialed:?}");
        if leaves {
            two.sim.clients[ada].voice.leave();
            two.sim.run(ms(0));
        } else {
            two.sim.run(ms(1));
        }
        let end = if leaves { ConnectionState::Disconnected } else { Failed };
        assert_eq!(states(&two.sim, ada), [(Connected, Reconnecting), (Reconnecting, end)]);
        assert!(two.at_ada.is_closed());
    }
}

#[test]
fn a_server_that_shuts_down_for_good_is_given_up_in_time() {
    let mut two = Two::new(31, Options { reconnect: Some(ms(20_000)), ..Options::default() });
    shut_down(&mut two);
    two.sim.run(ms(19_000));
    assert_eq!(two.sim.clients[two.ada].voice.state(), Reconnecting);
    two.sim.run(ms(1_100));
    let last = two.sim.clients[two.ada].events.last();
    let Some(EventBody::ConnectionStateChanged { new: Failed, text, .. }) = last else { panic!("{last:?}") };
    assert!(text.contains("not made again within 20 s"), "{text}");
}

#[test]
fn a_token_that_is_refused_is_the_end() {
    let mut two = Two::new(19, Options::default());
    let ada = two.ada;
    // Nobody takes it; the server that knows the user by the old one is gone.
    two.sim.clients[ada].voice.renew(crate::sim::token("ada", |claims| claims.exp = crate::sim::EPOCH - 3000));
    two.sim.stop_server();
    two.sim.run(ms(100));
    two.sim.start_server();
    two.sim.run(ms(5000));
    let last = two.sim.clients[ada].events.last();
    let bad = matches!(last, Some(EventBody::ConnectionStateChanged { new: Failed, reason: Reason::BadToken, .. }));
    assert!(bad, "{last:?}");
    assert_eq!(two.sim.clients[ada].dialed.len(), 3, "a resume that nobody took, one that was refused, and a join");
}

#[test]
fn leaving_while_reconnecting_ends_at_once() {
    for wait in [0, 100, 1000, 5500] {
        let mut two = Two::new(17, Options::default());
        let ada = two.ada;
        two.sim.clients[ada].link.cut = true;
        two.sim.cut_websocket(ada);
        two.sim.run(ms(wait));
        two.sim.clients[ada].voice.leave();
        two.sim.run(ms(0));
        assert_eq!(two.sim.clients[ada].voice.state(), ConnectionState::Disconnected);
        assert!(two.at_ada.is_closed());
        two.sim.clients[ada].link.cut = false;
        let dials = two.sim.clients[ada].dialed.len();
        two.sim.run(ms(20_000));
        assert_eq!(two.sim.clients[ada].dialed.len(), dials);
    }
}
