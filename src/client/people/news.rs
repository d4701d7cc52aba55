//! What the server says anew of users and of the room, as events.

use super::json::permission_json;
use super::{People, Person};
use crate::event::{EventBody, Quality};
use crate::signal::livekit as lk;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::Arc;

impl People {
    pub(in crate::client) fn speakers(&mut self, speakers: &[lk::SpeakerInfo]) {
        for told in speakers {
            if let Some(person) = self.by_sid(&told.sid).filter(|person| person.speaking != told.active) {
                Arc::make_mut(person).speaking = told.active;
            }
        }
    }

    pub(in crate::client) fn qualities(
        &mut self,
        told: &[lk::ConnectionQualityInfo],
        events: &mut VecDeque<EventBody>,
    ) {
        for info in told {
            let new = quality(info.quality());
            let Some(person) = self.by_sid(&info.participant_sid).filter(|person| person.quality != new) else {
                continue;
            };
            let old = std::mem::replace(&mut Arc::make_mut(person).quality, new);
            events.push_back(EventBody::ConnectionQualityChanged { user: person.user.clone(), old, new });
        }
    }

    pub(in crate::client) fn room(&mut self, room: lk::Room, events: &mut VecDeque<EventBody>) {
        if room.metadata != self.room.metadata {
            events.push_back(EventBody::RoomMetadataChanged { metadata: room.metadata.clone() });
        }
        self.room = Arc::new(room);
    }
}

/// What is new of a user, as events.
pub(super) fn news(before: &Person, now: &Person, events: &mut VecDeque<EventBody>) {
    let user = || now.user.clone();
    if before.name != now.name {
        events.push_back(EventBody::UserNameChanged { user: user(), name: now.name.clone() });
    }
    if before.metadata != now.metadata {
        events.push_back(EventBody::UserMetadataChanged { user: user(), metadata: now.metadata.clone() });
    }
    let mut changed = Map::new();
    for (name, value) in &now.attributes {
        if before.attributes.get(name) != Some(value) {
            changed.insert(name.clone(), value.as_str().into());
        }
    }
    for name in before.attributes.keys().filter(|name| !now.attributes.contains_key(*name)) {
        changed.insert(name.clone(), "".into());
    }
    if !changed.is_empty() {
        let changed = Value::Object(changed).to_string();
        events.push_back(EventBody::UserAttributesChanged { user: user(), changed });
    }
    if let Some(permission) = now.permission.as_ref().filter(|_| before.permission != now.permission) {
        let permission = permission_json(permission).to_string();
        events.push_back(EventBody::PermissionsChanged { user: user(), permission });
    }
}

fn quality(told: lk::ConnectionQuality) -> Quality {
    match told {
        lk::ConnectionQuality::Lost => Quality::Lost,
        lk::ConnectionQuality::Poor => Quality::Poor,
        lk::ConnectionQuality::Good => Quality::Good,
        lk::ConnectionQuality::Excellent => Quality::Excellent,
    }
}
