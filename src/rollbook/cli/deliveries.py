"""Group files on their way to other systems, from the command line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rollbook.cli.roster_sources import (
    SECRET,
    SECRET_FILE,
    SET,
    print_fields,
    secrets_given,
    settings_given,
)
from rollbook.cli.terminal import FORMAT, operator, print_json, print_table
from rollbook.extracts.types import DeliveryRow, GroupChange, TargetKind, TargetRow, Wanted

if TYPE_CHECKING:
    from rollbook.extracts.rules.answers import FlaggedRow

TARGET = click.argument("target", type=click.UUID)
DELIVERY = click.argument("delivery", type=click.UUID)
KEY_DAY = click.option(
    "--key-expires-on",
    "key_expires_on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day on which the key works; a year from today for a new key.",
)


@click.group()
def deliveries() -> None:
    """Say where group files go, send them there, see what came of it."""


@deliveries.command("targets")
@FORMAT
def list_targets(output: str) -> None:
    """List the systems that files are delivered to."""
    who = operator()
    from rollbook.extracts.queries.targets import target_list  # after Django has started

    found = [_target(row) for row in target_list(who.scope)]
    if output == "json":
        print_json(found)
        return
    columns = ["name", "kind", "key_expires_on", "last_done_at", "target"]
    print_table("Targets", columns, ([row[name] or "" for name in columns] for row in found))


@deliveries.command("fields")
@click.argument("kind", type=click.Choice([kind.value for kind in TargetKind]))
@FORMAT
def list_fields(kind: str, output: str) -> None:
    """List what a kind of target must be told: settings, and secrets."""
    from rollbook.extracts.targets.systems import fields_of  # the systems are slow to load

    print_fields(f"Settings of {kind}", fields_of(TargetKind(kind)), output)


@deliveries.command("add-target")
@click.option("--organization", type=click.UUID, required=True, help="See `rollbook orgs list`.")
@click.option("--name", required=True)
@click.option("--kind", type=click.Choice([kind.value for kind in TargetKind]), required=True)
@SET
@SECRET
@SECRET_FILE
@KEY_DAY
def add_target(
    *,
    organization: Any,
    name: str,
    kind: str,
    given: tuple[str, ...],
    secret_names: tuple[str, ...],
    secret_files: tuple[str, ...],
    key_expires_on: datetime | None,
) -> None:
    """Let group files go to one more place. `fields` lists what it must be told."""
    who = operator()
    from rollbook.extracts.actions.targets import save_target

    uuid = save_target(
        who.scope,
        organization_uuid=organization,
        name=name,
        kind=TargetKind(kind),
        values={**settings_given(given), **secrets_given(secret_names, secret_files)},
        key_expires_on=key_expires_on.date() if key_expires_on else None,
        by=who.by,
        now=who.now,
    )
    click.echo(f"{name}: added as {uuid}. Check it with `rollbook deliveries check`.")


@deliveries.command("change-target")
@TARGET
@click.option("--name")
@SET
@SECRET
@SECRET_FILE
@KEY_DAY
def change_target(
    *,
    target: Any,
    name: str | None,
    given: tuple[str, ...],
    secret_names: tuple[str, ...],
    secret_files: tuple[str, ...],
    key_expires_on: datetime | None,
) -> None:
    """Change what is said of a target, such as its key; the rest stays."""
    who = operator()
    from rollbook.extracts.actions.targets import save_target
    from rollbook.extracts.queries.targets import target_in

    known = target_in(who.scope, target)
    asked = {**settings_given(given), **secrets_given(secret_names, secret_files)}
    save_target(
        who.scope,
        uuid=target,
        organization_uuid=known.organization.uuid,
        name=name or known.name,
        kind=TargetKind(known.kind),
        values={**known.settings, **asked},
        key_expires_on=key_expires_on.date() if key_expires_on else None,
        by=who.by,
        now=who.now,
    )
    click.echo("Changed. Check it with `rollbook deliveries check`.")


@deliveries.command()
@TARGET
@click.pass_context
def check(context: click.Context, target: Any) -> None:
    """Try each step of a delivery without delivering anything."""
    who = operator()
    from rollbook.extracts.actions.targets import check_target

    report = check_target(who.scope, target, by=who.by, now=who.now)
    for what, worked, says in report.steps:
        click.echo(f"{'ok' if worked else 'NO':4}{what}: {says}")
    if not report.is_good:
        context.exit(1)


@deliveries.command("close-target")
@TARGET
def close(target: Any) -> None:
    """Send nothing more to a target; its secrets are forgotten."""
    who = operator()
    from rollbook.extracts.actions.targets import close_target

    close_target(who.scope, target, by=who.by, now=who.now)
    click.echo("Closed. What was delivered there stays on record.")


@deliveries.command()
@click.argument("file", type=click.UUID)
@click.option("--to", "targets", type=click.UUID, multiple=True, required=True, help="A target.")
def send(file: Any, targets: tuple[Any, ...]) -> None:
    """Queue a file for one or more targets; a worker delivers it."""
    who = operator()
    from rollbook.extracts.actions.deliveries import ask_delivery

    for target in targets:
        uuid = ask_delivery(who.scope, file, target, by=who.by, now=who.now)
        click.echo(f"Queued as {uuid}. See how it goes with `rollbook deliveries show {uuid}`.")


@deliveries.command("list")
@click.option("--failed", is_flag=True, help="Only those that wait for a person.")
@FORMAT
def list_deliveries(*, failed: bool, output: str) -> None:
    """List the latest deliveries, or those that wait for a person."""
    who = operator()
    from rollbook.extracts.queries.deliveries import delivery_list, failed_deliveries
    from rollbook.shared.page import PageRequest

    page = PageRequest(size=50)
    rows = failed_deliveries(who.scope) if failed else delivery_list(who.scope, page).items
    found = [_delivery(row) for row in rows]
    if output == "json":
        print_json(found)
        return
    columns = ["asked_at", "file", "target", "status", "remote_status", "delivery"]
    print_table("Deliveries", columns, ([row[name] for name in columns] for row in found))


@deliveries.command()
@DELIVERY
@FORMAT
def show(delivery: Any, output: str) -> None:
    """Say what became of a delivery, and which groups the other side did not take.

    The other side's own words may repeat cells of the file; only --format json prints them.
    """
    who = operator()
    from rollbook.extracts.queries.deliveries import flagged_rows_of, get_delivery
    from rollbook.extracts.rules.answers import plain_words
    from rollbook.extracts.types import DeliveryStatus

    row = get_delivery(who.scope, delivery)
    flagged = flagged_rows_of(who.scope, delivery)
    told = _delivery(row)
    if output == "json":
        print_json(told | {"says": row.says, "flagged": [_flag(each) for each in flagged]})
        return
    is_refused = row.status is DeliveryStatus.REFUSED
    click.echo(f"{row.file_name} to {row.target_name}: {row.status.value}")
    if says := plain_words(row.remote_status, row.says, is_refused=is_refused):
        click.echo(says)
    for each in flagged:
        click.echo(f"line {each.line}: group {each.group_name}, school {each.school_natural_id}")


@deliveries.command()
@DELIVERY
def retry(delivery: Any) -> None:
    """Try again what failed or was refused."""
    who = operator()
    from rollbook.extracts.actions.deliveries import retry_delivery

    uuid = retry_delivery(who.scope, delivery, by=who.by, now=who.now)
    click.echo(f"Queued as {uuid}.")


@deliveries.command()
@TARGET
@click.option(
    "--held",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A group file of what the other side holds in truth.",
)
@FORMAT
def wanted(target: Any, held: Path | None, output: str) -> None:
    """Compare what a target should hold today with what it was last sent."""
    who = operator()
    from rollbook.extracts.queries.wanted import wanted_of

    content = held.read_bytes() if held else None
    found = wanted_of(who.scope, target, on=who.scope.on, held=content)
    if output == "json":
        print_json(_wanted(found))
        return
    for title, changes in (
        ("Still shown there, written by nothing", found.orphans),
        ("Different there", found.drift),
        ("Not there yet", found.missing),
        ("To be deleted there by hand", found.to_delete),
    ):
        _print_changes(title, changes)
    print_table("Would see nobody", ["address"], ([address] for address in found.blind))


@deliveries.command("empty-orphans")
@TARGET
def empty(target: Any) -> None:
    """Send a file that takes everybody out of the groups that nothing writes any more."""
    who = operator()
    from rollbook.extracts.actions.orphans import empty_orphans

    uuid = empty_orphans(who.scope, target, by=who.by, now=who.now)
    click.echo(f"Queued as {uuid}. The empty groups have to be deleted there by hand.")


def _target(row: TargetRow) -> dict[str, Any]:
    return {
        "target": row.uuid,
        "name": row.name,
        "kind": row.kind.value,
        "settings": dict(row.settings),  # without secrets: those are sealed, elsewhere
        "key_expires_on": row.key_expires_on,
        "last_done_at": row.last_done_at,
    }


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    return {
        "delivery": row.uuid,
        "file": row.file_name,
        "target": row.target_name,
        "status": row.status.value,
        "remote_id": row.remote_id,
        "remote_status": row.remote_status,
        "attempts": row.attempt_count,
        "asked_at": row.asked_at,
        "finished_at": row.finished_at,
    }


def _flag(flag: FlaggedRow) -> dict[str, Any]:
    return {
        "row": flag.row,
        "line": flag.line,
        "group": flag.group_name,
        "school": flag.school_natural_id,
        "says": flag.says,
    }


def _wanted(found: Wanted) -> dict[str, Any]:
    return {
        "sent_at": found.sent_at,
        "orphans": [_change(each) for each in found.orphans],
        "drift": [_change(each) for each in found.drift],
        "missing": [_change(each) for each in found.missing],
        "to_delete": [_change(each) for each in found.to_delete],
        "blind": list(found.blind),
    }


def _change(change: GroupChange) -> dict[str, Any]:
    return {
        "school": change.school_natural_id,
        "name": change.name,
        "school_year": change.school_year,
        "students_added": change.students_added,
        "students_removed": change.students_removed,
        "users_added": change.users_added,
        "users_removed": change.users_removed,
    }


def _print_changes(title: str, changes: Iterable[GroupChange]) -> None:
    rows = [_change(each) for each in changes]
    columns = ["school", "name", "students_added", "students_removed"]
    print_table(title, columns, ([row[name] for name in columns] for row in rows))
