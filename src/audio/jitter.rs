//! The jitter buffer: packets in as the network brings them, steps of playout out.
//!
//! It knows timestamps and durations, not codecs. Frames are placed by RTP timestamp; sequence
//! numbers tell a loss (a number is missing) from a pause of the sender (none is). When a frame
//! is due and absent, the buffer says how to fill its time: from the FEC of the frame after it,
//! or by concealment. Where nothing at all has arrived, concealment only bridges the time: what
//! comes late is still played, later than planned, and stretching makes up for it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::delay::{DelayEstimator, ticks};
use super::history::{History, Seen};

/// Packets kept at most: beyond any delay that a buffer may have.
const MAX_PACKETS: usize = 256;
/// Delay beyond the largest target, from which on the oldest packets are given up.
const MAX_EXCESS: Duration = Duration::from_millis(500);
/// What is concealed in one go, in 48 kHz ticks: while the next packet may come any moment, and
/// when the gap is known.
const CONCEAL_UNKNOWN: u64 = 480;
const CONCEAL_KNOWN: u64 = 960;
/// How much is concealed in a row before silence is more honest.
const CONCEAL_LIMIT: u64 = 4800;
/// Concealment is made in multiples of 2.5 ms (libopus).
const CONCEAL_UNIT: u64 = 120;
/// A playout clock this far behind has a caller that slept: it starts again from now.
const CLOCK_LAG: Duration = Duration::from_millis(100);
/// How much too long the delay may be before stretching begins, and where it ends, in ticks.
const SHORTEN_FROM: i64 = 192;
const SHORTEN_UNTIL: i64 = 120;
/// How much too short it may be, and by how much it is lengthened at least: frames come too late
/// until it is long enough, so better a little more.
const LENGTHEN_FROM: i64 = 48;
const LENGTHEN_LEAST: i64 = 240;

/// How frames leave the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Evenly, by a playout clock.
    #[default]
    Steady,
    /// At once, in order; a gap is waited for no longer than the target delay.
    Eager,
}

/// A packet, or a copy of one that another packet carried.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Extended sequence number; of a copy, that of the packet it repeats.
    pub sequence: u64,
    /// Extended RTP timestamp, 48 kHz.
    pub rtp_time: u64,
    /// Ticks of sound, at 48 kHz; above 0.
    pub duration: u64,
    /// Whether it can recover the frame before it.
    pub fec: bool,
    /// Whether it only says that silence begins.
    pub silence: bool,
    /// Whether it is a redundant copy.
    pub redundant: bool,
    /// When it arrived.
    pub arrival: Instant,
    /// The codec's bytes.
    pub payload: Vec<u8>,
}

/// What to do next.
#[derive(Debug)]
pub enum Action {
    /// Decode this packet.
    Play(Packet),
    /// Recover what lies before a packet from its FEC.
    Fec {
        /// The bytes of that packet.
        payload: Vec<u8>,
        /// Ticks to recover.
        duration: u64,
    },
    /// Conceal.
    Conceal {
        /// Ticks to conceal.
        duration: u64,
    },
}

/// One step of playout; its length is reported back by [`JitterBuffer::played`].
#[derive(Debug)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// Extended RTP timestamp of the sound.
    pub rtp_time: u64,
    /// When the packet arrived that it is made from.
    pub arrival: Option<Instant>,
    /// Ticks by which the delay is too long (shorten) or, negative, too short (lengthen).
    pub excess: i32,
}

/// Counters since the buffer was made; see also [`JitterBuffer::lost`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets that arrived, without duplicates.
    pub received: u64,
    /// Packets that arrived after their time had been filled by other means.
    pub late: u64,
    /// Packets that arrived again.
    pub duplicates: u64,
    /// Packets given up because the buffer was full, or their numbers made no sense.
    pub discarded: u64,
}

/// The adaptive jitter buffer of one stream.
#[derive(Debug)]
pub struct JitterBuffer {
    delivery: Delivery,
    max_sound: u64,
    estimator: DelayEstimator,
    /// By timestamp, oldest first.
    queue: VecDeque<Packet>,
    history: History,
    counters: Counters,
    /// No frame is expected: before the first packet, after silence, after an outage.
    idle: bool,
    /// Timestamp of the next frame to leave, and number of the last packet that left.
    next_time: Option<u64>,
    last_sequence: u64,
    last_duration: u64,
    /// When the next frame has to leave (Steady).
    due: Option<Instant>,
    /// Concealed while nothing was there, and not yet known to stand for lost frames.
    bridged: u64,
    /// Concealed since the last real frame.
    concealed: u64,
    shortening: bool,
    /// Buffers of payloads, for use again.
    spare: Vec<Vec<u8>>,
}

impl JitterBuffer {
    /// A buffer whose target delay stays between `min` and `max`.
    pub fn new(delivery: Delivery, min: Duration, max: Duration) -> Self {
        let sound_us = (max.max(min) + MAX_EXCESS).as_micros().min(60_000_000) as u64;
        Self {
            delivery,
            max_sound: sound_us * 6 / 125,
            estimator: DelayEstimator::new(min, max),
            queue: VecDeque::with_capacity(32),
            history: History::default(),
            counters: Counters::default(),
            idle: true,
            next_time: None,
            last_sequence: 0,
            last_duration: CONCEAL_KNOWN,
            due: None,
            bridged: 0,
            concealed: 0,
            shortening: false,
            spare: Vec::new(),
        }
    }

    /// Forgets the stream; counters stay.
    pub fn reset(&mut self) {
        self.flush();
        self.history.restart();
        self.estimator.reset();
    }

    /// Drops what is buffered and expects nothing; what was learnt about the line stays.
    pub fn flush(&mut self) {
        while let Some(packet) = self.queue.pop_front() {
            self.recycle(packet.payload);
        }
        self.idle = true;
        self.next_time = None;
        self.due = None;
        self.bridged = 0;
        self.concealed = 0;
        self.shortening = false;
    }

    /// An empty buffer for a payload, used before if possible.
    pub fn payload_buffer(&mut self) -> Vec<u8> {
        let mut payload = self.spare.pop().unwrap_or_default();
        payload.clear();
        payload
    }

    /// Takes back the buffer of a payload that has been used.
    pub fn recycle(&mut self, payload: Vec<u8>) {
        if self.spare.len() < 32 {
            self.spare.push(payload);
        }
    }

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

    /// A pause of the sender between two packets is no sound: it is not waited for again when both came at once.
    fn sound(&self) -> u64 {
        self.queue.iter().map(|packet| packet.duration).sum()
    }

    /// When [`poll`](Self::poll) has something to do; may lie in the past.
    pub fn deadline(&self) -> Option<Instant> {
        let front = self.queue.front();
        match self.delivery {
            Delivery::Steady if !self.idle => self.due,
            Delivery::Steady => self.start_of(front?),
            Delivery::Eager => {
                let front = front?;
                match self.next_time {
                    Some(next) if !self.idle && front.rtp_time > next && self.missing(front) > 0 => {
                        self.estimator.due(next)
                    }
                    _ => Some(front.arrival),
                }
            }
        }
    }

    /// When the clock may start with this packet: no earlier than the frames before it end.
    fn start_of(&self, front: &Packet) -> Option<Instant> {
        self.estimator.due(front.rtp_time).max(self.due)
    }

    /// How many packets are missing between the last one that left and this one.
    fn missing(&self, front: &Packet) -> u64 {
        front.sequence.saturating_sub(self.last_sequence + 1)
    }

    /// The next step, if its time has come.
    pub fn poll(&mut self, now: Instant) -> Option<Step> {
        loop {
            if self.deadline()? > now {
                return None;
            }
            if self.idle {
                let front = self.queue.front()?;
                self.due = self.start_of(front);
                self.next_time = Some(front.rtp_time);
                self.bridged = 0;
                self.concealed = 0;
                if front.silence {
                    let packet = self.queue.pop_front()?;
                    self.take(&packet);
                    self.recycle(packet.payload);
                    continue;
                }
                self.idle = false;
            }
            if self.due.is_some_and(|due| due + CLOCK_LAG < now) {
                self.due = Some(now);
            }
            let next = self.next_time?;
            match self.queue.front() {
                Some(front) if front.rtp_time < next => {
                    // Its time was filled while it waited behind its own gap.
                    self.counters.late += u64::from(!front.redundant);
                    let packet = self.queue.pop_front()?;
                    self.recycle(packet.payload);
                }
                Some(front) if front.rtp_time == next => return self.play(),
                Some(_) => {
                    if let Some(step) = self.fill_gap(next) {
                        return Some(step);
                    }
                }
                None => return self.bridge(next),
            }
        }
    }

    fn play(&mut self) -> Option<Step> {
        let packet = self.queue.pop_front()?;
        let excess = self.excess(packet.rtp_time);
        self.take(&packet);
        self.idle = packet.silence;
        self.bridged = 0;
        self.concealed = 0;
        Some(Step { rtp_time: packet.rtp_time, arrival: Some(packet.arrival), excess, action: Action::Play(packet) })
    }

    fn take(&mut self, packet: &Packet) {
        self.next_time = Some(packet.rtp_time + packet.duration);
        self.last_sequence = packet.sequence;
        self.last_duration = packet.duration;
    }

    /// A step for a gap before the first packet, or None after moving past (some of) it.
    fn fill_gap(&mut self, next: u64) -> Option<Step> {
        let front = self.queue.front()?;
        let missing = self.missing(front);
        // What was bridged turns out to have stood for the lost frames.
        let bridged = core::mem::take(&mut self.bridged).min(front.rtp_time - next);
        if missing > 0 && bridged > 0 {
            self.next_time = Some(next + bridged);
            return None;
        }
        let gap = front.rtp_time - next;
        let fec = if missing > 0 && front.fec && gap >= front.duration { front.duration } else { 0 };
        let wanted = missing.saturating_mul(self.last_duration).min(CONCEAL_LIMIT);
        let duration =
            wanted.saturating_sub(self.concealed + fec).min(gap - fec).min(CONCEAL_KNOWN) / CONCEAL_UNIT * CONCEAL_UNIT;
        if duration > 0 {
            self.next_time = Some(next + duration);
            self.concealed += duration;
            return Some(Step { action: Action::Conceal { duration }, rtp_time: next, arrival: None, excess: 0 });
        }
        let (end, arrival) = (front.rtp_time, front.arrival);
        if gap > fec {
            // The rest of the gap is a pause of the sender: its frames come when they are due.
            self.due = self.estimator.due(end - fec).max(self.due);
            self.next_time = Some(end - fec);
            return None;
        }
        self.next_time = Some(end);
        self.last_sequence = front.sequence.saturating_sub(1);
        self.concealed = 0;
        let mut payload = self.payload_buffer();
        payload.extend_from_slice(&self.queue.front()?.payload);
        Some(Step { action: Action::Fec { payload, duration: fec }, rtp_time: next, arrival: Some(arrival), excess: 0 })
    }

    /// A step while nothing is there; after a while, none: the sender paused.
    fn bridge(&mut self, next: u64) -> Option<Step> {
        if self.concealed >= CONCEAL_LIMIT {
            self.idle = true;
            return None;
        }
        let rtp_time = next + self.bridged;
        self.bridged += CONCEAL_UNKNOWN;
        self.concealed += CONCEAL_UNKNOWN;
        Some(Step { action: Action::Conceal { duration: CONCEAL_UNKNOWN }, rtp_time, arrival: None, excess: 0 })
    }

    /// By how many ticks the frame of that timestamp leaves too late, where it is worth a change.
    fn excess(&mut self, rtp_time: u64) -> i32 {
        let (Delivery::Steady, Some(due), Some(wanted)) = (self.delivery, self.due, self.estimator.due(rtp_time))
        else {
            return 0;
        };
        let late = due.saturating_duration_since(wanted).as_micros() as i64;
        let early = wanted.saturating_duration_since(due).as_micros() as i64;
        let excess = (late - early) * 6 / 125;
        let target = self.estimator.target().as_micros() as i64 * 6 / 125;
        if excess < -LENGTHEN_FROM {
            self.shortening = false;
            return excess.min(-LENGTHEN_LEAST) as i32;
        }
        let margin = if self.shortening { SHORTEN_UNTIL } else { SHORTEN_FROM + target / 8 };
        self.shortening = excess > margin;
        if self.shortening { excess as i32 } else { 0 }
    }

    /// Tells how many ticks the last step really took, after stretching.
    pub fn played(&mut self, duration: u64) {
        self.due = self.due.map(|due| due + ticks(duration));
    }

    /// The wait for a frame, counted from when it would have come by the fastest way.
    pub fn target(&self) -> Duration {
        self.estimator.target()
    }

    /// Interarrival jitter, RFC 3550 section 6.4.1.
    pub fn jitter(&self) -> Duration {
        self.estimator.jitter()
    }

    /// The sound in the buffer.
    pub fn buffered(&self) -> Duration {
        ticks(self.sound())
    }

    /// Counters since the buffer was made.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Packets that have not arrived, by sequence number; falls again when they come late.
    pub fn lost(&self) -> u64 {
        self.history.lost()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packet(n: u64, arrival: Instant) -> Packet {
        Packet {
            sequence: 1000 + n,
            rtp_time: 5000 + n * 960,
            duration: 960,
            fec: false,
            silence: false,
            redundant: false,
            arrival,
            payload: vec![n as u8],
        }
    }

    /// The next step as a word, with its number of frame.
    fn step(buffer: &mut JitterBuffer, now: Instant) -> Option<(&'static str, u64)> {
        let step = buffer.poll(now)?;
        let n = (step.rtp_time - 5000) / 960;
        let (word, duration) = match step.action {
            Action::Play(packet) if packet.redundant => ("copy", packet.duration),
            Action::Play(packet) => ("play", packet.duration),
            Action::Fec { duration, .. } => ("fec", duration),
            Action::Conceal { duration } => ("conceal", duration),
        };
        buffer.played(duration);
        Some((word, n))
    }

    fn buffer(delivery: Delivery) -> JitterBuffer {
        JitterBuffer::new(delivery, 10 * MS, 500 * MS)
    }

    #[test]
    fn a_gap_is_filled_by_copy_then_fec_then_concealment() {
        let start = Instant::now();
        let mut buffer = buffer(Delivery::Eager);
        buffer.insert(packet(0, start));
        assert_eq!(step(&mut buffer, start), Some(("play", 0)));
        // 1 is gone, 2 comes as a copy, 3 by the FEC of 4.
        let late = start + 200 * MS;
        buffer.insert(Packet { fec: true, ..packet(4, late) });
        buffer.insert(Packet { redundant: true, ..packet(2, late) });
        let end = start + 2000 * MS;
        assert_eq!(step(&mut buffer, end), Some(("conceal", 1)));
        let steps: Vec<_> = core::iter::from_fn(|| step(&mut buffer, end)).collect();
        assert_eq!(steps, [("copy", 2), ("fec", 3), ("play", 4)]);
        assert_eq!(buffer.lost(), 3);
    }

    #[test]
    fn a_gap_is_waited_for_until_the_target_and_no_longer() {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(Delivery::Eager, 50 * MS, 500 * MS);
        buffer.insert(packet(0, start));
        assert_eq!(step(&mut buffer, start), Some(("play", 0)));
        buffer.insert(packet(2, start + 40 * MS));
        assert_eq!(buffer.deadline(), Some(start + 70 * MS));
        assert_eq!(step(&mut buffer, start + 69 * MS), None);
        assert_eq!(step(&mut buffer, start + 70 * MS), Some(("conceal", 1)));
        assert_eq!(step(&mut buffer, start + 70 * MS), Some(("play", 2)));
        assert_eq!(buffer.deadline(), None);
        buffer.insert(packet(1, start + 71 * MS));
        assert_eq!(buffer.counters().late, 1);
        assert_eq!(buffer.lost(), 0);
    }

    #[test]
    fn what_only_came_late_is_played_and_what_was_lost_is_not_waited_for() {
        let start = Instant::now();
        let mut buffer = buffer(Delivery::Steady);
        buffer.insert(packet(0, start));
        assert_eq!(step(&mut buffer, start + 10 * MS), Some(("play", 0)));
        assert_eq!(step(&mut buffer, start + 30 * MS), Some(("conceal", 1)));
        // 1 comes after all: it follows what bridged the time.
        buffer.insert(packet(1, start + 35 * MS));
        assert_eq!(step(&mut buffer, start + 40 * MS), Some(("play", 1)));
        // 2 never comes: what bridged the time stands for it.
        assert_eq!(step(&mut buffer, start + 60 * MS), Some(("conceal", 2)));
        assert_eq!(step(&mut buffer, start + 70 * MS), Some(("conceal", 2)));
        buffer.insert(packet(3, start + 75 * MS));
        assert_eq!(step(&mut buffer, start + 80 * MS), Some(("play", 3)));
    }

    #[test]
    fn nothing_is_kept_beyond_the_bound() {
        let start = Instant::now();
        for delivery in [Delivery::Steady, Delivery::Eager] {
            let mut buffer = buffer(delivery);
            for n in 0..1000 {
                buffer.insert(packet(n, start + MS * n as u32 * 20));
                assert!(buffer.buffered() <= 1000 * MS);
            }
            assert_eq!(buffer.counters().discarded, 950);
            assert_eq!(step(&mut buffer, start + 30_000 * MS), Some(("play", 950)));
            for n in 2000..4000 {
                let short = Packet { rtp_time: 10_000_000 + n, duration: 1, ..packet(n, start) };
                buffer.insert(short);
            }
            assert!(buffer.queue.len() <= MAX_PACKETS);
        }
    }

    #[test]
    fn a_pause_that_arrives_with_what_was_around_it_loses_nothing() {
        let start = Instant::now();
        for (delivery, second) in [(Delivery::Steady, start + 20 * MS), (Delivery::Eager, start)] {
            let mut buffer = buffer(delivery);
            buffer.insert(packet(0, start));
            buffer.insert(Packet { rtp_time: packet(60, start).rtp_time, ..packet(1, start) });
            assert_eq!(step(&mut buffer, start), Some(("play", 0)));
            assert_eq!(buffer.deadline(), Some(second));
            assert_eq!(step(&mut buffer, second), Some(("play", 60)));
            assert_eq!(buffer.counters().discarded, 0);
        }
    }

    #[test]
    fn a_primary_takes_the_place_of_its_copy() {
        let start = Instant::now();
        let mut buffer = buffer(Delivery::Steady);
        buffer.insert(packet(0, start));
        buffer.insert(packet(3, start));
        buffer.insert(Packet { redundant: true, ..packet(1, start) });
        buffer.insert(packet(1, start));
        buffer.insert(Packet { redundant: true, ..packet(1, start) });
        assert_eq!(step(&mut buffer, start + 10 * MS), Some(("play", 0)));
        assert_eq!(step(&mut buffer, start + 30 * MS), Some(("play", 1)));
        assert_eq!(buffer.queue.len(), 1);
    }

    #[test]
    fn a_delay_that_is_a_little_too_short_is_lengthened_enough_to_be_done() {
        let start = Instant::now();
        let mut buffer = buffer(Delivery::Steady);
        let mut excesses = Vec::new();
        for n in 0..300 {
            let now = start + MS * n as u32 * 20;
            while let Some(due) = buffer.deadline().filter(|due| *due <= now) {
                let step = buffer.poll(due).unwrap();
                let duration = match step.action {
                    Action::Play(packet) => packet.duration,
                    Action::Fec { duration, .. } | Action::Conceal { duration } => duration,
                };
                excesses.push(step.excess);
                // As stretching does: 2.5 ms at least, here 9.8 ms at most.
                let change = match step.excess {
                    -119..120 => 0,
                    excess => excess.clamp(-470, 470),
                };
                buffer.played(duration.saturating_add_signed(-i64::from(change)));
            }
            // Each fourth is lost, and comes 20 ms later by the FEC of the next.
            if n % 4 != 1 {
                buffer.insert(Packet { fec: true, ..packet(n, now) });
            }
        }
        assert_eq!(buffer.target(), 22 * MS);
        assert!(excesses.contains(&-576), "{excesses:?}");
        let last = &excesses[excesses.len() - 200..];
        assert!(last.iter().all(|&e| e == 0), "{last:?}");
    }

    #[test]
    fn a_caller_that_slept_does_not_get_a_flood() {
        let start = Instant::now();
        let mut buffer = buffer(Delivery::Steady);
        for n in 0..40 {
            buffer.insert(packet(n, start + MS * n as u32 * 20));
        }
        let now = start + 800 * MS;
        assert_eq!(step(&mut buffer, now), Some(("play", 0)));
        assert_eq!(step(&mut buffer, now), None);
        assert_eq!(buffer.deadline(), Some(now + 20 * MS));
    }
}
