"""Engines, options, tokens, joining and leaving."""

import asyncio
import socket
import time
from unittest.mock import patch

from rtc_room import BOUND, Log, RoomTest, until, within
from stoa import _header
from stoa._library import lib, must
from stoa.rtc import RealtimekitTokenBuilder, RtcEngine, RtcOptions, StoaError

APP_ID, CERTIFICATE = "0123456789abcdef" * 2, "fedcba9876543210" * 2


class Connecting(RoomTest):
    async def test_without_an_app_id_there_is_no_engine(self):
        with self.assertRaisesRegex(StoaError, "app_id"):
            RtcEngine("", "")

    async def test_the_defaults_are_those_of_the_module_rtc(self):
        options = RtcOptions()
        self.assertEqual((options.channel_name, options.uid, options.sample_rate, options.channels), (None, 0, 24000, 1))

    async def test_an_option_out_of_its_range_is_refused_by_name(self):
        for wrong in ({"sample_rate": 12345}, {"channels": 3}, {"name": None}):
            with self.subTest(**wrong), self.assertRaisesRegex(StoaError, next(iter(wrong))):
                self.channel(**wrong)

    async def test_states_are_told_in_order_with_channel_info_and_reason(self):
        ada, told = self.channel(1), Log()
        ada.on("connection_state_changed", told)
        await ada.connect(BOUND)
        await ada.disconnect(BOUND)
        await until(lambda: len(told) == 3, "connecting, connected, disconnected")
        self.assertEqual([info.state for _, info, _ in told], [2, 3, 1])
        self.assertTrue(all(channel is ada and info.local_user_id == 1 for channel, info, _ in told))
        self.assertEqual(told[-1][2], "requested")

    async def test_users_are_numbers_where_they_are_and_names_otherwise(self):
        ada, joined, left = await self.join(1), Log(), Log()
        ada.on("user_joined", joined)
        ada.on("user_left", left)
        for uid in (7, "8", "bob", "007", 0):
            user = await self.join(uid)
            await until(lambda: joined and joined[-1] == (ada, user.uid), f"{uid} joined")
            self.assertEqual(list(ada.remote_users), [user.uid])
            self.assertEqual(list(user.remote_users), [1])
            await user.disconnect(BOUND)
            await until(lambda: left and left[-1][:2] == (ada, user.uid), f"{uid} left")
            self.assertEqual((ada.remote_users, user.remote_users), ({}, {}))
        self.assertEqual([user for _, user in joined][:4], [7, 8, "bob", "007"])
        self.assertIsInstance(joined[-1][1], int, "who has no uid gets a number")
        self.assertGreater(joined[-1][1], 0)

    async def test_a_number_of_more_than_32_bits_is_no_user(self):
        for wrong, error in ((-1, ValueError), (1 << 32, ValueError), (1.5, TypeError), (True, TypeError)):
            with self.subTest(uid=wrong), self.assertRaises(error):
                self.channel(wrong)

    async def test_disconnect_before_connect_and_twice_returns(self):
        ada = self.channel(1)
        await within(ada.disconnect())
        await ada.connect(BOUND)
        await within(ada.disconnect())
        await within(ada.disconnect())

    async def test_a_channel_connects_again_and_not_twice_at_once(self):
        ada = await self.join(1)
        with self.assertRaisesRegex(StoaError, "connect"):
            await ada.connect()
        await ada.disconnect(BOUND)
        await ada.connect(BOUND)

    async def test_a_connect_that_fails_says_channel_and_reason(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with RtcEngine("key", "secret", url=f"ws://127.0.0.1:{unused.getsockname()[1]}") as engine:
                with self.assertRaisesRegex(StoaError, "'agora' was not joined: .*refused") as caught:
                    await self.channel(1, engine).connect(BOUND)
        self.assertLess(caught.exception.status, 0)

    async def test_a_connect_that_takes_too_long_or_is_cancelled_can_be_tried_again(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
            with RtcEngine("key", "secret", url=f"ws://127.0.0.1:{silent.getsockname()[1]}") as engine:
                ada = self.channel(1, engine)
                with self.assertRaisesRegex(StoaError, "'agora' was not joined within 0.05 s") as caught:
                    await ada.connect(0.05)
                self.assertEqual(caught.exception.status, _header.TIMED_OUT)
                await until(lambda: ada._state() == _header.STATE_DISCONNECTED, "it is given up")
                connecting = asyncio.ensure_future(ada.connect(BOUND))
                await asyncio.sleep(0)
                connecting.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await connecting
                await until(lambda: ada._state() == _header.STATE_DISCONNECTED, "it is given up")
                connecting = asyncio.ensure_future(ada.connect(BOUND))
                await asyncio.sleep(0)
                began = time.monotonic()
                engine.destroy()
                with self.assertRaises(StoaError):
                    await within(connecting)
                self.assertLess(time.monotonic() - began, 3)

    async def test_what_is_untold_of_a_connection_before_is_not_taken_for_this_one(self):
        for uid, wait in enumerate((0, BOUND * 1000), 1):
            with self.subTest(wait=wait):
                ada, told = self.channel(uid), Log()
                ada.on("connection_state_changed", told)
                must(lib.stoa_channel_connect(ada.handle, wait))  # the loop is blocked, and sees none of it
                must(lib.stoa_channel_disconnect(ada.handle, BOUND * 1000))
                await ada.connect(BOUND)
                self.assertEqual(ada._state(), _header.STATE_CONNECTED)
                self.assertEqual([info.state for _, info, _ in told].count(_header.STATE_DISCONNECTED), 1, "it was told all the same")

    async def test_the_end_of_a_connection_before_that_comes_late_is_not_taken_for_this_one(self):
        ada = await self.join(1)
        must(lib.stoa_channel_disconnect(ada.handle, BOUND * 1000))  # which is not told yet
        connect, loop = lib.stoa_channel_connect, asyncio.get_running_loop()

        def later(*given):
            loop.call_later(0.05, connect, *given)
            return _header.OK

        with patch.object(lib, "stoa_channel_connect", later):  # a library that begins late
            with patch.object(lib, "stoa_time_us", lambda: 0):  # as if the end had been after the next connect was asked for
                await ada.connect(BOUND)

    async def test_a_connect_right_after_one_that_was_cancelled_joins(self):
        _bob = await self.join("bob")
        for uid, states in enumerate(((_header.STATE_CONNECTING, _header.STATE_CONNECTED), (_header.STATE_CONNECTED,)), 1):
            with self.subTest(states=states):
                ada = self.channel(uid)
                connecting = asyncio.ensure_future(ada.connect(BOUND))
                await asyncio.sleep(0)
                end = time.monotonic() + BOUND
                while ada._state() not in states:  # the loop is blocked
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.001)
                connecting.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await connecting
                await ada.connect(BOUND)
                self.assertEqual((ada._state(), list(ada.remote_users)), (_header.STATE_CONNECTED, ["bob"]))
                await ada.disconnect(BOUND)

    async def test_leaving_what_was_left_unfinished_counts_in_the_timeout_of_the_next_connect(self):
        ada = await self.join(1)
        with patch.object(lib, "stoa_channel_disconnect", lambda *_arguments: _header.OK):  # which does not come to its end
            for leave in (lambda: ada.disconnect(0.05), lambda: ada.connect(0.05)):
                with self.assertRaisesRegex(StoaError, "within 0.05 s"):
                    await within(leave())
        timeouts, until_ready = [], ada._until

        async def noted(ready, timeout, failed):
            timeouts.append(timeout)
            await until_ready(ready, timeout, failed)

        must(lib.stoa_channel_disconnect(ada.handle, BOUND * 1000))
        with patch.object(ada, "_until", noted):
            await ada.connect(BOUND)
        self.assertEqual((len(timeouts), max(timeouts)), (2, BOUND))
        self.assertLess(timeouts[1], BOUND)

    async def test_another_process_joins_by_the_url(self):
        ada = await self.join(1, engine=self.listening(), name="hall")
        with RtcEngine(APP_ID, CERTIFICATE, url=ada.rtc.url) as elsewhere:
            bob = await self.join("bob", engine=elsewhere, name="hall")
            await until(lambda: "bob" in ada.remote_users, "bob joined by the url")
            self.assertEqual(list(bob.remote_users), [1])

    async def test_a_token_of_the_caller_is_used_and_one_that_is_wrong_refused(self):
        options = RtcOptions(channel_name="hall", uid=7)
        token = options.build_token(APP_ID, CERTIFICATE)
        self.assertEqual(token[:3], "007")
        with RtcEngine(APP_ID, url=self.listening().url) as elsewhere:
            seven = await self.join(7, engine=elsewhere, name="hall", token=token)
            self.assertEqual((seven.uid, seven.token), (7, token))
            forged = options.build_token(APP_ID, APP_ID)
            with self.assertRaisesRegex(StoaError, "'hall' was not joined: .*token") as caught:
                await self.join(7, engine=elsewhere, name="hall", token=forged)
            self.assertEqual(caught.exception.status, _header.ERROR_BAD_TOKEN)
            with self.assertRaisesRegex(StoaError, "another|room|hall"):
                self.channel(7, elsewhere, name="cellar", token=token)
            with self.assertRaisesRegex(StoaError, "token"):
                self.channel(7, elsewhere, name="hall")

    async def test_tokens_are_built_for_both_families_and_not_without_a_certificate(self):
        build = RealtimekitTokenBuilder.build_token
        self.assertEqual(build(APP_ID, "", "hall", 7), "")
        self.assertEqual(RtcOptions(channel_name="hall").build_token(APP_ID, ""), "")
        self.assertEqual(build(APP_ID, CERTIFICATE, "hall", 0)[:3], "007")
        self.assertEqual(RtcOptions(channel_name="hall", uid=7).build_token("key", "secret").count("."), 2)
        with self.assertRaisesRegex(StoaError, "certificate"):
            build(APP_ID, "secret", "hall", 7)

    async def test_several_engines_and_destroying_one_twice(self):
        with RtcEngine("other") as other:
            ada, bob = await self.join(1), await self.join(2, engine=other)
            self.assertEqual((ada.remote_users, bob.remote_users), ({}, {}))
            began = time.monotonic()
            other.destroy()
            other.destroy()
            self.assertLess(time.monotonic() - began, 3)
            with self.assertRaises(StoaError):
                await bob.connect()
            await within(bob.disconnect())
            with self.assertRaisesRegex(StoaError, "freed"):
                self.channel(3, other)
        await ada.disconnect(BOUND)

    def listening(self):
        """An engine whose room server others may join, since they know its certificate."""
        engine = RtcEngine(APP_ID, CERTIFICATE)
        self.addCleanup(engine.destroy)
        return engine
