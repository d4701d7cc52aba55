//! The room server's HTTP: WebSockets at `/rtc/v1` and `/rtc`, validation beside them, the room service below `/twirp`, how it
//! is at `/healthz` and `/metrics`, a word at `/`. On the same port, what begins with no letter is media (`streams.rs`).
//!
//! Every request that becomes no WebSocket ends its connection: whoever calls the service dials anew, and no idle connection is
//! kept for anyone.

mod service;
mod socket;
#[cfg(test)]
mod tests;

use super::metrics;
use super::server::{Shared, plain};
use super::streams;
use crate::server::{HttpRequest, admin};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
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
use tokio::task::AbortHandle;

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
        service::service(&shared, &parts, body).await
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
        socket::answer(shared, request, upgrade)
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

/// How the server is: for whoever starts it anew if it is not.
fn health(shared: &Shared) -> Response {
    let (rooms, participants) = shared.population();
    let body = serde_json::json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "rooms": rooms, "participants": participants,
    });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn refused(status: u16, text: String) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), text + "\n").into_response()
}
