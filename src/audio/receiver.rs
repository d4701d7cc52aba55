//! One remote track: RTP packets in, PCM at the application's rate out.
//!
//! The receiver does no decoding itself. [`Receiver::poll`] hands out a [`Job`] when a frame is
//! due; the caller runs it where it likes (a heavy one on a pool) and gives the result back to
//! [`Receiver::finish`]. One job is out at a time.

mod config;
mod frame;
mod jobs;
mod packets;
mod stats;
#[cfg(test)]
mod tests;
mod unwrap;

pub use config::{ReceiverConfig, ReceiverError};
pub use frame::{Frame, FrameInfo, Origin, level};
pub use jobs::{Done, Job};
pub use packets::RtpPacket;
pub use stats::ReceiverStats;

use super::jitter::JitterBuffer;
use super::pipeline::Pipeline;
use std::time::Instant;
use unwrap::Unwrapper;

/// PCM buffers kept for use again.
const SPARE_FRAMES: usize = 8;

/// Receives one remote track.
pub struct Receiver {
    config: ReceiverConfig,
    buffer: JitterBuffer,
    /// Absent while a job is out.
    pipeline: Option<Box<Pipeline>>,
    /// Results of jobs from before a reset are dropped.
    generation: u64,
    active: bool,
    sequence: Unwrapper<u16>,
    timestamp: Unwrapper<u32>,
    stats: ReceiverStats,
    spare: Vec<Vec<i16>>,
}

impl Receiver {
    /// A receiver, active.
    ///
    /// # Errors
    /// When rate or channels cannot be had, or memory is short.
    pub fn new(config: ReceiverConfig) -> Result<Self, ReceiverError> {
        let pipeline = pipeline(&config)?;
        Ok(Self {
            config,
            buffer: JitterBuffer::new(config.delivery, config.min_delay, config.max_delay),
            pipeline: Some(pipeline),
            generation: 0,
            active: true,
            sequence: Unwrapper::default(),
            timestamp: Unwrapper::default(),
            stats: ReceiverStats::default(),
            spare: Vec::new(),
        })
    }

    /// When [`poll`](Self::poll) has something to do; may lie in the past. None while nothing is
    /// expected, or a job is out.
    pub fn deadline(&self) -> Option<Instant> {
        self.pipeline.as_ref()?;
        self.buffer.deadline()
    }

    /// Takes back the buffer of a frame that has been used.
    pub fn recycle(&mut self, pcm: Vec<i16>) {
        if self.spare.len() < SPARE_FRAMES {
            self.spare.push(pcm);
        }
    }

    /// Without a reader nothing is decoded and nothing kept; packets are still counted, and the
    /// line is still measured. Becoming active starts with the next packet.
    pub fn set_active(&mut self, active: bool) {
        if self.active != active {
            self.active = active;
            self.buffer.flush();
            self.renew();
        }
    }

    /// Forgets the stream, for a new SSRC or codec; the counters stay.
    pub fn reset(&mut self) {
        self.buffer.reset();
        self.sequence = Unwrapper::default();
        self.timestamp = Unwrapper::default();
        self.renew();
    }

    /// Goes on without a job that will never come back, because its thread panicked.
    ///
    /// # Errors
    /// When memory is short; the receiver then delivers nothing, and this may be tried again.
    pub fn abandon(&mut self) -> Result<(), ReceiverError> {
        self.generation += 1;
        if self.pipeline.is_none() {
            self.pipeline = Some(pipeline(&self.config)?);
        }
        Ok(())
    }

    fn renew(&mut self) {
        self.generation += 1;
        if let Some(pipeline) = &mut self.pipeline {
            pipeline.reset();
        }
    }
}

fn pipeline(config: &ReceiverConfig) -> Result<Box<Pipeline>, ReceiverError> {
    Pipeline::new(config.rate, config.channels, config.deep_concealment).map(Box::new).map_err(ReceiverError)
}
