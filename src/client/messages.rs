//! A session's messages: out of the chat queue as fast as the connection takes them, and in through the reassembly.

use super::session::Session;
use super::stats::VoiceStats;
use crate::event::EventBody;
use crate::message::chunks::Chunks;
use crate::message::queue::MessageQueue;
use crate::message::reassembly::Reassembly;
use crate::signal::livekit as lk;
use crate::{Error, Status};
use lk::data_packet::{Kind, Value};
use prost::Message as _;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// Bytes handed to the connection before sound gets its turn again: well below a millisecond's work.
const TURN: usize = 32 * 1024;

/// See the module.
pub(super) struct Messages {
    queue: Arc<MessageQueue>,
    /// The message that is leaving, and its ticket.
    current: Option<(u64, Chunks)>,
    /// Messages handed over, and the byte of the reliable channel that has to have arrived at the server before they have left.
    leaving: VecDeque<(u64, u64)>,
    /// There is room for more, but the turn was over.
    again: Option<Instant>,
    reassembly: Reassembly,
    /// Whole messages that came.
    received: u64,
}

impl Messages {
    pub(super) fn new(queue: Arc<MessageQueue>) -> Messages {
        let (leaving, reassembly) = (VecDeque::new(), Reassembly::new());
        Messages { queue, current: None, leaving, again: None, reassembly, received: 0 }
    }

    /// Adds its numbers to those of earlier connections.
    pub(super) fn count(&self, stats: &mut VoiceStats) {
        let counters = self.reassembly.counters();
        stats.messages_received += self.received;
        stats.messages_incomplete = self.reassembly.in_part().0 as u64;
        stats.messages_refused += counters.refused;
        stats.messages_untold += counters.untold;
        stats.chunks_doubled += counters.doubled;
    }

    /// Hands over what there is room for, and tells what has left. `unix_ms`: the wall clock.
    pub(super) fn send(&mut self, session: &mut Session, now: Instant, unix_ms: i64, events: &mut VecDeque<EventBody>) {
        self.again = None;
        let arrived = session.data_arrived();
        while self.leaving.front().is_some_and(|(_, end)| arrived >= *end) {
            let Some((ticket, _)) = self.leaving.pop_front() else { break };
            events.extend(self.queue.left(ticket));
        }
        let mut handed = 0;
        while let Some((ticket, chunks)) = self.current.take().or_else(|| self.queue.take()) {
            let reliable = !chunks.lossy();
            let more = session.has_room_for_data(reliable);
            let (ticket, chunks) = self.current.insert((ticket, chunks));
            if !more {
                break;
            }
            if handed >= TURN {
                self.again = Some(now);
                break;
            }
            let Some(value) = chunks.next(unix_ms) else { break };
            let bytes = packet(chunks.to().to_vec(), value, reliable).encode_to_vec();
            handed += bytes.len();
            session.put_data(&bytes, reliable);
            if chunks.is_done() {
                // What may be lost has left at once, but not before what was sent before it.
                let end = if reliable { session.data_put() } else { 0 };
                self.leaving.push_back((*ticket, end));
                self.current = None;
            }
        }
        if handed > 0 {
            session.flush(now);
        }
    }

    /// When there is something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.again, self.reassembly.deadline()].into_iter().flatten().min()
    }

    pub(super) fn timeout(&mut self, now: Instant, events: &mut VecDeque<EventBody>) {
        if self.reassembly.deadline().is_some_and(|deadline| deadline <= now) {
            self.reassembly.timeout(now);
            self.told(events);
        }
    }

    /// Takes a data packet.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        packet: lk::DataPacket,
        reliable: bool,
        events: &mut VecDeque<EventBody>,
    ) {
        let user = packet.participant_identity;
        match packet.value {
            Some(Value::User(data)) => {
                let topic = data.topic.unwrap_or_default();
                if !self.reassembly.user_packet(now, &user, &topic, &data.payload) {
                    events.push_back(EventBody::DataReceived { user, topic, payload: data.payload, reliable });
                }
            }
            Some(Value::StreamHeader(header)) => self.reassembly.header(now, &user, header),
            Some(Value::StreamChunk(chunk)) => self.reassembly.chunk(now, &user, &chunk),
            Some(Value::StreamTrailer(trailer)) => self.reassembly.trailer(now, &user, &trailer),
            _ => {}
        }
        self.told(events);
    }

    pub(super) fn user_left(&mut self, now: Instant, user: &str, events: &mut VecDeque<EventBody>) {
        self.reassembly.user_left(now, user);
        self.told(events);
    }

    /// Nothing more leaves: all that is queued fails.
    pub(super) fn give_up(&mut self, why: &Error, events: &mut VecDeque<EventBody>) {
        self.current = None;
        self.leaving.clear();
        self.again = None;
        events.extend(self.queue.fail(why));
    }

    /// Another connection takes this one's place. What was handed over, and not acknowledged, may not have arrived; what waits, waits on.
    pub(super) fn connection_lost(&mut self, now: Instant, events: &mut VecDeque<EventBody>) {
        self.reassembly.end(now);
        self.told(events);
        self.current = None;
        self.leaving.clear();
        let why = Error::new(
            Status::DISCONNECTED,
            "the connection was lost before the server had all of the message; send it again",
        );
        events.extend(self.queue.fail_taken(&why));
    }

    /// The connection is over.
    pub(super) fn end(&mut self, now: Instant, why: &str, events: &mut VecDeque<EventBody>) {
        self.reassembly.end(now);
        self.told(events);
        self.give_up(&gone(why), events);
    }

    fn told(&mut self, events: &mut VecDeque<EventBody>) {
        while let Some(event) = self.reassembly.poll() {
            self.received += u64::from(matches!(event, EventBody::Message { .. }));
            events.push_back(event);
        }
    }
}

/// What a message that did not leave says of the connection's end.
pub fn gone(why: &str) -> Error {
    let colon = if why.is_empty() { "" } else { ": " };
    Error::new(
        Status::DISCONNECTED,
        format!("the connection ended before the message had left{colon}{why}; connect, and send it again"),
    )
}

/// A data packet as it goes to the server.
pub(super) fn packet(to: Vec<String>, value: Value, reliable: bool) -> lk::DataPacket {
    let kind = if reliable { Kind::Reliable } else { Kind::Lossy } as i32;
    lk::DataPacket { kind, destination_identities: to, value: Some(value), ..Default::default() }
}
