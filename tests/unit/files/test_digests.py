"""Naming files by their bytes."""

from __future__ import annotations

from pathlib import Path

from rollbook.files.digests import sha256_of

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_digest_is_the_same_from_bytes_and_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, digest in ((b"", EMPTY), (b"abc", ABC)):
        path.write_bytes(content)
        assert sha256_of(content) == sha256_of(memoryview(content)) == sha256_of(path) == digest


def test_large_file_is_read_in_blocks(tmp_path: Path) -> None:
    content = b"0123456789abcdef" * 200_000
    path = tmp_path / "file"
    path.write_bytes(content)
    assert sha256_of(path) == sha256_of(content)
