//! Data packets on their way to the server, and which of those that come were here before.

use super::{Phase, Session, Side};
use crate::signal::livekit as lk;
use prost::Message as _;
use std::time::Instant;
use str0m::Input;

/// Senders whose newest reliable packet is remembered.
const MAX_SENDERS: usize = 10_000;

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

    /// False: it was here before. A server, or its sender, sends again what may have been lost.
    pub(super) fn is_new(&mut self, packet: &lk::DataPacket) -> bool {
        let (sid, sequence) = (&packet.participant_sid, packet.sequence);
        if sequence == 0 || sid.is_empty() {
            return true;
        }
        let room = self.received.len() < MAX_SENDERS;
        match self.received.get_mut(sid) {
            Some(last) if sequence <= *last => return false,
            Some(last) => *last = sequence,
            None if room => _ = self.received.insert(sid.clone(), sequence),
            None => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::session::SessionConfig;

    #[test]
    fn a_number_counts_once_for_each_sender() {
        let config = SessionConfig {
            rtc: crate::rtc::config(&crate::rtc::crypto_provider(), None),
            local: ([127, 0, 0, 1], 5000).into(),
            publish: false,
            stereo: false,
            cid: String::new(),
            asked: None,
        };
        let mut session = Session::new(config, Instant::now());
        let mut taken = |sid: &str, sequence| {
            session.is_new(&lk::DataPacket { participant_sid: sid.into(), sequence, ..Default::default() })
        };
        assert_eq!([1, 2, 2, 1, 3, 7, 4].map(|n| taken("PA_ada", n)), [true, true, false, false, true, true, false]);
        assert_eq!([1, 1].map(|n| taken("PA_bob", n)), [true, false]);
        // Who does not count, or is not named, is taken as it comes.
        assert_eq!([0, 0].map(|n| taken("PA_ada", n)), [true, true]);
        assert_eq!([5, 5].map(|n| taken("", n)), [true, true]);
    }
}
