//! What clients ask for to test themselves.

use super::*;
use crate::signal::livekit::{SimulateScenario, request_response, simulate_scenario::Scenario};

impl World {
    fn simulate(&mut self, client: usize, scenario: Scenario) {
        self.ask(client, signal_request::Message::Simulate(SimulateScenario { scenario: Some(scenario) }));
        self.run(20);
    }

    fn resumed(&self, client: usize) -> usize {
        self.clients[client].messages.iter().filter(|m| matches!(m, Message::Reconnect(_))).count()
    }
}

#[test]
fn one_seems_to_speak_for_a_while() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    let sid = world.clients[ann].joined().participant.clone().unwrap().sid;
    // More of it at the same time is no more.
    (0..3).for_each(|_| world.simulate(ann, Scenario::SpeakerUpdate(3)));
    let told = |world: &World| {
        let speakers = |m: &Message| match m {
            Message::SpeakersChanged(s) => s.speakers.iter().map(|s| (s.sid.clone(), s.active)).collect(),
            _ => Vec::new(),
        };
        world.clients[bob].messages.iter().flat_map(speakers).collect::<Vec<_>>()
    };
    assert_eq!(told(&world), [(sid.clone(), true)]);
    world.run(2800);
    assert_eq!(told(&world).len(), 1);
    world.run(200);
    assert_eq!(told(&world), [(sid.clone(), true), (sid, false)]);
    // Times out of range are as the nearest that are possible.
    world.simulate(ann, Scenario::SpeakerUpdate(-1));
    world.simulate(ann, Scenario::SpeakerUpdate(i32::MAX));
    assert_eq!(told(&world).len(), 5);
}

#[test]
fn one_that_was_lost_joins_anew() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.simulate(ann, Scenario::NodeFailure(true));
    assert!(world.clients[ann].closed && world.clients[ann].left().is_none(), "without a farewell");
    assert_eq!(world.seen(bob, "ann").unwrap().state, 3);
    world.resume(ann, 900);
    assert_eq!(world.clients[ann].left().unwrap().action, leave_request::Action::Reconnect as i32);
    assert_eq!(world.resumed(ann), 0);
    let ann = world.join("ann");
    world.simulate(ann, Scenario::LeaveRequestFullReconnect(true));
    assert_eq!(world.clients[ann].left().unwrap().action, leave_request::Action::Reconnect as i32);
    assert!(world.clients[ann].closed);
}

#[test]
fn one_is_sent_away_and_told_so() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.simulate(ann, Scenario::ServerLeave(true));
    let left = world.clients[ann].left().unwrap();
    assert_eq!((left.reason, left.action), (DisconnectReason::ServerShutdown as i32, 0));
    assert!(world.clients[ann].closed);
}

#[test]
fn the_next_resume_loses_its_websocket_and_the_one_after_does_not() {
    for (scenario, answers) in
        [(Scenario::DisconnectSignalOnResume(true), 1), (Scenario::DisconnectSignalOnResumeNoMessages(true), 0)]
    {
        let mut world = World::new();
        let ann = world.join("ann");
        world.simulate(ann, scenario);
        world.resume(ann, 900);
        assert_eq!((world.clients[ann].closed, world.resumed(ann)), (true, answers));
        world.resume(ann, 901);
        assert_eq!((world.clients[ann].closed, world.resumed(ann)), (false, answers + 1));
        // The wish is kept for five seconds.
        world.simulate(ann, scenario);
        world.run(6000);
        world.resume(ann, 902);
        assert!(!world.clients[ann].closed);
    }
}

#[test]
fn nobody_migrates_and_the_rest_is_let_be() {
    let mut world = World::new();
    let ann = world.join("ann");
    world.simulate(ann, Scenario::Migration(true));
    let refused = |m: &Message| {
        let reason = request_response::Reason::UnsupportedType as i32;
        matches!(m, Message::RequestResponse(r) if r.reason == reason && r.message.contains("migrate"))
    };
    assert!(world.clients[ann].messages.iter().any(refused));
    let count = world.clients[ann].messages.len();
    world.simulate(ann, Scenario::SwitchCandidateProtocol(1));
    world.simulate(ann, Scenario::SubscriberBandwidth(100_000));
    assert!(world.clients[ann].messages.len() == count && !world.clients[ann].closed);
}
