"""Look once over a file's bytes for signs of damage, so that sound files need no second look."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import numpy as np


class Sign(StrEnum):
    """Name what the bytes of a file hint at; whether it is so, only its cells can tell."""

    UNSEEN = "unseen"  # control characters, and those that no one sees
    GARBLED = "garbled"  # letters lost, or read in a wrong encoding, before the file was made
    SPREADSHEET = "spreadsheet"  # 4.00002E+09, ########, #N/A


EVERY_SIGN: Final = frozenset(Sign)
_LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_FIRST_SEEN: Final = 32  # the space
# What the first bytes of unseen characters outside ASCII are, with what is usual after them.
_RARE: Final = re.compile(
    rb"\xc2[\x80-\x9f\xad]|\xcd\x8f|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xa8-\xae]"
    rb"|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80-\x81]"
)
_LEADS: Final = (
    b"\xc2", b"\xcd\x8f", b"\xd8\x9c", b"\xe1\xa0\x8e", b"\xe2\x80", b"\xe2\x81",
    b"\xef\xbb\xbf", b"\xef\xbf", b"\xf3\xa0",
)  # fmt: skip
_SPREADSHEET: Final = (b"E+", b"e+", b"##", b"#N", b"#REF!", b"#VALUE!", b"#DIV/0!")
_GARBLED: Final = (b"\xef\xbf\xbd", b"\xc3\x83", b"\xc3\x82", b"\xc3\xa2\xe2\x82\xac")


def signs_in(content: bytes) -> frozenset[Sign]:
    """Return which signs the bytes of a UTF-8 file show; without one no cell need be searched."""
    found: set[Sign] = set()
    if _has_any(content, _SPREADSHEET):
        found.add(Sign.SPREADSHEET)
    is_ascii = content.isascii()
    if _has_controls(content) or (not is_ascii and _has_rare(content)):
        found.add(Sign.UNSEEN)
    if not is_ascii and _has_any(content, _GARBLED):
        found.add(Sign.GARBLED)
    return frozenset(found)


def _has_controls(content: bytes) -> bool:
    """Tell whether any control character occurs but tab, line feed and carriage return."""
    usual = sum(content.count(sign) for sign in (b"\t", b"\n", b"\r"))
    low = int(np.count_nonzero(np.frombuffer(content, np.uint8) < _FIRST_SEEN))
    return low > usual or b"\x7f" in content


def _has_rare(content: bytes) -> bool:
    return _has_any(content, _LEADS) and _RARE.search(content) is not None


def _has_any(content: bytes, marks: tuple[bytes, ...]) -> bool:
    """Tell whether any mark occurs; their rarest bytes are looked for first, at memory speed."""
    rare = {mark: min(mark, key=_commonness) for mark in marks}
    there = {byte for byte in set(rare.values()) if content.find(byte) >= 0}
    return any(mark in content for mark in marks if rare[mark] in there)


def _commonness(byte: int) -> int:
    """Say how common a byte is in rosters: letters before signs, signs before what is no text."""
    return 2 if byte in _LETTERS else 1 if byte < 128 else 0
