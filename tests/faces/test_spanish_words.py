"""Every phrase of the templates and of the word list has a Spanish one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.utils import translation

from rollbook.web.words import WORDS, word

PHRASE = re.compile(r"""\{% translate (["'])(.+?)\1 %\}""")
BLOCK = re.compile(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", re.DOTALL)
HOLE = re.compile(r"{{ *(\w+) *}}")
# Spelled alike in both languages.
SAME = {"Error", "SSID", "IEP"}


def test_every_phrase_of_a_template_is_spoken_in_spanish(repository: Path) -> None:
    templates = (repository / "src/rollbook/web/templates").rglob("*.html")
    phrases = {
        phrase for path in templates for _quote, phrase in PHRASE.findall(path.read_text("utf-8"))
    }
    with translation.override("es"):
        missing = [phrase for phrase in phrases if translation.gettext(phrase) == phrase]
    assert sorted(missing) == []
    assert len(phrases) > 150


def test_every_sentence_with_a_hole_is_spoken_in_spanish(repository: Path) -> None:
    templates = (repository / "src/rollbook/web/templates").rglob("*.html")
    blocks = {
        tuple(HOLE.sub(r"%(\1)s", block).split("{% plural %}"))
        for path in templates
        for block in BLOCK.findall(path.read_text("utf-8"))
    }
    with translation.override("es"):
        missing = [block for block in blocks if _spoken(*block) in block]
    assert sorted(missing) == []
    assert len(blocks) > 20


def _spoken(one: str, many: str | None = None) -> str:
    return translation.gettext(one) if many is None else translation.ngettext(one, many, 2)


def test_every_phrase_of_a_view_is_spoken_in_spanish(repository: Path) -> None:
    called = [
        node
        for path in (repository / "src/rollbook/web").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    phrases = {
        tuple(given.value for given in call.args[:many] if isinstance(given, ast.Constant))
        for name, many in (("_", 1), ("ngettext", 2))
        for call in called
        if isinstance(call.func, ast.Name) and call.func.id == name
    } - {()}
    with translation.override("es"):
        missing = [phrase for phrase in phrases if _spoken(*phrase) in phrase]
    assert {phrase for (phrase,) in missing} == SAME
    assert len(phrases) > 100


def test_every_code_has_a_spanish_word() -> None:
    english = {code: word(code) for code in WORDS}
    with translation.override("es"):
        missing = [code for code, text in english.items() if word(code) == text]
    assert sorted(english[code] for code in missing) == sorted(SAME)


def test_a_code_without_a_word_is_made_readable() -> None:
    assert word("preferred_first_name") == "Preferred first name"
