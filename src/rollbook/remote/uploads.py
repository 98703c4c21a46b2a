"""Files on their way to a web server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_READ_AT_ONCE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """Hold a file as it is sent: read anew in small pieces at each try, and never held whole.

    Shape: with `part` it is one part of a multipart form, after the parts in `form`; without, it
           is the whole body. Names of parts and of the file are ours: no quotes, no line breaks.
    """

    path: Path
    content_type: str
    file_name: str = ""
    part: str = ""
    form: Mapping[str, str] = field(default_factory=dict[str, str])
    boundary: str = field(default_factory=lambda: f"rollbook-{secrets.token_hex(16)}")

    @property
    def headers(self) -> dict[str, str]:
        """Return what the server is told of the body."""
        kind = f"multipart/form-data; boundary={self.boundary}" if self.part else self.content_type
        before, after = self._around
        length = len(before) + self.path.stat().st_size + len(after)
        return {"content-type": kind, "content-length": str(length)}

    def pieces(self) -> Iterator[bytes]:
        """Return the body from its beginning."""
        before, after = self._around
        if before:
            yield before
        with self.path.open("rb") as file:
            while piece := file.read(_READ_AT_ONCE):
                yield piece
        if after:
            yield after

    @property
    def _around(self) -> tuple[bytes, bytes]:
        if not self.part:
            return b"", b""
        rule = f"--{self.boundary}\r\nContent-Disposition: form-data; name="
        parts = [f'{rule}"{name}"\r\n\r\n{text}\r\n' for name, text in self.form.items()]
        file = f'{rule}"{self.part}"; filename="{self.file_name}"\r\n'
        before = "".join(parts) + file + f"Content-Type: {self.content_type}\r\n\r\n"
        return before.encode(), f"\r\n--{self.boundary}--\r\n".encode()
