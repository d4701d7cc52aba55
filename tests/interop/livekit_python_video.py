"""Two of LiveKit's own Python clients in a room of the server under test, with a camera and a voice: frames arrive with the
colours that were sent, layers change as asked, the voice goes on.

Usage: livekit_python_video.py URL KEY SECRET single|dual VP8|VP9|H264|AV1 plain|simulcast|svc
Prints one line for each thing that was seen; exits with 1 and the reason where something was not.
"""

import asyncio
import os
import sys
import time

import numpy as np
from livekit import rtc
from livekit_python import RATE, TONE, hear, measure, speak, token, within

# A picture of this size has three layers where it is simulcast.
WIDTH, HEIGHT, FPS = (960, 540, 15) if sys.argv[6:] == ["simulcast"] else (640, 360, 15)
COLOURS = {"red": (220, 30, 30), "green": (30, 220, 30), "blue": (30, 30, 220)}


async def film(source):
    """A picture that changes its colour every 400 ms, with a stripe that moves."""
    started, n = time.monotonic(), 0
    while True:
        picture = np.empty((HEIGHT, WIDTH, 4), dtype=np.uint8)
        picture[:, :, :3] = list(COLOURS.values())[n // 6 % 3]
        picture[:, :, 3] = 255
        picture[(n * 8) % 40 : (n * 8) % 40 + 20] = 255
        frame = rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, picture.tobytes())
        source.capture_frame(frame, timestamp_us=int((time.monotonic() - started) * 1e6))
        n += 1
        await asyncio.sleep(max(0, started + n / FPS - time.monotonic()))


def colour(frame):
    """The name of the colour in a frame's lower half."""
    frame = frame.convert(rtc.VideoBufferType.RGB24)
    pixels = np.frombuffer(frame.data, dtype=np.uint8).reshape(frame.height, frame.width, 3)
    mean = pixels[frame.height // 2 :].reshape(-1, 3).mean(axis=0)
    near = {name: np.abs(mean - np.array(rgb)).max() for name, rgb in COLOURS.items()}
    name = min(near, key=near.get)
    return name if near[name] < 40 else None


class Watcher:
    """Reads a track all the time, as an application does."""

    # Tasks that nobody holds end before their time.
    tasks = []

    def __init__(self, track):
        self.seen, self.sizes, self.changed = [], [], asyncio.Event()
        self.tasks.append(asyncio.create_task(self.read(rtc.VideoStream(track))))

    async def read(self, stream):
        async for event in stream:
            self.seen.append(colour(event.frame))
            self.sizes.append(event.frame.width)
            self.changed.set()
        await stream.aclose()

    async def until(self, condition):
        while not condition():
            self.changed.clear()
            await self.changed.wait()

    async def colours(self, seconds, what):
        """All colours from now on, and hardly a frame that has none of them."""
        start = len(self.seen)
        await within(seconds, what, self.until(lambda: {*COLOURS} <= {*self.seen[start:]} and len(self.seen) > start + 30))
        seen = self.seen[start:]
        assert seen.count(None) < len(seen) / 4, f"{seen.count(None)} of {len(seen)} frames have none of the colours"

    async def width(self, seconds, what, fits):
        await within(seconds, what, self.until(lambda: len(self.sizes) >= 5 and all(map(fits, self.sizes[-5:]))))


async def main():
    url, key, secret, mode, codec, kind = sys.argv[1:7]
    options = rtc.RoomOptions(single_peer_connection=mode == "single", dynacast=True)
    ann, bob = rtc.Room(), rtc.Room()
    loop = asyncio.get_running_loop()
    tracks = asyncio.Queue()
    bob.on("track_subscribed", lambda *seen: tracks.put_nowait(seen))
    await within(10, "ann in the room", ann.connect(url, token(key, secret, "ann", "hall"), options))
    await within(10, "bob in the room", bob.connect(url, token(key, secret, "bob", "hall"), options))

    voice = rtc.AudioSource(RATE, 1, queue_size_ms=200)
    microphone = rtc.LocalAudioTrack.create_audio_track("voice", voice)
    published = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await within(10, "ann publishes a voice", ann.local_participant.publish_track(microphone, published))
    speech = asyncio.create_task(speak(voice))
    sound, _, _ = await within(10, "bob is subscribed to the voice", tracks.get())

    source = rtc.VideoSource(WIDTH, HEIGHT)
    track = rtc.LocalVideoTrack.create_video_track("camera", source)
    published = rtc.TrackPublishOptions(
        source=rtc.TrackSource.SOURCE_CAMERA,
        video_codec=rtc.VideoCodec.Value(codec),
        simulcast=kind == "simulcast",
        video_encoding=rtc.VideoEncoding(max_framerate=FPS, max_bitrate=800_000),
    )
    if kind == "svc":
        published.scalability_mode = "L3T3_KEY"
    publication = await within(10, "ann publishes a camera", ann.local_participant.publish_track(track, published))
    filming = asyncio.create_task(film(source))
    remote, seen, who = await within(10, "bob is subscribed to the camera", tracks.get())
    assert (who.identity, remote.sid, remote.kind) == ("ann", publication.sid, rtc.TrackKind.KIND_VIDEO), "the wrong track"
    assert (seen.width, seen.height) == (WIDTH, HEIGHT), (seen.width, seen.height)
    watcher = Watcher(remote)
    await watcher.colours(30, "bob sees all colours")
    print(f"seen: {codec} {kind}, {mode}, {watcher.sizes[-1]} wide, {seen.mime_type}")
    assert seen.mime_type.lower() == f"video/{codec.lower()}", seen.mime_type
    frequency, _ = measure(await within(15, "bob hears", hear(sound, 2)))
    assert abs(frequency - TONE) < 3, f"{frequency} Hz instead of {TONE}"
    print("heard at the same time")

    # Encoders begin with less than there is room for: that they go on says that they are told of the room.
    await watcher.width(40, "the whole width", WIDTH.__eq__)
    if kind != "plain":
        seen.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_LOW)
        await watcher.width(20, "a low layer", WIDTH.__gt__)
        await watcher.colours(20, "all colours of the low layer")
        seen.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_HIGH)
        await watcher.width(30, "the whole width again", WIDTH.__eq__)
        await watcher.colours(20, "all colours of the high layer")
        print("layers: low and high")

    carol, late = rtc.Room(), asyncio.Queue()
    carol.on("track_subscribed", lambda *seen: late.put_nowait(seen))
    await within(10, "carol in the room", carol.connect(url, token(key, secret, "carol", "hall"), options))
    kinds = [await within(10, "carol is subscribed", late.get()) for _ in range(2)]
    (remote,) = [t for t, _, _ in kinds if t.kind == rtc.TrackKind.KIND_VIDEO]
    await Watcher(remote).colours(20, "one who came later sees all colours")
    print("seen by one who came later")
    await carol.disconnect()

    muted, unmuted = loop.create_future(), loop.create_future()
    bob.on("track_muted", lambda *_: muted.done() or muted.set_result(None))
    bob.on("track_unmuted", lambda *_: unmuted.done() or unmuted.set_result(None))
    track.mute()
    await within(5, "bob sees that the camera is off", muted)
    track.unmute()
    await within(5, "bob sees that the camera is on", unmuted)
    await watcher.colours(20, "all colours after a mute")
    print("muted, and seen again")

    seen.set_subscribed(False)
    await asyncio.sleep(1)
    seen.set_subscribed(True)
    remote, seen, _ = await within(10, "bob is subscribed again", tracks.get())
    watcher = Watcher(remote)
    await watcher.colours(20, "all colours after a subscription")
    print("unsubscribed, and seen again")

    gone = loop.create_future()
    bob.on("track_unsubscribed", lambda *_: gone.done() or gone.set_result(None))
    await ann.local_participant.unpublish_track(publication.sid)
    await within(5, "bob sees the track end", gone)
    track = rtc.LocalVideoTrack.create_video_track("again", source)
    await within(10, "ann publishes again", ann.local_participant.publish_track(track, published))
    remote, _, _ = await within(10, "bob is subscribed to the second", tracks.get())
    await Watcher(remote).colours(20, "all colours of the second")
    print("published again")
    filming.cancel()
    speech.cancel()
    await ann.disconnect()
    await bob.disconnect()
    print("done")


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads may call into Python while that is taken down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
