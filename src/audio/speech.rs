//! When somebody speaks: from the level and voice probability of each frame, the beginnings and ends of speech.
//!
//! The parameters are those of the voice detection that programs know from the `rtc` module (`AudioVadConfigV2`), with its
//! defaults. They count in blocks of 10 ms, whatever the length of the frames.

mod config;
#[cfg(test)]
mod tests;

pub use config::SpeechConfig;

use std::collections::VecDeque;
use std::time::Duration;

/// What the parameters count.
pub const BLOCK: Duration = Duration::from_millis(10);

/// What a frame is to speech. Programs know the numbers: they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Speech {
    /// Nobody speaks.
    None = 0,
    /// Speech begins.
    Start = 1,
    /// In the midst of speech.
    Speaking = 2,
    /// Speech ends.
    End = 3,
}

/// Finds beginnings and ends. See the module.
pub struct SpeechDetector {
    config: SpeechConfig,
    /// Samples of a block.
    block: usize,
    /// Samples of a block that is not complete.
    rest: usize,
    speaking: bool,
    /// Of the latest blocks, which were active. Sound that never was is silence.
    window: VecDeque<bool>,
    /// Blocks since the beginning, and how many of them were over when the last active one was.
    blocks: u64,
    active_until: u64,
}

impl SpeechDetector {
    /// For sound at `rate` Hz.
    pub fn new(config: SpeechConfig, rate: u32) -> SpeechDetector {
        let block = (rate / 100).max(1) as usize;
        let window = VecDeque::new();
        SpeechDetector { config, block, rest: 0, speaking: false, window, blocks: 0, active_until: 0 }
    }

    /// The next samples (for each channel), of this level (-dBov) and this probability of a voice. Says what they are to
    /// speech; there is at most one change in them.
    pub fn listen(&mut self, samples: usize, level: u8, probability: f32) -> Speech {
        self.rest += samples;
        let blocks = self.rest / self.block;
        self.rest %= self.block;
        self.pass(blocks as u64, level, probability)
    }

    /// Nothing came for so long.
    pub fn silence(&mut self, span: Duration) -> Speech {
        self.rest = 0;
        // More than both windows hold makes no difference.
        let blocks = (span.as_millis() / BLOCK.as_millis()).min(10_000);
        self.pass(blocks as u64, 127, 0.0)
    }

    fn pass(&mut self, blocks: u64, level: u8, probability: f32) -> Speech {
        let before = self.speaking;
        for _ in 0..blocks {
            let active = self.is_active(level, probability);
            self.block(active);
            if self.speaking != before {
                break;
            }
        }
        match (before, self.speaking) {
            (false, false) => Speech::None,
            (false, true) => Speech::Start,
            (true, true) => Speech::Speaking,
            (true, false) => Speech::End,
        }
    }

    fn is_active(&self, level: u8, probability: f32) -> bool {
        let config = &self.config;
        let (percent, decibel) = match self.speaking {
            false => (config.start_voice_prob, config.start_rms_threshold),
            true => (config.stop_voice_prob, config.stop_rms_threshold),
        };
        f64::from(probability) * 100.0 > f64::from(percent) && -i32::from(level) > decibel
    }

    fn block(&mut self, active: bool) {
        let counted = if self.speaking { self.config.stop_recognize_count } else { self.config.start_recognize_count };
        let counted = counted as usize;
        if self.window.len() >= counted {
            self.window.pop_front();
        }
        self.window.push_back(active);
        if self.speaking {
            self.blocks += 1;
            if active {
                self.active_until = self.blocks;
            }
            if self.window.len() == counted && self.inactive() as f64 >= self.config.inactive_percent * counted as f64 {
                self.end();
            }
        } else if (self.window.len() - self.inactive()) as f64 >= self.config.active_percent * counted as f64 {
            self.speaking = true;
            self.window.clear();
            self.blocks = u64::from(self.config.start_recognize_count);
            self.active_until = self.blocks;
        }
    }

    fn inactive(&self) -> usize {
        self.window.iter().filter(|active| !**active).count()
    }

    /// Speech is over, whatever was heard last: the speaker is gone.
    pub fn end(&mut self) {
        self.speaking = false;
        self.window.clear();
        self.rest = 0;
    }

    /// In the midst of speech.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// How long the speech is, or was until its end: from where it was looked at for a beginning to its last active block.
    pub fn spoken(&self) -> Duration {
        Duration::from_millis(self.active_until * BLOCK.as_millis() as u64)
    }

    /// How much silence would end the speech now; None while nobody speaks.
    pub fn until_end(&self) -> Option<Duration> {
        if !self.speaking {
            return None;
        }
        let counted = self.config.stop_recognize_count as usize;
        let needed = (self.config.inactive_percent * counted as f64).ceil() as usize;
        // So many blocks of silence, of which the window keeps its end.
        let ends = |silent: usize| {
            let kept = (counted - silent).min(self.window.len());
            let inactive = self.window.iter().rev().take(kept).filter(|active| !**active).count();
            kept + silent == counted && inactive + silent >= needed
        };
        let silent = (1..counted).find(|silent| ends(*silent)).unwrap_or(counted);
        Some(BLOCK * silent as u32)
    }
}
