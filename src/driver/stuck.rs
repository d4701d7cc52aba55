//! What a channel answers while its connection takes nothing of what it is given.

use super::channel::Channel;
use super::dial::SIGNALS;
use super::task::Command;
use super::{ChannelOptions, DumpOptions, Engine, EngineOptions};
use crate::client::gate::VadConfig;
use crate::client::people::OwnChange;
use crate::event::{ConnectionState, EventBody, SubscribeState};
use crate::{Result, Status};
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const SOON: Option<Duration> = Some(Duration::from_millis(10));

/// Ada's channel, in a room with Bob; what it passes on arrives nowhere as long as its engine and the other end are kept.
fn stuck() -> (Channel, Engine, mpsc::Receiver<Command>) {
    let options = EngineOptions { app_id: "key".into(), app_certificate: "secret".into(), ..Default::default() };
    let engine = Engine::new(options).unwrap();
    let options = ChannelOptions { name: "room".into(), user: "ada".into(), ..Default::default() };
    let channel = engine.create_channel(options).unwrap();
    let (commands, other_end) = mpsc::channel(SIGNALS);
    let mut shared = channel.inner.lock();
    shared.state = ConnectionState::Connected;
    shared.commands = Some(commands);
    shared.users.push(("bob".into(), SubscribeState::Subscribed));
    shared.may_send_data = true;
    drop(shared);
    (channel, engine, other_end)
}

fn status<T>(result: Result<T>) -> Status {
    result.map_or_else(|error| error.status, |_| Status::OK)
}

#[test]
fn too_many_calls_are_busy_and_change_nothing() {
    let (channel, engine, mut other_end) = stuck();
    let token = engine.build_token("room", "ada", Duration::from_secs(60)).unwrap();
    channel.inner.lock().users.push(("eve".into(), SubscribeState::NoSubscribe));
    for _ in 0..SIGNALS {
        channel.mute(true).unwrap();
    }
    let error = channel.mute(false).unwrap_err();
    assert_eq!(
        (error.status, error.text.as_str()),
        (Status::BUSY, "too many calls wait for this channel; try again in a moment")
    );
    let dump = DumpOptions { directory: std::env::temp_dir(), max_bytes: 1 << 20, sent: true, heard: true };
    let vad = VadConfig { speech: Default::default(), speech_only: false };
    let change = OwnChange { name: "Ada".into(), ..Default::default() };
    for (what, status) in [
        ("set_vad", status(channel.set_vad(Some(vad)))),
        ("set_dump", status(channel.set_dump(Some(dump)))),
        ("subscribe", status(channel.subscribe("eve", SOON))),
        ("unsubscribe", status(channel.unsubscribe("bob", SOON))),
        ("stream", status(channel.stream("bob"))),
        ("send_data", status(channel.send_data(b"data", true, "", &[]))),
        ("renew_token", status(channel.renew_token(&token))),
        ("reconnect", status(channel.reconnect())),
        ("rpc_call", status(channel.rpc_call("bob", "method", "", Duration::from_secs(1)))),
        ("rpc_answer", status(channel.rpc_answer(1, ""))),
        ("rpc_fail", status(channel.rpc_fail(1, 7, ""))),
        ("change_own", status(channel.change_own(change, SOON))),
    ] {
        assert_eq!(status, Status::BUSY, "{what}");
    }
    let shared = channel.inner.lock();
    assert!(shared.muted && shared.vad.is_none() && shared.dump.is_none());
    drop(shared);
    assert_eq!(channel.stats().data_waiting, 0, "what was not taken waits nowhere");
    // One taken is room for one.
    other_end.try_recv().unwrap();
    channel.mute(false).unwrap();
    assert_eq!(status(channel.mute(false)), Status::BUSY);
}

#[test]
fn leaving_needs_no_room_among_the_calls() {
    let (channel, _engine, _other_end) = stuck();
    while channel.mute(true).is_ok() {}
    let leaving = channel.inner.lock().leaving.clone();
    assert!(!pin!(leaving.notified()).as_mut().enable());
    channel.disconnect(Some(Duration::ZERO)).unwrap();
    assert!(pin!(leaving.notified()).as_mut().enable());
}

#[test]
fn data_that_waits_is_bounded() {
    let (channel, _engine, mut other_end) = stuck();
    let sent = std::iter::repeat_with(|| status(channel.send_data(b"data", true, "", &[])));
    assert_eq!(sent.take_while(|status| *status == Status::OK).count(), 128);
    let error = channel.send_data(b"data", true, "", &[]).unwrap_err();
    assert_eq!(
        (error.status, error.text.as_str()),
        (Status::QUEUE_FULL, "too many data packets wait to be sent; try again in a moment")
    );
    let stats = channel.stats();
    assert_eq!((stats.data_waiting, stats.data_refused), (128, 2));
    // What has left makes room.
    drop(other_end.try_recv().unwrap());
    channel.send_data(b"data", true, "", &[]).unwrap();
}

#[test]
fn a_wish_that_is_not_granted_in_time_stays() {
    let (channel, _engine, mut other_end) = stuck();
    assert_eq!(channel.unsubscribe("bob", SOON).unwrap(), Status::TIMED_OUT);
    assert!(matches!(other_end.try_recv().unwrap(), Command::Subscribe { user, wanted: false } if user == "bob"));
    channel.inner.lock().users[0].1 = SubscribeState::NoSubscribe;
    assert_eq!(
        channel.unsubscribe("bob", SOON).unwrap(),
        Status::TIMED_OUT,
        "so it is, but the wish was not taken yet"
    );
    assert!(other_end.try_recv().is_err(), "who asks again asks the connection once");
    channel.inner.lock().subscribes_taken = 1;
    assert_eq!(channel.unsubscribe("bob", SOON).unwrap(), Status::OK);
    assert_eq!(channel.subscribe("bob", SOON).unwrap(), Status::TIMED_OUT);
}

#[test]
fn two_wishes_that_are_asked_for_in_turn_do_not_hold_each_other_up() {
    let (channel, _engine, mut other_end) = stuck();
    let asked = || ["bob", "eve"].map(|user| channel.subscribe(user, SOON).unwrap());
    channel.inner.lock().users = ["bob", "eve"].map(|user| (user.into(), SubscribeState::NoSubscribe)).into();
    for _ in 0..3 {
        assert_eq!(asked(), [Status::TIMED_OUT; 2]);
    }
    assert_eq!(std::iter::from_fn(|| other_end.try_recv().ok()).count(), 2);
    let grant = |count: u64, user: usize| {
        let mut shared = channel.inner.lock();
        shared.subscribes_taken = count;
        shared.users[user].1 = SubscribeState::Subscribed;
    };
    grant(1, 0);
    assert_eq!(asked(), [Status::OK, Status::TIMED_OUT]);
    grant(2, 1);
    assert_eq!(asked(), [Status::OK; 2]);
    assert!(other_end.try_recv().is_err());
    // The other way round is another wish.
    assert_eq!(channel.unsubscribe("bob", SOON).unwrap(), Status::TIMED_OUT);
    assert_eq!(channel.subscribe("bob", SOON).unwrap(), Status::TIMED_OUT, "it is not as it was, once that is taken");
    assert_eq!(std::iter::from_fn(|| other_end.try_recv().ok()).count(), 2);
}

#[test]
fn a_wish_about_the_microphone_outranks_what_was_told_before_it_arrived() {
    let (channel, _engine, mut other_end) = stuck();
    let told = |muted| channel.inner.publish(EventBody::MicrophoneMuted { muted }, Instant::now());
    let begins_muted = || channel.inner.lock().muted;
    told(true);
    assert!(begins_muted(), "the next connection begins as the server left this one");
    channel.mute(false).unwrap();
    told(true);
    assert!(!begins_muted(), "the server does not know yet that it was unmuted");
    assert!(matches!(other_end.try_recv().unwrap(), Command::Mute(false)));
    channel.inner.lock().mutes -= 1;
    told(true);
    assert!(begins_muted());
}
