"""The official Python builders. Prints tokens a second of processor time.

Usage: tokens.py access | livekit | ready
"""

import sys
import time

from agora_realtime_ai_api.token_builder.RtcTokenBuilder2 import RtcTokenBuilder
from livekit import api

APP, CERTIFICATE, COUNT = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", 5000


def access():
    """The four RTC privileges."""
    RtcTokenBuilder.build_token_with_uid_and_privilege(APP, CERTIFICATE, "hall", 7, 3600, 3600, 3600, 3600, 3600)


def livekit():
    grants = api.VideoGrants(room_join=True, room="hall")
    api.AccessToken(APP, CERTIFICATE).with_identity("7").with_grants(grants).to_jwt()


if sys.argv[1] != "ready":
    build = {"access": access, "livekit": livekit}[sys.argv[1]]
    for _ in range(COUNT // 10):
        build()
    begin = time.process_time()
    for _ in range(COUNT):
        build()
    print(COUNT / (time.process_time() - begin))
