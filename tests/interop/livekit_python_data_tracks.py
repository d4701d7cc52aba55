"""LiveKit's Python clients send each other data tracks: frames of one packet and of many, two tracks at a time, after a resume of
either side, and to the end.

Usage: livekit_python_data_tracks.py URL KEY SECRET single|dual
"""

import asyncio
import itertools
import os
import sys

from livekit import rtc
from livekit_python import token, within
from livekit_python_resume import Proxy

FRAMES = 30


def frame(number, length):
    return number.to_bytes(4, "big") + bytes((number + i) % 256 for i in range(length))


async def push(track, first, length):
    for number in itertools.count(first):
        track.try_push(rtc.DataTrackFrame(payload=frame(number, length), user_timestamp=number))
        await asyncio.sleep(0.02 + length / 500_000)


async def exchange(track, stream, first, length):
    """Until enough frames have come, whole and in order. A data track may lose some, and the first until the subscription stands."""
    pushing, got = asyncio.create_task(push(track, first, length)), []
    while len(got) < FRAMES:
        came = await within(10, f"a frame from {first} on", stream.read())
        assert came is not None, "the stream ended"
        number = int.from_bytes(came.payload[:4], "big")
        # One of the exchange before may still have been under way.
        if number < first:
            continue
        assert came.payload == frame(number, length), f"frame {number} is another: {came.payload[:8]}"
        assert came.user_timestamp == number, came.user_timestamp
        got.append(number)
    pushing.cancel()
    assert got == sorted(set(got)), got
    assert got[-1] - got[0] < 3 * FRAMES, f"most frames are lost: {got}"


async def main():
    url, key, secret, mode = sys.argv[1:5]
    options = rtc.RoomOptions(single_peer_connection=mode == "single")
    ann, bob = rtc.Room(), rtc.Room()
    published, ended = asyncio.Queue(), asyncio.Queue()
    resumed = {"ann": asyncio.Queue(), "bob": asyncio.Queue()}
    bob.on("data_track_published", published.put_nowait)
    bob.on("data_track_unpublished", ended.put_nowait)
    ann.on("reconnected", lambda: resumed["ann"].put_nowait(True))
    bob.on("reconnected", lambda: resumed["bob"].put_nowait(True))
    proxies = {"ann": Proxy(url), "bob": Proxy(url)}
    for name, room in [("ann", ann), ("bob", bob)]:
        joined = room.connect(await proxies[name].start(), token(key, secret, name, "hall"), options)
        await within(10, f"{name} in the room", joined)

    gauge = await within(10, "ann publishes", ann.local_participant.publish_data_track(name="gauge"))
    remote = await within(10, "bob is told", published.get())
    assert (remote.info.name, remote.info.sid, remote.publisher_identity) == ("gauge", gauge.info.sid, "ann")
    try:
        await within(10, "the same name again", ann.local_participant.publish_data_track(name="gauge"))
        raise SystemExit("two tracks of one name")
    except rtc.participant.PublishDataTrackError as error:
        print("refused:", error)
    # Packets of a frame may overtake those of another.
    remote.set_pipeline_options(max_partial_frames=8)
    stream = remote.subscribe()
    await exchange(gauge, stream, 0, 100)
    await exchange(gauge, stream, 1000, 20_000)
    print("read")

    other = await within(10, "ann publishes again", ann.local_participant.publish_data_track(name="other"))
    stream2 = (await within(10, "bob is told again", published.get())).subscribe()
    await asyncio.gather(exchange(gauge, stream, 2000, 300), exchange(other, stream2, 2000, 200))
    print("two at a time")

    for first, name in [(3000, "ann"), (4000, "bob")]:
        proxies[name].cut()
        await within(15, f"{name} resumes", resumed[name].get())
        await asyncio.gather(exchange(gauge, stream, first, 300), exchange(other, stream2, first, 200))
        print("after a resume of", name)

    await gauge.unpublish()
    assert await within(10, "bob is told of the end", ended.get()) == remote.info.sid
    while await within(10, "the stream ends", stream.read()) is not None:
        pass
    assert not gauge.is_published() and not remote.is_published() and other.is_published()
    await exchange(other, stream2, 5000, 100)
    await within(10, "ann leaves", ann.disconnect())
    await within(10, "bob is told of the other's end", ended.get())
    print("unpublished")
    await bob.disconnect()


asyncio.run(main())
# The client's native threads may call into Python while that is taken down, and abort the process.
sys.stdout.flush()
os._exit(0)
