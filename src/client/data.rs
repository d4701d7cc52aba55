//! Data packets on their way to the server: how many wait, how much the connection takes, what has arrived.

use super::peer::Peer;
use std::collections::VecDeque;

/// Data packets that wait for a full SCTP buffer; more are refused.
const MAX_PENDING: usize = 256;
/// One data packet (`livekit.DataPacket`) on the wire.
pub const MAX_DATA_PACKET: usize = 64 * 1024;
/// What the chat queue leaves in the SCTP buffers, bytes: enough for 2.5 MB a second at 100 ms there and back, and half of what they
/// take ([`crate::rtc::config::MAX_BUFFERED`]), so that single packets do not wait behind a long message.
const MAX_BACKLOG: usize = 256 * 1024;

/// See the module.
#[derive(Default)]
pub(super) struct DataOut {
    pending: VecDeque<(bool, Vec<u8>)>,
    /// Bytes given to the reliable channel, and those that it took.
    put: u64,
    written: u64,
    /// Packets, and their bytes, that a channel took, and packets that were refused.
    pub(super) sent: u64,
    pub(super) bytes_sent: u64,
    pub(super) refused: u64,
}

impl DataOut {
    /// Keeps a packet until there is room. False: too many wait already, or it is too large.
    pub(super) fn queue(&mut self, bytes: Vec<u8>, reliable: bool) -> bool {
        let taken = bytes.len() <= MAX_DATA_PACKET && self.pending.len() < MAX_PENDING;
        if taken {
            self.pending.push_back((reliable, bytes));
        } else {
            self.refused += 1;
        }
        taken
    }

    pub(super) fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Hands over what waits, as far as there is room. Where there is none, ChannelBufferedAmountLow brings us back.
    pub(super) fn flush(&mut self, peer: &mut Peer) {
        while let Some((reliable, bytes)) = self.pending.pop_front() {
            if !self.write(peer, &bytes, reliable) {
                return self.pending.push_front((reliable, bytes));
            }
            self.put += if reliable { bytes.len() as u64 } else { 0 };
        }
    }

    /// A part of a message may be handed over: nothing waits, and the buffers are not too full.
    pub(super) fn has_room(&self, peer: &mut Peer, reliable: bool) -> bool {
        let open = peer.channel(reliable).is_some_and(|id| peer.rtc.channel(id).is_some());
        open && self.pending.is_empty() && buffered(peer, true) + buffered(peer, false) < MAX_BACKLOG
    }

    /// Hands over a part, where [`DataOut::has_room`]. On a channel that breaks in this moment it counts as one that never arrives.
    pub(super) fn put(&mut self, peer: &mut Peer, bytes: &[u8], reliable: bool) {
        self.write(peer, bytes, reliable);
        self.put += if reliable { bytes.len() as u64 } else { 0 };
    }

    /// Bytes given to the reliable channel so far.
    pub(super) fn put_so_far(&self) -> u64 {
        self.put
    }

    /// How many of them the server has acknowledged.
    pub(super) fn arrived(&self, peer: &mut Peer) -> u64 {
        self.written.saturating_sub(buffered(peer, true) as u64)
    }

    fn write(&mut self, peer: &mut Peer, bytes: &[u8], reliable: bool) -> bool {
        let channel = peer.channel(reliable).and_then(|id| peer.rtc.channel(id));
        let done = channel.is_some_and(|mut channel| channel.write(true, bytes).unwrap_or(false));
        self.written += if done && reliable { bytes.len() as u64 } else { 0 };
        if done {
            self.sent += 1;
            self.bytes_sent += bytes.len() as u64;
        }
        done
    }
}

/// Bytes in a channel's buffer that are not acknowledged.
fn buffered(peer: &mut Peer, reliable: bool) -> usize {
    let channel = peer.channel(reliable).and_then(|id| peer.rtc.channel(id));
    channel.map_or(0, |mut channel| channel.buffered_amount())
}
