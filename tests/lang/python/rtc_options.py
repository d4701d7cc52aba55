"""Options of channels and engines."""

import asyncio

from rtc_room import BOUND, RATE, Log, RoomTest, tone, until, within
from stoa import _header, status
from stoa._options import channel_options
from stoa.rtc import RtcEngine, RtcOptions, StoaError


class Options(RoomTest):
    def test_each_option_of_the_header_has_its_name_and_default_here(self):
        elsewhere = {"size", "name", "user", "uid", "token", "reserved"}
        others = {"send_policy": ("drop_newest", 2), "receive_policy": ("drop_oldest", 1)}
        default = channel_options(RtcOptions())
        for option in {name for name, _ in _header.ChannelOptions._fields_} - elsewhere:
            with self.subTest(option=option):
                given, expected = others.get(option, (1, 1))
                self.assertEqual(getattr(channel_options(RtcOptions(**{option: given})), option), expected)
                # What is given for the library's default is what the original has, or 0.
                self.assertEqual(getattr(default, option), {"sample_rate": 24000, "channels": 1}.get(option, 0))

    async def test_an_option_that_there_is_not_is_named(self):
        with self.assertRaisesRegex(TypeError, "send_queue_s"):
            RtcOptions(send_queue_s=1)
        with self.assertRaisesRegex(TypeError, "thread"):
            RtcEngine("python", thread=1)

    async def test_an_option_out_of_its_range_is_refused_by_name(self):
        for option in ("send_queue_ms", "receive_queue_ms", "bitrate", "reconnect_timeout_ms"):
            with self.subTest(option=option), self.assertRaisesRegex(StoaError, option):
                self.channel(1, **{option: 1})
        for option in ("send_policy", "receive_policy"):
            with self.subTest(option=option), self.assertRaisesRegex(ValueError, f"{option} is one of default, drop_oldest"):
                self.channel(1, **{option: "drop"})
        with self.assertRaisesRegex(StoaError, "threads"):
            RtcEngine("python", threads=65)

    async def test_an_engine_has_the_threads_that_are_asked_for(self):
        with RtcEngine("python", threads=3) as engine:
            self.assertEqual(engine.stats().threads, 3)

    async def test_who_only_listens_has_no_microphone(self):
        ada, bob = await self.join("ada", listen_only=True), await self.join("bob")
        await until(lambda: "ada" in bob.remote_users, "Ada is there")
        with self.assertRaisesRegex(StoaError, "listen_only") as caught:
            await ada.push_audio_frame(tone(0.1))
        self.assertEqual(caught.exception.status, status.ERROR_BAD_STATE)
        self.assertEqual(bob.user_info("ada")["tracks"], [])

    async def test_a_connection_that_is_not_to_be_made_again_is_not(self):
        ada = await self.join("ada", no_reconnect=True)
        with self.assertRaisesRegex(StoaError, "no_reconnect"):
            ada.reconnect()

    async def test_a_full_queue_drops_as_its_policy_says(self):
        for policy in ("drop_oldest", "drop_newest"):
            ada = self.channel("ada", send_queue_ms=100, send_policy=policy)
            await within(ada.push_audio_frame(tone(1)))  # nothing leaves before it is connected
            self.assertEqual(getattr(ada.stats(), f"samples_dropped_{policy[5:]}"), RATE * 9 // 10)

    async def test_a_stream_holds_as_much_as_it_is_told(self):
        _ada = await self.join("ada")
        capacities = []
        for uid, options in ((1, {}), (2, {"receive_queue_ms": 4000})):
            listener = await self.join(uid, **options)
            await until(lambda: "ada" in listener.remote_users, "Ada is there")
            capacities.append(listener.get_audio_frames("ada").stats().frames_capacity)
        self.assertEqual(capacities[1], 2 * capacities[0])

    async def test_a_short_queue_is_filled_in_time(self):
        ada, bob, played = await self.join("ada", send_queue_ms=20), await self.join("bob"), Log()
        bob.on("played", played)
        await bob.push_audio_frame(tone(1.3))
        bob.mark(1)
        pushing = asyncio.ensure_future(ada.push_audio_frame(tone(0.8)))
        await until(lambda: played or pushing.done(), "one of them is through")
        self.assertEqual(played, [], "who looks too seldom takes twice as long as the sound")
        await within(pushing)
