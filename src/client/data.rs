//! Data packets on their way to the server: how many wait, how much the connection takes, what has arrived.
//!
//! Reliable packets are numbered as LiveKit's clients number them (`DataPacket.sequence`, from 1), so that server and hearers can
//! tell one that comes twice. They are kept until SCTP has them acknowledged: no more than its buffers hold.

use super::peer::Peer;
use crate::signal::livekit as lk;
use prost::Message as _;
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
    /// Reliable packets that are not acknowledged, oldest first.
    unacknowledged: VecDeque<Numbered>,
    /// The number of the newest reliable packet.
    sequence: u32,
    /// Bytes given to the reliable channel, and those that it took.
    put: u64,
    written: u64,
    /// How many of these were acknowledged when it was looked last.
    arrived: u64,
    /// Packets, and their bytes, that a channel took, and packets that were refused.
    pub(super) sent: u64,
    pub(super) bytes_sent: u64,
    pub(super) refused: u64,
}

/// A reliable packet that SCTP has.
struct Numbered {
    sequence: u32,
    /// With its number.
    bytes: Vec<u8>,
    /// A part of a message, whose fate is told by the message.
    part: bool,
    /// What [`DataOut::arrived`] is once it is acknowledged.
    end: u64,
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
            if !self.write(peer, &bytes, reliable, false) {
                return self.pending.push_front((reliable, bytes));
            }
        }
    }

    /// Sends again what the server did not have when it knew us again, as LiveKit's clients do. SCTP does so too, in its own time,
    /// and numbers sort it out. A server that counts nothing (0) would take everything twice, so there SCTP alone does it.
    pub(super) fn resend(&mut self, peer: &mut Peer, last: u32) {
        self.arrived(peer);
        if last == 0 {
            return;
        }
        for packet in self.unacknowledged.iter().filter(|packet| packet.sequence > last) {
            if !put(peer, &packet.bytes, true) {
                return;
            }
            self.put += packet.bytes.len() as u64;
            self.written += packet.bytes.len() as u64;
        }
    }

    /// The same for another connection: what may not have arrived waits again. Messages tell their own fate.
    pub(super) fn carried_over(self) -> DataOut {
        let again = self.unacknowledged.into_iter().filter(|packet| !packet.part).map(|packet| (true, packet.bytes));
        DataOut { pending: again.chain(self.pending).collect(), ..DataOut::default() }
    }

    /// A part of a message may be handed over: nothing waits, and the buffers are not too full.
    pub(super) fn has_room(&self, peer: &mut Peer, reliable: bool) -> bool {
        let full = [true, false].map(|reliable| buffered(peer, reliable).unwrap_or(0));
        buffered(peer, reliable).is_some() && self.pending.is_empty() && full.iter().sum::<usize>() < MAX_BACKLOG
    }

    /// Hands over a part, where [`DataOut::has_room`]. On a channel that breaks in this moment it counts as one that never arrives.
    pub(super) fn put(&mut self, peer: &mut Peer, bytes: &[u8], reliable: bool) {
        if !self.write(peer, bytes, reliable, true) && reliable {
            self.put += bytes.len() as u64;
        }
    }

    /// Bytes given to the reliable channel so far.
    pub(super) fn put_so_far(&self) -> u64 {
        self.put
    }

    /// How many of them the server has acknowledged. A connection that is over takes what it knew with it: to be asked while it lives.
    pub(super) fn arrived(&mut self, peer: &mut Peer) -> u64 {
        if self.arrived < self.written
            && let Some(buffered) = buffered(peer, true)
        {
            self.arrived = self.written.saturating_sub(buffered as u64);
            while self.unacknowledged.front().is_some_and(|packet| packet.end <= self.arrived) {
                self.unacknowledged.pop_front();
            }
        }
        self.arrived
    }

    fn write(&mut self, peer: &mut Peer, bytes: &[u8], reliable: bool, part: bool) -> bool {
        let sequence = self.sequence.wrapping_add(1);
        let mut bytes = bytes.to_vec();
        if reliable {
            // Behind the rest: of a field that occurs twice, the last one counts.
            let number = lk::DataPacket { sequence, ..Default::default() };
            number.encode(&mut bytes).expect("a Vec grows");
        }
        if !put(peer, &bytes, reliable) {
            return false;
        }
        self.sent += 1;
        self.bytes_sent += bytes.len() as u64;
        if reliable {
            self.sequence = sequence;
            self.put += bytes.len() as u64;
            self.written += bytes.len() as u64;
            self.unacknowledged.push_back(Numbered { sequence, bytes, part, end: self.written });
            self.arrived(peer);
        }
        true
    }
}

fn put(peer: &mut Peer, bytes: &[u8], reliable: bool) -> bool {
    let channel = peer.channel(reliable).and_then(|id| peer.rtc.channel(id));
    channel.is_some_and(|mut channel| channel.write(true, bytes).unwrap_or(false))
}

/// Bytes in a channel's buffer that are not acknowledged. None: the channel is not open, or not any more.
fn buffered(peer: &mut Peer, reliable: bool) -> Option<usize> {
    let channel = peer.channel(reliable).and_then(|id| peer.rtc.channel(id));
    channel.map(|mut channel| channel.buffered_amount())
}
