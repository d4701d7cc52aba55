//! Media over TCP, the room server's side: connections to the port of HTTP that begin with a frame instead of a request.

use super::framing::{self, Frames, MAX_FRAME};
use super::server::Shared;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

/// Whether it is media that begins so: a frame's length does, a method of HTTP begins with a letter, and TLS, which is not spoken
/// here and is to be told so, with 0x16.
pub(super) fn begins_with(first: u8) -> bool {
    usize::from(first) <= MAX_FRAME >> 8
}

/// A connection that begins with a frame; returns when it is known to be somebody's, or has ended.
pub(super) async fn welcome(stream: TcpStream, from: SocketAddr, shared: Arc<Shared>) {
    let Some((open, queue)) = Open::new(shared, from) else { return };
    let (reader, writer) = stream.into_split();
    let mut frames = Frames::new(reader);
    while let Ok(frame) = frames.next().await {
        if open.shared.frame(from, frame) {
            // From here on the room server bounds how many a participant has, and how long.
            tokio::spawn(carry(frames, writer, queue, open));
            return;
        }
    }
}

async fn carry(mut frames: Frames<OwnedReadHalf>, writer: OwnedWriteHalf, queue: mpsc::Receiver<Vec<u8>>, open: Open) {
    let read = async {
        while let Ok(frame) = frames.next().await {
            open.shared.frame(open.from, frame);
        }
    };
    tokio::select! {
        () = read => {}
        _ = framing::write(writer, queue, framing::put) => {}
    }
}

/// A connection that the server knows. It is told when it ends, however that happens.
struct Open {
    shared: Arc<Shared>,
    from: SocketAddr,
}

impl Open {
    fn new(shared: Arc<Shared>, from: SocketAddr) -> Option<(Open, mpsc::Receiver<Vec<u8>>)> {
        let queue = shared.stream_opened(from)?;
        Some((Open { shared, from }, queue))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.stream_closed(self.from);
    }
}
