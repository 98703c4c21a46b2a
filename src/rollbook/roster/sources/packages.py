"""Read a zip of CSV files whose names and headers a vendor has fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from rollbook.files.csv import CsvTable, read_csv
from rollbook.files.zip import EntryCannotBeRead, ZipContents, open_zip
from rollbook.roster.checks.conversions import (
    COLUMN_MISSING,
    COLUMN_SPELLED,
    FILE_MISSING,
    FILE_TWICE,
    NOT_READ,
)
from rollbook.roster.rules.import_fields import folded_header
from rollbook.roster.sources.converting import Conversion, placed


@dataclass(frozen=True, slots=True)
class PackageFile:
    """Describe one file of a vendor's layout.

    Shape: `name` without `.csv`; the columns in `needed` must be there, those in `may` need not;
           `tables` are those of OneRoster that its rows become, the one they name first.
    """

    name: str
    needed: tuple[str, ...]
    may: tuple[str, ...]
    tables: tuple[str, ...]
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """Hold the rows of one received file under the layout's names.

    Shape: `rows` has `_file`, `_from` and the columns that came; `spelled` maps each of those to
           its name in the file.
    """

    rows: pl.DataFrame
    spelled: Mapping[str, str]

    def named(self, **columns: str) -> dict[str, str]:
        """Say what the columns of a converted table are called in the file, as far as they came."""
        return {
            ours: self.spelled[theirs] for ours, theirs in columns.items() if theirs in self.spelled
        }


_CSV: Final = ".csv"


def package_names(path: Path) -> dict[str, str]:
    """List the CSV files of a zip: name without folder, case and `.csv`, and the entry itself.

    Shape: empty when it cannot be opened.
    """
    return {name: entries[0] for name, entries in _entries(open_zip(path)).items()}


def package_header(path: Path, entry: str) -> tuple[str, ...]:
    """Return the header of one file of a zip, empty when it cannot be read."""
    try:
        content = open_zip(path).read(entry)
    except (EntryCannotBeRead, KeyError):
        return ()
    first = content.split(b"\n", 1)[0]
    return read_csv(first, name=entry).header


def read_package(
    conversion: Conversion,
    path: Path,
    files: tuple[PackageFile, ...],
    *,
    layout: str,
    encoding: str,
    allow_line_breaks: bool,
) -> dict[str, Received]:
    """Read the files of a vendor's layout, and note what is missing or not known.

    Shape:  by name of the file, without those that did not come or have no row; nothing at all
            after a fatal finding.
    Raises: OSError when the path cannot be read.
    """
    contents = open_zip(path, name=conversion.name)
    conversion.findings.merge(contents.findings)
    if contents.findings.is_fatal:
        return {}
    entries = _entries(contents)
    _judge_files(conversion, entries, contents, files, layout)
    found: dict[str, Received] = {}
    for file in files:
        if file.name.lower() in entries:
            entry = entries[file.name.lower()][0]
            table = _table(conversion, contents, file, entry, (encoding, allow_line_breaks))
            if table is not None:
                found[file.name] = _received(conversion, table, file, layout)
    return {} if conversion.findings.is_fatal else found


def _entries(contents: ZipContents) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    for entry in contents.entries:
        base = entry.name.rsplit("/", 1)[-1].lower()
        if not entry.is_folder and base.endswith(_CSV):
            entries.setdefault(base.removesuffix(_CSV), []).append(entry.name)
    return entries


def _judge_files(
    conversion: Conversion,
    entries: Mapping[str, list[str]],
    contents: ZipContents,
    files: tuple[PackageFile, ...],
    layout: str,
) -> None:
    known = {file.name.lower() for file in files}
    for file in files:
        for other in entries.get(file.name.lower(), ())[1:]:
            conversion.say(FILE_TWICE, file=f"{file.name}.csv", value=other)
        if file.is_needed and file.name.lower() not in entries:
            conversion.say(FILE_MISSING, file="", value=f"{file.name}.csv", layout=layout)
    read = {entry for name in known for entry in entries.get(name, ())}
    for entry in contents.entries:
        if not entry.is_folder and entry.name not in read:
            conversion.say(NOT_READ, file="", value=entry.name, layout=layout)


def _table(
    conversion: Conversion,
    contents: ZipContents,
    file: PackageFile,
    entry: str,
    how: tuple[str, bool],
) -> CsvTable | None:
    try:
        source = contents.read(entry)
    except EntryCannotBeRead as refused:
        conversion.findings.add(refused.finding)
        return None
    encoding, allow = how
    table = read_csv(
        source,
        name=f"{file.name}{_CSV}",
        expected_encoding=encoding,
        allow_field_line_breaks=allow,
    )
    reads = {folded_header(column) for column in (*file.needed, *file.may)}
    conversion.take_reading(table, *file.tables, reads=reads, is_needed=file.is_needed)
    return None if table.findings.is_fatal else table


def _received(conversion: Conversion, table: CsvTable, file: PackageFile, layout: str) -> Received:
    """Find the layout's columns by their names, or by names that look like them."""
    by_folded = {folded_header(name): name for name in (*file.needed, *file.may)}
    spelled: dict[str, str] = {}
    read: dict[str, str] = {}
    for said, column in zip(table.header, table.frame.columns[1:], strict=True):
        name = by_folded.get(folded_header(said))
        if name is None or name in spelled:
            if said.strip():
                conversion.say(
                    NOT_READ, file=table.name, line=1, column=said, value=said, layout=layout
                )
            continue
        if said != name:
            conversion.say(COLUMN_SPELLED, file=table.name, line=1, column=name, value=said)
        spelled[name], read[name] = said, column
    for name in file.needed:
        if name not in spelled:
            conversion.say(COLUMN_MISSING, file=table.name, line=1, column=name)
    return Received(placed(table, read), spelled)
