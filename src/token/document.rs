//! Tokens of both families as JSON, the same for building and for showing:
//!
//! ```json
//! {"family": "livekit", "claims": {"sub": "ada", "exp": 1700003600, "video": {"room": "hall", "roomJoin": true}}}
//! {"family": "access_token2", "claims": {"app_id": "…", "issue_ts": 1700000000, "expire": 3600, "salt": 1, "services": [
//!     {"type": "rtc", "channel": "hall", "uid": "7", "privileges": {"join_channel": 3600, "publish_audio": 3600}}]}}
//! ```
//!
//! LiveKit's claims are those of the JWT itself. `privileges` are seconds after `issue_ts`, by name or by number. The
//! services and their fields are `rtc` (`channel`, `uid`), `rtm` (`user_id`), `streaming` (`channel`, `account`), `fpa`,
//! `chat` (`user_id`), `fcdn` (`channel`, `account`), `apaas` (`room_uuid`, `user_uuid`, `role`), `rtm2` (`user_id`,
//! `permissions`), `convo_ai` and `stt`. When building, `iss` or `app_id` may be left out (it is the key), and so may the
//! times (from now, for an hour) and the salt (drawn).

use super::access2::{self, Permissions, Privileges, Scope, Service, Token};
use super::grants::{Claims, Fields};
use super::{Family, family, jwt};
use crate::{Error, Result, Status};
use serde_json::{Map, Value, json};

/// How long a token is valid that does not say it, seconds.
const TTL: u32 = 3600;

/// What a token leaves open, from the world outside.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// Now, seconds since the Unix epoch.
    pub unix_now: u64,
    /// Any random number, for the salt.
    pub random: u32,
}

impl Fresh {
    /// A salt.
    pub fn salt(self) -> u32 {
        self.random % access2::MAX_SALT + 1
    }
}

/// Shows what a token of either family says, without verifying it. No secret is in it.
pub fn show(token: &str) -> Result<Value> {
    match family(token) {
        Family::LiveKit => Ok(json!({"family": Family::LiveKit.name(), "claims": jwt::payload(token)?})),
        Family::AccessToken2 => Ok(show_access(&access2::parse(token)?)),
    }
}

fn show_access(parsed: &access2::Parsed) -> Value {
    let token = &parsed.token;
    let mut claims = json!({
        "app_id": token.app_id,
        "issue_ts": token.issue_ts,
        "expire": token.expire,
        "salt": token.salt,
        "services": token.services.iter().map(show_service).collect::<Vec<_>>(),
    });
    if let Some(unknown) = &parsed.unknown {
        claims["unknown"] = json!({"type": unknown.number, "count": unknown.count, "bytes": unknown.bytes});
    }
    json!({"family": Family::AccessToken2.name(), "claims": claims})
}

fn show_service(service: &Service) -> Value {
    let names = service.scope.privilege_names();
    let named = |(privilege, expire): (&u16, &u32)| (name_of(names, 1, *privilege), Value::from(*expire));
    let privileges: Map<String, Value> = service.privileges.iter().map(named).collect();
    let mut value = match &service.scope {
        Scope::Rtc { channel, uid } => json!({"channel": channel, "uid": uid}),
        Scope::Rtm { user_id } | Scope::Chat { user_id } => json!({"user_id": user_id}),
        Scope::Streaming { channel, account } | Scope::Fcdn { channel, account } => {
            json!({"channel": channel, "account": account})
        }
        Scope::Apaas { room_uuid, user_uuid, role } => {
            json!({"room_uuid": room_uuid, "user_uuid": user_uuid, "role": role})
        }
        Scope::Rtm2 { user_id, permissions } => {
            json!({"user_id": user_id, "permissions": show_permissions(permissions)})
        }
        Scope::Fpa | Scope::ConvoAi | Scope::Stt => json!({}),
    };
    value["type"] = service.scope.name().into();
    value["privileges"] = privileges.into();
    value
}

/// The kinds of resources of RTM2, from 0 on, and what may be done with them.
const RESOURCES: &[&str] = &["message_channels", "stream_channels", "group_channels", "server_groups", "users"];
const USES: &[&str] = &["read", "write"];

fn show_permissions(permissions: &Permissions) -> Value {
    let uses = |uses: &std::collections::BTreeMap<u16, Vec<String>>| -> Map<String, Value> {
        uses.iter().map(|(usage, names)| (name_of(USES, 0, *usage), names.clone().into())).collect()
    };
    permissions
        .iter()
        .map(|(resource, of)| (name_of(RESOURCES, 0, *resource), uses(of).into()))
        .collect::<Map<_, _>>()
        .into()
}

/// The name of a number, where it has one; the names begin with that of `first`.
fn name_of(names: &[&str], first: u16, number: u16) -> String {
    let name = number.checked_sub(first).and_then(|index| names.get(usize::from(index)));
    name.map_or_else(|| number.to_string(), |name| name.to_string())
}

/// The number of a name, or of its decimal form.
fn number_of(names: &[&str], first: u16, name: &str) -> Result<u16> {
    if let Some(index) = names.iter().position(|known| *known == name) {
        return Ok(first + index as u16);
    }
    let known = if names.is_empty() { "a number".to_string() } else { format!("{} or a number", names.join(", ")) };
    name.parse().map_err(|_| bad(format!("\"{name}\" is not known here: give {known}")))
}

/// Builds a token of either family from its JSON form, signed with `secret`, issued by `key`.
pub fn build(document: &str, key: &str, secret: &str, fresh: Fresh) -> Result<String> {
    let document: Value = serde_json::from_str(document)
        .map_err(|error| bad(format!("the document is not JSON: {error}; give an object with family and claims")))?;
    let Value::Object(map) = document else {
        return Err(bad("the document is no JSON object: give one with family and claims"));
    };
    let mut fields = Fields(map);
    let name = fields.text("family").map_err(argument)?;
    let claims = fields.object("claims").map_err(argument)?.unwrap_or_default();
    nothing_else(&fields, "the document")?;
    if name == Family::LiveKit.name() {
        build_livekit(claims, key, secret, fresh)
    } else if name == Family::AccessToken2.name() {
        build_access(claims, key, secret, fresh)
    } else {
        Err(bad(format!("family is \"{name}\": give \"livekit\" or \"access_token2\"")))
    }
}

fn build_livekit(claims: Fields, key: &str, secret: &str, fresh: Fresh) -> Result<String> {
    let mut claims = Claims::from_json(claims.0.into()).map_err(argument)?;
    same_key("iss", &claims.iss, key)?;
    if claims.nbf == 0 {
        claims.nbf = fresh.unix_now;
    }
    if claims.exp == 0 {
        claims.exp = fresh.unix_now + u64::from(TTL);
    }
    Ok(jwt::build(&claims, key, secret))
}

fn build_access(mut claims: Fields, key: &str, secret: &str, fresh: Fresh) -> Result<String> {
    if claims.take("unknown").is_some() {
        return Err(bad(
            "the token has a service that is not known here, so it cannot be built anew: take \"unknown\" out",
        ));
    }
    same_key("app_id", &claims.text("app_id").map_err(argument)?, key)?;
    let now = u32::try_from(fresh.unix_now)
        .map_err(|_| bad("the clock is beyond the times of an AccessToken2 (2106): set it"))?;
    let mut number = |name: &str, default| match claims.take(name) {
        None => Ok(default),
        Some(value) => u32_of(name, &value),
    };
    let (issue_ts, expire, salt) = (number("issue_ts", now)?, number("expire", TTL)?, number("salt", fresh.salt())?);
    let services = match claims.take("services") {
        Some(Value::Array(services)) => services.into_iter().map(build_service).collect::<Result<_>>()?,
        _ => return Err(bad("services is no list: give at least one service")),
    };
    nothing_else(&claims, "claims")?;
    access2::build(&Token { app_id: key.into(), issue_ts, expire, salt, services }, secret).map_err(argument)
}

fn build_service(service: Value) -> Result<Service> {
    let Value::Object(map) = service else {
        return Err(bad("a service is no JSON object: give one with type and privileges"));
    };
    let mut fields = Fields(map);
    let mut text = |name: &str| fields.text(name).map_err(argument);
    let kind = text("type")?;
    let scope = match kind.as_str() {
        "rtc" => Scope::Rtc { channel: text("channel")?, uid: text("uid")? },
        "rtm" => Scope::Rtm { user_id: text("user_id")? },
        "streaming" => Scope::Streaming { channel: text("channel")?, account: text("account")? },
        "fpa" => Scope::Fpa,
        "chat" => Scope::Chat { user_id: text("user_id")? },
        "fcdn" => Scope::Fcdn { channel: text("channel")?, account: text("account")? },
        "apaas" => {
            let (room_uuid, user_uuid) = (text("room_uuid")?, text("user_uuid")?);
            let role = fields.take("role").map_or(Some(-1), |role| i16::try_from(role.as_i64()?).ok());
            Scope::Apaas {
                room_uuid,
                user_uuid,
                role: role.ok_or_else(|| bad("role is no number: give -32768 to 32767"))?,
            }
        }
        "rtm2" => {
            let user_id = text("user_id")?;
            let permissions = fields.object("permissions").map_err(argument)?.unwrap_or_default();
            Scope::Rtm2 { user_id, permissions: build_permissions(permissions)? }
        }
        "convo_ai" => Scope::ConvoAi,
        "stt" => Scope::Stt,
        other => {
            return Err(bad(format!(
                "the service's type is \"{other}\": give rtc, rtm, streaming, fpa, chat, fcdn, apaas, rtm2, convo_ai or stt"
            )));
        }
    };
    let mut privileges = Privileges::new();
    for (name, expire) in fields.object("privileges").map_err(argument)?.unwrap_or_default().0 {
        let number = number_of(scope.privilege_names(), 1, &name)?;
        if privileges.insert(number, u32_of(&name, &expire)?).is_some() {
            return Err(bad(format!("the privilege {name} is there twice, by name and by number: leave one out")));
        }
    }
    nothing_else(&fields, "the service")?;
    Ok(Service { scope, privileges })
}

fn build_permissions(fields: Fields) -> Result<Permissions> {
    let mut permissions = Permissions::new();
    for (resource, uses) in fields.0 {
        let Value::Object(uses) = uses else {
            return Err(bad(format!("{resource} is no object: give one with read and write")));
        };
        let of = permissions.entry(number_of(RESOURCES, 0, &resource)?).or_default();
        let mut uses = Fields(uses);
        let names: Vec<String> = uses.0.keys().cloned().collect();
        for name in names {
            of.insert(number_of(USES, 0, &name)?, uses.texts(&name).map_err(argument)?);
        }
    }
    Ok(permissions)
}

/// A misspelt name must not pass for a wish that was granted.
fn nothing_else(fields: &Fields, what: &str) -> Result<()> {
    match fields.0.keys().next() {
        None => Ok(()),
        Some(key) => Err(bad(format!("{what} has a member \"{key}\" that is not known here: remove it"))),
    }
}

fn same_key(name: &str, given: &str, key: &str) -> Result<()> {
    if given.is_empty() || given == key {
        return Ok(());
    }
    Err(bad(format!("{name} is \"{given}\", and the key \"{key}\": leave {name} out, or take its own key")))
}

fn u32_of(name: &str, value: &Value) -> Result<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| bad(format!("{name} is no whole number: give 0 to 4294967295")))
}

fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Status::BAD_ARGUMENT, sentence)
}

/// What is wrong with a token in the making is wrong with an argument.
fn argument(error: Error) -> Error {
    bad(error.text)
}
