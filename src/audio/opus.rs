//! A safe wrapper over libopus (RFC 6716): encoder, decoder, and questions about packets.
//!
//! The only place that touches libopus. PCM is 16-bit and interleaved; lengths of slices count
//! all channels, returned lengths count samples of one channel.

use core::ffi::c_int;
use core::fmt;
use core::ptr::NonNull;

use opusic_sys as sys;

/// The longest packet that RFC 6716 allows: 120 ms.
pub const MAX_PACKET_MS: u32 = 120;

/// The rate to run the codec at for PCM of `rate` Hz: its own where Opus knows it, else 48,000, with a resampler beside it.
pub fn codec_rate(rate: u32) -> u32 {
    if matches!(rate, 8_000 | 12_000 | 16_000 | 24_000 | 48_000) { rate } else { 48_000 }
}

/// A packet of at most this many bytes carries no sound: discontinuous transmission (DTX).
const DTX_MAX_BYTES: usize = 2;

/// What libopus answered when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusError(c_int);

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

fn check(code: c_int) -> Result<usize, OpusError> {
    usize::try_from(code).map_err(|_| OpusError(code))
}

fn length(len: usize) -> Result<c_int, OpusError> {
    c_int::try_from(len).map_err(|_| OpusError(sys::OPUS_BAD_ARG))
}

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

    /// Decodes a packet into `out` (room for [`packet_samples`] × channels) and returns the
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

/// How long a packet is, in samples of one channel at `rate` (a rate of Opus).
///
/// # Errors
/// When the packet is empty, or its header contradicts itself or RFC 6716.
pub fn packet_samples(packet: &[u8], rate: u32) -> Result<usize, OpusError> {
    if packet.is_empty() {
        return Err(OpusError(sys::OPUS_INVALID_PACKET));
    }
    let rate = length(rate as usize)?;
    // SAFETY: the packet has at least the one byte that is read without looking at its length.
    let samples = check(unsafe { sys::opus_packet_get_nb_samples(packet.as_ptr(), length(packet.len())?, rate) })?;
    if samples == 0 {
        return Err(OpusError(sys::OPUS_INVALID_PACKET));
    }
    Ok(samples)
}

/// Whether the packet carries in-band FEC, that is, a coarse copy of the one before it.
pub fn packet_has_fec(packet: &[u8]) -> bool {
    let Ok(len) = length(packet.len()) else {
        return false;
    };
    // SAFETY: the packet has at least the one byte that is read without looking at its length.
    len > 0 && unsafe { sys::opus_packet_has_lbrr(packet.as_ptr(), len) } > 0
}

/// Whether the packet says no more than "silence from here on" (discontinuous transmission).
pub fn packet_is_dtx(packet: &[u8]) -> bool {
    !packet.is_empty() && packet.len() <= DTX_MAX_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(samples: usize, rate: f32) -> Vec<i16> {
        (0..samples).map(|i| ((i as f32 * 440.0 * core::f32::consts::TAU / rate).sin() * 9000.0) as i16).collect()
    }

    #[test]
    fn a_frame_survives_encoding_and_decoding_at_every_rate() {
        for rate in [8000u32, 12000, 16000, 24000, 48000] {
            let mut encoder = Encoder::new(rate, 1, &EncoderConfig::new(1)).unwrap();
            let mut decoder = Decoder::new(rate, 1).unwrap();
            let frame = rate as usize / 50;
            let pcm = sine(frame * 10, rate as f32);
            let mut packet = [0; 1500];
            let mut energy = 0i64;
            for chunk in pcm.chunks(frame) {
                let len = encoder.encode(chunk, &mut packet).unwrap();
                assert_eq!(packet_samples(&packet[..len], rate).unwrap(), frame);
                let mut out = vec![0; frame];
                assert_eq!(decoder.decode(&packet[..len], &mut out).unwrap(), frame);
                energy = out.iter().map(|&s| i64::from(s) * i64::from(s)).sum();
            }
            let rms = ((energy / frame as i64) as f64).sqrt();
            assert!((4000.0..9000.0).contains(&rms), "{rate}: rms {rms}");
            let ms = encoder.lookahead() as f32 * 1000.0 / rate as f32;
            assert!((2.0..7.0).contains(&ms), "look-ahead {ms} ms");
        }
    }

    #[test]
    fn packets_carry_fec_when_loss_is_expected() {
        let mut with = Encoder::new(48000, 1, &EncoderConfig::new(1)).unwrap();
        let config = EncoderConfig { fec: false, ..EncoderConfig::new(1) };
        let mut without = Encoder::new(48000, 1, &config).unwrap();
        let pcm = sine(960 * 10, 48000.0);
        let mut packet = [0; 1500];
        let mut count = [0, 0];
        for chunk in pcm.chunks(960) {
            let len = with.encode(chunk, &mut packet).unwrap();
            count[0] += usize::from(packet_has_fec(&packet[..len]));
            let len = without.encode(chunk, &mut packet).unwrap();
            count[1] += usize::from(packet_has_fec(&packet[..len]));
        }
        assert!(count[0] >= 8, "{count:?}");
        assert_eq!(count[1], 0);
    }

    #[test]
    fn odd_arguments_are_errors() {
        let config = EncoderConfig::new(1);
        assert!(Encoder::new(44100, 1, &config).is_err());
        assert!(Encoder::new(48000, 3, &config).is_err());
        assert!(Decoder::new(48000, 0).is_err());
        let mut encoder = Encoder::new(48000, 2, &config).unwrap();
        assert!(encoder.encode(&[0; 961], &mut [0; 1500]).is_err());
        assert!(encoder.encode(&[0; 100], &mut [0; 1500]).is_err());
        assert!(encoder.encode(&[0; 1920], &mut []).is_err());
        assert!(encoder.set_expected_loss(101).is_err());
        let mut decoder = Decoder::new(48000, 1).unwrap();
        assert!(decoder.decode(&[], &mut [0; 960]).is_err());
        assert!(decoder.decode_fec(&[], &mut [0; 960]).is_err());
        assert!(decoder.conceal(&mut [0; 7]).is_err());
    }

    #[test]
    fn hostile_packets_are_errors_or_sound_and_never_worse() {
        let mut decoder = Decoder::new(48000, 2).unwrap();
        decoder.set_complexity(5).unwrap();
        let mut out = vec![0; 5760 * 2];
        let mut x = 0x9E37_79B9_7F4A_7C15u64;
        for round in 0..4000usize {
            let mut packet = vec![0u8; round % 97];
            for byte in &mut packet {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                *byte = x as u8;
            }
            packet_has_fec(&packet);
            let declared = packet_samples(&packet, 48000);
            if let Ok(samples) = decoder.decode(&packet, &mut out) {
                assert_eq!(declared, Ok(samples));
            }
            let _ = decoder.decode_fec(&packet, &mut out[..1920]);
        }
    }

    #[test]
    fn states_may_move_between_threads() {
        fn send<T: Send>() {}
        send::<Encoder>();
        send::<Decoder>();
    }
}
