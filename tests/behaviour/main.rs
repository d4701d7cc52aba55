//! Behaviours of server and clients together, on a simulated network with a virtual clock: exact, fast, repeatable by seed.

mod sim;

mod interrupting;
mod joining;
mod leaving;
mod losing;
mod messaging;
mod muting;
mod permitting;
mod refusing;
mod speaking;
mod subscribing;
mod two_connections;
