//! The server took this user into another room: those of the old one have left, those of the new one have joined.

use super::Voice;
use crate::event::Reason;
use crate::signal::livekit as lk;
use std::sync::Arc;
use std::time::Instant;

impl Voice {
    pub(super) fn moved(&mut self, now: Instant, moved: lk::RoomMovedResponse) {
        for index in (0..self.users.len()).rev() {
            self.user_left(now, index, Reason::None);
        }
        if let Some(room) = moved.room {
            self.room_sid = room.sid.clone();
            self.config.room = room.name.clone();
            if let Some((asked, _)) = &mut self.config.session.asked {
                *asked = room.name.clone();
            }
            Arc::make_mut(&mut self.people).room(room, &mut self.events);
        }
        // With the old one there would be no way back into this room.
        if !moved.token.is_empty() {
            self.use_token(moved.token);
        }
        self.changed = true;
        moved.participant.into_iter().chain(moved.other_participants).for_each(|info| self.participant(now, info));
    }
}
