//! The join request: how a client says who it is and what it wants in the query of the WebSocket's URL.
//!
//! `/rtc/v1` (one peer connection) carries a whole [`JoinRequest`], wrapped, usually compressed, in base64url.
//! `/rtc` (two peer connections) carries single parameters, which are read into the same message.

use super::livekit::{
    ClientInfo, ConnectionSettings, JoinRequest, WrappedJoinRequest, client_info::Capability,
    wrapped_join_request::Compression,
};
use crate::{Error, Result, Status};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message;
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// The path for one peer connection.
pub const PATH_SINGLE: &str = "/rtc/v1";
/// The path for two peer connections.
pub const PATH_DUAL: &str = "/rtc";

/// What this library's room server calls itself (`ServerInfo.debug_info`), so that clients know what it takes beyond LiveKit's protocol.
pub const SERVER: &str = "stoa";

/// The largest join request, inflated, bytes: an offer of some hundred media sections.
pub const MAX_JOIN_REQUEST: usize = 1024 * 1024;

/// Clients pad or don't.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The query for [`PATH_SINGLE`], without the question mark.
pub fn query_single(request: &JoinRequest) -> String {
    let plain = request.encode_to_vec();
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    let packed = encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("writing to memory does not fail");
    let wrapped = if packed.len() < plain.len() {
        WrappedJoinRequest { compression: Compression::Gzip as i32, join_request: packed }
    } else {
        WrappedJoinRequest { compression: Compression::None as i32, join_request: plain }
    };
    // Padded, as the official clients send it; "=" is escaped since it is in a query.
    let text = general_purpose::URL_SAFE.encode(wrapped.encode_to_vec());
    format!("join_request={}", text.replace('=', "%3D"))
}

/// The query for [`PATH_DUAL`], without the question mark: what of `request` has a parameter there.
pub fn query_dual(request: &JoinRequest) -> String {
    let client = request.client_info.clone().unwrap_or_default();
    let settings = request.connection_settings.unwrap_or_default();
    let flag = |on: bool| if on { "1" } else { "0" };
    let mut query = format!(
        "protocol={}&auto_subscribe={}&adaptive_stream={}",
        client.protocol,
        flag(settings.auto_subscribe),
        flag(settings.adaptive_stream)
    );
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            query.push_str(&format!("&{key}={}", escape(value)));
        }
    };
    add("version", &client.version);
    add("os", &client.os);
    if request.reconnect {
        add("reconnect", "1");
        add("sid", &request.participant_sid);
        add("reconnect_reason", &request.reconnect_reason.to_string());
    }
    query
}

/// Reads what a client asks on [`PATH_SINGLE`].
pub fn parse_single(query: &str) -> Result<JoinRequest> {
    let text = parameter(query, "join_request")
        .ok_or_else(|| bad("The parameter join_request is missing; /rtc/v1 needs it."))?;
    let wrapped = BASE64URL.decode(text).map_err(|_| bad("join_request is not base64url."))?;
    let wrapped =
        WrappedJoinRequest::decode(&wrapped[..]).map_err(|_| bad("join_request is no WrappedJoinRequest."))?;
    let plain = match Compression::try_from(wrapped.compression) {
        Ok(Compression::None) => wrapped.join_request,
        Ok(Compression::Gzip) => {
            let mut plain = Vec::new();
            GzDecoder::new(&wrapped.join_request[..])
                .take(MAX_JOIN_REQUEST as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(|_| bad("join_request says gzip, and is not."))?;
            plain
        }
        Err(_) => return Err(bad("join_request is compressed in a way this server does not know; use gzip or none.")),
    };
    if plain.len() > MAX_JOIN_REQUEST {
        return Err(bad("join_request is larger than 1 MB."));
    }
    JoinRequest::decode(&plain[..]).map_err(|_| bad("join_request holds no JoinRequest."))
}

/// Reads what a client asks on [`PATH_DUAL`].
pub fn parse_dual(query: &str) -> JoinRequest {
    let text = |key: &str| parameter(query, key).unwrap_or_default();
    let flag = |key: &str, default: bool| match parameter(query, key) {
        Some(value) => value == "1" || value == "true",
        None => default,
    };
    JoinRequest {
        client_info: Some(ClientInfo {
            protocol: text("protocol").parse().unwrap_or(0),
            client_protocol: text("client_protocol").parse().unwrap_or(0),
            version: text("version"),
            os: text("os"),
            capabilities: text("capabilities").split(',').filter_map(capability).collect(),
            ..Default::default()
        }),
        connection_settings: Some(ConnectionSettings {
            auto_subscribe: flag("auto_subscribe", true),
            adaptive_stream: flag("adaptive_stream", false),
            auto_subscribe_data_track: parameter(query, "auto_subscribe_data_track").map(|v| v == "1" || v == "true"),
            ..Default::default()
        }),
        reconnect: flag("reconnect", false),
        reconnect_reason: text("reconnect_reason").parse().unwrap_or(0),
        participant_sid: text("sid"),
        // As with LiveKit's server, one joins without attributes that cannot be read.
        participant_attributes: attributes(query).unwrap_or_default(),
        ..Default::default()
    }
}

/// The attributes that a client brings on [`PATH_DUAL`].
pub fn attributes(query: &str) -> Result<BTreeMap<String, String>> {
    let Some(text) = parameter(query, "attributes").filter(|text| !text.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let json = BASE64URL.decode(text).map_err(|_| bad("The parameter attributes is not base64url."))?;
    serde_json::from_slice(&json).map_err(|_| bad("The parameter attributes is no JSON object of strings."))
}

fn capability(name: &str) -> Option<i32> {
    Capability::from_str_name(name.trim()).map(|capability| capability as i32)
}

/// One parameter of a query, unescaped.
pub fn parameter(query: &str, key: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))?;
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |b: Option<u8>| (b? as char).to_digit(16);
                bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Escapes a query's value (RFC 3986: everything but the unreserved).
pub fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn bad(sentence: &str) -> Error {
    Error::new(Status::PROTOCOL, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::livekit::SessionDescription;

    fn request(sdp: &str) -> JoinRequest {
        JoinRequest {
            client_info: Some(ClientInfo { protocol: 18, version: "1 2&3".into(), ..Default::default() }),
            connection_settings: Some(ConnectionSettings { auto_subscribe: true, ..Default::default() }),
            publisher_offer: Some(SessionDescription { r#type: "offer".into(), sdp: sdp.into(), ..Default::default() }),
            reconnect: true,
            participant_sid: "PA_x".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_join_request_survives_its_query() {
        for sdp in ["", "v=0", &"a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n".repeat(200)] {
            let query = query_single(&request(sdp));
            assert!(query.len() < 2000, "long offers are packed");
            assert_eq!(parse_single(&format!("a=b&{query}&c=d")).unwrap(), request(sdp));
        }
    }

    #[test]
    fn the_dual_query_keeps_what_it_can() {
        let dual = parse_dual(&query_dual(&request("v=0")));
        assert_eq!(dual, JoinRequest { publisher_offer: None, ..request("") });
        assert!(parse_dual("").connection_settings.unwrap().auto_subscribe, "subscribing is the default there");
    }

    #[test]
    fn a_client_brings_attributes_and_capabilities_in_the_dual_query() {
        let query = |attributes: &str| format!("capabilities=CAP_PACKET_TRAILER%2C+CAP_NEW&attributes={attributes}");
        let padded = general_purpose::URL_SAFE.encode(r#"{"a": "1"}"#).replace('=', "%3D");
        let read = parse_dual(&query(&padded));
        assert_eq!(read.participant_attributes, BTreeMap::from([("a".to_string(), "1".to_string())]));
        assert_eq!(read.client_info.unwrap().capabilities, [Capability::CapPacketTrailer as i32]);
        for bad in ["***", "e30K", "W10"].map(query) {
            assert!(parse_dual(&bad).participant_attributes.is_empty());
        }
        assert!(attributes(&query("***")).unwrap_err().text.contains("base64url"));
        assert!(attributes(&query("W10")).unwrap_err().text.contains("JSON"), "a list");
        assert_eq!(attributes("").unwrap(), BTreeMap::new());
    }

    #[test]
    fn what_is_no_join_request_is_refused_with_a_sentence() {
        let says = |query: &str, part: &str| {
            let text = parse_single(query).unwrap_err().text;
            assert!(text.contains(part), "{text} lacks {part}");
        };
        says("x=1", "missing");
        says("join_request=***", "base64url");
        says("join_request=%zz", "missing");
        says(&format!("join_request={}", BASE64URL.encode([0xff; 9])), "WrappedJoinRequest");
        let wrap = |compression: i32, join_request: Vec<u8>| {
            format!(
                "join_request={}",
                BASE64URL.encode(WrappedJoinRequest { compression, join_request }.encode_to_vec())
            )
        };
        says(&wrap(1, vec![1, 2, 3]), "gzip");
        says(&wrap(9, vec![]), "does not know");
        says(&wrap(0, vec![0xff; 9]), "holds no JoinRequest");
        let mut bomb = GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![0; 50 * MAX_JOIN_REQUEST]).unwrap();
        says(&wrap(1, bomb.finish().unwrap()), "larger");
    }

    #[test]
    fn parameters_are_unescaped() {
        assert_eq!(parameter("a=1&b=x%20y+z%3D", "b").as_deref(), Some("x y z="));
        assert_eq!(parameter("ab=1", "a"), None);
        assert_eq!(parameter("a=%f", "a"), None);
        assert_eq!(escape("a b|c"), "a%20b%7Cc");
    }
}
