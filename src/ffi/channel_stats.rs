//! STATISTICS OF CHANNELS AND STREAMS

use super::channel::ChannelHandle;
use super::options::{Versioned, check, write};
use super::panic::on;
use super::stats::stoa_delay;
use super::status::stoa_status;
use super::stream::StreamHandle;
use super::types::{stoa_channel, stoa_stream};
use crate::Status;
use crate::driver::{ChannelStats, StreamStats};
use std::time::Duration;

/// What a channel has counted since stoa_channel_new(), over all its connections. Begin with STOA_CHANNEL_STATS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_channel_stats {
    /// The size of this struct, bytes.
    pub size: usize,
    /// When the numbers of the connection were taken. 0: it was never connected.
    pub time_us: u64,
    /// Times that it was connected.
    pub connections: u64,
    /// Datagrams (over TCP: frames) sent: sound, data and what keeps the connection.
    pub packets_sent: u64,
    /// What was in them, bytes.
    pub bytes_sent: u64,
    /// Of packets_sent: those that the system had no room for, and that were lost.
    pub packets_unsent: u64,
    /// Datagrams (over TCP: frames) that arrived.
    pub packets_received: u64,
    /// What was in them, bytes.
    pub bytes_received: u64,
    /// Of packets_received: those that are not of this connection.
    pub packets_rejected: u64,
    /// From here to the server and back on the way of the sound, by STUN; about one each 3 s. The stage "network", one way, is
    /// taken to be half of it.
    pub round_trip: stoa_delay,
    /// WebSocket messages sent.
    pub signals_sent: u64,
    /// WebSocket messages that arrived.
    pub signals_received: u64,
    /// Now: WebSocket messages that wait to be sent, at most 256.
    pub signals_waiting: u64,
    /// From here to the server and back on the WebSocket, by a ping; as often as the server asks for it.
    pub signal_round_trip: stoa_delay,
    /// RTP packets of the microphone: a frame of 20 ms each, or the end of a talk spurt.
    pub audio_packets_sent: u64,
    /// Their payload with its redundant copies, before encryption, bytes.
    pub audio_bytes_sent: u64,
    /// Those of them that did not reach the server, as it reports every few seconds (RTCP receiver reports).
    pub audio_packets_lost: u64,
    /// Now: the jitter of the microphone's packets, as the server reports it (RFC 3550, 6.4.1).
    pub audio_jitter_us: u64,
    /// Now: payload of the microphone's packets in the last second, bits a second.
    pub audio_bitrate: u64,
    /// RTP packets that arrived of a track that is not known, or no more.
    pub audio_packets_unknown: u64,
    /// Frames of 20 ms that were encoded and sent.
    pub frames_encoded: u64,
    /// Of frames_encoded: those that were nothing but zeros.
    pub frames_silent: u64,
    /// Frames that passed in silence while the channel was muted.
    pub frames_muted: u64,
    /// Frames that passed while the connection was being made again: what is said then is not said later.
    pub frames_unsent: u64,
    /// Frames that could not be encoded.
    pub frames_failed: u64,
    /// Talk spurts that ended, each with one packet that says so (DTX).
    pub spurts_ended: u64,
    /// The stage "capture queue": how long sound waits from the push to the encoder. Measured as the sound that is queued behind each
    /// frame as it leaves, which is the same on average; time without a connection does not count.
    pub capture_queue: stoa_delay,
    /// The stage "encode": resampling and Opus, for each frame.
    pub encode: stoa_delay,
    /// Samples for each channel that entered the send queue. They are sent, queued, interrupted or dropped_oldest.
    pub samples_pushed: u64,
    /// Samples for each channel that left the queue in time, to be sent or muted.
    pub samples_sent: u64,
    /// Samples for each channel that stoa_channel_interrupt() dropped.
    pub samples_interrupted: u64,
    /// Samples for each channel dropped for newer ones (STOA_QUEUE_DROP_OLDEST).
    pub samples_dropped_oldest: u64,
    /// Samples for each channel dropped before they entered (STOA_QUEUE_DROP_NEWEST).
    pub samples_dropped_newest: u64,
    /// Samples for each channel for which a push was told that there is no room.
    pub samples_refused: u64,
    /// Times that a full frame came after its time, within a talk spurt: whoever pushes was late.
    pub starved: u64,
    /// Times that a frame left more than 60 ms late: the media thread got no processor.
    pub overslept: u64,
    /// Now: sound in the send queue.
    pub send_queue_us: u64,
    /// What it holds at most.
    pub send_queue_capacity_us: u64,
    /// Now: playout marks that wait, at most 256.
    pub marks_waiting: u64,
    /// Data packets that left towards the server.
    pub data_packets_sent: u64,
    /// Their bytes, with what the protocol adds.
    pub data_bytes_sent: u64,
    /// Data packets that arrived.
    pub data_packets_received: u64,
    /// Their bytes, with what the protocol adds.
    pub data_bytes_received: u64,
    /// Now: data packets that wait to leave, at most 128.
    pub data_packets_waiting: u64,
    /// Data packets that were not taken: STOA_QUEUE_FULL.
    pub data_packets_refused: u64,
    /// Data packets that were taken and then dropped, because the connection was full.
    pub data_packets_dropped: u64,
    /// What arrived as data and could not be read.
    pub data_packets_malformed: u64,
    /// Now: events that wait to be read, at most 1024.
    pub events_waiting: u64,
    /// Events that were dropped because too many waited.
    pub events_dropped: u64,
    /// Now: calls of the application that wait for the media thread, at most 256.
    pub calls_waiting: u64,
    /// Messages that have left (see stoa_channel_send_message).
    pub messages_sent: u64,
    /// Messages that failed, since their connection ended.
    pub messages_failed: u64,
    /// Messages that were not taken, since too many waited (STOA_QUEUE_FULL).
    pub messages_unqueued: u64,
    /// Now: messages that have not left yet.
    pub messages_waiting: u64,
    /// Now: their bytes.
    pub messages_waiting_bytes: u64,
    /// Whole messages that came.
    pub messages_received: u64,
    /// Now: messages that came in part so far.
    pub messages_incomplete: u64,
    /// Chunks and messages that were refused or given up.
    pub messages_refused: u64,
    /// Of these, those without an event of their own, since too many had gone before.
    pub messages_untold: u64,
    /// Parts of messages that were there already, or came after their message was over.
    pub chunks_doubled: u64,
    /// Calls of other users' methods (see stoa_channel_rpc_call).
    pub rpc_calls_made: u64,
    /// Of these, those that ended without an answer.
    pub rpc_calls_failed: u64,
    /// Calls of this channel's methods that came.
    pub rpc_calls_taken: u64,
    /// Calls that the library answered with an error at once.
    pub rpc_calls_refused: u64,
    /// Calls that were not answered in time, or whose caller left before.
    pub rpc_calls_unanswered: u64,
    /// Requests that came twice, and answers that came too late or from another user than was called.
    pub rpc_calls_stray: u64,
    /// Processor time of the channel: how long its media thread has worked for it, by the clock. What the codec thread concealed and
    /// the dispatch thread called is the engine's; a stream's own part is the total_us of its decode.
    pub cpu_us: u64,
}

// SAFETY: repr(C), begins with its size, nothing but words of 64 bits, zero bytes are 0.
unsafe impl Versioned for stoa_channel_stats {
    const NAME: &'static str = "stoa_channel_stats";
    const FIRST: usize = 632;
}

impl From<&ChannelStats> for stoa_channel_stats {
    fn from(s: &ChannelStats) -> stoa_channel_stats {
        let (v, q) = (&s.voice, &s.samples);
        stoa_channel_stats {
            size: size_of::<stoa_channel_stats>(),
            time_us: s.time_us,
            connections: v.connections,
            packets_sent: v.packets_sent,
            bytes_sent: v.bytes_sent,
            packets_unsent: s.packets_unsent,
            packets_received: v.packets_received,
            bytes_received: v.bytes_received,
            packets_rejected: v.packets_rejected,
            round_trip: v.round_trip.into(),
            signals_sent: v.signals_sent,
            signals_received: v.signals_received,
            signals_waiting: s.signals_waiting,
            signal_round_trip: v.signal_round_trip.into(),
            audio_packets_sent: v.audio_packets_sent,
            audio_bytes_sent: v.audio_bytes_sent,
            audio_packets_lost: v.audio_packets_lost,
            audio_jitter_us: v.audio_jitter_us,
            audio_bitrate: v.audio_bitrate,
            audio_packets_unknown: v.audio_packets_unknown,
            frames_encoded: v.frames_encoded,
            frames_silent: v.frames_silent,
            frames_muted: v.frames_muted,
            frames_unsent: v.frames_unsent,
            frames_failed: v.frames_failed,
            spurts_ended: v.spurts_ended,
            capture_queue: v.queued.into(),
            encode: v.encode.into(),
            samples_pushed: q.pushed,
            samples_sent: q.sent,
            samples_interrupted: q.interrupted,
            samples_dropped_oldest: q.dropped_oldest,
            samples_dropped_newest: q.dropped_newest,
            samples_refused: q.refused,
            starved: q.starved,
            overslept: q.overslept,
            send_queue_us: s.send_queue.as_micros() as u64,
            send_queue_capacity_us: s.send_capacity.as_micros() as u64,
            marks_waiting: s.marks_waiting,
            data_packets_sent: v.data_sent,
            data_bytes_sent: v.data_bytes_sent,
            data_packets_received: v.data_received,
            data_bytes_received: v.data_bytes_received,
            data_packets_waiting: s.data_waiting,
            data_packets_refused: s.data_refused,
            data_packets_dropped: v.data_dropped,
            data_packets_malformed: v.data_malformed,
            events_waiting: s.events_waiting,
            events_dropped: s.events_dropped,
            calls_waiting: s.calls_waiting,
            messages_sent: s.messages.sent,
            messages_failed: s.messages.failed,
            messages_unqueued: s.messages.refused,
            messages_waiting: s.messages.waiting,
            messages_waiting_bytes: s.messages.waiting_bytes,
            messages_received: v.messages_received,
            messages_incomplete: v.messages_incomplete,
            messages_refused: v.messages_refused,
            messages_untold: v.messages_untold,
            chunks_doubled: v.chunks_doubled,
            rpc_calls_made: v.rpc.made,
            rpc_calls_failed: v.rpc.failed,
            rpc_calls_taken: v.rpc.taken,
            rpc_calls_refused: v.rpc.refused,
            rpc_calls_unanswered: v.rpc.unanswered,
            rpc_calls_stray: v.rpc.stray,
            cpu_us: us(s.busy),
        }
    }
}

/// What a stream has counted. The ring's numbers begin with the stream, those of the reception with the first reader after the
/// user was subscribed. In the mix only time_us, network_us, mix_dropped_us and the ring's are not 0. Begin with
/// STOA_STREAM_STATS_INIT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct stoa_stream_stats {
    /// The size of this struct, bytes.
    pub size: usize,
    /// When the numbers of the reception were taken. 0: there are none yet.
    pub time_us: u64,
    /// RTP packets that arrived, without duplicates and those that could not be read.
    pub packets_received: u64,
    /// Payload of all that arrived, bytes.
    pub bytes_received: u64,
    /// Packets that did not arrive, by their sequence numbers: lost between the speaker and here. One that comes late after all is
    /// taken off again.
    pub packets_lost: u64,
    /// Of packets_received: those that came after their time had been filled.
    pub packets_late: u64,
    /// Packets that came again.
    pub packets_duplicate: u64,
    /// Packets given up: too much was waiting, or their numbers made no sense.
    pub packets_discarded: u64,
    /// Packets that could not be read.
    pub packets_malformed: u64,
    /// Of packets_received: those that came while nobody read the stream, and were not decoded.
    pub packets_unread: u64,
    /// Frames from their own packet.
    pub frames_decoded: u64,
    /// Frames of lost packets, from the copy in a later one (RFC 2198).
    pub frames_recovered_copy: u64,
    /// Frames of lost packets, from the error correction in the next one (Opus FEC).
    pub frames_recovered_fec: u64,
    /// Frames that were invented, of 10 or 20 ms.
    pub frames_concealed: u64,
    /// Last frames of talk spurts.
    pub frames_silence: u64,
    /// Time of the speaker that was filled by frames_decoded.
    pub decoded_us: u64,
    /// Time that was recovered.
    pub recovered_us: u64,
    /// Time that was concealed.
    pub concealed_us: u64,
    /// Time of frames_silence.
    pub silence_us: u64,
    /// Time that stretching added, so that the delay could grow.
    pub inserted_us: u64,
    /// Time that stretching took away, so that the delay could shrink.
    pub removed_us: u64,
    /// Now: interarrival jitter (RFC 3550, 6.4.1).
    pub jitter_us: u64,
    /// Now: the delay that the jitter buffer aims at.
    pub jitter_target_us: u64,
    /// Now: sound in the jitter buffer.
    pub jitter_buffer_us: u64,
    /// Now: the stage "network", estimated: half the channel's round trip to the server. The speaker's own way to the server is in
    /// the speaker's statistics alone.
    pub network_us: u64,
    /// The stage "jitter buffer": from a packet's arrival until it is decoded.
    pub jitter_buffer: stoa_delay,
    /// The stage "decode": decoding or concealing a frame, stretching and resampling; the wait for a thread is not in it (see
    /// codec_queue of the engine).
    pub decode: stoa_delay,
    /// The stage "ring": from when a frame was ready until it was read, or its callback ran.
    pub ring: stoa_delay,
    /// Frames put into the ring; one of more than 30 ms takes several places and counts as several.
    pub frames_written: u64,
    /// Frames taken out of it.
    pub frames_read: u64,
    /// Of frames_written: those dropped for newer ones. See also stoa_stream_dropped().
    pub frames_dropped_oldest: u64,
    /// Frames that the full ring did not take.
    pub frames_dropped_newest: u64,
    /// Now: frames in the ring.
    pub frames_waiting: u64,
    /// What it holds at most.
    pub frames_capacity: u64,
    /// Of the mix, in the present connection: sound that was dropped because a speaker was more than 200 ms ahead of it.
    pub mix_dropped_us: u64,
}

// SAFETY: repr(C), begins with its size, nothing but words of 64 bits, zero bytes are 0.
unsafe impl Versioned for stoa_stream_stats {
    const NAME: &'static str = "stoa_stream_stats";
    const FIRST: usize = 352;
}

impl From<&StreamStats> for stoa_stream_stats {
    fn from(s: &StreamStats) -> stoa_stream_stats {
        let r = &s.hearing.receiver;
        stoa_stream_stats {
            size: size_of::<stoa_stream_stats>(),
            time_us: s.time_us,
            packets_received: r.packets,
            bytes_received: s.hearing.bytes,
            packets_lost: r.lost,
            packets_late: r.late,
            packets_duplicate: r.duplicates,
            packets_discarded: r.discarded,
            packets_malformed: r.malformed,
            packets_unread: s.hearing.unread,
            frames_decoded: r.decoded,
            frames_recovered_copy: r.recovered_by_copy,
            frames_recovered_fec: r.recovered_by_fec,
            frames_concealed: r.concealed,
            frames_silence: r.silence,
            decoded_us: ticks(r.ticks_decoded),
            recovered_us: ticks(r.ticks_recovered),
            concealed_us: ticks(r.ticks_concealed),
            silence_us: ticks(r.ticks_silence),
            inserted_us: ticks(r.ticks_inserted),
            removed_us: ticks(r.ticks_removed),
            jitter_us: us(r.jitter),
            jitter_target_us: us(r.target_delay),
            jitter_buffer_us: us(r.buffered),
            network_us: us(s.hearing.network),
            jitter_buffer: r.waited.into(),
            decode: s.hearing.decode.into(),
            ring: s.ring.into(),
            frames_written: s.frames_written,
            frames_read: s.ring.count,
            frames_dropped_oldest: s.frames_dropped_oldest,
            frames_dropped_newest: s.frames_dropped_newest,
            frames_waiting: s.frames_waiting,
            frames_capacity: s.frames_capacity,
            mix_dropped_us: us(s.hearing.mix_dropped),
        }
    }
}

/// Ticks of 48 kHz as microseconds.
fn ticks(count: u64) -> u64 {
    count * 125 / 6
}

fn us(span: Duration) -> u64 {
    span.as_micros() as u64
}

/// The statistics of a channel, connected or not.
///
/// out_stats: gets the numbers; begin with STOA_CHANNEL_STATS_INIT.
/// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_channel_get_stats(
    channel: *const stoa_channel,
    out_stats: *mut stoa_channel_stats,
) -> stoa_status {
    on(channel, |channel: &ChannelHandle| {
        // SAFETY: the header asks for a struct of the size that it says, which is checked before it is written.
        unsafe {
            check(out_stats, "out_stats")?;
            write(out_stats, &(&channel.channel.stats()).into());
        }
        Ok(Status::OK)
    })
}

/// The statistics of a stream, also after its end.
///
/// out_stats: gets the numbers; begin with STOA_STREAM_STATS_INIT.
/// Returns: STOA_OK; STOA_ERROR_BAD_STRUCT; the handle errors, but never STOA_ERROR_CLOSED.
/// Threads: any. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stoa_stream_get_stats(
    stream: *const stoa_stream,
    out_stats: *mut stoa_stream_stats,
) -> stoa_status {
    on(stream, |stream: &StreamHandle| {
        // SAFETY: the header asks for a struct of the size that it says, which is checked before it is written.
        unsafe {
            check(out_stats, "out_stats")?;
            write(out_stats, &(&stream.stream.stats()).into());
        }
        Ok(Status::OK)
    })
}
