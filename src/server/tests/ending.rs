//! How long a room stays.

use super::*;
use crate::signal::service::CreateRoomRequest;

impl World {
    fn leave(&mut self, client: usize) {
        self.ask(client, signal_request::Message::Leave(LeaveRequest::default()));
        self.settle();
    }

    /// Lets time pass for one that goes on sending pings.
    fn stay(&mut self, client: usize, ms: u64) {
        for _ in 0..ms / 100 {
            self.run(100);
            self.ask(client, signal_request::Message::Ping(1));
        }
    }

    /// The refusal's status, where one is not let in.
    fn join_room(&mut self, identity: &str, room: &str) -> Result<(), u16> {
        let conn = ConnId(1000 + self.server.next_id);
        let request = self.request(identity, VideoGrant { room: room.into(), ..grant() }, &JoinRequest::default());
        self.server.connect(self.now, conn, &request).map_err(|refusal| refusal.http_status)
    }

    fn room_sid(&self, client: usize) -> String {
        self.clients[client].joined().room.clone().unwrap().sid
    }

    fn rooms(&self) -> Vec<&str> {
        self.server.rooms.keys().map(|name| &**name).collect()
    }
}

#[test]
fn a_room_that_began_with_a_join_waits_20_s_for_who_comes_back() {
    let mut world = World::new();
    let ann = world.join("ann");
    let room = world.clients[ann].joined().room.clone().unwrap();
    assert_eq!((room.empty_timeout, room.departure_timeout), (300, 20));
    world.leave(ann);
    world.run(19_000);
    let again = world.join("ann");
    assert_eq!(world.room_sid(again), room.sid);
    world.run(2_000);
    assert_eq!(world.rooms(), ["hall"]);
    world.leave(again);
    world.run(19_900);
    assert_eq!(world.rooms(), ["hall"]);
    world.run(200);
    assert_eq!(world.server.population(), (0, 0));
}

#[test]
fn agents_and_recorders_go_with_the_room_that_they_are_left_in() {
    for dependent in [VideoGrant { agent: true, ..grant() }, VideoGrant { recorder: true, ..grant() }] {
        let mut world = World::new();
        let dependent = world.join_as("dependent", dependent, true);
        let ann = world.join("ann");
        assert_eq!(world.server.room_info("hall").num_participants, 1, "nor do they count");
        world.leave(ann);
        world.stay(dependent, 19_900);
        assert!(world.clients[dependent].left().is_none());
        world.stay(dependent, 200);
        assert_eq!(world.clients[dependent].left().unwrap().reason(), DisconnectReason::RoomClosed);
        assert_eq!(world.server.population(), (0, 0));
    }
}

/// Coming and going they do not keep it.
#[test]
fn agents_alone_wait_as_long_as_an_empty_room_would() {
    let mut world = World::new();
    world.server.create_room(&"hall".into(), CreateRoomRequest { empty_timeout: 10, ..Default::default() });
    let agent = || VideoGrant { agent: true, ..grant() };
    let first = world.join_as("agent", agent(), true);
    world.run(5_000);
    world.leave(first);
    let second = world.join_as("agent", agent(), true);
    world.run(4_900);
    assert_eq!(world.room_sid(first), world.room_sid(second));
    assert!(world.clients[second].left().is_none());
    world.run(200);
    assert_eq!(world.clients[second].left().unwrap().reason(), DisconnectReason::RoomClosed);
}

#[test]
fn a_room_ends_without_those_who_became_agents() {
    let mut world = World::new();
    let ann = world.join("ann");
    let id = world.server.conns[&world.clients[ann].conn];
    world.server.permit(id, VideoGrant { agent: true, ..grant() });
    world.stay(ann, 20_100);
    assert_eq!(world.clients[ann].left().unwrap().reason(), DisconnectReason::RoomClosed);
}

#[test]
fn a_room_that_all_have_left_makes_room_for_another() {
    let mut world = World::new();
    world.server.config.limits.rooms = 3;
    world.server.create_room(&"made".into(), CreateRoomRequest { empty_timeout: 1, ..Default::default() });
    let ann = world.join("ann");
    assert_eq!(world.join_room("bob", "cellar"), Ok(()));
    assert_eq!(world.join_room("cat", "attic"), Err(503), "one is waited for, in two somebody is");
    world.leave(ann);
    assert_eq!(world.join_room("cat", "attic"), Ok(()));
    assert_eq!(world.rooms(), ["attic", "cellar", "made"]);
}
