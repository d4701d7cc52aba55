//! `make loom`: every order in which the threads at the ring, and calls with a handle that is freed, can meet.
#[path = "../../../src/audio"]
pub mod audio {
    pub mod ring;
}
#[path = "../../../src/ffi/slot.rs"]
pub mod slot;
