//! LiveKit's signalling: its messages, and how a client asks to join. `service`: what servers ask of each other over HTTP,
//! and `json`, the form it takes there. `turn`: the relays that a server names.

pub mod join;
pub mod json;
#[allow(missing_docs, clippy::all)]
pub mod livekit;
pub mod sdp;
#[allow(missing_docs)]
pub mod service;
pub mod turn;
