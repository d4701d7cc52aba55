"""Packets of data; and to whom they and messages go."""

import asyncio
from unittest.mock import patch

from rtc_room import BOUND, Log, RoomTest, until, within
from stoa import _header, status
from stoa._library import lib
from stoa.rtc import StoaError


class Data(RoomTest):
    async def asyncSetUp(self):
        self.ada, self.bob, self.got = await self.join("ada"), await self.join(2), Log()
        self.bob.on("data_received", self.got)
        await until(lambda: 2 in self.ada.remote_users, "Bob is there")

    async def test_data_comes_as_it_was_sent_with_sender_and_topic_in_order(self):
        sent = [(b"\0bytes\0", "cursor"), (bytearray(b"more"), ""), ("Grüße 😀", "text"), (b"", "nothing"), (bytes(60_000), "")]
        for data, topic in sent:
            await self.ada.send_data(data, topic)
        await until(lambda: len(self.got) == len(sent), "all of it")
        expected = [(data.encode() if isinstance(data, str) else bytes(data), topic) for data, topic in sent]
        self.assertEqual([(event.data, event.topic) for (event,) in self.got], expected)
        self.assertEqual({(event.user, event.reliable) for (event,) in self.got}, {("ada", True)})

    async def test_data_may_be_lossy(self):
        async def send():
            while not self.got:
                await self.ada.send_data(b"x", lossy=True)
                await asyncio.sleep(0.01)

        await within(send())
        self.assertFalse(self.got[0][0].reliable)

    async def test_only_those_who_are_named_get_data(self):
        cat, others = await self.join("cat"), Log()
        cat.on("data_received", others)
        await until(lambda: len(self.ada.remote_users) == 2, "both are there")
        await self.ada.send_data("for Bob", to=[2])
        await self.ada.send_data("for both", to=(user for user in ("2", "cat")))
        await self.ada.send_data("for all")
        await until(lambda: len(self.got) == 3 and len(others) == 2, "all of it")
        self.assertEqual([event.data for (event,) in others], [b"for both", b"for all"])

    async def test_only_those_who_are_named_get_a_message_and_it_has_its_topic(self):
        cat, messages, events = await self.join("cat"), Log(), []
        cat.on("stream_message", messages)
        await until(lambda: len(self.ada.remote_users) == 2, "both are there")
        with patch.object(self.bob, "_note", events.append):
            for format in ("json", "text"):
                await self.ada.send_stream_message("for Bob", "", format=format, topic="lk.chat", to=[2])
            await self.ada.send_stream_message("for all", "last")
            await until(lambda: len(events) == 3 and messages, "all of them")
        self.assertEqual([(event.data, event.topic) for event in events[1:]], [(b"for Bob", "lk.chat"), (b"for all", "")])
        self.assertEqual([text for _, _, _, text, _ in messages], ["for all"])

    async def test_who_waits_for_room_is_served_in_order_and_may_give_up(self):
        full = [True]
        send = lib.stoa_channel_send_data
        with patch.object(lib, "stoa_channel_send_data", lambda *given: _header.QUEUE_FULL if full else send(*given)):
            waiting = [asyncio.ensure_future(self.ada.send_data(data)) for data in ("1", "2", "3")]
            await until(lambda: self.ada._waiting, "the first waits")
            waiting[0].cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting[0]
            full.clear()
            waiting.append(asyncio.ensure_future(self.ada.send_data("4")))  # there is room now, and it is not its turn
            await within(asyncio.gather(*waiting[1:]))
        await until(lambda: len(self.got) == 3, "what was not given up")
        self.assertEqual([event.data for (event,) in self.got], [b"2", b"3", b"4"])
        self.assertEqual(self.ada._waiting, set())

    async def test_what_cannot_be_sent_says_why(self):
        for wrong, error, why in (
            (dict(data=5), TypeError, ""),
            (dict(data="x", topic="a\0b"), ValueError, "zero byte"),
            (dict(data="x", to="bob"), TypeError, "a list of users"),
            (dict(data="x", to=[]), ValueError, "everybody"),
            (dict(data=bytes(60_001)), StoaError, "60"),
        ):
            with self.subTest(**{name: str(value)[:20] for name, value in wrong.items()}), self.assertRaisesRegex(error, why):
                await self.ada.send_data(**wrong)
        with self.assertRaises(StoaError) as caught:
            await self.channel(3).send_data("x")
        self.assertEqual(caught.exception.status, status.ERROR_BAD_STATE)
