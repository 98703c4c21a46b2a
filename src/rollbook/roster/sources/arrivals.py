"""Which files of a folder are whole and new: decided from what was seen, not from what is hoped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rollbook.files.zip import open_zip
from rollbook.remote.sftp import RemoteFile
from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.sources.packing import zip_of_files
from rollbook.roster.types import SourceFormat

Listing = Mapping[str, RemoteFile]
# Copy one file of the folder to a path, and return how many bytes it had.
Fetch = Callable[[str, Path], int]

_MARKS: Final = (".done", ".md5")
# How programs name a file that they have not finished. Names that begin with a dot are hidden.
_UNFINISHED: Final = (
    ".part",
    ".tmp",
    ".temp",
    ".filepart",
    ".partial",
    ".uploading",
    ".crdownload",
)
_SHEETS: Final = (".xlsx", ".csv", ".tsv", ".txt")
_HALF: Final = "A file is still being written: it changed while Rollbook looked at it."
_BROKEN: Final = "The zip is not whole: it is still being written, or it broke on the way."
MOST_BYTES: Final = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """Name the files to take. Shape: one zip or spreadsheet, or all CSV files of a folder."""

    files: Mapping[str, RemoteFile]
    is_package: bool

    @property
    def signature(self) -> str:
        """Return what changes when any of the files does."""
        lines = (f"{name}\0{at.size}\0{at.modified}" for name, at in sorted(self.files.items()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def newest_arrival(listing: Listing, layout: SourceFormat) -> Arrival:
    """Choose what to take of a folder: the newest zip, or all CSV files if one is newer.

    Shape:  of a folder that is read by a mapping, the newest file of any kind.
    Raises: SourceFailed nothing_there; half_written, when a name says that somebody still writes.
    """
    files = {name: file for name, file in listing.items() if _is_shown(name)}
    singles = (".zip", *_SHEETS) if layout is SourceFormat.MAPPED else (".zip",)
    single = _newest({name: at for name, at in files.items() if name.lower().endswith(singles)})
    if layout is SourceFormat.MAPPED:
        sheets: Listing = {}
    else:
        sheets = {name: at for name, at in files.items() if name.lower().endswith(".csv")}
    if sheets and (single is None or files[single].modified < _latest(sheets)):
        if any(name.lower().endswith(_UNFINISHED) for name in listing):
            raise SourceFailed("half_written", _HALF)
        return Arrival(sheets, is_package=False)
    if single is None:
        raise SourceFailed("nothing_there", "The folder holds no zip and no CSV file.")
    return Arrival({single: files[single]}, is_package=True)


def refuse_half_written(first: Listing, second: Listing, arrival: Arrival) -> None:
    """Compare two looks at a folder: what is taken must not have changed between them.

    Shape:  a file with a mark of its own (`.done`, `.md5`) beside it was finished by its writer.
    Raises: SourceFailed half_written.
    """
    for name, seen in arrival.files.items():
        is_marked = any(_marks_of(name, second))
        if first.get(name) != seen and not is_marked:
            raise SourceFailed("half_written", _HALF)
        if seen.size == 0:
            raise SourceFailed("half_written", "A file is empty: it is still being written.")


def needs_second_look(arrival: Arrival, listing: Listing, *, now: datetime, seconds: float) -> bool:
    """Tell whether files are so fresh, and so little marked, that somebody may still write."""
    return seconds > 0 and any(
        not any(_marks_of(name, listing)) and _is_fresh(seen, now)
        for name, seen in arrival.files.items()
    )


def taken(
    arrival: Arrival,
    listing: Listing,
    fetch: Fetch,
    *,
    into: Path,
    layout: SourceFormat,
    cursor: Mapping[str, str],
) -> Pulled | None:
    """Fetch the files, make sure that they are whole, and keep them as one; None if not new.

    Shape:  the cursor is the digest of what was taken, and the signature of the files it was.
    Raises: SourceFailed half_written or lies.
    """
    if cursor.get("signature") == arrival.signature:
        return None
    kept = {name: _fetched(name, at, listing, fetch, into) for name, at in arrival.files.items()}
    if arrival.is_package:
        path = next(iter(kept.values()))
        file_name = next(iter(kept))
        if file_name.lower().endswith(".zip") and open_zip(path).findings.is_fatal:
            raise SourceFailed("half_written", _BROKEN)
    else:
        path, file_name = into / "folder.zip", "folder.zip"
        zip_of_files(kept, path)
        for part in kept.values():
            part.unlink()
    digest = _digest_of(path, "sha256")
    if cursor.get("digest") == digest:
        return None
    found = {"digest": digest, "signature": arrival.signature}
    return Pulled(path, file_name, layout, found, {"files": len(kept)})


def layout_in(settings: Mapping[str, str]) -> SourceFormat:
    """Return the layout that the caller says the source has."""
    try:
        return SourceFormat(settings.get("format", ""))
    except ValueError:
        return SourceFormat.ONEROSTER_CSV


def _fetched(name: str, seen: RemoteFile, listing: Listing, fetch: Fetch, into: Path) -> Path:
    known = f"arrival-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    target = into / (known + Path(name).suffix.lower())
    if fetch(name, target) != seen.size:
        raise SourceFailed("half_written", _HALF)
    for mark in _marks_of(name, listing):
        if mark.endswith(".md5"):
            _refuse_other_digest(mark, target, fetch, into)
    return target


def _refuse_other_digest(mark: str, target: Path, fetch: Fetch, into: Path) -> None:
    path = into / "arrival.md5"
    fetch(mark, path)
    said = path.read_bytes()[:256].decode("ascii", "replace").strip().lower()
    path.unlink()
    if _digest_of(target, "md5") not in said.replace("=", " ").split():
        says = "A file is not what its checksum says: it is still being written, or it broke."
        raise SourceFailed("half_written", says)


def _marks_of(name: str, listing: Listing) -> list[str]:
    """Return the marks beside a file: `roster.zip.done`, or `roster.done`."""
    stem = name.rsplit(".", 1)[0]
    return [mark for end in _MARKS for mark in (name + end, stem + end) if mark in listing]


def _is_shown(name: str) -> bool:
    return not name.startswith((".", "~")) and not name.lower().endswith((*_UNFINISHED, *_MARKS))


def _newest(files: Listing) -> str | None:
    return max(files, key=lambda name: (files[name].modified, name), default=None)


def _latest(files: Listing) -> int:
    return max(file.modified for file in files.values())


def _is_fresh(seen: RemoteFile, now: datetime) -> bool:
    # Beyond a day nobody writes any more; clocks may differ, so the future counts as fresh.
    return now.timestamp() - seen.modified < 24 * 3600


def _digest_of(path: Path, algorithm: str) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, algorithm).hexdigest()
