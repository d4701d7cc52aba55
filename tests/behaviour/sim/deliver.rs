//! What arrives is given to whom it is for.

use super::announced::{server_address, six, tcp_address};
use super::wire::Parcel;
use super::{SIDES, Sim};
use crate::turn;
use stoa::client::session::Side;
use stoa::rtc::Protocol;
use stoa::server::{ConnId, HttpRequest};
use stoa::signal::turn::RelayWay;

impl Sim {
    pub(super) fn deliver(&mut self, parcel: Parcel) {
        let now = self.now;
        match parcel {
            Parcel::Connect { client, conn, target } => {
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let request = HttpRequest {
                    path: path.into(),
                    query: query.into(),
                    authorization: Some(format!(
                        "Bearer {}",
                        self.clients[client].voice.refreshed_token().unwrap_or(&self.clients[client].token)
                    )),
                    ..Default::default()
                };
                if self.server_gone {
                    return self.message(conn, false, Parcel::Closed { client, conn });
                }
                if self.clients[client].old_server && path == "/rtc/v1" {
                    let (status, body) = (404, "404 page not found".into());
                    return self.message(conn, false, Parcel::Refused { client, conn, status, body });
                }
                match self.server.connect(now, ConnId(conn), &request) {
                    Ok(()) => self.message(conn, false, Parcel::Opened { client, conn }),
                    Err(refusal) => {
                        self.log.push(refusal.log);
                        let (status, body) = (refusal.http_status, refusal.text);
                        self.message(conn, false, Parcel::Refused { client, conn, status, body });
                    }
                }
            }
            Parcel::ToServer { .. }
            | Parcel::MessageToServer { .. }
            | Parcel::HangUp { .. }
            | Parcel::FrameToServer { .. }
                if self.server_gone => {}
            Parcel::ToServer { from, bytes, .. } => {
                let to = if from.is_ipv6() { six() } else { server_address() };
                self.server.datagram(now, Protocol::Udp, from, to, &bytes);
            }
            Parcel::StreamOpened { client, stream } => {
                self.clients[client].streams.push(stream);
                let session = self.clients[client].voice.session();
                session.stream_opened(now, SIDES[stream.side], stream.to, stream.local);
            }
            Parcel::RelayOpened { client, side, id, local } => {
                let session = self.clients[client].voice.session();
                session.relay_opened(now, SIDES[side], id, turn::ADDRESS, local);
            }
            Parcel::ToRelay { way, from, bytes } => self.relay.receive(now, way, from, turn::ADDRESS, &bytes),
            Parcel::FromRelay { client, way, to, bytes } => {
                let client = &mut self.clients[client];
                let stream = client.relay_streams.iter().find(|stream| stream.2 == to);
                let port = client.ports.iter().position(|port| *port == to.port());
                match (way, stream.copied(), port) {
                    (RelayWay::Udp, _, Some(side)) => {
                        client.voice.session().datagram(now, SIDES[side], Protocol::Udp, turn::ADDRESS, &bytes);
                    }
                    (RelayWay::Tcp, Some((side, id, _)), _) => {
                        client.voice.session().relay_message(now, SIDES[side], id, &bytes);
                    }
                    _ => {}
                }
            }
            Parcel::StreamClosed { client, local } => {
                let streams = &mut self.clients[client].streams;
                let Some(at) = streams.iter().position(|stream| stream.local == local) else { return };
                let stream = streams.remove(at);
                self.clients[client].voice.session().stream_closed(now, SIDES[stream.side], stream.to);
            }
            Parcel::FrameToServer { client, from, bytes } => {
                if self.clients[client].streams.iter().any(|stream| stream.local == from) {
                    self.server.datagram(now, Protocol::Tcp, from, tcp_address(), &bytes);
                }
            }
            Parcel::FrameToClient { client, to, bytes } => {
                let client = &mut self.clients[client];
                if let Some(stream) = client.streams.iter().find(|stream| stream.local == to) {
                    let session = client.voice.session();
                    session.datagram(now, SIDES[stream.side], Protocol::Tcp, stream.to, &bytes);
                }
            }
            Parcel::MessageToServer { conn, bytes } => {
                self.longest_message = self.longest_message.max(bytes.len());
                self.server.message(now, ConnId(conn), &bytes);
            }
            Parcel::HangUp { conn } => self.server.disconnected(now, ConnId(conn)),
            Parcel::ToClient { client, to, bytes } => {
                let ports = self.clients[client].ports;
                let side = match ports.iter().position(|port| *port == to.port()) {
                    Some(0) => Side::Publisher,
                    Some(_) => Side::Subscriber,
                    // The socket is closed.
                    None => return,
                };
                let from = if to.is_ipv6() { six() } else { server_address() };
                self.clients[client].voice.session().datagram(now, side, Protocol::Udp, from, &bytes);
            }
            Parcel::MessageToClient { client, conn, bytes } => {
                if let Some(session) = self.session(client, conn) {
                    session.message(now, &bytes);
                }
            }
            Parcel::Opened { client, conn } => {
                if let Some(session) = self.session(client, conn) {
                    session.opened(now);
                }
            }
            Parcel::Refused { client, conn, status, body } => {
                if let Some(session) = self.session(client, conn) {
                    session.refused(now, status, &body);
                }
            }
            Parcel::Closed { client, conn } => {
                if let Some(session) = self.session(client, conn) {
                    session.closed("the server closed it");
                }
            }
        }
    }

    fn session(&mut self, client: usize, conn: u64) -> Option<&mut stoa::client::session::Session> {
        let client = &mut self.clients[client];
        (client.conn == conn).then(|| client.voice.session())
    }
}
