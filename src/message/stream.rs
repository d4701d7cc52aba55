//! LiveKit's text and byte streams: a header with the length, chunks in order, a trailer. Always on the reliable channel.
//!
//! As the official clients write them (livekit/rust-sdks, `livekit-data-stream`): chunks of at most 15,000 bytes, those of a text cut
//! between characters; no chunk at all for an empty message.

use crate::event::MessageFormat;
use crate::signal::livekit::data_stream::{ByteHeader, CompressionType, Header, TextHeader, header::ContentHeader};

/// Bytes of a chunk.
pub const CHUNK_BYTES: usize = 15_000;

/// The header of a stream whose whole content is known.
pub(super) fn header(format: MessageFormat, id: &str, topic: &str, length: usize, unix_ms: i64) -> Header {
    let (mime_type, content) = match format {
        MessageFormat::Bytes => {
            ("application/octet-stream", ContentHeader::ByteHeader(ByteHeader { name: "unknown".into() }))
        }
        _ => ("text/plain", ContentHeader::TextHeader(TextHeader::default())),
    };
    Header {
        stream_id: id.into(),
        timestamp: unix_ms,
        topic: topic.into(),
        mime_type: mime_type.into(),
        total_length: Some(length as u64),
        content_header: Some(content),
        ..Default::default()
    }
}

/// Bytes of the first chunk of a text: no character is cut.
pub(super) fn cut(text: &str) -> usize {
    text.floor_char_boundary(CHUNK_BYTES)
}

/// What a header announces; Err: why it cannot be taken.
pub(super) fn format(header: &Header) -> Result<MessageFormat, &'static str> {
    if header.compression != CompressionType::None as i32 || header.encryption_type != 0 {
        return Err("it is compressed or encrypted, which this client never said to understand");
    }
    match header.content_header {
        Some(ContentHeader::TextHeader(_)) => Ok(MessageFormat::Text),
        Some(ContentHeader::ByteHeader(_)) => Ok(MessageFormat::Bytes),
        None => Err("its header says neither text nor bytes"),
    }
}
