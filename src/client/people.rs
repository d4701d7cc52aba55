//! Who is in the room: what the server tells of each user and of the room, and what this user asks to be told of itself.

mod json;
mod news;
mod own;
mod person;
mod requests;

pub use own::OwnChange;
pub use person::Person;
pub use requests::Told;

pub(super) use requests::Requests;

use super::user::audio_track;
use crate::event::EventBody;
use crate::signal::livekit as lk;
use news::news;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;

/// Names, metadata and attributes of all users that are kept, bytes. Of users beyond it they stay empty.
const MAX_BYTES: usize = 64 << 20;
/// Tracks of one user that are kept.
const MAX_TRACKS: usize = 64;

/// The room, the user that this is, and the others in the order in which they joined. Copies share what did not change.
#[derive(Clone, Debug, Default)]
pub struct People {
    own: Arc<Person>,
    others: Vec<Arc<Person>>,
    room: Arc<lk::Room>,
    bytes: usize,
}

impl People {
    /// Begins with what the server says as it lets us in, the others aside.
    pub(super) fn joined(&mut self, join: &lk::JoinResponse) {
        *self = People::default();
        self.joined_again(join);
    }

    /// The same after a loss: the others are known, and may be on their way back. What this user was and is not any more,
    /// because this server does not know what was asked of the one before, comes back: it is to be asked for again.
    pub(super) fn joined_again(&mut self, join: &lk::JoinResponse) -> OwnChange {
        self.room = Arc::new(join.room.clone().unwrap_or_default());
        let before = self.own.clone();
        if let Some(own) = &join.participant {
            Arc::make_mut(&mut self.own).user = own.identity.clone();
            self.tell(own, &mut VecDeque::new());
        }
        OwnChange::back(&before, &self.own)
    }

    /// A user, or this one. None: not in the room.
    pub fn find(&self, user: &str) -> Option<&Arc<Person>> {
        std::iter::once(&self.own).chain(&self.others).find(|person| person.user == user)
    }

    /// This user.
    pub fn own(&self) -> &Person {
        &self.own
    }

    /// The room as JSON, as the header describes it.
    pub fn room_json(&self) -> Value {
        let room = &self.room;
        json!({
            "name": room.name, "id": room.sid, "metadata": room.metadata, "users": room.num_participants,
            "publishers": room.num_publishers, "recording": room.active_recording, "created_ms": room.creation_time_ms,
        })
    }

    /// Old news may come after new ones: of a stay before the one that is known, or an earlier version of it.
    pub(super) fn is_old(&self, info: &lk::ParticipantInfo) -> bool {
        let earlier = |known: &Person| known.sid != info.sid && joined_ms(info) < known.joined_ms;
        self.find(&info.identity).is_some_and(|known| known.is_newer(info) || earlier(known))
    }

    /// What the server says of a user: of one who was known before what is new is an event. True: something changed.
    pub(super) fn tell(&mut self, info: &lk::ParticipantInfo, events: &mut VecDeque<EventBody>) -> bool {
        let Some((before, known)) = self.find(&info.identity).map(|person| (person.clone(), !person.sid.is_empty()))
        else {
            self.others.push(Arc::new(Person { user: info.identity.clone(), ..Person::default() }));
            return self.tell(info, events);
        };
        // Also of oneself, whom `is_old` does not ask about.
        if before.is_newer(info) {
            return false;
        }
        let mut person = Person {
            user: info.identity.clone(),
            name: info.name.clone(),
            metadata: info.metadata.clone(),
            attributes: info.attributes.clone(),
            quality: before.quality,
            speaking: before.speaking,
            muted: audio_track(&info.tracks, None).is_some_and(|track| track.muted),
            permission: info.permission.clone().or_else(|| before.permission.clone()),
            sid: info.sid.clone(),
            version: info.version,
            kind: info.kind,
            joined_ms: joined_ms(info),
            tracks: info.tracks.iter().take(MAX_TRACKS).cloned().collect(),
        };
        self.bytes -= before.bytes();
        if self.bytes + person.bytes() > MAX_BYTES {
            (person.name, person.metadata, person.attributes) = Default::default();
        }
        self.bytes += person.bytes();
        if known {
            news(&before, &person, events);
        }
        let changed = *before != person;
        if let Some(place) = self.place(&info.identity) {
            *place = Arc::new(person);
        }
        changed
    }

    fn place(&mut self, user: &str) -> Option<&mut Arc<Person>> {
        std::iter::once(&mut self.own).chain(&mut self.others).find(|person| person.user == user)
    }

    fn by_sid(&mut self, sid: &str) -> Option<&mut Arc<Person>> {
        std::iter::once(&mut self.own).chain(&mut self.others).find(|person| person.sid == sid && !sid.is_empty())
    }

    pub(super) fn left(&mut self, user: &str) {
        let gone = self.others.extract_if(.., |person| person.user == user);
        self.bytes -= gone.map(|person| person.bytes()).sum::<usize>();
    }
}

fn joined_ms(info: &lk::ParticipantInfo) -> i64 {
    if info.joined_at_ms != 0 { info.joined_at_ms } else { info.joined_at.saturating_mul(1000) }
}
