//! `make loom`: every order in which the threads at the ring can meet.
#[path = "../../../src/audio/ring.rs"]
pub mod ring;
