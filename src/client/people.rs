//! Who is in the room: what the server tells of each user and of the room, and what this user asks to be told of itself.

use super::session::Session;
use super::user::audio_track;
use crate::event::{EventBody, Quality};
use crate::signal::livekit as lk;
use crate::{Error, Result, Status};
use lk::participant_info::Kind;
use lk::request_response::Reason;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names, metadata and attributes of all users that are kept, bytes. Of users beyond it they stay empty.
const MAX_BYTES: usize = 64 << 20;
/// Tracks of one user that are kept.
const MAX_TRACKS: usize = 64;
/// Requests of ours that wait for the server.
const MAX_REQUESTS: usize = 64;
/// How long the server may take to answer one.
const PATIENCE: Duration = Duration::from_secs(10);

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
    sid: String,
    version: u32,
    kind: i32,
    joined_ms: i64,
    tracks: Vec<lk::TrackInfo>,
}

impl Person {
    /// It is of a later version of the same stay.
    fn is_newer(&self, info: &lk::ParticipantInfo) -> bool {
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

    fn bytes(&self) -> usize {
        self.name.len() + self.metadata.len() + self.attributes.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>()
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
            muted: audio_track(info).is_some_and(|track| track.muted),
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

    pub(super) fn speakers(&mut self, speakers: &[lk::SpeakerInfo]) {
        for told in speakers {
            if let Some(person) = self.by_sid(&told.sid).filter(|person| person.speaking != told.active) {
                Arc::make_mut(person).speaking = told.active;
            }
        }
    }

    pub(super) fn qualities(&mut self, told: &[lk::ConnectionQualityInfo], events: &mut VecDeque<EventBody>) {
        for info in told {
            let new = quality(info.quality());
            let Some(person) = self.by_sid(&info.participant_sid).filter(|person| person.quality != new) else {
                continue;
            };
            let old = std::mem::replace(&mut Arc::make_mut(person).quality, new);
            events.push_back(EventBody::ConnectionQualityChanged { user: person.user.clone(), old, new });
        }
    }

    pub(super) fn room(&mut self, room: lk::Room, events: &mut VecDeque<EventBody>) {
        if room.metadata != self.room.metadata {
            events.push_back(EventBody::RoomMetadataChanged { metadata: room.metadata.clone() });
        }
        self.room = Arc::new(room);
    }
}

fn joined_ms(info: &lk::ParticipantInfo) -> i64 {
    if info.joined_at_ms != 0 { info.joined_at_ms } else { info.joined_at.saturating_mul(1000) }
}

/// What is new of a user, as events.
fn news(before: &Person, now: &Person, events: &mut VecDeque<EventBody>) {
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

fn permission_json(may: &lk::ParticipantPermission) -> Value {
    let sources = may.can_publish_sources.iter().map(|source| source_name(*source)).collect::<Value>();
    json!({
        "can_publish": may.can_publish, "can_publish_sources": sources, "can_publish_data": may.can_publish_data,
        "can_subscribe": may.can_subscribe, "can_update_metadata": may.can_update_metadata, "hidden": may.hidden,
    })
}

fn track_json(track: &lk::TrackInfo) -> Value {
    let kind = match track.r#type() {
        lk::TrackType::Audio => "audio",
        lk::TrackType::Video => "video",
        lk::TrackType::Data => "data",
    };
    json!({
        "id": track.sid, "name": track.name, "kind": kind, "source": source_name(track.source), "muted": track.muted,
    })
}

fn source_name(source: i32) -> String {
    let source = lk::TrackSource::try_from(source).unwrap_or(lk::TrackSource::Unknown);
    source.as_str_name().to_lowercase()
}

fn kind_name(kind: i32) -> String {
    Kind::try_from(kind).unwrap_or(Kind::Standard).as_str_name().to_lowercase()
}

fn quality(told: lk::ConnectionQuality) -> Quality {
    match told {
        lk::ConnectionQuality::Lost => Quality::Lost,
        lk::ConnectionQuality::Poor => Quality::Poor,
        lk::ConnectionQuality::Good => Quality::Good,
        lk::ConnectionQuality::Excellent => Quality::Excellent,
    }
}

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
    fn back(before: &Person, now: &Person) -> OwnChange {
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

    fn is_done(&self, own: &Person) -> bool {
        let is = |wanted: &str, now: &str| wanted.is_empty() || wanted == now;
        let attribute =
            |(name, value): (&String, &String)| own.attributes.get(name).map_or("", String::as_str) == value.as_str();
        is(&self.name, &own.name) && is(&self.metadata, &own.metadata) && self.attributes.iter().all(attribute)
    }
}

/// Is told once what became of a request. Dropped without a word: the connection ended first.
pub type Told = Box<dyn FnOnce(Result<()>) + Send>;

struct Request {
    id: u32,
    change: OwnChange,
    until: Instant,
    done: Told,
}

/// Requests to change what others are told of this user.
#[derive(Default)]
pub(super) struct Requests {
    waiting: Vec<Request>,
    /// What became of those that are over. It is told last: who hears it finds what it says.
    over: Vec<(Told, Result<()>)>,
    last: u32,
}

impl Requests {
    pub(super) fn ask(&mut self, session: &mut Session, now: Instant, change: OwnChange, done: Told) {
        if self.waiting.len() >= MAX_REQUESTS {
            let text = format!("{MAX_REQUESTS} changes wait for the server's answer; try again in a moment");
            return self.over.push((done, Err(Error::new(Status::LIMIT, text))));
        }
        self.last += 1;
        let OwnChange { name, metadata, attributes } = change.clone();
        session.update_metadata(lk::UpdateParticipantMetadata { name, metadata, attributes, request_id: self.last });
        self.waiting.push(Request { id: self.last, change, until: now + PATIENCE, done });
    }

    /// The server's answer. What it accepts is true from then on: the change that it was for, which nobody has to wait for.
    pub(super) fn answered(&mut self, response: &lk::RequestResponse) -> Option<OwnChange> {
        let at = self.waiting.iter().position(|request| request.id == response.request_id)?;
        let Request { change, done, .. } = self.waiting.remove(at);
        let status = match response.reason() {
            Reason::Ok => {
                self.over.push((done, Ok(())));
                return Some(change);
            }
            // It does it later; the change itself tells.
            Reason::Queued => {
                self.over.push((done, Ok(())));
                return None;
            }
            Reason::NotAllowed => Status::NOT_ALLOWED,
            Reason::LimitExceeded => Status::LIMIT,
            _ => Status::REFUSED,
        };
        let why = match (response.message.as_str(), response.reason()) {
            ("", reason) => reason.as_str_name(),
            (message, _) => message,
        };
        self.over.push((done, Err(Error::new(status, format!("the server refused to change this user: {why}")))));
        None
    }

    /// This user is as the server says now: servers that give no answers tell by that.
    pub(super) fn seen(&mut self, own: &Person) {
        for request in self.waiting.extract_if(.., |request| request.change.is_done(own)) {
            self.over.push((request.done, Ok(())));
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.first().map(|request| request.until)
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        for request in self.waiting.extract_if(.., |request| request.until <= now) {
            let text = "the server did not answer within 10 s; look whether this user has changed, and try again";
            self.over.push((request.done, Err(Error::new(Status::TIMED_OUT, text))));
        }
    }

    /// Tells what became of those that are over.
    pub(super) fn tell(&mut self) {
        self.over.drain(..).for_each(|(done, outcome)| done(outcome));
    }

    pub(super) fn end(&mut self) {
        self.waiting.clear();
    }
}

impl People {
    /// Takes over what the server has accepted, which it is about to tell.
    pub(super) fn accepted(&mut self, change: OwnChange, events: &mut VecDeque<EventBody>) {
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
