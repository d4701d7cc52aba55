//! Data packets: from a participant, or the room service, to whom they are for.

use super::participant::Participant;
use super::peer::{Lane, MAX_QUEUED, MAX_QUEUED_ALONE};
use super::{Level, ParticipantId, RoomServer, data};
use crate::signal::livekit::data_packet::Kind;

/// Data that waits for the listeners of a room, bytes: beyond that each has only [`MAX_QUEUED`].
const ROOM_QUEUED: usize = 128 * 1024 * 1024;

impl RoomServer {
    /// Counts a packet that goes nowhere, and logs the first, second, fourth, eighth, …: the log is not the sender's to fill.
    pub(super) fn refuse_data(&mut self, id: ParticipantId, what: &str) {
        let Some(sender) = self.participants.get_mut(&id) else { return };
        sender.data_refused += 1;
        let refused = sender.data_refused;
        if refused.is_power_of_two() {
            let text = format!("{} sent data {what}; {refused} packets so far.", self.name(id));
            self.log(Level::Warning, text);
        }
    }

    pub(super) fn forward_data(&mut self, id: ParticipantId, lane: Lane, packet: &[u8]) {
        let Some(sender) = self.participants.get(&id) else { return };
        self.counted.data_received += 1;
        self.counted.data_bytes_received += packet.len() as u64;
        if !sender.claims.video.may_publish_data() {
            self.counted.data_dropped_forbidden += 1;
            return self.refuse_data(id, "without the permission");
        }
        let Some(envelope) = data::envelope(packet) else {
            self.counted.data_dropped_malformed += 1;
            return self.refuse_data(id, "that is no packet");
        };
        let room = sender.room.clone();
        if lane == Lane::Reliable && envelope.sequence > 0 {
            if envelope.sequence <= sender.data_sequence {
                // Sent again after a loss, but it had arrived.
                return self.counted.data_dropped_doubled += 1;
            }
            if let Some(sender) = self.participants.get_mut(&id) {
                sender.data_sequence = envelope.sequence;
            }
        }
        if self.takes_answer(id, packet) {
            return;
        }
        let Some(sender) = self.participants.get(&id) else { return };
        if envelope.is_transcription() && !sender.claims.is_agent() {
            self.counted.data_dropped_forbidden += 1;
            return self.refuse_data(id, "that only agents may send, a transcription");
        }
        let kind = if lane == Lane::Lossy { Kind::Lossy } else { Kind::Reliable };
        let origin = data::Sender {
            identity: sender.identity(),
            sid: &sender.sid,
            hidden: !sender.is_visible(),
            is_agent: sender.claims.is_agent(),
        };
        let bytes = envelope.with_origin(packet, kind, &origin);
        self.deliver(&room, Some(id), lane, &envelope, &bytes);
    }

    /// Sends a data packet to its addressees in a room; not back to its sender.
    pub(super) fn deliver(
        &mut self,
        room: &str,
        sender: Option<ParticipantId>,
        lane: Lane,
        envelope: &data::Envelope,
        bytes: &[u8],
    ) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        if envelope.is_doubled(&mut found.nonces) {
            return self.counted.data_dropped_doubled += 1;
        }
        let members = self.members(room);
        let waiting = members.iter().filter_map(|member| self.participants.get(member)).map(Participant::waiting_bytes);
        let crowded = lane == Lane::Reliable && waiting.sum::<usize>() >= ROOM_QUEUED;
        let most = if crowded { MAX_QUEUED } else { MAX_QUEUED_ALONE };
        for member in members.into_iter().filter(|m| Some(*m) != sender) {
            let Some(to) = self.participants.get_mut(&member) else { continue };
            if !envelope.is_for(to.identity(), &to.sid) {
                continue;
            }
            // As with LiveKit's server, for who may have them and hears their sender.
            let hears = || to.wants.keys().any(|t| self.tracks.get(t).is_some_and(|t| Some(t.publisher) == sender));
            if envelope.is_metrics() && !(to.claims.video.can_subscribe_metrics == Some(true) && hears()) {
                continue;
            }
            let side = to.receiving_side();
            let peer = to.receiving();
            let lost = peer.send_data(lane, bytes.to_vec(), most).err().map(|why| (why, peer.dropped));
            let counted = &mut self.counted;
            match lost {
                None => {
                    counted.data_forwarded += 1;
                    counted.data_bytes_forwarded += bytes.len() as u64;
                }
                Some(_) => counted.data_dropped_full += 1,
            }
            // A line for the first, second, fourth, eighth, …
            if let Some((why, dropped)) = lost.filter(|(_, dropped)| dropped.is_power_of_two()) {
                let text = format!("{} {why}: {dropped} data packets dropped.", self.name(member));
                self.log(Level::Warning, text);
            }
            self.touch(member, side);
        }
    }
}
