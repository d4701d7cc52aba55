//! Behaviours of server and clients together, on a simulated network with a virtual clock: exact, fast, repeatable by seed.

mod sim;

mod chatting;
mod detecting;
mod interrupting;
mod joining;
mod leaving;
mod losing;
mod measuring;
mod messaging;
mod muting;
mod permitting;
mod reconnecting;
mod refusing;
mod speakers;
mod speaking;
mod starving;
mod subscribing;
mod tokens;
mod two_connections;
