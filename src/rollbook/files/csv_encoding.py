"""Turn the bytes of a text file into UTF-8, or say where they are not text."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rollbook.files.checks import CSV_NOT_AS_DECLARED, CSV_NOT_UTF_8, CSV_NUL, CSV_UTF_16
from rollbook.shared.findings import Finding

_BLOCK = 1024 * 1024
_QUOTED = re.compile(rb'"[^"]*"?')
_CONTINUES = 0b1000_0000
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class Text:
    """Hold a file as UTF-8 without its byte order mark.

    Shape: when `finding` is fatal, `content` is empty.
    """

    content: bytes
    encoding: str
    had_bom: bool
    finding: Finding | None = None

    @property
    def is_lost(self) -> bool:
        """Tell whether the bytes could not be read as text."""
        return self.finding is not None and self.finding.code != CSV_UTF_16.code


def to_utf8(source: bytes, *, file: str, declared: str | None = None) -> Text:
    """Return the text of a file as UTF-8.

    Shape: a byte order mark decides; without one the declared encoding does, else UTF-8.
    """
    encoding = codecs.lookup(declared).name if declared else "utf-8"
    for mark, name in _MARKS.items():
        if source.startswith(mark):
            return _decoded(source[len(mark) :], name, file, had_bom=True)
    return _decoded(source, encoding, file, had_bom=False)


def _decoded(source: bytes, encoding: str, file: str, *, had_bom: bool) -> Text:
    try:
        if encoding == "utf-8":
            _prove_utf8(source)
        else:
            source = source.decode(encoding).encode()
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        return Text(b"", encoding, had_bom, _not_text(source, at, encoding, file))
    if (at := source.find(b"\0")) >= 0:
        return Text(b"", encoding, had_bom, CSV_NUL.finding(file=file, line=_line(source, at)))
    warned = CSV_UTF_16.finding(file=file) if encoding.startswith("utf-16") else None
    return Text(source, encoding, had_bom, warned)


def _prove_utf8(source: bytes) -> None:
    """Raise UnicodeDecodeError, its place counted from the file's start, unless all is UTF-8."""
    if source.isascii():
        return
    start = 0
    while start < len(source):
        end = min(start + _BLOCK, len(source))
        while start < end < len(source) and source[end] & 0b1100_0000 == _CONTINUES:
            end -= 1
        block = source[start : end if end > start else start + _BLOCK]
        try:
            if not block.isascii():
                block.decode()
        except UnicodeDecodeError as error:
            at = start + error.start
            raise UnicodeDecodeError("utf-8", source, at, at + 1, error.reason) from None
        start += len(block)


def _not_text(source: bytes, at: int, encoding: str, file: str) -> Finding:
    """Make the finding for the first byte that is not in the encoding."""
    byte = f"0x{source[at]:02X}" if at < len(source) else "at the end"
    if encoding.startswith("utf-16"):
        head = source[:at].decode(encoding, errors="replace")
        line = head.count("\n") + 1
        return CSV_NOT_AS_DECLARED.finding(file=file, line=line, byte=byte, encoding=encoding)
    line = _line(source, at)
    cell, column = _cell_around(source, at)
    if encoding != "utf-8":
        return CSV_NOT_AS_DECLARED.finding(
            file=file, line=line, column=column, value=cell, byte=byte, encoding=encoding
        )
    return CSV_NOT_UTF_8.finding(file=file, line=line, column=column, value=cell, byte=byte)


def _line(source: bytes, at: int) -> int:
    return source.count(b"\n", 0, at) + 1


# A damaged file may have no line ends; look no further than this around the damage.
_NEARBY = 4096


def _cell_around(source: bytes, at: int) -> tuple[str, str]:
    """Return the cell around a byte as Windows-1252, and its column's name or number."""
    begin = source.rfind(b"\n", 0, at) + 1
    commas = _commas(source[begin:at]) if at - begin < _NEARBY else []
    start = begin + commas[-1] + 1 if commas else max(begin, at - _NEARBY)
    rest = source[at : at + _NEARBY].split(b"\n")[0].split(b",")[0]
    cell = (source[start:at] + rest).strip(b'"\r').decode("cp1252", errors="replace")
    header = source[: source.find(b"\n", 0, _NEARBY * 16) + 1].rstrip(b"\r\n").split(b",")
    number = len(commas)
    if begin > 0 and number < len(header) and header[number].isascii():
        return cell, header[number].strip(b'"').decode("ascii")
    return cell, f"column {number + 1}"


def _commas(line: bytes) -> list[int]:
    """Return where the commas outside quotes are."""
    plain = _QUOTED.sub(lambda found: b"." * len(found.group()), line)
    return [place for place, byte in enumerate(plain) if byte == ord(",")]
