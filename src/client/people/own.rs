//! What this user wants to be told of itself.

use super::news::news;
use super::{People, Person};
use crate::event::EventBody;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What this user wants others to be told. What is empty stays as it is; an attribute whose value is empty goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnChange {
    /// The name to show.
    pub name: String,
    /// The metadata.
    pub metadata: String,
    /// The attributes that are to change.
    pub attributes: BTreeMap<String, String>,
}

impl OwnChange {
    /// What leads from `now` to how it was before.
    pub(super) fn back(before: &Person, now: &Person) -> OwnChange {
        let other = |before: &str, now: &str| if before == now { String::new() } else { before.to_string() };
        let kept = before.attributes.iter().filter(|(name, value)| now.attributes.get(*name) != Some(*value));
        let gone = now.attributes.keys().filter(|name| !before.attributes.contains_key(*name));
        OwnChange {
            name: other(&before.name, &now.name),
            metadata: other(&before.metadata, &now.metadata),
            attributes: kept
                .map(|(name, value)| (name.clone(), value.clone()))
                .chain(gone.map(|name| (name.clone(), String::new())))
                .collect(),
        }
    }

    pub(super) fn is_done(&self, own: &Person) -> bool {
        let is = |wanted: &str, now: &str| wanted.is_empty() || wanted == now;
        let attribute =
            |(name, value): (&String, &String)| own.attributes.get(name).map_or("", String::as_str) == value.as_str();
        is(&self.name, &own.name) && is(&self.metadata, &own.metadata) && self.attributes.iter().all(attribute)
    }
}

impl People {
    /// Takes over what the server has accepted, which it is about to tell.
    pub(in crate::client) fn accepted(&mut self, change: OwnChange, events: &mut VecDeque<EventBody>) {
        let before = self.own.clone();
        let own = Arc::make_mut(&mut self.own);
        self.bytes -= before.bytes();
        if !change.name.is_empty() {
            own.name = change.name;
        }
        if !change.metadata.is_empty() {
            own.metadata = change.metadata;
        }
        for (name, value) in change.attributes {
            if value.is_empty() {
                own.attributes.remove(&name);
            } else {
                own.attributes.insert(name, value);
            }
        }
        self.bytes += own.bytes();
        news(&before, &self.own, events);
    }
}
