//! LiveKit's signalling: its messages, and how a client asks to join.

pub mod join;
#[allow(missing_docs, clippy::all)]
pub mod livekit;
pub mod sdp;
