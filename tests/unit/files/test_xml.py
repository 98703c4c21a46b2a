"""Reading XML, honest and hostile."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from rollbook.files import checks
from rollbook.files.limits import Limits
from rollbook.files.xml import read_xml

LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(10)
)
XINCLUDE = b'xmlns:xi="http://www.w3.org/2001/XInclude"'


def attributes(count: int) -> bytes:
    return b" ".join(b'a%d="1"' % n for n in range(count))


HOSTILE: dict[str, tuple[bytes, checks.Check]] = {
    "zero bytes": (b"", checks.XML_EMPTY),
    "billion laughs": (b"<!DOCTYPE a [" + LAUGHS + b"]><a>&l9;</a>", checks.XML_DOCTYPE),
    "quadratic growth": (
        b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 50_000 + b'">]><a>' + b"&x;" * 50_000 + b"</a>",
        checks.XML_DOCTYPE,
    ),
    "file of the server": (
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        checks.XML_DOCTYPE,
    ),
    "file of another server": (
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1/x">]><a>&x;</a>',
        checks.XML_DOCTYPE,
    ),
    "parameter entity": (
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
        checks.XML_DOCTYPE,
    ),
    "external declaration": (
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        checks.XML_DOCTYPE,
    ),
    "public declaration": (b'<!DOCTYPE a PUBLIC "-//X//Y" "a.dtd"><a/>', checks.XML_DOCTYPE),
    "harmless declaration": (b"<!DOCTYPE a><a/>", checks.XML_DOCTYPE),
    "declaration after comments": (
        b"<?xml version='1.0'?>\n<!-- <a/> -->" + b"<!-- x -->\n" * 50_000 + b"<!DOCTYPE a><a/>",
        checks.XML_DOCTYPE,
    ),
    "declaration after an instruction": (b"<?x <a/> ?><!DOCTYPE a><a/>", checks.XML_DOCTYPE),
    "declaration in UTF-16": ("<!DOCTYPE a><a/>".encode("utf-16"), checks.XML_DOCTYPE),
    "declaration after a mark": (codecs.BOM_UTF8 + b"<!DOCTYPE a><a/>", checks.XML_DOCTYPE),
    "declaration in lower case": (b"<!doctype a><a/>", checks.XML_DOCTYPE),
    "declaration after the root": (b"<a/><!DOCTYPE a>", checks.XML_NOT_WELL_FORMED),
    "declaration inside the root": (b"<a><!DOCTYPE a></a>", checks.XML_NOT_WELL_FORMED),
    "entity nobody defined": (b"<a>\n  &x;</a>", checks.XML_NOT_WELL_FORMED),
    "a million levels": (b"<a>" * 1_000_000, checks.XML_TOO_DEEP),
    "65 levels": (b"<a>" * 65 + b"</a>" * 65, checks.XML_TOO_DEEP),
    "257 attributes": (b"<a " + attributes(257) + b"/>", checks.XML_TOO_MANY_ATTRIBUTES),
    "60000 attributes": (b"<a " + attributes(60_000) + b"/>", checks.XML_TOO_MANY_ATTRIBUTES),
    "50 MB of text": (b"<a>" + b"x" * 50_000_000 + b"</a>", checks.XML_LONG_TEXT),
    "50 MB in an attribute": (b'<a b="' + b"x" * 50_000_000 + b'"/>', checks.XML_LONG_TEXT),
    "2 MB of brackets in CDATA": (
        b"<a><![CDATA[" + b"<x" * 1_000_000 + b"]]></a>",
        checks.XML_LONG_TEXT,
    ),
    "50 MB in a name": (b"<a" + b"b" * 50_000_000 + b"/>", checks.XML_LONG_TEXT),
    "20 MB of brackets in a comment": (
        b"<a><!--" + b"<" * 20_000_000 + b"--></a>",
        checks.XML_NOT_WELL_FORMED,
    ),
    "UTF-7 by name": (b'<?xml version="1.0" encoding="utf-7"?><a/>', checks.XML_ENCODING),
    "UTF-7 by mark": (b"+/v8-<a/>", checks.XML_ENCODING),
    "UTF-16 without a mark": ("<a/>".encode("utf-16-le"), checks.XML_ENCODING),
    "UTF-16 big end first": ("<a/>".encode("utf-16-be"), checks.XML_ENCODING),
    "UTF-32": ("<a/>".encode("utf-32"), checks.XML_ENCODING),
    "UTF-32 big end first": ("<a/>".encode("utf-32-be"), checks.XML_ENCODING),
    "EBCDIC": ("<?xml version='1.0'?><a/>".encode("cp037"), checks.XML_ENCODING),
    "EBCDIC by name": (b'<?xml version="1.0" encoding="cp037"?><a/>', checks.XML_ENCODING),
    "HZ": (b'<?xml version="1.0" encoding="HZ-GB-2312"?><a/>', checks.XML_ENCODING),
    "ISO-2022": (b"<?xml version='1.0' encoding='ISO-2022-JP'?><a/>", checks.XML_ENCODING),
    "encoding nobody knows": (b'<?xml version="1.0" encoding="x-user"?><a/>', checks.XML_ENCODING),
    "says UTF-16, is UTF-8": (
        b'<?xml version="1.0" encoding="UTF-16"?><a/>',
        checks.XML_TWO_ENCODINGS,
    ),
    "says UTF-8, is UTF-16": (
        '<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"),
        checks.XML_TWO_ENCODINGS,
    ),
    "says ISO-8859-1, marked UTF-8": (
        codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
        checks.XML_TWO_ENCODINGS,
    ),
    "half a UTF-16 character": (codecs.BOM_UTF16_LE + b"<\0a\0/\0>", checks.XML_NOT_WELL_FORMED),
    "bytes that are not UTF-8": (b"<a>\xe9</a>", checks.XML_NOT_WELL_FORMED),
    "overlong UTF-8": (b"<a>\xc0\xbc</a>", checks.XML_NOT_WELL_FORMED),
    "surrogate in UTF-8": (b"<a>\xed\xa0\x80</a>", checks.XML_NOT_WELL_FORMED),
    "NUL": (b"<a>\0</a>", checks.XML_NOT_WELL_FORMED),
    "control character": (b"<a>\x07</a>", checks.XML_NOT_WELL_FORMED),
    "control character by number": (b"<a>&#0;</a>", checks.XML_NOT_WELL_FORMED),
    "no element": (b"  \n", checks.XML_NOT_WELL_FORMED),
    "text": (b"sourcedId,name\n", checks.XML_NOT_WELL_FORMED),
    "two roots": (b"<a/><b/>", checks.XML_NOT_WELL_FORMED),
    "wrong end": (b"<a><b></a></b>", checks.XML_NOT_WELL_FORMED),
    "same attribute twice": (b"<a b='1' b='2'/>", checks.XML_NOT_WELL_FORMED),
    "prefix nobody defined": (b"<x:a/>", checks.XML_NOT_WELL_FORMED),
    "space before the declaration": (b" <?xml version='1.0'?><a/>", checks.XML_NOT_WELL_FORMED),
    "open instructions": (b"<?x " * 300_000, checks.XML_NOT_WELL_FORMED),
    "open comments": (b"<!--" * 300_000, checks.XML_NOT_WELL_FORMED),
    "cut between elements": (b"<a><b>x</b>\n", checks.XML_TRUNCATED),
    "cut inside a tag": (b"<a><b>x</b>\n<c ", checks.XML_TRUNCATED),
    "cut inside an attribute": (b'<a><b c="x', checks.XML_TRUNCATED),
    "cut inside a comment": (b"<a><!-- x", checks.XML_TRUNCATED),
    "cut inside CDATA": (b"<a><![CDATA[ x", checks.XML_TRUNCATED),
    "cut inside text": (b"<a><b>Mar", checks.XML_TRUNCATED),
    "includes a file": (
        b"<a " + XINCLUDE + b'><xi:include href="file:///etc/passwd" parse="text"/></a>',
        checks.XML_INCLUSION,
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_document_is_refused_by_name(case: str) -> None:
    source, check = HOSTILE[case]
    document = read_xml(source, name="trt.xml")
    assert document.root is None
    assert document.findings.counts == {check.code: 1}
    assert document.findings.is_fatal
    assert all(len(finding.says) < 400 for finding in document.findings)


def place_of(source: bytes) -> tuple[int | None, str]:
    (finding,) = read_xml(source, name="trt.xml").findings
    return finding.line, finding.says


def test_refusal_names_line_and_column() -> None:
    assert place_of(b"<a>\n <b>\n</a>")[0] == 3
    assert place_of(b"<a>\n  &x;</a>") == (2, "At column 3: the entity &x; is not defined.")
    assert place_of(b"<a>\n<b>") == (2, "trt.xml ends at line 2, column 4, inside <b>.")
    assert place_of(b"\n\n<!DOCTYPE a><a/>")[0] == 3
    assert place_of("<?xml version='1.0'\n?>\n<a>\n</b>".encode("utf-16"))[0] == 4


HONEST = {
    "plain": b"<a><b>\xc3\xa9</b></a>",
    "UTF-8 by mark": codecs.BOM_UTF8 + b"<a><b>\xc3\xa9</b></a>",
    "UTF-8 by name": b'<?xml version="1.0" encoding="UTF-8"?><a><b>\xc3\xa9</b></a>',
    "UTF-16": '<?xml version="1.0" encoding="UTF-16"?><a><b>é</b></a>'.encode("utf-16"),
    "UTF-16 big end first": codecs.BOM_UTF16_BE + "<a><b>é</b></a>".encode("utf-16-be"),
    "ISO-8859-1": b'<?xml version="1.0" encoding="ISO-8859-1"?><a><b>\xe9</b></a>',
    "US-ASCII": b'<?xml version="1.0" encoding="us-ascii"?><a><b>&#233;</b></a>',
    "style sheet": b"<?xml-stylesheet href='x.xsl'?><a><b>\xc3\xa9</b></a>",
    "DOCTYPE as text": b"<a><b>\xc3\xa9</b><c>&lt;!DOCTYPE a></c><!-- <!DOCTYPE a> --></a>",
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_document_reads(case: str) -> None:
    document = read_xml(HONEST[case], name="trt.xml")
    assert list(document.findings) == []
    assert document.root is not None
    assert document.root.findtext("b") == "é"


def test_document_reads_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "trt.xml"
    path.write_bytes(b"<a>\n<b/></a>")
    document = read_xml(path, name="trt.xml")
    assert document.root is not None
    assert [(child.tag, child.sourceline) for child in document.root] == [("b", 2)]


def test_limits_hold_at_their_edge() -> None:
    limits = Limits(max_xml_depth=2, max_xml_attributes=1, max_xml_elements=3, max_xml_bytes=30)
    for source, refused in (
        (b"<a><b/></a>", {}),
        (b"<a><b><c/></b></a>", {checks.XML_TOO_DEEP.code: 1}),
        (b"<a x='1'/>", {}),
        (b"<a x='1' y='1'/>", {checks.XML_TOO_MANY_ATTRIBUTES.code: 1}),
        (b"<a><b/><b/></a>", {}),
        (b"<a><b/><b/><b/></a>", {checks.XML_TOO_MANY_ELEMENTS.code: 1}),
        (b"<a>" + b"x" * 24 + b"</a>", {checks.XML_TOO_LARGE.code: 1}),
    ):
        assert read_xml(source, name="f", limits=limits).findings.counts == refused
