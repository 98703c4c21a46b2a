"""A file from a browser, kept on the disk for as long as one request needs it."""

from __future__ import annotations

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
    """Hold an uploaded file in a private temporary file; its own name is never used for a path.

    Raises: UploadIsTooLarge.
    """
    if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise UploadIsTooLarge
    folder = Path(settings.HOME) / "run"
    folder.mkdir(parents=True, exist_ok=True)
    suffix = Path(upload.name or "").suffix.lower()
    suffix = suffix if suffix in {".zip", ".xml", ".csv"} else ""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix) as kept:
        for chunk in upload.chunks():
            kept.write(chunk)
        kept.flush()
        yield Path(kept.name)
