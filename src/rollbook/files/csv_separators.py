"""Read CSV whose cells are separated by another sign than a comma."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from rollbook.files.csv import CsvTable, read_csv
from rollbook.files.csv_encoding import to_utf8
from rollbook.files.limits import DEFAULT, Limits

COMMA: Final = ","
# What spreadsheets and databases write instead, in the order in which they are tried.
SEPARATORS: Final = {COMMA: "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def told_separator(source: bytes | Path, *, encoding: str | None = None) -> str:
    """Tell which sign separates the cells of a file, by its header alone.

    Raises: OSError when a path cannot be read.
    """
    head = first_lines(source)
    text = to_utf8(head, file="", declared=encoding).content or head
    line = _outside_quotes(text.split(b"\n", 1)[0].decode("utf-8", errors="replace"))
    return max(SEPARATORS, key=lambda sign: (line.count(sign), sign == COMMA))


def first_lines(source: bytes | Path) -> bytes:
    """Return the whole lines at the start of a file, as far as 64 KiB reach.

    Raises: OSError when a path cannot be read.
    """
    if isinstance(source, bytes):
        head = source[:65536]
    else:
        with source.open("rb") as stream:
            head = stream.read(65536)
    # Cut at a line end, which is where no character is cut in two.
    end = head.rfind(b"\n")
    return head[: end + 1 + (head[end + 1 : end + 2] == b"\0")] if end >= 0 else head


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def read_separated(
    source: bytes | Path,
    *,
    name: str,
    separator: str,
    limits: Limits = DEFAULT,
    expected_encoding: str | None = None,
) -> CsvTable:
    """Read a file as `read_csv` does, with `separator` in the part of the comma.

    Raises: OSError when a path cannot be read; LookupError for an unknown `expected_encoding`.
    """
    if separator == COMMA:
        return read_csv(source, name=name, limits=limits, expected_encoding=expected_encoding)
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if not size or size > limits.max_bytes:
        return read_csv(source, name=name, limits=limits, expected_encoding=expected_encoding)
    content = source.read_bytes() if isinstance(source, Path) else source
    text = to_utf8(content, file=name, declared=expected_encoding)
    if text.is_lost or not text.content:
        return read_csv(content, name=name, limits=limits, expected_encoding=expected_encoding)
    # The two signs change places in the bytes, and back again in the cells.
    swap = bytes.maketrans(f"{separator},".encode(), f",{separator}".encode())
    table = read_csv(text.content.translate(swap), name=name, limits=limits)
    if text.finding is not None:
        table.findings.add(text.finding)
    back = str.maketrans(f"{separator},", f",{separator}")
    header = tuple(cell.translate(back) for cell in table.header)
    frame = table.frame.select(
        "_line", *(_swapped(table.frame[column], separator) for column in table.frame.columns[1:])
    )
    frame.columns = [column.translate(back) for column in frame.columns]
    return replace(table, header=header, frame=frame, encoding=text.encoding, had_bom=text.had_bom)


def _swapped(column: pl.Series, separator: str) -> pl.Series:
    cells = column.alias("")  # a header may look like a pattern of names
    if not cells.str.contains_any([separator, COMMA]).any():
        return column
    return cells.str.replace_many([separator, COMMA], [COMMA, separator]).alias(column.name)
