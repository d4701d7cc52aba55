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

    /// The client offers an ICE restart. Of its own addresses it says nothing, as browsers do (their names by mDNS are left out).
    fn restart_ice(&mut self, client: usize) {
        let c = &mut self.clients[client];
        let mut api = c.rtc.sdp_api();
        api.ice_restart(true);
        let (offer, pending) = api.apply().unwrap();
        c.pending = Some(pending);
        c.offers += 1;
        let lines = offer.to_sdp_string();
        let lines: String = lines.split_inclusive('\n').filter(|line| !line.starts_with("a=candidate")).collect();
        let offer = description("offer", lines, c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
    }

    /// Lets time pass while all are there by their WebSockets.
    fn run_with_pings(&mut self, seconds: usize) {
        for _ in 0..seconds {
            (0..self.clients.len()).for_each(|client| self.ask(client, signal_request::Message::Ping(1)));
            self.run(1_000);
        }
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

/// Whether the server has noticed by then that nothing of hers comes any more, or not.
#[test]
fn who_restarts_ice_in_vain_is_given_up() {
    for before in [0, 20] {
        let mut world = World::new();
        let ann = world.join("ann");
        world.clients[ann].cut = true;
        world.run_with_pings(before);
        world.resume(ann, 900);
        world.restart_ice(ann);
        world.run_with_pings(36);
        let leave = world.clients[ann].left().expect("a Leave");
        assert_eq!(leave.reason(), DisconnectReason::MediaFailure);
    }
}

#[test]
fn who_restarts_ice_and_is_reached_stays() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(bob);
    world.resume(ann, 900);
    world.restart_ice(ann);
    world.run_with_pings(40);
    assert!(world.clients[ann].left().is_none());
    world.speak(bob, 20);
    assert!(!world.clients[ann].packets.is_empty());
}

#[test]
fn a_lost_websocket_may_resume_and_is_given_up_in_the_end() {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    let sid = world.clients[ann].joined().participant.clone().unwrap().sid;
    world.server.disconnected(world.now, world.clients[ann].conn);
    world.run(3000);
    let resume = |sid: &str| JoinRequest { reconnect: true, participant_sid: sid.into(), ..Default::default() };
    let request = world.request("ann", grant(), &resume(&sid));
    let conn = ConnId(900);
    world.clients[ann].conn = conn;
    let before = world.clients[ann].messages.len();
    world.server.connect(world.now, conn, &request).unwrap();
    world.run(20);
    let after = &world.clients[ann].messages[before..];
    assert!(matches!(after[0], Message::Reconnect(_)), "{after:?}");
    assert!(matches!(&after[1], Message::Update(u) if u.participants.len() == 2), "everyone, itself included");
    assert!(world.seen(bob, "ann").is_none_or(|seen| seen.state != 3));
    world.publish(ann);
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 1, "and all goes on");
    // An unknown one is to join anew.
    let request = world.request("ann", grant(), &resume("PA_unknown"));
    world.clients[bob].conn = ConnId(901);
    world.server.connect(world.now, ConnId(901), &request).unwrap();
    world.run(20);
    let leave = world.clients[bob].left().unwrap();
    // It has a moment to read that.
    assert_eq!((leave.action, world.clients[bob].closed), (leave_request::Action::Reconnect as i32, false));
    world.run(1000);
    assert!(world.clients[bob].closed);
    // Who stays away is gone after a while.
    world.server.disconnected(world.now, conn);
    world.run(14_000);
    assert_eq!(world.server.population().1, 2);
    world.run(2_000);
    assert_eq!(world.server.population().1, 1);
}
