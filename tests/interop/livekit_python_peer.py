"""One of LiveKit's own Python clients in a room with a Stoa channel, "stoa": it hears the channel's tone, speaks one itself,
answers a data packet, sees the microphone muted and the channel leave.

Usage: livekit_python_peer.py URL KEY SECRET single|dual
"""

import asyncio
import math
import os
import sys

from livekit import rtc
from livekit_python import AMPLITUDE, RATE, TONE, hear, measure, speak, token, within


async def main():
    url, key, secret, mode = sys.argv[1:5]
    room, loop = rtc.Room(), asyncio.get_running_loop()
    subscribed, data, muted, left = (loop.create_future() for _ in range(4))

    def once(future):
        return lambda *seen: None if future.done() else future.set_result(seen)

    room.on("track_subscribed", once(subscribed))
    room.on("data_received", once(data))
    room.on("track_muted", once(muted))
    room.on("participant_disconnected", once(left))
    options = rtc.RoomOptions(single_peer_connection=mode == "single")
    await within(10, "pia in the room", room.connect(url, token(key, secret, "pia", "hall"), options))
    source = rtc.AudioSource(RATE, 1, queue_size_ms=200)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    published = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await within(10, "pia publishes", room.local_participant.publish_track(track, published))
    speech = asyncio.create_task(speak(source))
    remote, _, who = await within(15, "pia is subscribed", subscribed)
    assert who.identity == "stoa", who.identity
    frequency, level = measure(await within(15, "pia hears", hear(remote, 2)))
    print(f"heard: {frequency:.1f} Hz, {level:.0f} rms")
    assert abs(frequency - TONE) < 3, f"{frequency} Hz instead of {TONE}"
    expected = AMPLITUDE / math.sqrt(2)
    assert 0.7 * expected < level < 1.4 * expected, f"{level} rms instead of {expected}"
    (packet,) = await within(15, "pia gets data", data)
    assert (packet.data, packet.topic, packet.participant.identity) == (b"ping", "game", "stoa"), packet
    await room.local_participant.publish_data(b"pong", reliable=True, topic="game", destination_identities=["stoa"])
    await within(15, "pia sees the mute", muted)
    (who,) = await within(15, "pia sees stoa leave", left)
    assert who.identity == "stoa"
    speech.cancel()
    await room.disconnect()
    print("left")


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads may call into Python while that is taken down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
