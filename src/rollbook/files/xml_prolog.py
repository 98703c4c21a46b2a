"""Look at the first bytes of an XML document before any parser does.

Source: XML 1.0, fifth edition, sections 2.8 and 4.3.3, appendix F.
"""

from __future__ import annotations

import codecs
import re

from rollbook.files import checks
from rollbook.files.limits import Limits
from rollbook.shared.findings import Finding

_UTF_8, _UTF_16 = "utf-8", "utf-16"
_READ = {"utf-8", "utf8", "utf-16", "iso-8859-1", "latin1", "us-ascii", "ascii"}
# Byte order marks and first bytes of encodings that are not read, longest first.
_REFUSED_STARTS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (b"\0\0\0<", "UTF-32"),
    (b"<\0\0\0", "UTF-32"),
    (b"<\0", "UTF-16 without a byte order mark"),
    (b"\0<", "UTF-16 without a byte order mark"),
    (b"\x4c\x6f\xa7\x94", "EBCDIC"),
    (b"+/v", "UTF-7"),
    (b"\xdd\x73\x66\x73", "UTF-EBCDIC"),
    (b"\x0e\xfe\xff", "SCSU"),
)
_DECLARATION = re.compile(rb"\A\s*<\?xml\s([^>]{0,1000}?)\?>")
_ENCODING = re.compile(rb"\bencoding\s*=\s*[\"']([^\"']*)[\"']")
_BESIDE = re.compile(rb"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)


def plain_xml(source: bytes, *, file: str, limits: Limits) -> bytes | Finding:
    """Return a document in an encoding that is plain to see, or say why it is refused.

    Shape: a byte order mark is taken off; UTF-16 becomes UTF-8 without a declaration.
    """
    content = _in_plain_encoding(source, file)
    if isinstance(content, Finding):
        return content
    if (at := _doctype(content)) >= 0:
        return checks.XML_DOCTYPE.finding(file=file, line=_line(content, at))
    if (at := _long_text(content, limits.max_xml_text_bytes)) >= 0:
        most = limits.max_xml_text_bytes
        return checks.XML_LONG_TEXT.finding(file=file, line=_line(content, at), most=most)
    return content


def _in_plain_encoding(source: bytes, file: str) -> bytes | Finding:
    for start, encoding in _REFUSED_STARTS:
        if source.startswith(start):
            return checks.XML_ENCODING.finding(file=file, value=encoding)
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _from_utf_16(source, file)
    content = source.removeprefix(codecs.BOM_UTF8)
    declared = _declared(content)
    if declared is None:
        return content
    if declared not in _READ:
        return checks.XML_ENCODING.finding(file=file, value=declared)
    has_mark = len(content) < len(source)
    if declared == _UTF_16 or (has_mark and declared not in (_UTF_8, "utf8")):
        return checks.XML_TWO_ENCODINGS.finding(file=file, value=declared, other=_UTF_8)
    return content


def _from_utf_16(source: bytes, file: str) -> bytes | Finding:
    try:
        content = source.decode(_UTF_16).encode()
    except UnicodeError:
        return checks.XML_NOT_WELL_FORMED.finding(
            file=file, line=1, at=1, what="its bytes are not UTF-16"
        )
    declared = _declared(content)
    if declared not in (None, _UTF_16):
        return checks.XML_TWO_ENCODINGS.finding(file=file, value=declared, other=_UTF_16)
    # The declaration's own line ends stay, so that lines keep their numbers.
    return _DECLARATION.sub(lambda found: b"\n" * found.group().count(b"\n"), content)


def _declared(content: bytes) -> str | None:
    """Return the encoding that the XML declaration names, in lower case."""
    declaration = _DECLARATION.search(content)
    found = _ENCODING.search(declaration.group(1)) if declaration else None
    return found.group(1).decode("ascii", errors="replace").strip().lower() if found else None


def _doctype(content: bytes) -> int:
    """Return where a DOCTYPE stands before the first element, or -1."""
    place = 0
    while beside := _BESIDE.match(content, place):
        place = beside.end()
    is_doctype = content[place : place + 9].upper() == b"<!DOCTYPE"
    return place if is_doctype else -1


def _long_text(content: bytes, most: int) -> int:
    """Return where a run of bytes without "<" is longer than allowed, or -1."""
    place = 0
    while place + most < len(content):
        # The last bracket within reach: all texts before it are shorter still.
        bracket = content.rfind(b"<", place, place + most + 1)
        if bracket < 0:
            return place
        place = bracket + 1
    return -1


def _line(content: bytes, at: int) -> int:
    return content.count(b"\n", 0, at) + 1
