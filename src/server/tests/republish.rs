//! A client publishes a track again that it has just taken back: the new request is faster than the offer that ends the old track.

use super::*;

impl World {
    fn announce_track(&mut self, client: usize, cid: &str) {
        let request = AddTrackRequest { cid: cid.into(), source: TrackSource::Microphone as i32, ..Default::default() };
        self.ask(client, signal_request::Message::AddTrack(request));
        self.run(20);
    }

    /// Offers without the microphone's section, and with a new one for it.
    fn offer_microphone(&mut self, client: usize, ends: bool, begins: bool) {
        let c = &mut self.clients[client];
        let old = c.microphone.clone().expect("published").0;
        let mut api = c.rtc.sdp_api();
        if ends {
            api.set_direction(old, Direction::Inactive);
        }
        let named = || Some("mic".to_string());
        let mid = begins.then(|| api.add_media(MediaKind::Audio, Direction::SendOnly, Some("s".into()), named(), None));
        let (offer, pending) = api.apply().unwrap();
        c.pending = Some(pending);
        c.offers += 1;
        let offer = description("offer", offer.to_sdp_string(), c.offers as u32);
        self.ask(client, signal_request::Message::Offer(offer));
        self.run(100);
        if let Some(mid) = mid {
            let sid = self.published_as(client).pop().expect("TrackPublished");
            self.clients[client].microphone = Some((mid, sid));
        }
    }

    /// The sids that a client was told for what it announced.
    fn published_as(&self, client: usize) -> Vec<String> {
        let messages = self.clients[client].messages.iter();
        messages
            .filter_map(|m| if let Message::TrackPublished(t) = m { Some(t.track.clone().unwrap().sid) } else { None })
            .collect()
    }
}

/// Ann, whom Bob hears, announces the track again that she publishes.
fn announced_again() -> (World, usize, usize) {
    let mut world = World::new();
    let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
    world.publish(ann);
    world.announce_track(ann, "other");
    world.speak(ann, 20);
    assert_eq!((world.clients[bob].packets.len(), world.published_as(ann).len()), (1, 2));
    world.announce_track(ann, "mic");
    assert_eq!(world.published_as(ann).len(), 2, "there is a track of this name yet");
    (world, ann, bob)
}

fn is_heard_as_a_new_track(mut world: World, ann: usize, bob: usize) {
    let sids = world.published_as(ann);
    assert!(sids.len() == 3 && sids[0] != sids[2], "{sids:?}");
    world.speak(ann, 20);
    assert_eq!(world.clients[bob].packets.len(), 2);
    let told = world.seen(bob, "ann").unwrap().tracks;
    assert_eq!(told.iter().map(|track| &track.sid).collect::<Vec<_>>(), [&sids[2]]);
}

/// LiveKit's Rust and Python clients offer 150 ms later, and wait for TrackPublished before they offer the new track.
#[test]
fn what_is_published_again_is_published_once_the_old_track_has_ended() {
    let (mut world, ann, bob) = announced_again();
    world.offer_microphone(ann, true, false);
    assert_eq!(world.published_as(ann).len(), 3);
    world.offer_microphone(ann, false, true);
    is_heard_as_a_new_track(world, ann, bob);
}

/// A client that does not wait for TrackPublished offers both at once.
#[test]
fn one_offer_may_end_a_track_and_bring_it_again() {
    let (mut world, ann, bob) = announced_again();
    world.offer_microphone(ann, true, true);
    is_heard_as_a_new_track(world, ann, bob);
}

/// It came to no offer, or the answer was lost with a WebSocket.
#[test]
fn what_is_announced_again_before_it_was_offered_is_the_same_track() {
    let mut world = World::new();
    let ann = world.join("ann");
    (0..2).for_each(|_| world.announce_track(ann, "mic"));
    let sids = world.published_as(ann);
    assert!(sids.len() == 2 && sids[0] == sids[1], "{sids:?}");
}

#[test]
fn a_track_announced_again_ends_with_its_publisher() {
    let (mut world, ann, bob) = announced_again();
    world.ask(ann, signal_request::Message::Leave(LeaveRequest::default()));
    world.run(100);
    assert_eq!(world.seen(bob, "ann").unwrap().state, participant_info::State::Disconnected as i32);
    assert!(world.server.tracks.is_empty());
}
