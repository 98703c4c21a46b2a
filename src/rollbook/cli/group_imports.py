"""Group files from the command line: send, look, decide, mend."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import click

from rollbook.cli.owned_files import owned
from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table
from rollbook.groups.checks.catalogue import CHECKS
from rollbook.groups.types import GroupFileReading, ImportOrigin, ImportRow, ImportStatus
from rollbook.shared.page import PageRequest

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.groups.models import GroupImport  # after Django has started

_IN: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_ID: Final = click.argument("import_id", metavar="ID")
_MOST_LISTED: Final = 500
_REFUSED: Final = 1
_NAMES: Final = {check.code: check.name for check in CHECKS}


@click.command("import")
@click.argument("file", type=_IN)
@click.option("--strict", is_flag=True, help="Judge the file by the state's rules, whole.")
@click.option("--partial", is_flag=True, help="Leave groups with a wrong row out; take the others.")
@click.option("--yes", is_flag=True, help="Carry out at once what the file changes.")
@FORMAT
def import_(file: Path, strict: bool, partial: bool, yes: bool, output: str) -> None:
    """Take a group file in, and say what it would change."""
    who = operator()
    from rollbook.groups.actions.imports import (
        check_import,
        receive_import,
    )  # after Django has started

    sent = receive_import(
        who.scope,
        file,
        file_name=file.name,
        content_type="text/csv",
        origin=ImportOrigin.COMMAND,
        is_strict=strict,
        takes_part=partial,
        by=who.by,
        now=who.now,
    )
    found = check_import(sent.uuid, scope=who.scope, by=who.by, now=who.now)
    if yes and found.plan is not None and found.status == ImportStatus.ACCEPTED.value:
        found = _committed(who, found.uuid)
    _tell(who, found, output)


@click.command("imports")
@click.option("--status", type=click.Choice([status.name for status in ImportStatus]))
@FORMAT
def list_imports(status: str | None, output: str) -> None:
    """List the group files that came in, the latest first."""
    who = operator()
    from rollbook.groups.queries.imports import import_list  # after Django has started

    page = PageRequest(size=_MOST_LISTED)
    wanted = None if status is None else ImportStatus[status]
    rows = [_told(row) for row in import_list(who.scope, page, status=wanted).items]
    if output == "json":
        print_json(rows)
        return
    columns = ["received_at", "file", "origin", "status", "groups", "findings"]
    # The number is there to be copied, so nothing stands between its digits.
    told = ([str(row["id"]), *(row[name] for name in columns)] for row in rows)
    print_table("Group files", ["id", *columns], told)


@click.command()
@_ID
@FORMAT
def commit(import_id: str, output: str) -> None:
    """Carry out what a group file changes."""
    who = operator()
    _tell(who, _committed(who, _uuid(who, import_id)), output)


@click.command()
@_ID
@FORMAT
def discard(import_id: str, output: str) -> None:
    """Put a group file away that waits; nothing changes."""
    who = operator()
    from rollbook.groups.actions.committing import discard_import  # after Django has started

    done = discard_import(who.scope, _uuid(who, import_id), by=who.by, now=who.now)
    _tell(who, done, output, is_settled=True)


@click.command()
@_ID
@FORMAT
def undo(import_id: str, output: str) -> None:
    """Take a group file back, except where later changes touched the same."""
    who = operator()
    from rollbook.groups.actions.committing import undo_import  # after Django has started

    done = undo_import(who.scope, _uuid(who, import_id), by=who.by, now=who.now)
    _tell(who, done, output, is_settled=True)


@click.command()
@_ID
@click.option(
    "--set", "cells", multiple=True, metavar="LINE:COLUMN=TEXT", help="What a cell is to hold."
)
@click.option(
    "--drop", "drops", multiple=True, type=int, metavar="LINE", help="A row to leave out."
)
@FORMAT
def correct(import_id: str, cells: tuple[str, ...], drops: tuple[int, ...], output: str) -> None:
    """Send a group file again with some cells changed; lines as the findings count them."""
    corrections = _corrections(cells)
    who = operator()
    from rollbook.groups.actions.correcting import correct_import  # after Django has started

    done = correct_import(
        who.scope,
        _uuid(who, import_id),
        corrections=corrections,
        drop_lines=drops,
        by=who.by,
        now=who.now,
    )
    _tell(who, done, output)


@click.command()
@_ID
@click.option("--left-out", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the rows that stay out into this file, to mend.")  # fmt: skip
@FORMAT
def part(import_id: str, left_out: Path | None, output: str) -> None:
    """Plan the good groups of a refused file; groups with a wrong row stay out whole."""
    who = operator()
    from rollbook.groups.actions.correcting import take_part  # after Django has started
    from rollbook.groups.queries.imports import left_out_csv

    done = take_part(who.scope, _uuid(who, import_id), by=who.by, now=who.now)
    if left_out is not None:
        with owned(left_out) as file:
            file.write(left_out_csv(who.scope, done.uuid))
    _tell(who, done, output)


@click.command()
@click.option("--status", type=click.Choice([status.name for status in ImportStatus]))
@click.option("--after", help="Since this moment, or a duration from now such as -PT1H.")
@click.option("--before", help="Before this moment, or a duration from now such as -PT5M.")
@click.option("--creator", default="", help="Sent by this program or account.")
@click.option("--batch", default="", help="Sent under this tag.")
@click.option("--limit", type=click.IntRange(1, 100), default=100, show_default=True)
def resubmit(status: str | None, after: str | None, before: str | None, **more: Any) -> None:
    """Check group files again that were refused, such as after a school was added."""
    who = operator()
    from rollbook.groups.actions.imports import resubmit_imports  # after Django has started

    count = resubmit_imports(
        who.scope,
        status=None if status is None else ImportStatus[status],
        after=_moment(after, who.now),
        before=_moment(before, who.now),
        by=who.by,
        now=who.now,
        **more,
    )
    click.echo(f"{count:,} group files are queued for another check.")


FILES: Final = (import_, list_imports, commit, discard, undo, correct, part, resubmit)


def _committed(who: Operator, uuid: UUID) -> GroupImport:
    from rollbook.groups.actions.committing import (
        NothingToDecide,
        commit_import,
    )  # after Django has started
    from rollbook.groups.queries.imports import plan_of_import

    plan = plan_of_import(who.scope, uuid)
    if plan is None:
        raise NothingToDecide
    return commit_import(who.scope, uuid, digest=plan.digest, by=who.by, now=who.now)


def _uuid(who: Operator, told: str) -> UUID:
    """Find a group file by its number or its public id."""
    from rollbook.groups.queries.imports import (
        get_import,
        import_by_number,
    )  # after Django has started

    if told.isdigit():
        return import_by_number(who.scope, min(int(told), 2**53)).uuid
    try:
        return get_import(who.scope, UUID(told)).uuid
    except ValueError:
        raise click.BadParameter(f'"{told}" is no number of a group file.') from None


def _corrections(cells: Iterable[str]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for cell in cells:
        parts = re.fullmatch(r"(\d+):([A-Za-z_]+)=(.*)", cell, re.DOTALL)
        if parts is None:
            raise click.BadParameter(f'"{cell}": write LINE:COLUMN=TEXT, as 7:school_year=2027.')
        found.setdefault(int(parts[1]), {})[parts[2].lower()] = parts[3]
    return found


def _moment(told: str | None, now: datetime) -> datetime | None:
    if told is None:
        return None
    from django.utils.dateparse import parse_duration

    try:
        duration = parse_duration(told)
        if isinstance(duration, timedelta):
            return now + duration
        moment = datetime.fromisoformat(told)
    except (ValueError, OverflowError):
        raise click.BadParameter(f'"{told}" is no moment: write 2026-09-15 or -PT1H.') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _told(row: ImportRow) -> dict[str, Any]:
    return {
        "id": row.number,
        "received_at": row.received_at,
        "file": row.file_name,
        "origin": row.origin.value,
        "status": "waits for a decision" if row.waits else row.status.name,
        "rows": row.row_count,
        "groups": row.group_count,
        "findings": row.finding_count,
        "message": row.message,
    }


def _tell(who: Operator, found: GroupImport, output: str, *, is_settled: bool = False) -> None:
    """Say what became of a group file, by counts; end with 1 where it was refused."""
    from rollbook.groups.queries.imports import (
        differences_of,
        get_import,
        reading_of_import,
    )  # after Django has started

    row = get_import(who.scope, found.uuid)
    differences = differences_of(who.scope, found.uuid, PageRequest(size=2**31)).items
    actions = Counter(each.action for each in differences)
    reading = reading_of_import(who.scope, found.uuid)
    told = _told(row) | {
        "changes": dict(sorted(actions.items())),
        "students_added": sum(each.students_added for each in differences),
        "students_removed": sum(each.students_removed for each in differences),
        "users_added": sum(each.users_added for each in differences),
        "users_removed": sum(each.users_removed for each in differences),
        "rows_left_out": reading.faulty.height,
        "checks": _counted(reading),
    }
    if output == "json":
        print_json(told)
    else:
        _print(told, reading, waits=row.waits)
    if row.status.value < 0 and not is_settled:
        raise SystemExit(_REFUSED)


def _counted(reading: GroupFileReading) -> dict[str, int]:
    return dict(sorted(Counter(finding.code for finding in reading.findings).items()))


def _print(told: dict[str, Any], reading: GroupFileReading, *, waits: bool) -> None:
    click.echo(f"{told['file']}: {told['status']}, import {told['id']}.")
    if told["message"]:
        click.echo(told["message"])
    if told["changes"]:
        changes = ", ".join(f"{count:,} {action}" for action, count in told["changes"].items())
        click.echo(
            f"Groups: {changes}. Students: {told['students_added']:,} added, "
            f"{told['students_removed']:,} removed. Users: {told['users_added']:,} added, "
            f"{told['users_removed']:,} removed."
        )
    firsts: dict[str, int | None] = {}
    for finding in reading.findings:
        firsts.setdefault(finding.code, finding.line)
    for code, count in told["checks"].items():
        line = "" if firsts[code] is None else f", first on line {firsts[code]}"
        click.echo(f"{code} {_NAMES.get(code, 'how the file is written')}: {count:,}{line}.")
    if waits:
        click.echo(
            f"Nothing has changed yet. Commit it with `rollbook groups commit {told['id']}`."
        )
