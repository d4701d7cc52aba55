"""PyPI's livekit as a puppet: tests/interop/puppet.rs says how it is told what to do, tests/interop/features.rs what there is to do.

Usage: livekit_python.py single|dual
"""

import asyncio
import json
import math
import os
import sys

import numpy as np
from livekit import rtc

RATE = 48000
FRAME = RATE // 100
AMPLITUDE = 8000
# A WebSocket that is lost in the midst of a resume makes this client join anew.
SCENARIOS = ["full-reconnect", "force-tcp", "disconnect-signal-on-resume"]
WHY = {"DUPLICATE_IDENTITY": "duplicate", "PARTICIPANT_REMOVED": "removed", "ROOM_DELETED": "room closed", "CLIENT_INITIATED": "requested"}


def say(*words):
    sys.stdout.write("\t".join(" ".join(str(word).splitlines()) for word in words) + "\n")
    sys.stdout.flush()


def why(reason):
    name = rtc.DisconnectReason.Name(reason)
    return WHY.get(name, name)


def compact(changed):
    return json.dumps(changed, separators=(",", ":"))


class Puppet:
    def __init__(self, mode):
        self.options = rtc.RoomOptions(single_peer_connection=mode == "single")
        self.room, self.speech, self.tasks = None, None, set()

    def begin(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def join(self, url, token):
        await self.hush()
        room = self.room = rtc.Room()
        self.data_tracks = {}
        self.given = token
        room.on("participant_connected", lambda who: say("event", "joined", who.identity))
        room.on("participant_disconnected", lambda who: say("event", "left", who.identity))
        room.on("track_muted", lambda who, _: say("event", "muted", who.identity, 1))
        room.on("track_unmuted", lambda who, _: say("event", "muted", who.identity, 0))
        room.on("active_speakers_changed", lambda them: [say("event", "speaking", who.identity) for who in them])
        room.on("participant_name_changed", lambda who, _, name: say("event", "name", who.identity, name))
        room.on("participant_metadata_changed", lambda who, _, metadata: say("event", "metadata", who.identity, metadata))
        room.on("participant_attributes_changed", lambda changed, who: say("event", "attributes", who.identity, compact(changed)))
        room.on("connection_quality_changed", lambda who, its: say("event", "quality", who.identity, its.name[8:].lower()))
        room.on("reconnected", lambda: say("event", "reconnected"))
        room.on("disconnected", lambda reason: say("event", "closed", why(reason)))
        room.on("data_received", self.data_received)
        room.on("data_track_published", self.data_track_published)
        room.register_text_stream_handler("chat", lambda reader, who: self.begin(self.read_text(reader, who)))
        room.register_byte_stream_handler("file", lambda reader, who: self.begin(self.read_bytes(reader, who)))
        await room.connect(url, token, self.options)
        room.local_participant.register_rpc_method("greet", self.greet)
        for identity in room.remote_participants:
            say("event", "joined", identity)

    async def greet(self, call):
        if call.payload == "nobody":
            raise rtc.RpcError(101, "there is nobody")
        return f"{call.payload} greets {call.caller_identity}"

    def data_received(self, packet):
        user = packet.participant.identity if packet.participant else ""
        way = "reliable" if packet.kind == rtc.DataPacketKind.KIND_RELIABLE else "lossy"
        say("event", "data", user, packet.topic, way, packet.data.decode())

    def data_track_published(self, track):
        self.data_tracks[track.publisher_identity, track.info.name] = track

    async def read_text(self, reader, who):
        say("event", "text", who, reader.info.topic, await reader.read_all())

    async def read_bytes(self, reader, who):
        say("event", "bytes", who, reader.info.topic, b"".join([chunk async for chunk in reader]).hex())

    async def leave(self):
        await self.hush()
        await self.room.disconnect()

    async def speak(self, hertz):
        await self.hush()
        source = rtc.AudioSource(RATE, 1, queue_size_ms=200)
        self.track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        published = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        self.speech = self.begin(self.tone(source, float(hertz)))
        await self.room.local_participant.publish_track(self.track, published)

    async def tone(self, source, hertz):
        at = 0
        while True:
            t = (np.arange(FRAME) + at) / RATE
            at += FRAME
            pcm = (AMPLITUDE * np.sin(2 * math.pi * hertz * t)).astype(np.int16)
            await source.capture_frame(rtc.AudioFrame(pcm.tobytes(), RATE, 1, FRAME))

    async def hush(self):
        if self.speech:
            self.speech.cancel()
            self.speech = None

    def publication(self, user, kind=rtc.TrackKind.KIND_AUDIO):
        who = self.room.remote_participants.get(user)
        tracks = who.track_publications.values() if who else []
        return next((track for track in tracks if track.kind == kind), None)

    async def subscribed(self, user, kind=rtc.TrackKind.KIND_AUDIO):
        while not ((publication := self.publication(user, kind)) and publication.track):
            await asyncio.sleep(0.05)
        return publication.track

    async def hear(self, user):
        track = await self.subscribed(user)
        heard, stream = [], rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        async for event in stream:
            heard.append(np.frombuffer(event.frame.data, dtype=np.int16))
            if sum(map(len, heard)) >= 2 * RATE:
                break
        await stream.aclose()
        pcm = np.concatenate(heard)[-RATE:].astype(float)
        spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
        return np.argmax(spectrum) * RATE / len(pcm), math.sqrt(np.mean(pcm**2))

    async def mute(self, muted):
        self.track.mute() if muted == "1" else self.track.unmute()

    async def subscribe(self, user, wanted):
        self.publication(user).set_subscribed(wanted == "1")
        while (self.publication(user).track is not None) != (wanted == "1"):
            await asyncio.sleep(0.05)

    async def data(self, way, topic, text):
        await self.room.local_participant.publish_data(text.encode(), reliable=way == "reliable", topic=topic)

    async def text(self, topic, text):
        await self.room.local_participant.send_text(text, topic=topic)

    async def bytes(self, topic, digits):
        data = bytes.fromhex(digits)
        writer = await self.room.local_participant.stream_bytes("file", topic=topic, total_size=len(data))
        await writer.write(data)
        await writer.aclose()

    async def token(self):
        return ("given" if self.room._token == self.given else "refreshed",)

    async def call(self, user, method, payload):
        try:
            return (await self.room.local_participant.perform_rpc(destination_identity=user, method=method, payload=payload),)
        except rtc.RpcError as error:
            return (f"error {error.code}",)

    async def describe(self, name, metadata, attributes):
        await self.room.local_participant.set_name(name)
        await self.room.local_participant.set_metadata(metadata)
        await self.room.local_participant.set_attributes(json.loads(attributes))

    async def scenarios(self):
        return SCENARIOS

    async def simulate(self, scenario):
        name = "SIMULATE_" + scenario.upper().replace("-", "_")
        await self.room.simulate_scenario(rtc.SimulateScenarioKind.Value(name))

    async def film(self, kind):
        width, height = (960, 540) if kind == "layers" else (320, 180)
        source = rtc.VideoSource(width, height)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        published = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=kind == "layers")
        self.begin(self.paint(source, width, height))
        await self.room.local_participant.publish_track(track, published)

    async def paint(self, source, width, height):
        """A picture whose colour changes with each frame."""
        n = 0
        while True:
            picture = np.zeros((height, width, 4), dtype=np.uint8)
            picture[:, :, [n % 3, 3]] = 255
            source.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.RGBA, picture.tobytes()))
            n += 1
            await asyncio.sleep(0.1)

    async def watch(self, user):
        stream, frames = rtc.VideoStream(await self.subscribed(user, rtc.TrackKind.KIND_VIDEO)), 0
        async for event in stream:
            frames += 1
            if frames == 20:
                break
        await stream.aclose()
        return event.frame.width, event.frame.height

    async def layer(self, user, which):
        quality = rtc.VideoQuality.Value("VIDEO_QUALITY_" + which.upper())
        self.publication(user, rtc.TrackKind.KIND_VIDEO).set_video_quality(quality)

    async def push(self, digits, time):
        track = await self.room.local_participant.publish_data_track(name="gauge")
        self.begin(self.repeat(track, rtc.DataTrackFrame(bytes.fromhex(digits), int(time))))

    async def repeat(self, track, frame):
        while True:
            track.try_push(frame)
            await asyncio.sleep(0.1)

    async def pull(self, user):
        while not (track := self.data_tracks.get((user, "gauge"))):
            await asyncio.sleep(0.05)
        stream = track.subscribe()
        frame = await stream.read()
        await stream.aclose()
        return frame.payload.hex(), frame.user_timestamp

    async def can(self, _):
        pass


async def main():
    puppet = Puppet(sys.argv[1])
    reader = asyncio.StreamReader(limit=16 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().rstrip("\n"):
        name, *words = line.split("\t")
        try:
            say("ok", *(await asyncio.wait_for(getattr(puppet, name)(*words), 25) or ()))
        except Exception as error:
            say("failed", repr(error))


asyncio.run(main())
# The client's native threads may call into Python while that is taken down, and abort the process.
os._exit(0)
