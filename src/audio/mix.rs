//! Several speakers in one stream: a lane of samples for each, summed on a clock that runs while anyone speaks.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// A lane holds at most this much sound; older samples make way.
const LANE: Duration = Duration::from_millis(200);
/// After this long without sound on any lane the clock stops.
const PATIENCE: Duration = Duration::from_millis(60);
const FRAME: Duration = Duration::from_millis(20);

/// Mixes interleaved 16-bit frames of the same rate and channel count.
pub struct Mixer<K: Ord> {
    frame: usize,
    lanes: BTreeMap<K, VecDeque<i16>>,
    next: Option<Instant>,
    last_sound: Option<Instant>,
    sum: Vec<i32>,
    dropped: u64,
}

impl<K: Ord> Mixer<K> {
    /// A mixer for `rate` Hz and `channels` (1 or 2); it gives frames of 20 ms.
    pub fn new(rate: u32, channels: u8) -> Self {
        let frame = (rate / 50) as usize * usize::from(channels);
        Mixer { frame, lanes: BTreeMap::new(), next: None, last_sound: None, sum: vec![0; frame], dropped: 0 }
    }

    /// Adds sound of one speaker. The first sound after a pause starts the clock, one frame ahead.
    pub fn push(&mut self, key: K, pcm: &[i16], now: Instant) {
        let limit = self.frame * (LANE.as_millis() / FRAME.as_millis()) as usize;
        let lane = self.lanes.entry(key).or_default();
        lane.extend(pcm);
        let excess = lane.len().saturating_sub(limit);
        lane.drain(..excess);
        self.dropped += excess as u64;
        self.last_sound = Some(now);
        // A speaker's frames come 20 ms apart, a little early or late: half a frame of slack keeps the lane from running dry.
        self.next.get_or_insert(now + FRAME / 2);
    }

    /// Forgets a speaker.
    pub fn remove(&mut self, key: &K) {
        self.lanes.remove(key);
    }

    /// When the next frame is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// The next mixed frame, if it is due. Sums saturate.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<i16>) -> bool {
        let Some(next) = self.next.filter(|next| *next <= now) else { return false };
        self.sum.fill(0);
        let mut any = false;
        for lane in self.lanes.values_mut() {
            let take = lane.len().min(self.frame);
            any |= take > 0;
            for (sum, sample) in self.sum.iter_mut().zip(lane.drain(..take)) {
                *sum += i32::from(sample);
            }
        }
        let silent_for = self.last_sound.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        self.next = (any || silent_for < PATIENCE).then(|| {
            // After a stall the clock starts anew rather than running behind for ever.
            let due = next + FRAME;
            if now > due + LANE { now + FRAME } else { due }
        });
        if !any && self.next.is_none() {
            return false;
        }
        out.clear();
        out.extend(self.sum.iter().map(|sum| (*sum).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16));
        true
    }

    /// Samples that a full lane dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mixer: &mut Mixer<u8>, start: Instant, until: Duration) -> Vec<Vec<i16>> {
        let mut out = Vec::new();
        let mut all = Vec::new();
        while let Some(due) = mixer.deadline().filter(|due| *due <= start + until) {
            if mixer.poll(due, &mut out) {
                all.push(out.clone());
            }
        }
        all
    }

    #[test]
    fn sums_and_saturates() {
        let start = Instant::now();
        let mut mixer = Mixer::new(8000, 1);
        mixer.push(1, &[100; 160], start);
        mixer.push(2, &[23; 160], start);
        assert_eq!(frames(&mut mixer, start, Duration::from_millis(15)), [vec![123; 160]]);
        let mut mixer = Mixer::new(8000, 1);
        mixer.push(1, &[30_000; 160], start);
        mixer.push(2, &[30_000; 160], start);
        assert_eq!(frames(&mut mixer, start, Duration::from_millis(15)), [vec![i16::MAX; 160]]);
    }

    #[test]
    fn the_clock_stops_when_nobody_speaks() {
        let start = Instant::now();
        let mut mixer = Mixer::new(8000, 1);
        mixer.push(1, &[5; 160], start);
        let heard = frames(&mut mixer, start, Duration::from_secs(5));
        assert_eq!(heard[0], vec![5; 160]);
        assert!(heard.len() <= 4, "{} frames after one of sound", heard.len());
        assert_eq!(mixer.deadline(), None);
        mixer.push(1, &[6; 160], start + Duration::from_secs(9));
        assert!(mixer.deadline().is_some());
    }

    #[test]
    fn a_lane_is_bounded_and_counts_what_it_drops() {
        let start = Instant::now();
        let mut mixer = Mixer::new(8000, 2);
        for _ in 0..20 {
            mixer.push(1, &[1; 320], start);
        }
        assert_eq!(mixer.dropped(), 10 * 320);
    }
}
