//! The decoding of frames: jobs when they are due, and what they give back.

use super::{Frame, FrameInfo, Origin, Receiver, level};
use crate::audio::jitter::{Action, Step};
use crate::audio::pipeline::{Outcome, Pipeline, Work};
use std::time::Instant;

/// Decoding to be done. Independent of the receiver, may move to any thread.
pub struct Job {
    pipeline: Box<Pipeline>,
    work: Work,
    origin: Origin,
    duration: u64,
    excess: i32,
    rtp_time: u64,
    arrival: Option<Instant>,
    heavy: bool,
    generation: u64,
    pcm: Vec<i16>,
}

impl Job {
    /// Whether it takes some hundred microseconds to 2 ms (deep concealment), not some ten.
    pub fn is_heavy(&self) -> bool {
        self.heavy
    }

    /// Does the work.
    pub fn run(mut self) -> Done {
        let outcome = self.pipeline.run(&self.work, self.duration, self.excess, &mut self.pcm);
        Done { job: self, outcome }
    }
}

/// A finished job, for [`Receiver::finish`].
pub struct Done {
    job: Job,
    outcome: Outcome,
}

impl Receiver {
    /// The next job, if one is due and none is out. Call until it is None.
    pub fn poll(&mut self, now: Instant) -> Option<Job> {
        self.pipeline.as_ref()?;
        let Step { action, rtp_time, arrival, excess } = self.buffer.poll(now)?;
        if let Some(arrival) = arrival {
            self.stats.waited.add(now.saturating_duration_since(arrival));
        }
        let deep = self.config.deep_concealment;
        let (work, origin, duration, heavy) = match action {
            Action::Play(packet) => {
                let duration = packet.duration;
                if packet.silence {
                    (Work::Silence(packet.payload), Origin::Silence, duration, deep)
                } else if packet.redundant {
                    (Work::Decode(packet.payload), Origin::Recovered, duration, false)
                } else {
                    (Work::Decode(packet.payload), Origin::Decoded, duration, false)
                }
            }
            Action::Fec { payload, duration } => {
                let ticks = duration;
                (Work::Fec { payload, ticks }, Origin::Recovered, duration, false)
            }
            Action::Conceal { duration } => {
                let ticks = duration;
                (Work::Conceal { ticks }, Origin::Concealed, duration, deep)
            }
        };
        Some(Job {
            pipeline: self.pipeline.take()?,
            work,
            origin,
            duration,
            excess,
            rtp_time,
            arrival,
            heavy,
            generation: self.generation,
            pcm: self.spare.pop().unwrap_or_default(),
        })
    }

    /// Takes back a finished job. The frame is None where there is nothing to deliver: the
    /// resampler still gathers, or the job is from before a reset.
    pub fn finish(&mut self, done: Done) -> Option<Frame> {
        let Done { mut job, outcome } = done;
        let by_fec = matches!(job.work, Work::Fec { .. });
        if let Work::Decode(payload) | Work::Fec { payload, .. } | Work::Silence(payload) = job.work {
            self.buffer.recycle(payload);
        }
        if job.generation != self.generation {
            job.pipeline.reset();
            self.pipeline = Some(job.pipeline);
            self.recycle(job.pcm);
            return None;
        }
        self.pipeline = Some(job.pipeline);
        self.buffer.played(outcome.ticks);
        if outcome.removed > 0 {
            self.stats.ticks_removed += outcome.removed.unsigned_abs();
        } else {
            self.stats.ticks_inserted += outcome.removed.unsigned_abs();
        }
        let mut origin = job.origin;
        if !outcome.decoded {
            self.stats.malformed += 1;
            origin = Origin::Concealed;
        }
        let stats = &mut self.stats;
        let (frames, ticks) = match origin {
            Origin::Decoded => (&mut stats.decoded, &mut stats.ticks_decoded),
            Origin::Recovered if by_fec => (&mut stats.recovered_by_fec, &mut stats.ticks_recovered),
            Origin::Recovered => (&mut stats.recovered_by_copy, &mut stats.ticks_recovered),
            Origin::Concealed => (&mut stats.concealed, &mut stats.ticks_concealed),
            Origin::Silence => (&mut stats.silence, &mut stats.ticks_silence),
        };
        *frames += 1;
        *ticks += job.duration;
        if job.pcm.is_empty() {
            self.recycle(job.pcm);
            return None;
        }
        Some(Frame {
            info: FrameInfo {
                origin,
                rtp_time: job.rtp_time,
                arrival: job.arrival,
                level: level(&job.pcm),
                samples_per_channel: job.pcm.len() / usize::from(self.config.channels),
            },
            pcm: job.pcm,
        })
    }
}
