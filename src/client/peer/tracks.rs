//! What the sections carry: which track of the server's, and nothing of ours where this side only hears.

use super::Peer;
use crate::signal::livekit as lk;
use std::collections::BTreeMap;
use std::sync::Arc;
use str0m::media::Mid;

impl Peer {
    /// Takes away the streams that str0m makes to send on where this side only hears. Their sender reports would carry what is
    /// heard, and LiveKit's server reads that in receiver reports alone.
    pub(super) fn send_nothing(&mut self, offer: &str) {
        let mut api = self.rtc.direct_api();
        for section in crate::signal::sdp::sections(offer) {
            let idle = api.stream_tx_by_mid(section.mid.as_str().into(), None).map(|stream| stream.ssrc());
            idle.map(|ssrc| api.remove_stream_tx(ssrc));
        }
    }

    /// Learns which section carries which track: from the map beside the SDP, else from `a=msid` (RFC 8830).
    pub(super) fn map_tracks(&mut self, description: &lk::SessionDescription) {
        let mut tracks = BTreeMap::new();
        for section in crate::signal::sdp::sections(&description.sdp) {
            let named = description.mid_to_track_id.get(&section.mid).unwrap_or(&section.msid.1);
            if section.sends && named.starts_with("TR") {
                tracks.insert(Mid::from(section.mid.as_str()), Arc::from(named.as_str()));
            }
        }
        self.tracks = tracks;
    }

    /// The remote tracks that have a section now.
    pub(in crate::client) fn tracks(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tracks.values()
    }

    /// The track a packet's section carries.
    pub(in crate::client) fn track(&mut self, ssrc: u32) -> Option<Arc<str>> {
        let mid = self.rtc.direct_api().stream_rx(&ssrc.into())?.mid();
        self.tracks.get(&mid).cloned()
    }
}
