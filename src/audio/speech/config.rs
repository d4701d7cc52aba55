//! The parameters of voice detection: their defaults, and what they may be.

use super::BLOCK;
use crate::{Error, Result, Status};
use std::time::Duration;

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
