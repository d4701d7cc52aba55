//! The rows of the matrix: a server and a client, each one test.

use super::features::Scene;
use super::proxy::Proxy;
use super::puppet::Puppet;
use super::servers::{self, Server};
use super::{peers, stage, table};

pub struct Row {
    pub server: &'static str,
    pub client: &'static str,
    /// How many peer connections Stoa's client has, and the row's: joining fails with another number.
    pub connections: [usize; 2],
    /// The name of its test in this file.
    pub test: &'static str,
    /// The others take too long, or need too much, and run with `make interop`.
    pub in_make_test: bool,
}

impl Row {
    /// The client, as the document names it.
    pub fn label(&self) -> String {
        let plural = if self.connections[1] == 1 { "one peer connection" } else { "two peer connections" };
        format!("{}, {plural}", self.client)
    }
}

macro_rules! rows {
    ($($(#[$attribute:meta])* $test:ident: $server:literal, $client:literal, $connections:expr => $start:expr, $peer:expr,
        in_make_test: $within:literal;)*) => {
        pub const ROWS: &[Row] = &[$(Row {
            server: $server,
            client: $client,
            connections: $connections,
            test: stringify!($test),
            in_make_test: $within,
        },)*];
        $(
            #[test]
            $(#[$attribute])*
            fn $test() {
                // What is built is built before the servers are up; sound is real-time, so one row at a time.
                let _alone = stage::alone();
                table::forget(stringify!($test));
                table::run(stringify!($test), scene(stringify!($test), $start, $connections, $peer));
            }
        )*
    };
}

rows! {
    livekit_server: "LiveKit's server 1.13.5", "Stoa", [1, 1] =>
        servers::livekit(), peers::stoa, in_make_test: true;
    livekit_server_two_connections: "LiveKit's server 1.13.5", "Stoa", [2, 2] =>
        servers::livekit(), peers::stoa, in_make_test: true;
    #[ignore = "make interop runs it"]
    livekit_cluster: "two of LiveKit's servers and Redis", "Stoa, one on each", [1, 1] =>
        servers::cluster(), peers::stoa, in_make_test: false;
    #[ignore = "make interop runs it"]
    livekit_cluster_two_connections: "two of LiveKit's servers and Redis", "Stoa, one on each", [2, 2] =>
        servers::cluster(), peers::stoa, in_make_test: false;
    livekit_server_python: "LiveKit's server 1.13.5", "PyPI livekit 1.2.1", [1, 1] =>
        servers::livekit(), peers::python_single, in_make_test: true;
    #[ignore = "make interop runs it"]
    livekit_server_python_dual: "LiveKit's server 1.13.5", "PyPI livekit 1.2.1", [1, 2] =>
        servers::livekit(), peers::python_dual, in_make_test: false;
    #[ignore = "make interop runs it"]
    livekit_server_rtc_node: "LiveKit's server 1.13.5", "@livekit/rtc-node 1.1.0", [1, 1] =>
        servers::livekit(), peers::rtc_node, in_make_test: false;
    #[ignore = "make interop runs it"]
    livekit_server_chromium: "LiveKit's server 1.13.5", "livekit-client 2.23.0 in Chromium", [1, 1] =>
        servers::livekit(), peers::chromium, in_make_test: false;
    #[ignore = "make interop runs it"]
    stoa_server: "stoa serve", "Stoa", [1, 1] =>
        servers::stoa(), peers::stoa, in_make_test: false;
    #[ignore = "make interop runs it"]
    stoa_server_two_connections: "stoa serve", "Stoa", [2, 2] =>
        servers::stoa(), peers::stoa, in_make_test: false;
    python_single: "stoa serve", "PyPI livekit 1.2.1", [1, 1] =>
        servers::stoa(), peers::python_single, in_make_test: true;
    python_dual: "stoa serve", "PyPI livekit 1.2.1", [1, 2] =>
        servers::stoa(), peers::python_dual, in_make_test: true;
    rtc_node: "stoa serve", "@livekit/rtc-node 1.1.0", [1, 1] =>
        servers::stoa(), peers::rtc_node, in_make_test: true;
    #[ignore = "make interop runs it"]
    rtc_node_two_connections: "stoa serve", "@livekit/rtc-node 1.1.0", [1, 2] =>
        servers::stoa(), peers::rtc_node, in_make_test: false;
    #[ignore = "make interop runs it"]
    chromium: "stoa serve", "livekit-client 2.23.0 in Chromium", [1, 1] =>
        servers::stoa(), peers::chromium, in_make_test: false;
    #[ignore = "make interop runs it"]
    chromium_two_connections: "stoa serve", "livekit-client 2.23.0 in Chromium", [1, 2] =>
        servers::stoa(), peers::chromium, in_make_test: false;
    #[ignore = "make interop runs it"]
    firefox: "stoa serve", "livekit-client 2.23.0 in Firefox", [1, 1] =>
        servers::stoa_beside_a_namespace(), peers::firefox, in_make_test: false;
    #[ignore = "make interop runs it"]
    firefox_two_connections: "stoa serve", "livekit-client 2.23.0 in Firefox", [1, 2] =>
        servers::stoa_beside_a_namespace(), peers::firefox, in_make_test: false;
    #[ignore = "make interop runs it"]
    pion_single: "stoa serve", "LiveKit's Pion client", [1, 1] =>
        servers::stoa_beside_a_namespace(), peers::pion_single, in_make_test: false;
    #[ignore = "make interop runs it"]
    pion_dual: "stoa serve", "LiveKit's Pion client", [1, 2] =>
        servers::stoa_beside_a_namespace(), peers::pion_dual, in_make_test: false;
}

/// Starts a client for a row, on its server's network, as a user.
pub type Peer = fn(&Server, &'static str, &'static str) -> Puppet;

/// Stoa's client and a peer, the first on the server's first node, the peer on its last.
fn scene(row: &'static str, server: Server, connections: [usize; 2], peer: Peer) -> Scene {
    Scene {
        stoa: peers::stoa_as("stoa", row),
        peer: peer(&server, row, "pia"),
        row,
        peer_as: peer,
        stoa_way: Proxy::start(server.first(), connections[0] == 2),
        peer_way: Proxy::start(server.last(), connections[1] == 2),
        connections,
        another: |user| peers::stoa_as(user, "another"),
        server,
    }
}
