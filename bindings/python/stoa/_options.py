"""How a channel is made."""

import os
from typing import Any, Optional

from . import _header as h
from ._library import bytes_of
from ._users import User, identity_of
from .token import build_token

_POLICIES = {"default": h.QUEUE_DEFAULT, "drop_oldest": h.QUEUE_DROP_OLDEST, "drop_newest": h.QUEUE_DROP_NEWEST}
_VAD_NAMES = [name for name, _ in h.VadOptions._fields_ if name != "size"]


class RtcOptions:
    """The options of one channel.

    channel_name: the room, 1 to 256 bytes of UTF-8.
    uid: who joins: a number of 32 bits, or a name; 0: the library gives a number, which is then the channel's `uid`.
    sample_rate: of all PCM of this channel: 8000, 16000, 24000, 32000, 44100 or 48000 Hz.
    channels: 1 for mono, 2 for stereo (interleaved).
    enable_pcm_dump: write what is sent and each user who is heard as WAV files into the directory pcm_dump_path.
    enable_vad: tell who speaks when, by the events "speech_started" and "speech_ended" and by each frame's `speech`.
    vad_configs: how, as a dict or an object with any of the parameters of stoa_vad_options in stoa.h, by their names
        (pre_start_recognize_count, start_recognize_count, stop_recognize_count, active_percent, ...).
    token: the caller's own, for this room and user. None: the library builds one from the engine's app id and certificate.
    subscribe_all: hear everybody who speaks, without subscribe_audio().
    eager: give each frame out the moment it can be decoded, for machines that listen, instead of on an even clock, for people.
    send_queue_ms: how much sound waits to be sent, 20 to 600,000 ms. 0: 30,000.
    send_policy: what a full queue does: "default" (push_audio_frame() waits), "drop_oldest", "drop_newest".
    receive_queue_ms: how much sound waits in each stream, 2,000 to 60,000 ms. 0: 2,000.
    receive_policy: what a full stream does: "default" or "drop_oldest", "drop_newest".
    bitrate: of Opus, 6,000 to 510,000 bits a second. 0: 24,000.
    listen_only: never speak: the others see no microphone, which spares them and the server work; pushing raises StoaError.
    reconnect_timeout_ms: for how long a lost connection is tried to be made again, 1,000 to 3,600,000 ms. 0: 60,000.
    no_reconnect: a lost connection is the end: state 5, and the streams end.
    """

    def __init__(
        self,
        *,
        channel_name: Optional[str] = None,
        uid: User = 0,
        sample_rate: int = 24000,
        channels: int = 1,
        enable_pcm_dump: bool = False,
        pcm_dump_path: str = "./pcm_dump",
        enable_vad: bool = False,
        vad_configs: Any = None,
        token: Optional[str] = None,
        subscribe_all: bool = False,
        eager: bool = False,
        send_queue_ms: int = 0,
        send_policy: str = "default",
        receive_queue_ms: int = 0,
        receive_policy: str = "default",
        bitrate: int = 0,
        listen_only: bool = False,
        reconnect_timeout_ms: int = 0,
        no_reconnect: bool = False,
    ) -> None:
        self.channel_name = channel_name
        self.uid = uid
        self.sample_rate = sample_rate
        self.channels = channels
        self.enable_pcm_dump = enable_pcm_dump
        self.pcm_dump_path = pcm_dump_path
        self.enable_vad = enable_vad
        self.vad_configs = vad_configs
        self.token = token
        self.subscribe_all = subscribe_all
        self.eager = eager
        self.send_queue_ms = send_queue_ms
        self.send_policy = send_policy
        self.receive_queue_ms = receive_queue_ms
        self.receive_policy = receive_policy
        self.bitrate = bitrate
        self.listen_only = listen_only
        self.reconnect_timeout_ms = reconnect_timeout_ms
        self.no_reconnect = no_reconnect

    def build_token(self, appid: str, appcert: str) -> str:
        """A token for this room and user, for 3600 s; "" where there is no certificate. See `stoa.token.build_token`."""
        return build_token(appid, appcert, self.channel_name, self.uid)


def channel_options(options: RtcOptions) -> h.ChannelOptions:
    return h.ChannelOptions(
        name=bytes_of(options.channel_name),
        user=bytes_of(identity_of(options.uid)) if options.uid else None,
        token=bytes_of(options.token),
        sample_rate=options.sample_rate,
        channels=options.channels,
        subscribe_all=bool(options.subscribe_all),
        eager=bool(options.eager),
        send_queue_ms=options.send_queue_ms,
        send_policy=_policy("send_policy", options.send_policy),
        receive_queue_ms=options.receive_queue_ms,
        receive_policy=_policy("receive_policy", options.receive_policy),
        bitrate=options.bitrate,
        listen_only=bool(options.listen_only),
        reconnect_timeout_ms=options.reconnect_timeout_ms,
        no_reconnect=bool(options.no_reconnect),
    )


def _policy(option: str, word: str) -> int:
    if word not in _POLICIES:
        raise ValueError(f"{option} is one of {', '.join(_POLICIES)}, not {word!r}")
    return _POLICIES[word]


def vad_options(configs: Any) -> h.VadOptions:
    """Raises ValueError for a parameter that does not exist, and for an object that has none of them."""
    if configs is None:
        return h.VadOptions()
    if not isinstance(configs, dict):
        configs = {name: getattr(configs, name) for name in _VAD_NAMES if hasattr(configs, name)}
    if not configs or not set(configs) <= set(_VAD_NAMES):
        raise ValueError(f"vad_configs {configs!r} has to have parameters of these, and no others: {', '.join(_VAD_NAMES)}")
    return h.VadOptions(**configs)


def dump_options(directory: str) -> h.DumpOptions:
    """Makes the directory, where it is not there."""
    os.makedirs(directory, exist_ok=True)
    return h.DumpOptions(directory=os.fsencode(directory))
