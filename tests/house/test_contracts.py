"""The import contracts hold, and a planted breach is found."""

from __future__ import annotations

import os
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


PLANTED = {
    "a service imports a domain": ("audit/rules.py", "import rollbook.people"),
    "a low domain imports a high one": ("orgs/rules.py", "import rollbook.reports"),
    "a domain imports a face": ("people/rules.py", "import rollbook.web"),
    "a face imports its sibling": ("api/people.py", "import rollbook.web"),
    "something imports start-up": ("groups/rules.py", "import rollbook.config"),
    "a pure file imports Django": ("people/rules.py", "import django.db"),
    "an engine imports Django": ("files/planted.py", "import django.db"),
    "the generator imports Django": ("generator/planted.py", "import django.db"),
    "a new folder at the top": ("utils/__init__.py", ""),
    "a new file at the top": ("helpers.py", ""),
    "a new file inside a domain": ("people/services.py", ""),
    "queries import actions": ("validation/queries.py", "import rollbook.validation.actions"),
    "a plan imports checks": ("validation/plan.py", "import rollbook.validation.checks"),
}


@pytest.mark.parametrize(("where", "line"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_breach_is_found(copied: Path, where: str, line: str) -> None:
    planted = copied / "rollbook" / where
    before = planted.read_text() if planted.exists() else None
    partner = _partner(copied, line)
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f"{line}\n{before or ''}")
    try:
        answer = _lint(copied)
        assert answer.returncode != 0, answer.stdout
        breaches = answer.stdout.partition("Broken contracts")[2]
        module = where.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        assert f"rollbook.{module}" in breaches, answer.stdout
    finally:
        _restore(planted, before)
        if partner:
            partner.unlink()


def _partner(copied: Path, line: str) -> Path | None:
    """Make the module that the planted line imports, if the house does not have it yet."""
    parts = line.removeprefix("import ").split(".")
    if parts[0] != "rollbook" or len(parts) < 3:
        return None
    path = copied.joinpath(*parts).with_suffix(".py")
    if path.exists() or path.with_suffix("").exists():
        return None
    path.write_text("")
    return path


def _restore(planted: Path, before: str | None) -> None:
    if before is not None:
        planted.write_text(before)
        return
    planted.unlink()
    if planted.name == "__init__.py":
        shutil.rmtree(planted.parent)
