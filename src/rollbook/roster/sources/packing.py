"""Keep what a server sent as one OneRoster zip: the same records, the same bytes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import polars as pl

from rollbook.files.csv_write import write_csv
from rollbook.roster.layouts import LAYOUTS, MANIFEST_HEADER, MANIFEST_VERSION
from rollbook.roster.sources.connecting import SourceFailed

# Any day would do: an entry that carried the clock would change the bytes.
_ENTRY_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LEVEL: Final = 1  # the fastest: rosters are large and repeat themselves
_ROWS_AT_ONCE: Final = 20_000
_BLOCK: Final = 1024 * 1024
_GONE: Final = frozenset({"tobedeleted", "inactive"})


class RosterTables:
    """Collect the rows of a roster, a file at a time, as text.

    Shape: rows are kept in columns, so that a million of them fit into memory. A row that came
           before in every cell is not kept again.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self._frames: dict[str, list[pl.DataFrame]] = {}
        self._rows: dict[str, list[list[str]]] = {}
        self._sorted: set[str] = set()

    def add(self, file: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Add rows: a text by column; what a row does not have is an empty cell."""
        header = LAYOUTS[self.version][file].header
        waiting = self._rows.setdefault(file, [])
        waiting += ([row.get(name, "") for name in header] for row in rows)
        if len(waiting) >= _ROWS_AT_ONCE:
            self._settle(file)

    def add_frame(self, file: str, frame: pl.DataFrame) -> None:
        """Add rows that are text already: the columns of the file, in order."""
        self._frames.setdefault(file, []).append(frame.fill_null(""))
        self._sorted.discard(file)

    def rewrite(self, file: str, cells: pl.Expr) -> None:
        """Write a column of the rows so far anew."""
        self._settle(file)
        self._frames[file] = [frame.with_columns(cells) for frame in self._frames[file]]
        self._sorted.discard(file)

    def take_over(self, other: RosterTables) -> None:
        """Take the rows of another collection."""
        for file in list(other._rows):
            other._settle(file)
        for file, frames in other._frames.items():
            self._frames.setdefault(file, []).extend(frames)

    def frame(self, file: str) -> pl.DataFrame:
        """Return the rows of a file in the order of their cells, so that order tells nothing."""
        self._settle(file)
        frames = self._frames[file]
        if len(frames) > 1 or file not in self._sorted:
            frame = pl.concat(frames).unique()
            frames[:] = [frame.sort(frame.columns)]
            self._sorted.add(file)
        return frames[0]

    def _settle(self, file: str) -> None:
        frames = self._frames.setdefault(file, [])
        rows = self._rows.pop(file, [])
        if rows or not frames:
            schema = dict.fromkeys(LAYOUTS[self.version][file].header, pl.String)
            frames.append(pl.DataFrame(rows, schema, orient="row"))

    def counts(self) -> dict[str, int]:
        """Return how many rows each file has, empty files left out."""
        files = sorted(self._frames.keys() | self._rows.keys())
        heights = {file: self.frame(file).height for file in files}
        return {file: height for file, height in heights.items() if height}

    def write(self, path: Path | IO[bytes], *, mode: str, system: str) -> None:
        """Write a zip of the files that have rows, and a manifest that says so."""
        filled = self.counts()
        modes = {file: mode if file in filled else "absent" for file in LAYOUTS[self.version]}
        manifest = {
            "manifest.version": MANIFEST_VERSION,
            "oneroster.version": self.version,
            **{f"file.{file}": word for file, word in modes.items()},
            "source.systemName": system,
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target:
            listed = pl.DataFrame(list(manifest.items()), MANIFEST_HEADER, orient="row")
            _put(target, "manifest.csv", _csv(listed))
            for file in filled:
                _put(target, f"{file}.csv", _csv(self.frame(file)))


def zip_of_files(paths: Mapping[str, Path], target: Path) -> None:
    """Write files into a zip by their names, in the order of the names."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(paths):
            entry = archive.open(_entry(name), "w", force_zip64=True)
            with entry, paths[name].open("rb") as source:
                while block := source.read(_BLOCK):
                    entry.write(block)


def text_of(value: Any) -> str:
    """Return a value of JSON as the text of a cell; what should not be there is told as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _whole(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def list_of(value: Any) -> str:
    """Return a list of JSON as the text of a list cell.

    Shape: a comma within an item becomes a semicolon, so that the items stay as many as they were.
    """
    if not isinstance(value, list):
        return text_of(value)
    items: list[Any] = value
    texts = [text_of(item).replace(",", ";") for item in items]
    return ",".join(text for text in texts if text)


def is_gone(status: str) -> bool:
    """Tell whether a record is named only because it is no more."""
    return status in _GONE


def records_in(answer: Any, *wrappers: str) -> list[dict[str, Any]]:
    """Return the records of a page, under whichever of the names it wraps them.

    Raises: SourceFailed lies.
    """
    found: Any = answer
    if isinstance(answer, dict):
        page: dict[str, Any] = answer
        found = next((page[name] for name in wrappers if name in page), None)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise SourceFailed("lies", f"The server's answer holds no {wrappers[0]}.")
    records: list[Any] = found
    if not all(isinstance(record, dict) for record in records):
        raise SourceFailed("lies", f"Some of the {wrappers[0]} that the server sends are not.")
    return records


def _whole(text: str) -> str:
    """Return text that can be written: half a character becomes the mark of a lost one."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _csv(frame: pl.DataFrame) -> bytes:
    return write_csv(frame, columns=frame.columns, formula_safe=False)


def _put(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    target.writestr(_entry(name), content, zipfile.ZIP_DEFLATED, _LEVEL)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ENTRY_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # the same on every system
    return entry


def first_text(record: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first of these that a record has something under."""
    return next((text for name in names if (text := text_of(record.get(name)).strip())), "")
