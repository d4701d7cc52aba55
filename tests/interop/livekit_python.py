"""Two of LiveKit's own Python clients in a room of the server under test: they join, speak, hear, pass data and leave.

Usage: livekit_python.py URL KEY SECRET single|dual [TOKEN]
Prints one line for each thing that was seen; exits with 1 and the reason where something was not.
"""

import asyncio
import math
import os
import sys

import numpy as np
from livekit import api, rtc

RATE = 48000
TONE = 440.0
AMPLITUDE = 8000
FRAME = RATE // 100


def token(key, secret, identity, room):
    grants = api.VideoGrants(room_join=True, room=room, can_update_own_metadata=True)
    return api.AccessToken(key, secret).with_identity(identity).with_grants(grants).to_jwt()


def check_token(key, secret, ours):
    """A token that Stoa built, read by LiveKit's verifier."""
    claims = api.TokenVerifier(key, secret).verify(ours)
    grants = claims.video
    seen = (claims.identity, claims.name, claims.metadata, claims.attributes, grants.room, grants.room_join, grants.can_publish)
    assert seen == ("carol", "Carol", "m", {"a": "b"}, "hall", True, False), seen
    assert grants.can_publish_sources == ["microphone"], grants
    print("token: verified")


async def within(seconds, what, future):
    try:
        return await asyncio.wait_for(future, seconds)
    except asyncio.TimeoutError:
        raise SystemExit(f"not seen within {seconds} s: {what}")


async def speak(source):
    """A tone, paced by the source's own queue."""
    at = 0
    while True:
        t = (np.arange(FRAME) + at) / RATE
        at += FRAME
        pcm = (AMPLITUDE * np.sin(2 * math.pi * TONE * t)).astype(np.int16)
        await source.capture_frame(rtc.AudioFrame(pcm.tobytes(), RATE, 1, FRAME))


async def hear(track, seconds):
    """The last second of what a track brings."""
    heard = []
    async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1):
        heard.append(np.frombuffer(event.frame.data, dtype=np.int16))
        if sum(map(len, heard)) >= seconds * RATE:
            break
    return np.concatenate(heard)[-RATE:].astype(float)


def measure(pcm):
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return np.argmax(spectrum) * RATE / len(pcm), math.sqrt(np.mean(pcm**2))


async def main():
    url, key, secret = sys.argv[1:4]
    mode = sys.argv[4]
    if len(sys.argv) > 5:
        check_token(key, secret, sys.argv[5])
    options = rtc.RoomOptions(single_peer_connection=mode == "single")
    ann, bob = rtc.Room(), rtc.Room()
    loop = asyncio.get_running_loop()
    subscribed, data, joined, left, muted, speaking = (loop.create_future() for _ in range(6))

    def once(future):
        return lambda *seen: None if future.done() else future.set_result(seen)

    bob.on("track_subscribed", once(subscribed))
    bob.on("data_received", once(data))
    bob.on("participant_disconnected", lambda who: once(left)(who) if who.identity == "ann" else None)
    bob.on("track_muted", once(muted))
    bob.on("active_speakers_changed", once(speaking))
    ann.on("participant_connected", once(joined))

    refused = rtc.Room()
    try:
        await within(10, "a refusal", refused.connect(url, token(key, "guessed" * 5, "eve", "hall"), options))
        raise SystemExit("a forged token let eve in")
    except rtc.ConnectError as error:
        print(f"refused: {error}")

    await within(10, "ann in the room", ann.connect(url, token(key, secret, "ann", "hall"), options))
    await within(10, "bob in the room", bob.connect(url, token(key, secret, "bob", "hall"), options))
    await within(5, "ann sees bob", joined)
    assert "ann" in bob.remote_participants, "bob does not see ann"
    print(f"joined: {mode}")

    source = rtc.AudioSource(RATE, 1, queue_size_ms=200)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    published = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    publication = await within(10, "ann publishes", ann.local_participant.publish_track(track, published))
    speech = asyncio.create_task(speak(source))
    remote, _, who = await within(10, "bob is subscribed", subscribed)
    assert who.identity == "ann" and remote.sid == publication.sid, "the wrong track"
    frequency, level = measure(await within(15, "bob hears", hear(remote, 2)))
    print(f"heard: {frequency:.1f} Hz, {level:.0f} rms")
    assert abs(frequency - TONE) < 3, f"{frequency} Hz instead of {TONE}"
    expected = AMPLITUDE / math.sqrt(2)
    assert 0.7 * expected < level < 1.4 * expected, f"{level} rms instead of {expected}"
    (speakers,) = await within(5, "ann is an active speaker", speaking)
    assert [s.identity for s in speakers] == ["ann"], speakers
    print("active speaker: ann")

    carol, late = rtc.Room(), loop.create_future()
    carol.on("track_subscribed", once(late))
    await within(10, "carol in the room", carol.connect(url, token(key, secret, "carol", "hall"), options))
    remote, _, _ = await within(10, "carol is subscribed to what was there before", late)
    frequency, _ = measure(await within(15, "carol hears", hear(remote, 2)))
    assert abs(frequency - TONE) < 3, f"{frequency} Hz instead of {TONE}"
    print("heard by one who came later")
    await carol.disconnect()

    await ann.local_participant.publish_data(b"hello", reliable=True, topic="greeting")
    (packet,) = await within(5, "bob gets data", data)
    assert (packet.data, packet.topic, packet.participant.identity) == (b"hello", "greeting", "ann"), packet
    print("data: reliable")
    lossy = loop.create_future()
    ann.on("data_received", once(lossy))
    await bob.local_participant.publish_data(b"x" * 1000, reliable=False, destination_identities=["ann"])
    (packet,) = await within(5, "ann gets lossy data", lossy)
    assert len(packet.data) == 1000 and packet.participant.identity == "bob"
    print("data: lossy, addressed")

    text, arrived = "voice " * 200_000, loop.create_future()

    async def read(stream):
        arrived.set_result(await stream.read_all())

    bob.register_text_stream_handler("long", lambda stream, _: asyncio.ensure_future(read(stream)))
    await ann.local_participant.send_text(text, topic="long")
    assert await within(20, "bob gets a long text", arrived) == text, "the text changed on its way"
    print("data: a stream of 1.2 MB")

    track.mute()
    await within(5, "bob sees that ann is muted", muted)
    print("muted")
    speech.cancel()
    again = loop.create_future()
    gone = loop.create_future()
    bob.on("track_unsubscribed", once(gone))
    await ann.local_participant.unpublish_track(publication.sid)
    await within(5, "bob sees the track end", gone)
    print("unpublished")
    bob.on("track_subscribed", once(again))
    source = rtc.AudioSource(RATE, 1, queue_size_ms=200)
    track = rtc.LocalAudioTrack.create_audio_track("again", source)
    await within(10, "ann publishes again", ann.local_participant.publish_track(track, published))
    speech = asyncio.create_task(speak(source))
    remote, _, _ = await within(10, "bob is subscribed again", again)
    frequency, _ = measure(await within(15, "bob hears again", hear(remote, 2)))
    assert abs(frequency - TONE) < 3, f"{frequency} Hz instead of {TONE}"
    print("heard again")
    speech.cancel()
    await ann.disconnect()
    (who,) = await within(5, "bob sees ann leave", left)
    assert who.identity == "ann"
    print("left")
    await bob.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads may call into Python while that is taken down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
