//! Behaviours of server and clients together, on a simulated network with a virtual clock: exact, fast, repeatable by seed.

mod second_track;
mod sim;

mod administering;
mod chatting;
mod detecting;
mod interrupting;
mod joining;
mod leaving;
mod losing;
mod measuring;
mod messaging;
mod moving;
mod muting;
mod people;
mod permitting;
mod reconnecting;
mod refusing;
mod relaying;
mod rpc;
mod speakers;
mod speaking;
mod starving;
mod subscribing;
mod tokens;
mod tracks;
mod turn;
mod two_connections;
mod ways;
