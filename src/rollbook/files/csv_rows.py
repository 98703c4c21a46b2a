"""Read one CSV row exactly, byte by byte: the reader of last resort.

The scanner in `csv_scan` reads whole windows at once and stops at the first row whose
quotes are out of place. This reader then decides what that one row is. It is also what
the scanner is tested against.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from rollbook.files.limits import Limits

_ENDS_BARE_CELLS = re.compile(rb'[\n\r"]')
_ENDS_A_ROW = re.compile(rb"[\n\r]")
_QUOTE, _COMMA, _LF, _CR = 34, 44, 10, 13


class Fault(StrEnum):
    """Name what keeps a row from being read."""

    STRAY_QUOTE = "stray quote"
    UNCLOSED_QUOTE = "unclosed quote"
    BARE_CR = "bare carriage return"
    LONG_FIELD = "long field"
    LONG_LINE = "long line"


@dataclass(slots=True)
class Row:
    """Hold one row as it stands in the source.

    Shape: `after` is where the next row starts; `at` is where a fault was seen, and for an
           unclosed quote where it opened; `crlf` is None when the file ends without a line end.
    """

    cells: list[bytes] = field(default_factory=list[bytes])
    after: int = 0
    crlf: bool | None = None
    has_line_break: bool = False
    fault: Fault | None = None
    at: int = 0


def read_row(source: bytes, start: int, limits: Limits) -> Row:
    """Read the row that starts at `start`.

    Shape: a row with a stray quote keeps the cells before it and runs to its line's end.
    """
    row = Row()
    position = start
    while True:
        stop = _read_cell(source, position, row, limits)
        if row.fault is None and stop - start > limits.max_line_bytes:
            row.fault, row.at = Fault.LONG_LINE, start
        if row.fault is Fault.STRAY_QUOTE:
            return _skip_to_line_end(source, row, start, limits)
        if row.fault is not None:
            return row
        if stop < len(source) and source[stop] == _COMMA:
            position = stop + 1
            continue
        _end_row(source, stop, row)
        return row


def _read_cell(source: bytes, start: int, row: Row, limits: Limits) -> int:
    """Add the cell at `start` to the row and return where it stops."""
    if start < len(source) and source[start] == _QUOTE:
        stop = _read_quoted(source, start, row, limits)
    else:
        stop = _read_bare(source, start, row, limits)
    return stop


def _read_bare(source: bytes, start: int, row: Row, limits: Limits) -> int:
    """Add the cells up to the next quote or line end, and return where the last one stops."""
    reach = min(len(source), start + limits.max_line_bytes + 1)
    found = _ENDS_BARE_CELLS.search(source, start, reach)
    stop = found.start() if found else reach
    cells = source[start:stop].split(b",")
    mark = source[stop] if found else None
    if max(map(len, cells)) > limits.max_field_bytes:
        row.fault, row.at = Fault.LONG_FIELD, start
    elif mark == _QUOTE and not cells[-1] and len(cells) > 1:
        # The quote opens the next cell.
        cells.pop()
        stop -= 1
    elif mark == _QUOTE:
        row.fault, row.at = Fault.STRAY_QUOTE, stop
    elif mark == _CR and not _is_crlf(source, stop):
        row.fault, row.at = Fault.BARE_CR, stop
    row.cells += cells
    return stop


def _read_quoted(source: bytes, start: int, row: Row, limits: Limits) -> int:
    close = _closing_quote(source, start, limits)
    text = source[start + 1 : close] if close > 0 else b""
    broken = b"\n" in text or b"\r" in text
    if close < 0:
        row.fault, row.at = _kind_of_open_quote(source, start, limits), start
        return start
    stop = close + 1
    if stop == len(source) or source[stop] in (_COMMA, _LF) or _is_crlf(source, stop):
        row.cells.append(text.replace(b'""', b'"'))
        row.has_line_break = row.has_line_break or broken
    elif source[stop] == _CR:
        row.fault, row.at = Fault.BARE_CR, stop
    elif broken:
        # The quote that seemed to close it opens another cell, lines further down.
        row.fault, row.at = Fault.UNCLOSED_QUOTE, start
    else:
        row.fault, row.at = Fault.STRAY_QUOTE, stop
    return stop


def _closing_quote(source: bytes, start: int, limits: Limits) -> int:
    """Return where the quote opened at `start` closes, or -1."""
    reach = min(len(source), start + limits.max_field_bytes + 2)
    position = start + 1
    while (position := source.find(b'"', position, reach)) >= 0:
        if position + 1 < len(source) and source[position + 1] == _QUOTE:
            position += 2
            continue
        return position
    return -1


def _kind_of_open_quote(source: bytes, start: int, limits: Limits) -> Fault:
    """Tell a quote that was never closed from a cell that is merely too long."""
    reach = start + limits.max_field_bytes + 2
    if reach >= len(source) or _ENDS_A_ROW.search(source, start, reach):
        return Fault.UNCLOSED_QUOTE
    return Fault.LONG_FIELD


def _skip_to_line_end(source: bytes, row: Row, start: int, limits: Limits) -> Row:
    reach = min(len(source), start + limits.max_line_bytes + 1)
    found = _ENDS_A_ROW.search(source, row.at, reach)
    stop = found.start() if found else reach
    if found is None and reach < len(source):
        row.fault, row.at = Fault.LONG_LINE, start
    elif found and source[stop] == _CR and not _is_crlf(source, stop):
        row.fault, row.at = Fault.BARE_CR, stop
    else:
        _end_row(source, stop, row)
    return row


def _end_row(source: bytes, stop: int, row: Row) -> None:
    """Note how the row ends and where the next one starts."""
    if stop >= len(source):
        row.after, row.crlf = len(source), None
    elif source[stop] == _CR:
        row.after, row.crlf = stop + 2, True
    else:
        row.after, row.crlf = stop + 1, False


def _is_crlf(source: bytes, at: int) -> bool:
    return source[at : at + 2] == b"\r\n"
