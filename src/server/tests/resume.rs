//! A client whose WebSocket comes back.

use super::*;

impl World {
    /// The client's WebSocket comes back as another one.
    pub(super) fn resume(&mut self, client: usize, conn: u64) {
        let sid = self.clients[client].joined().participant.clone().unwrap().sid;
        let join = JoinRequest { reconnect: true, participant_sid: sid, ..Default::default() };
        let request = self.request("ann", grant(), &join);
        self.server.disconnected(self.now, self.clients[client].conn);
        (self.clients[client].conn, self.clients[client].closed) = (ConnId(conn), false);
        self.server.connect(self.now, ConnId(conn), &request).unwrap();
        self.run(20);
    }

    fn sections_asked_for(&self, client: usize) -> usize {
        self.clients[client].messages.iter().filter(|m| matches!(m, Message::MediaSectionsRequirement(_))).count()
    }
}

/// Bob, the only one that Ann may hear, publishes while her WebSocket is away.
fn resumed_beside_a_new_track() -> (World, usize, usize) {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.server.disconnected(world.now, world.clients[ann].conn);
    world.publish(bob);
    world.run(100);
    assert_eq!(world.sections_asked_for(ann), 0, "nobody is there to be asked");
    world.resume(ann, 900);
    (world, ann, bob)
}

/// LiveKit's Rust client restarts ICE when it resumes. Asked for another offer at that time it took the answer to that one for the
/// answer to its restart, and its media went nowhere for 15 s.
#[test]
fn who_resumes_and_offers_by_itself_is_asked_for_no_other_offer() {
    let (mut world, ann, bob) = resumed_beside_a_new_track();
    world.run(500);
    world.offer(ann, 0, 0);
    world.settle();
    world.run(5_000);
    assert_eq!(world.sections_asked_for(ann), 0);
    world.speak(bob, 20);
    assert!(!world.clients[ann].packets.is_empty(), "the answer to its own offer has the track");
}

#[test]
fn who_resumes_and_does_not_offer_is_asked_to() {
    let (mut world, ann, bob) = resumed_beside_a_new_track();
    world.run(900);
    assert_eq!(world.sections_asked_for(ann), 0);
    world.run(200);
    assert_eq!(world.sections_asked_for(ann), 1);
    world.speak(bob, 20);
    assert!(!world.clients[ann].packets.is_empty());
}
