//! Packets in: each is placed by its timestamp; those that are no use, or too many, are counted and dropped.

use super::{JitterBuffer, Packet};
use crate::audio::history::Seen;

/// Packets kept at most: beyond any delay that a buffer may have.
pub(super) const MAX_PACKETS: usize = 256;

impl JitterBuffer {
    /// Takes a packet. Those that are no use are counted and dropped.
    pub fn insert(&mut self, packet: Packet) {
        if packet.redundant {
            self.insert_copy(packet);
        } else {
            self.insert_primary(packet);
        }
    }

    fn insert_primary(&mut self, packet: Packet) {
        match self.history.see(packet.sequence, packet.rtp_time) {
            Seen::New => {}
            Seen::Duplicate => {
                self.counters.duplicates += 1;
                return self.recycle(packet.payload);
            }
            Seen::Implausible => {
                self.counters.discarded += 1;
                return self.recycle(packet.payload);
            }
            Seen::Restart => {
                self.reset();
                self.history.see(packet.sequence, packet.rtp_time);
            }
        }
        self.counters.received += 1;
        self.estimator.packet(packet.rtp_time, packet.arrival);
        let before = packet.sequence.wrapping_sub(1);
        if packet.fec && !self.history.expects_copies() && self.history.recover(before) {
            let time = packet.rtp_time.saturating_sub(packet.duration);
            self.estimator.recovered(time, packet.arrival);
        }
        if self.next_time.is_some_and(|next| packet.rtp_time < next) {
            self.counters.late += 1;
            return self.recycle(packet.payload);
        }
        self.place(packet);
    }

    fn insert_copy(&mut self, packet: Packet) {
        self.history.expect_copies();
        if self.history.recover(packet.sequence) {
            self.estimator.recovered(packet.rtp_time, packet.arrival);
            if packet.fec && self.history.recover(packet.sequence.wrapping_sub(1)) {
                let time = packet.rtp_time.saturating_sub(packet.duration);
                self.estimator.recovered(time, packet.arrival);
            }
            if self.next_time.is_none_or(|next| packet.rtp_time >= next) {
                return self.place(packet);
            }
        }
        self.recycle(packet.payload);
    }

    /// Puts a packet where its timestamp belongs; a primary takes the place of its copy.
    fn place(&mut self, packet: Packet) {
        let index = self.queue.partition_point(|p| p.rtp_time < packet.rtp_time);
        match self.queue.get_mut(index) {
            Some(other) if other.rtp_time == packet.rtp_time => {
                let unused = if other.redundant && !packet.redundant {
                    core::mem::replace(other, packet).payload
                } else {
                    packet.payload
                };
                self.recycle(unused);
            }
            _ => self.queue.insert(index, packet),
        }
        self.trim();
    }

    /// Gives up the oldest packets where there are too many.
    fn trim(&mut self) {
        while self.queue.len() > MAX_PACKETS || self.sound() > self.max_sound {
            let Some(packet) = self.queue.pop_front() else {
                return;
            };
            self.counters.discarded += u64::from(!packet.redundant);
            self.recycle(packet.payload);
            if let Some(front) = self.queue.front() {
                self.next_time = Some(front.rtp_time);
            }
        }
    }
}
