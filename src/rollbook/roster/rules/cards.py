"""One-time codes of login cards: how they are made, kept and compared."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection
from typing import Final

# Letters and digits that no child takes for another one, in print or by ear: no vowels, so that
# no code is a word, and none of L S 0 1 2 5 6 8.
ALPHABET: Final = "BCDFGHJKMNPQRTVWXYZ3479"
GROUPS, GROUP_LENGTH = 3, 3  # 23 ** 9 codes: 40.7 bits
CODE_LENGTH: Final = GROUPS * GROUP_LENGTH
SALT_BYTES: Final = 16
VALID_DAYS: Final = 14
MOST_VALID_DAYS: Final = 120
# One sheet of paper work: a large school. It also bounds what one request computes.
MOST_CARDS: Final = 5000
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_NO_CODE: Final = re.compile(r"[\s–-]")
_SCHEME: Final = "hmac-sha256"


def new_code(choose: Callable[[str], str]) -> str:
    """Make a code such as `BKT-4MR-X7P`; `choose` picks one letter, as `secrets.choice` does."""
    letters = "".join(choose(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(
        letters[start : start + GROUP_LENGTH] for start in range(0, CODE_LENGTH, GROUP_LENGTH)
    )


def plain_code(typed: str) -> str:
    """Return what a child typed without what does not count: case, spaces and hyphens."""
    return _NO_CODE.sub("", typed).upper()


def plain_login(typed: str) -> str:
    """Return a login as it is kept: case and space around it do not count."""
    return typed.strip().lower()


def new_login(local_id: str, taken: Collection[str], choose: Callable[[str], str]) -> str:
    """Return a login that nobody in `taken` has: the local id, or a random one.

    Shape: `taken` holds logins as they are kept. A local id that a login may not look like, or
           that another student has too, is not used.
    """
    login = plain_login(local_id)
    if _LOGIN.fullmatch(login) and login not in taken:
        return login
    while True:
        login = "k-" + "".join(choose(ALPHABET) for _ in range(6)).lower()
        if login not in taken:
            return login


def hashed(code: str, *, key: bytes, salt: bytes) -> str:
    """Return what is kept of a code: a keyed digest with a salt of its own.

    A slow password hash makes up for passwords that people choose. These codes are random, live
    for days, work once, and the door limits guessing; whoever steals the database alone lacks the
    key and can test no guess at all. So a fast keyed digest is enough, and a district's cards take
    a second instead of hours.
    """
    digest = hmac.new(key, salt + plain_code(code).encode(), hashlib.sha256)
    return f"{_SCHEME}${salt.hex()}${digest.hexdigest()}"


def is_code(typed: str, kept: str, *, key: bytes) -> bool:
    """Tell whether a code is the one that `hashed` kept, in the same time for any answer."""
    scheme, _dollar, rest = kept.partition("$")
    salt, _dollar, _digest = rest.partition("$")
    again = hashed(typed, key=key, salt=bytes.fromhex(salt))
    return hmac.compare_digest(again, kept) and scheme == _SCHEME
