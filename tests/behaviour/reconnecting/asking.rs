//! The application asks for another connection.

use super::*;

#[test]
fn the_application_may_ask_for_a_new_connection() {
    let mut two = Two::new(16, Options::default());
    let ada = two.ada;
    let now = two.sim.now;
    two.sim.clients[ada].voice.reconnect(now);
    two.sim.run(ms(1));
    assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
    two.is_back(ada, ms(1000));
    two.sim.run(ms(200));
    assert_eq!(states(&two.sim, ada), BACK);
    two.hear_each_other();
    // In a wait it is the next attempt.
    two.sim.stop_server();
    two.sim.run(ms(6000));
    two.sim.start_server();
    let dials = two.sim.clients[ada].dialed.len();
    let now = two.sim.now;
    two.sim.clients[ada].voice.reconnect(now);
    two.sim.run(ms(1));
    assert_eq!(two.sim.clients[ada].dialed.len(), dials + 1);
    two.is_back(ada, ms(1000));
}

/// An attempt that got nowhere, to resume or to join anew, makes way for another one by the network that there is now.
#[test]
fn an_attempt_under_way_makes_way_for_another_one() {
    for anew in [false, true] {
        let mut two = Two::new(34, Options::default());
        let ada = two.ada;
        if anew {
            let again = leave(lk::DisconnectReason::ServerShutdown, lk::leave_request::Action::Reconnect);
            server_says(&mut two.sim, ada, again);
        } else {
            two.sim.cut_websocket(ada);
        }
        two.sim.clients[ada].link.cut = true;
        assert!(two.sim.run_until(ms(2000), |sim| !sim.clients[ada].dialed.is_empty()));
        two.sim.run(ms(200));
        two.sim.clients[ada].link.cut = false;
        let now = two.sim.now;
        two.sim.clients[ada].voice.reconnect(now);
        two.is_back(ada, ms(500));
        let resumes: Vec<bool> = two.sim.clients[ada].dialed.iter().map(|(_, target)| is_resume(target)).collect();
        assert_eq!(resumes, [!anew, !anew]);
    }
}
