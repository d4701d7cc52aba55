//! What a LiveKit token says: the claims and grants of livekit/protocol's `auth/grants.go`.
//!
//! A claim of a wrong type is refused, as LiveKit's server does: read as absent, a permission would be the default, which allows.
//! A claim that is not known here is kept and written again.

use crate::{Error, Result, Status};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// `iss`: the API key (app id). [`super::jwt::build`] fills it in.
    pub iss: String,
    /// `sub`: the user's identity.
    pub sub: String,
    /// The user's display name.
    pub name: String,
    /// The end of validity, seconds since the Unix epoch.
    pub exp: u64,
    /// The begin of validity, seconds since the Unix epoch; 0 when absent.
    pub nbf: u64,
    /// When it was made, seconds since the Unix epoch, where the token says so.
    pub iat: Option<u64>,
    /// Free text of the application.
    pub metadata: String,
    /// Free key-value pairs of the application.
    pub attributes: BTreeMap<String, String>,
    /// `standard`, `agent`, `sip`, …; may be empty.
    pub kind: String,
    /// Finer kinds (`cloud_agent`, `forwarded`, …).
    pub kind_details: Vec<String>,
    /// What the user may do.
    pub video: VideoGrant,
    /// Telephony.
    pub sip: Option<SipGrant>,
    /// Agents in LiveKit's cloud.
    pub agent: Option<AgentGrant>,
    /// Models in LiveKit's cloud.
    pub inference: Option<InferenceGrant>,
    /// Observations of a session.
    pub observability: Option<ObservabilityGrant>,
    /// How the room is made if this user is the first in it: `RoomConfiguration` as JSON. Null when absent.
    pub room_config: Value,
    /// The name of such a configuration that the server keeps.
    pub room_preset: String,
    /// The SHA-256 of a body that the token goes with.
    pub sha256: String,
    /// Claims that are not known here.
    pub other: Map<String, Value>,
}

impl Claims {
    /// Whether the user is an agent, which may speak for others.
    pub fn is_agent(&self) -> bool {
        self.kind == "agent" || self.video.agent
    }

    /// Whether the user is there to record the room.
    pub fn is_recorder(&self) -> bool {
        self.kind == "egress" || self.video.recorder
    }

    /// Whether the user is there for the others alone: such ones do not keep a room from ending, nor fill it.
    pub fn is_dependent(&self) -> bool {
        self.is_agent() || self.is_recorder()
    }
}

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

/// Grants that are nothing but flags.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: bool,)*
            /// Grants that are not known here.
            pub other: Map<String, Value>,
        }

        impl $name {
            fn from_json(fields: &mut Fields, key: &str) -> Result<Option<$name>> {
                let Some(mut own) = fields.object(key)? else { return Ok(None) };
                Ok(Some($name { $($field: own.flag($key)?.unwrap_or(false),)* other: own.0 }))
            }

            fn to_json(&self) -> Value {
                let mut map = self.other.clone();
                $(if self.$field {
                    map.insert($key.into(), true.into());
                })*
                map.into()
            }
        }
    };
}

flags! {
    /// Telephony.
    SipGrant {
        /// Everything.
        admin = "admin",
        /// Calling out.
        call = "call",
    }
}
flags! {
    /// Agents in LiveKit's cloud.
    AgentGrant {
        /// Making, changing and deleting agents.
        admin = "admin",
        /// Simulations.
        simulation_admin = "simulationAdmin",
        /// The agents' databases.
        database_admin = "databaseAdmin",
    }
}
flags! {
    /// Models in LiveKit's cloud.
    InferenceGrant {
        /// Using them.
        perform = "perform",
    }
}
flags! {
    /// Observations of a session.
    ObservabilityGrant {
        /// Publishing them.
        write = "write",
    }
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

    fn from_json(mut fields: Fields) -> Result<VideoGrant> {
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

    fn to_json(&self) -> Value {
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

impl Claims {
    /// Reads a token's payload.
    pub fn from_json(payload: Value) -> Result<Claims> {
        let Value::Object(map) = payload else {
            return Err(bad("The token's claims are no JSON object; build it with one."));
        };
        let mut fields = Fields(map);
        let mut sub = fields.text("sub")?;
        if sub.is_empty() {
            // LiveKit's oldest tokens have the identity in `jti`.
            sub = fields.text("jti")?;
        }
        Ok(Claims {
            iss: fields.text("iss")?,
            sub,
            name: fields.text("name")?,
            exp: fields.time("exp")?.unwrap_or(0),
            nbf: fields.time("nbf")?.unwrap_or(0),
            iat: fields.time("iat")?,
            metadata: fields.text("metadata")?,
            attributes: fields.pairs("attributes")?,
            kind: fields.text("kind")?,
            kind_details: fields.texts("kindDetails")?,
            video: VideoGrant::from_json(fields.object("video")?.unwrap_or_default())?,
            sip: SipGrant::from_json(&mut fields, "sip")?,
            agent: AgentGrant::from_json(&mut fields, "agent")?,
            inference: InferenceGrant::from_json(&mut fields, "inference")?,
            observability: ObservabilityGrant::from_json(&mut fields, "observability")?,
            room_config: fields.object("roomConfig")?.map_or(Value::Null, |config| config.0.into()),
            room_preset: fields.text("roomPreset")?,
            sha256: fields.text("sha256")?,
            other: fields.0,
        })
    }

    /// A token's payload, issued by `key`.
    pub fn to_json(&self, key: &str) -> Value {
        let mut map = self.other.clone();
        let texts = [
            ("iss", key),
            ("sub", &self.sub),
            ("name", &self.name),
            ("metadata", &self.metadata),
            ("kind", &self.kind),
            ("roomPreset", &self.room_preset),
            ("sha256", &self.sha256),
        ];
        map.extend(texts.iter().filter(|t| !t.1.is_empty()).map(|(k, v)| (k.to_string(), (*v).into())));
        map.insert("exp".into(), self.exp.into());
        map.insert("nbf".into(), self.nbf.into());
        if let Some(iat) = self.iat {
            map.insert("iat".into(), iat.into());
        }
        if !self.attributes.is_empty() {
            map.insert("attributes".into(), self.attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
        }
        if !self.kind_details.is_empty() {
            map.insert("kindDetails".into(), self.kind_details.clone().into());
        }
        let grants = [
            ("video", Some(self.video.to_json())),
            ("sip", self.sip.as_ref().map(SipGrant::to_json)),
            ("agent", self.agent.as_ref().map(AgentGrant::to_json)),
            ("inference", self.inference.as_ref().map(InferenceGrant::to_json)),
            ("observability", self.observability.as_ref().map(ObservabilityGrant::to_json)),
            ("roomConfig", Some(&self.room_config).filter(|config| !config.is_null()).cloned()),
        ];
        map.extend(grants.into_iter().filter_map(|(key, grant)| Some((key.to_string(), grant?))));
        map.into()
    }
}

/// The fields of an object that were not taken yet. A null counts as absent.
#[derive(Default)]
pub(super) struct Fields(pub Map<String, Value>);

impl Fields {
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, key: &str) -> Result<String> {
        match self.take(key) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(wrong(key, "a string")),
        }
    }

    pub fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        self.take(key).map(|value| value.as_bool().ok_or_else(|| wrong(key, "true or false"))).transpose()
    }

    /// NumericDate may have a fraction (RFC 7519, section 2).
    fn time(&mut self, key: &str) -> Result<Option<u64>> {
        let number = |value: Value| value.as_u64().or_else(|| Some(value.as_f64()?.max(0.0) as u64));
        self.take(key).map(|value| number(value).ok_or_else(|| wrong(key, "a number"))).transpose()
    }

    pub fn texts(&mut self, key: &str) -> Result<Vec<String>> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|a| a.iter().map(|v| v.as_str().map(str::to_string)).collect());
        texts.ok_or_else(|| wrong(key, "a list of strings"))
    }

    fn pairs(&mut self, key: &str) -> Result<BTreeMap<String, String>> {
        let pairs = self.object(key)?.unwrap_or_default().0.into_iter();
        pairs
            .map(|(name, value)| Ok((name, value.as_str().ok_or_else(|| wrong(key, "strings"))?.to_string())))
            .collect()
    }

    pub fn object(&mut self, key: &str) -> Result<Option<Fields>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields(map))),
            Some(_) => Err(wrong(key, "an object")),
        }
    }
}

fn wrong(key: &str, what: &str) -> Error {
    bad(format!("The token's claim {key} is not {what}: make it that."))
}

fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Status::BAD_TOKEN, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every claim of livekit/protocol, and three that nobody knows.
    const ALL: &str = r#"{
        "iss": "key", "sub": "ann", "name": "Ann", "exp": 2000, "nbf": 1000, "iat": 1000, "metadata": "m", "kind": "agent",
        "kindDetails": ["cloud_agent"], "attributes": {"lang": "de"}, "roomPreset": "big", "sha256": "abc",
        "video": {
            "room": "hall", "roomJoin": true, "roomCreate": true, "roomList": true, "roomRecord": true, "roomAdmin": true,
            "ingressAdmin": true, "canPublish": false, "canPublishData": true, "canSubscribe": false,
            "canSubscribeMetrics": true, "canManageAgentSession": true, "canPublishSources": ["microphone", "camera"],
            "canUpdateOwnMetadata": true, "hidden": true, "recorder": true, "agent": true, "destinationRoom": "other",
            "canFly": true
        },
        "sip": {"admin": true, "call": true, "hangUp": 1}, "inference": {"perform": true}, "observability": {"write": true},
        "agent": {"admin": true, "simulationAdmin": true, "databaseAdmin": true},
        "roomConfig": {"name": "hall", "emptyTimeout": 30}, "mine": {"deep": [1, 2]}
    }"#;

    #[test]
    fn every_claim_survives_both_ways() {
        let all: Value = serde_json::from_str(ALL).unwrap();
        let claims = Claims::from_json(all.clone()).unwrap();
        assert!(claims.video.room_record && claims.video.ingress_admin && claims.video.destination_room == "other");
        assert!(claims.sip.as_ref().unwrap().call && claims.agent.as_ref().unwrap().database_admin);
        assert!(claims.inference.as_ref().unwrap().perform && claims.observability.as_ref().unwrap().write);
        assert_eq!(claims.other["mine"]["deep"][1], 2);
        assert_eq!(claims.to_json("key"), all);
    }

    #[test]
    fn a_claim_of_a_wrong_type_is_refused() {
        for (text, part) in [
            (r#"{"video": {"canPublish": "false"}}"#, "canPublish is not true or false"),
            (r#"{"video": {"canPublishSources": [1]}}"#, "canPublishSources is not a list of strings"),
            (r#"{"video": true}"#, "video is not an object"),
            (r#"{"sub": 7}"#, "sub is not a string"),
            (r#"{"exp": "tomorrow"}"#, "exp is not a number"),
            (r#"{"attributes": {"a": 1}}"#, "attributes is not strings"),
            ("[]", "no JSON object"),
        ] {
            let error = Claims::from_json(serde_json::from_str(text).unwrap()).unwrap_err();
            assert!(error.text.contains(part), "{} lacks {part}", error.text);
        }
        let null = Claims::from_json(serde_json::from_str(r#"{"sub": null, "video": null}"#).unwrap()).unwrap();
        assert_eq!(null, Claims::default());
    }

    #[test]
    fn permissions_have_livekits_defaults() {
        let grant = VideoGrant::default();
        assert!(grant.may_publish() && grant.may_publish_data() && grant.may_subscribe());
        assert!(!grant.may_update_own_metadata());
        let grant = VideoGrant { can_publish: Some(false), ..Default::default() };
        assert!(!grant.may_publish_data(), "data follows publishing when it is not said");
        let grant = VideoGrant { can_publish_sources: vec!["microphone".into()], ..Default::default() };
        assert!(grant.may_publish_source("microphone") && !grant.may_publish_source("camera"));
    }
}
