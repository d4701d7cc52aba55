"""Messages: whole, in order, from the right sender."""

import asyncio
import json
import socket

from rtc_room import BOUND, Log, RoomTest, until, within
from stoa.rtc import Chat, ChatMessage, RtcEngine, StoaError

EMOJI = 'Grüße 😀🎧 "x" | \\ \0 '

# More than the send queue takes (1024), and so much text that a hearer who is slow keeps up.
TEXTS = [f"{number:500}" for number in range(1030)]


class Messages(RoomTest):
    async def test_a_long_text_comes_whole_in_every_format(self):
        ada, bob, got = await self.join("ada"), await self.join(2), Log()
        bob.on("stream_message", got)
        text = EMOJI * (100_000 // len(EMOJI.encode()))
        for format, data in (("json", text), ("base64", text), ("text", text), ("bytes", text.encode()), ("json", "")):
            with self.subTest(format=format):
                got.clear()
                ticket = await ada.send_stream_message(data, f"id-{format}", format=format)
                await ada.wait_sent(ticket, BOUND)
                await until(lambda: got, "the message")
                length = len(data.encode() if isinstance(data, str) else data)
                self.assertEqual(got, [(bob, "ada", f"id-{format}", data, length)])
        with self.assertRaisesRegex(ValueError, "json, base64, text, bytes"):
            await ada.send_stream_message("x", "1", format="xml")
        with self.assertRaises(TypeError):
            await ada.send_stream_message(5, "1")

    async def test_two_senders_may_use_one_id(self):
        ada, bob, cat, got = await self.join("ada"), await self.join("bob"), await self.join("cat"), Log()
        cat.on("stream_message", got)
        texts = {"ada": "a" * 50_000, "bob": "b" * 50_000}
        await asyncio.gather(*(user.send_stream_message(texts[user.uid], "one id") for user in (ada, bob)))
        await until(lambda: len(got) == 2, "both messages")
        self.assertEqual({user: data for _, user, _, data, _ in got}, texts)
        self.assertEqual({msg_id for _, _, msg_id, _, _ in got}, {"one id"})

    async def test_chat_keeps_the_order_and_waits_for_room_and_for_the_connection(self):
        ada, bob, got = self.channel("ada"), await self.join("bob"), Log()
        bob.on("stream_message", got)
        chat = Chat(ada)

        async def send():
            for number, text in enumerate(TEXTS):
                await chat.send_message(ChatMessage(text, f"m{number}"))

        sending = asyncio.ensure_future(send())
        await ada.connect(BOUND)
        await within(sending)
        await chat.join(BOUND)
        await until(lambda: len(got) == len(TEXTS), "all messages")
        self.assertEqual([data for _, _, _, data, _ in got], TEXTS)

    async def test_who_waits_for_room_is_served_in_order(self):
        ada, bob, got = self.channel("ada"), await self.join("bob"), Log()
        bob.on("stream_message", got)
        sending = [asyncio.ensure_future(ada.chat.send_message(ChatMessage(text, ""))) for text in TEXTS]
        await until(lambda: sending[1000].done(), "the queue is filled")
        self.assertFalse(sending[-1].done(), "it is full")
        await ada.connect(BOUND)
        await within(sending[-1])
        self.assertTrue(all(message.done() for message in sending))
        await until(lambda: len(got) == len(TEXTS), "all messages")
        self.assertEqual([data for _, _, _, data, _ in got], TEXTS)

    async def test_a_message_that_could_not_leave_says_so(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with RtcEngine("key", "secret", url=f"ws://127.0.0.1:{unused.getsockname()[1]}") as engine:
                ada = self.channel("ada", engine)
                ticket = await ada.chat.send_message(ChatMessage("x", "1"))
                with self.assertRaisesRegex(StoaError, "has not left within 0.05 s"):
                    await ada.wait_sent(ticket, 0.05)
                with self.assertRaises(StoaError):
                    await ada.connect(BOUND)
                for wait in (ada.wait_sent(ticket), ada.chat.join()):
                    with self.assertRaisesRegex(StoaError, "connect"):
                        await within(wait)
        with self.assertRaises(StoaError):
            await self.channel(3).wait_sent(99)

    async def test_a_chunk_that_cannot_be_is_told_and_other_data_passes_as_it_is(self):
        ada, bob = await self.join("ada"), await self.join("bob")
        wrong, data = Log(), Log()
        bob.on("stream_message_error", wrong)
        bob.on("data_received", data)
        chunk = json.dumps({"msg_id": "m", "part_idx": 5, "total_parts": 2, "content": "x"}).encode()
        for packet in (chunk, b"no chunk"):
            await ada.send_data(packet)
        await until(lambda: data, "the data")
        self.assertEqual((data[0][0].user, data[0][0].data), ("ada", b"no chunk"))
        ((channel, user, msg_id, code, text),) = wrong
        self.assertEqual((channel, user, msg_id), (bob, "ada", "m"))
        self.assertLess(code, 0)
        self.assertTrue(text)

    async def test_an_id_that_the_format_cannot_carry_is_refused(self):
        ada = self.channel("ada")
        for msg_id, format in (("a|b", "base64"), ("x" * 33, "base64"), ("x" * 257, "json")):
            with self.subTest(msg_id=msg_id), self.assertRaisesRegex(StoaError, "id"):
                await ada.send_stream_message("x", msg_id, format=format)
        with self.assertRaisesRegex(ValueError, "zero byte"):
            await ada.send_stream_message("x", "a\0b")
        with self.assertRaises(StoaError):
            await ada.send_stream_message("x", "1", format="text", lossy=True)
        self.assertGreaterEqual(await ada.send_stream_message("x", "1", lossy=True), 1)
