//! The client's half: a channel as a state machine, without sockets, threads or clocks.
//!
//! - [`session`]: signalling and transport to one room: join, publish, subscribe, RTP and data packets in and out.
//!   `session/resume.rs`: the way back after a loss. [`reconnect`]: when it is tried, and until when.
//! - `expiry`: the end of the token in use. `peer`: one peer connection and its offers and answers.
//!   `ways`: TCP and the other IP family; `relays`, `relay`: TURN.
//! - `microphone`: PCM out. [`hearing`]: PCM in. [`gate`]: what of it is speech. [`tap`]: a copy of all of it, for a dump.
//! - [`people`]: what the server tells of each user and of the room. [`rpc`]: calls between users.
//! - [`messages`]: out of the chat queue, and in through the reassembly. `data`: packets on their way to the server.
//! - [`voice`]: what the application sees: users, the microphone's way out, each speaker's way in. `user`: one of them. `ear`: one track of
//!   theirs that is listened to. [`stats`]: what was counted.

mod data;
mod ear;
mod expiry;
pub mod gate;
pub mod hearing;
pub mod messages;
mod microphone;
mod output;
mod peer;
pub mod people;
pub mod reconnect;
mod relay;
mod relays;
pub mod rpc;
pub mod session;
pub mod stats;
pub mod tap;
mod user;
pub mod voice;
mod ways;

pub use relays::DIRECT_ALONE;
pub use ways::UDP_ALONE;
