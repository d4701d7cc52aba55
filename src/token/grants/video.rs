//! What a user may do in a room.

use super::Fields;
use crate::Result;
use serde_json::{Map, Value};

/// What a user may do; the name is LiveKit's, it covers audio and data too. An absent permission means the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoGrant {
    /// The room that the token is for.
    pub room: String,
    /// May join the room.
    pub room_join: bool,
    /// May create rooms.
    pub room_create: bool,
    /// May list rooms.
    pub room_list: bool,
    /// May record rooms.
    pub room_record: bool,
    /// May administer the room.
    pub room_admin: bool,
    /// May administer ingresses.
    pub ingress_admin: bool,
    /// May publish tracks; default true.
    pub can_publish: Option<bool>,
    /// May publish data; default as `can_publish`.
    pub can_publish_data: Option<bool>,
    /// May subscribe; default true.
    pub can_subscribe: Option<bool>,
    /// May subscribe to metrics; default false.
    pub can_subscribe_metrics: Option<bool>,
    /// May manage an agent's session; default false.
    pub can_manage_agent_session: Option<bool>,
    /// Only these sources may be published (`microphone`, `camera`, `screen_share`, `screen_share_audio`); empty: all.
    pub can_publish_sources: Vec<String>,
    /// May change its own name, metadata and attributes; default false.
    pub can_update_own_metadata: Option<bool>,
    /// Others do not see this participant.
    pub hidden: bool,
    /// The participant records.
    pub recorder: bool,
    /// The participant is an agent.
    pub agent: bool,
    /// The room that the participant may be forwarded to.
    pub destination_room: String,
    /// Grants that are not known here.
    pub other: Map<String, Value>,
}

impl VideoGrant {
    /// Whether tracks may be published.
    pub fn may_publish(&self) -> bool {
        self.can_publish.unwrap_or(true)
    }
    /// Whether tracks of this source may be published.
    pub fn may_publish_source(&self, source: &str) -> bool {
        self.may_publish()
            && (self.can_publish_sources.is_empty() || self.can_publish_sources.iter().any(|s| s == source))
    }
    /// Whether data may be published.
    pub fn may_publish_data(&self) -> bool {
        self.can_publish_data.unwrap_or(self.may_publish())
    }
    /// Whether tracks and data of others may be received.
    pub fn may_subscribe(&self) -> bool {
        self.can_subscribe.unwrap_or(true)
    }
    /// Whether the participant may change its own name, metadata and attributes.
    pub fn may_update_own_metadata(&self) -> bool {
        self.can_update_own_metadata.unwrap_or(false)
    }

    pub(super) fn from_json(mut fields: Fields) -> Result<VideoGrant> {
        Ok(VideoGrant {
            room: fields.text("room")?,
            room_join: fields.flag("roomJoin")?.unwrap_or(false),
            room_create: fields.flag("roomCreate")?.unwrap_or(false),
            room_list: fields.flag("roomList")?.unwrap_or(false),
            room_record: fields.flag("roomRecord")?.unwrap_or(false),
            room_admin: fields.flag("roomAdmin")?.unwrap_or(false),
            ingress_admin: fields.flag("ingressAdmin")?.unwrap_or(false),
            can_publish: fields.flag("canPublish")?,
            can_publish_data: fields.flag("canPublishData")?,
            can_subscribe: fields.flag("canSubscribe")?,
            can_subscribe_metrics: fields.flag("canSubscribeMetrics")?,
            can_manage_agent_session: fields.flag("canManageAgentSession")?,
            can_publish_sources: fields.texts("canPublishSources")?,
            can_update_own_metadata: fields.flag("canUpdateOwnMetadata")?,
            hidden: fields.flag("hidden")?.unwrap_or(false),
            recorder: fields.flag("recorder")?.unwrap_or(false),
            agent: fields.flag("agent")?.unwrap_or(false),
            destination_room: fields.text("destinationRoom")?,
            other: fields.0,
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let mut map = self.other.clone();
        let texts = [("room", &self.room), ("destinationRoom", &self.destination_room)];
        map.extend(texts.iter().filter(|t| !t.1.is_empty()).map(|(k, v)| (k.to_string(), v.as_str().into())));
        let always = [
            ("roomJoin", self.room_join),
            ("roomCreate", self.room_create),
            ("roomList", self.room_list),
            ("roomRecord", self.room_record),
            ("roomAdmin", self.room_admin),
            ("ingressAdmin", self.ingress_admin),
            ("hidden", self.hidden),
            ("recorder", self.recorder),
            ("agent", self.agent),
        ];
        let given = [
            ("canPublish", self.can_publish),
            ("canPublishData", self.can_publish_data),
            ("canSubscribe", self.can_subscribe),
            ("canSubscribeMetrics", self.can_subscribe_metrics),
            ("canManageAgentSession", self.can_manage_agent_session),
            ("canUpdateOwnMetadata", self.can_update_own_metadata),
        ];
        let flags = always.into_iter().filter(|f| f.1).map(|(k, v)| (k, Some(v))).chain(given);
        map.extend(flags.filter_map(|(k, v)| Some((k.to_string(), v?.into()))));
        if !self.can_publish_sources.is_empty() {
            map.insert("canPublishSources".into(), self.can_publish_sources.clone().into());
        }
        map.into()
    }
}
