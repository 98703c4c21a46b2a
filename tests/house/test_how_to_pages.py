"""What the how-to pages call a button, a heading or a link stands on a page, word for word."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.house.code import PACKAGE, ROOT

PAGES = sorted((ROOT / "docs/how-to").glob("*.md"))
# Bold words that begin a paragraph and stand on no page.
LEAD_INS = {"With Clever", "What follows", "To do it again after all"}
LONGEST_PAGE = 60  # one sheet of paper
_TRANSLATED = re.compile(r"\{% translate ([\"'])(.*?)\1[^%]*%\}")
# What is filled in as a page is made, and what a how-to page writes in its place.
_FILLED_IN = re.compile(r"\{\{.*?\}\}|%\(\w+\)[sd]|\{%.*?%\}")
_OPEN = re.compile(r"…|\d+|(?<=schools), ")


def _on_pages() -> str:
    web = PACKAGE / "web"
    paths = [*web.rglob("*.html"), *web.glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    shown = _FILLED_IN.sub("…", _TRANSLATED.sub(r" \2 ", text))
    # A sentence may be written on two lines of code.
    return re.sub(r'" "', "", re.sub(r"\s+", " ", html.unescape(shown)))


def _named(text: str) -> set[str]:
    bold = re.findall(r"\*\*(.+?)\*\*", re.sub(r"\s+", " ", text))
    return {name.rstrip(".:") for name in bold} - LEAD_INS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page: Path) -> None:
    shown = _on_pages()
    named = _named(page.read_text(encoding="utf-8"))
    lost = [
        name
        for name in sorted(named)
        if not all(part.strip() in shown for part in _OPEN.split(name) if part.strip())
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_how_to_is_one_page(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_PAGE
