//! What arrives: datagrams, media over TCP and through relays, messages of the WebSocket.

use super::Task;
use crate::client::session::Side;
use crate::driver::dial::Wire;
use crate::driver::sockets::Arrived;
use crate::rtc::Protocol;
use std::time::Instant;
use tokio::sync::mpsc;

/// Datagrams taken before other work gets its turn.
const BURST: usize = 64;

impl Task {
    pub(super) fn wire_event(&mut self, event: Option<Wire>) {
        let now = Instant::now();
        let session = self.voice.session();
        match event {
            Some(Wire::Open) => session.opened(now),
            Some(Wire::Message(bytes)) => session.message(now, &bytes),
            Some(Wire::Refused(status, body)) => session.refused(now, status, &body),
            Some(Wire::Closed(text)) => session.closed(&text),
            Some(Wire::Broken(text)) => session.broken(text),
            None => session.closed("the connection ended"),
        }
    }

    pub(super) fn receive(&mut self, side: Side, arrived: Option<Arrived>) {
        // A stream that was opened before somebody spoke has their first frame.
        self.obey();
        let now = Instant::now();
        if let Some(arrived) = arrived {
            return self.receive_streams(now, side, arrived);
        }
        let sockets = if side == Side::Publisher { &self.publisher } else { &self.subscriber };
        for socket in sockets.udps() {
            for _ in 0..BURST {
                // Nothing more, or a port unreachable told for an earlier packet.
                let Ok((length, from)) = socket.try_recv_from(&mut self.buffer) else { break };
                self.voice.session().datagram(now, side, Protocol::Udp, from, &self.buffer[..length]);
            }
        }
        self.busy += now.elapsed();
    }

    fn receive_streams(&mut self, now: Instant, side: Side, first: Arrived) {
        let mut next = Some(first);
        for left in (0..BURST).rev() {
            let Some(arrived) = next.take() else { return };
            let session = self.voice.session();
            match arrived {
                Arrived::Opened { to, local } => session.stream_opened(now, side, to, local),
                Arrived::Frame { from, bytes } => session.datagram(now, side, Protocol::Tcp, from, &bytes),
                Arrived::Closed { to } => {
                    session.stream_closed(now, side, to);
                    self.sockets(side).closed(to);
                }
                Arrived::RelayOpened { id, to, local } => session.relay_opened(now, side, id, to, local),
                Arrived::RelayMessage { id, bytes } => session.relay_message(now, side, id, &bytes),
                Arrived::RelayClosed { id, why } => {
                    session.relay_closed(now, side, id, &why);
                    self.sockets(side).relay_closed(id);
                }
            }
            if left > 0 {
                next = self.sockets(side).try_arrival();
            }
        }
    }
}

pub(super) async fn next(wire: &mut Option<(mpsc::Sender<Vec<u8>>, mpsc::Receiver<Wire>)>) -> Option<Wire> {
    match wire {
        Some((_, events)) => events.recv().await,
        None => std::future::pending().await,
    }
}
