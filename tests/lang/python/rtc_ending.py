"""Objects that nobody holds, loops that are closed, processes that end, and the log."""

import asyncio
import gc
import logging
import re
import subprocess
import sys
import textwrap
import time
import unittest
import weakref
from pathlib import Path

from rtc_room import BOUND, FRAME_EVENT, RoomTest, tone, until
from stoa import log
from stoa.rtc import RtcEngine, RtcOptions

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
