//! The microphone: its track at the server, and its packets.

use super::{PayloadTypes, Phase, Request, Session, Side};
use crate::signal::livekit as lk;
use std::time::Instant;
use str0m::Input;
use str0m::rtp::RtpWrite;

/// How often the microphone is published anew in one session: each time takes a section.
const MAX_RENEWALS: u32 = 64;

impl Session {
    /// The microphone can send: media is connected and the server took the track.
    pub fn can_send(&self) -> bool {
        self.phase == Phase::Connected && self.publisher.microphone().is_some() && self.publisher.linked
    }

    /// Opus and RED as negotiated for sending.
    pub fn send_payload_types(&self) -> PayloadTypes {
        self.publisher.payload_types()
    }

    /// Sends one packet of the microphone. `rtp_time` is in 48 kHz units; `red` says that the payload is RFC 2198.
    /// Nothing is sent before [`Session::can_send`].
    pub fn send_media(&mut self, now: Instant, rtp_time: u32, marker: bool, red: bool, level: u8, payload: &[u8]) {
        let types = self.publisher.payload_types();
        let Some(mid) = self.publisher.microphone().filter(|_| self.can_send()) else { return };
        let payload_type = if red { types.red.unwrap_or(types.opus) } else { types.opus };
        let mut api = self.publisher.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
        let seq = self.microphone.next_seq;
        self.microphone.next_seq += 1;
        let extensions = str0m::rtp::ExtensionValues {
            audio_level: Some(-(level.min(127) as i8)),
            voice_activity: Some(level < 127),
            ..Default::default()
        };
        let write = RtpWrite::new(payload_type.into(), seq.into(), rtp_time, now, payload.to_vec())
            .marker(marker)
            .ext_vals(extensions)
            .nackable(false);
        stream.write_rtp(write);
        self.stats.audio_packets_sent += 1;
        self.stats.audio_bytes_sent += payload.len() as u64;
        self.microphone.rate.add(now, payload.len());
        let _ = self.publisher.rtc.handle_input(Input::Timeout(now));
        self.drain_peer(now, Side::Publisher);
    }

    /// Tells everyone that the microphone is muted, or not.
    pub fn mute(&mut self, muted: bool) {
        self.microphone.muted = muted;
        if !self.microphone.sid.is_empty() {
            self.request(Request::Mute(lk::MuteTrackRequest { sid: self.microphone.sid.clone(), muted }));
        }
    }

    pub(super) fn add_track(&self) -> lk::AddTrackRequest {
        let mut features = vec![lk::AudioTrackFeature::TfNoDtx as i32];
        if self.config.stereo {
            features.push(lk::AudioTrackFeature::TfStereo as i32);
        }
        lk::AddTrackRequest {
            cid: self.cid(),
            name: "microphone".into(),
            r#type: lk::TrackType::Audio as i32,
            source: lk::TrackSource::Microphone as i32,
            audio_features: features,
            stereo: self.config.stereo,
            disable_dtx: true,
            muted: self.microphone.muted,
            ..Default::default()
        }
    }

    /// Publishes the microphone once more, as a new track, where the server had taken it away.
    pub fn publish_again(&mut self) {
        if std::mem::take(&mut self.microphone.taken) && self.microphone.renewals < MAX_RENEWALS {
            self.microphone.renewals += 1;
            self.publisher.renew_microphone(self.cid());
            self.request(Request::AddTrack(self.add_track()));
            self.negotiate();
        }
    }

    /// What the microphone's track is called between the server and us.
    pub(super) fn cid(&self) -> String {
        let cid = &self.config.cid;
        if self.microphone.renewals == 0 { cid.clone() } else { format!("{cid}-{}", self.microphone.renewals) }
    }
}
