"""Make the bytes of a group file into UTF-8 with one kind of line end, and say what was there."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from rollbook.files.csv_encoding import to_utf8
from rollbook.groups.checks.catalogue import MIXED_LINE_ENDS, OLD_LINE_ENDS, OTHER_ENCODING
from rollbook.groups.checks.ledger import Ledger
from rollbook.shared.findings import Finding

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OFTEN_INSTEAD = "cp1252"


@dataclass(frozen=True, slots=True)
class Body:
    """Hold the text of a file from its first line that is not blank.

    Shape: `lines_before` counts the blank lines above it.
    """

    content: bytes
    lines_before: int


def body_of(content: bytes, ledger: Ledger) -> Body | None:
    """Return the text of a file; None when its bytes are no text, which is told."""
    is_utf_16 = content.startswith(_UTF_16)
    if is_utf_16:
        text = to_utf8(content, file=ledger.file)
        if text.finding is not None:
            ledger.report.add(text.finding)
        if text.is_lost:
            return None
        content = text.content
        ledger.repaired("encoding")
    if content.startswith(codecs.BOM_UTF8):
        ledger.repaired("byte_order_mark")
    content = _with_one_line_end(content, ledger)
    read = content if is_utf_16 else _as_utf8(content, ledger)
    if read is None:
        return None
    body = read.lstrip(b"\r\n")
    return Body(body, read.count(b"\n", 0, len(read) - len(body)))


def _with_one_line_end(content: bytes, ledger: Ledger) -> bytes:
    crlf = content.count(b"\r\n")
    cr, lf = content.count(b"\r") - crlf, content.count(b"\n") - crlf
    kinds = {"CRLF": crlf, "CR": cr, "LF": lf}
    told = [f"{count:,} lines that end with {name}" for name, count in kinds.items() if count]
    if len(told) > 1:
        ledger.add(MIXED_LINE_ENDS, value=" and ".join(told))
    elif cr:
        ledger.add(OLD_LINE_ENDS)
    else:
        return content
    ledger.repaired("line_ends")
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _as_utf8(content: bytes, ledger: Ledger) -> bytes | None:
    text = to_utf8(content, file=ledger.file)
    if text.finding is None:
        return text.content
    return _as_windows_1252(content, text.finding, ledger)


def _as_windows_1252(content: bytes, finding: Finding, ledger: Ledger) -> bytes | None:
    """Read what a spreadsheet saved in the encoding of its region, where it can be that."""
    try:
        read = content.removeprefix(codecs.BOM_UTF8).decode(_OFTEN_INSTEAD)
    except UnicodeDecodeError:
        read = "\0"
    if "\0" in read:
        ledger.report.add(finding)
        return None
    ledger.add(OTHER_ENCODING, line=finding.line, value=finding.value)
    ledger.repaired("encoding")
    return read.encode()
