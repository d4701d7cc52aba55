"""How a channel is made."""

import os
from typing import Any, Optional

from . import _header as h
from ._library import bytes_of
from ._users import User, identity_of
from .token import build_token

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
    )


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
