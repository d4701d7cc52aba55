//! What is lost comes back: the WebSocket, the media, the network, the server; and what must not come back does not.

use crate::sim::{Options, Recorder, Sim, ms, share_of, token, tone};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use stoa::Status;
use stoa::event::ConnectionState::{Connected, Failed, Reconnecting};
use stoa::event::{ConnectionState, EventBody, MessageFormat, Reason, SubscribeState};
use stoa::message::chunks::{Chunks, Outgoing};
use stoa::signal::livekit as lk;

/// A room of two, in which all that is counted begins after the join.
struct Two {
    sim: Sim,
    ada: usize,
    bob: usize,
    /// What each hears of the other.
    at_ada: Arc<Recorder>,
    at_bob: Arc<Recorder>,
}

impl Two {
    fn new(seed: u64, options: Options) -> Two {
        let mut sim = Sim::new(seed);
        let [ada, bob] = ["ada", "bob"].map(|user| sim.join(user, options.clone()));
        sim.run(ms(500));
        let (at_ada, at_bob) = (sim.record(ada, "bob"), sim.record(bob, "ada"));
        for client in [ada, bob] {
            sim.clients[client].events.clear();
            sim.clients[client].dialed.clear();
        }
        Two { sim, ada, bob, at_ada, at_bob }
    }

    fn push(&mut self, client: usize, hertz: f64, span: Duration) {
        self.sim.clients[client].queue.push(&tone(hertz, 24_000, span), Some(ms(0)));
    }

    /// Each says 400 ms of a note, and the other hears all of it.
    fn hear_each_other(&mut self) {
        for (client, hertz) in [(self.ada, 440.0), (self.bob, 660.0)] {
            let heard = if client == self.ada { &self.at_bob } else { &self.at_ada }.clone();
            let before = heard.pcm().len();
            self.push(client, hertz, ms(400));
            self.sim.run(ms(800));
            let pcm = &heard.pcm()[before..];
            assert!(pcm.len() >= 8_600, "{} samples of 9600", pcm.len());
            assert!(share_of(hertz, 24_000, &pcm[3_000..7_800]) > 0.9, "another note than {hertz} Hz");
        }
    }

    /// What the two were told of each other.
    fn comings_and_goings(&self) -> Vec<&EventBody> {
        let all = [self.ada, self.bob].into_iter().flat_map(|client| &self.sim.clients[client].events);
        all.filter(|event| {
            matches!(event, EventBody::UserJoined { .. } | EventBody::UserLeft { .. } | EventBody::StreamEnded { .. })
        })
        .collect()
    }

    fn is_back(&mut self, client: usize, span: Duration) {
        let back = |sim: &Sim| sim.clients[client].voice.state() == Connected;
        let done = self.sim.run_until(span, back);
        let client = &self.sim.clients[client];
        assert!(done, "not back: {:?} {:?} {:?}", client.events, client.dialed, self.sim.log);
    }
}

fn states(sim: &Sim, client: usize) -> Vec<(ConnectionState, ConnectionState)> {
    let change = |event: &EventBody| match event {
        EventBody::ConnectionStateChanged { old, new, .. } => Some((*old, *new)),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(change).collect()
}

const BACK: [(ConnectionState, ConnectionState); 2] = [(Connected, Reconnecting), (Reconnecting, Connected)];

fn both_modes() -> [Options; 2] {
    [false, true].map(|old_server| Options { old_server, ..Options::default() })
}

fn is_resume(target: &str) -> bool {
    match target.strip_prefix("/rtc/v1?") {
        Some(query) => stoa::signal::join::parse_single(query).unwrap().reconnect,
        None => target.contains("reconnect=1&sid=PA_"),
    }
}

/// The server's message to a client.
fn server_says(sim: &mut Sim, client: usize, message: lk::signal_response::Message) {
    let (now, bytes) = (sim.now, lk::SignalResponse { message: Some(message) }.encode_to_vec());
    sim.clients[client].voice.session().message(now, &bytes);
}

fn leave(reason: lk::DisconnectReason, action: lk::leave_request::Action) -> lk::signal_response::Message {
    let (reason, action) = (reason as i32, action as i32);
    lk::signal_response::Message::Leave(lk::LeaveRequest { reason, action, ..Default::default() })
}

#[test]
fn without_its_websocket_a_talk_goes_on_and_the_session_resumes() {
    for options in both_modes() {
        let mut two = Two::new(1, options);
        let (ada, bob) = (two.ada, two.bob);
        two.push(ada, 440.0, ms(2000));
        two.sim.run(ms(500));
        two.sim.cut_websocket(ada);
        two.is_back(ada, ms(1000));
        two.sim.run(ms(3000));
        assert_eq!(states(&two.sim, ada), BACK);
        let dialed = &two.sim.clients[ada].dialed;
        assert!(dialed.len() == 1 && is_resume(&dialed[0].1), "{dialed:?}");
        assert_eq!((two.comings_and_goings(), states(&two.sim, bob)), (vec![], vec![]));
        // Not a packet is missing.
        assert_eq!(two.at_bob.origin(2), 0, "concealed");
        assert!(two.at_bob.pcm().len() >= 47_000);
        two.hear_each_other();
    }
}

#[test]
fn lost_media_is_noticed_and_comes_back_from_new_sockets() {
    for options in both_modes() {
        let mut two = Two::new(2, options);
        let ada = two.ada;
        two.sim.clients[ada].link.deaf = true;
        let noticed = two.sim.run_until(ms(10_000), |sim| sim.clients[ada].voice.state() == Reconnecting);
        assert!(noticed, "nobody noticed");
        two.sim.run(ms(500));
        two.sim.clients[ada].link.deaf = false;
        two.is_back(ada, ms(12_000));
        assert_eq!(states(&two.sim, ada), BACK);
        assert!(is_resume(&two.sim.clients[ada].dialed[0].1));
        assert_eq!(two.comings_and_goings(), Vec::<&EventBody>::new());
        two.hear_each_other();
    }
}

#[test]
fn a_network_that_is_gone_for_three_seconds_comes_back() {
    for options in both_modes() {
        let mut two = Two::new(3, options);
        let (ada, bob) = (two.ada, two.bob);
        two.sim.clients[ada].link.cut = true;
        two.sim.cut_websocket(ada);
        two.sim.run(ms(1000));
        // What is wanted meanwhile reaches the server in the end.
        let now = two.sim.now;
        two.sim.clients[ada].voice.mute(true);
        two.sim.clients[ada].voice.subscribe(now, "bob", false).unwrap();
        two.sim.run(ms(2000));
        two.sim.clients[ada].link.cut = false;
        two.is_back(ada, ms(10_000));
        two.sim.run(ms(500));
        assert_eq!(states(&two.sim, ada), BACK);
        let muted = EventBody::UserMuted { user: "ada".into(), muted: true };
        assert!(two.sim.clients[bob].events.contains(&muted));
        let before = two.at_ada.frames().len();
        two.push(bob, 440.0, ms(200));
        two.sim.run(ms(500));
        assert_eq!(two.at_ada.frames().len(), before, "heard after unsubscribing");
        // And it can be undone.
        let now = two.sim.now;
        two.sim.clients[ada].voice.mute(false);
        two.sim.clients[ada].voice.subscribe(now, "bob", true).unwrap();
        two.sim.run(ms(1000));
        two.at_ada = two.sim.record(ada, "bob");
        two.hear_each_other();
    }
}

#[test]
fn a_server_that_was_restarted_is_joined_anew_and_streams_go_on() {
    for options in both_modes() {
        let mut two = Two::new(4, options);
        let (ada, bob) = (two.ada, two.bob);
        two.sim.clients[ada].voice.mute(true);
        two.sim.run(ms(100));
        let statistics = two.sim.clients[ada].voice.stats(two.sim.now);
        two.sim.stop_server();
        two.sim.run(ms(5000));
        assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
        two.sim.start_server();
        two.is_back(ada, ms(10_000));
        two.is_back(bob, ms(10_000));
        two.sim.run(ms(1000));
        assert_eq!((states(&two.sim, ada), states(&two.sim, bob)), (BACK.to_vec(), BACK.to_vec()));
        assert_eq!(two.comings_and_goings(), Vec::<&EventBody>::new());
        assert_eq!(two.sim.server.population(), (1, 2));
        assert!(!two.at_ada.is_closed() && !two.at_bob.is_closed());
        let subscribed: Vec<_> = two.sim.clients[bob].voice.users().map(|(user, state)| (&**user, state)).collect();
        assert_eq!(subscribed, [("ada", SubscribeState::Subscribed)]);
        // Muted as before.
        two.push(ada, 440.0, ms(200));
        two.sim.run(ms(500));
        assert_eq!(two.at_bob.frames().len(), 0, "heard though muted");
        let told = two.sim.clients[bob].events.iter();
        let told: Vec<_> = told.filter(|event| matches!(event, EventBody::UserMuted { .. })).collect();
        assert_eq!(told, [&EventBody::UserMuted { user: "ada".into(), muted: true }], "once, before");
        two.sim.clients[ada].voice.mute(false);
        two.sim.run(ms(100));
        two.hear_each_other();
        let now = two.sim.clients[ada].voice.stats(two.sim.now);
        assert_eq!((statistics.connections, now.connections), (1, 2));
        assert!(now.packets_received > statistics.packets_received && now.signals_sent > statistics.signals_sent);
    }
}

#[test]
fn who_is_gone_after_a_restart_has_left_and_who_is_new_has_joined() {
    let mut two = Two::new(5, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    two.sim.stop_server();
    two.sim.clients[bob].voice.leave();
    two.sim.run(ms(1000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.sim.join("cyd", Options::default());
    two.sim.run(ms(16_000));
    let users: Vec<_> = two.sim.clients[ada].voice.users().map(|(user, _)| user.to_string()).collect();
    assert_eq!(users, ["cyd"]);
    assert!(two.at_ada.is_closed());
    let events = &two.sim.clients[ada].events;
    assert!(events.contains(&EventBody::UserLeft { user: "bob".into(), reason: Reason::None }));
    let joined = |event: &&EventBody| matches!(event, EventBody::UserJoined { user } if user == "cyd");
    assert_eq!(events.iter().filter(joined).count(), 1);
}

#[test]
fn who_comes_back_without_a_track_is_heard_no_more() {
    let mut two = Two::new(5, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    two.sim.stop_server();
    two.sim.clients[bob].voice.renew(token("bob", |claims| claims.video.can_publish = Some(false)));
    two.sim.run(ms(1000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.is_back(bob, ms(10_000));
    assert!(!two.at_ada.is_closed(), "the track may come yet");
    two.sim.run(ms(16_000));
    assert!(two.at_ada.is_closed());
    let ended = EventBody::StreamEnded { user: "bob".into(), track: String::new() };
    assert_eq!(two.comings_and_goings(), [&ended]);
}

#[test]
fn in_a_room_that_lived_on_the_others_hear_of_a_new_join_and_who_left_is_gone_at_once() {
    let mut two = Two::new(6, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    let cyd = two.sim.join("cyd", Options::default());
    two.sim.run(ms(200));
    two.sim.clients[ada].link.cut = true;
    two.sim.cut_websocket(ada);
    two.sim.clients[bob].voice.leave();
    // Longer than the server keeps a place.
    two.sim.run(ms(25_000));
    two.sim.clients[ada].link.cut = false;
    two.is_back(ada, ms(10_000));
    two.sim.run(ms(100));
    let left = EventBody::UserLeft { user: "bob".into(), reason: Reason::None };
    assert!(two.sim.clients[ada].events.contains(&left));
    let at_cyd: Vec<_> = two.sim.clients[cyd]
        .events
        .iter()
        .filter(
            |event| matches!(event, EventBody::UserLeft { user, .. } | EventBody::UserJoined { user } if user == "ada"),
        )
        .collect();
    assert_eq!(at_cyd.len(), 3, "there, gone, there: {at_cyd:?}");
}

#[test]
fn a_server_that_stays_away_is_given_up_when_the_time_is_over() {
    let options = Options { reconnect: Some(ms(20_000)), ..Options::default() };
    let mut two = Two::new(7, options);
    let ada = two.ada;
    two.sim.stop_server();
    let begun = two.sim.now;
    two.sim.run(ms(19_999));
    assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
    assert!(!two.at_ada.is_closed());
    let dialed: Vec<_> = two.sim.clients[ada].dialed.iter().map(|(at, _)| (*at - begun).as_millis()).collect();
    // At once, after 300 ms, then ever more slowly; each is refused 2 ms after it began.
    assert_eq!(dialed[..2], [0, 302]);
    let waits: Vec<_> = dialed.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.len() >= 4 && waits.windows(2).all(|pair| pair[1] > pair[0]), "{waits:?}");
    two.sim.run(ms(1));
    let last = two.sim.clients[ada].events.last();
    let Some(EventBody::ConnectionStateChanged { old, new, reason, status, text, elapsed_us }) = last else {
        panic!("{last:?}");
    };
    assert_eq!((*old, *new, *reason, *status), (Reconnecting, Failed, Reason::ConnectionLost, Status::DISCONNECTED));
    assert!(text.contains("within 20 s"), "{text}");
    assert_eq!(*elapsed_us, 20_000_000);
    assert!(two.at_ada.is_closed());
    two.sim.start_server();
    two.sim.run(ms(20_000));
    assert_eq!(two.sim.clients[ada].voice.state(), Failed);
}

#[test]
fn a_leave_says_whether_and_how_to_come_back() {
    use lk::DisconnectReason as Why;
    use lk::leave_request::Action;
    for (why, action, resumes) in
        [(Why::MediaFailure, Action::Reconnect, false), (Why::UnknownReason, Action::Resume, true)]
    {
        let mut two = Two::new(8, Options::default());
        let ada = two.ada;
        server_says(&mut two.sim, ada, leave(why, action));
        two.is_back(ada, ms(1000));
        two.sim.run(ms(1000));
        let dialed = &two.sim.clients[ada].dialed;
        assert_eq!((dialed.len(), is_resume(&dialed[0].1)), (1, resumes));
        assert_eq!(states(&two.sim, ada), BACK);
        // A new join is seen by the others, whose stream of it ends.
        two.at_bob = two.sim.record(two.bob, "ada");
        two.hear_each_other();
    }
    let final_ones = [
        (Why::ServerShutdown, Reason::ServerShutdown),
        (Why::ParticipantRemoved, Reason::Removed),
        (Why::RoomDeleted, Reason::RoomClosed),
        (Why::DuplicateIdentity, Reason::DuplicateIdentity),
    ];
    for (why, reason) in final_ones {
        let mut two = Two::new(9, Options::default());
        let ada = two.ada;
        server_says(&mut two.sim, ada, leave(why, Action::Disconnect));
        two.sim.run(ms(10_000));
        let last = two.sim.clients[ada].events.last();
        let ended =
            matches!(last, Some(EventBody::ConnectionStateChanged { new: Failed, reason: r, .. }) if *r == reason);
        assert!(ended && two.sim.clients[ada].dialed.is_empty(), "{last:?}");
    }
}

#[test]
fn who_was_replaced_does_not_come_back() {
    let mut two = Two::new(10, Options::default());
    let again = two.sim.join("ada", Options::default());
    two.sim.run(ms(30_000));
    assert_eq!(states(&two.sim, two.ada), [(Connected, Failed)]);
    assert!(two.sim.clients[two.ada].dialed.is_empty());
    assert_eq!(two.sim.clients[again].voice.state(), Connected);
}

#[test]
fn reconnecting_can_be_switched_off() {
    let mut two = Two::new(11, Options { reconnect: None, ..Options::default() });
    two.sim.cut_websocket(two.ada);
    two.sim.run(ms(1000));
    assert_eq!(states(&two.sim, two.ada), [(Connected, Failed)]);
    assert!(two.at_ada.is_closed());
}

/// The first four bytes of each data packet that arrived.
fn numbers(sim: &Sim, client: usize) -> Vec<u32> {
    let number = |event: &EventBody| match event {
        EventBody::DataReceived { payload, .. } => Some(u32::from_be_bytes(payload[..4].try_into().unwrap())),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(number).collect()
}

#[test]
fn no_reliable_packet_is_lost_or_doubled_over_a_resume() {
    for options in both_modes() {
        let mut two = Two::new(12, options);
        let clients = [two.ada, two.bob];
        let send = |sim: &mut Sim, range: std::ops::Range<u32>| {
            for n in range {
                let now = sim.now;
                for client in clients {
                    let payload = n.to_be_bytes().repeat(500);
                    assert!(sim.clients[client].voice.send_data(now, payload, true, "", vec![]));
                }
            }
        };
        send(&mut two.sim, 0..20);
        // Some are on their way, some not yet acknowledged, some not yet sent.
        two.sim.run(ms(3));
        two.sim.clients[two.ada].link.cut = true;
        two.sim.cut_websocket(two.ada);
        send(&mut two.sim, 20..40);
        // Back just before the second attempt, while SCTP still waits to send again.
        two.sim.run(ms(5200));
        two.sim.clients[two.ada].link.cut = false;
        two.is_back(two.ada, ms(10_000));
        send(&mut two.sim, 40..50);
        two.sim.run(ms(10_000));
        for client in clients {
            assert_eq!(numbers(&two.sim, client), (0..50).collect::<Vec<u32>>());
        }
        assert_eq!(states(&two.sim, two.ada), BACK);
        // And not because nothing was sent twice.
        assert!(two.sim.server.stats().data_dropped_doubled > 0);
    }
}

/// What the server has acknowledged long ago is not sent to the next one.
#[test]
fn no_reliable_packet_is_doubled_over_a_new_join() {
    for options in both_modes() {
        let mut two = Two::new(29, options);
        let (ada, now) = (two.ada, two.sim.now);
        for n in 0..5u32 {
            assert!(two.sim.clients[ada].voice.send_data(now, n.to_be_bytes().to_vec(), true, "", vec![]));
        }
        two.sim.run(ms(1000));
        two.sim.stop_server();
        two.sim.run(ms(2000));
        two.sim.start_server();
        two.is_back(two.ada, ms(10_000));
        two.is_back(two.bob, ms(10_000));
        two.sim.run(ms(3000));
        assert_eq!(numbers(&two.sim, two.bob), (0..5).collect::<Vec<u32>>());
    }
}

fn message(two: &mut Two, client: usize, id: &str, length: usize) -> u64 {
    let (id, topic, payload) = (id.to_string(), "chat".into(), vec![7; length]);
    let message = Outgoing { id, format: MessageFormat::Bytes, topic, to: Vec::new(), lossy: false, payload };
    two.sim.clients[client].messages.push(Chunks::new(message).unwrap()).unwrap()
}

fn came(sim: &Sim, client: usize) -> Vec<(String, usize)> {
    let message = |event: &EventBody| match event {
        EventBody::Message { id, payload, .. } => Some((id.clone(), payload.len())),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(message).collect()
}

#[test]
fn a_long_message_comes_whole_over_a_resume() {
    let mut two = Two::new(13, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    for client in [ada, bob] {
        two.sim.clients[client].link.delay = ms(20);
        message(&mut two, client, "long", 3_000_000);
    }
    two.sim.run(ms(100));
    two.sim.clients[ada].link.cut = true;
    two.sim.cut_websocket(ada);
    two.sim.run(ms(2000));
    two.sim.clients[ada].link.cut = false;
    two.is_back(ada, ms(10_000));
    two.sim.run(ms(30_000));
    for client in [ada, bob] {
        assert_eq!(came(&two.sim, client), [("long".to_string(), 3_000_000)]);
    }
}

#[test]
fn on_a_new_join_half_a_message_is_told_as_failed_and_the_rest_is_sent() {
    let mut two = Two::new(14, Options::default());
    let (ada, bob) = (two.ada, two.bob);
    two.sim.clients[ada].link.delay = ms(20);
    let long = message(&mut two, ada, "long", 3_000_000);
    let short = message(&mut two, ada, "short", 10);
    two.sim.run(ms(100));
    two.sim.stop_server();
    two.sim.run(ms(2000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.is_back(bob, ms(10_000));
    two.sim.run(ms(3000));
    assert_eq!(sent(&two.sim, ada), [(long, Status::DISCONNECTED), (short, Status::OK)]);
}

/// What became of the messages.
fn sent(sim: &Sim, client: usize) -> Vec<(u64, Status)> {
    let told = |event: &EventBody| match event {
        EventBody::MessageSent { ticket, status, .. } => Some((*ticket, *status)),
        _ => None,
    };
    sim.clients[client].events.iter().filter_map(told).collect()
}

/// A server that ends closes the media connection before the WebSocket: nothing that was on its way has arrived by that.
#[test]
fn what_was_on_its_way_to_a_server_that_ends_has_not_left() {
    let mut two = Two::new(32, Options { reconnect: Some(ms(20_000)), ..Options::default() });
    let ada = two.ada;
    two.sim.clients[ada].link.delay = ms(100);
    let ticket = message(&mut two, ada, "short", 1000);
    let now = two.sim.now;
    assert!(two.sim.clients[ada].voice.send_data(now, 7u32.to_be_bytes().to_vec(), true, "", vec![]));
    two.sim.run(ms(20));
    shut_down(&mut two);
    two.sim.run(ms(3000));
    two.sim.start_server();
    two.is_back(ada, ms(10_000));
    two.is_back(two.bob, ms(10_000));
    two.sim.run(ms(3000));
    assert_eq!(sent(&two.sim, ada), [(ticket, Status::DISCONNECTED)]);
    assert!(came(&two.sim, two.bob).is_empty());
    assert_eq!(numbers(&two.sim, two.bob), [7], "a packet tells no fate of its own: it is sent again");
}

/// The request to join says that the microphone is muted, and before its answer it is not any more.
#[test]
fn unmuting_while_a_new_join_is_on_its_way_is_told() {
    for options in both_modes() {
        let mut two = Two::new(33, options);
        let (ada, bob) = (two.ada, two.bob);
        two.sim.clients[ada].voice.mute(true);
        two.sim.run(ms(200));
        two.sim.stop_server();
        two.sim.run(ms(2000));
        two.sim.start_server();
        let joins = |sim: &Sim| sim.clients[ada].dialed.iter().any(|(_, target)| !is_resume(target));
        assert!(two.sim.run_until(ms(10_000), joins));
        two.sim.clients[ada].voice.mute(false);
        two.is_back(ada, ms(10_000));
        two.is_back(bob, ms(10_000));
        two.sim.run(ms(500));
        let muted = |sim: &Sim| sim.clients[bob].voice.people().find("ada").map(|ada| ada.muted);
        assert_eq!(muted(&two.sim), Some(false));
        two.hear_each_other();
    }
}

#[test]
fn live_sound_is_not_late_after_a_loss_and_marks_are_told_in_time() {
    let mut two = Two::new(15, Options::default());
    let ada = two.ada;
    two.push(ada, 440.0, ms(20_000));
    two.sim.clients[ada].queue.mark(7).unwrap();
    let begun = two.sim.now;
    two.sim.run(ms(1000));
    two.sim.stop_server();
    two.sim.run(ms(9000));
    two.sim.start_server();
    two.is_back(ada, ms(9000));
    let passed = |sim: &Sim| sim.clients[ada].events.contains(&EventBody::Played { mark: 7, status: Status::OK });
    assert!(!passed(&two.sim));
    let left = (begun + ms(20_100)).saturating_duration_since(two.sim.now);
    assert!(two.sim.run_until(left, passed), "the end of what was said comes when it would have come");
    two.sim.run(ms(500));
    let heard = two.at_bob.pcm().len();
    assert!((24_000..24_000 * 12).contains(&heard), "{heard} samples: some of it is missing, and some is not");
    // Once the loss of media was noticed nothing was encoded.
    assert!(two.sim.clients[ada].voice.stats(two.sim.now).frames_unsent > 50);
}

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

#[test]
fn a_new_join_that_fails_is_tried_again_until_the_time_is_over_or_somebody_leaves() {
    for leaves in [false, true] {
        let mut two = Two::new(18, Options { reconnect: Some(ms(20_000)), ..Options::default() });
        let ada = two.ada;
        two.sim.server_gone = true;
        let again = leave(lk::DisconnectReason::ServerShutdown, lk::leave_request::Action::Reconnect);
        server_says(&mut two.sim, ada, again);
        two.sim.run(ms(19_999));
        assert_eq!(two.sim.clients[ada].voice.state(), Reconnecting);
        let dialed = &two.sim.clients[ada].dialed;
        assert!(dialed.len() > 4 && !dialed.iter().any(|(_, target)| is_resume(target)), "{dialed:?}");
        if leaves {
            two.sim.clients[ada].voice.leave();
            two.sim.run(ms(0));
        } else {
            two.sim.run(ms(1));
        }
        let end = if leaves { ConnectionState::Disconnected } else { Failed };
        assert_eq!(states(&two.sim, ada), [(Connected, Reconnecting), (Reconnecting, end)]);
        assert!(two.at_ada.is_closed());
    }
}

#[test]
fn a_server_that_shuts_down_gets_its_clients_back() {
    for options in both_modes() {
        let mut two = Two::new(30, Options { reconnect: Some(ms(20_000)), ..options });
        shut_down(&mut two);
        two.sim.run(ms(3000));
        two.sim.start_server();
        for client in [two.ada, two.bob] {
            two.is_back(client, ms(10_000));
            assert_eq!(states(&two.sim, client), BACK);
            let told = two.sim.clients[client].events.iter().find_map(|event| match event {
                EventBody::ConnectionStateChanged { new: Reconnecting, reason, .. } => Some(*reason),
                _ => None,
            });
            assert_eq!(told, Some(Reason::ServerShutdown));
        }
        two.sim.run(ms(10_000));
        two.hear_each_other();
    }
}

#[test]
fn a_server_that_shuts_down_for_good_is_given_up_in_time() {
    let mut two = Two::new(31, Options { reconnect: Some(ms(20_000)), ..Options::default() });
    shut_down(&mut two);
    two.sim.run(ms(19_000));
    assert_eq!(two.sim.clients[two.ada].voice.state(), Reconnecting);
    two.sim.run(ms(1_100));
    let last = two.sim.clients[two.ada].events.last();
    let Some(EventBody::ConnectionStateChanged { new: Failed, text, .. }) = last else { panic!("{last:?}") };
    assert!(text.contains("not made again within 20 s"), "{text}");
}

/// As on SIGTERM: the server says farewell, and then there is none.
fn shut_down(two: &mut Two) {
    let now = two.sim.now;
    two.sim.server.shutdown(now);
    two.sim.run(ms(0));
    two.sim.server_gone = true;
}

#[test]
fn a_token_that_is_refused_is_the_end() {
    let mut two = Two::new(19, Options::default());
    let ada = two.ada;
    // Nobody takes it; the server that knows the user by the old one is gone.
    two.sim.clients[ada].voice.renew(crate::sim::token("ada", |claims| claims.exp = crate::sim::EPOCH - 3000));
    two.sim.stop_server();
    two.sim.run(ms(100));
    two.sim.start_server();
    two.sim.run(ms(5000));
    let last = two.sim.clients[ada].events.last();
    let bad = matches!(last, Some(EventBody::ConnectionStateChanged { new: Failed, reason: Reason::BadToken, .. }));
    assert!(bad, "{last:?}");
    assert_eq!(two.sim.clients[ada].dialed.len(), 3, "a resume that nobody took, one that was refused, and a join");
}

#[test]
fn leaving_while_reconnecting_ends_at_once() {
    for wait in [0, 100, 1000, 5500] {
        let mut two = Two::new(17, Options::default());
        let ada = two.ada;
        two.sim.clients[ada].link.cut = true;
        two.sim.cut_websocket(ada);
        two.sim.run(ms(wait));
        two.sim.clients[ada].voice.leave();
        two.sim.run(ms(0));
        assert_eq!(two.sim.clients[ada].voice.state(), ConnectionState::Disconnected);
        assert!(two.at_ada.is_closed());
        two.sim.clients[ada].link.cut = false;
        let dials = two.sim.clients[ada].dialed.len();
        two.sim.run(ms(20_000));
        assert_eq!(two.sim.clients[ada].dialed.len(), dials);
    }
}
