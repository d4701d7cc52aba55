//! Data packets on their way to the server.

use super::{Phase, Session, Side};
use crate::signal::livekit as lk;
use prost::Message as _;
use std::time::Instant;
use str0m::Input;

impl Session {
    /// Sends a data packet. False: too many wait already, or it is too large.
    pub fn send_data(&mut self, now: Instant, packet: &lk::DataPacket, reliable: bool) -> bool {
        let taken = self.data.queue(packet.encode_to_vec(), reliable);
        self.data.flush(&mut self.publisher);
        self.flush(now);
        taken
    }

    /// Sends first what an earlier session took, and the server may not have had.
    pub(in crate::client) fn take_data(&mut self, earlier: &mut Session) {
        earlier.data_arrived();
        self.data = std::mem::take(&mut earlier.data).carried_over();
    }

    /// Data packets that wait for room on their way to the server.
    pub fn data_waiting(&self) -> usize {
        self.data.waiting()
    }

    /// A part of a long message may be handed over with [`Session::put_data`].
    pub fn has_room_for_data(&mut self, reliable: bool) -> bool {
        self.phase == Phase::Connected && self.data.has_room(&mut self.publisher, reliable)
    }

    /// Hands over a part, a whole data packet. Call [`Session::flush`] after the last one.
    pub fn put_data(&mut self, bytes: &[u8], reliable: bool) {
        self.data.put(&mut self.publisher, bytes, reliable);
    }

    /// Bytes given to the reliable channel so far.
    pub fn data_put(&self) -> u64 {
        self.data.put_so_far()
    }

    /// How many of them the server has acknowledged.
    pub fn data_arrived(&mut self) -> u64 {
        self.data.arrived(&mut self.publisher)
    }

    /// Sends what was handed over.
    pub fn flush(&mut self, now: Instant) {
        let _ = self.publisher.rtc.handle_input(Input::Timeout(now));
        self.drain_peer(now, Side::Publisher);
    }

    pub(super) fn flush_data(&mut self, now: Instant) {
        self.data.flush(&mut self.publisher);
        let _ = self.publisher.rtc.handle_input(Input::Timeout(now));
    }
}
