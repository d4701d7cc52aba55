//! Sound.
//!
//! Out: [`send`] (what the application pushed) → [`pace`] (one frame every 20 ms) → [`opus`] → [`red`].
//! In: [`receiver`] ([`red`] → [`jitter`] → [`opus`] → [`stretch`]) → [`frames`] (what the application reads), or [`mix`].

pub mod delay;
pub mod frames;
mod history;
pub mod jitter;
pub mod mix;
pub mod opus;
pub mod pace;
mod pipeline;
pub mod receiver;
pub mod red;
pub mod resample;
pub mod ring;
pub mod send;
pub mod speech;
pub mod stretch;
pub mod vad;
pub mod wake;
