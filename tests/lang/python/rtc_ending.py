"""Objects that nobody holds, loops that are closed, processes that end, and the log."""

import asyncio
import gc
import logging
import re
import subprocess
import sys
import textwrap
import threading
import time
import unittest
import weakref
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from rtc_room import BOUND, FRAME_EVENT, Log, RoomTest, handles_of, tone, until, watched, within
from stoa import _channel_events, log
from stoa._header import STATE_FAILED
from stoa.rtc import RtcEngine, RtcOptions, StoaError

FORGETFUL = """
    import asyncio, sys
    from stoa.rtc import RtcEngine, RtcOptions

    async def main():
        global engine, users, stream
        engine = RtcEngine("python")
        users = [engine.create_channel(RtcOptions(channel_name="agora", uid=uid, subscribe_all=True)) for uid in (1, 2)]
        for user in users:
            await user.connect()
        stream = users[1].get_audio_frames(1)
        heard = asyncio.get_running_loop().create_future()
        users[1].on("playback_audio_frame_before_mixing", lambda *arguments: heard.done() or heard.set_result(arguments))
        await users[0].push_audio_frame(bytes(range(256)) * 2000)
        await asyncio.wait_for(heard, 20)

    {run}
    print("done")
"""


class Ending(RoomTest):
    async def test_a_channel_that_nobody_holds_leaves_while_events_come(self):
        bob = await self.join("bob")
        for number in range(20):
            ada = await self.join("ada")
            ada.on(FRAME_EVENT, print)
            await bob.send_stream_message("x" * 5000, f"m{number}")
            gone = weakref.ref(ada)
            del ada
            gc.collect()
            self.assertIsNone(gone())
        await until(lambda: not bob.remote_users, "all have left")

    async def test_nothing_of_a_channel_that_nobody_holds_is_watched_any_more(self):
        bob = await self.join("bob")
        at_first, gone, handles = watched(), Log(), handles_of(self.engine)
        bob.on("user_left", gone)
        for elsewhere in (False, True):
            ada = await self.join("ada", subscribe_all=True)
            ada.on(FRAME_EVENT, print)
            await until(lambda: len(watched() - at_first) == 2, "her events, and Bob's stream")
            held = ada.get_audio_frames("bob") if elsewhere else None  # which does not hold the channel
            del ada
            if elsewhere:
                await asyncio.to_thread(gc.collect)
            gc.collect()
            await until(lambda: gone, "she left")
            await until(lambda: watched() == at_first, "nothing of hers is watched")
            del held
            self.assertLessEqual(handles_of(self.engine), handles, "her channel's and her stream's were freed")
            gone.clear()

    async def test_a_channel_that_another_thread_had_for_a_while_comes_back(self):
        ada = self.channel("ada")
        elsewhere = threading.Thread(target=lambda: asyncio.run(ada.connect(BOUND)))
        elsewhere.start()
        elsewhere.join()
        ada._lead_to(asyncio.get_running_loop())
        await asyncio.sleep(0.01)
        self.assertIn(ada._watched.descriptor, watched())

    async def test_destroying_in_a_callback_ends_what_waits(self):
        at_first = watched()
        ada, bob = await self.join("ada"), await self.join("bob")
        bob.on("stream_message", lambda *arguments: self.engine.destroy())
        bob.on("stream_message", after := Log())
        bob.on(FRAME_EVENT, after)
        await self.hear(bob, "ada")
        waiting = asyncio.gather(self.hanging(ada), self.hanging(bob), return_exceptions=True)
        await ada.send_stream_message("x", "1")
        for error in await within(waiting):
            self.assertRegex(str(error), "engine")
        self.assertEqual(len(after), 1, "the callbacks of this event, and of no other")
        await until(lambda: watched() == at_first, "nothing is watched any more")

    async def test_destroying_on_another_thread_wakes_what_waits(self):
        at_first, bob = watched(), await self.join("bob")
        waiting = asyncio.ensure_future(self.hanging(bob))
        with patch.object(_channel_events, "_BEAT", BOUND):  # it looks by itself too late
            await asyncio.sleep(0.3)
            self.assertFalse(waiting.done())
            began = time.monotonic()
            threading.Thread(target=self.engine.destroy).start()
            with self.assertRaisesRegex(StoaError, "engine"):
                await waiting
        self.assertLess(time.monotonic() - began, 3)
        await until(lambda: watched() == at_first, "nothing is watched any more")

    async def hanging(self, channel):
        """Waits for what never comes, as long as the channel lives."""
        await channel._until(lambda: channel._state() == STATE_FAILED)

    async def test_destroying_is_quick_with_live_channels_and_sound(self):
        users = [await self.join(uid, subscribe_all=True) for uid in range(1, 9)]
        for user in users:
            await user.push_audio_frame(tone(1))
        users[0].on(FRAME_EVENT, lambda *arguments: None)
        began = time.monotonic()
        self.engine.destroy()
        self.assertLess(time.monotonic() - began, 2)

    async def test_the_log_comes_as_log_records(self):
        with self.assertRaisesRegex(ValueError, "level"):
            log.to_logging(3)
        with self.assertLogs("stoa", logging.DEBUG) as logged:
            log.to_logging(logging.INFO)
            await self.join("ada")
            await until(lambda: len(logged.records) > 0, "a line")
            log._stop()


class Processes(unittest.TestCase):
    def forgets(self, run):
        program = textwrap.dedent(FORGETFUL).format(run=run)
        began = time.monotonic()
        ended = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, timeout=BOUND)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "done\n", ""))
        self.assertLess(time.monotonic() - began, 10)

    def test_a_program_that_destroys_nothing_ends(self):
        self.forgets("asyncio.run(main())")

    def test_a_program_whose_loop_is_open_and_idle_ends(self):
        self.forgets("loop = asyncio.new_event_loop(); loop.run_until_complete(main())")

    def test_a_program_with_more_loops_than_one_goes_on(self):
        told = []

        async def connect():
            channel.on("connection_state_changed", lambda _channel, info, _reason: told.append(info.state))
            await channel.connect(BOUND)

        async def leave():
            await channel.disconnect(BOUND)
            await channel.connect(BOUND)
            await channel.disconnect(BOUND)

        with RtcEngine("python") as engine:
            channel = engine.create_channel(RtcOptions(channel_name="agora", uid=1))  # where no loop runs
            asyncio.run(connect())
            asyncio.run(leave())
        self.assertEqual(told[:2], [2, 3])

    def test_a_channel_leaves_also_when_its_loop_is_idle_or_closed(self):
        left = Log()

        async def join(uid):
            channel = engine.create_channel(RtcOptions(channel_name="agora", uid=uid, subscribe_all=True))
            channel.on(FRAME_EVENT, print)
            await channel.connect(BOUND)
            return channel

        with RtcEngine("python") as engine, closing(asyncio.new_event_loop()) as bobs:
            bob = bobs.run_until_complete(join("bob"))
            bob.on("user_left", left)
            for uid, closes_first in (("ada", True), ("cat", False)):
                loop = asyncio.new_event_loop()
                user = loop.run_until_complete(join(uid))
                if closes_first:
                    loop.close()
                del user
                gc.collect()
                bobs.run_until_complete(until(lambda: left and left[-1][1] == uid, f"{uid} left"))
                loop.close()

    def test_a_channel_that_moves_to_another_loop_leaves_the_first(self):
        async def make():
            channel = engine.create_channel(RtcOptions(channel_name="agora", uid=1))
            self.assertIn(channel._watched.descriptor, watched())
            return channel

        async def watches(channel):
            return channel._watched.descriptor in watched()

        async def connect(channel):
            await channel.connect(BOUND)
            return await watches(channel)

        with RtcEngine("python") as engine, closing(asyncio.new_event_loop()) as first, closing(asyncio.new_event_loop()) as second:
            channel = first.run_until_complete(make())
            self.assertTrue(second.run_until_complete(connect(channel)))
            self.assertFalse(first.run_until_complete(watches(channel)))
            second.run_until_complete(channel.disconnect(BOUND))

    def test_callbacks_may_be_changed_while_the_loop_is_idle(self):
        got = Log()

        async def meet():
            users = [engine.create_channel(RtcOptions(channel_name="agora", uid=uid, subscribe_all=True)) for uid in (1, 2)]
            for user in users:
                await user.connect(BOUND)
            users[1].on(FRAME_EVENT, got)
            await speak(users[0])
            return users

        async def speak(user):
            await user.push_audio_frame(tone(0.2))
            await until(lambda: got, "it is heard")

        with RtcEngine("python") as engine, closing(asyncio.new_event_loop()) as loop:
            ada, bob = loop.run_until_complete(meet())
            bob.off(FRAME_EVENT, got)
            bob.on(FRAME_EVENT, got)
            got.clear()
            loop.run_until_complete(speak(ada))

    def test_the_program_of_the_readme_runs(self):
        readme = Path(__file__).resolve().parents[3] / "bindings/python/README.md"
        program = re.search(r"```python\n(.*?)```", readme.read_text(), re.S)[1]
        ended = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, timeout=BOUND)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("user 1 writes: Do you hear me?", ended.stdout)
        self.assertIn(" decoded\n", ended.stdout)

    def test_without_the_library_the_import_says_what_to_do(self):
        environment = {"STOA_LIB": "/nowhere/libstoa.so", "PYTHONPATH": ":".join(filter(None, sys.path))}
        program = [sys.executable, "-B", "-c", "import stoa.rtc"]
        ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=BOUND)
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr.splitlines()[-1], "ImportError: .*make install.*STOA_LIB")
