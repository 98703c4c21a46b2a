"""Read the house's own code, for the tests in this folder."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "rollbook"

FACES = ("web", "api", "oneroster", "cli")
DOMAINS = (
    "certification",
    "validation",
    "reports",
    "exports",
    "results",
    "assessments",
    "extracts",
    "rollover",
    "roster",
    "groups",
    "people",
    "messages",
    "access",
    "orgs",
)
SERVICES = ("snapshots", "changes", "jobs", "audit")
ENGINES = ("lake", "remote", "files", "shared")
PURE = ("types", "checks", "plan", "rules", "compiler", "suppression", "layouts")

Function = ast.FunctionDef | ast.AsyncFunctionDef


NOT_OURS = {".venv", ".git", "demo", "var", "build", "__pycache__"}


def _is_ours(path: Path) -> bool:
    return not NOT_OURS & set(path.relative_to(ROOT).parts)


@cache
def kept_files() -> tuple[Path, ...]:
    """Return every file that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:  # a source archive without git
        return tuple(sorted(path for path in ROOT.rglob("*") if path.is_file() and _is_ours(path)))
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def source_files(*, migrations: bool = False) -> list[Path]:
    """Return the Python files of the package."""
    return [
        path
        for path in kept_files()
        if path.suffix == ".py"
        and path.is_relative_to(PACKAGE)
        and (migrations or "migrations" not in path.parts)
    ]


@cache
def tree(path: Path) -> ast.Module:
    """Parse one file, once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    """Return `rollbook.people.queries` for its file."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def folder(path: Path) -> str:
    """Return the storey's folder that holds a file: `people`."""
    return path.relative_to(PACKAGE).parts[0]


def kind(path: Path) -> str:
    """Return `queries` for queries.py and for queries/students.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[1] if len(parts) > 1 else parts[0]


def files_of_kind(*kinds: str, folders: tuple[str, ...] = DOMAINS + SERVICES) -> list[Path]:
    """Return the files of these kinds in these folders."""
    return [path for path in source_files() if folder(path) in folders and kind(path) in kinds]


def public_functions(path: Path) -> Iterator[Function]:
    """Return the functions that a module offers to others."""
    for node in tree(path).body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def public_name(path: Path, function: Function) -> str:
    """Return `people.queries.students_in`, however the queries are split into files."""
    return f"{folder(path)}.{kind(path)}.{function.name}"


def shown(path: Path) -> str:
    """Return a path as a person would type it."""
    return str(path.relative_to(ROOT))


def differences(found: Iterable[str], listed: Iterable[str]) -> list[str]:
    """Say what is in one of two lists only, in words for whoever must mend it."""
    here, there = set(found), set(listed)
    return [
        *(f"{name}: mend it, or list it in exempt.toml" for name in sorted(here - there)),
        *(f"{name}: listed in exempt.toml without need" for name in sorted(there - here)),
    ]
