//! Stoa with what others wrote, on real sockets: a matrix of clients and features, and what else was asked of single ones.
//!
//! `make interop` runs all of it and writes docs/interop.md; `cargo test` the rows that fit its time.

mod api;
mod features;
#[path = "../common/foreign.rs"]
mod foreign;
mod hostile;
mod limits;
mod page;
mod peers;
mod proxy;
mod puppet;
mod python;
mod relay;
mod rows;
mod servers;
#[path = "../stage/mod.rs"]
mod stage;
mod table;
mod tone;
mod video;
