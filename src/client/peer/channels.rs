//! The data channels of a peer connection.

use super::Peer;
use crate::signal::livekit as lk;
use str0m::channel::ChannelId;

impl Peer {
    /// A data channel opened: ours, or one that the server created (two peer connections).
    pub(in crate::client) fn channel_opened(&mut self, id: ChannelId, label: &str) {
        match label {
            "_reliable" => self.reliable = Some(id),
            "_lossy" => self.lossy = Some(id),
            _ => {}
        }
    }

    pub(in crate::client) fn channel(&self, reliable: bool) -> Option<ChannelId> {
        if reliable { self.reliable } else { self.lossy }
    }

    /// The channels to send on, as a server is told of them after a loss.
    pub(in crate::client) fn channel_infos(&mut self) -> Vec<lk::DataChannelInfo> {
        let mut infos = Vec::new();
        for (label, id) in [("_reliable", self.reliable), ("_lossy", self.lossy)] {
            let stream = id.and_then(|id| self.rtc.direct_api().sctp_stream_id_by_channel_id(id));
            if let Some(id) = stream {
                infos.push(lk::DataChannelInfo {
                    label: label.into(),
                    id: u32::from(id),
                    target: lk::SignalTarget::Publisher as i32,
                });
            }
        }
        infos
    }

    pub(in crate::client) fn is_reliable(&self, id: ChannelId) -> bool {
        self.reliable == Some(id)
    }
}
