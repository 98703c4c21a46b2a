"""Every phrase of the templates, the views and the word lists has a Spanish one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from django.utils import translation

from rollbook.access.rules import ROLES
from rollbook.extracts.rules.naming import FIELDS, PATTERNS
from rollbook.extracts.targets.systems import SYSTEMS, fields_of
from rollbook.groups import layouts as groups
from rollbook.groups.checks.catalogue import CHECKS
from rollbook.orgs import layouts as orgs
from rollbook.orgs.types import OrganizationKind
from rollbook.people import layouts as people
from rollbook.roster.actions import merges
from rollbook.roster.plan.sections import CAUSE_WORDS
from rollbook.roster.rules import standing
from rollbook.roster.rules.import_fields import IMPORT_FIELDS
from rollbook.roster.sources.calling import Steps
from rollbook.roster.sources.connectors import CONNECTORS
from rollbook.shared.grades import Grade
from rollbook.web import (
    mappings,
    shown_delivery_words,
    shown_finding_words,
    shown_group_words,
    shown_words,
)
from rollbook.web.role_words import ROLE_WORDS
from rollbook.web.sharing import cause_words
from rollbook.web.source_forms import REPAIRS
from rollbook.web.words import WORDS, word

PHRASE = re.compile(r"""\{% translate (["'])(.+?)\1""")
BLOCK = re.compile(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", re.DOTALL)
HOLE = re.compile(r"{{ *(\w+) *}}")
SENTENCE = re.compile(r"[A-Z].* .*\.")
# Spelled alike in both languages.
SAME = {"Error", "Filipino", "IEP", "SSID"}
SAME_ON_PAGES = {*SAME, "Clever", "No", "No.", "Plan:", "Realm", "Bucket"}
# How many phrases a call translates, and whether a context goes before them.
CALLS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (False, 1)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (False, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (True, 1)),
}
Phrase = tuple[str, tuple[str, ...]]  # the context or "", then one or the one and the many
# Where faults are written that a page shows as they are.
FAULTS_IN = (
    "roster/actions/sources.py",
    "roster/actions/resting.py",
    "roster/sources/setting_values.py",
    "people/rules.py",
)
REFUSALS_IN = ("access/actions/accounts.py", "access/actions/grants.py", "jobs/actions/queue.py")
# Where sentences about groups and deliveries are written that a page shows as they are.
SAID_IN = (
    "groups/rules.py",
    *(
        f"groups/actions/{name}.py"
        for name in ("editing", "from_classes", "own", "rules", "yearly")
    ),
    "access/actions/clients.py",
    *(f"extracts/actions/{name}.py" for name in ("orphans", "own_groups", "packing", "profiles")),
    "extracts/plan/warnings.py",
    *(f"extracts/rules/{name}.py" for name in ("answers", "naming", "templates")),
    *(f"extracts/targets/{name}.py" for name in ("delivering", "import_api", "s3", "systems")),
    "extracts/targets/sftp.py",
    *(f"remote/{name}.py" for name in ("addresses", "http", "replies", "s3", "sftp")),
)
SAY_SO = ("groups", "access", "extracts", "remote", "roster/sources")
# Filled with words that are not written in the same place; tried one by one below.
FILLED_ELSEWHERE = {
    "The school year 7 of this profile 7 on 7: nothing is written.",
    "7 on 7 (7).",
}
ASSEMBLED = {
    " classes are over or have not begun on ",
    " is out of term on ",
    " are out of term on ",
    " of this profile is over on ",
    " of this profile has not begun on ",
}
# Said to a program alone, by the API.
NEVER_SHOWN = {"This user name and secret open nothing."}
REASONS_IN = ("roster/plan", "roster/actions", "people/actions")


def _unspoken(phrases: set[Phrase]) -> list[str]:
    """Return the phrases whose Spanish is the English one, or lacks a hole of it."""
    with translation.override("es"):
        return sorted(
            one[0] for context, one in phrases if _spoken(context, one) in {*one} - SAME_ON_PAGES
        )


def _spoken(context: str, phrase: tuple[str, ...]) -> str:
    if context:
        return translation.pgettext(context, phrase[0])
    return translation.gettext(*phrase) if len(phrase) == 1 else translation.ngettext(*phrase, 2)


def test_every_phrase_of_a_template_is_spoken_in_spanish(repository: Path) -> None:
    templates = (repository / "src/rollbook/web/templates").rglob("*.html")
    phrases = {
        ("", (phrase.replace("%", "%%"),))  # as the tag asks the catalog
        for path in templates
        for _quote, phrase in PHRASE.findall(path.read_text("utf-8"))
    }
    assert _unspoken(phrases) == []
    assert len(phrases) > 500


def test_every_sentence_with_a_hole_is_spoken_in_spanish(repository: Path) -> None:
    templates = (repository / "src/rollbook/web/templates").rglob("*.html")
    blocks = {
        ("", tuple(_asked(part) for part in block.split("{% plural %}")))
        for path in templates
        for block in BLOCK.findall(path.read_text("utf-8"))
    }
    assert _unspoken(blocks) == []
    assert len(blocks) > 80


def _asked(part: str) -> str:
    """Return what the tag asks the catalog for: holes as names, and other per cents doubled."""
    return HOLE.sub(r"%(\1)s", part.replace("%", "%%"))


def test_every_phrase_of_a_view_is_spoken_in_spanish(repository: Path) -> None:
    paths = (repository / "src/rollbook/web").glob("*.py")
    phrases = {phrase for path in paths for phrase in _phrases_of(path)}
    assert _unspoken(phrases) == []
    assert len(phrases) > 400


def _phrases_of(path: Path) -> Iterator[Phrase]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        name = (
            node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        )
        if isinstance(node, ast.Call) and name in CALLS:
            has_context, count = CALLS[name]
            given = [a.value for a in node.args if isinstance(a, ast.Constant)]
            texts = tuple(text for text in given if isinstance(text, str))
            if len(texts) == has_context + count:
                yield (texts[0] if has_context else ""), texts[has_context:]


def test_no_hole_of_a_phrase_is_lost_in_spanish(repository: Path) -> None:
    lost: list[str] = []
    for english, spanish in _entries(repository):
        if all(_holes(spanish) != _holes(text) for text in english):
            lost.append(spanish)
    assert lost == []


def _entries(repository: Path) -> Iterator[tuple[list[str], str]]:
    """Yield each Spanish text of the catalog with the English ones that it may stand for."""
    path = repository / "src/rollbook/locale/es/LC_MESSAGES/django.po"
    for entry in path.read_text("utf-8").split("\n\n")[1:]:
        lines = [line.partition(" ") for line in entry.splitlines() if line.startswith("msg")]
        english = [ast.literal_eval(text) for key, _, text in lines if key.startswith("msgid")]
        for key, _, text in lines:
            if key.startswith("msgstr"):
                yield english, ast.literal_eval(text)


def _holes(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sdg]|%%|</?\w+", text))


def test_every_code_has_a_spanish_word() -> None:
    english = {code: word(code) for code in WORDS}
    with translation.override("es"):
        missing = {text for code, text in english.items() if word(code) == text}
    assert missing == SAME


def test_every_column_and_table_of_a_plan_has_a_word() -> None:
    tables = (*orgs.PLAN_TABLES, *people.PLAN_TABLES, people.STUDENT_ALIASES, groups.GROUP_MEMBERS)
    codes = {table.name for table in tables} | {c for table in tables for c in table.columns}
    assert codes - WORDS.keys() == {"uuid", "group_id"}  # neither is ever shown


def test_a_code_without_a_word_is_made_readable() -> None:
    assert word("a_word_unheard_of") == "A word unheard of"


def test_the_phrases_of_the_connectors_are_those_that_are_translated() -> None:
    fields = [field for connector in CONNECTORS.values() for field in connector.fields]
    assert set(shown_words.SETTINGS) == {field.label for field in fields}
    assert set(shown_words.HINTS) == {field.help for field in fields} - {""}
    assert set(shown_words.CHOICES) == {
        label for field in fields for code, label in field.choices if label != code
    }


def test_the_steps_of_a_connection_are_those_that_are_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = {"Read what is kept of this source"}
    monkeypatch.setattr(Steps, "take", lambda self, what, step: taken.add(what))
    for connector in CONNECTORS.values():
        usual = {"url": "https://example.org", "number": "22"}
        settings = {f.name: f.default or usual.get(f.type, "x") for f in connector.fields}
        connector.check_connection(settings, {"token": "x"}, now=datetime(2026, 9, 1, tzinfo=UTC))
    assert set(shown_words.STEPS) == taken


def test_the_repairs_of_the_form_are_those_that_are_translated() -> None:
    assert set(shown_words.REPAIRS) == {(check.name, check.why) for check in REPAIRS}


def test_the_faults_of_forms_are_those_that_are_translated(repository: Path) -> None:
    trees = [_tree(repository / "src/rollbook" / name) for name in FAULTS_IN]
    assert set(shown_words.FAULTS) == {text for tree in trees for text in _sentences(tree)}
    assert set(shown_words.FAULTS_OF_SETTINGS) == {
        "%(label)s" + "".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and ast.unparse(node).startswith("f'{field.label}")
    }


def test_the_first_steps_of_a_preflight_are_those_that_are_translated(repository: Path) -> None:
    tree = _tree(repository / "src/rollbook/roster/rules/summary.py")
    assert set(shown_words.FIRST_STEPS) == set(_sentences(tree))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _sentences(tree: ast.Module) -> Iterator[str]:
    """Yield the whole sentences of a module; neither docstrings nor parts of other strings."""
    parts = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in parts else None
        if isinstance(text, str) and SENTENCE.fullmatch(text):
            yield text


def test_the_reasons_of_a_plan_are_those_that_are_translated(repository: Path) -> None:
    root = repository / "src/rollbook"
    paths = [path for part in REASONS_IN for path in (root / part).glob("*.py")]
    found = {reason for path in paths for reason in _reasons(_tree(path))}
    names = {"LEFT_BEHIND": standing.LEFT_BEHIND, "_MERGED": merges._MERGED}
    assert set(shown_words.REASONS) == {names.get(r, r) for r in found} - {"", "why", "is_new"}


def _reasons(tree: ast.Module) -> Iterator[str]:
    """Yield what `why=` or `.alias("why")` is given, texts and names of constants alike."""
    for node in ast.walk(tree):
        given: ast.AST | None = None
        if isinstance(node, ast.keyword) and node.arg == "why":
            given = node.value
        elif isinstance(node, ast.Call) and ast.unparse(node).endswith(".alias('why')"):
            given = node.func
        for part in ast.walk(given) if given else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
            elif isinstance(part, ast.Name) and part.id.isupper():
                yield part.id


def test_the_refusals_of_administration_are_those_that_are_translated(repository: Path) -> None:
    root = repository / "src/rollbook"
    found = {text for name in REFUSALS_IN for text in _sentences(_tree(root / name))}
    of_rules = set(_sentences(_tree(root / "access/rules.py"))) - set(ROLE_WORDS)
    of_programs = set(shown_group_words.PROGRAMS)
    assert set(shown_words.REFUSALS) == (found | of_rules) - of_programs


def test_what_roles_may_do_is_what_is_translated() -> None:
    assert set(ROLE_WORDS) == {says for role in ROLES for says in (*role.may, *role.may_not)}


def test_a_fault_names_its_setting_in_the_readers_language() -> None:
    with translation.override("es"):
        assert shown_words.said("Folder on the server is needed.") == (
            "Falta: Carpeta en el servidor."
        )
        assert shown_words.said("") == ""
        assert shown_words.said("Nobody has said this.") == "Nobody has said this."


def test_grades_and_levels_are_those_that_are_translated() -> None:
    assert set(shown_words.GRADES) == {grade.label for grade in Grade}
    assert set(shown_words.LEVELS) == {kind.label for kind in OrganizationKind}


def test_import_fields_and_causes_are_named_on_pages_as_elsewhere() -> None:
    assert {name: str(label) for name, label in mappings._LABELS.items()} == {
        field.name: field.label for field in IMPORT_FIELDS
    }
    assert {str(about) for about in mappings._ABOUT} == {field.about for field in IMPORT_FIELDS}
    assert {cause: cause_words(cause) for cause in CAUSE_WORDS} == {
        cause: says for cause, (says, _ends_it) in CAUSE_WORDS.items()
    }


def test_sentences_about_groups_and_deliveries_are_said_in_spanish(repository: Path) -> None:
    sentences = {
        text
        for name in SAID_IN
        for text in _sentences(_tree(repository / "src/rollbook" / name))
        if "<e>" not in text
    }
    assert len(sentences) > 130
    with translation.override("es"):
        unsaid = {text for text in sentences if shown_words.said(text) == text}
    assert unsaid == NEVER_SHOWN


def test_the_settings_of_targets_are_those_that_are_translated() -> None:
    fields = [field for kind in SYSTEMS for field in fields_of(kind)]
    labels = {field.label for field in fields} - set(shown_words.SETTINGS)
    assert set(shown_delivery_words.TARGET_SETTINGS) == labels
    hints = {field.help for field in fields} - {"", *shown_words.HINTS}
    assert set(shown_delivery_words.TARGET_HINTS) == hints
    assert set(shown_delivery_words.TARGET_CHOICES) == {
        label for field in fields for _code, label in field.choices
    }


def test_the_fields_of_templates_are_those_that_are_translated() -> None:
    assert set(shown_group_words.FIELDS) == {field.says for field in FIELDS.values()}
    assert set(shown_group_words.PATTERNS) == set(PATTERNS)


def test_sentences_that_hold_values_are_said_in_spanish(repository: Path) -> None:
    filled = {
        _filled(node, count)
        for name in SAID_IN
        for node in ast.walk(_tree(repository / "src/rollbook" / name))
        if isinstance(node, ast.JoinedStr)
        for count in (1, 2)
    }
    sentences = {text for text in filled if re.fullmatch(r".*[a-z] .*[a-z7)}][.?]", text)}
    assert len(sentences) > 50
    with translation.override("es"):
        unsaid = {text for text in sentences if shown_words.said(text) == text}
    assert unsaid == FILLED_ELSEWHERE


def _filled(node: ast.JoinedStr, count: int) -> str:
    """Return what an f-string says of so many: 7 for each value but what is counted."""
    return "".join(_piece(part, count) for part in node.values)


def _piece(part: ast.expr, count: int) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    told = part.value if isinstance(part, ast.FormattedValue) else part
    if isinstance(told, ast.IfExp) and isinstance(told.body, ast.Constant):
        return str(ast.literal_eval(told.body if count == 1 else told.orelse))
    if isinstance(told, ast.Call) and ast.unparse(told.func) == "_many":
        one, *more = (str(ast.literal_eval(word)) for word in told.args[1:])
        return f"{count} {one if count == 1 else (*more, one + 's')[0]}"
    return "7"


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            "The school year 2025-26 of this profile has not begun on 2026-07-01: nothing is"
            " written. Save the profile for the current year, or delete it.",
            "El año escolar 2025-26 de este perfil no ha empezado el 2026-07-01: no se escribe"
            " nada. Guarde el perfil para el año actual, o elimínelo.",
        ),
        (
            "Of 1,204 classes, 1 is out of term on 2026-07-01 (0 over, 1 not begun).",
            "De 1,204 clases, 1 está fuera de su período el 2026-07-01 (0 terminadas, 1 sin"
            " empezar).",
        ),
        (
            "The terms of all 3 classes are over or have not begun on 2026-07-01 (1 over, 2 not"
            " begun).",
            "Los períodos de las 3 clases terminaron o no han empezado el 2026-07-01 (1 terminados,"
            " 2 sin empezar).",
        ),
        (
            '"School" writes 1 group of "Period 2" too. "School" wins; 31 student rows of'
            ' "Period 2" are left out.',
            "«School» también escribe 1 grupo de «Period 2». Gana «School»; de «Period 2» se"
            " excluyen: 31 filas de estudiantes.",
        ),
        (
            "Add {teacher_last} or {section}.",
            "Agregue {teacher_last} o {section}.",
        ),
        (
            "Tried for a day without success. The server does not answer.",
            "Se intentó durante un día sin éxito. El servidor no responde.",
        ),
        (
            "The other side could not read the file.\nRow 6: unknown school",
            "La otra parte no pudo leer el archivo.\nRow 6: unknown school",
        ),
        ("User name is needed to sign in.", "Para entrar falta: Nombre de usuario."),
        ("Bucket is needed.", "Falta: Bucket."),
    ],
)
def test_what_a_sentence_holds_stays_in_spanish(english: str, spanish: str) -> None:
    with translation.override("es"):
        assert shown_words.said(english) == spanish
    assert shown_words.said(english) == english


def test_what_is_found_in_group_files_is_what_is_translated() -> None:
    checked = {text for check in CHECKS for text in (check.says, check.fix)}
    bare = {re.sub(r"{\w+}", "…", text) for text in checked}
    listed = (*shown_finding_words.SAYS, *shown_finding_words.FIXES)
    without_hint = 'School "…" can not be found.'
    assert {re.sub(r"%\(\w+\)s", "…", text) for text in listed} == bare | {without_hint}


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            'Blanks stand around group_name "Lectura", and in 1,203 cells below it. Rollbook takes'
            " them off.",
            "Hay espacios alrededor de group_name «Lectura», y en 1,203 celdas más abajo. Rollbook"
            " los quita.",
        ),
        (
            "groups.csv has 3 lines that end with CRLF and 1 lines that end with LF.",
            "groups.csv tiene 3 líneas que terminan con CRLF y 1 líneas que terminan con LF.",
        ),
        (
            'School "0123" can not be found; "00123" can, without its first 0 in this file.',
            "No se encuentra la escuela «0123»; «00123» sí, y en este archivo le falta el primer"
            " 0.",
        ),
        (
            'Nobody signs in with "a@example.org" yet; 1 row has it.',
            "Todavía nadie entra con «a@example.org»; 1 fila la tiene.",
        ),
        (
            "groups.csv has tabs between its cells; Rollbook reads them.",
            "groups.csv tiene tabuladores entre sus celdas; Rollbook lo lee de todos modos.",
        ),
        (
            "Use one of All, ELA, Math, or leave the cell blank.",
            "Use uno de All, ELA, Math, o deje la celda en blanco.",
        ),
        ("Somebody has much to do.", "Somebody has much to do."),
    ],
)
def test_what_a_finding_holds_stays_in_spanish(english: str, spanish: str) -> None:
    with translation.override("es"):
        assert shown_words.said(english) == spanish
    assert shown_words.said(english) == english


def test_every_sentence_listed_is_said_by_some_code(repository: Path) -> None:
    """One that nobody says any more would be translated for ever."""
    root = repository / "src/rollbook"
    paths = [path for part in SAY_SO for path in (root / part).rglob("*.py")]
    written = {text for path in paths for text in _texts(_tree(path))}
    counted = ("1 ", "%(n)s ")
    listed = [
        phrase
        for phrase in (*shown_group_words.ALL, *shown_delivery_words.ALL)
        if not phrase.startswith(counted)
    ]
    pieces = {piece for phrase in listed for piece in re.split(r"%\(\w+\)s", phrase)}
    said = "\n".join(written)
    assert {piece for piece in pieces if piece.strip(' ".?{}()') not in said} == ASSEMBLED


def _texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
