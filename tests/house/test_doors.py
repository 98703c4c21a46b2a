"""Every read takes a scope, every write says who and when, every action can be reached."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from tests.house.code import (
    DOMAINS,
    PACKAGE,
    PURE,
    ROOT,
    SERVICES,
    Function,
    differences,
    files_of_kind,
    folder,
    kind,
    module_name,
    public_functions,
    public_name,
    shown,
    source_files,
    tree,
)

EXEMPT = tomllib.loads((ROOT / "tests/house/exempt.toml").read_text())


def _public(kind_of_file: str) -> dict[str, Function]:
    return {
        public_name(path, function): function
        for path in files_of_kind(kind_of_file)
        for function in public_functions(path)
    }


def test_every_public_read_takes_the_scope_first() -> None:
    without = {
        name
        for name, function in _public("queries").items()
        if [argument.arg for argument in function.args.args[:1]] != ["scope"]
    }
    assert differences(without, EXEMPT["queries_without_scope"]) == []


def test_every_public_write_says_who_and_when() -> None:
    without = {
        name
        for name, function in _public("actions").items()
        if not {"by", "now"} <= {argument.arg for argument in function.args.kwonlyargs}
    }
    assert differences(without, EXEMPT["actions_without_by_and_now"]) == []


def test_every_exemption_has_a_reason() -> None:
    assert [
        f"{section}: {name}"
        for section, entries in EXEMPT.items()
        for name, reason in entries.items()
        if len(reason.split()) < 3
    ] == []


def _names_in(node: ast.AST) -> set[str]:
    """Return names, attributes and last words of strings: calls, imports, jobs queued by name."""
    names: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Attribute):
            names.add(part.attr)
        elif isinstance(part, ast.alias):
            names.add(part.name)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            names.add(part.value.rpartition(".")[2])
    return names


def _reachable_from(face: str) -> set[str]:
    """Follow names from a face into actions and jobs, and from those to each other."""
    functions: dict[str, set[str]] = {}
    for path in files_of_kind("actions", "jobs"):
        for node in tree(path).body:
            if isinstance(node, Function):
                functions.setdefault(node.name, set()).update(_names_in(node))
    waiting = set[str]().union(
        *(_names_in(tree(path)) for path in source_files() if folder(path) == face)
    )
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in reached:
            reached.add(name)
            waiting |= functions[name]
    return reached


# The import API is somebody else's contract: it offers what that names, and nothing besides.
IMPORT_API = {"bodies", "door", "errors", "imports", "parameters", "tokens", "urls"}


def _has_modules(face: str) -> bool:
    stems = {path.stem for path in source_files() if folder(path) == face}
    return bool(stems - {"__init__"} - (IMPORT_API if face == "api" else set()))


@pytest.mark.parametrize("face", ["web", "cli", "api"])
def test_every_action_is_reachable_or_exempt(face: str) -> None:
    reached = _reachable_from(face)
    offered = _public("actions").keys() - EXEMPT["actions_for_the_inside"].keys()
    beyond = {name for name in offered if name.rpartition(".")[2] not in reached}
    if not _has_modules(face):  # a face with no doors of our own lacks none in particular
        beyond = set()
    assert differences(beyond, EXEMPT[f"actions_not_on_{face}"]) == []


def test_actions_for_the_inside_exist() -> None:
    assert set(EXEMPT["actions_for_the_inside"]) - set(_public("actions")) == set()


def _may_see_everything(path: Path) -> bool:
    return folder(path) == "cli" or kind(path) == "jobs" or path.name == "scope.py"


def test_only_commands_and_jobs_read_with_the_scope_of_the_installation() -> None:
    assert [
        f"{shown(path)}:{node.lineno}"
        for path in source_files()
        if not _may_see_everything(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "of_installation"
    ] == []


def _reads_a_clock(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "today", "utcnow"}
        and isinstance(node.func.value, ast.Name | ast.Attribute)
    )


def test_domains_read_no_clock() -> None:
    assert [
        f"{shown(path)}:{getattr(node, 'lineno', 0)}"
        for path in files_of_kind(*PURE, "queries", "actions", "models", folders=DOMAINS + SERVICES)
        for node in ast.walk(tree(path))
        if _reads_a_clock(node)
    ] == []


def test_domains_receive_no_signals() -> None:
    assert [
        shown(path)
        for path in source_files()
        if folder(path) in DOMAINS + SERVICES and "django.db.models.signals" in path.read_text()
    ] == []


def test_tables_are_read_below_the_faces_only() -> None:
    """No view, export or command reads a table directly."""
    assert [
        f"{shown(path)}:{node.lineno}"
        for path in source_files()
        if folder(path) in ("web", "api", "oneroster", "cli")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    ] == []


def test_imports_inside_functions_say_why() -> None:
    """Faces and start-up may import late to start fast; elsewhere a comment gives the reason."""
    silent: list[str] = []
    for path in source_files():
        if folder(path) in ("cli", "config") or path == PACKAGE / "models.py":
            continue
        lines = path.read_text().splitlines()
        for function in (node for node in ast.walk(tree(path)) if isinstance(node, Function)):
            for node in ast.walk(function):
                if not isinstance(node, ast.Import | ast.ImportFrom):
                    continue
                above, line = lines[node.lineno - 2].strip(), lines[node.lineno - 1]
                if "#" not in line and not above.startswith(("#", "import ", "from ")):
                    silent.append(f"{module_name(path)}:{node.lineno}")
    assert silent == []
