//! The room server's HTTP: WebSockets at `/rtc/v1` and `/rtc`, validation beside them, the room service below `/twirp`, how it
//! is at `/healthz` and `/metrics`, a word at `/`. On the same port, what begins with no letter is media (`streams.rs`).
//!
//! Every request that becomes no WebSocket ends its connection: whoever calls the service dials anew, and no idle connection is
//! kept for anyone.

use super::metrics;
use super::server::{Shared, plain};
use super::streams;
use crate::server::{AdminRequest, ConnId, HttpRequest, admin};
use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The largest message taken from a WebSocket, bytes: somewhat above the room server's own limit, which gives a reason.
const MAX_MESSAGE: usize = 2 * 1024 * 1024;
/// What is read of a WebSocket at a time, bytes. Each keeps a buffer of that size; messages are small, but for offers.
const READ: usize = 2 * 1024;
/// How long one message may take to be written, before its reader is given up.
const WRITE: Duration = Duration::from_secs(10);
/// How long is listened to a client to which nothing can be written any more.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long a connection may stay without becoming a WebSocket.
pub(super) const UPGRADE: Duration = Duration::from_secs(10);
/// Connections that may be on their way to become WebSockets; for one more the oldest is closed.
pub(super) const MAX_UPGRADING: usize = 256;
/// What is read of a request before it is complete, bytes: an offer and a token take some thousand.
const MAX_REQUEST: usize = 128 * 1024;
/// How long the system gets to find a descriptor for the next connection.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);

/// Whether a connection may stay for longer than [`UPGRADE`]: its request waits for a participant.
#[derive(Clone, Default)]
struct Patience(Arc<AtomicBool>);

/// The address of this machine that a connection came to.
#[derive(Clone, Copy)]
struct Reached(IpAddr);

/// Serves until dropped.
pub(super) async fn serve(tcp: tokio::net::TcpListener, shared: Arc<Shared>) {
    let app = axum::Router::new().fallback(handle).with_state(shared.clone());
    let mut upgrading: VecDeque<AbortHandle> = VecDeque::new();
    let mut pushed_out: u64 = 0;
    loop {
        let Ok((stream, from)) = tcp.accept().await else {
            tokio::time::sleep(NO_DESCRIPTOR).await;
            continue;
        };
        // Without it, small messages wait for acknowledgements: 40 ms.
        let _ = stream.set_nodelay(true);
        upgrading.retain(|connection| !connection.is_finished());
        if upgrading.len() >= MAX_UPGRADING {
            // Whoever means it needs one round trip; the oldest is the likeliest not to.
            upgrading.pop_front().inspect(AbortHandle::abort);
            pushed_out += 1;
            shared.pushed_out(pushed_out);
        }
        let (app, shared) = (app.clone(), shared.clone());
        let patience = Patience::default();
        let waits = patience.clone();
        let reached = stream.local_addr().ok().map(|address| Reached(plain(address).ip()));
        let connection = async move {
            let mut first = [0];
            if matches!(stream.peek(&mut first).await, Ok(1)) && streams::begins_with(first[0]) {
                return streams::welcome(stream, plain(from), shared).await;
            }
            let app = TowerToHyperService::new(app);
            let service = service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(patience.clone());
                if let Some(reached) = reached {
                    request.extensions_mut().insert(reached);
                }
                app.call(request)
            });
            let connection = http1::Builder::new()
                .max_buf_size(MAX_REQUEST)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // Its errors are the other side's.
            let _ = connection.await;
        };
        let bounded = async move {
            tokio::pin!(connection);
            if tokio::time::timeout(UPGRADE, &mut connection).await.is_err() && waits.0.load(Relaxed) {
                let _ = tokio::time::timeout(admin::MAX_TIMEOUT, connection).await;
            }
        };
        upgrading.push_back(tokio::spawn(bounded).abort_handle());
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Some(mut page) = shared.site.answer(&parts.method, &parts.uri, &parts.headers) {
        page.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return page;
    }
    let mut response = if parts.method == Method::OPTIONS {
        preflight(&parts.headers)
    } else if path(&parts).starts_with("/twirp/") {
        service(&shared, &parts, body).await
    } else if path(&parts) == "/healthz" {
        health(&shared)
    } else if let Some(stats) = (path(&parts) == "/metrics").then(|| shared.metrics()).flatten() {
        ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text(&stats)).into_response()
    } else {
        let request = HttpRequest {
            path: path(&parts).into(),
            query: parts.uri.query().unwrap_or_default().into(),
            authorization: text(&parts.headers, header::AUTHORIZATION).map(str::to_string),
            reached: parts.extensions.get::<Reached>().map(|reached| reached.0),
        };
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
        answer(shared, request, upgrade)
    };
    let headers = response.headers_mut();
    // Pages from anywhere may ask; it is the token that lets in.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The path. Clients put theirs behind a URL that may end in a slash: it begins with one alone.
fn path(parts: &Parts) -> &str {
    let path = parts.uri.path();
    &path[path.bytes().take_while(|b| *b == b'/').count().saturating_sub(1)..]
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// A browser asks whether a page may ask. The headers that it names are repeated: an asterisk would not cover `Authorization`.
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let allowed = response.headers_mut();
    allowed.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("OPTIONS, HEAD, GET, POST"));
    if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    allowed.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// A call of the room service.
async fn service(shared: &Shared, parts: &Parts, body: Body) -> Response {
    let body = whole(body).await;
    let answer = shared.admin(&AdminRequest {
        method: parts.method.as_str(),
        path: path(parts),
        query: parts.uri.query().unwrap_or_default(),
        content_type: text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default(),
        authorization: text(&parts.headers, header::AUTHORIZATION),
        body: body.as_deref(),
    });
    let response = match answer {
        Ok(response) => response,
        Err(later) => {
            if let Some(patience) = parts.extensions.get::<Patience>() {
                patience.0.store(true, Relaxed);
            }
            match later.await {
                Ok(response) => response,
                Err(_) => return refused(503, "The server ends.".into()),
            }
        }
    };
    let status = StatusCode::from_u16(response.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, response.content_type)], response.body).into_response()
}

/// A request's body. None: it is too long, or broke off. What is too long is read to its end all the same: who still writes does not
/// read an answer.
async fn whole(body: Body) -> Option<Vec<u8>> {
    let mut parts = body.into_data_stream();
    let mut whole = Some(Vec::new());
    while let Some(part) = parts.next().await {
        let part = part.ok()?;
        whole = whole.filter(|read| read.len() + part.len() <= admin::MAX_BODY);
        whole.iter_mut().for_each(|read| read.extend_from_slice(&part));
    }
    whole
}

/// How the server is: for whoever starts it anew if it is not.
fn health(shared: &Shared) -> Response {
    let (rooms, participants) = shared.population();
    let body = serde_json::json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "rooms": rooms, "participants": participants,
    });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn answer(
    shared: Arc<Shared>,
    request: HttpRequest,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if request.path == "/" {
        // As LiveKit's server answers those who ask whether it lives.
        return "OK".into_response();
    }
    if request.path.ends_with("/validate") {
        return match shared.validate(&request) {
            Ok(()) => "success".into_response(),
            Err(refusal) => refused(refusal.http_status, refusal.text),
        };
    }
    let Ok(upgrade) = upgrade else {
        return refused(404, "There is nothing here; WebSockets are served at /rtc/v1 and /rtc.".into());
    };
    match shared.connect(&request) {
        Ok((conn, queue)) => {
            let lost = shared.clone();
            upgrade
                .read_buffer_size(READ)
                .max_message_size(MAX_MESSAGE)
                .max_frame_size(MAX_MESSAGE)
                .on_failed_upgrade(move |_| lost.disconnected(conn))
                .on_upgrade(move |socket| converse(socket, conn, queue, shared))
        }
        Err(refusal) => refused(refusal.http_status, refusal.text),
    }
}

fn refused(status: u16, text: String) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), text + "\n").into_response()
}

async fn converse(socket: WebSocket, conn: ConnId, mut queue: mpsc::Receiver<Vec<u8>>, shared: Arc<Shared>) {
    let (mut writer, mut reader) = socket.split();
    loop {
        tokio::select! {
            bytes = queue.recv() => {
                let Some(bytes) = bytes else {
                    let _ = tokio::time::timeout(WRITE, writer.send(Message::Close(None))).await;
                    break;
                };
                let sent = tokio::time::timeout(WRITE, writer.send(Message::Binary(bytes.into()))).await;
                if !matches!(sent, Ok(Ok(()))) {
                    // A client that has left and closed said so before: that is still to be read.
                    let rest = async {
                        while let Some(Ok(Message::Binary(bytes))) = reader.next().await {
                            shared.message(conn, &bytes);
                        }
                    };
                    let _ = tokio::time::timeout(FAREWELL, rest).await;
                    break;
                }
            }
            message = reader.next() => match message {
                Some(Ok(Message::Binary(bytes))) => shared.message(conn, &bytes),
                // LiveKit's server reads JSON there, which none of its clients sends: here it is no message either, with the same end.
                Some(Ok(Message::Text(text))) => shared.message(conn, text.as_bytes()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    shared.disconnected(conn);
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            (&health["status"], &health["rooms"], &health["participants"]),
            (&"ok".into(), &1.into(), &0.into())
        );
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
}
