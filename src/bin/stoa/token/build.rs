//! `stoa token build`.

use super::unix_now;
use crate::flags::{Flags, Item};
use crate::output::{self, Output};
use crate::{Exit, Failure};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;
use stoa::token::Family;
use stoa::token::document::{self, Fresh};
use stoa::token::pass;

pub const HELP: &str = "\
stoa token build --key K --secret S --room R --user U [--ttl TIME] ...
    Makes a token and prints it.

    --family NAME      livekit (a JWT; the default) or access_token2 (007...)
    --key K            the server's key (app id). Else STOA_KEY.
    --secret S         its secret (app certificate). Else STOA_SECRET. Others see arguments, but not the environment.
    --room R           the room (channel) that may be joined
    --user U           who may join; an AccessToken2 without it is for any user
    --ttl TIME         how long it may be used: 3600, 90s, 10m, 1h, 7d (1h)
    --no-publish       not to speak
    --no-data          not to send data and messages
    --claims FILE.json the claims to begin with, alone or as show --json prints them; what flags say counts more.
                       - reads standard input.

  Of a LiveKit token only
    --no-subscribe     not to hear
    --hidden           unseen by the others
    --admin            may administer the room
    --recorder         is a recorder
    --agent            is an agent
    --update-metadata  may change its own name, metadata and attributes
    --name TEXT        the name to show
    --metadata TEXT    free text of the application
    --attribute K=V    a free pair of the application; repeat it for more

    --json             prints {\"token\": ..., \"family\": ...}
    --help             this text

Exit codes: 0 made; 1 it failed; 2 wrong usage.
";

/// The grants that are nothing but a flag: the flag, LiveKit's name, its value.
const GRANTS: [(&str, &str, bool); 8] = [
    ("--no-publish", "canPublish", false),
    ("--no-subscribe", "canSubscribe", false),
    ("--no-data", "canPublishData", false),
    ("--hidden", "hidden", true),
    ("--admin", "roomAdmin", true),
    ("--recorder", "recorder", true),
    ("--agent", "agent", true),
    ("--update-metadata", "canUpdateOwnMetadata", true),
];
/// Which of them an AccessToken2 can say.
const COMMON: [&str; 2] = ["--no-publish", "--no-data"];
/// What `stoa token show --json` prints.
const SHOWN: [&str; 5] = ["family", "claims", "verified", "expires_at", "expired"];
/// How long a token is good for that does not say it.
const TTL: Duration = Duration::from_secs(3600);

/// What the flags say.
#[derive(Default)]
struct Given {
    access: bool,
    key: Option<String>,
    secret: Option<String>,
    room: Option<String>,
    user: Option<String>,
    ttl: Option<Duration>,
    grants: Vec<(&'static str, &'static str, bool)>,
    /// `name`, `metadata`: with their flags.
    texts: Vec<(&'static str, &'static str, String)>,
    attributes: Map<String, Value>,
    claims: Map<String, Value>,
    json: bool,
}

pub fn run(mut flags: Flags) -> Result<Exit, Failure> {
    let mut given = Given::default();
    let mut claims = None;
    while let Some(item) = flags.next()? {
        let flag = match item {
            Item::Flag(flag) => flag,
            Item::Value(value) => return Err(flags.too_many(&value)),
        };
        if let Some(grant) = GRANTS.iter().find(|(name, ..)| *name == flag) {
            given.grants.push(*grant);
            continue;
        }
        match flag.as_str() {
            "--family" => {
                let name = flags.value()?;
                given.access = name == Family::AccessToken2.name();
                if !given.access && name != Family::LiveKit.name() {
                    return Err(flags.bad(&format!("{name} is no family of tokens; give livekit or access_token2.")));
                }
            }
            "--key" => given.key = Some(flags.value()?),
            "--secret" => given.secret = Some(flags.value()?),
            "--room" => given.room = Some(flags.value()?),
            "--user" => given.user = Some(flags.value()?),
            "--ttl" => given.ttl = Some(flags.duration()?),
            "--name" => given.texts.push(("--name", "name", flags.value()?)),
            "--metadata" => given.texts.push(("--metadata", "metadata", flags.value()?)),
            "--attribute" => {
                let text = flags.value()?;
                let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
                let cure = format!("{text} is no pair; give a name and a value, as in --attribute lang=de.");
                let (key, value) = pair.ok_or_else(|| flags.bad(&cure))?;
                given.attributes.insert(key.into(), value.into());
            }
            "--claims" => claims = Some(flags.path()?),
            "--json" => given.json = true,
            "--help" | "-h" => return output::print(flags.help()),
            _ => return Err(flags.unknown(&flag)),
        }
    }
    let family = if given.access { Family::AccessToken2 } else { Family::LiveKit };
    if let Some(path) = claims {
        given.claims = read(&path, family)?;
    }
    let room = given.room.clone().unwrap_or_default();
    for (flag, name) in [("--room", &given.room), ("--user", &given.user)] {
        name.as_ref().map_or(Ok(()), |name| super::name(flag, name))?;
    }
    let (key, secret) = super::key(given.key.as_deref(), given.secret.as_deref())?;
    let json = given.json;
    let fresh = Fresh { unix_now: unix_now(), random: random()? };
    let claims = if given.access { given.access_token2()? } else { given.livekit(fresh.unix_now)? };
    let text = json!({"family": family.name(), "claims": claims}).to_string();
    // What is wrong now is wrong with what was given: no token was refused.
    let token = document::build(&text, &key, &secret, fresh)
        .map_err(|error| Failure { exit: Exit::Usage, ..Failure::of("stoa token build", &error) })?;
    // With the flags all is well by now. A token that is not for joining needs no room.
    if let Ok(pass) = pass::read(&token, &room)
        && pass.claims.video.room_join
    {
        super::names(&pass).map_err(|error| Failure::of("--claims", &error))?;
    }
    let output = Output::new(json, false);
    output.tell(&token, || json!({"token": token, "family": family.name()}));
    output.end(Exit::Done)
}

impl Given {
    fn livekit(self, now: u64) -> Result<Value, Failure> {
        let mut claims = Value::Object(self.claims);
        let ttl = self.ttl.or(claims["exp"].is_null().then_some(TTL));
        if let Some(ttl) = ttl {
            claims["nbf"] = now.into();
            claims["exp"] = (now + ttl.as_secs().max(1)).into();
        }
        if let Some(user) = self.user {
            claims["sub"] = user.into();
        }
        if claims["sub"].as_str().unwrap_or_default().is_empty() {
            return Err(Failure::usage("--user is missing: name who may join, as in --user ann."));
        }
        if !matches!(claims["video"], Value::Object(_) | Value::Null) {
            return Err(Failure::usage(
                "--claims: video is no JSON object; give one, as in {\"video\": {\"room\": \"hall\"}}.",
            ));
        }
        if let Some(room) = self.room {
            claims["video"]["room"] = room.into();
            claims["video"]["roomJoin"] = true.into();
        }
        if claims["video"].is_null() {
            return Err(Failure::usage("--room is missing: name the room that may be joined, as in --room hall."));
        }
        for (_, name, value) in self.grants {
            claims["video"][name] = value.into();
        }
        for (_, name, text) in self.texts {
            claims[name] = text.into();
        }
        if !matches!(claims["attributes"], Value::Object(_) | Value::Null) {
            return Err(Failure::usage("--claims: attributes is no JSON object; give pairs of texts."));
        }
        for (name, value) in self.attributes {
            claims["attributes"][name] = value;
        }
        if let Value::Object(claims) = &mut claims {
            // To look is to make, with serde_json.
            claims.retain(|_, value| !value.is_null());
        }
        Ok(claims)
    }

    fn access_token2(self) -> Result<Value, Failure> {
        let attribute = (!self.attributes.is_empty()).then_some("--attribute");
        let grant = self.grants.iter().map(|grant| grant.0).find(|flag| !COMMON.contains(flag));
        if let Some(flag) = attribute.or(grant).or(self.texts.first().map(|text| text.0)) {
            let text =
                format!("{flag} is nothing that an AccessToken2 can say; leave it out, or give --family livekit.");
            return Err(Failure::usage(text));
        }
        let mut claims = Value::Object(self.claims);
        let ttl = self.ttl.unwrap_or(TTL).as_secs().max(1);
        if self.ttl.is_some() || claims["expire"].is_null() {
            claims["expire"] = ttl.into();
        }
        if let Some(room) = self.room {
            let denied = |flag: &str| self.grants.iter().any(|grant| grant.0 == flag);
            let (publish, data) = (!denied("--no-publish"), !denied("--no-data"));
            let privileges = [
                ("join_channel", true),
                ("publish_audio", publish),
                ("publish_video", publish),
                ("publish_data", data),
            ];
            let privileges: Map<String, Value> =
                privileges.iter().filter(|(_, may)| *may).map(|(name, _)| (name.to_string(), ttl.into())).collect();
            let user = self.user.unwrap_or_default();
            let service = json!({"type": "rtc", "channel": room, "uid": user, "privileges": privileges});
            match &mut claims["services"] {
                Value::Array(services) => services.push(service),
                services => *services = json!([service]),
            }
        } else if claims["services"].is_null() {
            return Err(Failure::usage("--room is missing: name the room that may be joined, as in --room hall."));
        }
        if let Value::Object(claims) = &mut claims {
            claims.retain(|_, value| !value.is_null());
        }
        Ok(claims)
    }
}

/// The claims in a file, which has them alone or as `stoa token show --json` prints them. Anything else is refused: LiveKit's
/// tokens may have claims of any name, so what is said at a wrong place would bind nobody.
fn read(path: &Path, family: Family) -> Result<Map<String, Value>, Failure> {
    let bad = |what: String| Failure::usage(format!("--claims {} {what}.", path.display()));
    let mut object = read_object(path)?;
    let mut own: Value = if object.contains_key("services") { Family::AccessToken2 } else { family }.name().into();
    if object.contains_key("claims") || object.contains_key("family") {
        if let Some(other) = object.keys().find(|name| !SHOWN.contains(&name.as_str())) {
            return Err(bad(format!("has {other} beside its claims; put it into claims, or take it out")));
        }
        own = object.remove("family").unwrap_or(own);
        let Some(Value::Object(claims)) = object.remove("claims") else {
            return Err(bad("has no object claims; give it as stoa token show --json prints it".into()));
        };
        object = claims;
    }
    if own != family.name() {
        return Err(bad(format!(
            "is for another family of tokens; give --family {}",
            own.as_str().unwrap_or_default()
        )));
    }
    Ok(object)
}

/// The JSON object in a file.
fn read_object(path: &Path) -> Result<Map<String, Value>, Failure> {
    let name = path.display();
    let text =
        if path.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    let text = text.map_err(|error| {
        Failure::failed(format!("--claims {name} cannot be read ({error}); give a file with a JSON object."))
    })?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("--claims {name} is no JSON object ({error}); give one, as in {{\"sub\": \"ann\"}}."))
    })
}

fn random() -> Result<u32, Failure> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::failed(format!("There are no random numbers here: {error}.")))?;
    Ok(u32::from_ne_bytes(bytes))
}
