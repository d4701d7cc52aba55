//! The peer connection, on str0m.

pub mod config;
pub mod video;

pub use config::{MAX_BUFFERED, MAX_MESSAGE, config, crypto_provider};
pub use str0m::net::Protocol;
pub use video::with_video;
