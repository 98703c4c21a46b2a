"""A file from a browser, kept on the disk for as long as one request needs it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile


class UploadIsTooLarge(Exception):
    """Say that a file is larger than this installation takes."""


@contextmanager
def on_disk(upload: UploadedFile) -> Iterator[Path]:
    """Hold an uploaded file in a private temporary folder, under a tame form of its own name.

    Findings name the file as its sender knows it, so the name is kept as far as it is harmless.
    Raises: UploadIsTooLarge.
    """
    if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise UploadIsTooLarge
    run = Path(settings.HOME) / "run"
    run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run, prefix="upload-") as folder:
        path = Path(folder) / tame_name(upload.name or "")
        with path.open("wb") as kept:
            for chunk in upload.chunks():
                kept.write(chunk)
        yield path


def tame_name(name: str) -> str:
    """Return a file's name without anything that a path could trip over."""
    tame = re.sub(r"[^\w.\- ]", "_", Path(name).name)[-80:].lstrip(". ")
    return tame or "upload"
