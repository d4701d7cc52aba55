//! STREAM

use super::callback::UserData;
use super::frame::{STOA_FRAME_SAMPLES_MAX, stoa_frame, stoa_frame_callback};
use super::handle::{Entry, Kind};
use super::options::{check, needed, put, timeout, write};
use super::panic::{Noun, free, last_error, on};
use super::status::stoa_status;
use super::string::give;
use super::types::{stoa_stream, stoa_user_data_free};
use crate::driver::{FrameCallback, FrameInfo, ReadOutcome, Stream};
use crate::{Error, Result, Status};
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a stream's handle stands for.
pub struct StreamHandle {
    pub(super) stream: Stream,
    /// Values of a sample: one for each audio channel.
    channels: usize,
    /// A callback was set through this handle, and goes with it, unless another has taken its place: which of the stream's it was,
    /// counted from 1. 0: none was set through it.
    callback: AtomicU64,
    /// Who reads through it is to give up.
    freed: AtomicBool,
}

impl StreamHandle {
    /// A handle of a stream with so many audio channels.
    pub fn new(stream: Stream, channels: usize) -> StreamHandle {
        StreamHandle { stream, channels, callback: AtomicU64::new(0), freed: AtomicBool::new(false) }
    }
}

impl Noun for StreamHandle {
    const KIND: Kind = Kind::Stream;
    const NAME: &'static str = "stream";

    fn of(entry: &Entry) -> Option<&Self> {
        if let Entry::Stream(stream) = entry { Some(stream) } else { None }
    }

    fn free(&self) -> Result<()> {
        self.freed.store(true, Ordering::SeqCst);
        self.stream.wake_reader();
        match self.callback.load(Ordering::Acquire) {
            0 => Ok(()),
            own if own == self.stream.callbacks_set() => self.stream.set_frame_callback(None),
            // It was taken off; that may not have waited for its end.
            _ => self.stream.settle_callback(),
        }
    }
}

/// A C callback in Rust's form.
pub fn frame_callback(callback: stoa_frame_callback, user_data: UserData) -> Option<FrameCallback> {
    let callback = callback?;
    // Kept from frame to frame, so that a frame allocates nothing.
    let mut name: Vec<u8> = Vec::new();
    Some(Box::new(move |user, info, samples| {
        name.clear();
        name.extend(user.bytes().filter(|byte| *byte != 0));
        name.push(0);
        // SAFETY: the application's function, with what the header promises it.
        unsafe { callback(name.as_ptr().cast(), &stoa_frame::from(info), samples.as_ptr(), user_data.get()) }
    }))
}

/// Frees a handle of a stream. A callback that was set through it is taken off, unless another handle has set one since. The user stays
/// subscribed. Who waits in stoa_stream_read() on this handle gets STOA_ERROR_BAD_HANDLE.
///
/// stream: NULL does nothing.
/// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_BUSY: freed, but the callback is still in its last run (see THREADS);
///   STOA_ERROR_INTERNAL.
/// Threads: any, also inside callbacks, where it does not wait for the callback. Takes at most one second.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_free(stream: *mut stoa_stream) -> stoa_status {
    free::<StreamHandle>(stream)
}

/// Copies the next frame out of the stream's ring buffer.
///
/// timeout_ms: 0: only looks. Negative: waits for ever.
/// out_samples: gets 16-bit PCM at the channel's rate, interleaved.
/// capacity: room in samples for each channel, that is, capacity * channels values; STOA_FRAME_SAMPLES_MAX always suffices.
/// out_frame: gets what is known about the frame; begin with STOA_FRAME_INIT.
/// Returns: STOA_OK; STOA_TIMED_OUT: no frame came; STOA_END_OF_STREAM: it is over, and everything was read;
///   STOA_ERROR_BUFFER_TOO_SMALL: out_frame->samples_per_channel is the room that is needed, and the frame stays;
///   STOA_ERROR_BUSY: another thread is reading; STOA_ERROR_BAD_STRUCT;
///   STOA_ERROR_BAD_ARGUMENT: an odd address or an impossible capacity; the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any, one at a time. Costs no allocation, no lock and, when a frame is there, no system call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_read(
    stream: *mut stoa_stream,
    timeout_ms: i32,
    out_samples: *mut i16,
    capacity: usize,
    out_frame: *mut stoa_frame,
) -> stoa_status {
    on(stream, |stream: &StreamHandle| {
        needed(out_samples, "out_samples")?;
        // SAFETY: the header asks for a struct of the size that it says.
        unsafe { check(out_frame, "out_frame")? };
        let bad = |text: String| Err(Error::new(Status::BAD_ARGUMENT, text));
        if !out_samples.is_aligned() {
            return bad("out_samples is at an odd address: align it to 2 bytes".into());
        }
        let values = capacity.checked_mul(stream.channels).filter(|values| *values <= isize::MAX as usize / 2);
        let Some(values) = values else {
            return bad(format!(
                "capacity is {capacity} samples, more than any memory holds: give the room for each channel"
            ));
        };
        // SAFETY: not NULL, aligned, of a possible size; the header asks for as much room. Any bytes are an i16.
        let samples = unsafe { std::slice::from_raw_parts_mut(out_samples, values) };
        let mut info = FrameInfo::default();
        let outcome = stream.stream.read_until(samples, &mut info, timeout(timeout_ms), &stream.freed)?;
        let mut frame = stoa_frame::from(&info);
        match outcome {
            ReadOutcome::Frame(_) => {
                // SAFETY: it was checked.
                unsafe { write(out_frame, &frame) };
                Ok(Status::OK)
            }
            ReadOutcome::TimedOut => Ok(Status::TIMED_OUT),
            ReadOutcome::End => Ok(Status::END_OF_STREAM),
            ReadOutcome::GivenUp => Err(Error::new(
                Status::BAD_HANDLE,
                "the stream's handle was freed while it was read; read one that is not",
            )),
            ReadOutcome::TooSmall(values) => {
                let samples = values.div_ceil(stream.channels);
                frame.samples_per_channel = samples as u32;
                // SAFETY: it was checked.
                unsafe { write(out_frame, &frame) };
                let text = format!(
                    "the frame has {samples} samples for each channel, and capacity is {capacity}: \
                     give more room, {STOA_FRAME_SAMPLES_MAX} always suffices"
                );
                Err(Error::new(Status::BUFFER_TOO_SMALL, text))
            }
        }
    })
}

/// How many frames can be read without waiting.
///
/// out_frames: the number.
/// Returns: STOA_OK; the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_readable(stream: *const stoa_stream, out_frames: *mut usize) -> stoa_status {
    on(stream, |stream: &StreamHandle| {
        needed(out_frames, "out_frames")?;
        // SAFETY: the header asks for room for the count.
        unsafe { put(out_frames, stream.stream.readable()) };
        Ok(Status::OK)
    })
}

/// A descriptor for poll, epoll, kqueue, libuv or asyncio: readable while there are frames to read, or the end of the stream to be
/// seen. Then call stoa_stream_read() with timeout 0 until STOA_TIMED_OUT. Only wait on it: do not write to or close it. (A
/// language that can only wait by reading may read its byte, and then has to read the stream until STOA_TIMED_OUT.)
/// It belongs to the stream, and is closed with it: when its last handle is freed and no frame callback of the channel takes its frames.
///
/// out_descriptor: the descriptor; the same at each call.
/// Returns: STOA_OK; STOA_ERROR_LIMIT: the process has no more descriptors; the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_descriptor(stream: *mut stoa_stream, out_descriptor: *mut i32) -> stoa_status {
    on(stream, |stream: &StreamHandle| {
        needed(out_descriptor, "out_descriptor")?;
        let descriptor = stream.stream.descriptor()?;
        // SAFETY: the header asks for room for the descriptor.
        unsafe { put(out_descriptor, descriptor) };
        Ok(Status::OK)
    })
}

/// Sets, replaces or takes off the stream's frame callback. A stream has one, whichever of its handles set it.
/// What is in the ring buffer goes to the callback first, and stoa_stream_read() gets nothing while there is one.
///
/// callback: NULL takes it off, and frames wait for stoa_stream_read() again.
/// user_data, user_data_free: see OWNERSHIP.
/// Returns: STOA_OK; STOA_ERROR_BUSY: done, but the old callback is in its last run (see THREADS);
///   the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any, also inside the callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_set_frame_callback(
    stream: *mut stoa_stream,
    callback: stoa_frame_callback,
    user_data: *mut c_void,
    user_data_free: stoa_user_data_free,
) -> stoa_status {
    let user_data = UserData::new(user_data, user_data_free);
    on(stream, |stream: &StreamHandle| {
        let done = stream.stream.set_frame_callback(frame_callback(callback, user_data));
        if callback.is_some() {
            stream.callback.store(stream.stream.callbacks_set(), Ordering::Release);
        }
        done.map(|()| Status::OK)
    })
}

/// Whose sound it is.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out. The mix has "".
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_user(
    stream: *const stoa_stream,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(stream, |stream: &StreamHandle| unsafe { give(stream.stream.user(), buffer, capacity, out_length) })
}

/// How many frames were dropped because nobody took them in time (see receive_queue_ms).
///
/// out_frames: the number since the stream began.
/// Returns: STOA_OK; the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_dropped(stream: *const stoa_stream, out_frames: *mut u64) -> stoa_status {
    on(stream, |stream: &StreamHandle| {
        needed(out_frames, "out_frames")?;
        // SAFETY: the header asks for room for the count.
        unsafe { put(out_frames, stream.stream.dropped()) };
        Ok(Status::OK)
    })
}

/// The sentence of the last error of this stream; "" without one.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_last_error(
    stream: *const stoa_stream,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    last_error::<StreamHandle>(stream, |text| unsafe { give(text, buffer, capacity, out_length) })
}
