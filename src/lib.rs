//! # Stoa
//!
//! Real-time voice for programs: join a room, hear every speaker as PCM of their own, speak, exchange messages.
//! The C surface is `include/stoa.h`; this crate is what stands behind it. `docs/architecture.md` draws the whole.
//!
//! - [`ffi`]: the C surface, one file a noun.
//! - [`driver`]: sockets, threads and time; [`driver::Engine`] is the Rust face of the library.
//! - [`client`]: a channel's session, as a state machine. [`server`]: the room server, likewise.
//! - [`signal`], [`rtc`]: LiveKit's messages, and the peer connection.
//! - [`audio`]: send queue, codec, redundancy, jitter buffer, rings. [`message`]: messages in chunks, and whole again.
//! - [`token`]: access tokens. [`stats`]: what statistics are made of.
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod audio;
pub mod client;
pub mod clock;
pub mod driver;
pub mod error;
pub mod event;
pub mod ffi;
pub mod log;
pub mod message;
pub mod rtc;
pub mod server;
pub mod signal;
pub mod stats;
mod thread;
pub mod token;

pub use error::{Error, Result, Status};
