//! The server takes us into another room. The connection stays.

use super::{Phase, Session, SessionEvent};
use crate::signal::livekit as lk;

impl Session {
    pub(super) fn moved(&mut self, moved: lk::RoomMovedResponse) {
        if !matches!(self.phase, Phase::Connecting | Phase::Connected) {
            return;
        }
        if let Some(own) = &moved.participant {
            self.sid = own.sid.clone();
        }
        if let (Some((asked, _)), Some(room)) = (&mut self.config.asked, &moved.room) {
            *asked = room.name.clone();
        }
        // Who comes along counts on, and who is met again begins anew: both are told apart by their sids.
        let here = |sid: &String| moved.other_participants.iter().any(|other| other.sid == *sid);
        self.received.retain(|sid, _| here(sid));
        self.event(SessionEvent::Moved(Box::new(moved)));
    }
}
