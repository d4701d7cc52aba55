//! The two lock-free rings between the application and the media.
//!
//! [`PcmRing`] carries what the application pushes: samples, cut where they fall. [`FrameRing`] carries what it
//! reads: whole frames, each with a description. Both have one producer and one consumer at a time; a second one
//! is turned away, not kept waiting. Nothing is allocated after creation.
//!
//! # How it works
//! Positions count samples (or frames) since the start and never go back. The producer alone moves `head`; the
//! consumer claims `tail..tail + n` by moving `tail` with a compare-and-swap, and so does whoever drops what is
//! oldest, so that each sample is either taken or dropped, never both. Before it claims, the consumer says in
//! `held` where it is about to read, and takes that back when it has copied: the producer overwrites only what
//! lies before both. A claim that failed read nothing, so a `held` that turns out stale is merely cautious.
//!
//! A producer that finds the ring empty starts again at the first slot (`base`): memory is touched up to the
//! fullest the ring ever was, and not a page further.

mod frames;
#[cfg(all(test, loom))]
mod loom_models;
mod pcm;
mod positions;
mod slab;
#[cfg(all(test, not(loom)))]
mod tests;

pub use frames::{Found, FrameReader, FrameRing, FrameWriter, Overflow, Written};
pub use pcm::{PcmConsumer, PcmProducer, PcmRing};
pub use positions::Head;

#[cfg(loom)]
use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64},
};
#[cfg(not(loom))]
use std::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64},
};
