"""What the library counts, as plain objects. What each number means is said in stoa.h at stoa_<noun>_stats; times are microseconds."""

from ctypes import Structure, byref, c_size_t, c_uint64
from types import SimpleNamespace

from . import _header as h
from ._header import members
from ._library import must


class Delay(Structure):
    _fields_ = members(c_uint64, "count", "total_us", "max_us", "recent_us")


class EngineStats(h.Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint64, "time_us", "threads", "channels", "channels_connected", "handles", "cpu_media_us", "cpu_dispatch_us")
        + members(c_uint64, "cpu_codec_us", "cpu_server_us")
        + members(Delay, "callbacks")
        + members(c_uint64, "dispatch_waiting")
        + members(Delay, "codec_queue")
        + members(c_uint64, "codec_waiting", "codec_refused", "packets_sent", "bytes_sent", "packets_received", "bytes_received")
        + members(c_uint64, "audio_packets_lost")
    )


class ServerStats(h.Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint64, "time_us", "rooms", "participants", "tracks", "subscriptions", "joins", "joins_refused", "resumes")
        + members(c_uint64, "participants_failed", "packets_received", "bytes_received", "packets_unknown", "packets_malformed")
        + members(c_uint64, "packets_sent", "bytes_sent", "packets_unsent", "media_packets_received", "media_bytes_received")
        + members(c_uint64, "media_packets_unheard", "media_packets_ignored", "media_packets_forwarded", "media_bytes_forwarded")
        + members(c_uint64, "media_dropped_unready", "media_dropped_format", "media_dropped_old", "data_packets_received")
        + members(c_uint64, "data_bytes_received", "data_packets_forwarded", "data_bytes_forwarded", "data_dropped_forbidden")
        + members(c_uint64, "data_dropped_malformed", "data_dropped_doubled", "data_dropped_full", "data_waiting_bytes")
        + members(c_uint64, "websockets", "websockets_dropped", "signals_received", "signals_sent", "signals_waiting", "cpu_us")
        + members(c_uint64, "service_calls", "service_refused", "webhooks_sent", "webhooks_failed", "webhooks_dropped")
        + members(c_uint64, "media_packets_lost", "media_packets_lost_onward")
        + members(Delay, "jitter", "round_trip")
        + members(c_uint64, "key_frames_asked")
    )


class ChannelStats(h.Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint64, "time_us", "connections", "packets_sent", "bytes_sent", "packets_unsent", "packets_received")
        + members(c_uint64, "bytes_received", "packets_rejected")
        + members(Delay, "round_trip")
        + members(c_uint64, "signals_sent", "signals_received", "signals_waiting")
        + members(Delay, "signal_round_trip")
        + members(c_uint64, "audio_packets_sent", "audio_bytes_sent", "audio_packets_lost", "audio_jitter_us", "audio_bitrate")
        + members(c_uint64, "audio_packets_unknown", "frames_encoded", "frames_silent", "frames_muted", "frames_unsent")
        + members(c_uint64, "frames_failed", "spurts_ended")
        + members(Delay, "capture_queue", "encode")
        + members(c_uint64, "samples_pushed", "samples_sent", "samples_interrupted", "samples_dropped_oldest")
        + members(c_uint64, "samples_dropped_newest", "samples_refused", "starved", "overslept", "send_queue_us")
        + members(c_uint64, "send_queue_capacity_us", "marks_waiting", "data_packets_sent", "data_bytes_sent")
        + members(c_uint64, "data_packets_received", "data_bytes_received", "data_packets_waiting", "data_packets_refused")
        + members(c_uint64, "data_packets_dropped", "data_packets_malformed", "events_waiting", "events_dropped", "calls_waiting")
        + members(c_uint64, "messages_sent", "messages_failed", "messages_unqueued", "messages_waiting", "messages_waiting_bytes")
        + members(c_uint64, "messages_received", "messages_incomplete", "messages_refused", "messages_untold", "chunks_doubled")
        + members(c_uint64, "rpc_calls_made", "rpc_calls_failed", "rpc_calls_taken", "rpc_calls_refused", "rpc_calls_unanswered")
        + members(c_uint64, "rpc_calls_stray", "cpu_us")
    )


class StreamStats(h.Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint64, "time_us", "packets_received", "bytes_received", "packets_lost", "packets_late", "packets_duplicate")
        + members(c_uint64, "packets_discarded", "packets_malformed", "packets_unread", "frames_decoded", "frames_recovered_copy")
        + members(c_uint64, "frames_recovered_fec", "frames_concealed", "frames_silence", "decoded_us", "recovered_us")
        + members(c_uint64, "concealed_us", "silence_us", "inserted_us", "removed_us", "jitter_us", "jitter_target_us")
        + members(c_uint64, "jitter_buffer_us", "network_us")
        + members(Delay, "jitter_buffer", "decode", "ring")
        + members(c_uint64, "frames_written", "frames_read", "frames_dropped_oldest", "frames_dropped_newest", "frames_waiting")
        + members(c_uint64, "frames_capacity", "mix_dropped_us")
    )

def stats_of(function, kind, handle: int) -> SimpleNamespace:
    """What a function writes into a struct of this kind, by the header's names; what took time has the members of a stoa_delay."""
    numbers = kind()
    must(function(handle, byref(numbers)))
    return _plain(numbers)


def _plain(numbers: Structure) -> SimpleNamespace:
    values = {name: getattr(numbers, name) for name, _ in numbers._fields_ if name != "size"}
    return SimpleNamespace(**{name: _plain(value) if isinstance(value, Delay) else value for name, value in values.items()})
