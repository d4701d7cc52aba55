"""PyPI's livekit-api administers a server under test that has clients of PyPI's livekit in its rooms, and takes its webhooks.

Usage: livekit_api_rooms.py URL KEY SECRET WEBHOOK_PORT UNMUTE_URL
Prints one line for each thing that was seen; exits with 1 and the reason where something was not. UNMUTE_URL is a server that
lets administrators unmute.
"""

import asyncio
import json
import sys
import urllib.error
import urllib.request

import numpy as np
from aiohttp import web
from livekit import api, rtc

RATE = 48000
FRAME = RATE // 100

url, key, secret, port, unmute_url = sys.argv[1:6]
events = []


async def within(seconds, what, condition):
    """Waits until a condition holds."""
    for _ in range(int(seconds * 50)):
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise SystemExit(f"not seen within {seconds} s: {what}; webhooks: {[e.event for e in events]}")


async def refused(status, code, what, call):
    try:
        await call
    except api.TwirpError as error:
        assert (error.status, error.code) == (status, code), f"{what}: {error}"
        return
    raise SystemExit(f"{what} was not refused")


async def serve_webhooks():
    receiver = api.WebhookReceiver(api.TokenVerifier(key, secret))

    async def take(request):
        assert request.content_type == "application/webhook+json", request.content_type
        events.append(receiver.receive((await request.read()).decode(), request.headers["Authorization"]))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    return runner


def token(identity, room="hall", **grants):
    grants = api.VideoGrants(room_join=True, room=room, **grants)
    return api.AccessToken(key, secret).with_identity(identity).with_grants(grants).to_jwt()


async def join(server, identity, **grants):
    room = rtc.Room()
    room.seen = []
    for name in (
        "track_muted track_unmuted participant_disconnected participant_connected disconnected data_received "
        "participant_metadata_changed participant_name_changed participant_attributes_changed room_metadata_changed "
        "participant_permissions_changed track_subscribed track_unsubscribed moved"
    ).split():
        room.on(name, lambda *seen, name=name: room.seen.append((name, seen)))
    await asyncio.wait_for(room.connect(server, token(identity, **grants)), 10)
    return room


def saw(room, name):
    return lambda: next((seen for event, seen in room.seen if event == name), None)


async def speak(room):
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("mic", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    publication = await room.local_participant.publish_track(track, options)

    async def tone():
        pcm = (8000 * np.sin(np.arange(FRAME) * 2 * np.pi * 500 / RATE)).astype(np.int16).tobytes()
        while True:
            await source.capture_frame(rtc.AudioFrame(pcm, RATE, 1, FRAME))

    return publication, asyncio.create_task(tone())


def get(path, headers=None, method="GET"):
    request = urllib.request.Request(url.replace("ws", "http", 1) + path, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, dict(response.headers), response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def ask(*given):
    return asyncio.get_running_loop().run_in_executor(None, get, *given)


async def subscriptions(count):
    """Until so many listen: clients have no event for a subscription that somebody else ends."""
    for _ in range(50):
        metrics = (await ask("/metrics"))[2]
        if f"\nstoa_subscriptions {count}\n" in metrics:
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"there are not {count} subscriptions: {metrics}")


async def pages():
    assert (await ask("/"))[::2] == (200, "OK")
    status, _, health = await ask("/healthz")
    assert status == 200 and json.loads(health)["status"] == "ok", health
    status, _, metrics = await ask("/metrics")
    assert status == 200 and "livekit_room_total" in metrics, metrics
    assert (await ask("/rtc/validate?access_token=" + token("eve")))[::2] == (200, "success")
    assert (await ask("/rtc/validate?access_token=x.y.z"))[0] == 401
    assert (await ask("/rtc/v1/validate?access_token=" + token("eve")))[0] == 400, "it has no join request"
    asked = {"Origin": "http://page", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    status, headers, _ = await ask("/twirp/livekit.RoomService/ListRooms", asked, "OPTIONS")
    assert status in (200, 204) and headers["access-control-allow-origin"] in ("*", "http://page"), headers
    assert "authorization" in headers["access-control-allow-headers"].lower(), headers
    print("pages: seen")


async def loudness(track):
    """Of the first half second that is heard of a track."""
    stream = rtc.AudioStream(track, sample_rate=RATE)
    heard = []
    async for event in stream:
        heard.append(np.abs(np.frombuffer(event.frame.data, np.int16).astype(float)).mean())
        if len(heard) == 50:
            break
    await stream.aclose()
    return max(heard)


async def perform(lk, method, payload, timeout_ms=0):
    """livekit-api has no method for this one yet, but its messages."""
    request = api.PerformRpcRequest(
        room="hall", destination_identity="ann", method=method, payload=payload, response_timeout_ms=timeout_ms
    )
    grants = lk.room._auth_header(api.VideoGrants(room_admin=True, room="hall"))
    answer = await lk.room._client.request("RoomService", "PerformRpc", request, grants, api.PerformRpcResponse)
    return answer.payload


async def call(lk, ann):
    @ann.local_participant.register_rpc_method("greet")
    async def greet(data):
        return f"hello, {data.payload}"

    @ann.local_participant.register_rpc_method("think")
    async def think(data):
        await asyncio.sleep(10.5)
        return "42"

    # Longer than a connection may take to ask.
    thought = asyncio.create_task(perform(lk, "think", "", 20_000))
    greeting = await perform(lk, "greet", "server")
    assert greeting == "hello, server", greeting
    await refused(400, "invalid_argument", "a method of nobody's", perform(lk, "fly", ""))
    answer = await thought
    assert answer == "42", answer
    print("calls: answered")


async def move(lk, ann):
    """Ann, who speaks, goes from bob's room to cay's, who speaks too."""
    bob = await join(unmute_url, "bob")
    cay = await join(unmute_url, "cay", room="cellar")
    _, tone = await speak(cay)
    await within(5, "ann's track, by bob", saw(bob, "track_subscribed"))
    request = api.MoveParticipantRequest(room="hall", identity="ann", destination_room="cellar")
    small = api.LiveKitAPI(unmute_url, token=token("eve", room_admin=True))
    await refused(401, "unauthenticated", "moving where the token does not say", small.room.move_participant(request))
    await small.aclose()
    await lk.room.move_participant(request)
    await within(5, "the move, by ann", lambda: saw(ann, "moved")() is not None)
    assert ann.name == "cellar", ann.name
    await within(5, "ann gone, by bob", saw(bob, "participant_disconnected"))
    assert (await within(5, "bob gone, by ann", saw(ann, "participant_disconnected")))[0].identity == "bob"
    assert list(ann.remote_participants) == ["cay"], ann.remote_participants
    assert (await within(5, "ann, by cay", saw(cay, "participant_connected")))[0].identity == "ann"
    for room, other in ((ann, "cay"), (cay, "ann")):
        track = (await within(5, f"the track of {other}", saw(room, "track_subscribed")))[0]
        volume = await asyncio.wait_for(loudness(track), 5)
        assert volume > 1000, f"{other} is heard at {volume}"
    tone.cancel()
    await bob.disconnect()
    await cay.disconnect()
    print("moved: heard in the other room")


async def main():
    hooks = await serve_webhooks()
    lk = api.LiveKitAPI(url, key, secret)
    await pages()

    made = await lk.room.create_room(
        api.CreateRoomRequest(name="hall", empty_timeout=60, departure_timeout=2, max_participants=2, metadata="first")
    )
    assert (made.name, made.empty_timeout, made.departure_timeout, made.metadata) == ("hall", 60, 2, "first"), made
    rooms = (await lk.room.list_rooms(api.ListRoomsRequest(names=["hall", "none"]))).rooms
    assert [r.sid for r in rooms] == [made.sid], rooms
    print("rooms: made and listed")

    ann = await join(url, "ann", can_update_own_metadata=True)
    assert ann.metadata == "first", ann.metadata
    bob = await join(url, "bob")
    publication, tone = await speak(ann)
    await within(10, "bob hears ann", saw(bob, "track_subscribed"))
    try:
        await join(url, "eve")
        raise SystemExit("a full room took eve")
    except rtc.ConnectError as error:
        print(f"full: {error}")

    listed = (await lk.room.list_participants(api.ListParticipantsRequest(room="hall"))).participants
    assert sorted(p.identity for p in listed) == ["ann", "bob"], listed
    who = await lk.room.get_participant(api.RoomParticipantIdentity(room="hall", identity="ann"))
    assert who.tracks[0].sid == publication.sid and who.state == api.ParticipantInfo.State.ACTIVE, who
    print("participants: listed")

    await lk.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="hall", metadata="second"))
    await within(5, "the room's metadata", lambda: bob.metadata == "second")

    changed = await lk.room.update_participant(
        api.UpdateParticipantRequest(room="hall", identity="ann", name="Ann", metadata="m", attributes={"a": "1"})
    )
    assert (changed.name, changed.metadata, dict(changed.attributes)) == ("Ann", "m", {"a": "1"}), changed
    remote = bob.remote_participants["ann"]
    await within(5, "ann's new face", lambda: (remote.name, remote.metadata, remote.attributes) == ("Ann", "m", {"a": "1"}))
    print("metadata: told")

    await lk.room.send_data(
        api.SendDataRequest(room="hall", data=b"hello", topic="news", destination_identities=["bob"], kind=api.DataPacket.Kind.RELIABLE)
    )
    packet = (await within(5, "data", saw(bob, "data_received")))[0]
    assert (packet.data, packet.topic, packet.participant) == (b"hello", "news", None), packet
    assert not saw(ann, "data_received")(), "it was for bob"
    print("data: sent")

    mute = api.MuteRoomTrackRequest(room="hall", identity="ann", track_sid=publication.sid, muted=True)
    muted = await lk.room.mute_published_track(mute)
    assert muted.track.muted and muted.track.sid == publication.sid, muted
    await within(5, "ann's mute, by bob", saw(bob, "track_muted"))
    await within(5, "ann's mute, by ann", saw(ann, "track_muted"))
    mute.muted = False
    await refused(412, "failed_precondition", "unmuting", lk.room.mute_published_track(mute))
    print("mute: told")

    off = api.UpdateSubscriptionsRequest(room="hall", identity="bob", track_sids=[publication.sid], subscribe=False)
    await subscriptions(1)
    await lk.room.update_subscriptions(off)
    await subscriptions(0)
    off.subscribe = True
    await lk.room.update_subscriptions(off)
    await subscriptions(1)
    print("subscriptions: changed")

    await lk.room.update_participant(
        api.UpdateParticipantRequest(
            room="hall", identity="bob", permission=api.ParticipantPermission(can_subscribe=False, can_publish=False)
        )
    )
    now = await lk.room.get_participant(api.RoomParticipantIdentity(room="hall", identity="bob"))
    assert not (now.permission.can_subscribe or now.permission.can_publish or now.permission.can_publish_data), now
    await subscriptions(0)
    try:
        # The client is refused, and waits all the same.
        await asyncio.wait_for(speak(bob), 2)
        raise SystemExit("bob publishes")
    except asyncio.TimeoutError:
        now = await lk.room.get_participant(api.RoomParticipantIdentity(room="hall", identity="bob"))
        assert not now.tracks, now
    print("permission: taken")

    destination = dict(room="hall", identity="ann", destination_room="cellar")
    await refused(501, "unimplemented", "forwarding", lk.room.forward_participant(api.ForwardParticipantRequest(**destination)))
    nobody = api.RoomParticipantIdentity(room="hall", identity="nobody")
    await refused(404, "not_found", "nobody", lk.room.get_participant(nobody))
    await refused(404, "not_found", "removing nobody", lk.room.remove_participant(nobody))
    await refused(404, "not_found", "no room", lk.room.delete_room(api.DeleteRoomRequest(room="none")))

    forger = api.LiveKitAPI(url, key, "guessed" * 6)
    await refused(401, "unauthenticated", "a forged token", forger.room.list_rooms(api.ListRoomsRequest()))
    await forger.aclose()
    small = api.LiveKitAPI(url, token=token("ann"))
    await refused(401, "unauthenticated", "a token to join with", small.room.list_rooms(api.ListRoomsRequest()))
    await refused(401, "unauthenticated", "and to remove", small.room.remove_participant(nobody))
    await small.aclose()
    own = api.LiveKitAPI(url, token=token("ann", room_admin=True))
    assert len((await own.room.list_participants(api.ListParticipantsRequest(room="hall"))).participants) == 2
    await own.aclose()
    print("tokens: refused")

    await lk.room.remove_participant(api.RoomParticipantIdentity(room="hall", identity="bob"))
    reason = (await within(5, "bob's end", saw(bob, "disconnected")))[0]
    assert reason == rtc.DisconnectReason.PARTICIPANT_REMOVED, reason
    await within(5, "bob gone", saw(ann, "participant_disconnected"))
    tone.cancel()
    await lk.room.delete_room(api.DeleteRoomRequest(room="hall"))
    reason = (await within(5, "ann's end", saw(ann, "disconnected")))[0]
    assert reason == rtc.DisconnectReason.ROOM_DELETED, reason
    print("removed: told")

    await within(5, "the room's end", lambda: any(e.event == "room_finished" for e in events))
    names = [e.event for e in events]
    expected = ["room_started", "participant_joined", "participant_joined", "track_published", "participant_left"]
    expected += ["track_unpublished", "participant_left", "room_finished"]
    assert sorted(names) == sorted(expected) and (names[0], names[-1]) == (expected[0], expected[-1]), names
    published = events[names.index("track_published")]
    assert (published.track.sid, published.participant.identity) == (publication.sid, "ann"), published
    left = events[names.index("participant_left")]
    assert (left.participant.identity, left.room.name, left.room.sid) == ("bob", "hall", made.sid), left
    assert len({e.id for e in events}) == len(events) and all(e.created_at > 1_700_000_000 for e in events)
    print("webhooks: verified")

    open_lk = api.LiveKitAPI(unmute_url, key, secret)
    ann = await join(unmute_url, "ann")
    publication, tone = await speak(ann)
    mute = api.MuteRoomTrackRequest(room="hall", identity="ann", track_sid=publication.sid, muted=True)
    assert (await open_lk.room.mute_published_track(mute)).track.muted
    mute.muted = False
    assert not (await open_lk.room.mute_published_track(mute)).track.muted
    print("unmute: where it is allowed")

    await call(open_lk, ann)
    await move(open_lk, ann)
    tone.cancel()
    await ann.disconnect()
    await open_lk.aclose()

    await lk.aclose()
    await hooks.cleanup()
    print("all seen")


asyncio.run(main())
