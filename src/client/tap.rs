//! A copy of what is said and heard, as PCM at the channel's rate: for a dump.

use std::sync::Arc;
use std::time::Instant;

/// Takes copies of frames, interleaved. Never blocks.
pub trait Tap: Send + Sync {
    /// Whether it takes what is heard: then every user who is subscribed to is decoded.
    fn hears(&self) -> bool;
    /// A frame that leaves, before it is encoded.
    fn sent(&self, now: Instant, pcm: &[i16]);
    /// A frame of a user, as it is given out.
    fn heard(&self, user: &Arc<str>, now: Instant, pcm: &[i16]);
}
