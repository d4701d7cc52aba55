//! A message on its way out: cut lazily, so that it is in memory once.

use super::{MAX_ID, MAX_MESSAGE, base64, json, stream};
use crate::event::MessageFormat;
use crate::signal::livekit::{UserPacket, data_packet::Value, data_stream};
use crate::{Error, Result, Status};

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id. It must differ from those of the other messages that are on their way.
    pub id: String,
    /// How it travels.
    pub format: MessageFormat,
    /// A name by which receivers tell messages apart; may be empty.
    pub topic: String,
    /// The identities of those who get it; none: everyone.
    pub to: Vec<String>,
    /// Each part is sent once and may be lost or overtaken. Not for streams.
    pub lossy: bool,
    /// The message, at most [`MAX_MESSAGE`] bytes; UTF-8 but for byte streams.
    pub payload: Vec<u8>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

/// The chunks of a message, in order.
#[derive(Debug)]
pub struct Chunks {
    id: String,
    format: MessageFormat,
    topic: String,
    to: Vec<String>,
    lossy: bool,
    content: Content,
    /// Chunks in all, with the header and the trailer of a stream.
    total: u32,
    next: u32,
    /// Bytes of the content that are cut off already.
    at: usize,
}

impl Chunks {
    /// Checks a message and counts its parts, which takes a while where it is long: not on a media thread.
    pub fn new(message: Outgoing) -> Result<Chunks> {
        let Outgoing { id, format, topic, to, lossy, payload } = message;
        let bad = |text: String| Err(Error::new(Status::BAD_ARGUMENT, text));
        if payload.len() > MAX_MESSAGE {
            return bad(format!("a message of {} bytes is too long: give at most {MAX_MESSAGE}", payload.len()));
        }
        if id.is_empty() || id.len() > MAX_ID {
            return bad(format!("a message's id of {} bytes: give 1 to {MAX_ID}", id.len()));
        }
        if format == MessageFormat::Base64 && (id.chars().count() > base64::MAX_ID_CHARS || id.contains('|')) {
            let text =
                format!("the id \"{id}\" does not go into base64 chunks: give at most 32 characters, none a bar");
            return bad(text);
        }
        if lossy && matches!(format, MessageFormat::Text | MessageFormat::Bytes) {
            return bad("LiveKit's streams are always reliable: leave lossy out, or take another format".into());
        }
        let content = match format {
            MessageFormat::Bytes => Content::Bytes(payload),
            _ => Content::Text(String::from_utf8(payload).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                let text = format!("the message is not UTF-8 at byte {at}: encode it, or send it as a byte stream");
                Error::new(Status::BAD_UTF8, text)
            })?),
        };
        let mut chunks = Chunks { id, format, topic, to, lossy, content, total: 0, next: 0, at: 0 };
        chunks.total = chunks.count() as u32;
        Ok(chunks)
    }

    fn count(&self) -> usize {
        match (&self.content, self.format) {
            (Content::Text(text), MessageFormat::Json) => json::parts(text),
            (Content::Text(text), MessageFormat::Base64) => base64::parts(&self.id, text.as_bytes()),
            (Content::Bytes(bytes), _) => bytes.len().div_ceil(stream::CHUNK_BYTES) + 2,
            // Up to three bytes less in a chunk make it unforeseeable, short of looking.
            (Content::Text(text), _) => {
                let (mut at, mut count) = (0, 0);
                while at < text.len() {
                    at += stream::cut(&text[at..]);
                    count += 1;
                }
                count + 2
            }
        }
    }

    /// The message's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Bytes of the message.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.len(),
            Content::Bytes(bytes) => bytes.len(),
        }
    }

    /// It has no content; there are chunks all the same.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// It goes over the lossy channel.
    pub fn lossy(&self) -> bool {
        self.lossy
    }

    /// Who gets it; none: everyone.
    pub fn to(&self) -> &[String] {
        &self.to
    }

    /// All chunks were given out.
    pub fn is_done(&self) -> bool {
        self.next == self.total
    }

    /// The next chunk. `unix_ms` goes into the header of a stream.
    pub fn next(&mut self, unix_ms: i64) -> Option<Value> {
        if self.is_done() {
            return None;
        }
        let part = self.next;
        self.next += 1;
        Some(match self.format {
            MessageFormat::Json | MessageFormat::Base64 => self.user_packet(part),
            MessageFormat::Text | MessageFormat::Bytes => self.stream_packet(part, unix_ms),
        })
    }

    fn user_packet(&mut self, part: u32) -> Value {
        let mut payload = Vec::with_capacity(base64::MAX_CHUNK);
        let start = self.at;
        match &self.content {
            Content::Text(text) if self.format == MessageFormat::Json => {
                let rest = &text[start..];
                let length = json::cut(rest);
                self.at += length;
                json::write(&mut payload, &self.id, part, self.total, &rest[..length]);
            }
            content => {
                let bytes = content.bytes();
                self.at = (start + base64::part_bytes(&self.id)).min(bytes.len());
                base64::write(&mut payload, &self.id, part, self.total, &bytes[start..self.at]);
            }
        }
        let topic = (!self.topic.is_empty()).then(|| self.topic.clone());
        Value::User(UserPacket { payload, topic, ..Default::default() })
    }

    fn stream_packet(&mut self, part: u32, unix_ms: i64) -> Value {
        if part == 0 {
            return Value::StreamHeader(stream::header(self.format, &self.id, &self.topic, self.len(), unix_ms));
        }
        let stream_id = self.id.clone();
        if part == self.total - 1 {
            return Value::StreamTrailer(data_stream::Trailer { stream_id, ..Default::default() });
        }
        let start = self.at;
        self.at += match &self.content {
            Content::Text(text) => stream::cut(&text[start..]),
            Content::Bytes(bytes) => stream::CHUNK_BYTES.min(bytes.len() - start),
        };
        let content = self.content.bytes()[start..self.at].to_vec();
        Value::StreamChunk(data_stream::Chunk {
            stream_id,
            chunk_index: u64::from(part - 1),
            content,
            ..Default::default()
        })
    }
}

impl Content {
    fn bytes(&self) -> &[u8] {
        match self {
            Content::Text(text) => text.as_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::livekit::data_stream::header::ContentHeader;

    fn outgoing(format: MessageFormat, payload: &[u8]) -> Outgoing {
        Outgoing {
            id: "id".into(),
            format,
            topic: "topic".into(),
            to: vec!["bob".into()],
            lossy: false,
            payload: payload.to_vec(),
        }
    }

    fn all(format: MessageFormat, payload: &[u8]) -> Vec<Value> {
        let mut chunks = Chunks::new(outgoing(format, payload)).unwrap();
        assert_eq!((chunks.len(), chunks.id(), chunks.lossy(), chunks.to().len()), (payload.len(), "id", false, 1));
        let all: Vec<_> = std::iter::from_fn(|| chunks.next(1234)).collect();
        assert!(chunks.is_done() && chunks.next(1234).is_none());
        all
    }

    #[test]
    fn a_stream_has_header_chunks_and_trailer() {
        let text = format!("x{}", "🎉".repeat(7500));
        let values = all(MessageFormat::Text, text.as_bytes());
        let Value::StreamHeader(header) = &values[0] else { panic!() };
        assert_eq!((header.stream_id.as_str(), header.topic.as_str(), header.timestamp), ("id", "topic", 1234));
        assert_eq!((header.total_length, header.mime_type.as_str()), (Some(text.len() as u64), "text/plain"));
        assert!(matches!(header.content_header, Some(ContentHeader::TextHeader(_))));
        let mut whole = String::new();
        for (index, value) in values[1..values.len() - 1].iter().enumerate() {
            let Value::StreamChunk(chunk) = value else { panic!() };
            assert_eq!((chunk.stream_id.as_str(), chunk.chunk_index), ("id", index as u64));
            assert!(chunk.content.len() <= stream::CHUNK_BYTES);
            whole += std::str::from_utf8(&chunk.content).expect("no character is cut");
        }
        assert_eq!(whole, text);
        assert!(matches!(values.last(), Some(Value::StreamTrailer(trailer)) if trailer.stream_id == "id"));
        assert_eq!(all(MessageFormat::Text, b"").len(), 2);
        assert_eq!(all(MessageFormat::Bytes, &[0xff; 15_001]).len(), 4);
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let refused = |change: &dyn Fn(&mut Outgoing), status| {
            let mut message = outgoing(MessageFormat::Json, b"text");
            change(&mut message);
            assert_eq!(Chunks::new(message).unwrap_err().status, status);
        };
        refused(&|message| message.payload = vec![b'x'; MAX_MESSAGE + 1], Status::BAD_ARGUMENT);
        refused(&|message| message.payload = vec![0xff], Status::BAD_UTF8);
        refused(&|message| message.id = String::new(), Status::BAD_ARGUMENT);
        refused(&|message| message.id = "i".repeat(257), Status::BAD_ARGUMENT);
        for id in ["a|b".to_string(), "é".repeat(33)] {
            let base64 = |message: &mut Outgoing| (message.format, message.id) = (MessageFormat::Base64, id.clone());
            refused(&base64, Status::BAD_ARGUMENT);
        }
        let stream = |message: &mut Outgoing| (message.format, message.lossy) = (MessageFormat::Text, true);
        refused(&stream, Status::BAD_ARGUMENT);
    }
}
