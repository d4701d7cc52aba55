//! What a LiveKit token says: the claims and grants of livekit/protocol's `auth/grants.go`.
//!
//! A claim of a wrong type is refused, as LiveKit's server does: read as absent, a permission would be the default, which allows.
//! A claim that is not known here is kept and written again.

mod fields;
mod flags;
#[cfg(test)]
mod tests;
mod video;

pub use flags::{AgentGrant, InferenceGrant, ObservabilityGrant, SipGrant};
pub use video::VideoGrant;

pub(super) use fields::Fields;

use crate::Result;
use fields::bad;
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
