//! Clients that send nonsense at every stage are turned away with a reason, and whoever listens hears no gap.

use super::puppet::Puppet;
use super::servers::{self, Server, token};
use super::{peers, stage};
use prost::Message;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stoa::signal::livekit::{SessionDescription, SignalRequest, signal_request};

/// A connection to the server that has asked for the WebSocket, and what was answered.
fn knock(server: &Server, query: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.first()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(
        stream,
        "GET /rtc/v1?{query} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: \
         13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.first()
    )
    .unwrap();
    let mut head = [0; 4096];
    let length = stream.read(&mut head).expect("the server answers");
    (stream, String::from_utf8_lossy(&head[..length]).into_owned())
}

/// Eve in the room, before she sends anything.
fn enter(server: &Server) -> TcpStream {
    // A WrappedJoinRequest with an empty JoinRequest.
    let (stream, head) = knock(server, &format!("access_token={}&join_request=EgA=", token("eve")));
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// One binary frame, masked with zeros.
fn send(stream: &mut TcpStream, payload: &[u8]) {
    let mut frame = vec![0x82, 0xfe];
    frame.extend((payload.len() as u16).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    // The server may have hung up already.
    let _ = stream.write_all(&frame);
}

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
    let mut stream = TcpStream::connect(server.first()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"\x16\x03\x01 no HTTP at all\r\n\r\n").unwrap();
    hung_up(stream, "no HTTP");
    for (query, status) in [
        ("access_token=guessed&join_request=EgA=".to_string(), "401"),
        (format!("access_token={}&join_request=!!!", token("eve")), "400"),
        (format!("access_token={}&join_request=________", token("eve")), "400"),
    ] {
        let (_, head) = knock(server, &query);
        let reason = head.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")) && reason.len() > 10, "{query}: {head}");
    }
}

fn nonsense_in_the_room(server: &Server) {
    let mut stream = enter(server);
    send(&mut stream, &[0xff; 300]);
    hung_up(stream, "no message");
    let mut stream = enter(server);
    let offer =
        SessionDescription { r#type: "offer".into(), sdp: "v=0\r\nm=nonsense\r\n".into(), ..Default::default() };
    let request = SignalRequest { message: Some(signal_request::Message::Offer(offer)) };
    send(&mut stream, &request.encode_to_vec());
    hung_up(stream, "no description");
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

/// Attacks of which one at least must go unheard: a busy machine makes a gap now and then, hostile clients would make one each time.
const VISITS: usize = 10;

/// Err: the gap that was heard meanwhile.
fn heard_through_an_attack(server: &Server, listener: &mut Puppet) -> Result<(), String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| flood(server, &stop));
        let visitors = scope.spawn(|| {
            nonsense_on_the_way_in(server);
            nonsense_in_the_room(server);
        });
        let heard: Vec<_> = (0..2).map(|_| listener.ask(&["hear", "stoa"])).collect();
        let visited = visitors.join();
        stop.store(true, Ordering::Relaxed);
        visited.expect("each was turned away");
        for answer in heard {
            let answer = answer.expect("the listener hears");
            let hertz: f64 = answer[0].parse().expect("a frequency");
            // The last is how many frames were concealed.
            if (hertz - 440.0).abs() > 5.0 || answer[3] != "0" {
                return Err(format!("{answer:?}"));
            }
        }
        Ok(())
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
    let mut visits = 0;
    let gaps: Vec<String> = std::iter::from_fn(|| {
        visits += 1;
        heard_through_an_attack(&server, &mut listener).err()
    })
    .take(VISITS)
    .collect();
    assert!(gaps.len() < VISITS, "{gaps:?}");
    // Each of the two that got in left with a reason.
    let log = server.log();
    let reasons = log.lines().filter(|line| line.contains("eve in hall is removed: the client sent")).count();
    assert_eq!(reasons, 2 * visits, "{log}");
    listener.ask(&["leave"]).unwrap();
}
