"""Read a OneRoster CSV package: which files came, what the manifest says of them, their text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from rollbook.files.csv import CsvTable, read_csv
from rollbook.files.zip import EntryCannotBeRead, ZipContents, open_zip
from rollbook.roster.checks.repairs import LINE_BREAK
from rollbook.roster.checks.run import NOTHING_KNOWN, check_bundle
from rollbook.roster.layouts import LAYOUTS, MODES
from rollbook.roster.types import BundleResult, Manifest, Mode, OneRosterBundle, Profile
from rollbook.shared.findings import FindingReport

MANIFEST: Final = "manifest"
_KNOWN: Final = {name.lower(): name for layouts in LAYOUTS.values() for name in layouts}
# Files that only 1.2 has, and columns of users that only one of the versions has.
_ONLY_1_2: Final = frozenset(LAYOUTS["1.2"]) - frozenset(LAYOUTS["1.1"])


def read_bundle(
    source: Path | bytes,
    *,
    name: str = "",
    allow_field_line_breaks: bool = False,
    encoding: str = "utf-8",
) -> OneRosterBundle:
    """Read a OneRoster zip as text, and work out what each file is.

    Shape:  a table is read each time it is taken from `tables`. A file that cannot be read has
            a fatal finding and no rows; a zip that cannot be opened has one too, and no tables.
            `encoding` is declared by the sender, never guessed; a byte order mark goes before it.
    Raises: OSError when a path cannot be read.
    Source: OneRoster CSV binding 1.1 and 1.2.1, "package".
    """
    contents = open_zip(source, name=name)
    places, unknown, repeated = _sorted_out(contents)
    manifest = None
    if MANIFEST in places:
        listed = ZipTables(contents, places, allow_field_line_breaks, encoding)
        manifest = _manifest(listed[MANIFEST])
    every = {file: entry for file, entry in places.items() if file != MANIFEST}
    tables = ZipTables(contents, every, allow_field_line_breaks, encoding)
    version = _version(manifest, tables)
    ours = {file: entry for file, entry in every.items() if file in LAYOUTS[version]}
    unknown += [entry for file, entry in every.items() if file not in ours]
    tables = ZipTables(contents, ours, allow_field_line_breaks, encoding)
    named = {MANIFEST: places[MANIFEST], **ours} if MANIFEST in places else ours
    return OneRosterBundle(
        version=version,
        modes=_modes(version, manifest, tables),
        tables=tables,
        findings=contents.findings,
        manifest=manifest,
        other_names={file: entry for file, entry in named.items() if entry != f"{file}.csv"},
        unknown_files=tuple(unknown),
        repeated_files=tuple(repeated),
        name=contents.name,
    )


def check_file(
    source: Path | bytes,
    *,
    profile: Profile,
    switched_off: frozenset[str] = frozenset(),
    known: Mapping[str, pl.Series] = NOTHING_KNOWN,
    name: str = "",
    encoding: str = "utf-8",
) -> BundleResult:
    """Read a OneRoster zip and check it.

    Shape:  as `check_bundle`.
    Raises: OSError when a path cannot be read.
    """
    joins_lines = profile is Profile.LENIENT and LINE_BREAK.code not in switched_off
    bundle = read_bundle(source, name=name, allow_field_line_breaks=joins_lines, encoding=encoding)
    return check_bundle(bundle, profile=profile, switched_off=switched_off, known=known)


class ZipTables(Mapping[str, CsvTable]):
    """Read a table of a zip whenever it is asked for, and keep none: a roster may be large."""

    def __init__(
        self, contents: ZipContents, places: Mapping[str, str], line_breaks: bool, encoding: str
    ) -> None:
        self._contents = contents
        self._places = places
        self._line_breaks = line_breaks
        self._encoding = encoding

    def __getitem__(self, file: str) -> CsvTable:
        entry = self._places[file]
        return _read(self._contents, file, entry, self._line_breaks, self._encoding)

    def __contains__(self, file: object) -> bool:
        return file in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _sorted_out(contents: ZipContents) -> tuple[dict[str, str], list[str], list[str]]:
    """Tell which entry is which file: by its name, in whatever folder and case."""
    places: dict[str, str] = {}
    unknown: list[str] = []
    repeated: list[str] = []
    entries = [entry.name for entry in contents.entries if not entry.is_folder]
    for entry in sorted(entries, key=lambda entry: (entry.count("/"), entry)):
        file = _file_of(entry)
        if file is None:
            unknown.append(entry)
        elif file in places:
            repeated.append(entry)
        else:
            places[file] = entry
    return places, unknown, repeated


def _file_of(entry: str) -> str | None:
    base = entry.rsplit("/", 1)[-1].lower()
    if not base.endswith(".csv"):
        return None
    stem = base.removesuffix(".csv")
    return MANIFEST if stem == MANIFEST else _KNOWN.get(stem)


def _read(
    contents: ZipContents, file: str, entry: str, line_breaks: bool, encoding: str
) -> CsvTable:
    try:
        source = contents.read(entry)
    except EntryCannotBeRead as refused:
        findings = FindingReport()
        findings.add(refused.finding)
        return CsvTable(f"{file}.csv", (), pl.DataFrame(), findings)
    return read_csv(
        source,
        name=f"{file}.csv",
        allow_field_line_breaks=line_breaks,
        expected_encoding=encoding,
    )


def _manifest(table: CsvTable) -> Manifest:
    names = table.frame.columns[1:3]
    rows = table.frame.select("_line", *names) if len(names) == 2 else table.frame.clear()
    properties = tuple((line, name or "", value) for line, name, value in rows.iter_rows())
    return Manifest(table.header, properties, table.findings)


def _version(manifest: Manifest | None, tables: Mapping[str, CsvTable]) -> str:
    """Take the version from the manifest, or else from what only one of the versions has."""
    said = (manifest.value("oneroster.version") or "").strip() if manifest else ""
    if said in LAYOUTS:
        return said
    users = tables["users"].header if "users" in tables else ()
    if _ONLY_1_2 & tables.keys() or "primaryOrgSourcedId" in users:
        return "1.2"
    return "1.1"


def _modes(
    version: str, manifest: Manifest | None, tables: Mapping[str, CsvTable]
) -> dict[str, Mode]:
    """Take each file's mode from the manifest; guess it only where the manifest says nothing."""
    modes: dict[str, Mode] = {}
    for file in LAYOUTS[version]:
        said = manifest.value(f"file.{file}") if manifest else None
        if said is not None:
            mode = said.strip().lower()
            if mode in MODES:
                modes[file] = Mode(mode)
        elif file in tables:
            modes[file] = _guessed_mode(tables[file].frame)
        else:
            modes[file] = Mode.ABSENT
    return modes


def _guessed_mode(frame: pl.DataFrame) -> Mode:
    """Take a file as delta only if every row says what changed and when."""
    if {"status", "dateLastModified"} <= set(frame.columns) and frame.height:
        empty = frame.select("status", "dateLastModified").null_count().row(0)
        if not any(empty):
            return Mode.DELTA
    return Mode.BULK
