"""What the state's system takes for blank, for equal and for a number: it is written in Java."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Character.isWhitespace: separators that may break a line, and these control characters.
WHITE_SPACE: Final = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)
_CONTROLS: Final = "".join(map(chr, range(33)))  # String.trim takes them all off, and the space
_NUMBER: Final = re.compile(r"[+-]?\d+")
_LEAST, _MOST = -(2**31), 2**31 - 1
_LAST_PLAIN: Final = "\uffff"  # what lies beyond is two Java characters, which have no other case
_DOTTED_I: Final = "\u0130"  # its small letter is one character in Java, two in Python


def is_blank(text: str) -> bool:
    """Tell whether a cell holds nothing, or white space alone."""
    return not text.strip(WHITE_SPACE)


def is_without_name(text: str) -> bool:
    """Tell whether a header cell names nothing."""
    return not text.strip(_CONTROLS)


def whole_number(text: str) -> int | None:
    """Read a number of 32 bits as `Integer.valueOf` does; None where it would refuse."""
    if not _NUMBER.fullmatch(text) or max(text) > _LAST_PLAIN:
        return None
    digits = "".join(str(unicodedata.decimal(digit)) for digit in text.lstrip("+-")).lstrip("0")
    if len(digits) > len(str(_MOST)):
        return None
    number = int(digits or "0")
    number = -number if text.startswith("-") else number
    return number if _LEAST <= number <= _MOST else None


@lru_cache(maxsize=65536)
def without_case(text: str) -> str:
    """Return what two texts have in common when Java takes them for equal but for their case."""
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, text))


def _folded(letter: str) -> str:
    if letter > _LAST_PLAIN:
        return letter
    upper = letter.upper()
    upper = upper if len(upper) == 1 else letter
    lower = "i" if upper == _DOTTED_I else upper.lower()
    return lower if len(lower) == 1 else upper
