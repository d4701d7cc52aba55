//! Clients that send nonsense at every stage are turned away with a reason, and whoever listens hears no gap.

use super::puppet::Puppet;
use super::servers::{self, Server, token};
use super::{peers, stage};
use prost::Message;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stoa::signal::join;
use stoa::signal::livekit::{JoinRequest, SessionDescription, SignalRequest, signal_request};

fn dial(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.first()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// A connection to the server that has asked for the WebSocket, and what was answered.
fn knock(server: &Server, path: &str, query: &str) -> (TcpStream, String) {
    let mut stream = dial(server);
    write!(
        stream,
        "GET {path}?{query} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: \
         13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.first()
    )
    .unwrap();
    let mut head = [0; 4096];
    let length = stream.read(&mut head).expect("the server answers");
    (stream, String::from_utf8_lossy(&head[..length]).into_owned())
}

/// Eve in the room, before she sends anything more.
fn enter(server: &Server, path: &str, join: &JoinRequest) -> TcpStream {
    let query = format!("access_token={}&{}", token("eve"), join::query_single(join));
    let (stream, head) = knock(server, path, &query);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// One frame of a WebSocket, masked with zeros.
fn send(stream: &mut TcpStream, kind: u8, payload: &[u8]) {
    let mut frame = vec![0x80 | kind, 0xff];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    // The server may have hung up already.
    let _ = stream.write_all(&frame);
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// Until the server has hung up.
fn hung_up(mut stream: TcpStream, what: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut rest = [0; 4096];
    while !matches!(stream.read(&mut rest), Ok(0) | Err(_)) {
        assert!(Instant::now() < end, "{what}: the server does not hang up");
    }
    assert!(Instant::now() < end, "{what}: the server does not hang up");
}

fn nonsense_on_the_way_in(server: &Server) {
    let mut stream = dial(server);
    stream.write_all(b"\x16\x03\x01 no HTTP at all\r\n\r\n").unwrap();
    hung_up(stream, "no HTTP");
    for (query, status) in [
        ("access_token=guessed&join_request=EgA=".to_string(), "401"),
        (format!("access_token={}&join_request=!!!", token("eve")), "400"),
        (format!("access_token={}&join_request=________", token("eve")), "400"),
    ] {
        let (_, head) = knock(server, join::PATH_SINGLE, &query);
        let reason = head.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")) && reason.len() > 10, "{query}: {head}");
    }
}

/// How often Eve gets in by [`nonsense_in_the_room`], and is removed with a reason.
const REASONS: usize = 8;

fn nonsense_in_the_room(server: &Server) {
    let nonsense =
        SessionDescription { r#type: "offer".into(), sdp: "v=0\r\nm=nonsense\r\n".into(), ..Default::default() };
    let nothing = JoinRequest::default();
    // In the join request itself.
    let join = JoinRequest { publisher_offer: Some(nonsense.clone()), ..Default::default() };
    hung_up(enter(server, join::PATH_SINGLE, &join), "no description in the join request");
    let offer = SignalRequest { message: Some(signal_request::Message::Offer(nonsense.clone())) }.encode_to_vec();
    let answer = SignalRequest { message: Some(signal_request::Message::Answer(nonsense)) }.encode_to_vec();
    let paths = [join::PATH_SINGLE, join::PATH_DUAL];
    for (path, kind, payload, what) in [
        (paths[0], BINARY, vec![0xff; 300], "no message"),
        (paths[0], TEXT, b"{\"offer\":{}}".to_vec(), "text"),
        (paths[0], BINARY, vec![0; 1_500_000], "a message too long"),
        (paths[0], BINARY, offer.clone(), "no description"),
        (paths[1], BINARY, offer, "no description"),
        (paths[1], BINARY, answer, "no answer"),
        (paths[1], BINARY, vec![0xff; 300], "no message"),
    ] {
        let mut stream = enter(server, path, &nothing);
        send(&mut stream, kind, &payload);
        hung_up(stream, &format!("{what} at {path}"));
    }
    // Longer than is read at all, which is the WebSocket's own end; and a frame of no kind.
    for kind in [BINARY, 7] {
        let mut stream = enter(server, paths[0], &nothing);
        send(&mut stream, kind, &vec![0; 3_000_000]);
        hung_up(stream, "a frame too long, or of no kind");
    }
}

/// Frames of RFC 4571 on the port of HTTP: empty, of nobody, longer than may be, and without an end.
fn nonsense_in_frames(server: &Server) {
    for frames in [&[8, 255][..], &[0, 0, 0, 3, 0x80, 0, 0, 8, 1], &[0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]] {
        let mut stream = dial(server);
        stream.write_all(frames).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        hung_up(stream, "no frames");
    }
}

/// Datagrams of every first byte, some 2000 a second: STUN, DTLS, RTP and none of them.
fn flood(server: &Server, stop: &AtomicBool) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut state = 1u32;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..10 {
            let bytes: Vec<u8> = (0..40 + state % 1100)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            let _ = socket.send_to(&bytes, ("127.0.0.1", server.udp_ports[0]));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// So many attacks, and as long without one after each: a busy machine makes a gap now and then, but not in the attacks alone.
const VISITS: usize = 4;

/// The gap that was heard while something went on, if there was one.
fn gap(listener: &mut Puppet, meanwhile: impl FnOnce()) -> Option<String> {
    let heard: Vec<_> = (0..2).map(|_| listener.ask(&["hear", "stoa"])).collect();
    meanwhile();
    heard.into_iter().find_map(|answer| {
        let answer = answer.expect("the listener hears");
        let hertz: f64 = answer[0].parse().expect("a frequency");
        // The last is how many frames were concealed.
        let whole = (hertz - 440.0).abs() <= 5.0 && answer[3] == "0";
        (!whole).then(|| format!("{answer:?}"))
    })
}

/// The gap that was heard during an attack.
fn gap_in_an_attack(server: &Server, listener: &mut Puppet) -> Option<String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| flood(server, &stop));
        let visitors = scope.spawn(|| {
            nonsense_on_the_way_in(server);
            nonsense_in_the_room(server);
            nonsense_in_frames(server);
        });
        gap(listener, || {
            let visited = visitors.join();
            stop.store(true, Ordering::Relaxed);
            visited.expect("each was turned away");
        })
    })
}

#[test]
fn hostile_clients_are_turned_away_and_nobody_hears_of_them() {
    let _alone = stage::alone();
    let server = servers::stoa();
    let [mut speaker, mut listener] = ["stoa", "pia"].map(|user| peers::stoa_as(user, "hostile"));
    let url = format!("ws://{}", server.first());
    for one in [&mut speaker, &mut listener] {
        one.ask(&["join", &url, &token(one.user)]).unwrap();
    }
    speaker.ask(&["speak", "440"]).unwrap();
    listener.ask(&["hear", "stoa"]).unwrap();
    let (mut attacked, mut quiet) = (Vec::new(), Vec::new());
    for _ in 0..VISITS {
        attacked.extend(gap_in_an_attack(&server, &mut listener));
        quiet.extend(gap(&mut listener, || {}));
    }
    assert!(attacked.len() <= quiet.len() + 1, "in attacks: {attacked:?}; without: {quiet:?}");
    // Each time that she got in she left with a reason.
    let log = server.log();
    let reasons = log.lines().filter(|line| line.contains("eve in hall is removed: the client sent")).count();
    assert_eq!(reasons, REASONS * VISITS, "{log}");
    let gone = log.lines().filter(|line| line.contains("eve in hall is gone: ")).count();
    assert_eq!(gone, (REASONS + 2) * VISITS, "{log}");
    listener.ask(&["leave"]).unwrap();
}
