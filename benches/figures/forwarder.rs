//! A forwarder of datagrams that does nothing else, in a process of its own: what a room server cannot do without on this kernel.

use super::process::Process;
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::process::Command;

/// Starts it at an address of this machine; and where it listens.
pub fn start(address: &str) -> (Process, String) {
    let program = std::env::current_exe().expect("this program");
    let mut forwarder = Process::start(Command::new(program).args(["forwarder", address]));
    let listens = forwarder.line().expect("the forwarder says where it listens");
    (forwarder, listens)
}

/// Its process. Each datagram begins with the number of a room; the first one of an address has nothing else, any other one is sent to
/// all other addresses of the room.
pub fn run(address: &str) {
    let socket = UdpSocket::bind((address, 0)).expect("an address of this machine");
    println!("{}", socket.local_addr().expect("an address"));
    let mut rooms: HashMap<[u8; 2], Vec<SocketAddr>> = HashMap::new();
    let mut buffer = [0; 2048];
    loop {
        // Errors belong to a datagram sent earlier.
        let Ok((length @ 2.., from)) = socket.recv_from(&mut buffer) else { continue };
        let room = rooms.entry([buffer[0], buffer[1]]).or_default();
        if length == 2 {
            room.push(from);
        } else {
            for to in room.iter().filter(|to| **to != from) {
                let _ = socket.send_to(&buffer[..length], to);
            }
        }
    }
}
