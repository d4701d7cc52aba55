//! The only place with sockets, threads and time; and the Rust face of the library.
//!
//! - [`Engine`]: threads and the room server inside. [`Channel`], [`Stream`], [`Server`]: what an application holds.
//! - `people`: what users tell of themselves and ask of each other.
//! - `state`: what a channel's handle and its task share. `task`: a connected channel on its shard (`shard`), with its WebSocket (`dial`).
//! - `pool`: heavy decoding. [`dispatch`]: the thread that callbacks run on. `events`: a channel's event queue. `listeners`: its callbacks.
//! - [`token`]: tokens with the machine's clock and randomness. `dump`: WAV files of what is said and heard.
//! - `stats`: what they counted, for who asks; `metrics`: the same for Prometheus. `webhook`: posts what happens in rooms.

mod alarm;
mod channel;
mod channel_sound;
pub mod clock;
mod dial;
pub mod dispatch;
mod dump;
mod engine;
mod events;
mod framing;
mod http;
mod listeners;
mod metrics;
mod page;
mod people;
mod pool;
mod reach;
mod relaying;
mod server;
mod shard;
mod sockets;
mod state;
mod stats;
mod stream;
mod streams;
#[cfg(test)]
mod stuck;
mod task;
mod tls;
pub mod token;
pub mod validate;
mod webhook;

pub use channel::{Channel, ChannelOptions};
pub use dump::{DUMP_BYTES, DumpOptions};
pub use engine::{Engine, EngineOptions};
pub use listeners::{EventCallback, Told};
pub use page::Page;
pub use people::RpcOutcome;
pub(crate) use people::attributes;
pub use server::{LogSink, Server, ServerOptions};
pub use stats::{ChannelStats, EngineStats, ServerStats, StreamStats};
pub use stream::{FrameCallback, FrameInfo, ReadOutcome, Stream};

/// Unpredictable, from the operating system.
fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_ne_bytes(bytes)
}

/// A secret of 32 hexadecimal characters, as app certificates are.
fn random_secret() -> String {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fill_random(bytes: &mut [u8]) {
    // Without entropy nothing here could be safe; the operating system gives it once it has started.
    getrandom::fill(bytes).expect("the operating system's random numbers");
}
