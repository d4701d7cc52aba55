"""What users tell of themselves, and what is known of them."""

import asyncio

from rtc_room import BOUND, Log, RoomTest, until, within
from stoa import status
from stoa.rtc import NotFoundError, RtcEngine, RtcOptions, StoaError

APP_ID, CERTIFICATE = "0123456789abcdef" * 2, "fedcba9876543210" * 2


class People(RoomTest):
    async def test_what_a_user_tells_is_known_to_the_others_and_to_the_user(self):
        ada, bob = await self.join(1), await self.join("bob")
        changes = {name: Log() for name in ("user_name_changed", "user_metadata_changed", "user_attributes_changed")}
        for name, log in changes.items():
            bob.on(name, log)
        await ada.set_user_info(name="Ada Grün", metadata="m" * 5000, attributes={"seat": "3", "mood": "good"})
        await ada.set_user_info(attributes={"mood": ""}, timeout=BOUND)
        await until(lambda: len(changes["user_attributes_changed"]) == 2, "all is told")
        for info in (bob.user_info(1), ada.user_info(), ada.user_info(1)):
            self.assertEqual((info["user"], info["name"], info["metadata"]), (1, "Ada Grün", "m" * 5000))
            self.assertEqual(info["attributes"], {"seat": "3"})
        ((name,),), ((metadata,),) = changes["user_name_changed"], changes["user_metadata_changed"]
        self.assertEqual((name.user, name.data.decode(), metadata.data), (1, "Ada Grün", b"m" * 5000))

    async def test_what_is_known_of_others_follows_them(self):
        ada, bob = await self.join("ada"), await self.join("bob")
        await until(lambda: "ada" in bob.remote_users, "Ada is there")
        info = bob.user_info("ada")
        self.assertEqual((info["muted"], info["permission"]["can_publish"]), (False, True))
        self.assertIn(info["quality"], ("unknown", "lost", "poor", "good", "excellent"))
        self.assertEqual((bob.room_info()["name"], bob.room_info()["users"]), ("agora", 2))
        await ada.disconnect(BOUND)
        await until(lambda: not bob.remote_users, "Ada left")
        with self.assertRaises(NotFoundError):
            bob.user_info("ada")
        with self.assertRaises(StoaError):
            ada.user_info()

    async def test_the_quality_of_a_connection_is_told(self):
        ada, bob, told = self.channel("ada"), await self.join("bob"), Log()
        ada.on("connection_quality_changed", told)
        await ada.connect(BOUND)
        await until(lambda: {event.user for (event,) in told} == {"ada", "bob"}, "the quality of both")
        self.assertTrue(all(1 <= event.new_state <= 4 for (event,) in told))

    async def test_what_the_server_refuses_raises(self):
        ada = await self.join("ada")
        await ada.set_user_info(attributes={"1": "x" * 40_000})
        with self.assertRaises(StoaError) as caught:
            await ada.set_user_info(attributes={"2": "x" * 40_000})
        self.assertEqual(caught.exception.status, status.ERROR_LIMIT)
        with self.assertRaisesRegex(StoaError, "strings"):
            await ada.set_user_info(attributes={"seat": 3})
        with self.assertRaises(StoaError):
            await ada.set_user_info()
        with self.assertRaisesRegex(StoaError, "connect"):
            await self.channel("bob").set_user_info(name="Bob")

    async def test_a_user_whose_token_does_not_allow_it_tells_nothing(self):
        token = RtcOptions(channel_name="agora", uid="ada").build_token(APP_ID, CERTIFICATE)
        with RtcEngine(APP_ID, CERTIFICATE) as engine:
            ada = await self.join("ada", engine=engine, token=token)
            with self.assertRaises(StoaError) as caught:
                await ada.set_user_info(name="Ada")
            self.assertEqual(caught.exception.status, status.ERROR_NOT_ALLOWED)

    async def test_a_change_that_nobody_answers_has_a_timeout_and_can_be_cancelled(self):
        silent = asyncio.Event()
        with RtcEngine(APP_ID, CERTIFICATE) as server:
            async with await self.proxy(server.url, silent) as proxy:
                url = "ws://%s:%d" % proxy.sockets[0].getsockname()
                with RtcEngine(APP_ID, CERTIFICATE, url=url) as elsewhere:
                    ada = await self.join("ada", engine=elsewhere)
                    silent.set()
                    with self.assertRaisesRegex(StoaError, "within 0.05 s") as caught:
                        await ada.set_user_info(name="Ada", timeout=0.05)
                    self.assertEqual(caught.exception.status, status.TIMED_OUT)
                    changing = asyncio.ensure_future(ada.set_user_info(name="Ada"))
                    await asyncio.sleep(0)
                    changing.cancel()
                    with self.assertRaises(asyncio.CancelledError):
                        await within(changing)

    async def proxy(self, url, silent):
        """A server on loopback that passes on what comes, from both sides, until it is silent."""

        async def pass_on(reader, writer):
            while not silent.is_set() and (data := await reader.read(65536)):
                writer.write(data)
            await silent.wait()
            writer.close()

        async def connected(reader, writer):
            inner = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
            await asyncio.gather(pass_on(reader, inner[1]), pass_on(inner[0], writer))

        return await asyncio.start_server(connected, "127.0.0.1", 0)
