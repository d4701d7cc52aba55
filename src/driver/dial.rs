//! The WebSocket of a session: opened, read and written on the channel's shard.

use super::reach::{Pipe, Reach, Reached};
use crate::client::session::STEP_TIMEOUT;
use crate::{Error, Result, Status};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};

/// Messages that wait on either side; a server that lets more of ours pile up has stopped reading.
pub(super) const SIGNALS: usize = 256;
/// The largest signalling message taken: a Join of a room with some thousand participants.
const MAX_SIGNAL: usize = 8 * 1024 * 1024;
/// What is read of it at a time, bytes; a buffer of that size is kept.
const READ: usize = 8 * 1024;
/// How long a farewell may take to leave.
const FAREWELL: Duration = Duration::from_millis(300);

/// What a WebSocket tells its session.
#[derive(Debug)]
pub(super) enum Wire {
    Open,
    Refused(u16, String),
    Message(Bytes),
    Closed(String),
    /// What answers does not speak the protocol.
    Broken(String),
}

/// What a URL lacks of a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    Host,
    Port,
}

/// The host of a URL, that of IPv6 without its brackets, and the port if it names one.
pub(super) fn host_and_port(uri: &axum::http::Uri) -> std::result::Result<(String, Option<u16>), NoPlace> {
    let host = uri.host().filter(|host| !host.is_empty()).ok_or(NoPlace::Host)?;
    // A port that is none reads as no port.
    let digits = uri.authority().and_then(|authority| authority.as_str().rsplit_once(host));
    if uri.port_u16().is_none() && digits.is_some_and(|(_, rest)| !rest.is_empty()) {
        return Err(NoPlace::Port);
    }
    Ok((host.trim_matches(['[', ']']).to_string(), uri.port_u16()))
}

/// Where a server is: from its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    /// `wss://` or `https://`.
    pub(super) tls: bool,
    /// A path before `/rtc`, without a slash at its end.
    pub(super) prefix: String,
}

impl Target {
    /// Reads `ws://host[:port][/prefix]` (or `http://`, or with TLS `wss://`, `https://`).
    pub(super) fn parse(url: &str) -> Result<Target> {
        let bad = |what: String| Error::new(Status::BAD_ARGUMENT, format!("the url \"{url}\" {what}"));
        let hint = "give ws:// or wss:// and a host, or leave it empty for the room server inside";
        let uri: axum::http::Uri = url.parse().map_err(|error| bad(format!("cannot be read ({error}): {hint}")))?;
        let tls = match uri.scheme_str() {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err(bad(format!("has no scheme known here: {hint}"))),
        };
        let (host, port) = host_and_port(&uri).map_err(|what| match what {
            NoPlace::Host => bad(format!("names no host: {hint}")),
            NoPlace::Port => bad("has a port that is none: give 1 to 65535".into()),
        })?;
        Ok(Target {
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            tls,
            prefix: uri.path().trim_end_matches('/').to_string(),
        })
    }

    /// Host and port, as a URL has them.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Opens a WebSocket and carries its messages until either side is done. Dropping the sender of `outgoing` says farewell.
/// `reached`: a way to the server that is open already.
pub(super) async fn run(
    reach: Arc<Reach>,
    reached: Option<Reached>,
    path: String,
    token: String,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
    events: mpsc::Sender<Wire>,
) {
    let opened = tokio::select! {
        opened = open(&reach, reached, &path, &token) => opened,
        // A server that never answers must not hold the descriptor of a session that gave it up.
        () = events.closed() => return,
    };
    let mut socket = match opened {
        Ok(socket) => socket,
        Err(event) => {
            let _ = events.send(event).await;
            return;
        }
    };
    if events.send(Wire::Open).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            message = outgoing.recv() => match message {
                Some(bytes) => {
                    let sent = tokio::time::timeout(STEP_TIMEOUT, socket.send(Message::Binary(bytes.into()))).await;
                    let failed = match sent {
                        Ok(Ok(())) => continue,
                        Ok(Err(error)) => error.to_string(),
                        Err(_) => "the server reads no messages any more".into(),
                    };
                    // Why the server closed it may be there to be read.
                    let _ = tokio::time::timeout(FAREWELL, last_words(&mut socket, &events)).await;
                    let _ = events.send(Wire::Closed(failed)).await;
                    return;
                }
                None => {
                    let _ = tokio::time::timeout(FAREWELL, socket.close(None)).await;
                    return;
                }
            },
            message = socket.next() => {
                let event = match message {
                    Some(Ok(Message::Binary(bytes))) => Wire::Message(bytes),
                    Some(Ok(Message::Close(frame))) => {
                        Wire::Closed(frame.map_or_else(|| "the server closed it".to_string(), |frame| frame.reason.to_string()))
                    }
                    Some(Ok(_)) => continue,
                    Some(Err(error @ (WsError::Io(_) | WsError::ConnectionClosed))) => Wire::Closed(error.to_string()),
                    Some(Err(WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                        Wire::Closed("the server closed it without a word".into())
                    }
                    Some(Err(error)) => Wire::Broken(format!("the server broke the WebSocket protocol: {error}")),
                    None => Wire::Closed("the server closed it".into()),
                };
                let closed = matches!(event, Wire::Closed(_) | Wire::Broken(_));
                if events.send(event).await.is_err() && !closed {
                    // The session is over; what it still has to say is its leave.
                    while let Ok(Some(bytes)) = tokio::time::timeout(FAREWELL, outgoing.recv()).await {
                        let _ = socket.send(Message::Binary(bytes.into())).await;
                    }
                    let _ = tokio::time::timeout(FAREWELL, socket.close(None)).await;
                    return;
                }
                if closed {
                    return;
                }
            }
        }
    }
}

/// Passes on what came before a WebSocket ended that takes nothing any more.
async fn last_words(socket: &mut Socket, events: &mpsc::Sender<Wire>) {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Binary(bytes) = message
            && events.send(Wire::Message(bytes)).await.is_err()
        {
            return;
        }
    }
}

type Socket = tokio_tungstenite::WebSocketStream<Box<dyn Pipe>>;

async fn open(reach: &Reach, reached: Option<Reached>, path: &str, token: &str) -> std::result::Result<Socket, Wire> {
    let target = &reach.target;
    let Reached { pipe, .. } = match reached {
        Some(reached) => reached,
        None => reach.connect().await.map_err(|error| Wire::Closed(error.text))?,
    };
    let unreachable =
        |what: String| Wire::Closed(format!("{} cannot be reached: {what}; check the URL", target.authority()));
    let scheme = if target.tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{}{path}", target.authority(), target.prefix);
    let mut request = url.into_client_request().map_err(|e| unreachable(e.to_string()))?;
    let bearer = format!("Bearer {token}")
        .parse()
        .map_err(|_| Wire::Refused(401, "the token has characters that no token has".into()))?;
    request.headers_mut().insert("Authorization", bearer);
    let mut config = WebSocketConfig::default();
    config.read_buffer_size = READ;
    config.max_message_size = Some(MAX_SIGNAL);
    config.max_frame_size = Some(MAX_SIGNAL);
    match client_async_with_config(request, pipe, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(WsError::Http(response)) => {
            let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            Err(Wire::Refused(response.status().as_u16(), body.into_owned()))
        }
        Err(WsError::Io(error)) => Err(unreachable(error.to_string())),
        Err(error) => Err(Wire::Broken(format!(
            "{} answered, but not as a LiveKit server does ({error}); check the URL",
            target.authority()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_or_explained() {
        let target = |url| Target::parse(url);
        assert_eq!(target("ws://localhost:7880").unwrap().port, 7880);
        assert_eq!(target("http://example.org").unwrap().port, 80);
        let secure = target("wss://example.org").unwrap();
        assert_eq!((secure.tls, secure.port, secure.authority().as_str()), (true, 443, "example.org:443"));
        let with_prefix = target("ws://[::1]:7880/voice/").unwrap();
        assert_eq!((with_prefix.host.as_str(), with_prefix.prefix.as_str()), ("::1", "/voice"));
        assert_eq!(with_prefix.authority(), "[::1]:7880");
        for bad in ["", "localhost:7880", "ftp://x", "ws://", "ws://a b", "ws://a:99999", "ws://a:", "ws://[::1]:x"] {
            assert!(target(bad).is_err(), "{bad} was taken");
        }
    }

    /// A server that says why, and closes the connection while this side has more to say than it takes.
    #[test]
    fn the_last_words_of_a_server_are_heard() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..20 {
            let said = runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("ws://{}", listener.local_addr().unwrap());
                let reach = Arc::new(Reach::new(Target::parse(&url).unwrap(), "").unwrap());
                let (say, outgoing) = mpsc::channel(8);
                let (events, mut wire) = mpsc::channel(8);
                let server = async {
                    let (stream, _) = listener.accept().await.unwrap();
                    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                    assert!(matches!(wire.recv().await, Some(Wire::Open)));
                    socket.send(Message::Binary(Bytes::from_static(b"why"))).await.unwrap();
                    // Without a farewell: what arrives from now on is answered with a reset.
                    socket.get_ref().set_zero_linger().unwrap();
                    drop(socket);
                    (0..8).for_each(|_| say.try_send(vec![7]).unwrap());
                    let mut said = Vec::new();
                    while let Some(event) = wire.recv().await {
                        said.push(event);
                    }
                    said
                };
                let client = run(reach, None, "/rtc".into(), "token".into(), outgoing, events);
                tokio::join!(client, server).1
            });
            assert!(matches!(&said[..], [Wire::Message(words), Wire::Closed(_)] if words == "why"), "{said:?}");
        }
    }
}
