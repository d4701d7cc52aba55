//! HTTP on a real port: how a server begins and ends, who is kept out, and what it announces.

use super::*;
use crate::driver::http;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn options() -> ServerOptions {
    ServerOptions { keys: vec![("app".into(), "secret".into())], ..Default::default() }
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_until_it_is_closed() {
    let server = Server::new(options()).unwrap();
    let port = server.port();
    assert_eq!(server.url(), format!("ws://127.0.0.1:{port}"));
    assert!(get(port, "/").starts_with("HTTP/1.1 200"));
    assert!(get(port, "/rtc/v1").starts_with("HTTP/1.1 404"), "no WebSocket, no service");
    let refused = get(port, "/rtc/validate?access_token=x.y.z");
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("The token"), "{refused}");
    assert!(get(port, "/nothing/validate").starts_with("HTTP/1.1 404"));
    // A connection that says nothing does not hold it up.
    let _idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let start = Instant::now();
    server.close();
    server.close();
    assert!(start.elapsed() < http::UPGRADE);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the port is free again");
}

#[test]
fn connections_that_ask_for_nothing_keep_nobody_out() {
    let server = Server::new(options()).unwrap();
    let half_a_request = || {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
        stream
    };
    let mut idle: Vec<_> = (0..http::MAX_UPGRADING + 8).map(|_| half_a_request()).collect();
    let start = Instant::now();
    assert!(get(server.port(), "/").starts_with("HTTP/1.1 200"));
    // The oldest made room, the newest wait for their time to be over.
    let mut rest = [0; 1];
    idle[0].set_read_timeout(Some(http::UPGRADE)).unwrap();
    let closed = idle[0].read(&mut rest);
    assert!(matches!(&closed, Ok(0)) || closed.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset);
    assert!(start.elapsed() < http::UPGRADE, "{:?}", start.elapsed());
    let newest = idle.last_mut().unwrap();
    newest.set_read_timeout(Some(http::UPGRADE + Duration::from_secs(5))).unwrap();
    assert_eq!(newest.read(&mut rest).unwrap(), 0, "closed without a word");
    assert!(start.elapsed() > http::UPGRADE - Duration::from_secs(1));
}

#[test]
fn what_cannot_be_bound_is_said() {
    let first = Server::new(options()).unwrap();
    let says = |options: ServerOptions, status: Status, part: &str| {
        let error = Server::new(options).err().expect("an error");
        assert_eq!(error.status, status);
        assert!(error.text.contains(part), "{} lacks {part}", error.text);
    };
    says(ServerOptions { port: first.port(), ..options() }, Status::ADDRESS, "another program has it");
    says(ServerOptions { udp_port: first.udp_port(), ..options() }, Status::ADDRESS, "UDP");
    says(
        ServerOptions { bind: "192.0.2.1".parse().unwrap(), ..options() },
        Status::ADDRESS,
        "no address of this machine",
    );
    says(ServerOptions::default(), Status::BAD_ARGUMENT, "at least one key");
}

#[test]
fn a_server_on_all_addresses_announces_some_that_can_be_reached() {
    let addresses = reachable(Ipv4Addr::UNSPECIFIED.into());
    assert!(addresses.contains(&Ipv4Addr::LOCALHOST.into()));
    assert!(addresses.iter().all(|a| !a.is_unspecified()), "{addresses:?}");
    let both = reachable(Ipv6Addr::UNSPECIFIED.into());
    assert!([Ipv4Addr::LOCALHOST.into(), IpAddr::from(Ipv6Addr::LOCALHOST)].iter().all(|ip| both.contains(ip)));
    assert_eq!(reachable("127.0.0.2".parse().unwrap()), ["127.0.0.2".parse::<IpAddr>().unwrap()]);
}
