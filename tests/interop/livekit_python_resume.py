"""LiveKit's Python client loses its WebSocket in the midst of speech: it resumes, nobody sees it leave, sound and data go on.

Usage: livekit_python_resume.py URL KEY SECRET single|dual
"""

import asyncio
import os
import sys
from urllib.parse import urlparse

from livekit import rtc
from livekit_python import RATE, TONE, hear, measure, speak, token, within


class Proxy:
    """Passes TCP on, until it is told to break all connections."""

    def __init__(self, url):
        self.to = urlparse(url)
        self.writers = []

    async def start(self):
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def handle(self, reader, writer):
        reader2, writer2 = await asyncio.open_connection(self.to.hostname, self.to.port)
        self.writers += [writer, writer2]
        await asyncio.gather(self.pipe(reader, writer2), self.pipe(reader2, writer))

    async def pipe(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    def cut(self):
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


async def main():
    url, key, secret, mode = sys.argv[1:5]
    options = rtc.RoomOptions(single_peer_connection=mode == "single")
    ann, bob = rtc.Room(), rtc.Room()
    loop = asyncio.get_running_loop()
    subscribed, resumed, data = (loop.create_future() for _ in range(3))
    lost = []
    bob.on("track_subscribed", lambda *seen: subscribed.set_result(seen))
    bob.on("track_unsubscribed", lambda *_: lost.append("track"))
    bob.on("participant_disconnected", lambda _: lost.append("participant"))
    bob.on("data_received", data.set_result)
    ann.on("reconnected", lambda: resumed.set_result(True))
    ann.on("participant_disconnected", lambda _: lost.append("the other participant"))

    proxy = Proxy(url)
    await within(10, "ann in the room", ann.connect(await proxy.start(), token(key, secret, "ann", "hall"), options))
    await within(10, "bob in the room", bob.connect(url, token(key, secret, "bob", "hall"), options))
    source = rtc.AudioSource(RATE, 1, queue_size_ms=200)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await within(10, "ann publishes", ann.local_participant.publish_track(track))
    speech = asyncio.create_task(speak(source))
    remote, _, _ = await within(10, "bob is subscribed", subscribed)
    await within(15, "bob hears", hear(remote, 2))
    proxy.cut()
    await within(15, "ann resumes", resumed)
    frequency, _ = measure(await within(15, "bob hears on", hear(remote, 2)))
    assert abs(frequency - TONE) < 3, f"{frequency} Hz instead of {TONE}"
    await ann.local_participant.publish_data(b"still here", reliable=True)
    packet = await within(10, "bob gets data", data)
    assert packet.data == b"still here"
    assert not lost, f"lost meanwhile: {lost}"
    print("resumed")
    speech.cancel()
    await ann.disconnect()
    await bob.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads may call into Python while that is taken down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
