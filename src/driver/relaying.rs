//! The way to a relay (TURN): its address, or a connection to it. On a connection messages follow each other without a length before
//! them: those of STUN tell their own, and so does ChannelData, which is padded to four bytes (RFC 8656, section 12.5).

use super::dial::Target;
use super::framing::{self, MAX_FRAME};
use super::reach::{Pipe, Reach, tcp};
use super::sockets::Arrived;
use crate::signal::turn::{RelayAt, RelayWay};
use crate::{Error, Result, Status};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc;

/// How long the way to a relay may take: a name, a connection, TLS. The join has 10 s, of which 3 are over.
const REACHING: Duration = Duration::from_secs(5);

/// Finds a relay that is spoken with by datagrams, at an address of a family that one of these is of.
pub(super) async fn find(at: RelayAt, id: u32, locals: Vec<SocketAddr>, tell: mpsc::Sender<Arrived>) {
    let looking = tokio::time::timeout(REACHING, tokio::net::lookup_host((at.host.as_str(), at.port)));
    let found = match looking.await {
        Ok(Ok(found)) => pair(found, &locals).ok_or_else(|| "it has no address of a family that is in use here".into()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("its name was not found within 5 s".into()),
    };
    let _ = tell
        .send(match found {
            Ok((to, local)) => Arrived::RelayOpened { id, to, local },
            Err(why) => Arrived::RelayClosed { id, why },
        })
        .await;
}

fn pair(mut found: impl Iterator<Item = SocketAddr>, locals: &[SocketAddr]) -> Option<(SocketAddr, SocketAddr)> {
    found.find_map(|to| locals.iter().find(|local| local.is_ipv4() == to.is_ipv4()).map(|local| (to, *local)))
}

/// One connection to a relay, from its making to its end.
pub(super) async fn carry(
    reach: Arc<Reach>,
    at: RelayAt,
    id: u32,
    queue: mpsc::Receiver<Vec<u8>>,
    tell: mpsc::Sender<Arrived>,
) {
    let opened = tokio::time::timeout(REACHING, open(&reach, &at)).await;
    let why = match opened {
        Ok(Ok((to, local, pipe))) => {
            let (mut reader, writer) = tokio::io::split(pipe);
            let read = async {
                let mut reader = BufReader::with_capacity(MAX_FRAME, &mut reader);
                let mut bytes = Vec::new();
                let mut arrived = Arrived::RelayOpened { id, to, local };
                while tell.send(arrived).await.is_ok() {
                    match next(&mut reader, &mut bytes).await {
                        Ok(()) => arrived = Arrived::RelayMessage { id, bytes: bytes.clone() },
                        Err(error) => return format!("its connection ended: {error}"),
                    }
                }
                String::new()
            };
            tokio::select! {
                why = read => why,
                _ = framing::write(writer, queue, put) => "it takes nothing any more".into(),
            }
        }
        Ok(Err(error)) => error.text,
        Err(_) => "it was not reached within 5 s".into(),
    };
    let _ = tell.send(Arrived::RelayClosed { id, why }).await;
}

async fn open(reach: &Reach, at: &RelayAt) -> Result<(SocketAddr, SocketAddr, Box<dyn Pipe>)> {
    let stream = tcp(&at.host, at.port, "").await?;
    let lost = |error: io::Error| Error::new(Status::UNREACHABLE, error.to_string());
    let (to, local) = (stream.peer_addr().map_err(lost)?, stream.local_addr().map_err(lost)?);
    let _ = stream.set_nodelay(true);
    if at.way != RelayWay::Tls {
        return Ok((to, local, Box::new(stream)));
    }
    let target = Target { host: at.host.clone(), port: at.port, tls: true, prefix: String::new() };
    match reach.tls() {
        Some(tls) => Ok((to, local, Box::new(tls.connect(&target, stream).await?))),
        None => Err(Error::new(Status::UNREACHABLE, "TLS is spoken where the server itself is reached by wss://")),
    }
}

/// The next message, without what it is padded with.
async fn next(reader: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.resize(4, 0);
    reader.read_exact(bytes).await?;
    let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    let (whole, padded) = match bytes[0] >> 6 {
        0 => (20 + length, 20 + length),
        1 => (4 + length, 4 + length.next_multiple_of(4)),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    if padded > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    bytes.resize(padded, 0);
    reader.read_exact(&mut bytes[4..]).await?;
    bytes.truncate(whole);
    Ok(())
}

fn put(bytes: &mut Vec<u8>, message: &[u8]) {
    bytes.extend_from_slice(message);
    // Messages of STUN are padded in themselves.
    bytes.resize(bytes.len() + message.len().next_multiple_of(4) - message.len(), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut stream: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let (mut all, mut bytes) = (Vec::new(), Vec::new());
        while !stream.is_empty() {
            next(&mut stream, &mut bytes).await?;
            all.push(bytes.clone());
        }
        Ok(all)
    }

    #[tokio::test]
    async fn messages_come_out_as_they_went_in() {
        let stun = [&[0x01, 0x13, 0, 8][..], &[7; 16], &[9; 8]].concat();
        let channel = |data: &[u8]| [&[0x40, 0x00, 0, data.len() as u8][..], data].concat();
        let sent = vec![channel(&[1, 2, 3, 4, 5]), stun, channel(&[]), channel(&[6; 8])];
        let mut stream = Vec::new();
        sent.iter().for_each(|message| put(&mut stream, message));
        assert_eq!(stream.len(), 12 + 28 + 4 + 12);
        assert_eq!(read(&stream).await.unwrap(), sent);
        assert_eq!(read(&stream[..stream.len() - 1]).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_is_no_message_or_too_long_is_an_error() {
        for start in [[0x80, 0, 0, 0], [0xff; 4], [0x40, 0, 0x08, 0], [0, 1, 0xff, 0xff], *b"HTTP"] {
            let stream = [&start[..], &[0; 4096]].concat();
            assert_eq!(read(&stream).await.unwrap_err().kind(), io::ErrorKind::InvalidData, "{start:?}");
        }
    }

    #[test]
    fn an_address_is_taken_that_a_socket_can_send_to() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (four, six) = (address("192.0.2.1:3478"), address("[2001:db8::1]:3478"));
        let local = address("192.0.2.9:1");
        assert_eq!(pair([six, four].into_iter(), &[local]), Some((four, local)));
        assert_eq!(pair([six].into_iter(), &[local]), None);
    }
}
