"""Records edited by hand, from the command line: edit a cell, list the edits, release one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table

SET = click.option(
    "--set",
    "cells",
    multiple=True,
    required=True,
    metavar="COLUMN=VALUE",
    help="A cell and its new value, such as grade=06; nothing after the = clears it.",
)


@click.group()
def students() -> None:
    """Edit records by hand, and say which edits syncs leave alone."""


@students.command()
@click.argument("ssid")
@SET
def edit(ssid: str, cells: tuple[str, ...]) -> None:
    """Change cells of the student with this state id; syncs leave them alone."""
    who = operator()
    from rollbook.people.actions import edit_student  # after Django has started
    from rollbook.people.queries.edits import RecordNotFound, find_record_uuid

    found = find_record_uuid(who.scope, ssid)
    if found is None:
        raise RecordNotFound
    _edited(who, edit_student, found, cells)


@students.command("edit-staff")
@click.argument("staff", type=click.UUID)
@SET
def edit_a_staff_member(staff: UUID, cells: tuple[str, ...]) -> None:
    """Change cells of one staff member, by public id; syncs leave them alone."""
    who = operator()
    from rollbook.people.actions import edit_staff  # after Django has started

    _edited(who, edit_staff, staff, cells)


@students.command("edit-class")
@click.argument("class_taught", metavar="CLASS", type=click.UUID)
@SET
def edit_a_class(class_taught: UUID, cells: tuple[str, ...]) -> None:
    """Change the title of one class, by public id; syncs leave it alone."""
    who = operator()
    from rollbook.people.actions import edit_class  # after Django has started

    _edited(who, edit_class, class_taught, cells)


def _edited(
    who: Operator, change: Callable[..., Any], record: UUID, cells: tuple[str, ...]
) -> None:
    done = change(who.scope, record, _changes(cells), by=who.by, now=who.now)
    if done.plan_uuid is None:
        click.echo("Nothing differs from what is here already.")
        return
    columns = ", ".join(done.columns)
    click.echo(
        f"Changed {columns}. Syncs leave that alone. "
        f"Undo it with `rollbook plans undo {done.plan_uuid}`."
    )


def _changes(cells: tuple[str, ...]) -> dict[str, str]:
    """Read COLUMN=VALUE pairs.

    Raises: UsageError for a word without a =.
    """
    pairs = [cell.partition("=") for cell in cells]
    if unequal := [column for column, sign, _value in pairs if not sign]:
        raise click.UsageError(f"--set {unequal[0]}: write COLUMN=VALUE, such as grade=06.")
    return {column.strip(): value for column, _sign, value in pairs}


@students.command()
@click.option("--only-overridden", is_flag=True, help="Those of which the source differs.")
@FORMAT
def edits(only_overridden: bool, output: str) -> None:
    """List the edits that syncs leave alone, with their values: they name students."""
    who = operator()
    from rollbook.people.queries.edits import edit_page  # after Django has started
    from rollbook.shared.page import PageRequest

    found = edit_page(who.scope, only_overridden=only_overridden, page=PageRequest(size=500))
    if output == "json":
        print_json(
            [
                {
                    "edit": row.id,
                    "record": str(row.record_uuid),
                    "table": row.table,
                    "column": row.column,
                    "value": row.value,
                    "upstream": row.upstream,
                    "is_overridden": row.is_overridden,
                    "edited_at": row.edited_at,
                }
                for row in found.items
            ]
        )
        return
    rows = [
        (
            str(row.id),
            row.label,
            row.column,
            row.value or "–",
            (row.upstream or "–") if row.is_overridden else "",
            f"{row.edited_at:%Y-%m-%d %H:%M} UTC",
        )
        for row in found.items
    ]
    print_table("Edits", ["edit", "who or what", "column", "here", "in the source", "edited"], rows)


@students.command()
@click.argument("edit", type=int)
def release(edit: int) -> None:
    """Let go of an edit: the next sync writes what the source says."""
    who = operator()
    from rollbook.people.actions import release_edit  # after Django has started

    release_edit(who.scope, edit, by=who.by, now=who.now)
    click.echo(f"{edit}: released. The next sync writes what the source says.")
