"""Open a zip package: look at everything it claims before unpacking any of it."""

from __future__ import annotations

import re
import stat
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rollbook.files import checks
from rollbook.files.limits import DEFAULT, KIB, MIB, Limits
from rollbook.files.zip_directory import (
    LOCAL_MARK,
    Damaged,
    RawEntry,
    TooManyEntries,
    opened,
    read_directory,
)
from rollbook.shared.findings import Check, Finding, FindingReport

STORED, DEFLATED = 0, 8
_FLAGS_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_METHOD_AES = 99

_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PACKAGE_NAME = re.compile(r"\.(zip|jar|tar|tgz|gz|bz2|xz|7z|rar|zst)$", re.IGNORECASE)
_PACKAGE_MARKS = (LOCAL_MARK, b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")

# Below this, packing tightly does no harm: a short file of equal rows may do it.
_RATIO_FROM = 64 * KIB
_BLOCK = MIB


class EntryCannotBeRead(Exception):
    """Say why the bytes of an entry are not what the zip promised; show `finding`."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """Name one file of a package.

    Shape: `name` as it stands in the zip: with "/" when it is in a folder, and at its end when
           it is a folder. `size` is unpacked, in bytes, as the zip says; `read` holds it to that.
    """

    name: str
    size: int

    @property
    def is_folder(self) -> bool:
        """Tell whether the entry is a folder."""
        return self.name.endswith("/")


@dataclass(frozen=True)
class ZipContents:
    """Hold what a package contains, and what was wrong with it.

    Shape: after a fatal finding `entries` is empty.
    """

    name: str
    entries: tuple[ZipEntry, ...]
    findings: FindingReport
    _source: bytes | Path = b""
    _raw: dict[str, RawEntry] = field(default_factory=dict[str, RawEntry])

    def read(self, name: str) -> bytes:
        """Unpack one file, counting its bytes and checking its checksum.

        Raises: KeyError when the package has no such file; EntryCannotBeRead, with a finding
                that also joins `findings`, when its bytes are not what the zip promised.
        """
        try:
            return _unpacked(self.name, self._source, self._raw[name])
        except EntryCannotBeRead as refused:
            self.findings.add(refused.finding)
            raise


def open_zip(source: bytes | Path, *, name: str = "", limits: Limits = DEFAULT) -> ZipContents:
    """List the files of a package, and refuse the package when any of its claims is unsafe.

    Shape:  all findings are collected; nothing is unpacked but the first bytes of each file.
    Raises: OSError when a path cannot be read.
    Source: reliability reference, "XML, ZIP, formula".
    """
    file = name or (source.name if isinstance(source, Path) else "the zip")
    findings = FindingReport()
    entries = _entries(source, file, findings, limits)
    findings.extend(_judge(file, entries, limits))
    if findings.is_fatal:
        return ZipContents(file, (), findings)
    for entry in entries:
        if _is_package(source, entry):
            findings.add(checks.ZIP_NESTED.finding(file=file, value=entry.name))
    listed = tuple(ZipEntry(entry.name, entry.size) for entry in entries)
    return ZipContents(file, listed, findings, source, {entry.name: entry for entry in entries})


def _entries(
    source: bytes | Path, file: str, findings: FindingReport, limits: Limits
) -> list[RawEntry]:
    """Return the entries of a zip; report why when there are none."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size == 0:
        findings.add(checks.ZIP_EMPTY.finding(file=file))
        return []
    with opened(source) as stream:
        starts_like_zip = stream.read(4) in (LOCAL_MARK, b"PK\5\6", b"PK\6\6")
        try:
            entries = read_directory(stream, size, limits)
        except TooManyEntries as many:
            check = checks.ZIP_TOO_MANY_ENTRIES
            findings.add(check.finding(file=file, found=many.found, most=limits.max_entries))
            return []
        except Damaged as damage:
            check = checks.ZIP_DAMAGED if starts_like_zip else checks.ZIP_NOT_A_ZIP
            findings.add(check.finding(file=file, what=str(damage)))
            return []
    if all(entry.name.endswith("/") for entry in entries):
        findings.add(checks.ZIP_WITHOUT_FILES.finding(file=file))
    return entries


def _judge(file: str, entries: list[RawEntry], limits: Limits) -> Iterator[Finding]:
    """Find everything that forbids unpacking."""
    for entry in entries:
        yield from _judge_name(file, entry, limits)
        yield from _judge_content(file, entry, limits)
    if sum(entry.size for entry in entries) > limits.max_unpacked_bytes:
        yield checks.ZIP_TOO_LARGE.finding(file=file, most=limits.max_unpacked_bytes)
    yield from _judge_duplicates(file, entries)
    yield from _judge_overlaps(file, entries)


def _judge_name(file: str, entry: RawEntry, limits: Limits) -> Iterator[Finding]:
    name = entry.name
    wrong: tuple[tuple[bool, Check], ...] = (
        (".." in re.split(r"[/\\]", name), checks.ZIP_CLIMBS),
        ("\\" in name, checks.ZIP_BACKSLASH),
        (_DRIVE.search(name) is not None, checks.ZIP_DRIVE),
        (not name or _CONTROL.search(name) is not None, checks.ZIP_CONTROL_CHARACTER),
        (name.startswith("/"), checks.ZIP_ABSOLUTE),
        (len(name) > limits.max_entry_name, checks.ZIP_LONG_NAME),
    )
    for is_wrong, check in wrong:
        if is_wrong:
            yield check.finding(file=file, value=name, most=limits.max_entry_name)
    if entry.other_name is not None:
        yield checks.ZIP_TWO_NAMES.finding(file=file, value=name, other=entry.other_name[:120])


def _judge_content(file: str, entry: RawEntry, limits: Limits) -> Iterator[Finding]:
    is_encrypted = bool(entry.flags & _FLAGS_ENCRYPTED) or entry.method == _METHOD_AES
    is_stored_oddly = entry.method == STORED and entry.size != entry.packed and not is_encrypted
    is_tight = entry.size > _RATIO_FROM and entry.size > entry.packed * limits.max_ratio
    wrong: tuple[tuple[bool, Check], ...] = (
        (not _is_plain(entry), checks.ZIP_NOT_A_FILE),
        (is_encrypted, checks.ZIP_ENCRYPTED),
        (not is_encrypted and entry.method not in (STORED, DEFLATED), checks.ZIP_METHOD),
    )
    for is_wrong, check in wrong:
        if is_wrong:
            yield check.finding(file=file, value=entry.name, method=entry.method)
    if entry.differs or is_stored_oddly or (entry.name.endswith("/") and entry.size):
        yield checks.ZIP_SIZE_LIE.finding(file=file, value=entry.name, most=entry.size)
    if is_tight:
        yield checks.ZIP_RATIO.finding(file=file, value=entry.name, most=limits.max_ratio)


def _is_plain(entry: RawEntry) -> bool:
    """Tell whether the entry is a file or a folder, and not a link or a device."""
    kind = stat.S_IFMT(entry.mode)
    if entry.name.endswith("/"):
        return kind in (0, stat.S_IFDIR)
    return kind in (0, stat.S_IFREG)


def _judge_duplicates(file: str, entries: list[RawEntry]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for entry in entries:
        key = unicodedata.normalize("NFC", entry.name).casefold().rstrip("/")
        if key not in first:
            first[key] = entry.name
        elif (other := first[key]) == entry.name:
            yield checks.ZIP_DUPLICATE.finding(file=file, value=entry.name)
        else:
            yield checks.ZIP_CASE_DUPLICATE.finding(file=file, value=entry.name, other=other[:120])


def _judge_overlaps(file: str, entries: list[RawEntry]) -> Iterator[Finding]:
    reached = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset < reached:
            yield checks.ZIP_OVERLAP.finding(file=file, value=entry.name)
        reached = max(reached, entry.end)


def _is_package(source: bytes | Path, entry: RawEntry) -> bool:
    """Tell by name or first bytes whether a file is itself a package."""
    if _PACKAGE_NAME.search(entry.name):
        return True
    return _first_bytes(source, entry).startswith(_PACKAGE_MARKS)


def _first_bytes(source: bytes | Path, entry: RawEntry) -> bytes:
    with opened(source) as stream:
        stream.seek(entry.start)
        packed = stream.read(min(entry.packed, KIB))
    if entry.method == STORED:
        return packed[:16]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, 16)
    except zlib.error:
        return b""


def _unpacked(file: str, source: bytes | Path, entry: RawEntry) -> bytes:
    """Unpack an entry; stop at the first byte more than the zip promised."""
    content = bytearray()
    for block in _blocks(file, source, entry):
        content += block
        if len(content) > entry.size:
            break
    if len(content) != entry.size:
        finding = checks.ZIP_SIZE_LIE.finding(file=file, value=entry.name, most=entry.size)
        raise EntryCannotBeRead(finding)
    if zlib.crc32(content) != entry.crc:
        raise EntryCannotBeRead(checks.ZIP_CHECKSUM.finding(file=file, value=entry.name))
    return bytes(content)


def _blocks(file: str, source: bytes | Path, entry: RawEntry) -> Iterator[bytes]:
    """Yield the unpacked bytes of an entry, at most 1 MiB at a time."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    left = entry.packed
    with opened(source) as stream:
        stream.seek(entry.start)
        while left:
            packed = stream.read(min(left, _BLOCK))
            if not packed:
                return
            left -= len(packed)
            if entry.method == STORED:
                yield packed
                continue
            try:
                while packed and not unpacker.eof:
                    yield unpacker.decompress(packed, _BLOCK)
                    packed = unpacker.unconsumed_tail
            except zlib.error as error:
                finding = checks.ZIP_DAMAGED.finding(
                    file=file, value=entry.name, what=f"{entry.name[:120]} cannot be unpacked"
                )
                raise EntryCannotBeRead(finding) from error
            if unpacker.eof and (unpacker.unused_data or left):
                finding = checks.ZIP_SIZE_LIE.finding(file=file, value=entry.name, most=entry.size)
                raise EntryCannotBeRead(finding)
    if entry.method == DEFLATED and not unpacker.eof:
        what = f"{entry.name[:120]} is cut short"
        raise EntryCannotBeRead(checks.ZIP_DAMAGED.finding(file=file, value=entry.name, what=what))
