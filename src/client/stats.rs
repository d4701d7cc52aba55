//! What a channel's connection and each speaker's way in have counted.

use super::rpc::RpcCounters;
use crate::audio::receiver::ReceiverStats;
use crate::stats::Delay;
use std::time::Duration;
use str0m::stats::{MediaEgressStats, PeerStats};

/// Numbers of a [`super::voice::Voice`], and of those before it where they were carried over. Packets on the wire are
/// UDP datagrams, or frames over TCP, their bytes what is inside; packets of audio are RTP, their bytes the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoiceStats {
    /// Times that media was connected.
    pub connections: u64,
    /// Datagrams given to the driver: audio, data, RTCP, DTLS and ICE.
    pub packets_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Datagrams that arrived.
    pub packets_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Of these, those that belong to no connection of ours.
    pub packets_rejected: u64,
    /// From a STUN request on the way of the media to its answer (RFC 8445 consent checks), as seen once a second.
    pub round_trip: Delay,
    /// WebSocket messages sent.
    pub signals_sent: u64,
    /// WebSocket messages received.
    pub signals_received: u64,
    /// Whole messages received.
    pub messages_received: u64,
    /// Messages that came in part so far.
    pub messages_incomplete: u64,
    /// Chunks and messages that were refused or given up.
    pub messages_refused: u64,
    /// Of these, those without an event of their own: too many had gone before.
    pub messages_untold: u64,
    /// Parts of messages that were there already, or came after their message was over.
    pub chunks_doubled: u64,
    /// From a `PingReq` on the WebSocket to its `PongResp`.
    pub signal_round_trip: Delay,
    /// RTP packets of the microphone.
    pub audio_packets_sent: u64,
    /// Their payload, before encryption.
    pub audio_bytes_sent: u64,
    /// Those which the server reported as lost on their way to it (RFC 3550 receiver reports).
    pub audio_packets_lost: u64,
    /// The jitter which the server reported (RFC 3550, 6.4.1), microseconds.
    pub audio_jitter_us: u64,
    /// Payload of the last second, bits a second.
    pub audio_bitrate: u64,
    /// RTP packets that arrived for a track that is not known, or no more.
    pub audio_packets_unknown: u64,
    /// Frames of 20 ms encoded and sent.
    pub frames_encoded: u64,
    /// Of these, those that were nothing but zeros.
    pub frames_silent: u64,
    /// Frames that passed while muted.
    pub frames_muted: u64,
    /// Frames that passed while the connection was being made again.
    pub frames_unsent: u64,
    /// Frames that could not be encoded.
    pub frames_failed: u64,
    /// Talk spurts that ended: one DTX packet each.
    pub spurts_ended: u64,
    /// The sound that was queued behind each frame as it left: on average what a sample waits, by Little's law.
    pub queued: Delay,
    /// Resampling and Opus, by the driver's stopwatch.
    pub encode: Delay,
    /// Data packets handed to SCTP.
    pub data_sent: u64,
    /// Their bytes, with LiveKit's envelope.
    pub data_bytes_sent: u64,
    /// Data packets received.
    pub data_received: u64,
    /// Their bytes, with LiveKit's envelope.
    pub data_bytes_received: u64,
    /// Data packets dropped, because too many waited for SCTP or one was too large.
    pub data_dropped: u64,
    /// What arrived as data and was none.
    pub data_malformed: u64,
    /// Data packets that wait for SCTP now.
    pub data_waiting: u64,
    /// Calls between users.
    pub rpc: RpcCounters,
}

impl VoiceStats {
    /// Takes over a connection's own report. `answers` is how many STUN answers it had at the last one.
    pub(super) fn peer(&mut self, report: &PeerStats, answers: &mut u64) {
        let Some(pair) = &report.selected_candidate_pair else { return };
        let new = std::mem::replace(answers, pair.responses_received) != pair.responses_received;
        if let Some(took) = pair.current_round_trip_time.filter(|_| new) {
            self.round_trip.add(took);
        }
    }

    /// Takes over what the server reported of the microphone; `before` were lost on earlier connections.
    pub(super) fn microphone(&mut self, report: &MediaEgressStats, before: u64) {
        if let Some(remote) = &report.remote {
            self.audio_packets_lost = before + remote.packets_lost;
            self.audio_jitter_us = u64::from(remote.jitter) * 125 / 6;
        }
    }
}

/// Numbers of one speaker, since the first reader after the subscription; or of the mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HearingStats {
    /// Packets, frames, jitter buffer.
    pub receiver: ReceiverStats,
    /// Payload of the packets, bytes; duplicates and malformed ones as well.
    pub bytes: u64,
    /// Packets that came while nobody read, and so were not decoded.
    pub unread: u64,
    /// Decoding or concealment with all that belongs to it, by the driver's stopwatch.
    pub decode: Delay,
    /// Estimated time from the server to here: half the recent round trip. The speaker's own way to the server is not known.
    pub network: Duration,
    /// Of the mix: sound that was dropped, because a speaker was ahead of the mix's clock.
    pub mix_dropped: Duration,
}
