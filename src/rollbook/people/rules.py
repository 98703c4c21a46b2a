"""What of a record may be edited by hand, and which values it takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final

from rollbook.shared.grades import GRADE_CODES

_NAMES: Final = ("first_name", "middle_name", "last_name")
# By plan table, in the order in which a page asks for them.
EDITABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "students": (*_NAMES, "preferred_first_name", "grade", "birth_date", "local_id", "email"),
    "staff": (*_NAMES, "local_id", "email"),
    "classes": ("title",),
}
_NEVER_BLANK: Final = frozenset({"last_name", "title"})
# The longest text that a plan of a roster takes.
LONGEST: Final = 2000
_OLDEST: Final = date(1900, 1, 1)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def cleaned(table: str, column: str, typed: str, *, today: date) -> tuple[str, str]:
    """Return a cell as it is to be kept, and what is wrong with it; one of the two is blank.

    Shape: a text loses the spaces around it and is NFC; a date is ISO's; a blank clears the cell.
    """
    if column not in EDITABLE.get(table, ()):
        return "", f"{column} cannot be edited here."
    text = unicodedata.normalize("NFC", typed).strip()
    if not text:
        return "", "Type a value; this one is never blank." if column in _NEVER_BLANK else ""
    says = _complaint(column, text, today)
    return ("", says) if says else (text, "")


def _complaint(column: str, text: str, today: date) -> str:
    if len(text) > LONGEST:
        return f"Use {LONGEST:,} characters or fewer."
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return "Type it in one line, without control characters."
    if column == "grade" and text not in GRADE_CODES:
        return f'"{text}" is not a grade. Use PK, KG, or 01 to 12.'
    if column == "email" and not _EMAIL.fullmatch(text):
        return "Type an address such as name@example.org."
    if column == "birth_date":
        return _wrong_birth_date(text, today)
    return ""


def _wrong_birth_date(text: str, today: date) -> str:
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return f'"{text}" is not a date. Use year-month-day, such as 2015-08-31.'
    return "" if _OLDEST <= born <= today else "Type a day between 1900 and today."
