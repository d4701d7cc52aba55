//! The peer connection, on str0m.

pub mod config;

pub use config::{MAX_BUFFERED, MAX_MESSAGE, config, crypto_provider};
