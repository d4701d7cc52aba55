//! A second track of a user: a stream beside the voice, heard for as long as somebody reads it.

mod coming_back;
mod voice;

use crate::second_track::SecondTrack;
use crate::sim::{Options, Recorder, Sim, ms, share_of, tone};
use serde_json::json;
use std::sync::Arc;
use stoa::Status;
use stoa::client::hearing::FrameSink;
use stoa::event::ConnectionState::Connected;
use stoa::event::{EventBody, SubscribeState};

const VOICE: f64 = 440.0;
const MUSIC: f64 = 880.0;

/// Ada publishes a microphone and music; bob listens.
struct Room {
    sim: Sim,
    ada: usize,
    music: usize,
    bob: usize,
}

impl Room {
    fn new(seed: u64, bob: Options) -> Room {
        let mut sim = Sim::new(seed);
        let deaf = Options { subscribe_all: false, old_server: bob.old_server, ..Options::default() };
        let ada = sim.join("ada", deaf.clone());
        let music = sim.join("ada's music", deaf);
        sim.second_track = Some(SecondTrack::new(music, "ada's music", "ada", "music"));
        let bob = sim.join("bob", Options { listen_only: true, ..bob });
        sim.run(ms(500));
        sim.clients[bob].events.clear();
        Room { sim, ada, music, bob }
    }

    /// Bob hears nobody unasked.
    fn quiet(seed: u64) -> Room {
        Room::new(seed, Options { subscribe_all: false, ..Options::default() })
    }

    fn record(&mut self, track: &str) -> Arc<Recorder> {
        let recorder = self.sim.record_track(self.bob, "ada", track);
        self.sim.run(ms(500));
        recorder
    }

    /// 400 ms of both tracks.
    fn play(&mut self) {
        for (client, hertz) in [(self.ada, VOICE), (self.music, MUSIC)] {
            self.sim.clients[client].queue.push(&tone(hertz, 24_000, ms(400)), Some(ms(0)));
        }
        self.sim.run(ms(800));
    }

    /// Both play, and this is the one that is heard there, alone.
    fn hear(&mut self, heard: &Recorder, hertz: f64) {
        let before = heard.pcm().len();
        self.play();
        let pcm = &heard.pcm()[before..];
        assert!(pcm.len() >= 8_600, "{} samples of 9600", pcm.len());
        assert!(share_of(hertz, 24_000, &pcm[3_000..7_800]) > 0.9, "another note than {hertz} Hz");
    }

    /// Of bob, at the server: the others hear nobody.
    fn subscriptions(&self) -> u64 {
        self.sim.server.stats().subscriptions
    }

    fn state(&self) -> SubscribeState {
        self.sim.clients[self.bob].voice.users().next().expect("ada").1
    }

    /// The tracks whose streams ended; the voice is "".
    fn ended(&self) -> Vec<&str> {
        fn ended(event: &EventBody) -> Option<&str> {
            if let EventBody::StreamEnded { track, .. } = event { Some(track) } else { None }
        }
        self.sim.clients[self.bob].events.iter().filter_map(ended).collect()
    }

    /// Whether ada may publish: she is told of anew to all, too.
    fn permit(&mut self, publish: bool) {
        self.sim.permit(json!({"canPublish": publish, "canSubscribe": true, "canPublishData": true}));
    }

    /// Bob is back in a new room, and the music, but not ada.
    fn start_server_anew_for_ada_last(&mut self) {
        self.sim.stop_server();
        self.sim.clients[self.ada].link.cut = true;
        self.sim.run(ms(1000));
        self.sim.start_server();
        self.is_back(self.bob);
        self.is_back(self.music);
        self.sim.run(ms(500));
        self.sim.clients[self.ada].link.cut = false;
    }

    fn is_back(&mut self, client: usize) {
        let back = move |sim: &Sim| sim.clients[client].voice.state() == Connected;
        assert!(self.sim.run_until(ms(10_000), back), "not back: {:?}", self.sim.clients[client].events);
    }
}

#[test]
fn two_tracks_of_one_user_are_heard_apart() {
    for old_server in [false, true] {
        let mut room = Room::new(1, Options { old_server, ..Options::default() });
        let users = room.sim.clients[room.bob].voice.users().map(|(user, _)| user.to_string());
        assert_eq!(users.collect::<Vec<_>>(), ["ada"], "they are one user's");
        let (voice, music) = (room.record(""), room.record("music"));
        room.hear(&voice, VOICE);
        room.hear(&music, MUSIC);
        assert_eq!(room.subscriptions(), 2);
        room.sim.clients[room.bob].voice.report();
        assert!(music.stats().receiver.packets >= 40, "{:?}", music.stats());
    }
}

#[test]
fn a_track_is_found_by_its_sid_too() {
    let mut room = Room::quiet(2);
    let sid = room.sim.second_track.as_ref().unwrap().sid();
    let music = room.record(&sid);
    room.hear(&music, MUSIC);
}

#[test]
fn holding_a_track_is_to_be_subscribed_to_it_alone_and_letting_it_go_ends_that() {
    let mut room = Room::quiet(3);
    let voice = room.record("");
    for round in 0..3 {
        assert_eq!(room.subscriptions(), 0, "round {round}");
        let music = room.record("music");
        assert_eq!(room.subscriptions(), 1, "round {round}");
        room.hear(&music, MUSIC);
        drop(music);
        room.sim.run(ms(100));
    }
    assert_eq!(room.subscriptions(), 0);
    assert!(voice.frames().is_empty() && !voice.is_closed());
    assert_eq!(room.state(), SubscribeState::NoSubscribe);
    assert!(room.ended().is_empty(), "who lets go knows it");
}

#[test]
fn the_voice_of_the_same_track_is_another_stream() {
    let mut room = Room::quiet(4);
    let (now, bob) = (room.sim.now, room.bob);
    room.sim.clients[bob].voice.subscribe(now, "ada", true).unwrap();
    let (voice, named) = (room.record(""), room.record("microphone"));
    room.hear(&voice, VOICE);
    room.hear(&named, VOICE);
    assert_eq!(room.subscriptions(), 1);
    drop(named);
    room.sim.run(ms(100));
    assert_eq!(room.subscriptions(), 1, "the voice is still wanted");
    room.hear(&voice, VOICE);
    let named = room.record("microphone");
    let now = room.sim.now;
    room.sim.clients[bob].voice.subscribe(now, "ada", false).unwrap();
    room.sim.run(ms(500));
    assert!(voice.is_closed() && !named.is_closed());
    assert_eq!((room.subscriptions(), room.ended()), (1, vec![""]), "the named one is still held");
    room.hear(&named, VOICE);
    drop(named);
    room.sim.run(ms(100));
    assert_eq!(room.subscriptions(), 0);
}

#[test]
fn a_track_that_is_unpublished_ends_its_stream_and_no_other() {
    let mut room = Room::new(5, Options::default());
    let (voice, music) = (room.record(""), room.record("music"));
    room.hear(&music, MUSIC);
    let second = room.music;
    room.sim.clients[second].voice.leave();
    room.sim.run(ms(200));
    assert!(music.is_closed() && !voice.is_closed());
    assert_eq!(room.ended(), ["music"]);
    room.hear(&voice, VOICE);
}

#[test]
fn who_leaves_ends_all_streams() {
    let mut room = Room::new(6, Options::default());
    let (voice, music) = (room.record(""), room.record("music"));
    room.play();
    let ada = room.ada;
    room.sim.clients[ada].voice.leave();
    room.sim.run(ms(200));
    assert!(music.is_closed() && voice.is_closed());
    assert_eq!(room.ended(), ["", "music"]);
}

#[test]
fn an_unknown_track_is_an_error_that_names_the_others() {
    let mut room = Room::quiet(12);
    let cyd = room.sim.join("cyd", Options { listen_only: true, ..Options::default() });
    room.sim.run(ms(200));
    let (now, sink) = (room.sim.now, Arc::<Recorder>::default() as Arc<dyn FrameSink>);
    let mut open = |client: usize, user, track| {
        room.sim.clients[client].voice.open_stream(now, user, track, Arc::downgrade(&sink)).unwrap_err()
    };
    for (user, text) in [
        ("ada", "'ada' has no audio track 'film'; there is 'microphone', 'music'"),
        ("cyd", "'cyd' has no audio track 'film'; wait until one is published"),
    ] {
        let error = open(room.bob, user, "film");
        assert_eq!((error.status, error.text.as_str()), (Status::NOT_FOUND, text));
    }
    assert!(open(cyd, "nobody", "film").text.contains("no user 'nobody'"));
}
