"""Calls between users."""

import asyncio
import time

from rtc_room import BOUND, Log, RoomTest, until, within
from stoa import status
from stoa.rtc import NotFoundError, RpcError, StoaError


class Calls(RoomTest):
    async def asyncSetUp(self):
        self.ada, self.bob = await self.join("ada"), await self.join(7)
        await until(lambda: 7 in self.ada.remote_users, "Bob is there")

    async def fails(self, code, method, *arguments):
        with self.assertRaises(RpcError) as caught:
            await self.ada.call(7, method, *arguments)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    async def test_a_method_plain_or_async_gets_the_call_and_its_caller_the_answer(self):
        calls = Log()

        def plain(call):
            calls.append(call)
            return call.payload.upper()

        async def later(call):
            await asyncio.sleep(0)
            return plain(call)

        for method, callback in (("shout", plain), ("shout", later), ("late", later)):
            self.bob.register(method, callback)
            for text in ("", "grüße 😀", "x" * 15_360):
                self.assertEqual(await self.ada.call(7, method, text, timeout=17), text.upper())
                self.assertEqual((calls[-1].user, calls[-1].method, calls[-1].payload), ("ada", method, text))
                self.assertEqual(calls[-1].timeout, 10, "7 seconds less")
        self.assertEqual(len({call.id for call in calls}), len(calls))

    async def test_a_method_that_returns_nothing_answers_with_nothing(self):
        self.bob.register("nothing", lambda call: None)
        self.assertEqual(await self.ada.call(7, "nothing", "x"), "")

    async def test_an_error_of_the_method_arrives_with_code_and_text(self):
        def fail(call):
            raise RpcError(int(call.payload), "no: the error 5: " + "ß" * 200)

        self.bob.register("fail", fail)
        for code in (5, (1 << 32) - 1):
            error = await self.fails(code, "fail", str(code))
            self.assertEqual(error.text, "no: the error 5: " + "ß" * 119, "256 bytes of it")
            self.assertIn("'7' answered", str(error))
            self.assertEqual(error.status, status.ERROR_REFUSED)
        for wrong in (0, -1, 1 << 32):
            with self.assertRaisesRegex(ValueError, "code"):
                RpcError(wrong)

    async def test_what_else_a_method_raises_is_logged_and_not_told(self):
        async def raises(_call):
            raise KeyError("a secret")

        for callback in (raises, lambda call: 5, lambda call: "\0"):
            self.bob.register("fail", callback)
            with self.assertLogs("stoa.rtc", "ERROR"):
                error = await self.fails(status.RPC_APPLICATION_ERROR, "fail")
            self.assertEqual(error.text, "the method failed")

    async def test_an_answer_that_is_too_long_is_an_error_of_the_call(self):
        self.bob.register("long", lambda call: "ß" * 7_681)
        await self.fails(status.RPC_RESPONSE_PAYLOAD_TOO_LARGE, "long")

    async def test_only_what_is_registered_can_be_called(self):
        await self.fails(status.RPC_UNSUPPORTED_METHOD, "shout")
        self.bob.register("shout", lambda call: "!")
        await self.ada.call(7, "shout")
        self.bob.unregister("shout")
        await self.fails(status.RPC_UNSUPPORTED_METHOD, "shout")
        with self.assertRaises(KeyError):
            self.bob.unregister("shout")
        with self.assertRaisesRegex(TypeError, "'shout'"):
            self.bob.register("shout", None)

    async def test_a_call_that_came_before_unregistering_is_answered_too(self):
        def first(_call):
            end = time.monotonic() + BOUND
            while self.bob.stats().rpc_calls_taken < 2:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.005)
            self.bob.unregister("shout")

        self.bob.register("first", first)
        self.bob.register("shout", lambda call: "!")
        await within(asyncio.gather(self.ada.call(7, "first"), self.fails(status.RPC_UNSUPPORTED_METHOD, "shout")))

    async def test_what_cannot_be_called_says_so_at_once(self):
        with self.assertRaises(NotFoundError):
            await self.ada.call("nobody", "shout")
        with self.assertRaisesRegex(StoaError, "connect"):
            await self.channel("cat").call(7, "shout")
        for wrong in (("", "x"), ("x" * 65, "x"), ("shout", "x" * 15_361), ("shout", "x", 601.0), ("shout", "x", 1e12)):
            with self.subTest(wrong=wrong[0]), self.assertRaises(StoaError) as caught:
                await self.ada.call(7, *wrong)
            self.assertLess(caught.exception.status, 0)

    async def test_a_call_ends_in_its_time_and_so_does_the_method(self):
        begun, ended = Log(), Log()

        async def hang(call):
            begun.append(call)
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(call)

        self.bob.register("hang", hang)
        with self.assertLogs("stoa.rtc", "ERROR"):
            error = await self.fails(status.RPC_RESPONSE_TIMEOUT, "hang", "", 0.05)
            self.assertEqual(error.status, status.TIMED_OUT)
            await until(lambda: ended, "the method is cancelled")
        self.assertEqual(begun, ended)

    async def test_a_call_that_is_cancelled_leaves_nothing(self):
        self.bob.register("hang", self.hang)
        calling = asyncio.ensure_future(self.ada.call(7, "hang"))
        await until(lambda: self.bob._answering, "it is called")
        calling.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await calling
        self.assertEqual(self.ada._waiting, set())

    async def test_a_call_ends_when_the_other_leaves_or_the_engine_goes(self):
        self.bob.register("hang", self.hang)
        calling = asyncio.ensure_future(self.fails(status.RPC_RECIPIENT_DISCONNECTED, "hang"))
        await until(lambda: self.bob._answering, "it is called")
        await self.bob.disconnect(BOUND)
        await within(calling)
        await self.bob.connect(BOUND)
        await until(lambda: 7 in self.ada.remote_users, "Bob is there again")
        self.bob.register("end", lambda call: self.engine.destroy())
        with self.assertRaisesRegex(StoaError, "engine"):
            await within(self.ada.call(7, "end"))

    async def test_more_calls_at_once_than_may_wait_are_all_answered(self):
        users = [await self.join(uid) for uid in range(10, 15)]  # since each takes 64 of one user
        for user in users:
            await until(lambda: user.uid in self.ada.remote_users, "they are there")
            user.register("whose", lambda call, user=user: f"{user.uid} {call.payload}")
        calls = [(user.uid, str(number)) for number in range(60) for user in users]
        answers = await within(asyncio.gather(*(self.ada.call(uid, "whose", text, BOUND) for uid, text in calls)))
        self.assertEqual(answers, [f"{uid} {text}" for uid, text in calls])

    async def hang(self, _call):
        await asyncio.Event().wait()
