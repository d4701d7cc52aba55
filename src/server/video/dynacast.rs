//! What a publisher is told of who watches (dynacast): layers that nobody gets need not be encoded.

use super::layers::LAYERS;
use crate::server::track::{Track, TrackId};
use crate::server::{Job, RoomServer};
use crate::signal::livekit::{
    SubscribedCodec, SubscribedQuality, SubscribedQualityUpdate, VideoQuality, signal_response,
};
use std::time::Duration;

/// A publisher is told of less only after so long: one who looks away may look back.
const LESS: Duration = Duration::from_secs(5);

impl RoomServer {
    /// Tells the publisher of a video track which layers are watched, where that changed: of more at once, of less later.
    pub(in crate::server) fn review_quality(&mut self, track_id: TrackId) {
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let watched = watched(track);
        let Some(video) = &mut track.video else { return };
        if watched > video.told {
            self.tell_watched(track_id, watched);
        } else if watched < video.told && !video.telling {
            video.telling = true;
            let at = self.now + LESS;
            self.at(at, Job::Layers(track_id));
        }
    }

    /// The time has come to tell of less, if it still is less.
    pub(in crate::server) fn quality_due(&mut self, track_id: TrackId) {
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let watched = watched(track);
        let Some(video) = &mut track.video else { return };
        video.telling = false;
        if watched < video.told {
            self.tell_watched(track_id, watched);
        }
    }

    fn tell_watched(&mut self, track_id: TrackId, watched: usize) {
        let Some(track) = self.tracks.get_mut(&track_id) else { return };
        let Some(video) = &mut track.video else { return };
        video.told = watched;
        let all = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High];
        let qualities: Vec<SubscribedQuality> = all[..LAYERS]
            .iter()
            .enumerate()
            .map(|(index, quality)| SubscribedQuality { quality: *quality as i32, enabled: index < watched })
            .collect();
        // Clients name codecs without "video/".
        let codec = track.info.mime_type.split('/').next_back().unwrap_or_default().to_ascii_lowercase();
        let update = SubscribedQualityUpdate {
            track_sid: track.info.sid.clone(),
            subscribed_qualities: qualities.clone(),
            subscribed_codecs: vec![SubscribedCodec { codec, qualities }],
        };
        let publisher = track.publisher;
        self.send(publisher, signal_response::Message::SubscribedQualityUpdate(update));
    }
}

/// How many layers, from the lowest on, somebody watches.
fn watched(track: &Track) -> usize {
    track.listeners.iter().filter_map(|l| Some(l.video.as_ref()?.wanted + 1)).max().unwrap_or(0)
}
