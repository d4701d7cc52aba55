"""PyPI's livekit-api: builds what Stoa is to verify, and checks what Stoa built.

Usage: livekit_api.py build KEY SECRET | check KEY SECRET TOKEN
"""

import datetime
import json
import sys

from livekit import api
from livekit.protocol.room import RoomConfiguration

mode, key, secret, *given = sys.argv[1:]

GRANTS = api.VideoGrants(
    room="hall", room_join=True, room_create=True, room_list=True, room_record=True, room_admin=True,
    ingress_admin=True, can_publish=False, can_publish_data=True, can_subscribe=False, can_subscribe_metrics=True,
    can_publish_sources=["microphone", "camera"], can_update_own_metadata=True, hidden=True, recorder=True, agent=True,
    destination_room="other",
)

if mode == "build":
    token = (
        api.AccessToken(key, secret)
        .with_identity("ada")
        .with_name("Ada")
        .with_kind("agent")
        .with_metadata("m")
        .with_attributes({"lang": "de"})
        .with_sha256("abc")
        .with_room_preset("big")
        .with_room_config(RoomConfiguration(name="hall", empty_timeout=30))
        .with_grants(GRANTS)
        .with_sip_grants(api.SIPGrants(admin=True, call=True))
        .with_inference_grants(api.InferenceGrants(perform=True))
        .with_observability_grants(api.ObservabilityGrants(write=True))
        .with_ttl(datetime.timedelta(seconds=600))
    )
    print(token.to_jwt())
else:
    claims = api.TokenVerifier(key, secret).verify(given[0])
    try:
        api.TokenVerifier(key, secret + "x").verify(given[0])
        wrong = "taken"
    except Exception:
        wrong = "refused"
    print(
        json.dumps(
            {
                "wrong": wrong, "same": claims.video == GRANTS, "identity": claims.identity, "name": claims.name,
                "kind": claims.kind, "metadata": claims.metadata, "attributes": dict(claims.attributes),
                "sha256": claims.sha256, "preset": claims.room_preset, "config": claims.room_config.name,
                "timeout": claims.room_config.empty_timeout, "call": claims.sip.call, "admin": claims.sip.admin,
                "perform": claims.inference.perform, "write": claims.observability.write,
            }
        )
    )
