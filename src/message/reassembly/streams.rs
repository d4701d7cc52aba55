//! LiveKit's streams on their way in: a header, chunks in order, a trailer.

use super::Reassembly;
use super::sender::Over;
use crate::Status;
use crate::event::MessageFormat;
use crate::message::partial::{Partial, Put};
use crate::message::{MAX_ID, MAX_MESSAGE, stream};
use crate::signal::livekit::data_stream;
use std::time::Instant;

impl Reassembly {
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
}
