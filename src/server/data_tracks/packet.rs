//! Packets of data tracks. Their header, as LiveKit has it (pkg/rtc/datatrack/packet.go), big-endian: version (3 bits), start and end of a
//! frame, "extensions follow" (1 bit each), 10 bits reserved, handle (16), sequence number (16), frame number (16), time (32); with
//! extensions the number of 32-bit words that they take, less one, this number (16) included.

use super::{ParticipantId, RoomServer};

/// The header without extensions, bytes.
const HEADER: usize = 12;
/// The version that is known.
const VERSION: u8 = 0;
const EXTENSIONS: u8 = 1 << 2;
/// The longest packet that is passed on, bytes: what LiveKit's server reads.
const MAX_PACKET: usize = u16::MAX as usize;

/// The handle in a packet; None: it is no packet of a data track.
fn handle(packet: &[u8]) -> Option<u16> {
    let first = *packet.first().filter(|_| (HEADER..=MAX_PACKET).contains(&packet.len()))?;
    if first >> 5 != VERSION {
        return None;
    }
    if first & EXTENSIONS != 0 {
        let words = packet.get(HEADER..HEADER + 2)?;
        let bytes = (usize::from(u16::from_be_bytes([words[0], words[1]])) + 1) * 4;
        if packet.len() < HEADER + bytes {
            return None;
        }
    }
    Some(u16::from_be_bytes([packet[2], packet[3]])).filter(|handle| *handle > 0)
}

/// The packet with another handle.
fn with_handle(packet: &[u8], handle: u16) -> Vec<u8> {
    let mut packet = packet.to_vec();
    packet[2..4].copy_from_slice(&handle.to_be_bytes());
    packet
}

impl RoomServer {
    /// Sends a data track's packet on to everyone who subscribes.
    pub(in super::super) fn forward_data_track(&mut self, id: ParticipantId, packet: &[u8]) {
        let Some(sender) = self.participants.get(&id) else { return };
        let counted = &mut self.counted;
        counted.data_received += 1;
        counted.data_bytes_received += packet.len() as u64;
        if !sender.claims.video.may_publish_data() {
            counted.data_dropped_forbidden += 1;
            return self.refuse_data(id, "without the permission");
        }
        let Some(handle) = handle(packet) else {
            counted.data_dropped_malformed += 1;
            return self.refuse_data(id, "that is no packet of a data track");
        };
        // One that ended a moment ago may still have packets under way: no line for the log.
        let sid = sender.data_tracks.published.get(&handle);
        let Some(track) = sid.and_then(|sid| self.data_tracks.get(sid)) else {
            counted.data_dropped_malformed += 1;
            return;
        };
        for (listener, handle) in &track.listeners {
            let Some(to) = self.participants.get_mut(listener) else { continue };
            let side = to.receiving_side();
            let peer = to.receiving();
            if peer.send_data(super::super::peer::Lane::DataTrack, with_handle(packet, *handle), 0).is_err() {
                counted.data_dropped_full += 1;
                continue;
            }
            counted.data_forwarded += 1;
            counted.data_bytes_forwarded += packet.len() as u64;
            if !peer.dirty {
                peer.dirty = true;
                self.dirty.push((*listener, side));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_and_only_the_handle_is_written() {
        let plain = [0x18, 0, 0x12, 0x34, 0, 1, 0, 2, 0, 0, 0, 3, 9, 9];
        assert_eq!(handle(&plain), Some(0x1234));
        let sent = with_handle(&plain, 7);
        assert_eq!(handle(&sent), Some(7));
        assert_eq!((&sent[..2], &sent[4..]), (&plain[..2], &plain[4..]));
        assert_eq!(handle(&plain[..HEADER]), Some(0x1234), "a frame may be empty");
    }

    #[test]
    fn what_is_no_packet_has_no_handle() {
        let plain = [0x18, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 3];
        (0..plain.len()).for_each(|length| assert_eq!(handle(&plain[..length]), None));
        let with = |at: usize, byte: u8| {
            let mut packet = plain;
            packet[at] = byte;
            handle(&packet)
        };
        assert_eq!(with(3, 0), None, "zero is no handle");
        assert_eq!(with(0, 0x38), None, "another version");
        assert_eq!(with(0, 0x1c), None, "extensions, and none there");
        let extended = |words: u16, bytes: usize| {
            let mut packet = plain.to_vec();
            packet[0] |= EXTENSIONS;
            packet.extend_from_slice(&words.to_be_bytes());
            packet.resize(HEADER + bytes, 0);
            handle(&packet)
        };
        assert_eq!((extended(0, 4), extended(2, 12), extended(2, 20)), (Some(1), Some(1), Some(1)));
        assert_eq!((extended(0, 3), extended(2, 11), extended(u16::MAX, 4)), (None, None, None));
        assert_eq!(handle(&[plain.to_vec(), vec![0; MAX_PACKET]].concat()), None, "too long");
    }
}
