//! Protobuf's canonical JSON for the messages that servers exchange over HTTP, as a translation of bytes: JSON becomes the
//! message's bytes, and the message's bytes become JSON. What the fields are called and of what kind they are stands in
//! tables ([`Field`]), so that prost's types need no second face.
//!
//! Source: <https://protobuf.dev/programming-guides/json>.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use prost::encoding::{self, DecodeContext, WireType};
use serde_json::{Map, Value};

/// A field of a message.
pub struct Field {
    /// Its number on the wire.
    pub number: u32,
    /// Its name, as in the `.proto` file; in JSON it may also be in lowerCamelCase.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How often.
    pub label: Label,
}

/// What a field holds.
pub enum Kind {
    /// A string.
    Text,
    /// Bytes; base64 in JSON.
    Bytes,
    /// True or false.
    Bool,
    /// uint32.
    U32,
    /// int32.
    I32,
    /// int64; a string in JSON.
    I64,
    /// A number with names.
    Enum(Names),
    /// A message.
    Message(&'static [Field]),
    /// A map from strings to strings.
    Map,
}

/// The names of an enumeration's numbers.
pub struct Names {
    /// The name of a number.
    pub name: fn(i32) -> Option<&'static str>,
    /// The number of a name.
    pub number: fn(&str) -> Option<i32>,
}

/// How often a field occurs.
#[derive(Clone, Copy, PartialEq)]
pub enum Label {
    /// Once; absent means the default.
    One,
    /// Once or not at all.
    Optional,
    /// Any number of times.
    Many,
}

/// A message that has a form in JSON.
pub trait Described {
    /// Its fields.
    const FIELDS: &'static [Field];
}

/// How JSON is written.
#[derive(Clone, Copy, PartialEq)]
pub enum Style {
    /// Every field, named as in the `.proto` file: as twirp servers answer.
    Whole,
    /// Only what is set, in lowerCamelCase: as in webhooks.
    Brief,
}

/// Turns JSON into a message's bytes. Names that are not known are passed over. The error is a sentence that names the field.
pub fn to_bytes(fields: &[Field], json: &Value) -> Result<Vec<u8>, String> {
    let Value::Object(members) = json else { return Err("the message is no JSON object".into()) };
    let mut out = Vec::new();
    for (key, value) in members {
        let Some(field) = fields.iter().find(|f| f.name == key || camel(f.name) == *key) else { continue };
        let wrong = || format!("{key} has a value that does not fit");
        match (value, field.label, &field.kind) {
            (Value::Null, ..) => {}
            (Value::Object(pairs), _, Kind::Map) => {
                for (key, value) in pairs {
                    let mut entry = Vec::new();
                    encoding::string::encode(1, key, &mut entry);
                    encoding::string::encode(2, &value.as_str().ok_or_else(wrong)?.to_string(), &mut entry);
                    encoding::bytes::encode(field.number, &entry, &mut out);
                }
            }
            (Value::Array(values), Label::Many, _) => {
                values.iter().try_for_each(|value| write(field, value, &mut out).ok_or_else(wrong))?;
            }
            (_, Label::Many, _) => return Err(wrong()),
            (Value::Object(_), _, Kind::Message(inner)) => {
                encoding::bytes::encode(field.number, &to_bytes(inner, value)?, &mut out);
            }
            _ => write(field, value, &mut out).ok_or_else(wrong)?,
        }
    }
    Ok(out)
}

/// One value of a field.
fn write(field: &Field, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let number = field.number;
    match &field.kind {
        Kind::Text => encoding::string::encode(number, &value.as_str()?.to_string(), out),
        Kind::Bytes => encoding::bytes::encode(number, &from_base64(value.as_str()?)?, out),
        Kind::Bool => encoding::bool::encode(number, &value.as_bool()?, out),
        Kind::U32 => encoding::uint32::encode(number, &u32::try_from(integer(value)?).ok()?, out),
        Kind::I32 => encoding::int32::encode(number, &i32::try_from(integer(value)?).ok()?, out),
        Kind::I64 => encoding::int64::encode(number, &integer(value)?, out),
        Kind::Enum(names) => {
            let named = value.as_str().and_then(names.number);
            let value = named.or_else(|| i32::try_from(value.as_i64()?).ok())?;
            encoding::int32::encode(number, &value, out);
        }
        Kind::Message(inner) => encoding::bytes::encode(number, &to_bytes(inner, value).ok()?, out),
        Kind::Map => return None,
    }
    Some(())
}

/// A whole number: as one, as a string, or as a fraction that is none.
fn integer(value: &Value) -> Option<i64> {
    let whole = |f: f64| (f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64);
    let text = || value.as_str()?.parse().ok();
    value.as_i64().or_else(|| value.as_f64().and_then(whole)).or_else(text)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|engine| engine.decode(text).ok())
}

/// Turns a message's bytes into JSON. None: they are no such message.
pub fn to_json(fields: &[Field], mut bytes: &[u8], style: Style) -> Option<Value> {
    let mut members = Map::new();
    let key = |field: &Field| if style == Style::Brief { camel(field.name) } else { field.name.to_string() };
    while !bytes.is_empty() {
        let (number, wire) = encoding::decode_key(&mut bytes).ok()?;
        let Some(field) = fields.iter().find(|f| f.number == number) else {
            encoding::skip_field(wire, number, &mut bytes, DecodeContext::default()).ok()?;
            continue;
        };
        let mut values = Vec::new();
        if wire == WireType::LengthDelimited {
            let length = usize::try_from(encoding::decode_varint(&mut bytes).ok()?).ok()?;
            let (mut inside, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            match &field.kind {
                Kind::Text => values.push(std::str::from_utf8(inside).ok()?.into()),
                Kind::Bytes => values.push(STANDARD.encode(inside).into()),
                Kind::Message(fields) => values.push(to_json(fields, inside, style)?),
                Kind::Map => {
                    let entry = to_json(PAIR, inside, Style::Whole)?;
                    let pairs = members.entry(key(field)).or_insert_with(|| Map::new().into());
                    pairs[entry["key"].as_str()?] = entry["value"].clone();
                    continue;
                }
                // Numbers of a repeated field come packed.
                scalar => {
                    while !inside.is_empty() {
                        values.push(read(scalar, encoding::decode_varint(&mut inside).ok()?)?);
                    }
                }
            }
        } else {
            (wire == WireType::Varint).then_some(())?;
            values.push(read(&field.kind, encoding::decode_varint(&mut bytes).ok()?)?);
        }
        match (field.label, members.entry(key(field)).or_insert(Value::Null)) {
            (Label::Many, Value::Array(list)) => list.extend(values),
            (Label::Many, empty) => *empty = values.into(),
            // Of a field that occurs twice the last one counts.
            (_, slot) => *slot = values.pop()?,
        }
    }
    if style == Style::Whole {
        for field in fields.iter().filter(|f| f.label != Label::Optional) {
            members.entry(field.name).or_insert_with(|| default(field));
        }
    }
    Some(members.into())
}

const PAIR: &[Field] = &[
    Field { number: 1, name: "key", kind: Kind::Text, label: Label::One },
    Field { number: 2, name: "value", kind: Kind::Text, label: Label::One },
];

fn read(kind: &Kind, number: u64) -> Option<Value> {
    Some(match kind {
        Kind::Bool => (number != 0).into(),
        Kind::U32 => (number as u32).into(),
        Kind::I32 => (number as i32).into(),
        Kind::I64 => (number as i64).to_string().into(),
        Kind::Enum(names) => (names.name)(number as i32).map_or_else(|| (number as i32).into(), Value::from),
        _ => return None,
    })
}

fn default(field: &Field) -> Value {
    match (&field.kind, field.label) {
        (Kind::Map, _) => Map::new().into(),
        (_, Label::Many) => Vec::<Value>::new().into(),
        (Kind::Text | Kind::Bytes, _) => "".into(),
        (Kind::Message(_), _) => Value::Null,
        (scalar, _) => read(scalar, 0).unwrap_or_default(),
    }
}

/// `track_sid` as `trackSid`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_string();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::livekit::{ParticipantInfo, ParticipantPermission, Room, TrackInfo, participant_info};
    use crate::signal::service::{SendDataRequest, UpdateParticipantRequest};
    use prost::Message;
    use serde_json::json;

    fn parse<M: Message + Default + Described>(json: Value) -> Result<M, String> {
        to_bytes(M::FIELDS, &json).map(|bytes| M::decode(&bytes[..]).unwrap())
    }

    #[test]
    fn both_ways_of_naming_are_read() {
        let wanted = UpdateParticipantRequest {
            room: "hall".into(),
            identity: "ann".into(),
            permission: Some(ParticipantPermission {
                can_publish: true,
                can_publish_sources: vec![2, 1],
                ..Default::default()
            }),
            attributes: [("a".to_string(), "b".to_string())].into(),
            ..Default::default()
        };
        let permission = json!({"canPublish": true, "canPublishSources": ["MICROPHONE", 1], "canFly": {"far": 1}});
        let camel = json!({"room": "hall", "identity": "ann", "permission": permission, "attributes": {"a": "b"}});
        assert_eq!(parse::<UpdateParticipantRequest>(camel).unwrap(), wanted);
        let permission = json!({"can_publish": true, "can_publish_sources": ["MICROPHONE", "CAMERA"], "hidden": null});
        let snake = json!({"room": "hall", "identity": "ann", "permission": permission, "attributes": {"a": "b"}});
        assert_eq!(parse::<UpdateParticipantRequest>(snake).unwrap(), wanted);
    }

    #[test]
    fn bytes_numbers_and_absent_fields() {
        let sent: SendDataRequest =
            parse(json!({"data": "_-8=", "kind": "LOSSY", "destinationSids": ["PA_1"]})).unwrap();
        assert_eq!((&sent.data[..], sent.kind, sent.topic), (&[0xff, 0xef][..], 1, None));
        let sent: SendDataRequest = parse(json!({"topic": ""})).unwrap();
        assert_eq!(sent.topic.as_deref(), Some(""));
        let room: Room = parse(json!({"creationTime": "-5", "max_participants": 7.0, "emptyTimeout": "30"})).unwrap();
        assert_eq!((room.creation_time, room.max_participants, room.empty_timeout), (-5, 7, 30));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (json, field) in [
            (json!({"room": 5}), "room"),
            (json!({"data": "%"}), "data"),
            (json!({"kind": "SOMETIMES"}), "kind"),
            (json!({"destination_identities": "ann"}), "destination_identities"),
            (json!({"destination_identities": [{}]}), "destination_identities"),
        ] {
            let error = parse::<SendDataRequest>(json).unwrap_err();
            assert!(error.contains(field), "{error}");
        }
        assert!(parse::<Room>(json!({"max_participants": -1})).is_err());
        assert!(parse::<Room>(json!([])).is_err());
    }

    #[test]
    fn bytes_become_both_styles() {
        let info = ParticipantInfo {
            sid: "PA_1".into(),
            state: participant_info::State::Active as i32,
            joined_at: 1_700_000_000,
            tracks: vec![TrackInfo { sid: "TR_1".into(), muted: true, source: 2, ..Default::default() }],
            permission: Some(ParticipantPermission { can_publish_sources: vec![2], ..Default::default() }),
            attributes: [("k".to_string(), "v".to_string())].into(),
            ..Default::default()
        };
        let bytes = info.encode_to_vec();
        let brief = to_json(ParticipantInfo::FIELDS, &bytes, Style::Brief).unwrap();
        let expected = json!({
            "sid": "PA_1", "state": "ACTIVE", "joinedAt": "1700000000", "attributes": {"k": "v"},
            "tracks": [{"sid": "TR_1", "muted": true, "source": "MICROPHONE"}],
            "permission": {"canPublishSources": ["MICROPHONE"]},
        });
        assert_eq!(brief, expected);
        assert_eq!(parse::<ParticipantInfo>(brief).unwrap(), info);
        let whole = to_json(ParticipantInfo::FIELDS, &bytes, Style::Whole).unwrap();
        assert_eq!((&whole["joined_at"], &whole["is_publisher"]), (&json!("1700000000"), &json!(false)));
        assert_eq!((&whole["tracks"][0]["type"], &whole["tracks"][0]["layers"]), (&json!("AUDIO"), &json!([])));
        assert_eq!(parse::<ParticipantInfo>(whole).unwrap(), info);
        assert!(to_json(Room::FIELDS, &bytes[..bytes.len() - 1], Style::Whole).is_none(), "it was cut");
    }
}
