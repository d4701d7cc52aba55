//! The decoder, with the concealment of what is missing.

use super::OpusError;
use super::error::{check, length};
use core::ffi::c_int;
use core::ptr::NonNull;
use opusic_sys as sys;

/// An Opus decoder, with concealment of what is missing.
pub struct Decoder {
    state: NonNull<sys::OpusDecoder>,
    channels: usize,
}

// SAFETY: as for `Encoder`.
unsafe impl Send for Decoder {}

impl Decoder {
    /// A decoder to PCM at `rate` (8000, 12000, 16000, 24000 or 48000 Hz) and `channels` (1, 2),
    /// whatever rate and channels the sender used. Concealment is classic at first.
    ///
    /// # Errors
    /// When rate or channels are out of range, or memory is short.
    pub fn new(rate: u32, channels: u8) -> Result<Self, OpusError> {
        let mut error = 0;
        // SAFETY: `error` outlives the call, and libopus checks the other arguments.
        let state = unsafe { sys::opus_decoder_create(length(rate as usize)?, c_int::from(channels), &mut error) };
        Ok(Self { state: NonNull::new(state).ok_or(OpusError(error))?, channels: usize::from(channels) })
    }

    /// Decodes a packet into `out` (room for [`packet_samples`](super::packet_samples) × channels) and returns the
    /// samples of one channel.
    ///
    /// # Errors
    /// When the packet is corrupt or empty, or `out` too short.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, OpusError> {
        if packet.is_empty() {
            return Err(OpusError(sys::OPUS_INVALID_PACKET));
        }
        self.run(Some(packet), out, false)
    }

    /// Recovers what was lost before `packet` from its in-band FEC. `out` has exactly the lost
    /// duration, a multiple of 2.5 ms; what the packet does not cover is concealed.
    ///
    /// # Errors
    /// When the packet is corrupt or empty, or the duration is odd.
    pub fn decode_fec(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, OpusError> {
        if packet.is_empty() {
            return Err(OpusError(sys::OPUS_INVALID_PACKET));
        }
        self.run(Some(packet), out, true)
    }

    /// Invents sound for a lost duration, a multiple of 2.5 ms: exactly all of `out`.
    ///
    /// # Errors
    /// When the duration is odd.
    pub fn conceal(&mut self, out: &mut [i16]) -> Result<usize, OpusError> {
        self.run(None, out, false)
    }

    /// Effort of decoding, 0 to 10: 5 and above conceal with neural networks ("deep", about
    /// twenty times the cost of a decoded frame), below that classically.
    ///
    /// # Errors
    /// When the value is out of range.
    pub fn set_complexity(&mut self, complexity: i32) -> Result<(), OpusError> {
        // SAFETY: this request takes one int, and the state is valid.
        check(unsafe { sys::opus_decoder_ctl(self.state.as_ptr(), sys::OPUS_SET_COMPLEXITY_REQUEST, complexity) })
            .map(drop)
    }

    /// Forgets the sound before, as if new; the complexity stays.
    pub fn reset(&mut self) {
        // SAFETY: this request takes no argument, and the state is valid.
        unsafe { sys::opus_decoder_ctl(self.state.as_ptr(), sys::OPUS_RESET_STATE) };
    }

    fn run(&mut self, packet: Option<&[u8]>, out: &mut [i16], fec: bool) -> Result<usize, OpusError> {
        let (data, len) = match packet {
            Some(packet) => (packet.as_ptr(), length(packet.len())?),
            None => (core::ptr::null(), 0),
        };
        // SAFETY: libopus reads `len` bytes (none where `data` is null) and writes at most
        // `frame_size` × channels values, which fit into `out`.
        check(unsafe {
            sys::opus_decode(
                self.state.as_ptr(),
                data,
                len,
                out.as_mut_ptr(),
                length(out.len() / self.channels)?,
                c_int::from(fec),
            )
        })
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_decoder_create`, freed once.
        unsafe { sys::opus_decoder_destroy(self.state.as_ptr()) }
    }
}
