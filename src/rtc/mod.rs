//! The peer connection, on str0m.

pub mod config;
pub mod dtls;
pub mod seal;
pub mod video;

pub use config::{MAX_BUFFERED, MAX_MESSAGE, config, crypto_provider};
pub use dtls::KeysSlot;
pub use seal::{Opener, Sealer};
pub use str0m::net::Protocol;
pub use video::with_video;
