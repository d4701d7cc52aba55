"""Tokens that let one user into one room, for an hour."""

import re

from ._library import bytes_of, lib, text_of
from ._users import User, identity_of

TTL_SECONDS = 3600

_HEXADECIMAL = re.compile("[0-9a-fA-F]{32}")


class RealtimekitTokenBuilder:
    """Builds AccessToken2, which Stoa's room server reads."""

    @staticmethod
    def build_token(app_id: str, app_certificate: str, channel_name: str, uid: User) -> str:
        """A token ("007...") to join and to publish audio, video and data for 3600 s.

        app_id, app_certificate: 32 hexadecimal characters each.
        uid: the user; 0 or "": any user.
        Returns "" where there is no certificate: nothing can be signed. Raises StoaError for what cannot be in a token.
        """
        user = identity_of(uid) if uid else None
        arguments = (bytes_of(app_id), bytes_of(app_certificate), bytes_of(channel_name), bytes_of(user), TTL_SECONDS)
        return text_of(lib.stoa_token_build_rtc, *arguments)


def build_token(app_id: str, app_certificate: str, channel_name: str, uid: User) -> str:
    """A token of the family that the key is of: AccessToken2 for 32 hexadecimal characters each, otherwise LiveKit's JWT.

    Returns "" where there is no certificate. A LiveKit token is for one user, so that uid 0 raises StoaError.
    """
    if not app_certificate or all(_HEXADECIMAL.fullmatch(part) for part in (app_id, app_certificate)):
        return RealtimekitTokenBuilder.build_token(app_id, app_certificate, channel_name, uid)
    user = identity_of(uid) if uid else ""
    arguments = (bytes_of(part) or b"" for part in (app_id, app_certificate, channel_name, user))
    return text_of(lib.stoa_token_build_livekit, *arguments, TTL_SECONDS)
