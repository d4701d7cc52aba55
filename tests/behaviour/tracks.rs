//! A second track of a user: a stream beside the voice, heard for as long as somebody reads it.

use crate::second_track::SecondTrack;
use crate::sim::{Options, Recorder, Sim, ms, share_of, token, tone};
use serde_json::json;
use std::sync::{Arc, Mutex};
use stoa::Status;
use stoa::client::hearing::FrameSink;
use stoa::client::tap::Tap;
use stoa::event::ConnectionState::Connected;
use stoa::event::{EventBody, SubscribeState};
use stoa::signal::livekit::TrackSource;

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

/// Also where the voice, which nobody wants, is the same track.
#[test]
fn a_lost_websocket_changes_nothing() {
    let mut room = Room::quiet(7);
    let (music, named) = (room.record("music"), room.record("microphone"));
    let bob = room.bob;
    room.sim.cut_websocket(bob);
    room.sim.run(ms(50));
    room.is_back(bob);
    room.sim.run(ms(500));
    room.hear(&music, MUSIC);
    room.hear(&named, VOICE);
    assert_eq!((room.subscriptions(), room.ended().len()), (2, 0));
}

/// A track that was let go while nothing could be said to the server is unsubscribed from once it can.
#[test]
fn what_is_let_go_without_a_websocket_is_unsubscribed_afterwards() {
    let mut room = Room::quiet(8);
    let music = room.record("music");
    let bob = room.bob;
    room.sim.cut_websocket(bob);
    room.sim.run(ms(5));
    drop(music);
    room.is_back(bob);
    room.sim.run(ms(500));
    assert_eq!(room.subscriptions(), 0);
}

#[test]
fn after_a_new_join_the_track_of_that_name_goes_on_in_the_same_stream() {
    let mut room = Room::new(9, Options::default());
    let (voice, music) = (room.record(""), room.record("music"));
    let before = room.sim.second_track.as_ref().unwrap().sid();
    room.sim.stop_server();
    room.sim.run(ms(1000));
    room.sim.start_server();
    // The music comes after the voice, which does not wait for it.
    let second = room.music;
    room.sim.clients[second].link.cut = true;
    room.is_back(room.ada);
    room.is_back(room.bob);
    room.sim.run(ms(1000));
    room.hear(&voice, VOICE);
    room.sim.clients[second].link.cut = false;
    room.is_back(second);
    room.sim.run(ms(1000));
    assert_ne!(room.sim.second_track.as_ref().unwrap().sid(), before);
    room.hear(&voice, VOICE);
    room.hear(&music, MUSIC);
    assert!(room.ended().is_empty());
}

#[test]
fn a_track_that_is_asked_for_before_it_is_back_is_heard_once_it_is() {
    let mut room = Room::quiet(13);
    let (ada, bob) = (room.ada, room.bob);
    room.sim.stop_server();
    room.sim.clients[ada].link.cut = true;
    room.sim.run(ms(1000));
    room.sim.start_server();
    room.is_back(bob);
    let named = room.record("microphone");
    room.sim.clients[ada].link.cut = false;
    room.is_back(ada);
    room.sim.run(ms(1000));
    room.hear(&named, VOICE);
    assert!(room.ended().is_empty());
}

#[test]
fn a_track_that_does_not_come_back_ends_in_fifteen_seconds() {
    let mut room = Room::new(10, Options::default());
    let (voice, music) = (room.record(""), room.record("music"));
    room.sim.stop_server();
    let second = room.music;
    room.sim.clients[second].voice.leave();
    room.sim.run(ms(1000));
    room.sim.start_server();
    for client in [room.ada, room.bob] {
        room.is_back(client);
    }
    room.sim.run(ms(13_000));
    assert!(!music.is_closed(), "it may come yet");
    room.sim.run(ms(4_000));
    assert!(music.is_closed() && !voice.is_closed());
    assert_eq!(room.ended(), ["music"]);
    room.hear(&voice, VOICE);
}

/// As LiveKit's server tells them, and where both are microphones.
#[test]
fn the_voice_stays_with_its_track_in_whatever_order_they_are_told() {
    for seed in 20..26 {
        let mut room = Room::new(seed, Options::default());
        let voice = room.record("");
        for n in 0..4 {
            let second = room.sim.second_track.as_mut().unwrap();
            (second.source, second.first) = (TrackSource::Microphone, n % 2 == 0);
            room.permit(true);
        }
        room.hear(&voice, VOICE);
        assert!(room.ended().is_empty(), "seed {seed}");
    }
}

#[test]
fn another_track_that_comes_back_before_the_microphone_does_not_take_its_place() {
    let mut room = Room::new(14, Options::default());
    let voice = room.record("");
    room.start_server_anew_for_ada_last();
    room.is_back(room.ada);
    room.sim.run(ms(1000));
    room.hear(&voice, VOICE);
    assert!(room.ended().is_empty());
}

#[test]
fn who_comes_back_without_the_microphone_is_heard_by_another_track_after_a_while() {
    let mut room = Room::new(15, Options::default());
    let (voice, ada) = (room.record(""), room.ada);
    room.sim.clients[ada].voice.renew(token("ada", |claims| claims.video.can_publish = Some(false)));
    room.start_server_anew_for_ada_last();
    room.is_back(ada);
    room.sim.run(ms(13_000));
    assert!(!voice.is_closed(), "it may come yet");
    room.sim.run(ms(4_000));
    assert!(voice.is_closed());
    assert_eq!(room.ended(), [""]);
    let voice = room.record("");
    room.hear(&voice, MUSIC);
}

#[test]
fn a_microphone_takes_the_place_of_another_track_which_is_unsubscribed_from() {
    let mut room = Room::new(16, Options::default());
    room.permit(false);
    let music = room.record("");
    room.hear(&music, MUSIC);
    room.permit(true);
    room.sim.run(ms(500));
    assert!(music.is_closed());
    let voice = room.record("");
    room.hear(&voice, VOICE);
    assert_eq!(room.subscriptions(), 1);
}

/// What is heard as the users' voices.
#[derive(Default)]
struct Copies(Mutex<Vec<i16>>);

impl Tap for Copies {
    fn hears(&self) -> bool {
        true
    }
    fn sent(&self, _: std::time::Instant, _: &[i16]) {}
    fn heard(&self, _: &Arc<str>, _: std::time::Instant, pcm: &[i16]) {
        self.0.lock().unwrap().extend(pcm);
    }
}

#[test]
fn mix_and_dump_are_of_the_voices_alone() {
    let mut room = Room::new(11, Options::default());
    let (mix, copies) = (Arc::new(Recorder::default()), Arc::new(Copies::default()));
    let sink: Arc<dyn FrameSink> = mix.clone();
    let voice = &mut room.sim.clients[room.bob].voice;
    voice.open_mix(Arc::downgrade(&sink));
    voice.set_tap(Some(copies.clone()));
    let music = room.record("music");
    room.hear(&music, MUSIC);
    for pcm in [mix.pcm(), copies.0.lock().unwrap().clone()] {
        let loud: Vec<i16> = pcm.into_iter().skip_while(|sample| *sample == 0).collect();
        assert!(share_of(VOICE, 24_000, &loud[3_000..7_800]) > 0.9, "{} samples", loud.len());
    }
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
