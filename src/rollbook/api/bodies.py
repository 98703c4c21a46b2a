"""The file in a request's body, on its way to the disk: never whole in memory, never cut short."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, cast

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from rollbook.api.errors import Refused

CSV_TYPES: Final = frozenset({"application/csv", "text/csv", "application/octet-stream"})
# As browsers and spreadsheet programs call a CSV file inside a form.
PART_TYPES: Final = CSV_TYPES | {"", "text/plain", "application/vnd.ms-excel"}
PIECE: Final = 1024 * 1024
LONGEST_TYPE: Final = 100


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SentFile:
    """Hold one file that was sent: where it lies for now, and what was said of it."""

    path: Path
    content_type: str
    name: str
    fields: QueryDict


class _Body:
    """Read a body to its end and no further than may be."""

    def __init__(self, request: HttpRequest, most: int) -> None:
        told = request.META.get("CONTENT_LENGTH") or ""
        self.told = int(told) if told else None
        self.most = most
        self.count = 0
        self.source: _Readable = request
        if self.told is None and request.META.get("HTTP_TRANSFER_ENCODING"):
            # Only a server that ends the body by itself may be read without a length.
            if not request.META.get("wsgi.input_terminated"):
                raise Refused("length_required", "Send the length of the file: Content-Length.")
            self.source = cast("_Readable", request.META["wsgi.input"])

    def read(self, size: int) -> bytes:
        piece = self.source.read(size)
        self.count += len(piece)
        if self.count > self.most:
            raise Refused("too_large", f"No more than {self.most:,} bytes are taken here.")
        return piece

    def must_be_whole(self) -> None:
        if self.told is not None and self.count < self.told:
            raise Refused("incomplete", "The file ended before its Content-Length. Send it again.")


def most_bytes() -> int:
    """Return how long the body of a request with a file may be: the file, and a form around it."""
    return int(settings.UPLOAD_MAX_BYTES) + int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


@contextmanager
def sent_file(request: HttpRequest) -> Iterator[SentFile]:
    """Hold the file that a request brings, raw or in the field `file` of a form, for its time.

    Raises: Refused for another content type, a file too large or cut short, a form without one.
    """
    content_type = request.content_type or ""
    is_form = content_type == "multipart/form-data"
    if not is_form and content_type not in CSV_TYPES:
        raise _unsupported()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused("unsupported_content_type", "Send the file as it is, not compressed.")
    run = Path(settings.HOME) / "run"
    run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run, prefix="upload-") as folder:
        path = Path(folder) / "sent"
        yield _of_form(request, path) if is_form else _raw(request, path)


def _raw(request: HttpRequest, path: Path) -> SentFile:
    body = _Body(request, int(settings.UPLOAD_MAX_BYTES))
    with path.open("wb") as kept:
        while piece := body.read(PIECE):
            kept.write(piece)
    body.must_be_whole()
    told = request.headers.get("Content-Type", "")
    return SentFile(path, told[:LONGEST_TYPE], "", QueryDict())


def _of_form(request: HttpRequest, path: Path) -> SentFile:
    body = _Body(request, most_bytes())
    fields, files = _parsed(request, body)
    try:
        body.must_be_whole()
        sent = files.getlist("file")
        if len(sent) != 1:
            raise Refused("illegal_argument", "Send one file, in the form's field `file`.")
        upload = cast("UploadedFile", sent[0])
        if (upload.content_type or "") not in PART_TYPES:
            raise _unsupported()
        if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
            most = settings.UPLOAD_MAX_BYTES
            raise Refused("too_large", f"No more than {most:,} bytes are taken here.")
        with path.open("wb") as kept:
            for piece in upload.chunks(PIECE):
                kept.write(piece)
        told = (upload.content_type or "application/octet-stream")[:LONGEST_TYPE]
        return SentFile(path, told, upload.name or "", fields)
    finally:
        for _name, listed in files.lists():
            for each in listed:
                each.close()


def _parsed(request: HttpRequest, body: _Body) -> tuple[QueryDict, Any]:
    # The parser asks for a length only to tell whether there is anything.
    meta: Mapping[str, Any] = {**request.META, "CONTENT_LENGTH": str(body.told or body.most)}
    if body.told == 0:
        raise Refused("illegal_argument", "Send one file, in the form's field `file`.")
    try:
        handlers = [TemporaryFileUploadHandler(request)]
        return MultiPartParser(meta, body, handlers, "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise Refused("illegal_argument", "This form cannot be read.") from error


def _unsupported() -> Refused:
    return Refused(
        "unsupported_content_type",
        "Send the file as application/csv, as text/csv, or as multipart/form-data.",
    )
