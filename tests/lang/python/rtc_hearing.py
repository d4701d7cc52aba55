"""Subscribing, streams and their ends, frames by callback, voice detection, dumps."""

import asyncio
import gc
import tempfile
import time
import types
import wave
from ctypes import byref, c_uint32, c_void_p
from pathlib import Path
from unittest.mock import patch

from rtc_room import BOUND, FRAME_EVENT, RATE, Log, RoomTest, frames_of, hertz_of, rest_of, tone, until, watched, within
from stoa import _header
from stoa._library import lib, must
from stoa.rtc import NotFoundError, StoaError


def silent_user(engine, name=b"agora", user=b"bob"):
    """A user who publishes no microphone, so that nobody can hear them: the handle of a channel."""
    handle = c_void_p()
    options = _header.ChannelOptions(name=name, user=user, listen_only=1)
    must(lib.stoa_channel_new(engine.handle, byref(options), byref(handle)))
    must(lib.stoa_channel_connect(handle, BOUND * 1000))
    return handle


class Hearing(RoomTest):
    async def test_subscribing_waits_for_this_user_and_no_other(self):
        ada, told = await self.join("ada"), Log()
        bob, _cat = silent_user(self.engine), await self.join("cat")
        ada.on("audio_subscribe_state_changed", told)
        await until(lambda: set(ada.remote_users) == {"bob", "cat"}, "both are there")
        hearing_bob = asyncio.ensure_future(ada.subscribe_audio("bob", BOUND))
        await ada.subscribe_audio("cat", BOUND)
        await until(lambda: any(arguments[2:5] == ("cat", 2, 3) for arguments in told), "the other's event")
        self.assertFalse(hearing_bob.done())
        must(lib.stoa_channel_free(bob))
        with self.assertRaisesRegex(NotFoundError, "bob"):
            await within(hearing_bob)
        for channel, name, user, old, new, elapsed in told:
            self.assertEqual((channel, name, type(old), type(new), type(elapsed)), (ada, "agora", int, int, int))
            self.assertIn(user, ("bob", "cat"))
            self.assertTrue(0 <= elapsed < 1000 * BOUND, "milliseconds")

    async def test_subscribing_has_a_timeout(self):
        ada, bob = await self.join("ada"), silent_user(self.engine)
        await until(lambda: ada.remote_users, "Bob is there")
        with self.assertRaisesRegex(StoaError, "'bob' was not subscribed to within 0.1 s") as caught:
            await ada.subscribe_audio("bob", 0.1)
        self.assertEqual(caught.exception.status, _header.TIMED_OUT)
        must(lib.stoa_channel_free(bob))

    async def test_nobody_is_subscribed_by_default_and_unsubscribing_waits_for_state_1(self):
        ada, _bob = await self.join(1), await self.join(2)
        def state():
            number = c_uint32()
            must(lib.stoa_channel_subscribe_state(ada.handle, b"2", byref(number)))
            return number.value

        await until(lambda: ada.remote_users, "user 2 is there")
        self.assertEqual(state(), _header.SUBSCRIBE_NO_SUBSCRIBE)
        for _ in range(3):
            await ada.subscribe_audio(2, BOUND)
            self.assertEqual(state(), _header.SUBSCRIBE_SUBSCRIBED)
            await ada.unsubscribe_audio("2", BOUND)
            self.assertEqual(state(), _header.SUBSCRIBE_NO_SUBSCRIBE)
        answers = [_header.OK, _header.TIMED_OUT, _header.TIMED_OUT]
        with patch.object(lib, "stoa_channel_unsubscribe", lambda *_arguments: answers.pop()):  # a server that takes its time
            await ada.unsubscribe_audio(2, BOUND)
        self.assertEqual(answers, [])

    async def test_everybody_is_heard_where_that_is_asked_for(self):
        _ada, bob = await self.join(1), await self.join(2, subscribe_all=True)
        heard = bob.get_audio_frames(1)
        await _ada.push_audio_frame(tone(0.5))
        await within(frames_of(heard, 5))

    async def test_an_unknown_user_is_an_error_and_so_is_a_room_not_joined(self):
        ada = self.channel(1)
        with self.assertRaisesRegex(StoaError, "connect"):
            ada.get_audio_frames(2)
        await ada.connect(BOUND)
        for ask in (ada.get_audio_frames, lambda uid: asyncio.ensure_future(ada.subscribe_audio(uid))):
            with self.assertRaisesRegex(KeyError, "no user '2' is in the room"):
                await within(ask(2))

    async def test_a_stream_ends_when_its_user_leaves_or_is_unsubscribed_or_this_one_leaves(self):
        bob = await self.join("bob")
        endings = {
            "leaving": lambda ada: ada.disconnect(BOUND),
            "unsubscribing": lambda ada: bob.unsubscribe_audio(ada.uid, BOUND),
            "this one leaving": lambda ada: bob.disconnect(BOUND),
        }
        for uid, (name, end) in enumerate(endings.items(), 1):
            with self.subTest(name):
                ada = await self.join(uid)
                heard = await self.hear(bob, uid)
                await ada.push_audio_frame(tone(0.4))
                await within(frames_of(heard, 5))
                rest = asyncio.ensure_future(rest_of(heard))
                await end(ada)
                await within(rest)
                self.assertEqual(await within(rest_of(heard)), [], "it stays at its end")

    async def test_a_stream_ends_with_its_engine_and_can_be_let_go_at_any_time(self):
        _ada, bob = await self.join(1), await self.join(2)
        heard = await self.hear(bob, 1)
        rest = asyncio.ensure_future(rest_of(heard))
        await asyncio.sleep(0)
        self.engine.destroy()
        self.assertEqual(await within(rest), [])

    async def test_it_is_one_stream_until_it_ends_and_one_task_reads_it(self):
        ada, bob = await self.join(1), await self.join(2)
        first = await self.hear(bob, 1)
        self.assertIs(bob.get_audio_frames("1"), first)
        reading = asyncio.ensure_future(first.__anext__())
        await asyncio.sleep(0)
        with self.assertRaisesRegex(RuntimeError, "another task"):
            await first.__anext__()
        await ada.push_audio_frame(tone(0.2))
        await within(reading)
        self.assertNotIn(first.descriptor, watched(), "nobody waits for the next one")
        await bob.unsubscribe_audio(1, BOUND)
        second = await self.hear(bob, 1)
        self.assertIsNot(second, first)
        await ada.push_audio_frame(tone(0.5))
        await within(frames_of(second, 5))

    async def test_what_comes_between_subscribing_and_reading_waits_and_is_bounded(self):
        ada, bob = await self.join(1), await self.join(2)
        full, played = Log(), Log()
        bob.on("stream_overflow", full)
        ada.on("played", played)
        await until(lambda: bob.remote_users, "user 1 is there")
        await bob.subscribe_audio(1, BOUND)
        await ada.push_audio_frame(tone(0.5))
        ada.mark(1)
        await until(lambda: played, "all of it has left")
        stream = bob.get_audio_frames(1)
        self.assertGreater(len(await within(frames_of(stream, 20))), 19)
        self.assertEqual(stream.dropped, 0)
        await ada.push_audio_frame(tone(2.5))
        await until(lambda: full, "it overflows")
        self.assertEqual(full[0][0].user, 1)
        self.assertGreater(stream.dropped, 0)

    async def test_frames_of_everybody_by_callback(self):
        ada, bob, cat = await self.join(1), await self.join(2), await self.join("cat")
        await self.hear(cat, 1)
        stream = await self.hear(cat, 2)
        got = Log()
        cat.on(FRAME_EVENT, got)
        for user, hertz in ((ada, 440), (bob, 880)):
            await user.push_audio_frame(tone(0.6, hertz))
        await until(lambda: {2, 1} == {arguments[2] for arguments in got if arguments[3].level < 30}, "both are heard")
        await until(lambda: len([a for a in got if a[2] == 2 and a[3].level < 30]) > 10, "more of user 2")
        for uid, hertz in ((1, 440), (2, 880)):
            pcm = b"".join(frame.data for channel, name, user, frame in got if user == uid and frame.level < 30)
            self.assertAlmostEqual(hertz_of(pcm), hertz, delta=hertz / 20)
        self.assertEqual({arguments[:2] for arguments in got}, {(cat, "agora")})
        cat.off(FRAME_EVENT, got)
        self.assertNotIn(stream.descriptor, watched())
        count = len(got)
        await bob.push_audio_frame(tone(0.6))
        await within(frames_of(stream, 5))  # frames go to the stream again
        self.assertEqual(len(got), count)

    async def test_frames_by_callback_of_those_who_come_and_go(self):
        bob, got, at_first = await self.join("bob", subscribe_all=True), Log(), watched()
        bob.on(FRAME_EVENT, got)

        async def heard(uid):
            await until(lambda: any(user == uid and frame.level < 30 for _, _, user, frame in got), f"{uid} is heard")
            got.clear()

        for _ in range(2):  # the second time it is another stream
            ada = await self.join("ada")
            await ada.push_audio_frame(tone(2))
            await heard("ada")
            self.assertEqual(len(watched() - at_first), 2, "Ada's events, and her stream at Bob's")
            ada.on("played", done := Log())
            await ada.clear_sender_audio_buffer()
            await bob.unsubscribe_audio("ada", BOUND)
            await until(lambda: len(watched() - at_first) == 1, "the stream ended")
            await bob.subscribe_audio("ada", BOUND)
            await ada.push_audio_frame(tone(1))
            await heard("ada")
            bob.off(FRAME_EVENT, got)
            self.assertEqual(len(watched() - at_first), 1, "no stream is read any more, at once")
            bob.on(FRAME_EVENT, got)
            self.assertEqual(len(watched() - at_first), 2)
            await ada.disconnect(BOUND)
            await until(lambda: len(watched() - at_first) == 1, "the stream ended")
            del ada, done
            gc.collect()
            await until(lambda: watched() == at_first, "nothing of Ada is left")
        self.assertEqual(len(bob._taken), 0)

    async def test_frames_by_callback_for_one_frame(self):
        ada, bob, one = await self.join(1), await self.join(2), Log()
        stream = await self.hear(bob, 1)

        async def later(*arguments):
            one(*arguments)

        for callback in (one, later):
            await ada.push_audio_frame(tone(0.5))
            bob.once(FRAME_EVENT, callback)
            await until(lambda: one, "a frame")
            self.assertNotIn(stream.descriptor, watched())
            await within(frames_of(stream, 5))
            self.assertEqual(len(one), 1)
            one.clear()

    async def test_while_a_callback_takes_the_frames_a_reader_waits(self):
        ada, bob, got = await self.join(1), await self.join(2), Log()
        stream = await self.hear(bob, 1)
        reading = asyncio.ensure_future(stream.__anext__())
        await asyncio.sleep(0)
        for _ in range(2):
            bob.on(FRAME_EVENT, got)
            await ada.push_audio_frame(tone(0.5))
            await until(lambda: len(got) > 10, "the callback has the frames")
            self.assertFalse(reading.done())
            reading.cancel()
            await asyncio.wait([reading])
            time.sleep(0.08)  # frames come that nobody has taken yet
            reading = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0.01)
            self.assertFalse(reading.done())
            got.clear()
            bob.off(FRAME_EVENT, got)
            await ada.push_audio_frame(tone(0.5))
            await within(reading)
            reading = asyncio.ensure_future(stream.__anext__())
            while (await within(reading)).origin != "silence":
                reading = asyncio.ensure_future(stream.__anext__())
            reading = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0)
        reading.cancel()
        bob.on(FRAME_EVENT, got)
        with self.assertRaises(asyncio.CancelledError):
            await reading
        self.assertIn(stream.descriptor, watched(), "the callback is still there")
        rest = asyncio.ensure_future(rest_of(stream))
        await ada.disconnect(BOUND)
        self.assertEqual(await within(rest), [], "the end is for both")
        self.assertNotIn(stream.descriptor, watched())

    async def test_voice_detection_tells_speech_with_its_pre_roll(self):
        names = {"pre_start_recognize_count": 10, "start_recognize_count": 10, "stop_recognize_count": 10}
        names.update(start_voice_prob=20, stop_voice_prob=20)  # a tone is no more than half a voice
        configs = types.SimpleNamespace(**names, speech_only=1, other="is left alone")
        bob = await self.join("bob", enable_vad=True, vad_configs=configs)
        ada = await self.join("ada")
        heard, started, ended = await self.hear(bob, "ada"), Log(), Log()
        bob.on("speech_started", started)
        bob.on("speech_ended", ended)
        await ada.push_audio_frame(bytes(RATE) + tone(0.6) + bytes(RATE))  # half a second of silence around a tone
        frames = [await within(heard.__anext__())]
        while frames[-1].speech != "end":
            frames.append(await within(heard.__anext__()))
        self.assertEqual((frames[0].speech, frames[1].speech), ("start", "speaking"))
        self.assertGreater(frames[0].level, 60, "the pre-roll is the silence before the tone")
        self.assertTrue(any(frame.level < 20 for frame in frames))
        await until(lambda: ended, "the end is told")
        self.assertEqual([log[0][0].user for log in (started, ended)], ["ada", "ada"])
        self.assertGreater(ended[0][0].elapsed_us, 400_000)

    async def test_voice_detection_refuses_parameters_that_there_are_not(self):
        for configs in ({"start_rms": -50}, {}, object()):
            with self.assertRaisesRegex(ValueError, "start_rms_threshold"):
                self.channel(1, enable_vad=True, vad_configs=configs)
        self.channel(1, enable_vad=True, vad_configs={"active_percent": 0.7, "stop_rms_threshold": -40})
        with self.assertRaisesRegex(StoaError, "active_percent"):
            self.channel(1, enable_vad=True, vad_configs={"active_percent": 7.0})

    async def test_a_dump_is_wav_files_of_what_was_sent_and_heard(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "dumps", "of today")
            ada = await self.join(1, enable_pcm_dump=True, pcm_dump_path=str(path))
            bob = await self.join(2)
            await self.hear(ada, 2)
            sent = Log()
            ada.on("played", sent)
            for user in (ada, bob):
                await user.push_audio_frame(tone(0.5))
            ada.mark(1)
            await until(lambda: sent, "all of it has left")
            await within(frames_of(ada.get_audio_frames(2), 15))
            self.engine.destroy()
            self.assertEqual({file.name for file in path.iterdir()}, {"agora-1-sent.wav", "agora-1-heard-2.wav"})
            for file in path.iterdir():
                with wave.open(str(file)) as recorded:
                    self.assertEqual((recorded.getframerate(), recorded.getnchannels(), recorded.getsampwidth()), (RATE, 1, 2))
                    pcm = recorded.readframes(recorded.getnframes())
                self.assertAlmostEqual(hertz_of(pcm.strip(b"\0")[:12000]), 440, delta=40, msg=file.name)
