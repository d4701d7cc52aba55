//! Servers that are not there, refuse, or are none.

use super::*;
use crate::pretend::{binary, head, http, join_response, listener, stay, upgraded};
use std::io::Write;
use std::net::TcpListener;

/// Connects to what answers at `url` and expects this failure, with this in its sentence, in time.
fn fails(url: &str, status: Status, reason: Reason, part: &str) {
    let engine = engine(url);
    let channel = channel(&engine, "ada");
    for round in 0..2 {
        let start = Instant::now();
        let error = channel.connect(Some(LONG)).expect_err(url);
        assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
        assert_eq!(error.status, status, "{error:?}");
        assert!(error.text.contains(part), "{} lacks {part}", error.text);
        assert_eq!(channel.state(), ConnectionState::Failed, "round {round}");
        let (told, text) = failure(&channel);
        assert_eq!((told, text.as_str()), (reason, error.text.as_str()));
    }
    closes(channel, engine);
}

#[test]
fn a_port_where_nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    fails(&format!("ws://127.0.0.1:{port}"), Status::UNREACHABLE, Reason::Unreachable, "cannot be reached");
}

#[test]
fn a_name_that_no_host_has() {
    // RFC 6761: "invalid" never resolves.
    fails("ws://stoa.invalid:7880", Status::UNREACHABLE, Reason::Unreachable, "stoa.invalid:7880 cannot be reached");
}

#[test]
fn urls_that_are_none() {
    for url in
        ["7880", "localhost:7880", "ftp://localhost", "ws://", "ws:///room", "ws://a b", "ws://x:99999", "wss://"]
    {
        let options = EngineOptions { app_id: "app".into(), url: url.into(), ..Default::default() };
        let error = Engine::new(options).map(|_| ()).expect_err(url);
        assert_eq!(error.status, Status::BAD_ARGUMENT, "{url}: {error:?}");
        assert!(error.text.len() > 20, "{url}: {}", error.text);
    }
}

#[test]
fn a_port_that_is_in_use() {
    let first = server(0);
    let keys = vec![("app".into(), "secret".into())];
    let error = Server::new(ServerOptions { port: first.port(), keys, ..Default::default() }).map(|_| ()).unwrap_err();
    assert_eq!(error.status, Status::ADDRESS);
    assert!(error.text.contains("another program has it"), "{}", error.text);
}

#[test]
fn a_server_that_closes_at_once() {
    let closes = listener(|stream| _ = head(stream));
    fails(&closes, Status::PROTOCOL, Reason::Protocol, "not as a LiveKit server does");
}

#[test]
fn web_servers_that_are_no_livekit_servers() {
    fails(&http("200 OK", "<html>"), Status::PROTOCOL, Reason::Protocol, "HTTP 200");
    fails(&http("404 Not Found", "no"), Status::PROTOCOL, Reason::Protocol, "404");
    fails(&http("500 Oops", "broken"), Status::REFUSED, Reason::Refused, "HTTP 500 (broken)");
    fails(&http("401 No", "who are you"), Status::BAD_TOKEN, Reason::BadToken, "who are you");
    fails(&http("302 Found", ""), Status::PROTOCOL, Reason::Protocol, "HTTP 302");
    let endless = listener(|stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    fails(&endless, Status::PROTOCOL, Reason::Protocol, "not as a LiveKit server does");
    let other = listener(|stream| {
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n");
        stay(stream);
    });
    fails(&other, Status::PROTOCOL, Reason::Protocol, "not as a LiveKit server does");
}

#[test]
fn servers_that_open_the_websocket_and_break_it() {
    let garbage = upgraded(|stream| {
        let _ = stream.write_all(&[0xff; 64]);
        stay(stream);
    });
    fails(&garbage, Status::PROTOCOL, Reason::Protocol, "WebSocket protocol");
    let message = upgraded(|stream| {
        let _ = stream.write_all(&binary(&[0xff; 20]));
        stay(stream);
    });
    fails(&message, Status::PROTOCOL, Reason::Protocol, "not LiveKit's");
    let huge = upgraded(|stream| {
        let _ = stream.write_all(&[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        stay(stream);
    });
    fails(&huge, Status::PROTOCOL, Reason::Protocol, "WebSocket protocol");
    fails(&upgraded(|_| {}), Status::DISCONNECTED, Reason::ConnectionLost, "was lost");
    let join = upgraded(|stream| _ = stream.write_all(&join_response()));
    fails(&join, Status::DISCONNECTED, Reason::ConnectionLost, "was lost");
}
