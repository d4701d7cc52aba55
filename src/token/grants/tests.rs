//! Every claim both ways, wrong types, and what is allowed where nothing is said.

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
