"""Voice rooms for asyncio, by the names of the module `rtc` of agora-realtime-ai-api.

    async def echo(channel, user):                             # says what this user says
        await channel.subscribe_audio(user)
        async for frame in channel.get_audio_frames(user):
            await channel.push_audio_frame(frame.data)

    with RtcEngine("example") as engine:                       # no url: the room server inside the library
        channel = engine.create_channel(RtcOptions(channel_name="agora", uid=1))
        channel.on("user_joined", echo)
        await channel.connect()

What fails raises StoaError, whose text says what to do.
"""

from ._audio import AudioStream, PcmAudioFrame
from ._calling import RpcCall, RpcError
from ._channel import Channel
from ._chat import Chat, ChatMessage
from ._engine import RtcEngine
from ._events import ConnectionInfo, Event
from ._library import NotFoundError, StoaError
from ._options import RtcOptions
from .token import RealtimekitTokenBuilder

__all__ = [
    "AudioStream",
    "Channel",
    "Chat",
    "ChatMessage",
    "ConnectionInfo",
    "Event",
    "NotFoundError",
    "PcmAudioFrame",
    "RealtimekitTokenBuilder",
    "RpcCall",
    "RpcError",
    "RtcEngine",
    "RtcOptions",
    "StoaError",
]
