"""A room server by itself."""

import urllib.error
import urllib.request
from unittest.mock import Mock, patch

from rtc_room import BOUND, Log, RoomTest, handles_of, until
from stoa import status
from stoa._library import lib
from stoa.rtc import RtcEngine, StoaError
from stoa.server import Server


class Serving(RoomTest):
    def serve(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.addCleanup(server.close)
        return server

    async def test_users_of_several_engines_meet_there_and_are_counted(self):
        server = self.serve("key:secret\nother:certificate")
        with RtcEngine("key", "secret", url=server.url) as one, RtcEngine("other", "certificate", url=server.url) as two:
            ada, _bob = await self.join("ada", engine=one), await self.join("bob", engine=one)
            await until(lambda: ada.remote_users == {"bob": True}, "they meet")
            _cat = await self.join("cat", engine=two)
            await until(lambda: (server.stats().participants, server.stats().joins) == (3, 3), "all are counted")
        await until(lambda: server.stats().participants == 0, "all have left")

    async def test_who_has_no_key_of_it_is_refused(self):
        server = self.serve("key:secret")
        with RtcEngine("key", "another secret", url=server.url) as engine:
            with self.assertRaises(StoaError) as caught:
                await self.join("ada", engine=engine)
        self.assertEqual(caught.exception.status, status.ERROR_BAD_TOKEN)
        self.assertEqual(server.stats().joins_refused, 1)

    async def test_closing_it_is_told_and_frees_its_ports(self):
        with Server("key:secret") as server:
            port = server.port
            with RtcEngine("key", "secret", url=server.url) as engine:
                ada, told = await self.join("ada", engine=engine, no_reconnect=True), Log()
                ada.on("connection_state_changed", told)
                server.close()
                await until(lambda: told, "it is told")
                self.assertEqual(told[0][2], "server_shutdown")
        with self.assertRaises(StoaError):
            server.stats()
        server.close()
        self.assertEqual(self.serve("key:secret", port=port).port, port)

    def test_as_a_context_it_is_closed_at_the_end(self):
        with Server("key:secret") as server:
            server.stats()
        with self.assertRaises(StoaError):
            server.stats()

    def test_who_may_unmute_is_passed_on(self):
        new = lib.stoa_server_new
        for wanted in (False, True):
            with patch.object(lib, "stoa_server_new", Mock(side_effect=new)) as made:
                self.serve("key:secret", remote_unmute=wanted)
            self.assertEqual(made.call_args[0][0]._obj.remote_unmute, wanted)

    def test_ports_are_those_asked_for_and_one_that_is_taken_is_refused(self):
        first = self.serve("key:secret")
        ports = first.port, first.udp_port
        self.assertEqual(first.url, f"ws://127.0.0.1:{first.port}")
        with self.assertRaisesRegex(StoaError, str(first.port)) as caught:
            Server("key:secret", port=first.port)
        self.assertEqual(caught.exception.status, status.ERROR_ADDRESS)
        first.close()
        second = self.serve("key:secret", port=ports[0], udp_port=ports[1])
        self.assertEqual((second.port, second.udp_port), ports)

    def test_it_binds_where_it_is_told(self):
        self.assertIn("127.0.0.2", self.serve("key:secret", bind="127.0.0.2").url)

    def test_numbers_are_shown_where_that_is_asked_for(self):
        for metrics, expected in ((True, 200), (False, 404)):
            with self.subTest(metrics=metrics):
                url = self.serve("key:secret", metrics=metrics).url.replace("ws:", "http:") + "/metrics"
                try:
                    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=BOUND) as answer:
                        answered = answer.status
                except urllib.error.HTTPError as error:
                    answered = error.code
                self.assertEqual(answered, expected)

    def test_an_option_that_cannot_be_is_named(self):
        for wrong, name in ((dict(keys=""), "keys"), (dict(keys="key"), "keys|KEY"), (dict(keys="a:b", webhooks="x"), "webhook"),
                            (dict(keys="a:b", bind="nowhere"), "bind|address"), (dict(keys="a:b", port=65536), "port")):
            with self.subTest(**wrong), self.assertRaisesRegex(StoaError, name):
                Server(**wrong)
        with self.assertRaisesRegex(TypeError, "key_file"):
            Server("a:b", key_file="x")

    def test_one_that_nobody_holds_is_closed(self):
        handles = handles_of(self.engine)
        server = Server("key:secret")
        self.assertEqual(handles_of(self.engine), handles + 1)
        del server
        self.assertEqual(handles_of(self.engine), handles)
