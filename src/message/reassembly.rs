//! Messages on their way in: known by sender, format and id, so that nobody can touch another's, whatever ids they choose.
//!
//! - Parts come in any order. A part that is there already is dropped and counted; the first one counts.
//! - A chunk that does not fit (another total, no base64, no UTF-8) is refused, and the message waits for a better one. A stream of
//!   LiveKit's comes in order and once, so there the message is given up.
//! - What is incomplete 15 s after its last part is given up, as is what its sender or the connection leaves behind.
//! - Bounds hold for each sender and for all. Where one is reached, who holds most gives way, with the message that has waited
//!   longest: a flood drowns itself, not its neighbours.
//! - Whatever is refused or given up is told in an event, of which each sender has so many a second; the rest is told as a count.

use super::partial::{Fault, Partial, Put, digest};
use super::{Chunk, MAX_ID, MAX_MESSAGE, Recognised, base64, json, stream};
use crate::Status;
use crate::event::{EventBody, MessageFormat};
use crate::signal::livekit::data_stream;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long the next part of a message may take.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Messages in part, of one sender and of all.
pub const MAX_PARTIAL: (usize, usize) = (16, 256);
/// Bytes that they hold, of one sender and of all. One message whose first part came last takes up to 38 MiB.
pub const MAX_HELD: (usize, usize) = (48 << 20, 128 << 20);
/// Error events of one sender: so many at once, and so many more each second.
pub const ERRORS: (u32, u32) = (16, 4);

/// Senders of whom something is kept: messages in part, or that they had many errors.
const MAX_SENDERS: usize = 1024;
/// Ids of a sender that are over, so that a straggler begins no message of its own.
const MAX_OVER: usize = 16;
/// How late a straggler of a message in chunks can be. Later the id may be used again, also out of order.
const STRAGGLING: Duration = Duration::from_secs(2);
/// How often it is looked whether something has waited too long.
const LOOK: Duration = Duration::from_secs(1);

/// What was not delivered, and not told one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Parts that were there already, or came after their message was over.
    pub doubled: u64,
    /// Chunks and messages that were refused or given up.
    pub refused: u64,
    /// Of these, for how many there was no event, because too many had gone before.
    pub untold: u64,
}

/// See the module.
#[derive(Default)]
pub struct Reassembly {
    senders: BTreeMap<String, Sender>,
    partial: usize,
    held: usize,
    counters: Counters,
    next_look: Option<Instant>,
    /// A gap has closed, and there is more to be put in order than one turn may.
    unsettled: Option<Instant>,
    events: VecDeque<EventBody>,
}

struct Sender {
    messages: Vec<Partial>,
    held: usize,
    over: VecDeque<Over>,
    /// Error events that may be told now.
    tellable: u32,
    /// Errors that were not told.
    untold: u64,
}

/// A message that was delivered or given up.
struct Over {
    format: MessageFormat,
    id: String,
    at: Instant,
    /// Of its first part: another one with the same id begins another message.
    first: Option<u64>,
}

impl Sender {
    fn find(&self, format: MessageFormat, id: &str) -> Option<usize> {
        self.messages.iter().position(|message| message.format == format && message.id == id)
    }

    fn find_stream(&self, id: &str) -> Option<usize> {
        self.find(MessageFormat::Text, id).or_else(|| self.find(MessageFormat::Bytes, id))
    }

    /// The chunk belongs to a message that is over.
    fn is_straggler(&self, now: Instant, format: MessageFormat, chunk: &Chunk) -> bool {
        self.over.iter().any(|over| {
            let same = over.format == format && over.id == chunk.id && now < over.at + STRAGGLING;
            same && (chunk.part > 0 || over.first == Some(digest(chunk.content.as_bytes())))
        })
    }

    fn set_over(&mut self, format: MessageFormat, id: &str, first: Option<u64>, now: Instant) {
        if self.over.len() >= MAX_OVER {
            self.over.pop_front();
        }
        self.over.push_back(Over { format, id: id.into(), at: now, first });
    }
}

impl Reassembly {
    /// Nothing has come yet.
    pub fn new() -> Reassembly {
        Reassembly::default()
    }

    /// The next event: a message, or what became of one.
    pub fn poll(&mut self) -> Option<EventBody> {
        self.events.pop_front()
    }

    /// What was not delivered so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Messages in part, and the bytes that they hold.
    pub fn in_part(&self) -> (usize, usize) {
        (self.partial, self.held)
    }

    /// When [`Reassembly::timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.unsettled.or(self.next_look)
    }

    /// Looks at a user packet. False: it is no chunk, but the application's own data.
    pub fn user_packet(&mut self, now: Instant, user: &str, topic: &str, packet: &[u8]) -> bool {
        match json::parse(packet) {
            Recognised::Other => self.recognised(now, user, topic, MessageFormat::Base64, &base64::parse(packet)),
            recognised => self.recognised(now, user, topic, MessageFormat::Json, &recognised),
        }
    }

    fn recognised(&mut self, now: Instant, user: &str, topic: &str, format: MessageFormat, what: &Recognised) -> bool {
        match what {
            Recognised::Other => return false,
            Recognised::Refused(id, why) => {
                self.refuse(now, user, id, format, Status::PROTOCOL, format!("a chunk was refused: {why}"));
            }
            Recognised::Chunk(chunk) => self.part(now, user, topic, format, chunk),
        }
        true
    }

    fn part(&mut self, now: Instant, user: &str, topic: &str, format: MessageFormat, chunk: &Chunk) {
        let known = self.senders.get(user);
        match known.and_then(|sender| sender.find(format, &chunk.id)) {
            Some(at) => self.put(now, user, at, |message| {
                if message.total != Some(chunk.total) {
                    return Err((Status::PROTOCOL, "its total is not the one of the chunks before"));
                }
                message.put(chunk.part, chunk.content.as_bytes())
            }),
            None if known.is_some_and(|sender| sender.is_straggler(now, format, chunk)) => self.counters.doubled += 1,
            None => {
                let mut message = Partial::new(format, &chunk.id, topic, chunk.total, now);
                match message.put(chunk.part, chunk.content.as_bytes()) {
                    Ok(Put::Whole) => self.deliver(user, message),
                    Ok(_) => self.begin(now, user, message),
                    Err(fault) => self.refuse_chunk(now, user, &chunk.id, format, fault),
                }
            }
        }
    }

    /// Puts something to the message at this place, and sees what has come of it.
    fn put(&mut self, now: Instant, user: &str, at: usize, put: impl FnOnce(&mut Partial) -> Result<Put, Fault>) {
        let Some(sender) = self.senders.get_mut(user) else { return };
        let message = &mut sender.messages[at];
        let before = message.held();
        let done = put(message);
        let after = message.held();
        sender.held = sender.held - before + after;
        self.held = self.held - before + after;
        if message.is_unsettled() {
            self.unsettled = Some(now);
        }
        match done {
            Ok(Put::Doubled) => self.counters.doubled += 1,
            Ok(Put::More) => {
                message.touched = now;
                self.give_way(now, user);
            }
            Ok(Put::Whole) => {
                let message = self.remove(user, at);
                if let Some(sender) = self.senders.get_mut(user) {
                    sender.set_over(message.format, &message.id, message.first, now);
                }
                self.deliver(user, message);
            }
            Err(fault) => {
                let (id, format) = (message.id.clone(), message.format);
                if message.is_spent() || fault.0 == Status::LIMIT {
                    self.give_up(now, user, at, fault.0, format!("a message was given up: {}", fault.1));
                } else {
                    self.refuse_chunk(now, user, &id, format, fault);
                }
            }
        }
    }

    /// LiveKit's streams: the header.
    pub fn header(&mut self, now: Instant, user: &str, header: data_stream::Header) {
        let id = header.stream_id.as_str();
        let refused = match stream::format(&header) {
            Err(why) => Err((MessageFormat::Text, Status::PROTOCOL, why)),
            Ok(format) if id.is_empty() || id.len() > MAX_ID => {
                Err((format, Status::PROTOCOL, "its id has not 1 to 256 bytes"))
            }
            Ok(format) if header.total_length.is_some_and(|length| length > MAX_MESSAGE as u64) => {
                Err((format, Status::LIMIT, "it is longer than 16 MiB"))
            }
            Ok(format) if self.senders.get(user).is_some_and(|sender| sender.find_stream(id).is_some()) => {
                return self.refuse_chunk(now, user, id, format, (Status::PROTOCOL, "its stream is open already"));
            }
            Ok(format) => Ok(format),
        };
        match refused {
            Ok(format) => {
                let mut message = Partial::stream(format, id, &header.topic, header.total_length, now);
                let Some(content) = header.inline_content else { return self.begin(now, user, message) };
                match message.put_next(0, &content).and_then(|_| message.end()) {
                    Ok(()) => self.deliver(user, message),
                    Err(fault) => self.refuse_stream(now, user, id, format, fault.0, fault.1),
                }
            }
            Err((format, status, why)) => self.refuse_stream(now, user, id, format, status, why),
        }
    }

    /// A chunk of a stream.
    pub fn chunk(&mut self, now: Instant, user: &str, chunk: &data_stream::Chunk) {
        match self.senders.get(user).and_then(|sender| sender.find_stream(&chunk.stream_id)) {
            Some(at) => self.put(now, user, at, |message| message.put_next(chunk.chunk_index, &chunk.content)),
            None => self.stray(now, user, &chunk.stream_id),
        }
    }

    /// The end of a stream.
    pub fn trailer(&mut self, now: Instant, user: &str, trailer: &data_stream::Trailer) {
        match self.senders.get(user).and_then(|sender| sender.find_stream(&trailer.stream_id)) {
            Some(at) if !trailer.reason.is_empty() => {
                let reason: String = trailer.reason.chars().take(200).collect();
                self.give_up(now, user, at, Status::INTERRUPTED, format!("the sender gave the stream up: {reason}"));
            }
            Some(at) => self.put(now, user, at, |message| message.end().map(|()| Put::Whole)),
            None => self.stray(now, user, &trailer.stream_id),
        }
    }

    /// Of a stream that is not open: its header was lost, or told why it was refused.
    fn stray(&mut self, now: Instant, user: &str, id: &str) {
        let id = if id.len() > MAX_ID { "" } else { id };
        let stream =
            |over: &&mut Over| matches!(over.format, MessageFormat::Text | MessageFormat::Bytes) && over.id == id;
        match self.senders.get_mut(user).and_then(|sender| sender.over.iter_mut().find(stream)) {
            // As long as they come.
            Some(over) => {
                over.at = now;
                self.counters.doubled += 1;
            }
            None => self.refuse_stream(now, user, id, MessageFormat::Text, Status::PROTOCOL, "it has no header"),
        }
    }

    /// A user has left: what they began does not come to its end. Of what is still under way from them nothing more is told.
    pub fn user_left(&mut self, now: Instant, user: &str) {
        self.abandon(now, user, "the sender left in the midst of it");
    }

    /// The connection is over, and all that is in part with it.
    pub fn end(&mut self, now: Instant) {
        let users: Vec<String> = self.senders.keys().cloned().collect();
        for user in users {
            self.abandon(now, &user, "the connection ended in the midst of it");
        }
        self.senders.clear();
        self.rest();
    }

    fn abandon(&mut self, now: Instant, user: &str, why: &str) {
        while self.senders.get(user).is_some_and(|sender| !sender.messages.is_empty()) {
            self.give_up(now, user, 0, Status::DISCONNECTED, why.into());
        }
    }

    /// Puts in order what was left to be, and gives up what has waited too long.
    pub fn timeout(&mut self, now: Instant) {
        if self.unsettled.take().is_some() {
            self.settle(now);
        }
        if self.next_look.is_some_and(|at| at <= now) {
            self.look(now);
        }
    }

    /// One turn for one message: the next may have its own.
    fn settle(&mut self, now: Instant) {
        let unsettled = |sender: &Sender| sender.messages.iter().position(Partial::is_unsettled);
        let found = self.senders.iter().find_map(|(user, sender)| Some((user.clone(), unsettled(sender)?)));
        if let Some((user, at)) = found {
            self.put(now, &user, at, Partial::settle);
            self.unsettled = Some(now).filter(|_| self.senders.values().any(|sender| unsettled(sender).is_some()));
        }
    }

    fn look(&mut self, now: Instant) {
        let users: Vec<String> = self.senders.keys().cloned().collect();
        for user in users {
            let late = |message: &Partial| message.touched + PATIENCE <= now;
            while let Some(at) = self.senders.get(&user).and_then(|sender| sender.messages.iter().position(late)) {
                let message = &self.senders[&user].messages[at];
                let text = match message.total {
                    Some(total) => format!("{} of {total} parts came, and no more for 15 s", message.arrived()),
                    None => format!("the stream stopped after {} bytes, for 15 s", message.held()),
                };
                self.give_up(now, &user, at, Status::TIMED_OUT, text);
            }
            let Some(sender) = self.senders.get_mut(&user) else { continue };
            sender.tellable = (sender.tellable + ERRORS.1).min(ERRORS.0);
            sender.over.retain(|over| over.at + PATIENCE > now);
            if sender.untold > 0 {
                sender.tellable -= 1;
                let text = format!("{} more chunks or messages of this user were refused", sender.untold);
                sender.untold = 0;
                let format = MessageFormat::Json;
                self.events.push_back(error(&user, "", format, Status::LIMIT, text));
            }
        }
        self.senders
            .retain(|_, sender| !sender.messages.is_empty() || !sender.over.is_empty() || sender.tellable < ERRORS.0);
        self.next_look = Some(now + LOOK);
        self.rest();
    }

    /// Nothing is kept, so nothing has to be looked at.
    fn rest(&mut self) {
        if self.senders.is_empty() {
            self.next_look = None;
            self.unsettled = None;
        }
    }

    fn sender(&mut self, now: Instant, user: &str) -> Option<&mut Sender> {
        if !self.senders.contains_key(user) {
            if self.senders.len() >= MAX_SENDERS {
                return None;
            }
            let (messages, over) = (Vec::new(), VecDeque::new());
            self.senders.insert(user.into(), Sender { messages, held: 0, over, tellable: ERRORS.0, untold: 0 });
            self.next_look.get_or_insert(now + LOOK);
        }
        self.senders.get_mut(user)
    }

    fn begin(&mut self, now: Instant, user: &str, message: Partial) {
        let held = message.held();
        let Some(sender) = self.sender(now, user) else {
            self.counters.refused += 1;
            self.counters.untold += 1;
            return;
        };
        // A straggler of its namesake would now be its own.
        sender.over.retain(|over| over.format != message.format || over.id != message.id);
        sender.messages.push(message);
        sender.held += held;
        self.partial += 1;
        self.held += held;
        self.give_way(now, user);
    }

    /// Holds the bounds after `user`'s messages grew.
    fn give_way(&mut self, now: Instant, user: &str) {
        while let Some((who, why)) = self.over_a_bound(user) {
            let Some(sender) = self.senders.get(&who) else { return };
            let oldest = (0..sender.messages.len()).min_by_key(|at| sender.messages[*at].touched);
            let Some(at) = oldest else { return };
            self.give_up(now, &who, at, Status::LIMIT, why.into());
        }
    }

    /// Who has to give way, and why.
    fn over_a_bound(&self, user: &str) -> Option<(String, &'static str)> {
        // All together keep no more than one may: as a rule there is nobody to look for.
        if self.partial <= MAX_PARTIAL.0 && self.held <= MAX_HELD.0 {
            return None;
        }
        let sender = self.senders.get(user)?;
        if sender.messages.len() > MAX_PARTIAL.0 {
            return Some((user.into(), "more than 16 messages of this user are on their way"));
        }
        if sender.held > MAX_HELD.0 {
            return Some((user.into(), "messages of this user on their way hold more than 48 MiB"));
        }
        let most = |key: &dyn Fn(&Sender) -> usize| {
            self.senders.iter().max_by_key(|(_, sender)| key(sender)).map(|(user, _)| user.clone())
        };
        if self.partial > MAX_PARTIAL.1 {
            return Some((most(&|sender| sender.messages.len())?, "more than 256 messages are on their way"));
        }
        if self.held > MAX_HELD.1 {
            return Some((most(&|sender| sender.held)?, "messages on their way hold more than 128 MiB"));
        }
        None
    }

    fn remove(&mut self, user: &str, at: usize) -> Partial {
        let sender = self.senders.get_mut(user).expect("whose message it is");
        let message = sender.messages.remove(at);
        sender.held -= message.held();
        self.held -= message.held();
        self.partial -= 1;
        message
    }

    fn deliver(&mut self, user: &str, message: Partial) {
        let (topic, id, format) = (message.topic.clone(), message.id.clone(), message.format);
        let payload = message.into_payload();
        self.events.push_back(EventBody::Message { user: user.into(), topic, id, format, payload });
    }

    fn give_up(&mut self, now: Instant, user: &str, at: usize, status: Status, text: String) {
        let message = self.remove(user, at);
        if let Some(sender) = self.senders.get_mut(user) {
            sender.set_over(message.format, &message.id, message.first, now);
        }
        self.refuse(now, user, &message.id, message.format, status, text);
    }

    fn refuse_chunk(&mut self, now: Instant, user: &str, id: &str, format: MessageFormat, fault: Fault) {
        self.refuse(now, user, id, format, fault.0, format!("a chunk was refused: {}", fault.1));
    }

    /// A stream that does not begin. Its chunks need not be told as well.
    fn refuse_stream(
        &mut self,
        now: Instant,
        user: &str,
        id: &str,
        format: MessageFormat,
        status: Status,
        why: &'static str,
    ) {
        let id = if id.len() > MAX_ID { "" } else { id };
        if let Some(sender) = self.sender(now, user) {
            sender.set_over(format, id, None, now);
        }
        self.refuse(now, user, id, format, status, format!("a stream was refused: {why}"));
    }

    fn refuse(&mut self, now: Instant, user: &str, id: &str, format: MessageFormat, status: Status, text: String) {
        self.counters.refused += 1;
        let told = self.sender(now, user).is_some_and(|sender| {
            let told = sender.tellable > 0;
            if told {
                sender.tellable -= 1;
            } else {
                sender.untold += 1;
            }
            told
        });
        if told {
            self.events.push_back(error(user, id, format, status, text));
        } else {
            self.counters.untold += 1;
        }
    }
}

fn error(user: &str, id: &str, format: MessageFormat, status: Status, text: String) -> EventBody {
    EventBody::MessageError { user: user.into(), id: id.into(), format, status, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::chunks::{Chunks, Outgoing};
    use crate::signal::livekit::data_packet::Value;

    /// User, id and payload.
    type Whole = (String, String, Vec<u8>);

    struct Rig {
        reassembly: Reassembly,
        now: Instant,
    }

    impl Rig {
        fn new() -> Rig {
            Rig { reassembly: Reassembly::new(), now: Instant::now() }
        }

        fn give(&mut self, user: &str, value: &Value) {
            match value {
                Value::User(packet) => {
                    let topic = packet.topic.as_deref().unwrap_or_default();
                    assert!(self.reassembly.user_packet(self.now, user, topic, &packet.payload));
                }
                Value::StreamHeader(header) => self.reassembly.header(self.now, user, header.clone()),
                Value::StreamChunk(chunk) => self.reassembly.chunk(self.now, user, chunk),
                Value::StreamTrailer(trailer) => self.reassembly.trailer(self.now, user, trailer),
                _ => unreachable!(),
            }
        }

        fn packet(&mut self, user: &str, packet: &str) {
            assert!(self.reassembly.user_packet(self.now, user, "", packet.as_bytes()), "{packet}");
        }

        fn events(&mut self) -> Vec<EventBody> {
            std::iter::from_fn(|| self.reassembly.poll()).collect()
        }

        /// What was delivered; user and sentence of what was not.
        fn seen(&mut self) -> (Vec<Whole>, Vec<(String, String)>) {
            let (mut whole, mut errors) = (Vec::new(), Vec::new());
            for event in self.events() {
                match event {
                    EventBody::Message { user, id, payload, .. } => whole.push((user, id, payload)),
                    EventBody::MessageError { user, text, .. } => errors.push((user, text)),
                    other => panic!("{other:?}"),
                }
            }
            (whole, errors)
        }

        /// Time passes, and what is due is done.
        fn pass(&mut self, span: Duration) {
            let end = self.now + span;
            while let Some(due) = self.reassembly.deadline().filter(|due| *due <= end) {
                self.now = self.now.max(due);
                self.reassembly.timeout(self.now);
            }
            self.now = end;
        }

        fn is_empty(&self) -> bool {
            self.reassembly.in_part() == (0, 0)
        }
    }

    fn cut(format: MessageFormat, id: &str, payload: &[u8]) -> Vec<Value> {
        let (topic, to, lossy) = ("topic".into(), Vec::new(), false);
        let message = Outgoing { id: id.into(), format, topic, to, lossy, payload: payload.into() };
        let mut chunks = Chunks::new(message).unwrap();
        std::iter::from_fn(|| chunks.next(0)).collect()
    }

    const ALL: [MessageFormat; 4] =
        [MessageFormat::Json, MessageFormat::Base64, MessageFormat::Text, MessageFormat::Bytes];

    #[test]
    fn every_format_every_length() {
        for format in ALL {
            for text in ["", "x", &"é".repeat(300), &"語".repeat(301), &"\"\\\n🎉e\u{301}".repeat(20_000)] {
                let mut rig = Rig::new();
                cut(format, "id", text.as_bytes()).iter().for_each(|value| rig.give("ada", value));
                let topic = "topic".into();
                let (user, id) = ("ada".into(), "id".into());
                assert_eq!(rig.events(), [EventBody::Message { user, topic, id, format, payload: text.into() }]);
                assert!(rig.is_empty());
            }
        }
    }

    #[test]
    fn in_any_order_and_doubled() {
        let text = "🎉".repeat(3000);
        for format in [MessageFormat::Json, MessageFormat::Base64] {
            let values = cut(format, "id", text.as_bytes());
            let last = values.len() - 1;
            for order in
                [(0..=last).rev().collect::<Vec<_>>(), (0..=last).map(|at| (at * 7 + 3) % (last + 1)).collect()]
            {
                let mut rig = Rig::new();
                for at in &order {
                    rig.give("ada", &values[*at]);
                    rig.give("ada", &values[*at]);
                }
                rig.pass(Duration::ZERO);
                assert_eq!(rig.seen(), (vec![("ada".into(), "id".into(), text.clone().into_bytes())], vec![]));
                assert_eq!(rig.reassembly.counters().doubled as usize, values.len());
                assert!(rig.is_empty());
            }
        }
    }

    #[test]
    fn two_senders_and_three_formats_with_one_id_at_once() {
        let mut rig = Rig::new();
        let texts = ["ada's 🎉".repeat(2000), "bob's 語".repeat(2000)];
        let mut lines: Vec<_> = [("ada", &texts[0]), ("bob", &texts[1])]
            .into_iter()
            .flat_map(|(user, text)| {
                [ALL[0], ALL[1], ALL[2]].map(|format| (user, cut(format, "1", text.as_bytes()).into_iter()))
            })
            .collect();
        while !lines.is_empty() {
            lines.retain_mut(|(user, values)| {
                let value = values.next();
                value.iter().for_each(|value| rig.give(user, value));
                value.is_some()
            });
        }
        let (whole, errors) = rig.seen();
        assert_eq!(errors, []);
        assert_eq!(whole.len(), 6);
        for (user, id, payload) in whole {
            assert_eq!((id.as_str(), &payload[..]), ("1", texts[usize::from(user == "bob")].as_bytes()));
        }
    }

    #[test]
    fn a_bad_chunk_is_refused_and_the_message_arrives() {
        let mut rig = Rig::new();
        rig.packet("ada", "7|1|3|aMOp");
        rig.packet("ada", "7|2|4|aMOp"); // another total
        rig.packet("ada", "7|2|3|a MOp"); // no base64
        rig.packet("ada", "7|2|3|/////"); // no UTF-8
        rig.packet("ada", "7|1|3|AAAA"); // another content: the first one counts
        rig.packet("eve", "7|2|3|AAAA"); // a liar
        rig.packet("ada", "7|-2|3|aMOp");
        rig.packet("ada", "7|2|99999999999999999999|aMOp");
        rig.packet("ada", "7|3|3|bG8=");
        rig.packet("ada", "7|2|3|bGxv");
        let (whole, errors) = rig.seen();
        assert_eq!(whole, [("ada".into(), "7".into(), "héllolo".into())]);
        assert_eq!(errors.len(), 5, "{errors:?}");
        rig.pass(PATIENCE + LOOK);
        let (_, errors) = rig.seen();
        assert!(matches!(&errors[..], [(user, text)] if user == "eve" && text.contains("1 of 3 parts")), "{errors:?}");
        assert!(rig.is_empty());
    }

    #[test]
    fn base64_may_be_cut_anywhere_but_has_to_end() {
        let mut rig = Rig::new();
        rig.packet("ada", "8|1|3|aMOpb");
        rig.packet("ada", "8|3|3|bG8=");
        rig.packet("ada", "8|2|3|Gxv");
        assert_eq!(rig.seen(), (vec![("ada".into(), "8".into(), "héllolo".into())], vec![]));
        rig.packet("ada", "9|2|2|b");
        rig.packet("ada", "9|1|2|aMOp");
        let (whole, errors) = rig.seen();
        assert!(whole.is_empty() && errors[0].1.contains("ends too soon"), "{errors:?}");
        assert!(rig.is_empty());
    }

    #[test]
    fn text_that_is_none_is_not_delivered() {
        let mut rig = Rig::new();
        rig.packet("ada", "1|1|1|/w==");
        rig.packet("ada", "2|1|1|w6"); // ends too soon
        rig.packet("ada", "3|1|1|w6Q="); // whole
        rig.packet("ada", "4|1|1|ww=="); // ends within a character
        for (id, content) in [("5", &b"\xff"[..]), ("6", b"\xc3")] {
            let mut values = cut(MessageFormat::Text, id, b"xx"[..content.len()].as_ref());
            if let Value::StreamChunk(chunk) = &mut values[1] {
                chunk.content = content.to_vec();
            }
            values.iter().for_each(|value| rig.give("ada", value));
        }
        let (whole, errors) = rig.seen();
        assert_eq!(whole, [("ada".into(), "3".into(), "ä".into())]);
        assert_eq!(errors.len(), 5, "{errors:?}");
    }

    #[test]
    fn streams_that_lie_are_given_up_once() {
        let spoil = |change: &dyn Fn(&mut Vec<Value>)| {
            let mut rig = Rig::new();
            let mut values = cut(MessageFormat::Bytes, "id", &[1; 40_000]);
            change(&mut values);
            values.iter().for_each(|value| rig.give("ada", value));
            let (whole, errors) = rig.seen();
            assert!(rig.is_empty());
            assert_eq!((whole.len(), errors.len()), (0, 1), "{errors:?}");
            errors[0].1.clone()
        };
        let header = |values: &mut Vec<Value>, change: &dyn Fn(&mut data_stream::Header)| {
            let Value::StreamHeader(header) = &mut values[0] else { unreachable!() };
            change(header);
        };
        assert!(spoil(&|values| _ = values.remove(0)).contains("no header"));
        assert!(spoil(&|values| _ = values.remove(2)).contains("missing"));
        assert!(spoil(&|values| values.swap(1, 2)).contains("missing"));
        assert!(spoil(&|values| _ = values.remove(3)).contains("shorter"));
        assert!(spoil(&|values| header(values, &|h| h.total_length = Some(39_999))).contains("longer"));
        assert!(spoil(&|values| header(values, &|h| h.total_length = Some(u64::MAX))).contains("16 MiB"));
        assert!(spoil(&|values| header(values, &|h| h.compression = 1)).contains("compressed"));
        assert!(spoil(&|values| header(values, &|h| h.content_header = None)).contains("neither"));
        let trailer = |values: &mut Vec<Value>| {
            let Some(Value::StreamTrailer(trailer)) = values.last_mut() else { unreachable!() };
            trailer.reason = "tired".into();
        };
        assert!(spoil(&trailer).contains("tired"));

        let mut rig = Rig::new();
        let mut values = cut(MessageFormat::Text, "id", b"inline");
        header(&mut values, &|h| h.inline_content = Some(b"inline".to_vec()));
        rig.give("ada", &values[0]);
        assert_eq!(rig.seen(), (vec![("ada".into(), "id".into(), b"inline".to_vec())], vec![]));
    }

    #[test]
    fn what_stays_incomplete_is_reported_in_time() {
        let mut rig = Rig::new();
        for format in ALL {
            let values = cut(format, &format!("{format:?}"), &[b'x'; 40_000]);
            values[..2].iter().for_each(|value| rig.give("ada", value));
        }
        rig.pass(PATIENCE - LOOK);
        assert_eq!(rig.seen(), (vec![], vec![]));
        rig.pass(2 * LOOK);
        let (whole, errors) = rig.seen();
        assert_eq!((whole.len(), errors.len()), (0, 4), "{errors:?}");
        assert!(rig.is_empty());
        // Nothing is left to wake up for.
        rig.pass(2 * PATIENCE);
        assert_eq!(rig.reassembly.deadline(), None);
    }

    #[test]
    fn a_leaver_and_the_end_of_the_connection_are_reported() {
        let mut rig = Rig::new();
        for user in ["ada", "bob", "cyd"] {
            rig.packet(user, "id|1|2|aMOp");
        }
        rig.reassembly.user_left(rig.now, "ada");
        let (_, errors) = rig.seen();
        assert!(matches!(&errors[..], [(user, text)] if user == "ada" && text.contains("left")), "{errors:?}");
        rig.reassembly.end(rig.now);
        assert_eq!(rig.seen().1.len(), 2);
        assert!(rig.is_empty() && rig.reassembly.deadline().is_none());
    }

    #[test]
    fn a_flood_drowns_itself() {
        let mut rig = Rig::new();
        rig.packet("ada", "id|1|2|aMOp");
        for number in 0..1000 {
            rig.packet("eve", &format!("{number}|1|2|aMOp"));
        }
        assert_eq!(rig.reassembly.in_part().0, 1 + MAX_PARTIAL.0);
        // Many liars: whoever holds most gives way.
        for liar in 0..40 {
            for number in 0..16 {
                rig.packet(&format!("liar{liar}"), &format!("{number}|1|2|aMOp"));
            }
        }
        assert_eq!(rig.reassembly.in_part().0, MAX_PARTIAL.1);
        let (_, errors) = rig.seen();
        let of_eve = errors.iter().filter(|(user, _)| user == "eve").count();
        assert_eq!(of_eve, ERRORS.0 as usize, "events of one sender are bounded");
        assert!(rig.reassembly.counters().untold > 900);
        rig.packet("ada", "id|2|2|bGxv");
        assert_eq!(rig.seen().0, [("ada".into(), "id".into(), "héllo".into())]);
        rig.pass(LOOK);
        let (_, errors) = rig.seen();
        assert!(errors.iter().any(|(user, text)| user == "eve" && text.contains("more chunks")), "{errors:?}");
    }

    #[test]
    fn memory_is_bounded_for_each_and_for_all() {
        let mut rig = Rig::new();
        let piece = "A".repeat(60_000);
        let json = |id: usize, part: usize| {
            format!("{{\"msg_id\": \"{id}\", \"part_idx\": {part}, \"total_parts\": 65536, \"content\": \"{piece}\"}}")
        };
        for liar in 0..4 {
            for id in 0..8 {
                for part in 1..160 {
                    rig.packet(&format!("liar{liar}"), &json(id, part));
                }
            }
            rig.seen();
            assert!(rig.reassembly.in_part().1 <= (MAX_HELD.0 * (liar + 1)).min(MAX_HELD.1));
        }
        // A message that grows beyond 16 MiB gets no further.
        let mut rig = Rig::new();
        for part in 0..300 {
            rig.packet("eve", &json(0, part));
        }
        assert!(rig.reassembly.in_part().1 <= MAX_MESSAGE);
        assert!(rig.seen().1[0].1.contains("16 MiB"));
        // A total that lies costs nothing.
        let mut rig = Rig::new();
        rig.packet("eve", "id|65536|65536|QQ==");
        assert!(rig.reassembly.in_part().1 < 100);
    }

    #[test]
    fn sixteen_megabytes_backwards() {
        let text = "語🎉 a".repeat(MAX_MESSAGE / 9);
        let mut rig = Rig::new();
        for value in cut(MessageFormat::Base64, "id", text.as_bytes()).iter().rev() {
            rig.give("ada", value);
        }
        assert_eq!(rig.seen(), (vec![], vec![]), "in one go it would take too long");
        rig.pass(Duration::ZERO);
        let (whole, errors) = rig.seen();
        assert_eq!(errors, []);
        assert!(whole.len() == 1 && whole[0].2 == text.as_bytes());
    }

    #[test]
    fn an_id_can_be_used_again_and_a_straggler_begins_nothing() {
        let mut rig = Rig::new();
        for text in ["aMOp", "bGxv"] {
            rig.packet("ada", &format!("id|1|2|{text}"));
            rig.packet("ada", "id|2|2|bGxv");
            rig.packet("ada", "id|2|2|bGxv");
        }
        let (whole, errors) = rig.seen();
        assert_eq!((whole.len(), errors.len()), (2, 0));
        assert!(rig.is_empty());
        assert_eq!(rig.reassembly.counters().doubled, 2);
    }
}
