"""Write zip files that come out the same every time."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl

# Any day in the past would do: an entry that carried the clock would change the bytes.
_ENTRY_DATE: Final = (2026, 8, 1, 0, 0, 0)
# The fastest level: the files are large and repeat themselves.
_LEVEL: Final = 1

Entry = tuple[str, Iterable[bytes]]


def write_zip(path: Path, entries: Iterable[Entry]) -> None:
    """Write a zip of entries, each a name and the pieces of its content, in the order given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, pieces in entries:
            entry = zipfile.ZipInfo(name, _ENTRY_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every system
            # Set on the entry: a ZipInfo of our own would not take the archive's level.
            entry._compresslevel = _LEVEL  # type: ignore[attr-defined]
            with archive.open(entry, "w", force_zip64=True) as target:
                for piece in pieces:
                    target.write(piece)


def csv_bytes(frame: pl.DataFrame, *, header: bool = True) -> bytes:
    """Write a frame as CSV: UTF-8, comma, quotes where needed, CRLF, nothing for null."""
    text = frame.write_csv(include_header=header, line_terminator="\r\n")
    return text.encode("utf-8")


def csv_pieces(frames: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """Write frames of the same columns as the pieces of one CSV file."""
    first = True
    for frame in frames:
        yield csv_bytes(frame, header=first)
        first = False


def sha256_of(path: Path) -> str:
    """Digest a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
