"""Pushing sound, and being silent at once."""

import asyncio
import statistics
from array import array
from ctypes import c_float

from rtc_room import RATE, Log, RoomTest, frames_of, hertz_of, tone, until, within
from stoa.rtc import StoaError

QUEUE_SECONDS = 30


class Speaking(RoomTest):
    async def test_a_tone_is_heard_as_it_was_pushed_in_whatever_it_came(self):
        ada, bob = await self.join(1), await self.join(2)
        heard = await self.hear(bob, 1)
        pcm = tone(0.2)
        for frame in (pcm, bytearray(pcm), memoryview(pcm), array("h", pcm), b""):
            await ada.push_audio_frame(frame)
        for begin in range(0, len(pcm), 998):  # 499 samples: no whole frame
            await ada.push_audio_frame(pcm[begin : begin + 998])
        frames = await within(frames_of(heard, 25))
        self.assertAlmostEqual(hertz_of(b"".join(frame.data for frame in frames)), 440, delta=10)
        for frame in frames:
            self.assertEqual((frame.bytes_per_sample, frame.number_of_channels, frame.sample_rate), (2, 1, RATE))
            self.assertEqual(len(frame.data), 2 * frame.samples_per_channel)
            self.assertGreaterEqual(frame.timestamp, frame.arrival)
            self.assertGreater(frame.arrival, 0)
            self.assertTrue(0 <= frame.voice_probability <= 1)
        # Where a busy machine was late, a frame is faded.
        level = statistics.median(frame.level for frame in frames)
        self.assertLess(abs(level - 15), 4, "8000 is 15 dB below the maximum")
        times = [frame.rtp_time for frame in frames]
        self.assertEqual(times, sorted(set(times)))

    async def test_floats_are_heard_as_integers_are(self):
        ada, bob = await self.join(1), await self.join(2)
        heard = await self.hear(bob, 1)
        floats = array("f", (sample / 32768 for sample in array("h", tone(0.2))))
        for frame in (floats, memoryview(floats), (c_float * len(floats))(*floats)):
            await ada.push_audio_frame(frame)
        frames = await within(frames_of(heard, 25))
        self.assertAlmostEqual(hertz_of(b"".join(frame.data for frame in frames)), 440, delta=10)
        self.assertLess(abs(statistics.median(frame.level for frame in frames) - 15), 4, "as loud as the integers")

    async def test_elements_that_are_no_samples_are_refused(self):
        channel = self.channel(1)
        for kind in "dil":
            with self.subTest(kind=kind), self.assertRaisesRegex(ValueError, f'"{kind}" are no samples'):
                await channel.push_audio_frame(array(kind, [0] * 480))
        with self.assertRaisesRegex(ValueError, "4 bytes are no whole samples of 8 bytes"):
            await self.channel(2, channels=2).push_audio_frame(array("f", [0.5]))

    async def test_stereo_at_48_khz(self):
        ada = await self.join(1, sample_rate=48000, channels=2)
        bob = await self.join(2, sample_rate=48000, channels=2)
        heard = await self.hear(bob, 1)
        await ada.push_audio_frame(tone(0.5, rate=48000, channels=2))
        frames = await within(frames_of(heard, 15))
        left = array("h", b"".join(frame.data for frame in frames))[::2].tobytes()
        self.assertAlmostEqual(hertz_of(left, 48000), 440, delta=10)
        self.assertEqual({(f.number_of_channels, f.sample_rate, len(f.data) // f.samples_per_channel) for f in frames}, {(2, 48000, 4)})

    async def test_the_end_of_what_is_queued_is_waited_for(self):
        ada, loop = await self.join(1), asyncio.get_running_loop()
        self.assertTrue(await within(ada.wait_played()), "nothing is queued")
        begun = loop.time()
        await ada.push_audio_frame(tone(1))
        with self.assertRaisesRegex(StoaError, "did not leave within 0.05 s"):
            await ada.wait_played(0.05)
        self.assertTrue(await within(ada.wait_played()))
        self.assertGreater(loop.time() - begun, 0.9)
        self.assertEqual(ada.queued_us, 0)
        await ada.push_audio_frame(tone(5))
        waiting = asyncio.ensure_future(ada.wait_played())
        await asyncio.sleep(0)
        await ada.clear_sender_audio_buffer()
        self.assertFalse(await within(waiting))

    async def test_parts_of_a_sample_are_refused(self):
        mono, stereo = self.channel(1), self.channel(2, channels=2)
        for channel, length in ((mono, 3), (stereo, 6)):
            with self.subTest(length=length), self.assertRaisesRegex(ValueError, f"{length} bytes"):
                await channel.push_audio_frame(bytes(length))
        with self.assertRaises(TypeError):
            await mono.push_audio_frame(3)

    async def test_a_full_queue_is_waited_for_in_order_and_the_loop_goes_on(self):
        ada = await self.join(1)
        await ada.push_audio_frame(bytes(2 * RATE * QUEUE_SECONDS))
        waiting = [asyncio.ensure_future(ada.push_audio_frame(bytes(2 * RATE))) for _ in range(2)]
        turns = []
        asyncio.get_running_loop().call_soon(turns.append, 1)
        await until(lambda: turns, "the loop goes on")
        self.assertFalse(any(push.done() for push in waiting))
        sent, dropped = await ada.clear_sender_audio_buffer()
        await within(asyncio.gather(*waiting))
        self.assertEqual(ada.queued_us, 0, "nothing of what was being pushed comes after")
        self.assertGreaterEqual(sent + dropped, RATE * QUEUE_SECONDS)
        self.assertLessEqual(sent + dropped, RATE * (QUEUE_SECONDS + 1))

    async def test_room_in_a_full_queue_is_used(self):
        ada = await self.join(1)
        await ada.push_audio_frame(bytes(2 * RATE * QUEUE_SECONDS))
        done = []

        async def push(number):
            await ada.push_audio_frame(bytes(2 * RATE // 10))
            done.append(number)

        await within(asyncio.gather(*map(push, range(3))))
        self.assertEqual(done, [0, 1, 2])

    async def test_clear_drops_to_the_sample_and_what_comes_after_is_heard(self):
        ada, bob = await self.join(1), await self.join(2)
        heard, played = await self.hear(bob, 1), Log()
        ada.on("played", played)
        await ada.push_audio_frame(tone(3))
        ada.mark(1)
        await within(frames_of(heard, 5))
        sent, dropped = await ada.clear_sender_audio_buffer()
        self.assertEqual((sent + dropped, ada.queued_us), (3 * RATE, 0))
        self.assertGreaterEqual(sent, 5 * RATE // 50)
        await until(lambda: played, "the mark was told")
        self.assertNotEqual(played[0][0].status, 0, "it was dropped")
        await ada.push_audio_frame(tone(1, hertz=880))
        frame = None  # what is on the way still has the old tone
        while frame is None or abs(hertz_of(frame.data) - 880) > 60:
            frame = await within(heard.__anext__())

    async def test_after_its_engine_a_channel_says_so(self):
        ada = await self.join(1)
        self.engine.destroy()
        with self.assertRaisesRegex(StoaError, "engine"):
            await ada.push_audio_frame(bytes(960))
