"""One of LiveKit's own Python clients in a room with a Stoa channel, "stoa": it sends it texts and bytes as streams, and reads the
same ones when the channel sends them back.

Usage: livekit_python_messages.py URL KEY SECRET single|dual
"""

import asyncio
import os
import sys
import tempfile

from livekit import rtc
from livekit_python import token, within

LONG = "voice 🎉 e\u0301 語 " * 40_000
BYTES = bytes(n & 0xFF for n in range(100_000))


async def main():
    url, key, secret, mode = sys.argv[1:5]
    room, loop = rtc.Room(), asyncio.get_running_loop()
    read = asyncio.Queue()

    async def take(topic, reader):
        if isinstance(reader, rtc.TextStreamReader):
            await read.put((topic, await reader.read_all()))
        else:
            await read.put((topic, b"".join([chunk async for chunk in reader])))

    for topic in ("chat", "words"):
        room.register_text_stream_handler(topic, lambda reader, who, topic=topic: asyncio.ensure_future(take(topic, reader)))
    room.register_byte_stream_handler("file", lambda reader, who: asyncio.ensure_future(take("file", reader)))
    joined = loop.create_future()
    room.on("participant_connected", lambda who: None if joined.done() else joined.set_result(who))
    options = rtc.RoomOptions(single_peer_connection=mode == "single")
    await within(10, "pia in the room", room.connect(url, token(key, secret, "pia", "hall"), options))
    if not room.remote_participants:
        await within(20, "stoa in the room", joined)
    me = room.local_participant
    await me.send_text(LONG, topic="chat", destination_identities=["stoa"], attributes={"a": "b"})
    writer = await me.stream_text(topic="words")
    for word in ("one ", "two ", "three"):
        await writer.write(word)
    await writer.aclose()
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "bytes")
        with open(path, "wb") as file:
            file.write(BYTES)
        await me.send_file(path, topic="file")
    await me.send_text("", topic="chat")
    # Each stream has a reader of its own here, and a long one may be done after a short one that came later.
    expected = [("chat", LONG), ("words", "one two three"), ("file", BYTES), ("chat", "")]
    while expected:
        got = await within(20, f"one of {len(expected)} messages", read.get())
        assert got in expected, (got[0], len(got[1]))
        expected.remove(got)
        print(f"read: {got[0]}, {len(got[1])}")
    await room.disconnect()
    print("all read")


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads may call into Python while that is taken down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
