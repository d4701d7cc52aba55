//! Everybody does what is due, and what they say is put on the wire.

use super::announced::server_address;
use super::wire::Parcel;
use super::{SIDES, Sim, Stream};
use crate::turn;
use prost::Message as _;
use std::net::SocketAddr;
use stoa::client::session::Output;
use stoa::rtc::Protocol;
use stoa::server::Output as ServerOutput;
use stoa::signal::livekit::{SignalResponse, signal_response};
use stoa::signal::turn::RelayWay;

impl Sim {
    /// Everybody does what is due, and what they say is put on the wire.
    pub(super) fn pump(&mut self) {
        for index in 0..self.clients.len() {
            self.pump_client(index);
        }
        while let Some(output) = self.server.poll_output() {
            if self.server_gone {
                continue;
            }
            match output {
                ServerOutput::Send { conn, bytes } => {
                    let bytes = self.with_ice_servers(bytes);
                    if let Some(client) = self.conns.get(&conn.0).copied() {
                        let bytes = match &mut self.second_track {
                            Some(second) if second.client != client => second.tell(bytes),
                            _ => bytes,
                        };
                        self.message(conn.0, false, Parcel::MessageToClient { client, conn: conn.0, bytes });
                    }
                }
                ServerOutput::Close { conn } => {
                    if let Some(client) = self.conns.get(&conn.0).copied() {
                        self.message(conn.0, false, Parcel::Closed { client, conn: conn.0 });
                    }
                }
                ServerOutput::Transmit { protocol: Protocol::Tcp, to, bytes } => {
                    if let Some(client) = self.client_of(to) {
                        self.frame(client, Parcel::FrameToClient { client, to, bytes });
                    }
                }
                ServerOutput::CloseStream { from } => {
                    if let Some(client) = self.client_of(from) {
                        self.frame(client, Parcel::StreamClosed { client, local: from });
                    }
                }
                ServerOutput::Transmit { to, bytes, .. } if to.ip() == turn::ADDRESS.ip() => {
                    self.relay.receive(self.now, RelayWay::Udp, server_address(), to, &bytes);
                }
                ServerOutput::Transmit { to, bytes, .. } => {
                    let client =
                        self.clients.iter().position(|client| [client.address.ip(), client.six()].contains(&to.ip()));
                    if let Some(client) = client {
                        self.datagram(client, |bytes| Parcel::ToClient { client, to, bytes }, bytes);
                    }
                }
                ServerOutput::Log { text, .. } => self.log.push(text),
                ServerOutput::Answer { response, .. } => self.answers.push(response),
                ServerOutput::Webhook(_) => {}
            }
        }
        for (way, from, to, bytes) in self.relay.sent(self.now) {
            if to == server_address() {
                self.post(self.now, Parcel::ToServer { client: 0, from, bytes });
            } else if let Some(client) = self.clients.iter().position(|client| client.address.ip() == to.ip()) {
                self.frame(client, Parcel::FromRelay { client, way, to, bytes });
            }
        }
    }

    fn with_ice_servers(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut response) = SignalResponse::decode(bytes.as_slice()) else { return bytes };
        match &mut response.message {
            Some(signal_response::Message::Join(join)) => join.ice_servers.clone_from(&self.ice_servers),
            Some(signal_response::Message::Reconnect(known)) => known.ice_servers.clone_from(&self.ice_servers),
            _ => return bytes,
        }
        response.encode_to_vec()
    }

    fn pump_client(&mut self, index: usize) {
        let now = self.now;
        loop {
            let client = &mut self.clients[index];
            client.voice.advance(now);
            while let Some(work) = client.voice.poll_work(now) {
                client.voice.finish(work.run(), now);
            }
            let Some(output) = client.voice.poll_output(now) else { break };
            let conn = client.conn;
            match output {
                Output::Dial { target } => {
                    self.message(conn, true, Parcel::HangUp { conn });
                    self.clients[index].dialed.push((now, target.clone()));
                    self.sequence += 1;
                    let conn = self.sequence;
                    self.clients[index].conn = conn;
                    self.conns.insert(conn, index);
                    self.message(conn, true, Parcel::Connect { client: index, conn, target });
                }
                Output::Signal(bytes) => self.message(conn, true, Parcel::MessageToServer { conn, bytes }),
                Output::HangUp => self.message(conn, true, Parcel::HangUp { conn }),
                Output::Transmit { side, protocol: Protocol::Tcp, to, bytes } => {
                    let mut streams = self.clients[index].streams.iter();
                    if let Some(stream) = streams.find(|s| (SIDES[s.side], s.to) == (side, to)) {
                        let from = stream.local;
                        self.frame(index, Parcel::FrameToServer { client: index, from, bytes });
                    }
                }
                Output::Transmit { side, to, bytes, .. } if to == turn::ADDRESS => {
                    let mut from = self.clients[index].address;
                    from.set_port(self.clients[index].ports[side as usize]);
                    self.frame(index, Parcel::ToRelay { way: RelayWay::Udp, from, bytes });
                }
                Output::ToRelay { side, id, bytes } => {
                    let mut streams = self.clients[index].relay_streams.iter();
                    if let Some((_, _, from)) = streams.find(|s| (SIDES[s.0], s.1) == (side, id)).copied() {
                        self.frame(index, Parcel::ToRelay { way: RelayWay::Tcp, from, bytes });
                    }
                }
                Output::Relay { side, id, at } => {
                    assert_eq!(at.host, turn::ADDRESS.ip().to_string());
                    self.sequence += 1;
                    let mut local = self.clients[index].address;
                    local.set_port(self.clients[index].ports[side as usize]);
                    if at.way != RelayWay::Udp {
                        local.set_port(40_000 + self.sequence as u16 % 20_000);
                        self.clients[index].relay_streams.push((side as usize, id, local));
                    }
                    self.frame(index, Parcel::RelayOpened { client: index, side: side as usize, id, local });
                }
                Output::Connect { side, to } if !self.clients[index].link.walled => {
                    self.sequence += 1;
                    let mut local = self.clients[index].address;
                    local.set_port(20_000 + self.sequence as u16 % 20_000);
                    let stream = Stream { side: side as usize, to, local };
                    self.frame(index, Parcel::StreamOpened { client: index, stream });
                }
                Output::Connect { .. } => {}
                Output::BindOther { side, .. } => {
                    let client = &mut self.clients[index];
                    client.others += 1;
                    let local = SocketAddr::new(client.six(), client.ports[side as usize]);
                    client.voice.session().bound_other(now, side, local);
                }
                Output::Transmit { side, to, bytes, .. } => {
                    let mut from = self.clients[index].address;
                    if to.is_ipv6() {
                        from.set_ip(self.clients[index].six());
                    }
                    from.set_port(self.clients[index].ports[side as usize]);
                    self.datagram(index, |bytes| Parcel::ToServer { client: index, from, bytes }, bytes);
                }
                Output::Bind { side } => {
                    let gone: Vec<_> = self.clients[index]
                        .streams
                        .extract_if(.., |s| SIDES[s.side] == side)
                        .map(|s| s.local)
                        .collect();
                    gone.into_iter().for_each(|from| self.server.stream_closed(now, from));
                    let client = &mut self.clients[index];
                    client.relay_streams.retain(|stream| SIDES[stream.0] != side);
                    client.ports[side as usize] += 2;
                    let mut local = client.address;
                    local.set_port(client.ports[side as usize]);
                    client.voice.session().bound(now, side, local);
                }
                Output::Media { .. } | Output::Event(_) => unreachable!("a voice keeps these"),
            }
        }
        let client = &mut self.clients[index];
        client.voice.tell_changes();
        while let Some(event) = client.voice.poll_event() {
            client.events.push(event);
        }
    }

    /// Whose TCP connection it is.
    fn client_of(&self, local: SocketAddr) -> Option<usize> {
        self.clients.iter().position(|client| client.streams.iter().any(|stream| stream.local == local))
    }
}
