//! What is known of one user.

use super::json::{kind_name, permission_json, track_json};
use crate::Result;
use crate::client::user::{named_track, no_track};
use crate::event::Quality;
use crate::signal::livekit as lk;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is known of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// The identity.
    pub user: String,
    /// The name to show.
    pub name: String,
    /// What the application keeps there.
    pub metadata: String,
    /// The same by names.
    pub attributes: BTreeMap<String, String>,
    /// How well the connection does.
    pub quality: Quality,
    /// The server hears speech.
    pub speaking: bool,
    /// The microphone is muted.
    pub muted: bool,
    /// What is allowed, as far as the server says.
    pub permission: Option<lk::ParticipantPermission>,
    pub(super) sid: String,
    pub(super) version: u32,
    pub(super) kind: i32,
    pub(super) joined_ms: i64,
    pub(in crate::client) tracks: Vec<lk::TrackInfo>,
}

impl Person {
    /// It is of a later version of the same stay.
    pub(super) fn is_newer(&self, info: &lk::ParticipantInfo) -> bool {
        self.sid == info.sid && info.version < self.version
    }

    /// All of it, as the header describes it.
    pub fn to_json(&self) -> Value {
        json!({
            "user": self.user, "name": self.name, "metadata": self.metadata, "attributes": self.attributes,
            "kind": kind_name(self.kind), "joined_ms": self.joined_ms, "quality": self.quality.name(),
            "speaking": self.speaking, "muted": self.muted, "permission": self.permission.as_ref().map(permission_json),
            "tracks": self.tracks.iter().map(track_json).collect::<Value>(),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.name.len() + self.metadata.len() + self.attributes.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>()
    }

    /// The sid of the audio track of that name, or of that sid where none has the name.
    pub fn track(&self, name: &str) -> Result<&str> {
        let found = named_track(&self.tracks, name).map(|track| track.sid.as_str());
        found.ok_or_else(|| no_track(&self.user, &self.tracks, name))
    }

    /// Whether this user may send sound of a microphone.
    pub fn may_speak(&self) -> bool {
        let microphone = lk::TrackSource::Microphone as i32;
        let granted = |sources: &[i32]| sources.is_empty() || sources.contains(&microphone);
        self.permission.as_ref().is_none_or(|may| may.can_publish && granted(&may.can_publish_sources))
    }

    /// Whether this user may hear others.
    pub fn may_hear(&self) -> bool {
        self.permission.as_ref().is_none_or(|may| may.can_subscribe)
    }
}
