"""Every phrase of the templates and of the word list has a Spanish one."""

from __future__ import annotations

import re
from pathlib import Path

from django.utils import translation

from rollbook.web.words import WORDS, word

PHRASE = re.compile(r"""\{% translate (["'])(.+?)\1 %\}""")
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


def test_every_code_has_a_spanish_word() -> None:
    english = {code: word(code) for code in WORDS}
    with translation.override("es"):
        missing = [code for code, text in english.items() if word(code) == text]
    assert sorted(english[code] for code in missing) == sorted(SAME)


def test_a_code_without_a_word_is_made_readable() -> None:
    assert word("preferred_first_name") == "Preferred first name"
