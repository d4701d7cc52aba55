//! CHANNEL

use super::engine::EngineHandle;
use super::handle::{Entry, Kind, insert};
use super::options::{Versioned, flag, needed, put, read, reserved, timeout};
use super::panic::{Noun, free, last_error, on};
use super::status::stoa_status;
use super::string::{give, optional, required};
use super::types::{stoa_channel, stoa_engine};
use crate::driver::{Channel, ChannelOptions};
use crate::{Error, Result, Status};
use std::ffi::c_char;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The default of a queue: sending refuses what does not fit (STOA_QUEUE_FULL), receiving drops the oldest.
pub const STOA_QUEUE_DEFAULT: u32 = 0;
/// A full queue drops its oldest sound.
pub const STOA_QUEUE_DROP_OLDEST: u32 = 1;
/// A full queue drops what is new.
pub const STOA_QUEUE_DROP_NEWEST: u32 = 2;

/// How a channel is made. Begin with STOA_CHANNEL_OPTIONS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_channel_options {
    /// The size of this struct, bytes.
    pub size: usize,
    /// The room's name, 1 to 256 bytes. Required.
    pub name: *const c_char,
    /// The user's identity, at most 256 bytes. NULL: uid, or, where that is 0, one that the library chooses (see stoa_channel_user).
    pub user: *const c_char,
    /// The caller's own token, for this room and user. NULL: built from the engine's app id and certificate.
    pub token: *const c_char,
    /// A numeric identity, which stands for its decimal form. Give user or uid, not both.
    pub uid: u32,
    /// The rate of all PCM of this channel: 8000, 16000, 24000, 32000, 44100 or 48000 Hz. 0: 24000.
    pub sample_rate: u32,
    /// 1: mono; 2: stereo, interleaved. 0: 1.
    pub channels: u32,
    /// 1: subscribe to every user who speaks. 0: to nobody before stoa_channel_subscribe().
    pub subscribe_all: u32,
    /// 1: give each frame out the moment it can be decoded, for machines that listen. 0: on an even clock, for people.
    pub eager: u32,
    /// Capacity of the send queue, 20 to 600,000 ms. 0: 30,000.
    pub send_queue_ms: u32,
    /// What a full send queue does: STOA_QUEUE_...
    pub send_policy: u32,
    /// Capacity of each stream, 2,000 to 60,000 ms. 0: 2,000.
    pub receive_queue_ms: u32,
    /// What a full stream does: STOA_QUEUE_...; what it dropped is counted (see stoa_stream_dropped).
    pub receive_policy: u32,
    /// Opus bit rate, 6,000 to 510,000 bits a second. 0: 24,000.
    pub bitrate: u32,
    /// 1: never speak: the others see no microphone, which spares them and the server work for every silent listener; pushing is
    /// STOA_ERROR_BAD_STATE. 0: a microphone from the start.
    pub listen_only: u32,
    /// For how long a lost connection is tried to be made again, 1,000 to 3,600,000 ms (see stoa_channel_reconnect). 0: 60,000.
    pub reconnect_timeout_ms: u32,
    /// 1: a lost connection is the end: STOA_STATE_FAILED, and the streams of users end. 0: it is made again.
    pub no_reconnect: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), begins with its size, four words and fourteen half words without padding, zero bytes are NULL and 0.
unsafe impl Versioned for stoa_channel_options {
    const NAME: &'static str = "stoa_channel_options";
    const FIRST: usize = 88;
}

fn or<T: PartialEq + Default>(value: T, default: T) -> T {
    if value == T::default() { default } else { value }
}

impl stoa_channel_options {
    /// # Safety
    /// The strings are NULL or end with a zero byte.
    unsafe fn to_driver(self) -> Result<ChannelOptions> {
        let default = ChannelOptions::default();
        reserved(self.reserved, "options->reserved")?;
        // SAFETY: the caller's promise.
        let (name, user, token) =
            unsafe { (required(self.name, "name")?, optional(self.user, "user")?, optional(self.token, "token")?) };
        Ok(ChannelOptions {
            name: name.into(),
            user: user.into(),
            uid: self.uid,
            token: token.into(),
            sample_rate: or(self.sample_rate, default.sample_rate),
            channels: or(self.channels, default.channels),
            subscribe_all: flag(self.subscribe_all, "subscribe_all")?,
            eager: flag(self.eager, "eager")?,
            send_queue_ms: or(self.send_queue_ms, default.send_queue_ms),
            send_policy: or(self.send_policy, default.send_policy),
            receive_queue_ms: or(self.receive_queue_ms, default.receive_queue_ms),
            receive_policy: or(self.receive_policy, default.receive_policy),
            bitrate: or(self.bitrate, default.bitrate),
            listen_only: flag(self.listen_only, "listen_only")?,
            reconnect_timeout_ms: or(self.reconnect_timeout_ms, default.reconnect_timeout_ms),
            no_reconnect: flag(self.no_reconnect, "no_reconnect")?,
        })
    }
}

/// What a channel's handle stands for.
pub struct ChannelHandle {
    pub(super) channel: Channel,
    /// Values of a sample: one for each audio channel.
    pub(super) channels: usize,
    /// The engine was freed.
    closed: Arc<AtomicBool>,
}

impl Noun for ChannelHandle {
    const KIND: Kind = Kind::Channel;
    const NAME: &'static str = "channel";

    fn of(entry: &Entry) -> Option<&Self> {
        if let Entry::Channel(channel) = entry { Some(channel) } else { None }
    }

    fn open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(Status::CLOSED, "the channel's engine was freed: free the channel"));
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        self.channel.close()
    }
}

/// Makes a channel of an engine, not yet connected.
///
/// options: name is required.
/// out_channel: the new channel; free it with stoa_channel_free().
/// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; STOA_ERROR_BAD_UTF8; STOA_ERROR_BAD_ARGUMENT: the sentence names the option;
///   STOA_ERROR_BAD_TOKEN: the token is none, or for another room or user, or there is none and no app certificate to build one
///   from; STOA_ERROR_LIMIT: too many handles; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_new(
    engine: *mut stoa_engine,
    options: *const stoa_channel_options,
    out_channel: *mut *mut stoa_channel,
) -> stoa_status {
    on(engine, |engine: &EngineHandle| {
        // SAFETY: the header asks for a struct of the size that it says, and for strings that end with a zero.
        let options = unsafe { read(options, "options")?.to_driver()? };
        needed(out_channel, "out_channel")?;
        options.validate()?;
        let channels = options.channels as usize;
        let (engine, closed) = engine.parts();
        let channel = engine.create_channel(options)?;
        let handle = insert(Entry::Channel(ChannelHandle { channel, channels, closed }))?;
        // SAFETY: the header asks for room for a handle.
        unsafe { put(out_channel, handle) };
        Ok(Status::OK)
    })
}

/// Frees a channel: takes off its callbacks, disconnects, and ends its streams, whose handles are still to be freed.
///
/// channel: NULL does nothing.
/// Returns: STOA_OK; STOA_ERROR_BAD_HANDLE; STOA_ERROR_BUSY: freed, but a callback is still in its last run (see THREADS);
///   STOA_ERROR_INTERNAL.
/// Threads: any, also inside callbacks, where it does not wait for the callback. Takes at most one second, offline too.
///   Calls of other threads that wait on this channel return soon.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_free(channel: *mut stoa_channel) -> stoa_status {
    free::<ChannelHandle>(channel)
}

/// Joins the room, and waits until that is done or has failed.
///
/// timeout_ms: 0: returns at once; events tell the rest. Negative: waits for ever.
/// Returns: STOA_OK: connected (with timeout 0: begun); STOA_TIMED_OUT: not in time, and given up;
///   STOA_ERROR_BAD_STATE: connected, or connecting, already; STOA_ERROR_UNREACHABLE; STOA_ERROR_REFUSED; STOA_ERROR_BAD_TOKEN;
///   STOA_ERROR_PROTOCOL: no LiveKit server; STOA_ERROR_DISCONNECTED: the connection was lost before it was complete, or
///   stoa_channel_disconnect() was called on another thread; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_connect(channel: *mut stoa_channel, timeout_ms: i32) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.connect(timeout(timeout_ms)).map(|()| Status::OK))
}

/// Leaves the room. The streams of users end. The channel can connect again.
///
/// timeout_ms: 0: returns at once; an event tells the rest. Negative: waits until it is done.
/// Returns: STOA_OK: disconnected (with timeout 0: begun), also when it was so before; STOA_TIMED_OUT: not yet, and it goes on in
///   the background; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_disconnect(channel: *mut stoa_channel, timeout_ms: i32) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.disconnect(timeout(timeout_ms)).map(|()| Status::OK))
}

/// Makes the connection again now, without a wait for the next attempt: for a program that knows that the network is another one, or
/// there again.
///
/// A connection that was lost is made again by itself. The channel is then in STOA_STATE_RECONNECTING, and all goes on: users stay,
/// their streams are silent, and calls are kept until the server can hear of them. Attempts follow at once, after 300 ms, and then
/// ever more slowly, up to 8 s apart, until options.reconnect_timeout_ms is over: then it is STOA_STATE_FAILED, with the reason.
/// - Where the server knows the participant still, it goes on as the same one, and nothing that is reliable is lost or doubled.
///   Otherwise the channel joins anew as the same user, with the newest token: the others see it leave and join. The microphone is
///   published as it was, muted or not, wanted users are subscribed to again, and streams go on. Users who are gone get "user_left".
///   Messages that the server did not have in whole are told as failed by "message_sent"; those that wait are sent. Reliable data
///   that was not acknowledged is sent again.
/// - What was pushed is not held back: live sound is dropped as it would have been spoken, so that nobody hears it seconds late, and
///   playout marks are passed in time. Sound that still gets through is heard.
/// - Reconnected is not who was removed, whose room was closed, whose identity joined again elsewhere, and whose token is refused.
///
/// In STOA_STATE_CONNECTED the connection is given up, and made again from new sockets.
///
/// Returns: STOA_OK: begun, and events tell the rest; STOA_ERROR_BAD_STATE: neither connected nor reconnecting, or the channel was
///   made with no_reconnect; STOA_ERROR_BUSY: too many calls wait for this channel; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_reconnect(channel: *mut stoa_channel) -> stoa_status {
    on(channel, |channel: &ChannelHandle| channel.channel.reconnect().map(|()| Status::OK))
}

/// The state of the connection.
///
/// out_state: STOA_STATE_...
/// Returns: STOA_OK; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_state(channel: *const stoa_channel, out_state: *mut u32) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        needed(out_state, "out_state")?;
        // SAFETY: the header asks for room for the state.
        unsafe { put(out_state, channel.channel.state() as u32) };
        Ok(Status::OK)
    })
}

/// The room's name, as in the options.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_name(
    channel: *const stoa_channel,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(channel, |channel: &ChannelHandle| unsafe { give(&channel.channel.name(), buffer, capacity, out_length) })
}

/// The user's own identity: of the options, or the one that the library chose.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_user(
    channel: *const stoa_channel,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(channel, |channel: &ChannelHandle| unsafe { give(&channel.channel.user(), buffer, capacity, out_length) })
}

/// The token in use: of the options, or the one that the library built. It is a secret.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_token(
    channel: *const stoa_channel,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    on(channel, |channel: &ChannelHandle| unsafe { give(&channel.channel.token(), buffer, capacity, out_length) })
}

/// Takes a token in place of the one in use, without leaving: after "token_will_expire", or to change what the user may do. It counts
/// for later connects; a connection to a Stoa room server takes it over at once. A server that refuses it goes on by the one
/// before, and another "token_will_expire" tells. LiveKit's servers refresh tokens by themselves and take none from outside.
///
/// token: for the same room and user, of either family, at most 64 kB.
/// Returns: STOA_OK: it is in use, or on its way; STOA_ERROR_BAD_TOKEN: it is no token, or for another room or user;
///   STOA_ERROR_BUSY: too many calls wait for this channel; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_UTF8;
///   STOA_ERROR_BAD_ARGUMENT: too long; the handle errors.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_renew_token(channel: *const stoa_channel, token: *const c_char) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a string that ends with a zero.
        let token = unsafe { required(token, "token")? };
        channel.channel.renew_token(token).map(|()| Status::OK)
    })
}

/// The sentence of the last error of this channel; "" without one. A connection that failed tells its own in the event.
///
/// buffer, capacity, out_length: see CONVENTIONS, strings out.
/// Returns: STOA_OK; STOA_ERROR_BUFFER_TOO_SMALL; STOA_ERROR_NULL_ARGUMENT; STOA_ERROR_BAD_HANDLE.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_last_error(
    channel: *const stoa_channel,
    buffer: *mut c_char,
    capacity: usize,
    out_length: *mut usize,
) -> stoa_status {
    // SAFETY: the header asks for a buffer of that capacity.
    last_error::<ChannelHandle>(channel, |text| unsafe { give(text, buffer, capacity, out_length) })
}
