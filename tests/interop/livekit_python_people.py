"""One of LiveKit's own Python clients in a room with a Stoa channel, "stoa": calls both ways, metadata and attributes both ways.

Usage: livekit_python_people.py URL KEY SECRET single|dual
"""

import asyncio
import os
import sys

from livekit import rtc
from livekit_python import token, within


async def main():
    url, key, secret, mode = sys.argv[1:5]
    room, loop = rtc.Room(), asyncio.get_running_loop()
    called, renamed, metadata, attributes, left, stoa_here = (loop.create_future() for _ in range(6))

    def once(future, wanted=lambda *seen: True):
        return lambda *seen: future.set_result(seen) if not future.done() and wanted(*seen) else None

    room.on("participant_name_changed", once(renamed, lambda who, *_: who.identity == "stoa"))
    room.on("participant_metadata_changed", once(metadata, lambda who, *_: who.identity == "stoa"))
    room.on("participant_attributes_changed", once(attributes, lambda _, who: who.identity == "stoa"))
    room.on("participant_disconnected", once(left))
    room.on("participant_connected", once(stoa_here))
    options = rtc.RoomOptions(single_peer_connection=mode == "single")
    await within(10, "pia in the room", room.connect(url, token(key, secret, "pia", "hall"), options))
    pia = room.local_participant

    @pia.register_rpc_method("greet")
    async def greet(call):
        if call.payload == "nobody":
            raise rtc.RpcError(101, "there is nobody", "data")
        if call.payload == "slowly":
            await asyncio.sleep(5)
        return f"{call.caller_identity} greets {call.payload}"

    @pia.register_rpc_method("done")
    async def done(call):
        once(called)(call)
        return ""

    if not room.remote_participants:
        await within(15, "stoa in the room", stoa_here)
    # Until stoa has registered its method.
    for _ in range(100):
        try:
            answer = await pia.perform_rpc(destination_identity="stoa", method="add", payload="2 3")
            break
        except rtc.RpcError as error:
            assert error.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD, error
            await asyncio.sleep(0.1)
    assert answer == "5", answer
    long = await pia.perform_rpc(destination_identity="stoa", method="add", payload="x" * 15360)
    assert long == "y" * 15360, len(long)
    try:
        await pia.perform_rpc(destination_identity="stoa", method="add", payload="fail")
        raise SystemExit("no error came")
    except rtc.RpcError as error:
        assert (error.code, error.message) == (77, "no numbers"), error
    try:
        await pia.perform_rpc(destination_identity="stoa", method="other", payload="")
        raise SystemExit("another method answered")
    except rtc.RpcError as error:
        assert error.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD, error
    print("calls: answered")
    await pia.set_name("Pia")
    await pia.set_metadata("from Python")
    await pia.set_attributes({"seat": "7", "hat": "red"})
    await pia.set_attributes({"hat": ""})
    (call,) = await within(30, "stoa is done with its calls", called)
    who, _, new = await within(15, "stoa's metadata", metadata)
    assert new == "from C", new
    (*_, new) = await within(15, "stoa's name", renamed)
    assert new == "Stoa", new
    changed, who = await within(15, "stoa's attributes", attributes)
    assert dict(changed) == {"kind": "stone"} and who.attributes["kind"] == "stone", changed
    (who,) = await within(15, "stoa leaves", left)
    await room.disconnect()
    print("left")


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads may call into Python while that is taken down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
