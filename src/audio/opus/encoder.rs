//! The encoder, and how it spends its bits.

use super::OpusError;
use super::error::{check, length};
use core::ffi::c_int;
use core::ptr::NonNull;
use opusic_sys as sys;

/// How an [`Encoder`] spends its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderConfig {
    /// Bits a second, 6000 to 510000.
    pub bitrate: i32,
    /// Effort, 0 to 10. 10 costs a quarter more than 9 and is no better for speech.
    pub complexity: i32,
    /// In-band forward error correction: each packet repeats the one before it, coarsely.
    /// libopus leaves it out below about 20 kbit/s.
    pub fec: bool,
    /// Packet loss to prepare for, 0 to 100 per cent. Without loss to expect, no FEC is written.
    pub expected_loss_percent: i32,
}

impl EncoderConfig {
    /// The defaults for `channels` (1 or 2): 24 kbit/s mono or 32 kbit/s stereo with FEC, since
    /// that withstands loss best for its rate, together with a redundant copy.
    pub fn new(channels: u8) -> Self {
        Self {
            bitrate: if channels == 2 { 32_000 } else { 24_000 },
            complexity: 9,
            fec: true,
            expected_loss_percent: 10,
        }
    }
}

/// An Opus encoder for voice.
pub struct Encoder {
    state: NonNull<sys::OpusEncoder>,
    channels: usize,
}

// SAFETY: the state is plain memory that only this value points to; libopus uses no thread-local
// or global mutable data.
unsafe impl Send for Encoder {}

impl Encoder {
    /// An encoder of PCM at `rate` (8000, 12000, 16000, 24000 or 48000 Hz) and `channels` (1, 2).
    ///
    /// # Errors
    /// When rate, channels or a value of `config` is out of range, or memory is short.
    pub fn new(rate: u32, channels: u8, config: &EncoderConfig) -> Result<Self, OpusError> {
        let mut error = 0;
        // SAFETY: `error` outlives the call, and libopus checks the other arguments.
        let state = unsafe {
            sys::opus_encoder_create(
                length(rate as usize)?,
                c_int::from(channels),
                sys::OPUS_APPLICATION_VOIP,
                &mut error,
            )
        };
        let state = NonNull::new(state).ok_or(OpusError(error))?;
        let mut encoder = Self { state, channels: usize::from(channels) };
        encoder.set(sys::OPUS_SET_BITRATE_REQUEST, config.bitrate)?;
        encoder.set(sys::OPUS_SET_COMPLEXITY_REQUEST, config.complexity)?;
        encoder.set(sys::OPUS_SET_INBAND_FEC_REQUEST, c_int::from(config.fec))?;
        encoder.set_expected_loss(config.expected_loss_percent)?;
        Ok(encoder)
    }

    /// Encodes one frame of 2.5, 5, 10, 20, 40 or 60 ms into `out` and returns its bytes.
    ///
    /// # Errors
    /// When `pcm` has another length, or `out` is too short (1500 bytes always do).
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, OpusError> {
        if !pcm.len().is_multiple_of(self.channels) {
            return Err(OpusError(sys::OPUS_BAD_ARG));
        }
        let samples = length(pcm.len() / self.channels)?;
        // SAFETY: libopus reads `samples` × channels values, which is `pcm.len()`, and writes at
        // most `out.len()` bytes.
        check(unsafe {
            sys::opus_encode(self.state.as_ptr(), pcm.as_ptr(), samples, out.as_mut_ptr(), length(out.len())?)
        })
    }

    /// Changes the rate, in bits a second, from the next frame on.
    ///
    /// # Errors
    /// When the value is not positive.
    pub fn set_bitrate(&mut self, bitrate: i32) -> Result<(), OpusError> {
        self.set(sys::OPUS_SET_BITRATE_REQUEST, bitrate)
    }

    /// Changes the loss to prepare for, in per cent, from the next frame on.
    ///
    /// # Errors
    /// When the value is outside 0 to 100.
    pub fn set_expected_loss(&mut self, percent: i32) -> Result<(), OpusError> {
        self.set(sys::OPUS_SET_PACKET_LOSS_PERC_REQUEST, percent)
    }

    /// The delay that the codec adds, in samples of one channel at the encoder's rate.
    pub fn lookahead(&self) -> usize {
        let mut samples: c_int = 0;
        // SAFETY: this request takes one pointer to an int, which outlives the call.
        let code = unsafe {
            sys::opus_encoder_ctl(self.state.as_ptr(), sys::OPUS_GET_LOOKAHEAD_REQUEST, &mut samples as *mut c_int)
        };
        check(code).map_or(0, |_| samples.max(0) as usize)
    }

    /// Forgets the sound before, as if new; the settings stay.
    pub fn reset(&mut self) {
        // SAFETY: this request takes no argument, and the state is valid.
        unsafe { sys::opus_encoder_ctl(self.state.as_ptr(), sys::OPUS_RESET_STATE) };
    }

    fn set(&mut self, request: c_int, value: i32) -> Result<(), OpusError> {
        // SAFETY: every request that comes here takes one int, and the state is valid.
        check(unsafe { sys::opus_encoder_ctl(self.state.as_ptr(), request, value) }).map(drop)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_encoder_create`, freed once.
        unsafe { sys::opus_encoder_destroy(self.state.as_ptr()) }
    }
}
