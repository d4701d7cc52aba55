//! LiveKit's protocol messages: the part of `livekit_rtc.proto` and `livekit_models.proto` (Apache-2.0,
//! <https://github.com/livekit/protocol>) that Stoa speaks, as prost types. Field numbers are the contract;
//! fields left out here are skipped on receipt.

mod client;
mod data_track;
mod join;
mod leave;
mod measure;
mod negotiation;
mod packet;
mod participant;
mod publishing;
mod request;
mod response;
mod resume;
mod room;
mod simulation;
mod stream;
mod subscription;
mod track;
mod video;

pub use client::*;
pub use data_track::*;
pub use join::*;
pub use leave::*;
pub use measure::*;
pub use negotiation::*;
pub use packet::*;
pub use participant::*;
pub use publishing::*;
pub use request::*;
pub use response::*;
pub use resume::*;
pub use room::*;
pub use simulation::*;
pub use stream::*;
pub use subscription::*;
pub use track::*;
pub use video::*;
