//! The formats of messages.

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum MessageFormat {
    /// JSON chunks: `{"msg_id", "part_idx", "total_parts", "content"}`.
    Json = 1,
    /// Chunks `msg_id|part|total|base64`.
    Base64 = 2,
    /// LiveKit's text stream.
    Text = 3,
    /// LiveKit's byte stream.
    Bytes = 4,
}
