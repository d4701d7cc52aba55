//! What a stream says of speech: each frame's part in it, its beginning with the sound before, and its end.

use super::hearing::{FrameInfo, FrameSink};
use crate::audio::speech::{BLOCK, Speech, SpeechConfig, SpeechDetector};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames that are late by less than this are no pause.
const SLACK: Duration = Duration::from_millis(60);
/// Buffers of frames that are kept for the next ones.
const SPARE: usize = 4;

/// How a channel listens for speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VadConfig {
    /// The parameters.
    pub speech: SpeechConfig,
    /// Give out speech alone, each time from its pre-roll on.
    pub speech_only: bool,
}

/// Somebody began to speak, or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Started,
    Ended {
        /// How long the speech was.
        speech_us: u64,
    },
}

/// See the module.
pub(super) struct Gate {
    detector: SpeechDetector,
    only: bool,
    /// The sound before speech, while nobody speaks and speech alone is wanted.
    held: VecDeque<(FrameInfo, Vec<i16>)>,
    /// How much of it is kept.
    hold: Duration,
    spare: Vec<Vec<i16>>,
    /// The newest frame.
    last: FrameInfo,
    /// When it was over, and when the silence after it ends the speech.
    heard_until: Option<Instant>,
    quiet_at: Option<Instant>,
}

impl Gate {
    pub(super) fn new(config: VadConfig, rate: u32) -> Gate {
        Gate {
            detector: SpeechDetector::new(config.speech, rate),
            only: config.speech_only,
            held: VecDeque::new(),
            hold: config.speech.pre_roll(),
            spare: Vec::new(),
            last: FrameInfo::default(),
            heard_until: None,
            quiet_at: None,
        }
    }

    /// When [`Gate::quiet`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.quiet_at
    }

    /// A frame of the user, on its way to whoever reads.
    pub(super) fn frame(
        &mut self,
        mut info: FrameInfo,
        pcm: &[i16],
        now: Instant,
        sink: Option<&dyn FrameSink>,
    ) -> Option<Turn> {
        // A pause that would have ended the speech has: quiet() comes first.
        let pause = self.heard_until.map_or(Duration::ZERO, |until| now.saturating_duration_since(until));
        if pause > SLACK && !self.detector.is_speaking() {
            self.detector.silence(pause);
        }
        let length = Duration::from_micros(u64::from(info.samples) * 1_000_000 / u64::from(info.sample_rate.max(1)));
        let speech = self.detector.listen(info.samples as usize, info.level as u8, info.voice_probability as f32);
        self.last = info;
        self.heard_until = Some(now + length);
        self.quiet_at = self.detector.until_end().map(|silence| now + length + SLACK + silence);
        info.speech = speech as u32;
        self.forget(info.timestamp_us);
        match speech {
            Speech::None if self.only => self.hold(info, pcm),
            Speech::Start if self.only => {
                let mut first = Speech::Start;
                for (mut held, pcm) in self.held.drain(..) {
                    held.speech = std::mem::replace(&mut first, Speech::Speaking) as u32;
                    write(sink, held, &pcm);
                }
                info.speech = first as u32;
                write(sink, info, pcm);
            }
            _ => write(sink, info, pcm),
        }
        match speech {
            Speech::Start => Some(Turn::Started),
            Speech::End => Some(self.ended()),
            _ => None,
        }
    }

    /// Ends the speech of one who sends nothing any more, when that is due.
    pub(super) fn quiet(&mut self, now: Instant, sink: Option<&dyn FrameSink>) -> Option<Turn> {
        self.quiet_at.filter(|at| *at <= now)?;
        self.close(sink)
    }

    /// Ends the speech, if there is one. So that a reader finds its end too, one block of silence tells it.
    pub(super) fn close(&mut self, sink: Option<&dyn FrameSink>) -> Option<Turn> {
        self.quiet_at = None;
        if !self.detector.is_speaking() {
            return None;
        }
        self.detector.end();
        let last = &self.last;
        let samples = last.sample_rate / 100;
        let length_us = |samples: u32| u64::from(samples) * 1_000_000 / u64::from(last.sample_rate.max(1));
        let info = FrameInfo {
            timestamp_us: last.timestamp_us + length_us(last.samples),
            arrival_us: 0,
            rtp_time: last.rtp_time + length_us(last.samples) * 48 / 1000,
            samples,
            origin: super::hearing::SILENCE,
            level: 127,
            voice_probability: 0.0,
            speech: Speech::End as u32,
            ..*last
        };
        write(sink, info, &vec![0; (samples * last.channels) as usize]);
        Some(self.ended())
    }

    fn ended(&mut self) -> Turn {
        self.quiet_at = None;
        Turn::Ended { speech_us: self.detector.spoken().as_micros() as u64 }
    }

    fn hold(&mut self, info: FrameInfo, pcm: &[i16]) {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(pcm);
        self.held.push_back((info, buffer));
    }

    /// Drops what is too old for the pre-roll: by time, since there may have been a pause; by number, since frames may come in a
    /// burst.
    fn forget(&mut self, now_us: u64) {
        let oldest = now_us.saturating_sub(self.hold.as_micros() as u64);
        let most = (self.hold.as_millis() / BLOCK.as_millis()) as usize;
        while self.held.front().is_some_and(|(held, _)| held.timestamp_us <= oldest) || self.held.len() > most {
            let Some((_, buffer)) = self.held.pop_front() else { break };
            if self.spare.len() < SPARE {
                self.spare.push(buffer);
            }
        }
    }
}

fn write(sink: Option<&dyn FrameSink>, info: FrameInfo, pcm: &[i16]) {
    if let Some(sink) = sink {
        sink.write(info, pcm);
    }
}
