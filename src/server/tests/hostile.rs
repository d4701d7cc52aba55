//! Eve sends nonsense at every stage. She is refused or removed, and the log says why; what the server holds for her, and tells others
//! of her, stays bounded; and Bob misses no packet of Ann's.

use super::*;

mod media;
mod signals;

const EVE: ConnId = ConnId(102);

/// How far Eve got before her first nonsense.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// One peer connection: answered, and nothing came from her by UDP yet.
    Joined,
    Connected,
    Published,
    /// Her WebSocket has just come back.
    Resuming,
    /// Two peer connections: she was offered the second one, and has not answered.
    Offered,
    /// She has.
    Answered,
}

const STAGES: [Stage; 6] =
    [Stage::Joined, Stage::Connected, Stage::Published, Stage::Resuming, Stage::Offered, Stage::Answered];

/// Chance that repeats.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// What a broken or hostile sender makes of a message.
    fn mangle(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 if !bytes.is_empty() => _ = bytes.remove(at),
                2 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                3 => _ = bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x7f]),
                4 if !bytes.is_empty() => bytes[at] = b'0' + self.below(10) as u8,
                _ => bytes.extend_from_within(at..),
            }
        }
    }
}

/// Ann speaks, Bob listens, and Eve comes as often as she is sent away.
struct Scene {
    world: World,
    ann: usize,
    bob: usize,
    /// The number of Ann's newest packet, and Bob's number for it.
    heard: Option<(u64, u64)>,
    /// Messages of Bob's, and lines of the log, that were looked at.
    seen: (usize, usize),
}

impl Scene {
    fn new() -> Scene {
        let mut world = World::new();
        let [ann, bob] = ["ann", "bob"].map(|name| world.join(name));
        world.publish(ann);
        world.run(100);
        Scene { world, ann, bob, heard: None, seen: (0, 0) }
    }

    fn eve(&self) -> Option<&Participant> {
        self.world.server.participants.values().find(|p| p.identity() == "eve")
    }

    /// Eve comes, and gets to a stage by what an honest client does; what she is told from then on nobody reads.
    fn enter(&mut self, stage: Stage) {
        self.leave();
        let world = &mut self.world;
        match stage {
            Stage::Offered | Stage::Answered => self.enter_twofold(stage == Stage::Answered),
            Stage::Joined => {
                world.join_as("eve", grant(), true);
                world.settle();
                world.clients.truncate(2);
            }
            Stage::Connected | Stage::Published | Stage::Resuming => {
                let eve = world.join("eve");
                if stage == Stage::Published {
                    world.publish(eve);
                }
                world.clients[eve].conn = ConnId(0);
            }
        }
        if stage == Stage::Resuming {
            let sid = self.eve().expect("she is in").sid.clone();
            let join = JoinRequest { reconnect: true, participant_sid: sid, ..Default::default() };
            let request = self.world.request("eve", grant(), &join);
            self.world.server.disconnected(self.world.now, EVE);
            self.world.server.connect(self.world.now, EVE, &request).unwrap();
        }
    }

    fn enter_twofold(&mut self, answers: bool) {
        let world = &mut self.world;
        world.server.connect(world.now, EVE, &dual_request("eve", "")).unwrap();
        let mut offer = None;
        while let Some(output) = world.server.poll_output() {
            if let Output::Send { conn: EVE, bytes } = &output
                && let Some(Message::Offer(o)) = SignalResponse::decode(&bytes[..]).unwrap().message
            {
                offer = Some(o);
            }
            world.take(output);
        }
        if answers {
            let offer = offer.expect("an offer");
            let mut rtc = rtc::config(&rtc::crypto_provider(), None).build(world.now);
            let parsed = str0m::change::SdpOffer::from_sdp_string(&offer.sdp).unwrap();
            let answer = rtc.sdp_api().accept_offer(parsed).unwrap().to_sdp_string();
            self.say(signal_request::Message::Answer(description("answer", answer, offer.id)));
        }
    }

    /// Eve is gone, and nothing of her is left.
    fn leave(&mut self) {
        if self.eve().is_some() {
            self.say(signal_request::Message::Leave(LeaveRequest::default()));
        }
        self.world.settle();
        self.world.clients.truncate(2);
        let server = &self.world.server;
        assert_eq!((server.participants.len(), server.tracks.len(), server.data_tracks.len()), (2, 1, 0));
        assert_eq!((server.conns.len(), server.by_ufrag.len(), server.by_address.len()), (2, 2, 2));
        assert_eq!(server.calls.len(), 0);
    }

    /// What was to be looked at later has been, long after Eve.
    fn settles(&mut self) {
        self.leave();
        self.world.run(20_000);
        let jobs = self.world.server.jobs.len();
        assert!(jobs < 30, "{jobs} jobs wait");
    }

    fn say(&mut self, message: signal_request::Message) {
        self.send(&SignalRequest { message: Some(message) }.encode_to_vec());
    }

    fn send(&mut self, bytes: &[u8]) {
        self.world.server.message(self.world.now, EVE, bytes);
    }

    /// Ann says something, and Bob hears that and nothing was missing since. `what` was Eve's last deed.
    fn goes_on(&mut self, what: &str) {
        let told = self.told(what);
        let world = &mut self.world;
        world.speak(self.ann, 20);
        let said = world.clients[self.ann].sent - 1;
        for (_, number, _, payload) in std::mem::take(&mut world.clients[self.bob].packets) {
            // Eve may be heard as well.
            let Some(n) = ann_says(&payload) else { continue };
            let expected = self.heard.map_or((n, number), |(n, number)| (n + 1, number + 1));
            assert_eq!((n, number), expected, "after {what} a packet of Ann's is missing");
            self.heard = Some(expected);
        }
        assert_eq!(self.heard.map(|(n, _)| n), Some(said), "after {what} Ann is not heard");
        assert!(told < 120_000, "after {what} Bob was told {told} bytes of Eve");
        self.bounded(what);
    }

    /// Bytes that Bob was told since the last time.
    fn told(&mut self, what: &str) -> usize {
        self.world.settle();
        let bob = &self.world.clients[self.bob];
        assert!(!bob.closed && bob.connected, "{what}");
        let new = &bob.messages[std::mem::replace(&mut self.seen.0, bob.messages.len())..];
        new.iter().map(|m| SignalResponse { message: Some(m.clone()) }.encoded_len()).sum()
    }

    fn bounded(&self, what: &str) {
        let server = &self.world.server;
        assert!(server.participants.len() <= 3 && server.conns.len() <= 3 && server.calls.is_empty(), "{what}");
        assert!(server.tracks.len() <= 3 && server.data_tracks.len() <= 2, "after {what}: {}", server.tracks.len());
        assert!(server.by_ufrag.len() <= 4 && server.by_address.len() <= 10, "{what}");
        let Some(eve) = self.eve() else { return };
        assert!(eve.wants.len() <= 1 && eve.denied.len() <= 1 && eve.settings.len() <= 1, "{what}");
        let sections = eve.main.sections.len() + eve.down.as_ref().map_or(0, |down| down.sections.len());
        assert!(sections <= 512, "after {what} she has {sections} sections");
    }

    /// The log since the last time. Where Eve is not in the room any more, it says why; and nothing was the server's own fault.
    fn log(&mut self, what: &str) -> Vec<String> {
        let logs = &self.world.logs;
        let new = logs[std::mem::replace(&mut self.seen.1, logs.len())..].to_vec();
        assert!(!new.iter().any(|line| line.contains("a fault of this server")), "{what}: {new:?}");
        assert!(new.iter().all(|line| line.len() < 500 && !line.contains(['\n', '\r'])), "{what}: {new:?}");
        assert!(new.len() < 20, "{what} fills the log: {} lines", new.len());
        let reason =
            |line: &String| line.contains("eve in hall is removed: ") || line.contains("eve in hall is gone: ");
        assert!(self.eve().is_some() || new.iter().any(reason), "after {what} Eve is gone without a word: {new:?}");
        new
    }
}

/// The number in a packet that is Ann's.
fn ann_says(payload: &[u8]) -> Option<u64> {
    match payload {
        [_, 0, 0, 1, _, 0xaa, low, high] => Some(u64::from(u16::from_le_bytes([*low, *high]))),
        _ => None,
    }
}
