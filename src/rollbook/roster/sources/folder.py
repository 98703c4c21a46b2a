"""Take a roster from a folder of this machine into which something else writes files."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from rollbook.remote.sftp import RemoteFile
from rollbook.roster.sources.arrivals import (
    MOST_BYTES,
    Listing,
    layout_in,
    needs_second_look,
    newest_arrival,
    refuse_half_written,
    taken,
)
from rollbook.roster.sources.calling import Steps
from rollbook.roster.sources.connecting import ConnectionReport, Pulled, SettingField, SourceFailed
from rollbook.roster.types import SourceKind

_MOST_FILES = 10_000
SETTLE_SECONDS = 5.0


class WatchedFolder:
    """Take the newest zip of a folder, or all its CSV files, once nobody writes there any more.

    Shape: `settings["root"]` comes from the caller: the folder of the installation below which
           every watched folder lies. Without it nothing is read. `settings["format"]` too.
    """

    kind = SourceKind.FOLDER
    fields = (SettingField("path", "Folder", "path", help="Below the installation's own folder."),)

    def __init__(
        self, *, settle_seconds: float = SETTLE_SECONDS, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._settle_seconds = settle_seconds
        self._pause = pause

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, now: datetime
    ) -> ConnectionReport:
        """Find the folder, and say what would be taken."""
        del secrets, now
        steps = Steps()
        steps.take("Find the folder", lambda: f"It holds {len(_look(_folder_of(settings)))} files.")
        steps.take("Choose files", lambda: _chosen(settings))
        return steps.report

    def pull(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        into: Path,
        cursor: Mapping[str, str],
        now: datetime,
    ) -> Pulled | None:
        """Copy what is new; None when the same files lie there as the last time.

        Raises: SourceFailed.
        """
        del secrets
        folder, layout = _folder_of(settings), layout_in(settings)
        first = second = _look(folder)
        arrival = newest_arrival(first, layout)
        if cursor.get("signature") == arrival.signature:
            return None
        if needs_second_look(arrival, first, now=now, seconds=self._settle_seconds):
            self._pause(self._settle_seconds)
            second = _look(folder)
            arrival = newest_arrival(second, layout)
        refuse_half_written(first, second, arrival)

        def fetch(name: str, target: Path) -> int:
            return _copied(folder, name, target)

        return taken(arrival, second, fetch, into=into, layout=layout, cursor=cursor)


def _folder_of(settings: Mapping[str, str]) -> Path:
    """Return the folder, which must lie below the installation's own.

    Raises: SourceFailed.
    """
    if not settings.get("root", "").strip():
        says = "This installation has no folder for rosters. Its administrator can name one."
        raise SourceFailed("refused", says)
    try:
        root = Path(settings["root"]).resolve(strict=True)
        folder = (root / settings.get("path", "").strip()).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise SourceFailed("not_found", "There is no such folder.") from None
    if not folder.is_relative_to(root):
        raise SourceFailed("refused", "The folder lies outside of the one for rosters.")
    if not folder.is_dir():
        raise SourceFailed("not_found", "There is no such folder.")
    return folder


def _look(folder: Path) -> Listing:
    """List the plain files of a folder; a link is not one."""
    found: dict[str, RemoteFile] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    about = entry.stat(follow_symlinks=False)
                    found[entry.name] = RemoteFile(about.st_size, int(about.st_mtime))
                if len(found) > _MOST_FILES:
                    raise SourceFailed("too_large", "The folder holds too many files.")
    except OSError:
        raise SourceFailed("refused", "Rollbook may not read the folder.") from None
    return found


def _chosen(settings: Mapping[str, str]) -> str:
    arrival = newest_arrival(_look(_folder_of(settings)), layout_in(settings))
    if arrival.is_package:
        return f"{next(iter(arrival.files))} is the newest."
    return f"{len(arrival.files)} CSV files are taken together."


def _copied(folder: Path, name: str, target: Path) -> int:
    """Copy one file, unless it has become something else meanwhile."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as source, target.open("wb") as kept:
            about = os.fstat(source.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise SourceFailed("refused", "A file of the folder is not a plain file.")
            if about.st_size > MOST_BYTES:
                raise SourceFailed("too_large", "A file of the folder is larger than 2 GB.")
            shutil.copyfileobj(source, kept)
            return kept.tell()
    except FileNotFoundError:
        raise SourceFailed("half_written", "A file was taken away while it was read.") from None
    except OSError:
        raise SourceFailed("refused", "Rollbook may not read a file of the folder.") from None
