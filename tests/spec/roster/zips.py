"""What is done to a sound zip to make it a hostile or a damaged one."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

_CENTRAL, _LOCAL, _END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
_IN_CENTRAL = {"flags": (8, 2), "method": (10, 2), "crc": (16, 4), "packed": (20, 4),
               "size": (24, 4), "offset": (42, 4)}  # fmt: skip
_IN_LOCAL = {"flags": (6, 2), "method": (8, 2), "crc": (14, 4), "packed": (18, 4), "size": (22, 4)}
_IN_END = {"disk": (4, 2), "here": (8, 2), "count": (10, 2), "length": (12, 4), "start": (16, 4)}


def _patched(archive: bytes, mark: bytes, field: str, value: int, nth: int = 0) -> bytes:
    fields = {_CENTRAL: _IN_CENTRAL, _LOCAL: _IN_LOCAL, _END: _IN_END}[mark]
    at = -1
    for _ in range(nth + 1):
        at = archive.index(mark, at + 1)
    offset, width = fields[field]
    at += offset
    return archive[:at] + value.to_bytes(width, "little") + archive[at + width :]


def _both(archive: bytes, field: str, value: int) -> bytes:
    return _patched(_patched(archive, _CENTRAL, field, value), _LOCAL, field, value)


def _with(name: str | zipfile.ZipInfo, content: bytes) -> Callable[[bytes], bytes]:
    """Add one entry."""

    def added(archive: bytes) -> bytes:
        out = io.BytesIO(archive)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
            package.writestr(name, content)
        return out.getvalue()

    return added


def _with_odd_name(name: str) -> Callable[[bytes], bytes]:
    """Add one entry whose name zip writers refuse or change."""
    stand_in = "n" * len(name.encode())
    return lambda archive: _with(stand_in, b"a,b\r\n1,2\r\n")(archive).replace(
        stand_in.encode(), name.encode()
    )


def _special(kind: int) -> Callable[[bytes], bytes]:
    info = zipfile.ZipInfo("link.csv")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return _with(info, b"/etc/passwd")


def _repacked(method: int) -> Callable[[bytes], bytes]:
    def repacked(archive: bytes) -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(archive)) as old,
            zipfile.ZipFile(out, "w", method) as new,
        ):
            for name in old.namelist():
                new.writestr(name, old.read(name))
        return out.getvalue()

    return repacked


def _second_name(archive: bytes) -> bytes:
    info = zipfile.ZipInfo("more.csv")
    body = b"\1" + struct.pack("<L", zlib.crc32(b"more.csv")) + b"../more.csv"
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body
    return _with(info, b"a\r\n1\r\n")(archive)


def _many(archive: bytes) -> bytes:
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a") as package:
        for number in range(201):
            package.writestr(f"f{number}.csv", b"x")
    return out.getvalue()


def _overlapping(archive: bytes) -> bytes:
    second = archive.index(_CENTRAL, archive.index(_CENTRAL) + 4)
    at = archive.index(_CENTRAL)
    offset = archive[at + 42 : at + 46]
    return archive[: second + 42] + offset + archive[second + 46 :]


TRICKS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda archive: b"",
    "text": lambda archive: b"sourcedId,name\r\n1,North\r\n",
    "gzip": lambda archive: b"\x1f\x8b\x08" + b"\0" * 50,
    "one byte": lambda archive: b"P",
    "signature": lambda archive: _LOCAL,
    "half": lambda archive: archive[: len(archive) // 2],
    "cut end": lambda archive: archive[:-10],
    "bytes after": lambda archive: archive + b"more",
    "bytes before": lambda archive: b"MZ program" + archive,
    "no entries": lambda archive: _END + b"\0" * 18,
    "one disk of two": lambda archive: _patched(archive, _END, "disk", 1),
    "directory elsewhere": lambda archive: _patched(archive, _END, "start", 7),
    "directory too long": lambda archive: _patched(archive, _END, "length", 0xFFFFFF),
    "count too low": lambda archive: _patched(_patched(archive, _END, "count", 1), _END, "here", 1),
    "60000 entries": lambda archive: _patched(
        _patched(archive, _END, "count", 60000), _END, "here", 60000
    ),
    "201 files": _many,
    "zip64 end missing": lambda archive: _patched(archive, _END, "start", 0xFFFFFFFF),
    "zip64 size missing": lambda archive: _patched(archive, _CENTRAL, "size", 0xFFFFFFFF),
    "entry elsewhere": lambda archive: _patched(archive, _CENTRAL, "offset", 3),
    "entry past the end": lambda archive: _patched(archive, _CENTRAL, "offset", 10**7),
    "damaged directory": lambda archive: archive.replace(_CENTRAL, b"PK\1\3"),
    "damaged entry": lambda archive: archive[:9] + archive[9:].replace(_LOCAL, b"PK\3\5"),
    "bomb": _with("bomb.csv", b"\0" * 20_000_000),
    "claims 3 GiB": lambda archive: _both(archive, "size", 3 * 2**30),
    "link": _special(stat.S_IFLNK),
    "device": _special(stat.S_IFCHR),
    "block device": _special(stat.S_IFBLK),
    "pipe": _special(stat.S_IFIFO),
    "socket": _special(stat.S_IFSOCK),
    "climbs": _with_odd_name("../../etc/cron.d/x.csv"),
    "climbs in the middle": _with_odd_name("a/../../x.csv"),
    "backslash": _with_odd_name("roster\\orgs.csv"),
    "climbs with backslashes": _with_odd_name("..\\..\\x.csv"),
    "drive": _with_odd_name("C:/orgs.csv"),
    "absolute": _with_odd_name("/etc/passwd.csv"),
    "network share": _with_odd_name("\\\\server\\x.csv"),
    "NUL name": _with_odd_name("orgs.csv\0.txt"),
    "line break name": _with_odd_name("orgs\n.csv"),
    "long name": _with("x" * 300 + ".csv", b"a\r\n"),
    "name twice": _with_odd_name("users.csv"),
    "name in two cases": _with_odd_name("USERS.csv"),
    "overlap": _overlapping,
    "encrypted": lambda archive: _both(archive, "flags", 1),
    "strongly encrypted": lambda archive: _both(archive, "flags", 1 << 6),
    "AES": lambda archive: _both(archive, "method", 99),
    "bzip2": _repacked(zipfile.ZIP_BZIP2),
    "lzma": _repacked(zipfile.ZIP_LZMA),
    "stored": _repacked(zipfile.ZIP_STORED),
    "checksum": lambda archive: _both(archive, "crc", 1),
    "header checksum": lambda archive: _patched(archive, _LOCAL, "crc", 5),
    "longer than it says": lambda archive: _both(archive, "size", 5),
    "shorter than it says": lambda archive: _both(archive, "size", 99999),
    "header size": lambda archive: _patched(archive, _LOCAL, "size", 5),
    "header method": lambda archive: _patched(archive, _LOCAL, "method", 0),
    "header name": lambda archive: archive.replace(b"manifest.csv", b"manifesT.csv", 1),
    "second name": _second_name,
    "nested zip": lambda archive: _with("inner.zip", archive)(archive),
    "nested gzip": _with("more.gz", b"\x1f\x8b\x08" + b"\0" * 50),
    "nested under another name": lambda archive: _with("notes.csv", archive)(archive),
    "folder": _with("folder/", b""),
}
