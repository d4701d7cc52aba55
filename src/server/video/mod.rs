//! Video in a room: forwarded by its layers, decoded nowhere.
//!
//! - `payload.rs`, `vp9.rs`, `descriptor.rs`: what a packet says about itself. `layers.rs`: what the publisher sends, and who gets what.
//! - `select.rs`, `targets.rs`: one subscriber's way through the layers. `temporal.rs`: frame rates. `numbers.rs`: the
//!   numbers of what it is sent.
//! - `forward.rs`: packets and key frames. `dynacast.rs`: what the publisher is told of who watches (dynacast).
//! - `sections.rs`: descriptions.

mod descriptor;
mod dynacast;
mod forward;
mod layers;
mod numbers;
mod payload;
pub mod sections;
mod select;
mod targets;
mod temporal;
mod vp9;

pub use layers::wanted;
pub use numbers::Picture;
pub use select::Lane;

use super::track::Track;
use crate::signal::livekit::{
    AddTrackRequest, SimulcastCodec, SimulcastCodecInfo, TrackInfo, UpdateTrackSettings, VideoQuality,
};
use crate::signal::sdp::Section;
use layers::{LAYERS, Layers};
use str0m::Rtc;
use str0m::format::CodecSpec;
use str0m::media::Pt;

/// What a published track has beside, if it is video.
#[derive(Debug)]
pub struct Video {
    layers: Layers,
    /// The payload types that the publisher offered, in its order.
    offered: Vec<String>,
    /// The payload type that came last, and what it means.
    codec: Option<(Pt, CodecSpec)>,
    /// How many layers, from the lowest on, the publisher believes to be watched.
    told: usize,
    /// The entry for telling it of less is in the queue.
    telling: bool,
}

impl Default for Video {
    fn default() -> Self {
        // A publisher begins with all of them.
        Video { layers: Layers::default(), offered: Vec::new(), codec: None, told: LAYERS, telling: false }
    }
}

impl Video {
    /// In which order the answer is to name payload types, and the codec that comes before all others.
    pub fn order(&self, info: &TrackInfo) -> (Vec<String>, String) {
        let codec = info.mime_type.split('/').nth(1).unwrap_or_default().to_ascii_lowercase();
        (self.offered.clone(), codec)
    }
}

/// Notes what a publisher offered for a track. Where it did not say which codec is meant, it is the first.
pub fn offered(track: &mut Track, rtc: &Rtc, section: &Section) {
    let Some(video) = &mut track.video else { return };
    video.offered = section.payloads.clone();
    video.layers.group = section.simulcast.iter().take(LAYERS).copied().collect();
    if track.info.mime_type.is_empty() {
        let first = section.payloads.first().and_then(|pt| pt.parse::<u8>().ok());
        if let Some(spec) = first.and_then(|pt| forward::spec_of(rtc, pt.into())) {
            forward::set_codec(track, spec.codec);
        }
    }
}

/// What a subscriber gets who asked for nothing in particular: the best.
pub fn default_settings() -> UpdateTrackSettings {
    UpdateTrackSettings { quality: VideoQuality::High as i32, ..Default::default() }
}

/// What others are told of a video track that is announced.
pub fn track_info(request: &AddTrackRequest) -> TrackInfo {
    let mime = |codec: &SimulcastCodec| {
        let name = codec.codec.split('/').next_back().unwrap_or_default().to_ascii_uppercase();
        format!("video/{name}")
    };
    // A second codec, for those who cannot take the first, is not asked for: the first one counts.
    let codecs: Vec<SimulcastCodecInfo> = request
        .simulcast_codecs
        .iter()
        .take(1)
        .filter(|codec| !codec.codec.is_empty())
        .map(|codec| SimulcastCodecInfo {
            mime_type: mime(codec),
            cid: request.cid.clone(),
            layers: if codec.layers.is_empty() { request.layers.clone() } else { codec.layers.clone() },
            video_layer_mode: codec.video_layer_mode,
            ..Default::default()
        })
        .collect();
    let mut layers = request.layers.clone();
    layers.truncate(LAYERS);
    TrackInfo {
        width: request.width,
        height: request.height,
        simulcast: layers.len() > 1,
        mime_type: codecs.first().map(|codec| codec.mime_type.clone()).unwrap_or_default(),
        layers,
        codecs,
        backup_codec_policy: request.backup_codec_policy,
        ..Default::default()
    }
}
