//! HTTP on a real port: pages of any origin, the room service, the numbers, and webhooks.

use super::UPGRADE;
use crate::driver::{Server, ServerOptions};
use crate::token::jwt::{self, Claims, VideoGrant};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

fn options() -> ServerOptions {
    ServerOptions { keys: vec![("app".into(), "secret".into())], ..Default::default() }
}

/// One request; status and headers, and the body.
fn ask(server: &Server, head: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    write!(stream, "{head}\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    // To its end: the server closes, though it was not asked to.
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_string())
}

fn bearer() -> String {
    let exp = crate::driver::clock::time_us() / 1_000_000 + 60;
    let video = VideoGrant { room_create: true, room_list: true, ..Default::default() };
    jwt::build(&Claims { exp, video, ..Default::default() }, "app", "secret")
}

#[test]
fn pages_of_any_origin_may_ask() {
    let server = Server::new(options()).unwrap();
    for path in ["/twirp/livekit.RoomService/ListRooms", "/rtc/validate", "/rtc/v1"] {
        let asked = "Origin: http://page\r\nAccess-Control-Request-Method: POST\r\n\
                     Access-Control-Request-Headers: authorization,content-type";
        let (head, body) = ask(&server, &format!("OPTIONS {path} HTTP/1.1\r\n{asked}"), "");
        assert!(head.starts_with("http/1.1 204") && body.is_empty(), "{head}");
        assert!(head.contains("access-control-allow-origin: *"), "{head}");
        assert!(head.contains("access-control-allow-headers: authorization,content-type"), "{head}");
        assert!(head.contains("post"), "{head}");
    }
    let (head, body) = ask(&server, "GET //rtc/validate HTTP/1.1", "");
    assert!(head.starts_with("http/1.1 401") && head.contains("access-control-allow-origin: *"), "{head}");
    assert!(body.contains("No token"), "{body}");
}

#[test]
fn the_service_is_called_and_says_what_is_wrong() {
    let server = Server::new(options()).unwrap();
    let post = |method: &str| {
        let token = bearer();
        format!(
            "POST /twirp/livekit.RoomService/{method} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}"
        )
    };
    let (head, body) = ask(&server, &post("CreateRoom"), "{\"name\": \"hall\"}");
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("connection: close"), "{head}");
    assert!(body.contains("\"name\":\"hall\""), "{body}");
    let (head, body) = ask(&server, &post("DeleteRoom"), "{\"room\": \"cellar\"}");
    assert!(head.starts_with("http/1.1 404") && body.contains("\"code\":\"not_found\""), "{head} {body}");
    let (head, body) = ask(&server, &post("CreateRoom"), &" ".repeat(super::admin::MAX_BODY + 1));
    assert!(head.starts_with("http/1.1 429") && body.contains("resource_exhausted"), "{head} {body}");
    let (head, _) = ask(&server, &post("CreateRoom"), &" ".repeat(20 * super::admin::MAX_BODY));
    assert!(head.starts_with("http/1.1 429"), "{head}");
    // As from a URL that ends in a slash, with the token where pages may have it.
    let in_query = format!(
        "POST //twirp/livekit.RoomService/ListRooms?access_token={} HTTP/1.1\r\nContent-Type: application/json",
        bearer()
    );
    let (head, body) = ask(&server, &in_query, "{}");
    assert!(head.starts_with("http/1.1 200") && body.contains("hall"), "{head} {body}");
    let (head, _) = ask(&server, "GET /twirp/livekit.RoomService/ListRooms HTTP/1.1", "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    let (head, body) = ask(&server, "GET /healthz HTTP/1.1", "");
    assert!(head.starts_with("http/1.1 200") && head.contains("application/json"), "{head}");
    let health: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&health["status"], &health["rooms"], &health["participants"]), (&"ok".into(), &1.into(), &0.into()));
    assert_eq!(ask(&server, "GET / HTTP/1.1\r\nConnection: close", "").1, "OK");
}

#[test]
fn numbers_are_shown_only_where_that_was_asked_for() {
    let server = Server::new(options()).unwrap();
    assert!(ask(&server, "GET /metrics HTTP/1.1", "").0.starts_with("http/1.1 404"));
    let server = Server::new(ServerOptions { metrics: true, ..options() }).unwrap();
    let (head, body) = ask(&server, "GET /metrics HTTP/1.1", "");
    assert!(head.starts_with("http/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    assert!(body.contains("\nlivekit_room_total 0\n"), "{body}");
}

/// Reads one POST, which comes within 10 s, and answers it.
fn take(listener: &TcpListener, status: &str) -> (String, String) {
    let end = Instant::now() + Duration::from_secs(10);
    listener.set_nonblocking(true).unwrap();
    let mut stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(_) => assert!(Instant::now() < end, "nobody posts"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn webhooks_are_posted_again_until_they_are_taken_and_hold_nobody_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = |port: u16| format!("http://127.0.0.1:{port}/hook?a=b");
    // The second of them takes no connection.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let urls = [&listener, &deaf].map(|listener| taken(listener.local_addr().unwrap().port()));
    let server = Server::new(ServerOptions { webhooks: urls.to_vec(), ..options() }).unwrap();
    let create = format!(
        "POST /twirp/livekit.RoomService/CreateRoom HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {}",
        bearer()
    );
    // Before anybody takes a hook.
    assert!(ask(&server, &create, "{\"name\": \"hall\"}").0.starts_with("http/1.1 200"));
    let (_, first) = take(&listener, "503 Busy");
    let (head, second) = take(&listener, "200 OK");
    assert_eq!(first, second);
    assert!(head.starts_with("post /hook?a=b http/1.1"), "{head}");
    assert!(
        head.contains("content-type: application/webhook+json") && head.contains("\r\nauthorization: ey"),
        "{head}"
    );
    assert!(second.contains("\"event\":\"room_started\""), "{second}");
    // What is told while the server closes still leaves.
    let closing = std::thread::spawn(move || {
        let start = Instant::now();
        server.close();
        start.elapsed()
    });
    let (_, last) = take(&listener, "200 OK");
    assert!(last.contains("\"event\":\"room_finished\""), "{last}");
    let elapsed = closing.join().unwrap();
    assert!(elapsed < UPGRADE, "the deaf one is not waited for: {elapsed:?}");
}
