//! CHANNEL: SPEAKING

use super::channel::ChannelHandle;
use super::options::{flag, needed, put, timeout};
use super::panic::on;
use super::status::stoa_status;
use super::types::stoa_channel;
use crate::{Error, Result, Status};

/// The caller's PCM as values; empty for no samples.
///
/// # Safety
/// `samples` is NULL, or `count * channels` values can be read while `'a` lasts.
unsafe fn pcm<'a, T>(samples: *const T, count: usize, channels: usize) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if samples.is_null() {
        let text = "samples is NULL, and count is not 0: give the samples, or a count of 0";
        return Err(Error::new(Status::NULL_ARGUMENT, text));
    }
    if !samples.is_aligned() {
        let text = format!("samples is at an odd address: align it to {} bytes", align_of::<T>());
        return Err(Error::new(Status::BAD_ARGUMENT, text));
    }
    let values = count.checked_mul(channels).filter(|values| *values <= isize::MAX as usize / size_of::<T>());
    let Some(values) = values else {
        let text = format!("count is {count} samples, more than any memory holds: give samples for each channel");
        return Err(Error::new(Status::BAD_ARGUMENT, text));
    };
    // SAFETY: not NULL, aligned, of a possible size; the rest is the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(samples, values) })
}

/// Pushes PCM into the send queue, from where it leaves in real time. Any length, also less than a frame.
/// With STOA_QUEUE_DEFAULT it waits while the queue is full; dropping queues take everything at once.
/// What is pushed before the channel is connected leaves once it is.
///
/// samples: 16-bit PCM at the channel's rate, interleaved: count * channels values. NULL is right for a count of 0.
/// count: samples for each channel.
/// timeout_ms: how long to wait for room. 0: take what fits now. Negative: until everything is taken.
/// out_accepted: how many samples for each channel were taken, from the front; written for every status that is not negative.
///   May be NULL.
/// Returns: STOA_OK: all taken, or dropped as the queue's policy has it; STOA_QUEUE_FULL: with timeout 0, a part or nothing was taken; STOA_TIMED_OUT: a part or nothing
///   was taken in time; STOA_INTERRUPTED: stoa_channel_interrupt() dropped it, what was taken as well;
///   STOA_ERROR_BUSY: another thread is pushing; STOA_ERROR_BAD_STATE: the channel is listen_only;
///   STOA_ERROR_NOT_ALLOWED: the server does not let this user speak (any more); STOA_ERROR_BAD_ARGUMENT: an odd address or an
///   impossible count; the handle errors.
/// Threads: any, one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_push_audio(
    channel: *mut stoa_channel,
    samples: *const i16,
    count: usize,
    timeout_ms: i32,
    out_accepted: *mut usize,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for as many values.
        let pcm = unsafe { pcm(samples, count, channel.channels)? };
        let (accepted, status) = channel.channel.push(pcm, timeout(timeout_ms))?;
        // SAFETY: the header asks for NULL or room for the count.
        unsafe { put(out_accepted, accepted) };
        Ok(status)
    })
}

/// The same for floats.
///
/// samples: PCM in -1.0 to 1.0; what is beyond is clipped, and what is no number is silence.
/// count, timeout_ms, out_accepted: as stoa_channel_push_audio().
/// Returns: the statuses of stoa_channel_push_audio().
/// Threads: any, one at a time, whichever of the two functions it calls.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_push_audio_f32(
    channel: *mut stoa_channel,
    samples: *const f32,
    count: usize,
    timeout_ms: i32,
    out_accepted: *mut usize,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for as many values.
        let pcm = unsafe { pcm(samples, count, channel.channels)? };
        let (accepted, status) = channel.channel.push_f32(pcm, timeout(timeout_ms))?;
        // SAFETY: the header asks for NULL or room for the count.
        unsafe { put(out_accepted, accepted) };
        Ok(status)
    })
}

/// How much sound is queued and has not left yet.
///
/// out_queued_us: microseconds of sound.
/// Returns: STOA_OK; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_queued(channel: *const stoa_channel, out_queued_us: *mut u64) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_queued_us, "out_queued_us")?;
        // SAFETY: the header asks for room for the time.
        unsafe { put(out_queued_us, channel.channel.queued_us()) };
        Ok(Status::OK)
    })
}

/// Puts a playout mark behind the last sample that was pushed. When that has left, or was dropped, the event "played" tells it.
///
/// id: any number; the event has it.
/// Returns: STOA_OK; STOA_ERROR_LIMIT: 256 marks are waiting already; STOA_ERROR_BAD_STATE: the channel is listen_only;
///   the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_mark(channel: *mut stoa_channel, id: u64) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.mark(id).map(|()| Status::OK))
}

/// Waits until everything that was pushed before has left. Without a connection nothing leaves; while a lost one is made again
/// (see stoa_channel_reconnect), sound is dropped when it would have left.
///
/// timeout_ms: 0: only looks. Negative: waits for ever.
/// Returns: STOA_OK, also when nothing is queued; STOA_TIMED_OUT; STOA_INTERRUPTED: it was dropped;
///   STOA_ERROR_LIMIT: 64 threads are waiting already; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_wait_played(channel: *mut stoa_channel, timeout_ms: i32) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.wait_played(timeout(timeout_ms)))
}

/// Be silent now: drops what is queued, and what another thread is just pushing. At most one frame more leaves.
///
/// out_sent: samples for each channel that have left since the channel was made. May be NULL.
/// out_dropped: samples for each channel that were dropped by this call. May be NULL.
/// Returns: STOA_OK, also when nothing is queued; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_interrupt(
    channel: *mut stoa_channel,
    out_sent: *mut u64,
    out_dropped: *mut u64,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        let (sent, dropped) = channel.channel.interrupt()?;
        // SAFETY: the header asks for NULL or room for each count.
        unsafe {
            put(out_sent, sent);
            put(out_dropped, dropped);
        }
        Ok(Status::OK)
    })
}

/// Mutes or unmutes the microphone, also before connecting. While muted the queue is paced out in silence, and the others are told.
/// The server may mute it as well, which is the event "microphone_muted"; this call then unmutes it.
///
/// muted: 1 or 0.
/// Returns: STOA_OK; STOA_ERROR_BAD_ARGUMENT: neither 0 nor 1; STOA_ERROR_BUSY: too many calls wait for this channel;
///   the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_mute(channel: *mut stoa_channel, muted: u32) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        channel.channel.mute(flag(muted, "muted")?)?;
        Ok(Status::OK)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pcm() {
        let values = [0i16; 4];
        // SAFETY: the values are there, or are refused before they are read.
        unsafe {
            assert_eq!(pcm(values.as_ptr(), 2, 2).unwrap().len(), 4);
            assert_eq!(pcm::<i16>(std::ptr::null(), 0, 2).unwrap().len(), 0);
            assert_eq!(pcm::<i16>(std::ptr::null(), 1, 2).unwrap_err().status, Status::NULL_ARGUMENT);
            let odd = values.as_ptr().cast::<u8>().add(1).cast::<i16>();
            assert_eq!(pcm(odd, 1, 1).unwrap_err().status, Status::BAD_ARGUMENT);
            for count in [usize::MAX, usize::MAX / 2, usize::MAX / 4] {
                assert_eq!(pcm(values.as_ptr(), count, 2).unwrap_err().status, Status::BAD_ARGUMENT);
            }
        }
    }
}
