//! Listeners that pretend to be servers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Reads a request's head.
pub fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A listener that treats each connection in the same way; each is kept open until the listener's end or its own.
pub fn listener(treat: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let treat = Arc::new(treat);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let treat = treat.clone();
            thread::spawn(move || {
                let mut stream = stream;
                treat(&mut stream);
            });
        }
    });
    url
}

/// Stays until the other side has closed.
pub fn stay(stream: &mut TcpStream) {
    while stream.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {}
}

/// Answers every request with this status and body.
pub fn http(status: &'static str, body: &'static str) -> String {
    listener(move |stream| {
        head(stream);
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes());
        stay(stream);
    })
}

/// Opens the WebSocket, and leaves the rest to the caller.
pub fn upgraded(then: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    listener(move |stream| {
        let head = head(stream);
        let key = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.to_string())
        });
        let accept = accept_key(&key.unwrap_or_default());
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
        let _ = write!(stream, "{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n");
        then(stream);
    })
}

/// What a server proves with that it speaks WebSocket (RFC 6455, 1.3).
fn accept_key(key: &str) -> String {
    tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes())
}

/// A binary WebSocket message of less than 126 bytes.
pub fn binary(payload: &[u8]) -> Vec<u8> {
    [&[0x82, payload.len() as u8], payload].concat()
}

/// `SignalResponse { join: JoinResponse { participant: { sid: "PA", identity: "ada" }, ping_interval: 5 } }`, by hand.
pub fn join_response() -> Vec<u8> {
    let participant = [&b"\x0a\x02PA"[..], b"\x12\x03ada"].concat();
    let join = [&[0x12, participant.len() as u8], &participant[..], &[0x58, 5]].concat();
    binary(&[&[0x0a, join.len() as u8], &join[..]].concat())
}
