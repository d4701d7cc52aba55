//! Datagrams on a TCP connection: each after its length, two bytes (RFC 4571), as ICE over TCP has it (RFC 6544).

use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;

/// Frames that may wait to be written; of those that come while it is full none is taken: what is late is of no use.
pub(super) const MAX_QUEUED: usize = 256;
/// The longest frame, bytes: as much as a datagram has. Who sends a longer one speaks something else.
pub(super) const MAX_FRAME: usize = 2048;
/// Written in one go, bytes, where so much waits.
const BATCH: usize = 16 * 1024;
/// How long the other side may take nothing before it is given up.
const STALLED: Duration = Duration::from_secs(10);

/// Reads frames.
pub(super) struct Frames<R> {
    reader: BufReader<R>,
    frame: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(reader: R) -> Frames<R> {
        Frames { reader: BufReader::with_capacity(2 + MAX_FRAME, reader), frame: Vec::new() }
    }

    /// The next frame. One that is given up half-way is lost, and all after it.
    pub(super) async fn next(&mut self) -> io::Result<&[u8]> {
        let length = usize::from(self.reader.read_u16().await?);
        if length > MAX_FRAME {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.frame.resize(length, 0);
        self.reader.read_exact(&mut self.frame).await?;
        Ok(&self.frame)
    }
}

/// Writes what is queued, until the queue ends; each as `put` puts it.
pub(super) async fn write(
    mut to: impl AsyncWrite + Unpin,
    mut queue: mpsc::Receiver<Vec<u8>>,
    put: fn(&mut Vec<u8>, &[u8]),
) -> io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(frame) = queue.recv().await {
        bytes.clear();
        put(&mut bytes, &frame);
        while bytes.len() < BATCH
            && let Ok(frame) = queue.try_recv()
        {
            put(&mut bytes, &frame);
        }
        tokio::time::timeout(STALLED, to.write_all(&bytes)).await??;
    }
    to.shutdown().await
}

/// A frame, with its length before it.
pub(super) fn put(bytes: &mut Vec<u8>, frame: &[u8]) {
    // Peer connections write datagrams, which are shorter than that.
    if let Ok(length) = u16::try_from(frame.len()) {
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_out_as_they_went_in() {
        let (near, far) = tokio::io::duplex(100);
        let (send, queue) = mpsc::channel(MAX_QUEUED);
        let sent: Vec<Vec<u8>> = (0..100).map(|n: usize| vec![n as u8; n * 20]).collect();
        sent.iter().for_each(|frame| send.try_send(frame.clone()).unwrap());
        drop(send);
        let reading = async {
            let mut frames = Frames::new(far);
            for frame in &sent {
                assert_eq!(frames.next().await.unwrap(), frame);
            }
            assert_eq!(frames.next().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "the queue's end");
        };
        let (written, ()) = tokio::join!(write(near, queue, put), reading);
        written.unwrap();
    }

    #[tokio::test]
    async fn what_is_too_long_or_cut_off_is_an_error() {
        let too_long = (MAX_FRAME as u16 + 1).to_be_bytes();
        assert_eq!(Frames::new(&too_long[..]).next().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(Frames::new(&[0, 3, 1][..]).next().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let mut twice = Frames::new(&[0, 0, 0, 1, 7][..]);
        assert_eq!(twice.next().await.unwrap(), b"");
        assert_eq!(twice.next().await.unwrap(), [7]);
    }
}
