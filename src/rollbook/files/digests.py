"""Name a file by its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

_BLOCK = 1024 * 1024


def sha256_of(source: bytes | memoryview | Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 lower-case hexadecimal digits.

    Shape:  a path is read in blocks of 1 MiB, so a large file costs no memory.
    Raises: OSError when the path cannot be read.
    """
    if not isinstance(source, Path):
        return hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
