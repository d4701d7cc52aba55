//! What a room server has counted: what came, what left, and what did not leave and why.

use super::RoomServer;
use crate::stats::Delay;

/// Numbers of a [`RoomServer`] since it was made. Packets on the wire are UDP datagrams, or frames of media's TCP
/// connections, their bytes what is inside; packets of media are RTP, their bytes the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// Rooms now.
    pub rooms: u64,
    /// Participants now.
    pub participants: u64,
    /// Published tracks now.
    pub tracks: u64,
    /// Ways now from a track to one who hears it.
    pub subscriptions: u64,
    /// Joins so far.
    pub joins: u64,
    /// Joins that were refused.
    pub joins_refused: u64,
    /// Resumes of a participant whose WebSocket was lost.
    pub resumes: u64,
    /// Participants that were ended by a fault of theirs, or of this server.
    pub participants_failed: u64,
    /// Datagrams that arrived.
    pub packets_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Of these, those from an address that belongs to nobody.
    pub packets_unknown: u64,
    /// Of these, those that are no packets of ours: not STUN, DTLS, RTP or RTCP.
    pub packets_malformed: u64,
    /// Datagrams given to the driver.
    pub packets_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// RTP packets that arrived.
    pub media_received: u64,
    /// Their payload, bytes.
    pub media_bytes_received: u64,
    /// Of these, those of a track that nobody hears.
    pub media_unheard: u64,
    /// Of these, those without sound in them, or of no published track.
    pub media_ignored: u64,
    /// RTP packets sent on, one for each listener.
    pub media_forwarded: u64,
    /// Their payload, bytes.
    pub media_bytes_forwarded: u64,
    /// Not sent on to a listener: whose connection is not ready.
    pub media_dropped_unready: u64,
    /// ... who cannot take such a payload.
    pub media_dropped_format: u64,
    /// ... because it is from before the listener began, or too old.
    pub media_dropped_old: u64,
    /// RTP packets of sound that publishers sent and that did not arrive, by their sequence numbers.
    pub media_lost: u64,
    /// RTP packets that listeners did not get, as they report (RFC 3550 receiver reports), those that were missing here among them.
    pub media_lost_onward: u64,
    /// Interarrival jitter at the listeners, as they report: once for each report of each track.
    pub jitter: Delay,
    /// From here to a listener and back, by the same reports.
    pub round_trip: Delay,
    /// Key frames that publishers of video were asked for.
    pub key_frames_asked: u64,
    /// Data packets that arrived, those of data tracks among them, here and below.
    pub data_received: u64,
    /// Their bytes.
    pub data_bytes_received: u64,
    /// Data packets sent on, or kept until there is room, one for each addressee.
    pub data_forwarded: u64,
    /// Their bytes.
    pub data_bytes_forwarded: u64,
    /// Data packets from those who may not send any.
    pub data_dropped_forbidden: u64,
    /// Data packets that do not parse, or are of no published data track.
    pub data_dropped_malformed: u64,
    /// Data packets that had arrived before: their sender did not know.
    pub data_dropped_doubled: u64,
    /// Not sent on to an addressee, who reads too slowly, or takes none so long.
    pub data_dropped_full: u64,
    /// Bytes of data that wait now for addressees.
    pub data_waiting_bytes: u64,
    /// WebSocket messages that arrived.
    pub signals_received: u64,
    /// WebSocket messages given to the driver.
    pub signals_sent: u64,
    /// Calls of the room service.
    pub service_calls: u64,
    /// Of these, those that were refused.
    pub service_refused: u64,
    /// Webhooks given to the driver.
    pub webhooks: u64,
}

impl RoomServer {
    /// The numbers so far. Looks at every track and participant.
    pub fn stats(&self) -> ServerStats {
        let peers = self.participants.values().flat_map(|p| std::iter::once(&p.main).chain(&p.down));
        ServerStats {
            rooms: self.rooms.len() as u64,
            participants: self.participants.len() as u64,
            tracks: self.tracks.len() as u64,
            subscriptions: self.tracks.values().map(|track| track.listeners.len() as u64).sum(),
            data_waiting_bytes: peers.map(|peer| peer.waiting_bytes() as u64).sum(),
            ..self.counted
        }
    }
}
