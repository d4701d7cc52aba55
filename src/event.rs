//! What a channel reports to the application.

mod body;
mod format;
mod kind;
mod quality;
mod reason;
mod state;

pub use body::EventBody;
pub use format::MessageFormat;
pub use kind::EventKind;
pub use quality::Quality;
pub use reason::Reason;
pub use state::{ConnectionState, SubscribeState};

/// One event of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened: microseconds since the Unix epoch, on the engine's clock.
    pub time_us: u64,
    /// What happened.
    pub body: EventBody,
}
