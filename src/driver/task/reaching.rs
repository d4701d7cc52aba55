//! Reaching the server: with WebSockets, and sockets for media.

use super::Task;
use crate::client::session::{STEP_TIMEOUT, Side};
use crate::driver::dial::{self, SIGNALS};
use crate::driver::reach::{Reach, Reached};
use crate::driver::sockets::Sockets;
use crate::{Error, Result, Status};
use std::net::SocketAddr;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Reaches the server, and makes a socket for the media, with its address.
pub(super) async fn open(reach: &Reach) -> Result<(Reached, Sockets, SocketAddr)> {
    let reached = reach_in_time(reach).await?;
    let mut sockets = Sockets::default();
    let local = sockets.bind(reached.peer).map_err(no_socket)?;
    Ok((reached, sockets, local))
}

async fn reach_in_time(reach: &Reach) -> Result<Reached> {
    timeout(STEP_TIMEOUT, reach.connect()).await.unwrap_or_else(|_| {
        let text = format!("{} did not answer within 10 s; check the URL", reach.target.authority());
        Err(Error::new(Status::UNREACHABLE, text))
    })
}

fn no_socket(error: std::io::Error) -> Error {
    Error::new(Status::UNREACHABLE, format!("no UDP socket could be made: {error}; are there descriptors left?"))
}

/// What becomes of reaching the server; for ever, where nobody does.
pub(super) async fn found(reaching: &mut Option<(Side, JoinHandle<Result<Reached>>)>) -> (Side, Result<Reached>) {
    let Some((side, reached)) = reaching else { return std::future::pending().await };
    let ended = |error| Err(Error::new(Status::INTERNAL, format!("the server could not be reached: {error}")));
    (*side, reached.await.unwrap_or_else(ended))
}

impl Task {
    pub(super) fn dial(&mut self, path: String) {
        let (send, outgoing) = mpsc::channel(SIGNALS);
        let (events, receive) = mpsc::channel(SIGNALS);
        self.wire = Some((send, receive));
        // The newest: the first may have expired since.
        let token = self.voice.refreshed_token().unwrap_or(&self.token).to_string();
        let dialing = dial::run(self.inner.engine.reach.clone(), self.reached.take(), path, token, outgoing, events);
        tokio::task::spawn_local(dialing);
    }

    /// A new socket: the second one, for a server that wants two peer connections, or one in the place of another.
    pub(super) fn bind(&mut self, now: Instant, side: Side) {
        let address = self.address;
        match self.sockets(side).bind(address) {
            Ok(local) => self.voice.session().bound(now, side, local),
            // The network may be another one, which leads to another address of the server's.
            Err(_) => {
                let reach = self.inner.engine.reach.clone();
                let reaching = tokio::task::spawn_local(async move { reach_in_time(&reach).await });
                if let Some((_, old)) = self.reaching.replace((side, reaching)) {
                    old.abort();
                }
            }
        }
    }

    pub(super) fn found(&mut self, side: Side, reached: Result<Reached>) {
        self.reaching = None;
        let bound = reached.and_then(|reached| {
            let address = reached.peer;
            (self.address, self.reached) = (address, Some(reached));
            self.sockets(side).bind(address).map_err(no_socket)
        });
        match bound {
            Ok(local) => self.voice.session().bound(Instant::now(), side, local),
            Err(error) => self.voice.session().closed(&error.text),
        }
    }
}
