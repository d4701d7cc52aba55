//! The rows of the matrix: a server and a client, each one test.

use super::features::Scene;
use super::proxy::Proxy;
use super::puppet::Puppet;
use super::servers::{self, Server};
use super::{peers, stage, table};

pub struct Row {
    pub server: &'static str,
    pub client: &'static str,
    /// The name of its test in this file.
    pub test: &'static str,
    /// The others take too long, or need too much, and run with `make interop`.
    pub in_make_test: bool,
}

macro_rules! rows {
    ($($(#[$attribute:meta])* $test:ident: $server:literal, $client:literal => $scene:expr, in_make_test: $within:literal;)*) => {
        pub const ROWS: &[Row] = &[$(Row { server: $server, client: $client, test: stringify!($test), in_make_test: $within },)*];
        $(
            #[test]
            $(#[$attribute])*
            fn $test() {
                // What is built is built before the servers are up; sound is real-time, so one row at a time.
                let _alone = stage::alone();
                table::forget(stringify!($test));
                table::run(stringify!($test), $scene);
            }
        )*
    };
}

rows! {
    livekit_server: "LiveKit's server 1.13.5", "Stoa, one peer connection" =>
        scene("livekit_server", servers::livekit(), false, peers::stoa), in_make_test: true;
    livekit_server_two_connections: "LiveKit's server 1.13.5", "Stoa, two peer connections" =>
        scene("livekit_server_two_connections", servers::livekit(), true, peers::stoa), in_make_test: true;
    #[ignore = "make interop runs it"]
    livekit_cluster: "two of LiveKit's servers and Redis", "Stoa, one on each" =>
        scene("livekit_cluster", servers::cluster(), false, peers::stoa), in_make_test: false;
    livekit_server_python: "LiveKit's server 1.13.5", "PyPI livekit 1.2.1" =>
        scene("livekit_server_python", servers::livekit(), false, peers::python_single), in_make_test: true;
    #[ignore = "make interop runs it"]
    livekit_server_rtc_node: "LiveKit's server 1.13.5", "@livekit/rtc-node 1.1.0" =>
        scene("livekit_server_rtc_node", servers::livekit(), false, peers::rtc_node), in_make_test: false;
    #[ignore = "make interop runs it"]
    livekit_server_chromium: "LiveKit's server 1.13.5", "livekit-client 2.23.0 in Chromium" =>
        scene("livekit_server_chromium", servers::livekit(), false, peers::chromium), in_make_test: false;
    stoa_server: "stoa serve", "Stoa" =>
        scene("stoa_server", servers::stoa(), false, peers::stoa), in_make_test: true;
    python_single: "stoa serve", "PyPI livekit 1.2.1, one peer connection" =>
        scene("python_single", servers::stoa(), false, peers::python_single), in_make_test: true;
    python_dual: "stoa serve", "PyPI livekit 1.2.1, two peer connections" =>
        scene("python_dual", servers::stoa(), false, peers::python_dual), in_make_test: true;
    rtc_node: "stoa serve", "@livekit/rtc-node 1.1.0" =>
        scene("rtc_node", servers::stoa(), false, peers::rtc_node), in_make_test: true;
    #[ignore = "make interop runs it"]
    chromium: "stoa serve", "livekit-client 2.23.0 in Chromium" =>
        scene("chromium", servers::stoa(), false, peers::chromium), in_make_test: false;
    #[ignore = "make interop runs it"]
    firefox: "stoa serve", "livekit-client 2.23.0 in Firefox" =>
        scene("firefox", servers::stoa_beside_a_namespace(), false, peers::firefox), in_make_test: false;
    #[ignore = "make interop runs it"]
    pion_single: "stoa serve", "LiveKit's Pion client, one peer connection" =>
        scene("pion_single", servers::stoa_beside_a_namespace(), false, peers::pion_single), in_make_test: false;
    #[ignore = "make interop runs it"]
    pion_dual: "stoa serve", "LiveKit's Pion client, two peer connections" =>
        scene("pion_dual", servers::stoa_beside_a_namespace(), false, peers::pion_dual), in_make_test: false;
}

/// Starts a client for a row, on its server's network, as a user.
pub type Peer = fn(&Server, &'static str, &'static str) -> Puppet;

/// Stoa's client and a peer, the first on the server's first node, the peer on its last.
fn scene(row: &'static str, server: Server, two_connections: bool, peer: Peer) -> Scene {
    Scene {
        stoa: peers::stoa_as("stoa", row),
        peer: peer(&server, row, "pia"),
        row,
        peer_as: peer,
        stoa_way: Proxy::start(server.first(), two_connections),
        peer_way: Proxy::start(server.last(), two_connections),
        another: |user| peers::stoa_as(user, "another"),
        server,
    }
}
