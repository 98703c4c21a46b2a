"""PDF from a template and values."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import typst

from rollbook.files.pdf import TemplateWantsPackage, render_pdf

AT = datetime(2026, 9, 15, 18, tzinfo=UTC)
TEMPLATE = """#let values = json(bytes(sys.inputs.values))
#set document(title: values.title)
#for name in values.names [ = #name ]
"""
# Each would stop the compiler, or read a file, if it were taken for markup or code.
HOSTILE = [
    '#panic("x")',
    '#read("/etc/passwd")',
    "*never _closed $math",
    "] #) }",
    '"quoted" \\',
    "<label> @nobody",
    '#import "@preview/cades:0.3.0"',
    "José Ñandú",
]  # fmt: skip


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page[^s]", pdf))


def test_a_pdf_is_tagged_titled_and_carries_its_fonts() -> None:
    pdf = render_pdf(TEMPLATE, {"title": "Cards", "names": ["Ann"]}, at=AT)
    assert pdf.startswith(b"%PDF-1.")
    assert b"/StructTreeRoot" in pdf
    assert b"/Marked true" in pdf
    assert b"/FontFile" in pdf
    assert pages(pdf) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_read_as_markup_or_code(name: str) -> None:
    assert pages(render_pdf(TEMPLATE, {"title": name, "names": [name]}, at=AT)) == 1


def test_the_same_values_make_the_same_bytes() -> None:
    values = {"title": "Cards", "names": HOSTILE}
    assert render_pdf(TEMPLATE, values, at=AT) == render_pdf(TEMPLATE, values, at=AT)


@pytest.mark.parametrize("code", ['#read("/etc/passwd")', '#read("../../etc/passwd")'])
def test_a_template_reaches_no_file(code: str) -> None:
    with pytest.raises(typst.TypstError):
        render_pdf(code, {}, at=AT)


def test_a_template_reaches_no_network() -> None:
    with pytest.raises(TemplateWantsPackage):
        render_pdf('#import "@preview/cades:0.3.0"', {}, at=AT)
