//! What is lost comes back: the WebSocket, the media, the network, the server; and what must not come back does not.

mod anew;
mod asking;
mod ending;
mod messages;

use crate::sim::{Options, Recorder, Sim, ms, share_of, tone};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use stoa::Status;
use stoa::event::ConnectionState::{Connected, Reconnecting};
use stoa::event::{ConnectionState, EventBody};
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

/// As on SIGTERM: the server says farewell, and then there is none.
fn shut_down(two: &mut Two) {
    let now = two.sim.now;
    two.sim.server.shutdown(now);
    two.sim.run(ms(0));
    two.sim.server_gone = true;
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
