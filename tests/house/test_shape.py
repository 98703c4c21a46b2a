"""Files, sizes and names are what ARCHITECTURE.md says."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib

import pytest

from tests.house.code import (
    DOMAINS,
    ENGINES,
    FACES,
    PACKAGE,
    ROOT,
    SERVICES,
    Function,
    differences,
    folder,
    kind,
    shown,
    source_files,
    tree,
)

EXEMPT = tomllib.loads((ROOT / "tests/house/exempt.toml").read_text())

FILES = {
    "__init__", "types", "checks", "plan", "rules", "compiler", "suppression", "layouts",
    "models", "queries", "actions", "jobs",
}  # fmt: skip
FOLDERS = (FILES - {"__init__", "jobs"}) | {"sources", "targets"}
ONLY_REPORTS = {"compiler", "suppression"}

LONGEST_FILE = 600
LONG_FUNCTION = 35
FORBIDDEN_CLASSES = re.compile(r"(Manager|Helper|Util|Utils|Data|Info|Base)$|^(Base|Util)[A-Z]")
FORBIDDEN_FUNCTIONS = re.compile(r"^_?(process|handle|manage|do)_")
FORBIDDEN_FILES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "managers"}


def test_domains_hold_only_the_closed_list_of_files() -> None:
    strange = [
        shown(path)
        for path in source_files()
        if folder(path) in DOMAINS
        and kind(path) not in (FOLDERS if len(path.relative_to(PACKAGE).parts) > 2 else FILES)
    ]
    assert strange == []


def test_only_reports_compile_and_suppress() -> None:
    assert [
        shown(path)
        for path in source_files()
        if folder(path) in DOMAINS and kind(path) in ONLY_REPORTS and folder(path) != "reports"
    ] == []


def test_sources_and_targets_are_flat() -> None:
    assert [
        shown(path) for path in source_files() if len(path.relative_to(PACKAGE).parts) > 4
    ] == []


@pytest.mark.parametrize("name", (*FACES, "generator", *DOMAINS, *SERVICES, *ENGINES, "config"))
def test_every_folder_says_in_5_to_15_lines_what_it_is(name: str) -> None:
    module = tree(PACKAGE / name / "__init__.py")
    words = ast.get_docstring(module) or ""
    assert 5 <= len(words.splitlines()) <= 15, words
    assert len(module.body) == 1, f"{name}/__init__.py holds code"


def test_every_package_has_a_docstring() -> None:
    folders = {path.parent for path in source_files()}
    silent = [
        shown(path)
        for path in sorted(folders)
        if not (path / "__init__.py").exists()
        or ast.get_docstring(tree(path / "__init__.py")) is None
    ]
    assert silent == []


def test_no_file_is_longer_than_600_lines() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in source_files()}
    long = {name for name, length in lengths.items() if length > LONGEST_FILE}
    assert differences(long, EXEMPT["long_files"]) == []
    assert statistics.median(lengths.values()) <= 150


def test_nine_in_ten_functions_are_under_35_lines() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in source_files()
        for node in ast.walk(tree(path))
        if isinstance(node, Function)
    )
    assert lengths[len(lengths) * 9 // 10] < LONG_FUNCTION


def test_names_say_what_a_thing_is() -> None:
    vague: list[str] = []
    for path in source_files():
        if path.stem in FORBIDDEN_FILES:
            vague.append(shown(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and FORBIDDEN_CLASSES.search(node.name):
                vague.append(f"{shown(path)}: class {node.name}")
            if isinstance(node, Function) and FORBIDDEN_FUNCTIONS.search(node.name):
                vague.append(f"{shown(path)}: def {node.name}")
    assert vague == []
