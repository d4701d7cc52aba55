//! FRAMES

use super::options::Versioned;
use crate::driver::FrameInfo;
use std::ffi::{c_char, c_void};

/// The longest frame: 120 ms at 48 kHz, in samples for each channel. A buffer of this size times the channels always suffices.
pub const STOA_FRAME_SAMPLES_MAX: usize = 5760;

/// The sound was sent, arrived and was decoded.
pub const STOA_ORIGIN_DECODED: u32 = 0;
/// The packet was lost; the sound came from a copy, or the error correction (FEC), in another packet.
pub const STOA_ORIGIN_RECOVERED: u32 = 1;
/// The packet was lost; the sound is the decoder's guess.
pub const STOA_ORIGIN_CONCEALED: u32 = 2;
/// The user stopped speaking; the frame is the fading end of it. Nothing comes then until the user speaks again.
pub const STOA_ORIGIN_SILENCE: u32 = 3;

/// Nobody speaks, or voice detection is off (see stoa_channel_set_vad).
pub const STOA_SPEECH_NONE: u32 = 0;
/// Speech begins: the frame with which it was found, or, with speech_only, the first of its pre-roll.
pub const STOA_SPEECH_START: u32 = 1;
/// In the midst of speech.
pub const STOA_SPEECH_SPEAKING: u32 = 2;
/// Speech ends with this frame. Where the user sends nothing any more, it is a frame of 10 ms of silence.
pub const STOA_SPEECH_END: u32 = 3;

/// What is known about a frame of PCM. Begin with STOA_FRAME_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_frame {
    /// The size of this struct, bytes.
    pub size: usize,
    /// When the frame was ready to be heard: microseconds since the Unix epoch (see stoa_time_us).
    pub timestamp_us: u64,
    /// When its packet arrived, on the same clock; 0 where no packet did.
    pub arrival_us: u64,
    /// The RTP time of its first sample, in units of 1/48000 s, without wrap.
    pub rtp_time: u64,
    /// Where the sound came from: STOA_ORIGIN_...
    pub origin: u32,
    /// Samples for each channel.
    pub samples_per_channel: u32,
    /// The channel's rate, Hz.
    pub sample_rate: u32,
    /// 1 or 2, interleaved.
    pub channels: u32,
    /// Always 2: 16-bit signed, in the machine's byte order.
    pub bytes_per_sample: u32,
    /// Loudness below the maximum, dB: 0 is the loudest, 127 is silence (-dBov, RFC 6464).
    pub level: u32,
    /// How likely it is a voice, 0 to 1, by a neural network that looks at 16 of every 32 ms; 0.6 is a fair threshold. It runs up
    /// to 32 ms behind, and takes a loud steady tone for a voice. Below -70 dB it is 0.
    pub voice_probability: f64,
    /// The frame's part in speech: STOA_SPEECH_...
    pub speech: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), begins with its size, five words and eight half words without padding, zero bytes are zeros.
unsafe impl Versioned for stoa_frame {
    const NAME: &'static str = "stoa_frame";
    const FIRST: usize = 72;
}

impl From<&FrameInfo> for stoa_frame {
    fn from(info: &FrameInfo) -> Self {
        stoa_frame {
            size: size_of::<stoa_frame>(),
            timestamp_us: info.timestamp_us,
            arrival_us: info.arrival_us,
            rtp_time: info.rtp_time,
            origin: info.origin,
            samples_per_channel: info.samples,
            sample_rate: info.sample_rate,
            channels: info.channels,
            bytes_per_sample: 2,
            level: info.level,
            voice_probability: info.voice_probability,
            speech: info.speech,
            reserved: 0,
        }
    }
}

/// A frame callback. It runs on the engine's dispatch thread (see THREADS); everything is valid until it returns.
///
/// user: whose sound it is; "" for the mix.
/// samples: frame->samples_per_channel * frame->channels values, interleaved.
pub type stoa_frame_callback = Option<
    unsafe extern "C" fn(user: *const c_char, frame: *const stoa_frame, samples: *const i16, user_data: *mut c_void),
>;
