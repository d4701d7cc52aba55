//! When somebody speaks: from the level and voice probability of each frame, the beginnings and ends of speech.
//!
//! The parameters are those of the voice detection that programs know from the `rtc` module (`AudioVadConfigV2`), with its
//! defaults. They count in blocks of 10 ms, whatever the length of the frames.

use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::time::Duration;

/// What the parameters count.
pub const BLOCK: Duration = Duration::from_millis(10);

/// How speech is told from its absence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeechConfig {
    /// Blocks before those in which speech was found that still belong to it, 1 to 1000.
    pub pre_start_recognize_count: u32,
    /// Blocks that are looked at for a beginning, 1 to 1000.
    pub start_recognize_count: u32,
    /// Blocks that are looked at for an end, 1 to 6000.
    pub stop_recognize_count: u32,
    /// The share of these that has to be active for a beginning, above 0, at most 1.
    pub active_percent: f64,
    /// The share of these that has to be inactive for an end, above 0, at most 1.
    pub inactive_percent: f64,
    /// Before speech, a block is active above this probability of a voice, 1 to 99 percent.
    pub start_voice_prob: u32,
    /// The same in speech.
    pub stop_voice_prob: u32,
    /// Before speech, a block is active above this level, -100 to -1 dB.
    pub start_rms_threshold: i32,
    /// The same in speech.
    pub stop_rms_threshold: i32,
}

impl Default for SpeechConfig {
    fn default() -> Self {
        SpeechConfig {
            pre_start_recognize_count: 16,
            start_recognize_count: 30,
            stop_recognize_count: 50,
            active_percent: 0.7,
            inactive_percent: 0.5,
            start_voice_prob: 70,
            stop_voice_prob: 70,
            start_rms_threshold: -50,
            stop_rms_threshold: -50,
        }
    }
}

impl SpeechConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// BAD_ARGUMENT with a sentence that names the parameter.
    pub fn validate(&self) -> Result<()> {
        count("pre_start_recognize_count", self.pre_start_recognize_count, 1000)?;
        count("start_recognize_count", self.start_recognize_count, 1000)?;
        count("stop_recognize_count", self.stop_recognize_count, 6000)?;
        share("active_percent", self.active_percent)?;
        share("inactive_percent", self.inactive_percent)?;
        probability("start_voice_prob", self.start_voice_prob)?;
        probability("stop_voice_prob", self.stop_voice_prob)?;
        threshold("start_rms_threshold", self.start_rms_threshold)?;
        threshold("stop_rms_threshold", self.stop_rms_threshold)
    }

    /// How much sound is given out at a beginning: what was looked at, and the pre-roll.
    pub fn pre_roll(&self) -> Duration {
        BLOCK * (self.pre_start_recognize_count + self.start_recognize_count)
    }
}

fn bad(text: String) -> Result<()> {
    Err(Error::new(Status::BAD_ARGUMENT, text))
}

fn count(name: &str, value: u32, most: u32) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    bad(format!("{name} is {value}: give 1 to {most} blocks of 10 ms, or 0 for the default"))
}

fn share(name: &str, value: f64) -> Result<()> {
    if value > 0.0 && value <= 1.0 {
        return Ok(());
    }
    bad(format!("{name} is {value}: give a share above 0.0, at most 1.0, or 0.0 for the default"))
}

fn probability(name: &str, value: u32) -> Result<()> {
    if (1..=99).contains(&value) {
        return Ok(());
    }
    bad(format!("{name} is {value}: give 1 to 99 percent, or 0 for the default"))
}

fn threshold(name: &str, value: i32) -> Result<()> {
    if (-100..=-1).contains(&value) {
        return Ok(());
    }
    bad(format!("{name} is {value}: give -100 to -1 dB, or 0 for the default"))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 480;

    fn detector(change: impl FnOnce(&mut SpeechConfig)) -> SpeechDetector {
        let mut config = SpeechConfig::default();
        change(&mut config);
        config.validate().unwrap();
        SpeechDetector::new(config, 24_000)
    }

    /// Frames of 20 ms until the state changes: which one it was, and to what.
    fn until_change(detector: &mut SpeechDetector, level: u8, probability: f32) -> Option<(usize, Speech)> {
        (1..1000)
            .map(|n| (n, detector.listen(FRAME, level, probability)))
            .find(|(_, speech)| matches!(speech, Speech::Start | Speech::End))
    }

    #[test]
    fn begins_when_enough_blocks_are_active_and_ends_when_enough_are_not() {
        let mut detector = detector(|_| {});
        assert_eq!(detector.listen(FRAME, 127, 0.0), Speech::None);
        // 0.7 of 30 blocks are 21: the 11th frame of two blocks.
        assert_eq!(until_change(&mut detector, 20, 0.9), Some((11, Speech::Start)));
        assert_eq!(detector.listen(FRAME, 20, 0.9), Speech::Speaking);
        // At least stop_recognize_count blocks are looked at; half of them, 25, have to be inactive. One was left of the 11th frame.
        assert_eq!(until_change(&mut detector, 127, 0.0), Some((24, Speech::End)));
        assert!(!detector.is_speaking());
        assert_eq!(detector.listen(FRAME, 127, 0.0), Speech::None);
    }

    #[test]
    fn the_end_waits_for_silence_however_long_the_speech() {
        let mut detector = detector(|_| {});
        until_change(&mut detector, 20, 0.9);
        assert_eq!((0..500).find(|_| detector.listen(FRAME, 20, 0.9) != Speech::Speaking), None);
        assert_eq!(until_change(&mut detector, 20, 0.1), Some((13, Speech::End)), "25 of 50 blocks");
        let spoken = detector.spoken().as_millis();
        assert!((10_000..10_350).contains(&spoken), "{spoken} ms");
    }

    #[test]
    fn each_parameter_takes_effect() {
        type Change = fn(&mut SpeechConfig);
        let starts = |change: Change, level, probability| until_change(&mut detector(change), level, probability);
        assert_eq!(starts(|_| {}, 20, 0.69), None, "start_voice_prob");
        assert_eq!(starts(|c| c.start_voice_prob = 50, 20, 0.69), Some((11, Speech::Start)));
        assert_eq!(starts(|_| {}, 50, 0.9), None, "start_rms_threshold");
        assert_eq!(starts(|c| c.start_rms_threshold = -60, 50, 0.9), Some((11, Speech::Start)));
        assert_eq!(starts(|c| c.active_percent = 1.0, 20, 0.9), Some((15, Speech::Start)));
        assert_eq!(starts(|c| c.start_recognize_count = 10, 20, 0.9), Some((4, Speech::Start)));
        let ends = |change: Change, level, probability| {
            let mut detector = detector(change);
            until_change(&mut detector, 20, 0.95);
            (0..100).for_each(|_| _ = detector.listen(FRAME, 20, 0.95));
            until_change(&mut detector, level, probability)
        };
        assert_eq!(ends(|c| c.stop_voice_prob = 40, 20, 0.5), None, "stop_voice_prob");
        assert_eq!(ends(|c| c.stop_voice_prob = 60, 20, 0.5), Some((13, Speech::End)));
        assert_eq!(ends(|c| c.stop_rms_threshold = -60, 55, 0.9), None, "stop_rms_threshold");
        assert_eq!(ends(|c| c.stop_rms_threshold = -40, 45, 0.9), Some((13, Speech::End)));
        assert_eq!(ends(|c| c.stop_recognize_count = 100, 127, 0.0), Some((25, Speech::End)));
        assert_eq!(ends(|c| c.inactive_percent = 1.0, 127, 0.0), Some((25, Speech::End)));
        let longer = detector(|c| c.pre_start_recognize_count = 50).config.pre_roll();
        assert_eq!(longer, Duration::from_millis(800));
    }

    #[test]
    fn silence_is_foreseen_to_the_block() {
        for blocks in [0, 7, 24, 25, 60, 200] {
            for pauses in [3, 8, 1000] {
                let mut detector = detector(|_| {});
                until_change(&mut detector, 20, 0.9);
                for n in 0..blocks {
                    detector.listen(240, 20, if n % pauses == 0 { 0.1 } else { 0.9 });
                }
                let Some(until) = detector.until_end() else { continue };
                assert_eq!(detector.silence(until - BLOCK), Speech::Speaking, "{blocks} blocks, pauses {pauses}");
                assert_eq!(detector.silence(BLOCK), Speech::End, "{blocks} blocks, pauses {pauses}");
                assert_eq!(detector.until_end(), None);
            }
        }
    }

    #[test]
    fn odd_lengths_add_up() {
        let mut detector = detector(|_| {});
        let frames = (1..).find(|_| detector.listen(100, 20, 0.9) == Speech::Start);
        assert_eq!(frames, Some((21 * 240usize).div_ceil(100)));
    }

    #[test]
    fn what_is_out_of_range_is_refused_by_name() {
        type Change = fn(&mut SpeechConfig);
        let wrong: [(&str, Change); 12] = [
            ("pre_start_recognize_count", |c| c.pre_start_recognize_count = 1001),
            ("start_recognize_count", |c| c.start_recognize_count = 1001),
            ("stop_recognize_count", |c| c.stop_recognize_count = 6001),
            ("active_percent", |c| c.active_percent = 1.01),
            ("active_percent", |c| c.active_percent = f64::NAN),
            ("inactive_percent", |c| c.inactive_percent = -0.1),
            ("inactive_percent", |c| c.inactive_percent = f64::INFINITY),
            ("start_voice_prob", |c| c.start_voice_prob = 100),
            ("stop_voice_prob", |c| c.stop_voice_prob = u32::MAX),
            ("start_rms_threshold", |c| c.start_rms_threshold = 1),
            ("start_rms_threshold", |c| c.start_rms_threshold = -101),
            ("stop_rms_threshold", |c| c.stop_rms_threshold = i32::MIN),
        ];
        for (name, change) in wrong {
            let mut config = SpeechConfig::default();
            change(&mut config);
            let error = config.validate().unwrap_err();
            assert!(error.status == Status::BAD_ARGUMENT && error.text.starts_with(name), "{name}: {}", error.text);
        }
    }
}
