"""Callbacks by name: on, once, off."""

import asyncio
import time
from ctypes import c_uint64

from rtc_room import BOUND, Log, RoomTest, handles_of, until
from stoa import _header
from stoa._library import lib, must


class Listening(RoomTest):
    async def asyncSetUp(self):
        self.ada, self.bob = await self.join("ada"), await self.join("bob")

    async def say(self, *texts):
        """Ada says texts, and Bob's callbacks have run for all of them."""
        heard = Log()
        self.bob.on("stream_message", heard)
        for text in texts:
            await self.ada.send_stream_message(text, text)
        await until(lambda: len(heard) == len(texts), "Bob has the messages")
        self.bob.off("stream_message", heard)
        self.assertEqual([arguments[3] for arguments in heard], list(texts))

    async def test_on_gets_each_event_once_one_and_off_none(self):
        each, one, none = Log(), Log(), Log()
        self.bob.on("stream_message", each)
        self.bob.on("stream_message", each)
        self.bob.once("stream_message", one)
        self.bob.on("stream_message", none)
        self.bob.off("stream_message", none)
        self.bob.off("stream_message", none)
        await self.say("1", "2")
        self.bob.off("stream_message", each)
        await self.say("3")
        self.assertEqual(([m[3] for m in each], [m[3] for m in one], none), (["1", "2"], ["1"], []))

    async def test_off_in_an_earlier_callback_of_the_same_event_counts(self):
        never = Log()

        def first(*_arguments):
            self.bob.off("stream_message", never)

        self.bob.on("stream_message", first)
        self.bob.on("stream_message", never)
        await self.say("1")
        self.assertEqual(never, [])

    async def test_async_callbacks_run_also_once_and_not_after_off(self):
        each, one, never = Log(), Log(), Log()

        def keeping(log):
            async def callback(*arguments):
                log(*arguments)

            return callback

        late = keeping(never)

        def last(*_arguments):
            self.bob.off("stream_message", late)

        self.bob.on("stream_message", keeping(each))
        self.bob.once("stream_message", keeping(one))
        self.bob.on("stream_message", late)  # called, and taken off before its first step
        self.bob.on("stream_message", last)
        await self.say("1", "2", "3")
        await until(lambda: len(each) == 3, "all runs")
        self.assertEqual(([m[3] for m in one], never), (["1"], []))

    async def test_a_callback_that_raises_is_logged_and_harms_nobody(self):
        def raises(*_arguments):
            raise ValueError("on purpose")

        async def raises_later(*_arguments):
            raise ValueError("on purpose, later")

        heard = Log()
        for callback in (raises, raises_later, heard):
            self.bob.on("stream_message", callback)
        with self.assertLogs("stoa.rtc", "ERROR") as logged:
            await self.say("1", "2")
            await until(lambda: len(logged.records) == 4, "both are logged, each time")
        self.assertEqual(len(heard), 2)

    async def test_a_name_that_no_event_has_is_told(self):
        with self.assertLogs("stoa.rtc", "WARNING") as logged:
            self.bob.on("user_join", print)
        self.assertIn("user_joined", logged.output[0])

    async def test_what_has_no_arguments_of_its_own_comes_as_an_event(self):
        played = Log()
        self.ada.on("played", played)
        await self.ada.push_audio_frame(bytes(9600))
        self.ada.mark(42)
        ((event,),) = await until(lambda: played, "the mark was played")
        self.assertEqual((event.name, event.id, event.status), ("played", 42, _header.OK))

    async def test_while_the_loop_is_blocked_events_wait_in_the_library(self):
        count, heard, turns = 300, Log(), []
        loop = self.block()
        self.bob.on("stream_message", heard)
        self.send_blocked(count)
        self.assertEqual(heard, [])
        self.assertLessEqual(len(loop._ready), 2, "for each channel it knows at most that there is something")

        def turn():
            turns.append(len(heard))
            if len(heard) < count:
                loop.call_soon(turn)

        turn()
        await until(lambda: len(heard) == count, "all of them came then")
        self.assertEqual([message[3] for message in heard], [str(number) for number in range(count)])
        self.assertLessEqual(max(b - a for a, b in zip(turns, turns[1:])), 64, "others have their turns")

    async def test_more_events_than_may_wait_are_told_by_overflow(self):
        count, heard, full = 3000, Log(), Log()
        handles = handles_of(self.engine)
        loop = self.block()
        self.bob.on("stream_message", heard)
        self.bob.on("overflow", full)
        self.send_blocked(count)
        self.assertLessEqual(self.bob.stats().events_waiting, 1024)
        self.assertEqual(heard, [])
        self.assertLessEqual(len(loop._ready), 2, "for each channel it knows at most that there is something")
        await until(lambda: heard and heard[-1][3] == str(count - 1), "the newest is there")
        dropped = sum(event.id for (event,) in full)
        self.assertGreaterEqual(dropped, count - 1024)
        self.assertGreaterEqual(dropped + len(heard), count, "what is missing was counted")
        self.assertLessEqual(len(heard), 1024)
        numbers = [int(message[3]) for message in heard]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertLessEqual(handles_of(self.engine), handles, "each event is freed")

    def block(self):
        """The loop, in which nothing is awaited from here on."""
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = BOUND  # which unittest has told otherwise
        return loop

    def send_blocked(self, count):
        """Has Ada send the numbers up to count, and waits until they are at Bob's."""
        end = time.monotonic() + BOUND
        ticket = c_uint64()
        for number in range(count):
            text = str(number).encode()
            options = _header.MessageOptions(message_id=text, format=_header.FORMAT_JSON)
            while must(lib.stoa_channel_send_message(self.ada.handle, text, len(text), options, ticket)) == _header.QUEUE_FULL:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.005)
        while self.bob.stats().messages_received < count:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)
