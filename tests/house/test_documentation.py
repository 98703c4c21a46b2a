"""Every setting, command and finding is documented, and nothing is documented that is not there."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from collections import Counter
from functools import cache
from types import ModuleType

import pytest

from rollbook.shared.findings import Check
from tests.house.code import (
    PACKAGE,
    ROOT,
    differences,
    kept_files,
    module_name,
    shown,
    source_files,
    tree,
)

EXEMPT = tomllib.loads((ROOT / "tests/house/exempt.toml").read_text())
# Set by whoever starts a process for Django or gunicorn, not by the person who installs Rollbook.
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}
BLAMING = re.compile(r"\b(invalid|illegal|successfully|please|oops|bad)\b", re.IGNORECASE)


@cache
def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "write_reference", ROOT / "tools/write_reference.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _checks() -> list[Check]:
    return [check for checks in _reference().all_checks().values() for check in checks]


def _variables_read() -> set[str]:
    """Return every word in capitals that is given to something that reads the environment."""
    read: set[str] = set()
    for path in source_files():
        text = path.read_text()
        if "environ" not in text and "getenv" not in text and "envvar" not in text:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read |= set(re.findall(r"^(?:ROLLBOOK_[A-Z_]+|[A-Z]+_URL|[A-Z_]{6,})$", node.value))
    return {
        name for name in read - NOT_OURS if name.startswith("ROLLBOOK_") or name == "DATABASE_URL"
    }


def test_every_setting_is_documented_and_every_documented_setting_is_read() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)`", page, flags=re.MULTILINE))
    assert documented == _variables_read()


@pytest.mark.parametrize("name", ["findings.md", "commands.md", "bad-files.md"])
def test_generated_pages_are_up_to_date(name: str) -> None:
    kept = (ROOT / "docs/reference" / name).read_text(encoding="utf-8")
    is_up_to_date = kept == _reference().PAGES[name]()  # the difference may be a thousand lines
    assert is_up_to_date, "run: make reference"


def test_every_check_has_a_code_of_its_own() -> None:
    counts = Counter(check.code for check in _checks())
    assert [code for code, count in counts.items() if count > 1] == []
    assert [code for code in counts if not re.fullmatch(r"[A-Z]{2,5}-\d{3}", code)] == []


def test_every_check_tells_where_what_and_what_to_do() -> None:
    assert [
        check.code
        for check in _checks()
        if not (check.says.strip() and check.fix.strip().endswith(".") and check.why.strip())
        or BLAMING.search(check.says + check.fix)
    ] == []


def test_every_check_is_tried_by_a_test() -> None:
    tests = "\n".join(
        path.read_text(encoding="utf-8")
        for path in kept_files()
        if path.is_relative_to(ROOT / "tests")
        and path.suffix in {".py", ".txt", ".md", ".toml"}
        and path.name != "exempt.toml"
    )
    words = set(re.findall(r"[\w-]+", tests))
    constants = _constant_names()
    untried = {
        check.code
        for check in _checks()
        if words.isdisjoint({check.code, *constants.get(check.code, ())})
    }
    assert differences(untried, EXEMPT["checks_without_a_test"]) == []


def _constant_names() -> dict[str, set[str]]:
    """Return the names by which tests may call a check: `GRADE_UNKNOWN = Check("ROS-204", …)`."""
    names: dict[str, set[str]] = {}
    for path in source_files():
        for node in ast.walk(tree(path)):
            value = getattr(node, "value", None)
            if not (isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Call)):
                continue
            codes = re.findall(r"[\"']([A-Z]{2,5}-\d{3})[\"']", ast.unparse(value))
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if codes and isinstance(target, ast.Name):
                names.setdefault(codes[0], set()).add(target.id)
    return names


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name[:4] for name in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text()
    assert [name for name in records if f"({name})" not in index] == []
    for name in records:
        text = (folder / name).read_text()
        for head in ("Date: ", "Status: ", "## Context", "## Decision", "## Consequences"):
            assert head in text, f"{name} lacks {head!r}"


def test_sources_named_in_docstrings_exist() -> None:
    lost: list[str] = []
    for path in source_files():
        for named in re.findall(r"docs/[\w/-]+\.md", path.read_text()):
            if not (ROOT / named).exists():
                lost.append(f"{shown(path)}: {named}")
    assert lost == []


def test_links_in_pages_lead_somewhere() -> None:
    broken: list[str] = []
    for page in (path for path in kept_files() if path.suffix == ".md"):
        if PACKAGE / "web/static" in page.parents:
            continue
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{shown(page)}: {target}")
    assert broken == []


def test_the_architecture_page_names_every_folder() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert [name for name in sorted(folders) if f"{name}/" not in page] == []
    assert module_name(PACKAGE / "web/__init__.py") == "rollbook.web"
