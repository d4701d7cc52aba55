"""The official LiveKit client doing what Stoa's client process does: conversations of two, both speaking and hearing.

Usage: peer.py URL VOICE.WAV; the tokens, two for each room, come one on a line of standard input, until an empty line.
"""

import asyncio
import os
import sys
import time
import wave

from livekit import rtc

RATE = 24000
BLOCK = RATE // 50
WARM_UP, MEASURED = 3, 10


def status(name):
    with open("/proc/self/status") as file:
        return next(line.split()[1] for line in file if line.startswith(name + ":"))


def voice(path):
    with wave.open(path) as file:
        pcm = file.readframes(file.getnframes())
    return [pcm[at : at + 2 * BLOCK] for at in range(0, len(pcm) - 2 * BLOCK, 2 * BLOCK)]


async def speak(source, blocks, at):
    """The source's own queue paces."""
    while True:
        at = (at + 1) % len(blocks)
        await source.capture_frame(rtc.AudioFrame(blocks[at], RATE, 1, BLOCK))


async def main():
    url, path = sys.argv[1:]
    tokens = list(iter(lambda: sys.stdin.readline().strip(), ""))
    blocks, base, heard, tasks = voice(path), int(status("VmRSS")) * 1024, [0], []

    async def hear(track):
        async for _ in rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=20):
            heard[0] += 1

    rooms = []
    for index, token in enumerate(tokens):
        room = rtc.Room()
        room.on("track_subscribed", lambda track, *_: tasks.append(asyncio.create_task(hear(track))))
        await room.connect(url, token)
        source = rtc.AudioSource(RATE, 1)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await room.local_participant.publish_track(rtc.LocalAudioTrack.create_audio_track("voice", source), options)
        tasks.append(asyncio.create_task(speak(source, blocks, index * 37)))
        rooms.append(room)
    await asyncio.sleep(WARM_UP)
    print("begin", flush=True)
    heard[0], cpu = 0, time.process_time()
    await asyncio.sleep(MEASURED)
    print("end", time.process_time() - cpu, 0, base, int(status("VmRSS")) * 1024, status("Threads"), heard[0], 0, flush=True)
    sys.stdin.read()
    os._exit(0)


asyncio.run(main())
