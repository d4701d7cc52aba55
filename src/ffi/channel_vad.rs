//! CHANNEL: VOICE DETECTION
//!
//! Who speaks when, found in the sound of each user who is subscribed to. Events tell the beginnings and ends
//! (STOA_EVENT_SPEECH_STARTED, STOA_EVENT_SPEECH_ENDED), and so does the member `speech` of each frame. With speech_only a stream
//! gives out speech alone, each time from its pre-roll on, so that no first syllable is lost.

use super::channel::ChannelHandle;
use super::options::{Versioned, flag, read};
use super::panic::on;
use super::status::stoa_status;
use super::types::stoa_channel;
use crate::audio::speech::SpeechConfig;
use crate::client::gate::VadConfig;
use crate::{Result, Status};

/// How speech is told from its absence. Begin with STOA_VAD_OPTIONS_INIT. Counts are of blocks of 10 ms.
/// A block is active when it is louder than a threshold and more probably a voice than another.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_vad_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// Blocks before those in which speech was found that still belong to it, 1 to 1000. 0: 16.
    pub pre_start_recognize_count: u32,
    /// Blocks that are looked at for a beginning, 1 to 1000. 0: 30.
    pub start_recognize_count: u32,
    /// Blocks that are looked at for an end, 1 to 6000. 0: 50.
    pub stop_recognize_count: u32,
    /// 1: streams of users give out frames of speech alone. When speech is found, all at once those of the pre_start_recognize_count
    /// and start_recognize_count blocks before; together they may be at most half of the channel's receive_queue_ms.
    /// 0: streams give out everything.
    pub speech_only: u32,
    /// The share of the blocks looked at that has to be active for a beginning, above 0.0, at most 1.0. 0.0: 0.7.
    pub active_percent: f64,
    /// The share of the blocks looked at that has to be inactive for an end, above 0.0, at most 1.0. 0.0: 0.5.
    pub inactive_percent: f64,
    /// Before speech, a block is active above this voice probability, 1 to 99 percent. 0: 70.
    pub start_voice_prob: u32,
    /// The same in speech. 0: 70.
    pub stop_voice_prob: u32,
    /// Before speech, a block is active above this level, -100 to -1 dB of the maximum. 0: -50; in noise -40 to -30 is better.
    pub start_rms_threshold: i32,
    /// The same in speech. 0: -50.
    pub stop_rms_threshold: i32,
}

// SAFETY: repr(C), begins with its size, three words and eight half words without padding, zero bytes are zeros.
unsafe impl Versioned for stoa_vad_options {
    const NAME: &'static str = "stoa_vad_options";
    const FIRST: usize = 56;
}

fn or<T: PartialEq + Default>(value: T, default: T) -> T {
    if value == T::default() { default } else { value }
}

impl stoa_vad_options {
    fn to_driver(self) -> Result<VadConfig> {
        let default = SpeechConfig::default();
        let speech = SpeechConfig {
            pre_start_recognize_count: or(self.pre_start_recognize_count, default.pre_start_recognize_count),
            start_recognize_count: or(self.start_recognize_count, default.start_recognize_count),
            stop_recognize_count: or(self.stop_recognize_count, default.stop_recognize_count),
            active_percent: or(self.active_percent, default.active_percent),
            inactive_percent: or(self.inactive_percent, default.inactive_percent),
            start_voice_prob: or(self.start_voice_prob, default.start_voice_prob),
            stop_voice_prob: or(self.stop_voice_prob, default.stop_voice_prob),
            start_rms_threshold: or(self.start_rms_threshold, default.start_rms_threshold),
            stop_rms_threshold: or(self.stop_rms_threshold, default.stop_rms_threshold),
        };
        Ok(VadConfig { speech, speech_only: flag(self.speech_only, "speech_only")? })
    }
}

/// Listens for speech in the sound of every user who is subscribed to, also of those whose stream nobody holds. Any state of the
/// channel is right; it stays through disconnecting. Speech that goes on when this is called ends with it. The mix is not listened to.
///
/// options: NULL: no more.
/// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: the sentence names the option; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BUSY: too many calls
///   wait for this channel; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_set_vad(
    channel: *mut stoa_channel,
    options: *const stoa_vad_options,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        let config = if options.is_null() {
            None
        } else {
            // SAFETY: the header asks for a struct of the size that it says.
            Some(unsafe { read(options, "options")? }.to_driver()?)
        };
        channel.channel.set_vad(config)?;
        Ok(Status::OK)
    })
}
