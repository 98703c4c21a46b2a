"""Cut a group file into records as the state's system does, a reader of CSV with habits of its own.

A quote counts only as a cell's first character; white space after the closing quote is
skipped, anything else there breaks the file; CR, LF and CRLF each end a line; wholly empty
lines are no records; nothing is trimmed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from rollbook.groups.checks.java_text import WHITE_SPACE

_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = re.escape(WHITE_SPACE.replace("\r", "").replace("\n", ""))
_CELL: Final = re.compile(
    rf'(?:"((?:[^"]++|"")*+)"[{_SPACE}]*+|((?!")[^,\r\n]*+))(,|\r\n|\r|\n|\Z)'
)
_CLOSED: Final = re.compile(rf'"(?:[^"]++|"")*+"[{_SPACE}]*+')
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class FileBreaks(Exception):
    """Say where a file stops being CSV. The person mends the quotes there."""


def text_of(content: bytes) -> str:
    """Return a file as text: UTF-8, a mark for what is not, without a byte order mark."""
    return content.removeprefix(_BOM).decode("utf-8", "replace")


def records_of(text: str) -> Iterator[list[str]]:
    """Yield the records of a text, the header first.

    Raises: FileBreaks when the reading comes to a quote that is out of place or never closed.
    """
    if '"' not in text:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return (line.split(",") for line in lines if line)
    return _quoted_records(text)


def _quoted_records(text: str) -> Iterator[list[str]]:
    """Read as the library does where no quote is odd, and cell by cell from where one is."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, strict=True)
    taken = 0
    try:
        for record in reader:
            taken = reader.line_num
            if record:
                yield record
    except csv.Error:
        rest = "".join(lines[taken:])
    else:
        return
    yield from _odd_records(rest, taken)


def _odd_records(text: str, lines_before: int) -> Iterator[list[str]]:
    cells: list[str] = []
    position, is_open = 0, False
    while position < len(text) or is_open:
        cell = _CELL.match(text, position)
        if cell is None:
            raise FileBreaks(_reason(text, position, lines_before))
        quoted, bare, end = cell.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"'))
        position, is_open = cell.end(), end == ","
        if not is_open:
            if len(cells) > 1 or quoted is not None or bare:
                yield cells
            cells = []


def _reason(text: str, position: int, lines_before: int) -> str:
    if closed := _CLOSED.match(text, position):
        line = lines_before + 1 + _line_ends(text[: closed.end()])
        return f"(line {line}) invalid char between encapsulated token and delimiter"
    line = lines_before + 1 + _line_ends(text[:position])
    return f"(startline {line}) EOF reached before encapsulated token finished"


def _line_ends(text: str) -> int:
    return sum(1 for _ in _LINE_END.finditer(text))
