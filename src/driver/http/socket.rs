//! WebSockets: who is let in, and what it says and hears.

use super::refused;
use crate::driver::server::Shared;
use crate::server::{ConnId, HttpRequest};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The largest message taken from a WebSocket, bytes: somewhat above the room server's own limit, which gives a reason.
const MAX_MESSAGE: usize = 2 * 1024 * 1024;
/// What is read of a WebSocket at a time, bytes. Each keeps a buffer of that size; messages are small, but for offers.
const READ: usize = 2 * 1024;
/// How long one message may take to be written, before its reader is given up.
const WRITE: Duration = Duration::from_secs(10);
/// How long is listened to a client to which nothing can be written any more.
const FAREWELL: Duration = Duration::from_millis(500);

pub(super) fn answer(
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
