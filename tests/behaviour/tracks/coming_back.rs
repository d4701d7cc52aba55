//! Streams of tracks over a lost connection.

use super::*;

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
