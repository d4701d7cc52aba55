//! The receive side of one track, from packets to PCM, on a virtual clock.

mod common;

mod adapt;
mod clean;
mod loss;
mod odd;
