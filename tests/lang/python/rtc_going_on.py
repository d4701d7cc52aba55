"""What is changed without leaving the room: the microphone, the token, the connection."""

from rtc_room import BOUND, Log, RoomTest, frames_of, tone, until, within
from stoa import status
from stoa.rtc import RtcEngine, RtcOptions, StoaError


class GoingOn(RoomTest):
    async def test_muting_is_told_to_others_and_silent(self):
        ada, bob, told = await self.join("ada"), await self.join("bob"), Log()
        bob.on("user_muted", told)
        heard = await self.hear(bob, "ada")
        ada.mute()
        await until(lambda: len(told) == 1, "she is muted")
        await ada.push_audio_frame(tone(0.2))
        await until(lambda: ada.queued_us == 0, "it passes all the same")
        self.assertFalse([frame for frame in iter(heard.take, None) if frame.level < 30])
        ada.mute(False)
        await until(lambda: len(told) == 2, "she is not any more")
        self.assertEqual([(event.user, event.muted) for (event,) in told], [("ada", True), ("ada", False)])
        await ada.push_audio_frame(tone(0.5))
        await within(frames_of(heard, 5))

    async def test_who_is_muted_before_connecting_comes_muted(self):
        ada, bob = self.channel("ada"), await self.join("bob")
        ada.mute()
        await ada.connect(BOUND)
        await until(lambda: "ada" in bob.remote_users and bob.user_info("ada")["tracks"], "Ada's microphone is known")
        self.assertTrue(bob.user_info("ada")["muted"])

    async def test_another_token_changes_what_the_user_may_do(self):
        with RtcEngine("key", "secret") as engine:
            modest = RtcOptions(channel_name="agora", uid="ada").build_token("key", "secret")
            ada = await self.join("ada", engine=engine, token=modest)
            with self.assertRaises(StoaError) as caught:
                await ada.set_user_info(name="Ada", timeout=BOUND)
            self.assertEqual(caught.exception.status, status.ERROR_NOT_ALLOWED)
            ada.renew_token(self.channel("ada", engine).token)
            await ada.set_user_info(name="Ada", timeout=BOUND)

    async def test_a_token_taken_before_connecting_is_the_one_that_joins(self):
        options = RtcOptions(channel_name="agora", uid="ada")
        with RtcEngine("key", "secret") as engine:
            ada = self.channel("ada", engine, token=options.build_token("key", "another secret"))
            with self.assertRaises(StoaError):
                await ada.connect(BOUND)
            good = options.build_token("key", "secret")
            ada.renew_token(good)
            self.assertEqual(ada.token, good)
            await ada.connect(BOUND)

    async def test_a_token_of_others_is_refused_and_the_one_before_stays(self):
        ada = self.channel("ada")
        before = ada.token
        for wrong in (self.channel("bob").token, "no token", ""):
            with self.subTest(token=wrong), self.assertRaises(StoaError) as caught:
                ada.renew_token(wrong)
            self.assertEqual(caught.exception.status, status.ERROR_BAD_TOKEN)
        self.assertEqual(ada.token, before)

    async def test_a_connection_is_made_again_and_users_and_streams_stay(self):
        ada, bob = await self.join("ada"), await self.join("bob")
        heard, states, left = await self.hear(bob, "ada"), Log(), Log()
        bob.on("connection_state_changed", states)
        bob.on("user_left", left)
        bob.reconnect()
        await until(lambda: len(states) == 2, "it is lost and there again")
        self.assertEqual([info.state for _, info, _ in states], [4, 3])
        self.assertEqual((list(bob.remote_users), left), (["ada"], []))
        await ada.push_audio_frame(tone(0.5))
        await within(frames_of(heard, 5))

    async def test_without_a_connection_there_is_none_to_make_again(self):
        with self.assertRaisesRegex(StoaError, "connect") as caught:
            self.channel("ada").reconnect()
        self.assertEqual(caught.exception.status, status.ERROR_BAD_STATE)
