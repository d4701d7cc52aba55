//! Permissions and tracks as JSON, as the header describes them.

use crate::signal::livekit as lk;
use lk::participant_info::Kind;
use serde_json::{Value, json};

pub(super) fn permission_json(may: &lk::ParticipantPermission) -> Value {
    let sources = may.can_publish_sources.iter().map(|source| source_name(*source)).collect::<Value>();
    json!({
        "can_publish": may.can_publish, "can_publish_sources": sources, "can_publish_data": may.can_publish_data,
        "can_subscribe": may.can_subscribe, "can_update_metadata": may.can_update_metadata, "hidden": may.hidden,
    })
}

pub(super) fn track_json(track: &lk::TrackInfo) -> Value {
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

pub(super) fn kind_name(kind: i32) -> String {
    Kind::try_from(kind).unwrap_or(Kind::Standard).as_str_name().to_lowercase()
}
