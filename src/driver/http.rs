//! The room server's HTTP: WebSockets at `/rtc/v1` and `/rtc`, validation beside them, a word at `/`.

use super::server::Shared;
use crate::server::{ConnId, HttpRequest};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The largest message taken from a WebSocket, bytes: somewhat above the room server's own limit, which gives a reason.
const MAX_MESSAGE: usize = 2 * 1024 * 1024;
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

/// Serves until dropped.
pub(super) async fn serve(tcp: tokio::net::TcpListener, shared: Arc<Shared>) {
    let app = axum::Router::new()
        .route("/", get(|| async { "A Stoa room server. Join with a LiveKit client, or with libstoa.\n" }))
        .fallback(handle)
        .with_state(shared.clone());
    let mut upgrading: VecDeque<AbortHandle> = VecDeque::new();
    let mut pushed_out: u64 = 0;
    loop {
        let Ok((stream, _)) = tcp.accept().await else {
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
        let connection = http1::Builder::new()
            .max_buf_size(MAX_REQUEST)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone()))
            .with_upgrades();
        let bounded = async { _ = tokio::time::timeout(UPGRADE, connection).await };
        upgrading.push_back(tokio::spawn(bounded).abort_handle());
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let request = HttpRequest {
        path: uri.path().into(),
        query: uri.query().unwrap_or_default().into(),
        authorization: headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).map(str::to_string),
    };
    let mut response = answer(shared, request, upgrade);
    // Pages from anywhere may ask; it is the token that lets in.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn answer(
    shared: Arc<Shared>,
    request: HttpRequest,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
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
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    shared.disconnected(conn);
}
