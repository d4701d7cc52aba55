//! What time brings, and how a fault of this server is kept to the one whom it met.

use super::{Job, Level, Output, ParticipantId, RoomServer};
use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

impl RoomServer {
    /// Time passed: runs what is due.
    pub fn timeout(&mut self, now: Instant) {
        self.advance(now);
        while self.jobs.peek().is_some_and(|Reverse((at, _))| *at <= self.now) {
            let Some(Reverse((at, job))) = self.jobs.pop() else { return };
            match job {
                Job::Peer(id, side) => {
                    let peer = self.participants.get_mut(&id).and_then(|p| p.peer(side));
                    // An entry that was overtaken by an earlier one is stale.
                    let Some(peer) = peer.filter(|p| p.scheduled == Some(at)) else { continue };
                    peer.scheduled = None;
                    self.flush(id, side);
                }
                Job::Care(id) => self.contained(id, |server| server.care(id)),
                // A room without its active speakers is still a room.
                Job::Speakers(room) => {
                    self.spared("The speakers of a room", |server| server.update_speakers(&room, at))
                }
                Job::Quality(room) => self.spared("The quality of a room", |server| server.measure(&room)),
                Job::Close(room) => self.spared("The end of a room", |server| server.close_if_empty(&room, at)),
                Job::Layers(track) => self.spared("The layers of a track", |server| server.quality_due(track)),
                Job::Call(id) => self.spared("The end of a call", |server| server.call_due(id)),
                Job::HangUp(conn) => self.output.push_back(Output::Close { conn }),
            }
        }
    }

    /// Does something for a participant; a fault of this server in it ends that participant's stay, not the server.
    pub(super) fn contained(&mut self, id: ParticipantId, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.lose(id, "it met a fault of this server.".into());
        }
    }

    /// Does something that is of no participant in particular; a fault of this server in it ends nothing but that.
    fn spared(&mut self, what: &str, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.log(Level::Warning, format!("{what} met a fault of this server."));
        }
    }
}
