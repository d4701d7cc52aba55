//! Who is speaking, from the levels that clients write on their packets (RFC 6464); nothing is decoded.

use std::time::Duration;

/// How often levels are looked at.
pub const INTERVAL: Duration = Duration::from_millis(300);

/// A packet at this level or louder counts as speech, -dBov; LiveKit's default.
const THRESHOLD: u8 = 35;
/// This share of an interval's packets must be that loud, percent; LiveKit's default.
const SHARE: u32 = 40;
/// Of a change of level this share shows at once, so that meters do not flicker.
const ATTACK: f32 = 0.5;

/// The level of one track.
#[derive(Debug, Default)]
pub struct Level {
    packets: u32,
    loud: u32,
    /// Sum of -dBov over the loud packets.
    sum: u32,
    smoothed: f32,
    /// What was told last: 0 while silent.
    told: f32,
}

impl Level {
    /// One packet's level, -dBov: 0 the loudest, 127 silence.
    pub fn observe(&mut self, level: u8) {
        self.packets += 1;
        if level <= THRESHOLD {
            self.loud += 1;
            self.sum += u32::from(level);
        }
    }

    /// Ends an interval. The level to tell, 0 to 1, where it changed noticeably; 0 means: not speaking any more.
    pub fn tick(&mut self) -> Option<f32> {
        let speaking = self.packets > 0 && self.loud * 100 >= self.packets * SHARE;
        let target = if speaking { 10f32.powf(-(self.sum as f32 / self.loud as f32) / 20.0) } else { 0.0 };
        (self.packets, self.loud, self.sum) = (0, 0, 0);
        self.smoothed += (target - self.smoothed) * ATTACK;
        if self.smoothed < 0.01 {
            self.smoothed = 0.0;
        }
        let active = self.smoothed > 0.0;
        let changed = active != (self.told > 0.0) || (self.smoothed - self.told).abs() > 0.1 * self.told.max(0.05);
        changed.then(|| {
            self.told = self.smoothed;
            self.told
        })
    }

    /// The level told last, 0 to 1.
    pub fn told(&self) -> f32 {
        self.told
    }

    /// Whether ticks may be left out: silent, told so, and nothing came.
    pub fn idle(&self) -> bool {
        self.packets == 0 && self.told == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(level: &mut Level, of: u8) -> Option<f32> {
        (0..15).for_each(|_| level.observe(of));
        level.tick()
    }

    #[test]
    fn speech_is_told_once_and_its_end_too() {
        let mut level = Level::default();
        assert!(level.idle());
        assert_eq!(interval(&mut level, 127), None, "silence is no news");
        let first = interval(&mut level, 10).unwrap();
        assert!(first > 0.1 && first < 0.4);
        let steady = (0..10).filter_map(|_| interval(&mut level, 10)).collect::<Vec<_>>();
        assert!(!steady.is_empty() && steady.len() < 8, "it settles: {steady:?}");
        assert!((level.told() - 0.316).abs() < 0.05);
        let end = (0..10).filter_map(|_| level.tick()).collect::<Vec<_>>();
        assert_eq!(end.last(), Some(&0.0));
        assert!(level.idle());
    }
}
