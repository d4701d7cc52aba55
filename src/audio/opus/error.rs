//! What libopus refuses, and the numbers that go to it and come from it.

use core::ffi::c_int;
use core::fmt;
use opusic_sys as sys;

/// What libopus answered when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusError(pub(super) c_int);

impl OpusError {
    /// libopus' own code, negative (`OPUS_BAD_ARG` and the like).
    pub fn code(self) -> i32 {
        self.0
    }
}

impl fmt::Display for OpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            sys::OPUS_BAD_ARG => {
                "Opus refused an argument: check rate (8, 12, 16, 24 or 48 kHz), channels (1 or 2) and frame length"
            }
            sys::OPUS_BUFFER_TOO_SMALL => "the buffer is too small for the Opus frame: give room for 120 ms",
            sys::OPUS_INVALID_PACKET => "the Opus packet is corrupt: treat it as lost",
            sys::OPUS_ALLOC_FAIL => "Opus found no memory for its state",
            _ => "Opus failed inside: create a new state",
        })
    }
}

impl std::error::Error for OpusError {}

pub(super) fn check(code: c_int) -> Result<usize, OpusError> {
    usize::try_from(code).map_err(|_| OpusError(code))
}

pub(super) fn length(len: usize) -> Result<c_int, OpusError> {
    c_int::try_from(len).map_err(|_| OpusError(sys::OPUS_BAD_ARG))
}
