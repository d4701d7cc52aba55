//! The client's half: a channel as a state machine, without sockets, threads or clocks.
//!
//! - [`session`]: signalling and transport to one room: join, publish, subscribe, RTP and data packets in and out.
//! - `peer`: one peer connection and its offers and answers. `microphone`: PCM out. [`hearing`]: PCM in.
//! - [`voice`]: what the application sees: users, the microphone's way out, each speaker's way in.

pub mod hearing;
mod microphone;
mod output;
mod peer;
pub mod session;
mod user;
pub mod voice;
