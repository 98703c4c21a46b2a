"""Give back the rows that were left out, in the layout they came in, to correct and send again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from rollbook.files.csv_encoding import to_utf8
from rollbook.files.csv_rows import read_row
from rollbook.files.csv_write import csv_row
from rollbook.files.limits import DEFAULT
from rollbook.files.xlsx import read_xlsx
from rollbook.files.zip import EntryCannotBeRead, open_zip
from rollbook.roster.layouts import manifest_properties
from rollbook.roster.types import BundleResult, Mode, OneRosterBundle

# A zip says when its files were made; the same rows make the same bytes.
_MADE: Final = (1980, 1, 1, 0, 0, 0)
_BOM: Final = "\ufeff".encode()
_TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt"})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Say which rows of what was received were left out.

    Shape: `lines` are those of each received file, `whole` the files that could not be used at
           all, both by their names in what was received. `version` is that of a OneRoster
           package, blank for every other layout; `modes` are those of its files, and
           `other_names` the names in the zip of those that are not called as they should be.
    """

    lines: Mapping[str, Sequence[int]]
    whole: tuple[str, ...] = ()
    version: str = ""
    modes: Mapping[str, str] = field(default_factory=dict[str, str])
    other_names: Mapping[str, str] = field(default_factory=dict[str, str])
    system: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to send again."""
        return not self.whole and not any(self.lines.values())

    def as_dict(self) -> dict[str, Any]:
        """Return all but the lines as plain values, for JSON."""
        return {
            "whole": list(self.whole),
            "version": self.version,
            "modes": dict(self.modes),
            "other_names": dict(self.other_names),
            "system": dict(self.system),
        }


def left_out_of(
    result: BundleResult, bundle: OneRosterBundle, *, repair_codes: frozenset[str]
) -> LeftOut:
    """Say which rows of what was received a result leaves out.

    Shape: a row that only repeats another word for word, a repair, is not among them: there is
           nothing to correct in it.
    """
    lines: dict[str, set[int]] = {}
    for file, exclusion in result.excluded.items():
        rows = exclusion.frame.filter(~pl.col("cause").is_in(sorted(repair_codes)))
        origin = bundle.origins.get(file)
        if origin is None:
            lines.setdefault(file, set()).update(rows["_line"].to_list())
            continue
        received = rows.select("_line").join(origin.rows, on="_line", how="inner")
        for name, line in received.select("file", "line").iter_rows():
            lines.setdefault(name, set()).add(line)
    is_package = not bundle.origins
    system = bundle.manifest.properties if bundle.manifest else ()
    return LeftOut(
        lines={file: sorted(found) for file, found in lines.items() if found},
        whole=_lost_files(result, bundle) if is_package else (),
        version=bundle.version if is_package else "",
        modes={file: mode.value for file, mode in bundle.modes.items()},
        other_names=dict(bundle.other_names),
        system={name: value or "" for _, name, value in system if name.startswith("source.")},
    )


def _lost_files(result: BundleResult, bundle: OneRosterBundle) -> tuple[str, ...]:
    """List the files that came with rows, and of which nothing can be used."""
    if result.frames is None:
        return ()
    used = result.frames.modes
    return tuple(
        file
        for file in sorted(used)
        if used[file] is Mode.ABSENT
        and file in bundle.tables
        and bundle.modes.get(file) is not Mode.ABSENT
        and bundle.tables[file].frame.height
    )


def left_out_file(
    path: Path, left: LeftOut, *, encoding: str, moment: str, sheet: str = ""
) -> tuple[str, bytes] | None:
    """Cut the rows that were left out of the received bytes.

    Shape:  the file's name and its bytes: a zip for a package, else one CSV, also of the `sheet`
            of a workbook; None when nothing was left out. Every row is as it came, in UTF-8, but
            for one thing: a row of a bulk file of OneRoster becomes one of a delta file, active
            since `moment`, so that sending these rows alone removes nobody.
    Raises: OSError when the received bytes are gone.
    """
    if left.is_empty:
        return None
    if left.version:
        return "excluded.zip", _oneroster(path, left, encoding, moment)
    lines = next(iter(left.lines.values()), ())
    if path.suffix == ".xlsx":
        return "excluded.csv", _sheet(path, lines, sheet)
    if path.suffix in _TEXT_SUFFIXES:
        return "excluded.csv", _cut(path.read_bytes(), lines, False, encoding)
    contents = open_zip(path)
    by_name = {name.lower(): lines for name, lines in left.lines.items()}
    parts: dict[str, bytes] = {}
    for entry in contents.entries:
        name = entry.name.rsplit("/", 1)[-1]
        if found := by_name.get(name.lower()):
            parts[name] = _cut(contents.read(entry.name), found, False, encoding)
    return "excluded.zip", _zip(parts)


def _sheet(path: Path, lines: Sequence[int], sheet: str) -> bytes:
    """Return these rows of a workbook's sheet as CSV."""
    table = read_xlsx(path, name=path.name, sheet=sheet)
    rows = table.frame.filter(pl.col("_line").is_in(list(lines))).drop("_line")
    cells = rows.with_columns(pl.all().fill_null("")).rows()
    return b"".join(map(csv_row, [list(table.header), *map(list, cells)]))


def _oneroster(path: Path, left: LeftOut, encoding: str, moment: str) -> bytes:
    contents = open_zip(path)
    parts: dict[str, bytes] = {}
    for file in sorted({*left.lines, *left.whole}):
        entry = left.other_names.get(file, f"{file}.csv")
        is_bulk = left.modes.get(file) != "delta"
        try:
            source = contents.read(entry)
        except (KeyError, EntryCannotBeRead):
            continue  # what never came, or came damaged, cannot be given back
        parts[f"{file}.csv"] = _cut(
            source,
            left.lines.get(file, ()),
            file in left.whole,
            encoding,
            active_since=moment if is_bulk else "",
        )
    manifest = [["propertyName", "value"]]
    for name in manifest_properties(left.version):
        value = {"manifest.version": "1.0", "oneroster.version": left.version}.get(name, "")
        file = name.removeprefix("file.")
        manifest.append([name, value or ("delta" if f"{file}.csv" in parts else "absent")])
    manifest += [[name, value] for name, value in left.system.items()]
    return _zip({"manifest.csv": b"".join(map(csv_row, manifest)), **parts})


def _cut(
    source: bytes, lines: Sequence[int], is_whole: bool, encoding: str, *, active_since: str = ""
) -> bytes:
    """Return the header and these lines of a CSV; all of it when the file was lost whole."""
    text = to_utf8(source, file="", declared=encoding)
    content = text.content
    if is_whole and not active_since:
        return source
    starts = _line_starts(content)
    header = read_row(content, 0, DEFAULT)
    # A mark says that it is UTF-8 where the sender's files are declared to be something else.
    marked = _BOM if text.had_bom or text.encoding != "utf-8" else b""
    if is_whole:
        lines = range(2, len(starts) + 1)
    rows = [marked + content[: header.after]]
    names = [cell.strip().lower() for cell in header.cells]
    for line in lines:
        if not 1 < line <= len(starts) or starts[line - 1] >= len(content):
            continue
        rows.append(_row(content, starts[line - 1], names, active_since))
    return b"".join(rows)


def _row(content: bytes, start: int, names: list[bytes], active_since: str) -> bytes:
    """Return one row as it stands; in a delta file, a whole row says that it is active."""
    row = read_row(content, start, DEFAULT)
    end = row.after or (content.find(b"\n", start) + 1 or len(content))
    raw = content[start:end]
    raw = raw if raw.endswith(b"\n") else raw + b"\r\n"
    if not active_since or row.fault is not None or len(row.cells) != len(names):
        return raw
    cells = [cell.decode() for cell in row.cells]
    for name, value in ((b"status", "active"), (b"datelastmodified", active_since)):
        if name in names and not cells[names.index(name)]:
            cells[names.index(name)] = value
    return csv_row(cells)


def _line_starts(content: bytes) -> list[int]:
    starts, at = [0], content.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = content.find(b"\n", at + 1)
    return starts


def _zip(parts: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _MADE), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
