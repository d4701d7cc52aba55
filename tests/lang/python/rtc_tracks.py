"""Streams of a track, and of everybody mixed."""

import asyncio
import gc

from rtc_room import BOUND, Log, RoomTest, frames_of, hertz_of, rest_of, tone, until, within
from stoa.rtc import NotFoundError, StoaError

TRACK = "microphone"


def pcm_of(frames):
    return b"".join(frame.data for frame in frames)


class Tracks(RoomTest):
    async def asyncSetUp(self):
        self.ada, self.bob = await self.join("ada"), await self.join("bob")
        await until(lambda: "ada" in self.bob.remote_users and self.bob.user_info("ada")["tracks"], "Ada's track is known")

    async def test_a_track_is_heard_by_its_name_or_id_without_subscribing_to_its_user(self):
        states = Log()
        self.bob.on("audio_subscribe_state_changed", states)
        for track in (TRACK, self.bob.user_info("ada")["tracks"][0]["id"]):
            with self.subTest(track=track):
                heard = self.bob.get_track_frames("ada", track)
                await self.ada.push_audio_frame(tone(1))
                self.assertAlmostEqual(hertz_of(pcm_of((await within(frames_of(heard, 20)))[5:])), 440, delta=10)
                await self.ada.clear_sender_audio_buffer()
        self.assertEqual(states, [])

    async def test_an_unknown_track_or_user_is_an_error_that_says_what_there_is(self):
        with self.assertRaisesRegex(NotFoundError, "no audio track 'music'; there is 'microphone'"):
            self.bob.get_track_frames("ada", "music")
        with self.assertRaisesRegex(NotFoundError, "cat"):
            self.bob.get_track_frames("cat", TRACK)
        for ask in (lambda: self.channel(3).get_track_frames("ada", TRACK), lambda: self.bob.get_track_frames("ada", "")):
            with self.assertRaises(StoaError):
                ask()

    async def test_a_track_is_subscribed_to_exactly_while_somebody_holds_its_stream(self):
        def subscriptions():
            return self.engine.server_stats().subscriptions

        held = self.bob.get_track_frames("ada", TRACK)
        self.assertIs(self.bob.get_track_frames("ada", TRACK), held)
        await until(lambda: subscriptions() == 1, "it is subscribed to")
        del held
        gc.collect()
        await until(lambda: subscriptions() == 0, "it is not any more")

    async def test_a_track_and_its_user_are_two_streams(self):
        voice, track = await self.hear(self.bob, "ada"), self.bob.get_track_frames("ada", TRACK)
        self.assertIsNot(voice, track)
        await self.ada.push_audio_frame(tone(0.6))
        await within(asyncio.gather(frames_of(voice, 5), frames_of(track, 5)))
        await self.bob.unsubscribe_audio("ada", BOUND)
        await within(rest_of(voice))
        await self.ada.push_audio_frame(tone(0.6, 880))
        await within(frames_of(track, 5))

    async def test_a_stream_that_overflows_or_ends_is_told_with_its_track(self):
        full, ended = Log(), Log()
        self.bob.on("stream_overflow", full)
        self.bob.on("stream_ended", ended)
        heard = self.bob.get_track_frames("ada", TRACK)
        await until(lambda: self.engine.server_stats().subscriptions == 1, "it is subscribed to")
        await self.ada.push_audio_frame(tone(3))
        await until(lambda: full, "it overflows")
        await self.ada.disconnect(BOUND)
        await until(lambda: ended, "it ends")
        self.assertEqual([(log[0][0].user, log[0][0].track) for log in (full, ended)], [("ada", TRACK)] * 2)
        await within(rest_of(heard))

    async def test_the_mix_is_of_all_who_are_subscribed_to_and_outlives_connections(self):
        mix = self.bob.get_mixed_audio_frames()
        self.assertIs(self.bob.get_mixed_audio_frames(), mix)
        cat = await self.join("cat")
        for speaker, hertz in ((self.ada, 440), (cat, 880)):
            await self.hear(self.bob, speaker.uid)
            await speaker.push_audio_frame(tone(3, hertz))
            frame = None
            while frame is None or abs(hertz_of(frame.data) - hertz) > 60:  # the first is not heard any more
                frame = await within(mix.__anext__())
            await speaker.clear_sender_audio_buffer()
        await self.bob.disconnect(BOUND)
        await self.bob.connect(BOUND)
        await self.hear(self.bob, "ada")
        await self.ada.push_audio_frame(tone(0.5))
        await within(frames_of(mix, 5))
