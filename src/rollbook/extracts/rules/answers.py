"""What the other side says of a file: in plain words, and row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# As the state's import service writes it; with "With N additional validation failures" at the end.
_ROW: Final = re.compile(r"Row:\s*(\d+)\s+Failure:\s*(.*?)(?=\s*(?:Row:\s*\d+\s+Failure:|$))", re.S)
_HEADER_LINES: Final = 1

# Source: results-reporting 6.2
_MEANINGS: Final[Mapping[str, str]] = {
    "INVALID": "The other side does not take files of this kind from this user.",
    "BAD_FORMAT": "The other side could not read the file.",
    "BAD_DATA": "The other side found rows in the file that it does not take, so it took none.",
    "UNAUTHORIZED": "The other side does not let this user write groups of these schools.",
    "UNKNOWN_ASMT": "The other side took the file for something else than groups.",
    "UNKNOWN_SCHOOL": "The other side does not know a school that is in the file.",
    "PIPELINE_FAILURE": "The other side broke while it read the file. Tell whoever runs it.",
}
# It took a file, and we say why that is not enough.
_TAKEN: Final = frozenset({"PROCESSED", "NO_UPDATE"})


@dataclass(frozen=True, slots=True)
class FlaggedRow:
    """Hold one row of a file that the other side did not take.

    Shape: `row` counts records after the header from 1, as the other side does; `line` is what a
           spreadsheet shows. `group_name` and `school_natural_id` are the row's in our file.
    """

    row: int
    line: int
    says: str = field(repr=False)
    group_name: str = ""
    school_natural_id: str = ""
    school_year: str = ""


def meaning_of(remote_status: str) -> str:
    """Say in a sentence what a status of the other side means, without any cell of the file."""
    plain = f"The other side did not take the file: it answers {remote_status or 'nothing'}."
    return _MEANINGS.get(remote_status, plain)


def plain_words(remote_status: str, says: str, *, is_refused: bool) -> str:
    """Say what came of a delivery for a letter, a log or a screen: without any cell of the file.

    Shape: the other side's own words are left out; ours, of what failed here, are kept.
    """
    is_ours = not is_refused or remote_status in _TAKEN
    return says if is_ours else meaning_of(remote_status)


def rows_flagged(message: str) -> list[FlaggedRow]:
    """Read which rows a message names, in its order; empty when it names none."""
    return [
        FlaggedRow(int(row), int(row) + _HEADER_LINES, " ".join(says.split()))
        for row, says in _ROW.findall(message)
        if int(row) > 0
    ]
