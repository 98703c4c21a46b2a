"""Read one CSV or XLSX file of any header, with the separator and the sheet told or declared."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rollbook.files.csv import CsvTable
from rollbook.files.csv_separators import (
    COMMA,
    SEPARATORS,
    first_lines,
    read_separated,
    told_separator,
)
from rollbook.files.xlsx import read_xlsx
from rollbook.roster.checks.conversions import OTHER_SEPARATOR

_ZIP_MARK: Final = b"PK\x03\x04"


def is_workbook(path: Path) -> bool:
    """Tell by its first bytes whether a file is a workbook, for nothing else is read by a mapping.

    Raises: OSError when the path cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(4) == _ZIP_MARK


def read_flat(
    path: Path, *, name: str, encoding: str = "utf-8", separator: str = "", sheet: str = ""
) -> CsvTable:
    """Read a file as text, with its own header.

    Shape:  as `read_csv`. A separator that was told from the header, and is no comma, is a
            finding, so that a person sees what was guessed.
    Raises: OSError when the path cannot be read; LookupError for an unknown `encoding`.
    """
    if is_workbook(path):
        return read_xlsx(path, name=name, sheet=sheet)
    told = separator or told_separator(path, encoding=encoding)
    table = read_separated(path, name=name, separator=told, expected_encoding=encoding)
    if told != COMMA and not separator:
        sign = SEPARATORS[told]
        table.findings.add(OTHER_SEPARATOR.finding(file=name, line=1, value=sign))
    return table


def header_of(path: Path, *, name: str, encoding: str = "utf-8") -> tuple[str, ...]:
    """Return the header of a file, reading no more of it than that takes.

    Raises: OSError when the path cannot be read; LookupError for an unknown `encoding`.
    """
    if is_workbook(path):
        return read_xlsx(path, name=name).header
    separator = told_separator(path, encoding=encoding)
    head = first_lines(path)
    return read_separated(head, name=name, separator=separator, expected_encoding=encoding).header
