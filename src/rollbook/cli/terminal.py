"""What all commands share: starting Django, saying things, progress bars."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from rollbook.shared.actor import Actor
from rollbook.shared.findings import Finding, Verdict
from rollbook.shared.scope import Scope

console = Console(stderr=True, highlight=False)

FORMAT = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For a person, or for a program.",
)

# A person reads this many findings of a kind; a program asks for --format json and gets all.
SHOWN_PER_CODE = 5
UUID_WIDTH = 36
WIDTH_OF_A_PIPE = 160


@dataclass(frozen=True, slots=True)
class Operator:
    """Hold who runs a command at the server's own shell, and when."""

    scope: Scope
    by: Actor
    now: datetime


def start_django() -> None:
    """Load the settings and the tables of the installation in ROLLBOOK_HOME.

    Raises: ClickException when there is no installation yet.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
    import django  # the commands that need no installation start without it
    from django.conf import settings

    django.setup()
    if not (settings.HOME / "secret_key").exists():
        raise click.ClickException(
            f"{settings.HOME}: there is no installation here. "
            "Run `rollbook init`, or set ROLLBOOK_HOME."
        )


def operator() -> Operator:
    """Return the operator of this command, after starting Django."""
    start_django()
    from django.utils import timezone  # needs settings

    label = "command line"
    return Operator(
        scope=Scope.of_installation(label, on=timezone.localdate()),
        by=Actor.command(label),
        now=datetime.now(tz=UTC),
    )


def exit_code(verdict: Verdict | str) -> int:
    """Return the exit status that goes with a verdict: 1 for errors, else 0."""
    return 1 if str(verdict) == Verdict.ERROR.value else 0


def print_json(value: object) -> None:
    """Print a value as JSON to standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def print_findings(
    findings: Iterable[Finding | Mapping[str, Any]], counts: Mapping[str, int]
) -> None:
    """Print findings for a person: the first few of each code, then how many more there are."""
    shown: dict[str, int] = {}
    for finding in findings:
        told = finding.as_dict() if isinstance(finding, Finding) else finding
        code = str(told["code"])
        shown[code] = shown.get(code, 0) + 1
        if shown[code] <= SHOWN_PER_CODE:
            click.echo(f"{told['severity']:8}{told['says']} [{code}]\n        {told['fix']}")
    for code, count in sorted(counts.items()):
        if count > SHOWN_PER_CODE:
            click.echo(f"        … {code}: {count:,} in all")


def print_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table for a person: numbers to the right, public ids whole, so they can be copied."""
    listed = [list(row) for row in rows]
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        cells = [row[place] for row in listed]
        is_number = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
        is_id = any(isinstance(cell, UUID) for cell in cells)
        table.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=is_id,
            min_width=UUID_WIDTH if is_id else None,
            overflow="fold",
        )
    for row in listed:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
    Console(highlight=False, width=width).print(table)


@contextmanager
def progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar per step of a long piece of work; yields `tell(step, done, total)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console) as bars:

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(f"{title}: {step}", total=max(total, 1))
            bars.update(tasks[step], completed=done, total=max(total, 1))

        yield tell
