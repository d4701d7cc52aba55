"""Users: numbers where a program counts them, names where it does not. To the library each is a text, the identity."""

from typing import Union

User = Union[int, str]

_LIMIT = 1 << 32


def identity_of(user: User) -> str:
    """The identity of a user: a text as it is, and of a number its decimal form.

    Raises TypeError for anything else, and ValueError for a number of more than 32 bits.
    """
    if isinstance(user, str):
        return user
    if isinstance(user, bool) or not isinstance(user, int):
        raise TypeError(f"a user is an int or a str, not {type(user).__name__}")
    if not 0 <= user < _LIMIT:
        raise ValueError(f"a numeric user is from 0 to {_LIMIT - 1}, not {user}; give another one as a str")
    return str(user)


def user_of(identity: str) -> User:
    """The number where the identity is the plain decimal form of one of 32 bits; otherwise the identity itself."""
    if identity.isascii() and identity.isdigit() and len(identity) <= 10:
        number = int(identity)
        if number < _LIMIT and str(number) == identity:
            return number
    return identity
