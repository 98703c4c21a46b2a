"""The import contracts hold, and a planted breach is found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.code import PACKAGE, ROOT, source_files

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package's Python files to a folder of their own."""
    folder = tmp_path_factory.mktemp("house")
    for path in source_files(migrations=True):
        target = folder / path.relative_to(PACKAGE.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    shutil.copyfile(ROOT / ".importlinter", folder / ".importlinter")
    return folder


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_house_keeps_its_contracts(copied: Path) -> None:
    answer = _lint(copied)
    assert answer.returncode == 0, answer.stdout


# Planted together, because each reading of the house takes half a second: file, and what it holds.
PLANTED = {
    "imports": {
        "audit/rules.py": "import rollbook.people",  # a service imports a domain
        "orgs/rules.py": "import rollbook.reports",  # a low domain imports a high one
        "people/rules.py": "import rollbook.web\nimport django.db",  # a face; Django in a pure file
        "api/people.py": "import rollbook.web",  # a face imports its sibling
        "groups/rules.py": "import rollbook.config",  # something imports start-up
        "files/planted.py": "import django.db",  # an engine imports Django
        "generator/planted.py": "import django.db",  # so does the generator
        "validation/queries.py": "import rollbook.validation.actions",  # upwards inside a domain
        "validation/plan.py": "import rollbook.validation.checks",  # sideways inside a domain
        "validation/actions.py": "",
        "validation/checks.py": "",
    },
    "a new folder at the top": {"utils/__init__.py": ""},
    "a new file at the top": {"helpers.py": ""},
    "a new file inside a domain": {"people/services.py": ""},
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_breach_is_found(copied: Path, planted: dict[str, str]) -> None:
    before = {where: _text(copied / "rollbook" / where) for where in planted}
    try:
        for where, lines in planted.items():
            path = copied / "rollbook" / where
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{lines}\n{before[where] or ''}")
        answer = _lint(copied)
    finally:
        for where, text in before.items():
            _restore(copied / "rollbook" / where, text)
    assert answer.returncode != 0, answer.stdout
    breaches = answer.stdout.partition("Broken contracts")[2]
    alone = len(planted) == 1
    unseen = [
        where
        for where, lines in planted.items()
        if (lines or alone) and not re.search(rf"\brollbook\.{_module(where)}\b", breaches)
    ]
    assert unseen == [], answer.stdout


def _module(where: str) -> str:
    return where.removesuffix("/__init__.py").removesuffix(".py").replace("/", r"\.")


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _restore(path: Path, text: str | None) -> None:
    if text is not None:
        path.write_text(text)
        return
    path.unlink()
    if path.name == "__init__.py":
        shutil.rmtree(path.parent)
