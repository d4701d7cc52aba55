"""Statistics."""

from rtc_room import BOUND, RATE, RoomTest, frames_of, tone, until, within
from stoa.rtc import RtcEngine, StoaError


class Stats(RoomTest):
    async def test_what_is_said_and_heard_is_counted_by_each(self):
        ada, bob = await self.join("ada"), await self.join("bob")
        heard = await self.hear(bob, "ada")
        await ada.push_audio_frame(tone(0.2))
        frames = await within(frames_of(heard, 5))
        sent, got = ada.stats(), heard.stats()
        self.assertEqual(sent.samples_pushed, RATE // 5)
        self.assertGreaterEqual(got.frames_read, len(frames))
        self.assertEqual(got.ring.count, got.frames_read)
        self.assertGreaterEqual(got.ring.total_us, got.ring.max_us)
        await until(lambda: bob.stats().bytes_received > bob.stats().packets_received > 0, "what came is counted")
        await until(lambda: heard.stats().frames_decoded >= 5, "what was decoded is counted")
        await until(lambda: ada.stats().encode.count >= 10, "what was encoded is counted")

    async def test_an_engine_counts_its_channels_and_its_server_who_is_there(self):
        ada, bob = await self.join("ada"), self.channel("bob")
        await until(lambda: self.engine.stats().channels_connected == 1, "her channel is counted")
        began, now = self.engine.server_stats().time_us, self.engine.stats()
        self.assertEqual(now.channels, 2)
        self.assertGreaterEqual(now.time_us, began)
        await until(lambda: self.engine.server_stats().participants, "she is counted")
        server = self.engine.server_stats()
        self.assertEqual((server.rooms, server.participants, server.joins), (1, 1, 1))
        await until(lambda: ada.stats().connections == 1, "the connection is counted")
        self.assertEqual(bob.stats().connections, 0)
        with RtcEngine("python", url=self.engine.url) as elsewhere, self.assertRaisesRegex(StoaError, "url"):
            elsewhere.server_stats()

    async def test_numbers_have_the_names_of_the_header_and_no_size(self):
        now = self.engine.stats()
        self.assertEqual(set(vars(now.callbacks)), {"count", "total_us", "max_us", "recent_us"})
        self.assertFalse(hasattr(now, "size"))
        with self.assertRaises(AttributeError):
            now.no_such_number

    async def test_a_stream_can_be_asked_after_its_end_and_an_engine_not(self):
        ada, bob = await self.join("ada"), await self.join("bob")
        heard = await self.hear(bob, "ada")
        await ada.push_audio_frame(tone(0.2))
        await within(frames_of(heard, 1))
        await bob.disconnect(BOUND)
        self.engine.destroy()
        self.assertGreater(heard.stats().frames_read, 0)
        for counts in (self.engine, ada):
            with self.assertRaises(StoaError):
                counts.stats()
