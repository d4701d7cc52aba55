"""What the binding uses of include/stoa.h, by the header's names without their prefix. The header says what each of them means.

`tests/lang/python/rtc.py` compiles a C program that compares all of this with the header.
"""

from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_int32, c_size_t, c_uint32, c_uint64, c_void_p, sizeof

from .status import *  # noqa: F403: those of the library, for `_header.OK` and its like

STATE_DISCONNECTED = 1
STATE_CONNECTING = 2
STATE_CONNECTED = 3
STATE_RECONNECTING = 4
STATE_FAILED = 5

SUBSCRIBE_IDLE = 0
SUBSCRIBE_NO_SUBSCRIBE = 1
SUBSCRIBE_SUBSCRIBING = 2
SUBSCRIBE_SUBSCRIBED = 3

FORMAT_JSON = 1
FORMAT_BASE64 = 2
FORMAT_TEXT = 3
FORMAT_BYTES = 4

QUEUE_DEFAULT = 0
QUEUE_DROP_OLDEST = 1
QUEUE_DROP_NEWEST = 2

ORIGIN_DECODED = 0
ORIGIN_RECOVERED = 1
ORIGIN_CONCEALED = 2
ORIGIN_SILENCE = 3

SPEECH_NONE = 0
SPEECH_START = 1
SPEECH_SPEAKING = 2
SPEECH_END = 3

EVENT_FLAG_MUTED = 1
EVENT_FLAG_RELIABLE = 2
EVENT_FLAG_SPEAKING = 4

LOG_OFF = 0
LOG_ERROR = 1
LOG_WARN = 2
LOG_INFO = 3
LOG_DEBUG = 4

FRAME_SAMPLES_MAX = 5760


class Sized(Structure):
    """A struct that begins with its own size; everything else is zero unless it is given."""

    def __init__(self, **members):
        super().__init__(size=sizeof(self), **members)


def members(kind, *names):
    return [(name, kind) for name in names]


class EngineOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_char_p, "app_id", "app_certificate", "url")
        + members(c_uint32, "threads", "reserved")
        + members(c_char_p, "ca_file")
    )


class ServerOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_char_p, "bind", "keys")
        + members(c_uint32, "port", "udp_port")
        + members(c_char_p, "webhooks")
        + members(c_uint32, "metrics", "remote_unmute")
    )


class ChannelOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_char_p, "name", "user", "token")
        + members(c_uint32, "uid", "sample_rate", "channels", "subscribe_all", "eager", "send_queue_ms", "send_policy")
        + members(c_uint32, "receive_queue_ms", "receive_policy", "bitrate", "listen_only", "reconnect_timeout_ms")
        + members(c_uint32, "no_reconnect", "reserved")
    )


class Frame(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint64, "timestamp_us", "arrival_us", "rtp_time")
        + members(c_uint32, "origin", "samples_per_channel", "sample_rate", "channels", "bytes_per_sample", "level")
        + members(c_double, "voice_probability")
        + members(c_uint32, "speech", "reserved")
    )


class Event(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint64, "time_us")
        + members(c_uint32, "kind")
        + members(c_int32, "status")
        + members(c_uint32, "old_state", "new_state", "reason", "flags")
        + members(c_uint64, "elapsed_us", "id")
        + members(c_char_p, "user", "text", "topic")
        + members(c_void_p, "data")
        + members(c_size_t, "data_length")
        + members(c_void_p, "owner")
        + members(c_char_p, "message_id")
        + members(c_uint32, "format", "level")
        + members(c_char_p, "track")
    )


class MessageOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_char_p, "message_id", "topic")
        + members(POINTER(c_char_p), "to")
        + members(c_size_t, "to_count")
        + members(c_uint32, "format", "lossy")
    )


class DataOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_char_p, "topic")
        + members(POINTER(c_char_p), "to")
        + members(c_size_t, "to_count")
        + members(c_uint32, "lossy", "reserved")
    )


class VadOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_uint32, "pre_start_recognize_count", "start_recognize_count", "stop_recognize_count", "speech_only")
        + members(c_double, "active_percent", "inactive_percent")
        + members(c_uint32, "start_voice_prob", "stop_voice_prob")
        + members(c_int32, "start_rms_threshold", "stop_rms_threshold")
    )


class DumpOptions(Sized):
    _fields_ = (
        members(c_size_t, "size")
        + members(c_char_p, "directory")
        + members(c_uint64, "max_bytes")
        + members(c_uint32, "what", "reserved")
    )


LogCallback = CFUNCTYPE(None, c_uint32, c_char_p, c_void_p)
UserDataFree = CFUNCTYPE(None, c_void_p)

_HANDLE = c_void_p
_TEXT_OUT = (c_void_p, c_size_t, POINTER(c_size_t))

# The arguments of each function that is used; all of these return a status.
FUNCTIONS = {
    "stoa_log_set": (c_uint32, LogCallback, c_void_p, UserDataFree),
    "stoa_event_free": (POINTER(Event),),
    "stoa_engine_new": (POINTER(EngineOptions), POINTER(_HANDLE)),
    "stoa_engine_free": (_HANDLE,),
    "stoa_engine_get_stats": (_HANDLE, c_void_p),
    "stoa_engine_get_server_stats": (_HANDLE, c_void_p),
    "stoa_engine_url": (_HANDLE, *_TEXT_OUT),
    "stoa_server_new": (POINTER(ServerOptions), POINTER(_HANDLE)),
    "stoa_server_free": (_HANDLE,),
    "stoa_server_url": (_HANDLE, *_TEXT_OUT),
    "stoa_server_port": (_HANDLE, POINTER(c_uint32)),
    "stoa_server_udp_port": (_HANDLE, POINTER(c_uint32)),
    "stoa_server_get_stats": (_HANDLE, c_void_p),
    "stoa_token_build_livekit": (c_char_p, c_char_p, c_char_p, c_char_p, c_uint64, *_TEXT_OUT),
    "stoa_token_build_rtc": (c_char_p, c_char_p, c_char_p, c_char_p, c_uint64, *_TEXT_OUT),
    "stoa_channel_new": (_HANDLE, POINTER(ChannelOptions), POINTER(_HANDLE)),
    "stoa_channel_free": (_HANDLE,),
    "stoa_channel_connect": (_HANDLE, c_int32),
    "stoa_channel_disconnect": (_HANDLE, c_int32),
    "stoa_channel_state": (_HANDLE, POINTER(c_uint32)),
    "stoa_channel_user": (_HANDLE, *_TEXT_OUT),
    "stoa_channel_token": (_HANDLE, *_TEXT_OUT),
    "stoa_channel_renew_token": (_HANDLE, c_char_p),
    "stoa_channel_reconnect": (_HANDLE,),
    "stoa_channel_mute": (_HANDLE, c_uint32),
    "stoa_channel_push_audio": (_HANDLE, c_void_p, c_size_t, c_int32, POINTER(c_size_t)),
    "stoa_channel_push_audio_f32": (_HANDLE, c_void_p, c_size_t, c_int32, POINTER(c_size_t)),
    "stoa_channel_queued": (_HANDLE, POINTER(c_uint64)),
    "stoa_channel_mark": (_HANDLE, c_uint64),
    "stoa_channel_wait_played": (_HANDLE, c_int32),
    "stoa_channel_interrupt": (_HANDLE, POINTER(c_uint64), POINTER(c_uint64)),
    "stoa_channel_subscribe": (_HANDLE, c_char_p, c_int32),
    "stoa_channel_unsubscribe": (_HANDLE, c_char_p, c_int32),
    "stoa_channel_subscribe_state": (_HANDLE, c_char_p, POINTER(c_uint32)),
    "stoa_channel_stream": (_HANDLE, c_char_p, POINTER(_HANDLE)),
    "stoa_channel_track_stream": (_HANDLE, c_char_p, c_char_p, POINTER(_HANDLE)),
    "stoa_channel_mixed_stream": (_HANDLE, POINTER(_HANDLE)),
    "stoa_channel_send_data": (_HANDLE, c_char_p, c_size_t, POINTER(DataOptions)),
    "stoa_channel_send_message": (_HANDLE, c_char_p, c_size_t, POINTER(MessageOptions), POINTER(c_uint64)),
    "stoa_channel_wait_sent": (_HANDLE, c_uint64, c_int32),
    "stoa_channel_user_info": (_HANDLE, c_char_p, *_TEXT_OUT),
    "stoa_channel_room_info": (_HANDLE, *_TEXT_OUT),
    "stoa_channel_set_user_info": (_HANDLE, c_char_p, c_char_p, c_char_p, c_int32),
    "stoa_channel_rpc_register": (_HANDLE, c_char_p),
    "stoa_channel_rpc_unregister": (_HANDLE, c_char_p),
    "stoa_channel_rpc_call": (_HANDLE, c_char_p, c_char_p, c_char_p, c_uint32, POINTER(c_uint64)),
    "stoa_channel_rpc_wait": (_HANDLE, c_uint64, c_int32, POINTER(c_uint32), *_TEXT_OUT),
    "stoa_channel_rpc_answer": (_HANDLE, c_uint64, c_char_p),
    "stoa_channel_rpc_fail": (_HANDLE, c_uint64, c_uint32, c_char_p),
    "stoa_channel_poll_event": (_HANDLE, c_int32, POINTER(Event)),
    "stoa_channel_event_descriptor": (_HANDLE, POINTER(c_int32)),
    "stoa_channel_get_stats": (_HANDLE, c_void_p),
    "stoa_channel_set_vad": (_HANDLE, POINTER(VadOptions)),
    "stoa_channel_set_dump": (_HANDLE, POINTER(DumpOptions)),
    "stoa_stream_free": (_HANDLE,),
    "stoa_stream_read": (_HANDLE, c_int32, c_void_p, c_size_t, POINTER(Frame)),
    "stoa_stream_descriptor": (_HANDLE, POINTER(c_int32)),
    "stoa_stream_dropped": (_HANDLE, POINTER(c_uint64)),
    "stoa_stream_get_stats": (_HANDLE, c_void_p),
}

# Those that return a text of the library's own instead.
TEXTS = {
    "stoa_last_error": (),
    "stoa_event_name": (c_uint32,),
    "stoa_reason_name": (c_uint32,),
}

# And those that return a number.
NUMBERS = {"stoa_time_us": ()}
