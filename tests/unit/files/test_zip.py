"""Opening zip packages, honest and hostile."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from rollbook.files import checks
from rollbook.files.limits import Limits
from rollbook.files.zip import EntryCannotBeRead, ZipContents, open_zip

CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
# Where a field stands after the signature's first byte: in the directory, and in an entry's header.
IN_CENTRAL = {"flags": 8, "method": 10, "crc": 16, "packed": 20, "size": 24, "offset": 42}
IN_LOCAL = {"flags": 6, "method": 8, "crc": 14, "packed": 18, "size": 22}
IN_END = {"disk": 4, "here": 8, "count": 10, "length": 12, "start": 16, "comment": 20}
WIDTH = {"flags": 2, "method": 2, "disk": 2, "here": 2, "count": 2, "comment": 2}


def packed(
    *files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


ORGS = b"sourcedId,name\r\n1,North\r\n" * 20
HONEST = packed(("orgs.csv", ORGS), ("users.csv", b"sourcedId\r\n"))


def patched(archive: bytes, mark: bytes, field: str, value: int, nth: int = 0) -> bytes:
    """Overwrite one number of the nth record that starts with `mark`."""
    fields = {CENTRAL: IN_CENTRAL, LOCAL: IN_LOCAL, END: IN_END}[mark]
    at = -1
    for _ in range(nth + 1):
        at = archive.index(mark, at + 1)
    width = WIDTH.get(field, 4)
    at += fields[field]
    return archive[:at] + value.to_bytes(width, "little") + archive[at + width :]


def both(archive: bytes, field: str, value: int) -> bytes:
    return patched(patched(archive, CENTRAL, field, value), LOCAL, field, value)


def named(name: str) -> bytes:
    """Make a zip with a name that zip writers refuse or change."""
    stand_in = "n" * len(name.encode())
    return packed((stand_in, ORGS)).replace(stand_in.encode(), name.encode())


def special(kind: int, name: str = "orgs.csv") -> bytes:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return packed((info, b"/etc/passwd"))


def twice(first: str, second: str) -> bytes:
    stand_in = "m" * len(second)
    return packed((first, ORGS), (stand_in, ORGS)).replace(stand_in.encode(), second.encode())


def overlapping(count: int = 5) -> bytes:
    """Let many directory records share one run of packed bytes."""
    kernel = packed(("a000", b"\0" * 4000))
    at = kernel.index(CENTRAL)
    record = kernel[at : kernel.index(END)]
    records = b"".join(record.replace(b"a000", b"a%03d" % n) for n in range(count))
    end = struct.pack("<4s4H2LH", END, 0, 0, count, count, len(records), at, 0)
    return kernel[:at] + records + end


def quoting_overlap() -> bytes:
    """Start the second entry inside the first one's stored bytes."""
    inner = packed(("b", b"hello"), method=zipfile.ZIP_STORED)
    inner_entry = inner[: inner.index(CENTRAL)]
    outer = packed(("a", inner_entry), ("b", b"hello"), method=zipfile.ZIP_STORED)
    return patched(outer, CENTRAL, "offset", outer.index(inner_entry), nth=1)


def with_unicode_name(name: str, other: str) -> bytes:
    info = zipfile.ZipInfo(name)
    body = b"\1" + struct.pack("<L", zlib.crc32(name.encode())) + other.encode()
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body
    return packed((info, ORGS))


def many(count: int) -> bytes:
    return packed(*[(f"f{n}.csv", b"x") for n in range(count)])


HOSTILE: dict[str, tuple[bytes, checks.Check]] = {
    "zero bytes": (b"", checks.ZIP_EMPTY),
    "text": (b"sourcedId,name\r\n", checks.ZIP_NOT_A_ZIP),
    "one byte": (b"P", checks.ZIP_NOT_A_ZIP),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 50, checks.ZIP_NOT_A_ZIP),
    "only a signature": (LOCAL, checks.ZIP_DAMAGED),
    "end cut off": (HONEST[:-10], checks.ZIP_DAMAGED),
    "half of it": (HONEST[: len(HONEST) // 2], checks.ZIP_DAMAGED),
    "bytes after the end": (HONEST + b"more", checks.ZIP_DAMAGED),
    "bytes before the start": (b"MZ program" + HONEST, checks.ZIP_NOT_A_ZIP),
    "two ends": (
        patched(HONEST, END, "comment", 22) + struct.pack("<4s4H2LH", END, 0, 0, 0, 0, 0, 0, 0),
        checks.ZIP_DAMAGED,
    ),
    "no entries": (packed(), checks.ZIP_WITHOUT_FILES),
    "only a folder": (packed(("roster/", b"")), checks.ZIP_WITHOUT_FILES),
    "one part of several": (patched(HONEST, END, "disk", 1), checks.ZIP_DAMAGED),
    "directory elsewhere": (patched(HONEST, END, "start", 7), checks.ZIP_DAMAGED),
    "directory past the end": (patched(HONEST, END, "length", 0xFFFFFF), checks.ZIP_DAMAGED),
    "count too low": (
        patched(patched(HONEST, END, "count", 1), END, "here", 1),
        checks.ZIP_DAMAGED,
    ),
    "count too high": (
        patched(patched(HONEST, END, "count", 3), END, "here", 3),
        checks.ZIP_DAMAGED,
    ),
    "claims 60000 entries": (
        patched(patched(HONEST, END, "count", 60000), END, "here", 60000),
        checks.ZIP_TOO_MANY_ENTRIES,
    ),
    "201 entries": (many(201), checks.ZIP_TOO_MANY_ENTRIES),
    "64-bit end missing": (patched(HONEST, END, "start", 0xFFFFFFFF), checks.ZIP_DAMAGED),
    "64-bit size missing": (patched(HONEST, CENTRAL, "size", 0xFFFFFFFF), checks.ZIP_DAMAGED),
    "entry elsewhere": (patched(HONEST, CENTRAL, "offset", 3), checks.ZIP_DAMAGED),
    "entry past the end": (patched(HONEST, CENTRAL, "offset", 10**6), checks.ZIP_DAMAGED),
    "packed size past the end": (both(HONEST, "packed", 10**6), checks.ZIP_DAMAGED),
    "damaged directory": (HONEST.replace(CENTRAL, b"PK\1\3"), checks.ZIP_DAMAGED),
    "damaged entry": (HONEST[:9] + HONEST[9:].replace(LOCAL, b"PK\3\5"), checks.ZIP_DAMAGED),
    "bomb of 100 MB": (packed(("orgs.csv", b"\0" * 100_000_000)), checks.ZIP_RATIO),
    "claims 3 GiB": (both(HONEST, "size", 3 * 2**30), checks.ZIP_TOO_LARGE),
    "symbolic link": (special(stat.S_IFLNK), checks.ZIP_NOT_A_FILE),
    "character device": (special(stat.S_IFCHR), checks.ZIP_NOT_A_FILE),
    "block device": (special(stat.S_IFBLK), checks.ZIP_NOT_A_FILE),
    "named pipe": (special(stat.S_IFIFO), checks.ZIP_NOT_A_FILE),
    "socket": (special(stat.S_IFSOCK), checks.ZIP_NOT_A_FILE),
    "link named like a folder": (special(stat.S_IFLNK, "folder/"), checks.ZIP_NOT_A_FILE),
    "climbs": (named("../../etc/cron.d/x"), checks.ZIP_CLIMBS),
    "climbs in the middle": (named("a/../../x"), checks.ZIP_CLIMBS),
    "climbs with backslashes": (named("..\\..\\x"), checks.ZIP_CLIMBS),
    "backslash": (named("roster\\orgs.csv"), checks.ZIP_BACKSLASH),
    "drive": (named("C:/orgs.csv"), checks.ZIP_DRIVE),
    "relative drive": (named("c:orgs.csv"), checks.ZIP_DRIVE),
    "absolute": (named("/etc/passwd"), checks.ZIP_ABSOLUTE),
    "network share": (named("\\\\server\\x"), checks.ZIP_BACKSLASH),
    "NUL in the name": (named("orgs.csv\0.txt"), checks.ZIP_CONTROL_CHARACTER),
    "line break in the name": (named("orgs\n.csv"), checks.ZIP_CONTROL_CHARACTER),
    "long name": (packed(("x" * 300 + ".csv", ORGS)), checks.ZIP_LONG_NAME),
    "name twice": (twice("orgs.csv", "orgs.csv"), checks.ZIP_DUPLICATE),
    "name in two cases": (twice("orgs.csv", "ORGS.csv"), checks.ZIP_CASE_DUPLICATE),
    "file and folder": (twice("orgs", "orgs/"), checks.ZIP_CASE_DUPLICATE),
    "one run of bytes, many entries": (overlapping(), checks.ZIP_OVERLAP),
    "entry inside an entry": (quoting_overlap(), checks.ZIP_OVERLAP),
    "encrypted": (both(HONEST, "flags", 1), checks.ZIP_ENCRYPTED),
    "encrypted says the entry alone": (patched(HONEST, LOCAL, "flags", 1), checks.ZIP_ENCRYPTED),
    "strongly encrypted": (both(HONEST, "flags", 1 << 6), checks.ZIP_ENCRYPTED),
    "encrypted by AES": (both(HONEST, "method", 99), checks.ZIP_ENCRYPTED),
    "bzip2": (packed(("orgs.csv", ORGS), method=zipfile.ZIP_BZIP2), checks.ZIP_METHOD),
    "lzma": (packed(("orgs.csv", ORGS), method=zipfile.ZIP_LZMA), checks.ZIP_METHOD),
    "header gives another size": (patched(HONEST, LOCAL, "size", 5), checks.ZIP_SIZE_LIE),
    "header gives another checksum": (patched(HONEST, LOCAL, "crc", 5), checks.ZIP_SIZE_LIE),
    "header gives another method": (patched(HONEST, LOCAL, "method", 0), checks.ZIP_SIZE_LIE),
    "stored with two sizes": (
        both(packed(("a.csv", ORGS), method=zipfile.ZIP_STORED), "size", 5),
        checks.ZIP_SIZE_LIE,
    ),
    "header gives another name": (
        HONEST.replace(b"orgs.csv", b"0rgs.csv", 1),
        checks.ZIP_TWO_NAMES,
    ),
    "extra field gives another name": (
        with_unicode_name("orgs.csv", "../orgs.csv"),
        checks.ZIP_TWO_NAMES,
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_zip_is_refused_by_name(case: str) -> None:
    archive, check = HOSTILE[case]
    contents = open_zip(archive, name="roster.zip")
    assert contents.findings.is_fatal
    assert contents.entries == ()
    assert check.code in contents.findings.counts
    assert all("{" not in finding.says for finding in contents.findings)


LIES: dict[str, Callable[[], tuple[bytes, checks.Check]]] = {
    "checksum": lambda: (both(HONEST, "crc", 1), checks.ZIP_CHECKSUM),
    "longer than it says": lambda: (both(HONEST, "size", 5), checks.ZIP_SIZE_LIE),
    "shorter than it says": lambda: (both(HONEST, "size", len(ORGS) + 5), checks.ZIP_SIZE_LIE),
    "cut packed bytes": lambda: (both(HONEST, "packed", 8), checks.ZIP_DAMAGED),
    "not deflated": lambda: (
        both(packed(("a", b"\xff" * 50), method=zipfile.ZIP_STORED), "method", 8),
        checks.ZIP_DAMAGED,
    ),
    "bytes after the packed ones": lambda: (_stored_more(), checks.ZIP_SIZE_LIE),
    "bomb that says 1 KiB": lambda: (
        both(packed(("a.csv", b"\0" * 50_000_000)), "size", 1024),
        checks.ZIP_SIZE_LIE,
    ),
}


def _stored_more() -> bytes:
    """Hide bytes behind the end of a deflated stream."""
    packer = zlib.compressobj(wbits=-15)
    stream = packer.compress(ORGS) + packer.flush() + b"hidden"
    archive = packed(("a.csv", stream), method=zipfile.ZIP_STORED)
    archive = both(both(archive, "method", 8), "size", len(ORGS))
    return both(archive, "crc", zlib.crc32(ORGS))


@pytest.mark.parametrize("case", LIES)
def test_lying_entry_is_refused_when_read(case: str) -> None:
    archive, check = LIES[case]()
    contents = open_zip(archive)
    with pytest.raises(EntryCannotBeRead) as refused:
        contents.read(contents.entries[0].name)
    assert refused.value.finding.code == check.code
    assert contents.findings.counts == {check.code: 1}


def listed(contents: ZipContents) -> list[tuple[str, int]]:
    return [(entry.name, entry.size) for entry in contents.entries]


def test_honest_zip_reads_back_from_bytes_and_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(HONEST)
    for contents in (open_zip(HONEST), open_zip(path)):
        assert list(contents.findings) == []
        assert listed(contents) == [("orgs.csv", len(ORGS)), ("users.csv", 11)]
        assert contents.read("orgs.csv") == ORGS
        assert contents.read("users.csv") == b"sourcedId\r\n"
        with pytest.raises(KeyError):
            contents.read("classes.csv")


def test_folder_is_listed_and_not_refused() -> None:
    contents = open_zip(packed(("roster/", b""), ("roster/orgs.csv", ORGS)))
    assert list(contents.findings) == []
    assert [(e.name, e.is_folder) for e in contents.entries] == [
        ("roster/", True),
        ("roster/orgs.csv", False),
    ]


class _Pipe(io.RawIOBase):
    """Take bytes as a pipe does: without going back."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, block: bytes) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.content += bytes(block)
        return len(block)


def test_streamed_zip_with_data_descriptors_reads() -> None:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orgs.csv", ORGS)
    contents = open_zip(pipe.content)
    assert list(contents.findings) == []
    assert contents.read("orgs.csv") == ORGS


def test_zip_with_64_bit_sizes_reads() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open("orgs.csv", "w", force_zip64=True) as file,
    ):
        file.write(ORGS)
    assert open_zip(out.getvalue()).read("orgs.csv") == ORGS


def test_name_outside_ascii_reads() -> None:
    contents = open_zip(packed(("écoles.csv", ORGS)))
    assert listed(contents) == [("écoles.csv", len(ORGS))]
    assert contents.read("écoles.csv") == ORGS


def test_empty_entry_reads() -> None:
    assert open_zip(packed(("orgs.csv", b""))).read("orgs.csv") == b""


@pytest.mark.parametrize("name", ["inner.zip", "inner.tar", "inner.csv", "inner.gz"])
def test_package_in_a_package_is_an_error(name: str) -> None:
    contents = open_zip(packed((name, HONEST), ("orgs.csv", ORGS)))
    assert contents.findings.counts == {checks.ZIP_NESTED.code: 1}
    assert [finding.value for finding in contents.findings] == [name]


def test_limits_hold_at_their_edge() -> None:
    limits = Limits(max_entries=2, max_unpacked_bytes=20)
    assert not open_zip(packed(("a", b"x" * 10), ("b", b"x" * 10)), limits=limits).findings.is_fatal
    over = open_zip(packed(("a", b"x" * 10), ("b", b"x" * 11)), limits=limits)
    assert over.findings.counts == {checks.ZIP_TOO_LARGE.code: 1}
    third = open_zip(packed(("a", b"x"), ("b", b"x"), ("c", b"x")), limits=limits)
    assert third.findings.counts == {checks.ZIP_TOO_MANY_ENTRIES.code: 1}
