"""Write the pages of docs/reference/ that follow from the code: findings, and commands.

Usage: python tools/write_reference.py
A house test compares the pages with what this writes.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import rollbook
from rollbook.roster.checks.ledger import RosterCheck
from rollbook.roster.types import Profile
from rollbook.shared.findings import Check, Severity

PACKAGE = Path(rollbook.__file__).parent
REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
WRITTEN_BY = (
    "<!-- Written by tools/write_reference.py: change the code, then run `make reference`. -->"
)
# Checks live in pure files and engines, which import without Django.
HOMES = {"checks", "sources", "targets", "files", "rules", "plan"}


def main() -> None:
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (REFERENCE / name).write_text(write(), encoding="utf-8")


def all_checks() -> dict[str, list[Check]]:
    """Return the checks by the folder that holds them, each once, in order of their codes."""
    found: dict[str, dict[int, Check]] = {}
    known: set[int] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if not set(parts[1:3]) & HOMES:  # a folder, or a kind of file in it
            continue
        for check in checks_in(importlib.import_module(".".join(parts).removesuffix(".__init__"))):
            if id(check) not in known:
                known.add(id(check))
                found.setdefault(parts[1], {})[id(check)] = check
    return {
        folder: sorted(checks.values(), key=lambda check: check.code)
        for folder, checks in sorted(found.items())
    }


def checks_in(module: Any) -> Iterator[Check]:
    """Return every check that a module names, alone or in a collection."""
    for value in vars(module).values():
        if isinstance(value, Check):
            yield value
        elif isinstance(value, tuple | list | frozenset):
            yield from (item for item in value if isinstance(item, Check))
        elif isinstance(value, dict):
            yield from (item for item in value.values() if isinstance(item, Check))


def findings_page() -> str:
    """Write one section per folder and one entry per check."""
    lines = [
        WRITTEN_BY,
        "# Findings",
        "",
        "Everything that Rollbook may say about a file coming in. A **fatal** finding means that",
        "nothing of the file is used; an **error** leaves the record out, with what depends on it;",
        "a **warning** keeps it; an **info** only tells. Where the strict and the lenient",
        "profile of rosters differ, both are given.",
    ]
    for folder, checks in all_checks().items():
        lines += ["", f"## {folder}", ""]
        lines += [f"- [{check.code}](#{check.code.lower()}) {check.name}" for check in checks]
        for check in checks:
            lines += ["", *entry(check)]
    return "\n".join(lines) + "\n"


def entry(check: Check) -> list[str]:
    """Write one check: what it says, why, what to do."""
    lines = [
        f"### {check.code}",
        "",
        f"**{check.name}** ({judged(check)})",
        "",
        f"Says: {check.says}",
        "",
        f"Do: {check.fix}",
        "",
        f"Why: {check.why}",
    ]
    return [*lines, "", f"Source: {check.source}"] if check.source else lines


def judged(check: Check) -> str:
    """Say how severe a finding is, and in which profile when they differ."""
    if not isinstance(check, RosterCheck):
        return Severity(check.severity).value
    lenient = check.severity_in(Profile.LENIENT).value
    if check.is_repair:
        return f"{lenient}; made leniently only"
    strict = check.severity_in(Profile.STRICT).value
    return strict if strict == lenient else f"strict: {strict}, lenient: {lenient}"


def commands_page() -> str:
    """Write one section per command, as `--help` prints it."""
    lines = [WRITTEN_BY, "# Commands", "", "What `rollbook … --help` says, in one place."]
    if importlib.util.find_spec("rollbook.cli.main"):
        command = root_command()
        context = click.Context(command, info_name="rollbook", **command.context_settings)
        lines += described(command, context, depth=2)
    return "\n".join(lines) + "\n"


def root_command() -> click.Command:
    """Return the `rollbook` command itself, whether `main` is it or only starts it."""
    module = importlib.import_module("rollbook.cli.main")
    if isinstance(module.main, click.Command):
        return module.main
    return next(value for value in vars(module).values() if isinstance(value, click.Group))


def described(command: click.Command, context: click.Context, *, depth: int) -> Iterator[str]:
    """Return the lines for a command and for all below it."""
    context.terminal_width = 100
    context.max_content_width = 100
    # Click keeps the help option of whoever asked first; a test that runs a command alone, outside
    # its group, would leave one without the group's -h behind.
    command._help_option = None
    yield from ("", f"{'#' * min(depth, 4)} {context.command_path}", "", "```text")
    yield command.get_help(context)
    yield "```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                inner = click.Context(below, info_name=name, parent=context)
                yield from described(below, inner, depth=depth + 1)


def bad_files_page() -> str:
    """Write one row per bad file that the tests keep: what is wrong with it, what is found."""
    folder = REFERENCE.parent.parent / "tests" / "spec" / "roster" / "bad_files"
    lines = [
        WRITTEN_BY,
        "# Bad files",
        "",
        "What Rollbook finds in small rosters that were spoilt by hand. Each row is one file:",
        "what is wrong with it; how it is read, as a OneRoster version or another layout, and in",
        "which profile; how it is made from a sound one (`tests/spec/roster/recipes.py` explains",
        "the words); and everything that is found in it, as code, file, line and column, where",
        "`-` stands for none. Tests compare every row, and that no cell of a record that is kept",
        "differs from the file unless a finding names it.",
    ]
    for path in sorted(folder.glob("*.txt")):
        title, *rows = path.read_text(encoding="utf-8").splitlines()
        lines += ["", f"## {path.stem.replace('_', ' ').capitalize()}", "", title.lstrip("# "), ""]
        lines += ["| What is wrong | Read as | How it is made | Found |", "|---|---|---|---|"]
        lines += [_row(line) for line in rows if line]
    return "\n".join(lines) + "\n"


def _row(line: str) -> str:
    name, how, recipe, finds = (cell.strip(" ") for cell in line.split(" | "))
    recipe = recipe.replace("|", "\\|")
    return f"| {name} | {how} | `{recipe}` | {finds.replace(', ', '<br>')} |"


PAGES = {
    "findings.md": findings_page,
    "commands.md": commands_page,
    "bad-files.md": bad_files_page,
}

if __name__ == "__main__":
    main()
