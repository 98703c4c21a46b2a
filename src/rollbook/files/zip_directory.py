"""Read the directory of a zip file, trusting nothing in it.

Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from rollbook.files.limits import Limits

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_MARK = b"PK\1\2"
_LOCAL = struct.Struct("<4s5H3L2H")
LOCAL_MARK = b"PK\3\4"

_LONGEST_COMMENT = 0xFFFF
_SEE_EXTRA = 0xFFFFFFFF
_SEE_EXTRA_COUNT = 0xFFFF
_EXTRA_ZIP64, _EXTRA_UNICODE_NAME = 0x0001, 0x7075
_FLAG_DESCRIPTOR, _FLAG_UTF_8 = 1 << 3, 1 << 11


class Damaged(Exception):
    """Say in words what keeps a zip from being read."""


class TooManyEntries(Exception):
    """Say how many entries a zip claims to hold."""

    def __init__(self, found: int) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, slots=True)
class RawEntry:
    """Hold what the directory says of one entry.

    Shape: `start` and `end` bound its packed bytes, `offset` is where its own header is;
           `other_name` is a second name given elsewhere, and `differs` tells whether its own
           header gives another size or checksum.
    """

    name: str
    size: int
    packed: int
    crc: int
    method: int
    flags: int
    mode: int
    offset: int
    start: int
    other_name: str | None
    differs: bool

    @property
    def end(self) -> int:
        """Return the place after the packed bytes."""
        return self.start + self.packed


@dataclass(frozen=True, slots=True)
class _Listed:
    """Hold one record of the directory, before the entry's own header was read."""

    raw_name: bytes
    name: str
    size: int
    packed: int
    crc: int
    method: int
    flags: int
    mode: int
    offset: int
    unicode_name: str | None


def opened(source: bytes | Path) -> BinaryIO:
    """Open a file or bytes for reading at any place."""
    return source.open("rb") if isinstance(source, Path) else BytesIO(source)


def read_directory(file: BinaryIO, size: int, limits: Limits) -> list[RawEntry]:
    """Read all entries.

    Raises: Damaged when the structure does not hold together; TooManyEntries.
    """
    count, start, length = _find_directory(file, size)
    if count > limits.max_entries:
        raise TooManyEntries(count)
    # A name, an extra field and a comment have at most 64 KiB each.
    if length > count * (_ENTRY.size + 3 * 0xFFFF):
        raise Damaged("its directory is longer than its entries")
    directory = _at(file, start, length)
    listed = list(_listed(directory))
    if len(listed) != count:
        raise Damaged(f"its directory has {len(listed)} entries and says {count}")
    return [_located(file, entry, start) for entry in listed]


def _find_directory(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Return how many entries there are, and where their directory starts and how long it is."""
    tail_start = max(0, size - _LONGEST_COMMENT - _END.size)
    tail = _at(file, tail_start, size - tail_start)
    ends = [place for place in _places(tail, _END_MARK) if _reaches_end(tail, place)]
    if not ends:
        raise Damaged("its end is missing")
    if len(ends) > 1:
        raise Damaged("it has two ends")
    at = tail_start + ends[0]
    _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(tail, ends[0])
    stop = at
    if _SEE_EXTRA in (length, start) or count == _SEE_EXTRA_COUNT:
        disk, first_disk, here, count, length, start, stop = _find_directory_64(file, at)
    if disk or first_disk or here != count:
        raise Damaged("it is one part of several")
    if start + length != stop:
        raise Damaged("its directory is not where it says")
    return count, start, length


def _find_directory_64(file: BinaryIO, end: int) -> tuple[int, int, int, int, int, int, int]:
    if end < _LOCATOR_64.size:
        raise Damaged("its 64-bit directory is missing")
    locator = _at(file, end - _LOCATOR_64.size, _LOCATOR_64.size)
    mark, _, at, _ = _LOCATOR_64.unpack(locator)
    if mark != b"PK\6\7" or at + _END_64.size > end:
        raise Damaged("its 64-bit directory is missing")
    fields = _END_64.unpack(_at(file, at, _END_64.size))
    if fields[0] != b"PK\6\6":
        raise Damaged("its 64-bit directory is missing")
    _, _, _, _, disk, first_disk, here, count, length, start = fields
    return disk, first_disk, here, count, length, start, at


def _places(tail: bytes, mark: bytes) -> Iterator[int]:
    place = tail.find(mark)
    while place >= 0:
        yield place
        place = tail.find(mark, place + 1)


def _reaches_end(tail: bytes, place: int) -> bool:
    """Tell whether the end record at `place`, with its comment, is the file's last."""
    if place + _END.size > len(tail):
        return False
    comment = _END.unpack_from(tail, place)[-1]
    return place + _END.size + comment == len(tail)


def _listed(directory: bytes) -> Iterator[_Listed]:
    place = 0
    while place < len(directory):
        if place + _ENTRY.size > len(directory):
            raise Damaged("its directory is cut short")
        fields = _ENTRY.unpack_from(directory, place)
        mark, _, _, flags, method, _, _, crc, packed, size = fields[:10]
        name_size, extra_size, comment_size, disk, _, attributes, offset = fields[10:]
        begin = place + _ENTRY.size
        place = begin + name_size + extra_size + comment_size
        if mark != _ENTRY_MARK or place > len(directory):
            raise Damaged("its directory is cut short")
        if disk not in (0, 0xFFFF):
            raise Damaged("it is one part of several")
        raw = directory[begin : begin + name_size]
        extra = _extra(directory[begin + name_size : begin + name_size + extra_size])
        size, packed, offset = _wide(extra.get(_EXTRA_ZIP64, b""), size, packed, offset)
        yield _Listed(
            raw_name=raw,
            name=_name(raw, flags),
            size=size,
            packed=packed,
            crc=crc,
            method=method,
            flags=flags,
            mode=attributes >> 16,
            offset=offset,
            unicode_name=_unicode_name(extra),
        )


def _extra(extra: bytes) -> dict[int, bytes]:
    """Split an extra field into its parts."""
    parts: dict[int, bytes] = {}
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        parts.setdefault(kind, extra[place + 4 : place + 4 + length])
        place += 4 + length
    return parts


def _wide(part: bytes, *narrow: int) -> list[int]:
    """Take from the 64-bit part each number that has no room in 32 bits."""
    wide: list[int] = []
    place = 0
    for number in narrow:
        if number != _SEE_EXTRA:
            wide.append(number)
            continue
        if place + 8 > len(part):
            raise Damaged("a 64-bit size is missing")
        wide.append(int.from_bytes(part[place : place + 8], "little"))
        place += 8
    return wide


def _name(raw: bytes, flags: int) -> str:
    if not flags & _FLAG_UTF_8:
        return raw.decode("cp437")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Damaged("a name is not UTF-8") from None


def _unicode_name(extra: dict[int, bytes]) -> str | None:
    part = extra.get(_EXTRA_UNICODE_NAME, b"")
    return part[5:].decode(errors="replace") if len(part) > 5 else None


def _located(file: BinaryIO, listed: _Listed, directory: int) -> RawEntry:
    """Read the entry's own header and compare it with the directory."""
    if listed.offset + _LOCAL.size > directory:
        raise Damaged("an entry starts past the files")
    header = _at(file, listed.offset, _LOCAL.size)
    mark, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(header)
    if mark != LOCAL_MARK:
        raise Damaged("an entry is not where the directory says")
    raw = _at(file, listed.offset + _LOCAL.size, name_size)
    extra = _extra(_at(file, listed.offset + _LOCAL.size + name_size, extra_size))
    start = listed.offset + _LOCAL.size + name_size + extra_size
    if start + listed.packed > directory:
        raise Damaged("an entry runs past the files")
    if _SEE_EXTRA in (size, packed):
        size, packed = _wide(extra.get(_EXTRA_ZIP64, b""), size, packed)
    has_descriptor = bool(flags & _FLAG_DESCRIPTOR) and not (size or packed or crc)
    told = (size, packed, crc) == (listed.size, listed.packed, listed.crc)
    other = raw.decode("utf-8", errors="replace") if raw != listed.raw_name else None
    if other is None and listed.unicode_name not in (None, listed.name):
        other = listed.unicode_name
    return RawEntry(
        name=listed.name,
        size=listed.size,
        packed=listed.packed,
        crc=listed.crc,
        method=listed.method,
        flags=listed.flags | flags,
        mode=listed.mode,
        offset=listed.offset,
        start=start,
        other_name=other,
        differs=method != listed.method or not (told or has_descriptor),
    )


def _at(file: BinaryIO, start: int, length: int) -> bytes:
    """Read exactly these bytes."""
    file.seek(start)
    content = file.read(length)
    if len(content) != length:
        raise Damaged("it is cut short")
    return content
