//! STATISTICS
//!
//! What engines, channels, streams and servers count. Members count from the beginning and do not fall, so that of two readings one
//! can be subtracted from the other; those that say "Now" are of the moment instead. (What counts as lost may yet come, and falls
//! then.) What took time is a stoa_delay. Times are microseconds.
//!
//! From one mouth to another ear a sample passes these stages: capture_queue, encode, network (half a round_trip, to the server and
//! from it), jitter_buffer, decode, ring. Numbers that a media thread counts are up to 100 ms old: reading them waits for nothing
//! and holds nothing up. Processor time is up to 10 ms behind, in a thread that is busy without a pause longer.

use super::engine::EngineHandle;
use super::handle::live;
use super::options::{Versioned, check, write};
use super::panic::on;
use super::server::ServerHandle;
use super::status::stoa_status;
use super::types::{stoa_engine, stoa_server};
use crate::Status;
use crate::driver::{EngineStats, ServerStats};
use crate::stats::Delay;

/// How long something took, many times. The mean is total_us / count; of the time between two readings it is the difference of
/// total_us by the difference of count.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_delay {
    /// How many times it was measured.
    pub count: u64,
    /// The sum of all.
    pub total_us: u64,
    /// The longest.
    pub max_us: u64,
    /// Now: a moving average, in which the newest weighs 1/16.
    pub recent_us: u64,
}

impl From<Delay> for stoa_delay {
    fn from(delay: Delay) -> stoa_delay {
        stoa_delay {
            count: delay.count,
            total_us: delay.total_ns / 1000,
            max_us: delay.max_ns / 1000,
            recent_us: delay.recent_ns / 1000,
        }
    }
}

/// What an engine and its threads have counted since stoa_engine_new(). Begin with STOA_ENGINE_STATS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_engine_stats {
    /// The size of this struct, bytes.
    pub size: usize,
    /// When the numbers were taken.
    pub time_us: u64,
    /// Now: media threads.
    pub threads: u64,
    /// Now: channels, connected or not.
    pub channels: u64,
    /// Now: channels that are connected.
    pub channels_connected: u64,
    /// Now: handles of this process, of all engines and servers, those of events included.
    pub handles: u64,
    /// Processor time of the media threads together.
    pub cpu_media_us: u64,
    /// Processor time of the dispatch thread, that of the callbacks included.
    pub cpu_dispatch_us: u64,
    /// Processor time of the thread that conceals lost sound.
    pub cpu_codec_us: u64,
    /// Processor time of the room server inside; 0 where the engine has a url.
    pub cpu_server_us: u64,
    /// Event and frame callbacks: one run each.
    pub callbacks: stoa_delay,
    /// Now: channels and streams that wait for their turn on the dispatch thread.
    pub dispatch_waiting: u64,
    /// What concealment waited for its thread.
    pub codec_queue: stoa_delay,
    /// Now: concealments that wait for it, at most 256.
    pub codec_waiting: u64,
    /// Concealments that a media thread did by itself, because too many waited.
    pub codec_refused: u64,
    /// Datagrams (over TCP: frames) that all its channels sent, those that were freed included; see stoa_channel_stats.
    pub packets_sent: u64,
    /// What was in them, bytes.
    pub bytes_sent: u64,
    /// Datagrams (over TCP: frames) that arrived for them.
    pub packets_received: u64,
    /// What was in them, bytes.
    pub bytes_received: u64,
    /// RTP packets of their microphones that did not arrive at the server, by its own reports.
    pub audio_packets_lost: u64,
}

// SAFETY: repr(C), begins with its size, nothing but words of 64 bits, zero bytes are 0.
unsafe impl Versioned for stoa_engine_stats {
    const NAME: &'static str = "stoa_engine_stats";
    const FIRST: usize = 208;
}

impl From<&EngineStats> for stoa_engine_stats {
    fn from(s: &EngineStats) -> stoa_engine_stats {
        stoa_engine_stats {
            size: size_of::<stoa_engine_stats>(),
            time_us: s.time_us,
            threads: s.threads,
            channels: s.channels,
            channels_connected: s.channels_connected,
            handles: live() as u64,
            cpu_media_us: s.cpu_media_us,
            cpu_dispatch_us: s.cpu_dispatch_us,
            cpu_codec_us: s.cpu_codec_us,
            cpu_server_us: s.cpu_server_us,
            callbacks: s.callbacks.into(),
            dispatch_waiting: s.dispatch_waiting,
            codec_queue: s.codec_queue.into(),
            codec_waiting: s.codec_waiting,
            codec_refused: s.codec_refused,
            packets_sent: s.packets_sent,
            bytes_sent: s.bytes_sent,
            packets_received: s.packets_received,
            bytes_received: s.bytes_received,
            audio_packets_lost: s.audio_packets_lost,
        }
    }
}

/// What a room server has counted since it was started. Begin with STOA_SERVER_STATS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_server_stats {
    /// The size of this struct, bytes.
    pub size: usize,
    /// When the numbers were taken.
    pub time_us: u64,
    /// Now: rooms.
    pub rooms: u64,
    /// Now: participants in all rooms.
    pub participants: u64,
    /// Now: microphones and other tracks that are published.
    pub tracks: u64,
    /// Now: ways from a track to one who hears it.
    pub subscriptions: u64,
    /// Participants that joined.
    pub joins: u64,
    /// Joins that were refused: a bad token, a full room.
    pub joins_refused: u64,
    /// Participants that came back with a new WebSocket.
    pub resumes: u64,
    /// Participants that were removed for a fault, theirs or the server's.
    pub participants_failed: u64,
    /// Datagrams (over TCP: frames) that arrived.
    pub packets_received: u64,
    /// What was in them, bytes.
    pub bytes_received: u64,
    /// Of packets_received: those from an address that belongs to no participant.
    pub packets_unknown: u64,
    /// Of packets_received: those that are none of WebRTC's.
    pub packets_malformed: u64,
    /// Datagrams (over TCP: frames) sent.
    pub packets_sent: u64,
    /// What was in them, bytes.
    pub bytes_sent: u64,
    /// Of packets_sent: those that the system had no room for, and that were lost.
    pub packets_unsent: u64,
    /// RTP packets that arrived.
    pub media_packets_received: u64,
    /// Their payload, bytes.
    pub media_bytes_received: u64,
    /// Of media_packets_received: those of a track that nobody hears.
    pub media_packets_unheard: u64,
    /// Of media_packets_received: those without payload, or of no published track.
    pub media_packets_ignored: u64,
    /// RTP packets sent on, one for each listener.
    pub media_packets_forwarded: u64,
    /// Their payload, bytes.
    pub media_bytes_forwarded: u64,
    /// RTP packets not sent on to a listener whose connection was not ready.
    pub media_dropped_unready: u64,
    /// RTP packets not sent on to a listener who cannot take their format.
    pub media_dropped_format: u64,
    /// RTP packets not sent on, because they are from before the listener began.
    pub media_dropped_old: u64,
    /// Data packets that arrived.
    pub data_packets_received: u64,
    /// Their bytes.
    pub data_bytes_received: u64,
    /// Data packets sent on, one for each addressee.
    pub data_packets_forwarded: u64,
    /// Their bytes.
    pub data_bytes_forwarded: u64,
    /// Data packets of senders whose token does not allow them.
    pub data_dropped_forbidden: u64,
    /// Data packets that could not be read.
    pub data_dropped_malformed: u64,
    /// Data packets that had arrived before: sent again after a resume, for their sender did not know.
    pub data_dropped_doubled: u64,
    /// Data packets not sent on to an addressee who reads too slowly.
    pub data_dropped_full: u64,
    /// Now: bytes of data that wait for addressees.
    pub data_waiting_bytes: u64,
    /// Now: WebSockets.
    pub websockets: u64,
    /// WebSockets that were closed because their reader was too slow, or gone.
    pub websockets_dropped: u64,
    /// WebSocket messages that arrived.
    pub signals_received: u64,
    /// WebSocket messages sent.
    pub signals_sent: u64,
    /// Now: WebSocket messages that wait for their readers, at most 512 for each.
    pub signals_waiting: u64,
    /// Processor time of the server's thread.
    pub cpu_us: u64,
    /// Calls of the room service.
    pub service_calls: u64,
    /// Of service_calls: those that were refused.
    pub service_refused: u64,
    /// Webhooks that were taken; this and the next two count once for each URL.
    pub webhooks_sent: u64,
    /// Webhooks that nobody took, after four attempts.
    pub webhooks_failed: u64,
    /// Webhooks dropped because 1024 waited.
    pub webhooks_dropped: u64,
    /// RTP packets of sound that publishers sent and that did not arrive, by their sequence numbers; counted every 5 s.
    pub media_packets_lost: u64,
    /// RTP packets that listeners did not get, as they report (RFC 3550): lost on the way to them, or before, for what is missing here
    /// is missing in what is sent on.
    pub media_packets_lost_onward: u64,
    /// Interarrival jitter at the listeners, as they report: once for each report of each track.
    pub jitter: stoa_delay,
    /// From the server to a listener and back, by the same reports.
    pub round_trip: stoa_delay,
    /// Key frames that publishers of video were asked for.
    pub key_frames_asked: u64,
}

// SAFETY: repr(C), begins with its size, nothing but words of 64 bits, zero bytes are 0.
unsafe impl Versioned for stoa_server_stats {
    const NAME: &'static str = "stoa_server_stats";
    const FIRST: usize = 456;
}

impl From<&ServerStats> for stoa_server_stats {
    fn from(s: &ServerStats) -> stoa_server_stats {
        let r = &s.rooms;
        stoa_server_stats {
            size: size_of::<stoa_server_stats>(),
            time_us: s.time_us,
            rooms: r.rooms,
            participants: r.participants,
            tracks: r.tracks,
            subscriptions: r.subscriptions,
            joins: r.joins,
            joins_refused: r.joins_refused,
            resumes: r.resumes,
            participants_failed: r.participants_failed,
            packets_received: r.packets_received,
            bytes_received: r.bytes_received,
            packets_unknown: r.packets_unknown,
            packets_malformed: r.packets_malformed,
            packets_sent: r.packets_sent,
            bytes_sent: r.bytes_sent,
            packets_unsent: s.packets_unsent,
            media_packets_received: r.media_received,
            media_bytes_received: r.media_bytes_received,
            media_packets_unheard: r.media_unheard,
            media_packets_ignored: r.media_ignored,
            media_packets_forwarded: r.media_forwarded,
            media_bytes_forwarded: r.media_bytes_forwarded,
            media_dropped_unready: r.media_dropped_unready,
            media_dropped_format: r.media_dropped_format,
            media_dropped_old: r.media_dropped_old,
            data_packets_received: r.data_received,
            data_bytes_received: r.data_bytes_received,
            data_packets_forwarded: r.data_forwarded,
            data_bytes_forwarded: r.data_bytes_forwarded,
            data_dropped_forbidden: r.data_dropped_forbidden,
            data_dropped_malformed: r.data_dropped_malformed,
            data_dropped_doubled: r.data_dropped_doubled,
            data_dropped_full: r.data_dropped_full,
            data_waiting_bytes: r.data_waiting_bytes,
            websockets: s.websockets,
            websockets_dropped: s.websockets_dropped,
            signals_received: r.signals_received,
            signals_sent: r.signals_sent,
            signals_waiting: s.signals_waiting,
            cpu_us: s.cpu_us,
            service_calls: r.service_calls,
            service_refused: r.service_refused,
            webhooks_sent: s.webhooks_sent,
            webhooks_failed: s.webhooks_failed,
            webhooks_dropped: s.webhooks_dropped,
            media_packets_lost: r.media_lost,
            media_packets_lost_onward: r.media_lost_onward,
            jitter: r.jitter.into(),
            round_trip: r.round_trip.into(),
            key_frames_asked: r.key_frames_asked,
        }
    }
}

/// The statistics of an engine.
///
/// out_stats: gets the numbers; begin with STOA_ENGINE_STATS_INIT.
/// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_get_stats(
    engine: *const stoa_engine,
    out_stats: *mut stoa_engine_stats,
) -> stoa_status {
    on(engine, |engine: &EngineHandle| {
        // SAFETY: the header asks for a struct of the size that it says, which is checked before it is written.
        unsafe {
            check(out_stats, "out_stats")?;
            write(out_stats, &(&engine.parts().0.stats()).into());
        }
        Ok(Status::OK)
    })
}

/// The statistics of the room server inside an engine.
///
/// out_stats: gets the numbers; begin with STOA_SERVER_STATS_INIT.
/// Returns: STOA_OK; STOA_ERROR_BAD_STATE: the engine has a url, so there is none; STOA_ERROR_BAD_STRUCT; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_engine_get_server_stats(
    engine: *const stoa_engine,
    out_stats: *mut stoa_server_stats,
) -> stoa_status {
    on(engine, |engine: &EngineHandle| {
        // SAFETY: the header asks for a struct of the size that it says, which is checked before it is written.
        unsafe {
            check(out_stats, "out_stats")?;
            write(out_stats, &(&engine.parts().0.server_stats()?).into());
        }
        Ok(Status::OK)
    })
}

/// The statistics of a room server.
///
/// out_stats: gets the numbers; begin with STOA_SERVER_STATS_INIT.
/// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_server_get_stats(
    server: *const stoa_server,
    out_stats: *mut stoa_server_stats,
) -> stoa_status {
    on(server, |server: &ServerHandle| {
        // SAFETY: the header asks for a struct of the size that it says, which is checked before it is written.
        unsafe {
            check(out_stats, "out_stats")?;
            write(out_stats, &(&server.0.stats()).into());
        }
        Ok(Status::OK)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::stats::VoiceStats;
    use crate::driver::ChannelStats;
    use crate::ffi::channel_stats::stoa_channel_stats;

    /// Each word another number, from 1000 on in steps of 1000.
    fn numbered<T: Copy>() -> T {
        let words: Vec<u64> = (1..=size_of::<T>() as u64 / 8).map(|n| n * 1000).collect();
        // SAFETY: these tests use it for structs of nothing but u64, of which all are valid.
        unsafe { std::ptr::read(words.as_ptr().cast()) }
    }

    /// Which of `count` numbers do not come out, each in one place: as it is, or as microseconds of nanoseconds.
    fn missing<C: Versioned>(shown: &C, count: usize) -> Vec<u64> {
        let words = size_of::<C>() / 8;
        // SAFETY: such a struct is nothing but words of 64 bits.
        let shown = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(shown).cast::<u64>(), words) };
        let times = |number: u64| shown[1..].iter().filter(|n| **n == number || **n == number / 1000).count();
        let wrong = |number: &u64| times(*number) != 1;
        (1..=count as u64).map(|n| n * 1000).filter(wrong).collect()
    }

    #[test]
    fn every_number_is_shown_once() {
        let engine: EngineStats = numbered();
        // Handles are those of the process, other tests' among them.
        let shown = stoa_engine_stats { handles: 0, ..(&engine).into() };
        assert_eq!(missing(&shown, size_of::<EngineStats>() / 8), [0; 0]);
        let server: ServerStats = numbered();
        // What it gave to the driver, which counts what became of it.
        let given = [server.rooms.webhooks];
        assert_eq!(missing(&stoa_server_stats::from(&server), size_of::<ServerStats>() / 8), given);
        let voice: VoiceStats = numbered();
        // Waits behind the data packets of the driver, and is in their number.
        let added = [voice.data_waiting];
        let channel = ChannelStats { voice, ..Default::default() };
        assert_eq!(missing(&stoa_channel_stats::from(&channel), size_of::<VoiceStats>() / 8), added);
    }
}
