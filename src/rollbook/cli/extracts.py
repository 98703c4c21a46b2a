"""Group files for another reporting system: profiles, files, what changed, the schedule."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import click

from rollbook.cli.extract_profiles import PROFILE_COMMANDS
from rollbook.cli.owned_files import owned
from rollbook.cli.terminal import FORMAT, operator, print_json, print_table
from rollbook.extracts.types import LeftOut, ScheduleSettings

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.extracts.types import ExtractWarning, FileRow

FILE = click.argument("file", type=click.UUID)
DAY = click.DateTime(["%Y-%m-%d"])
SHOWN: Final = 500


@click.group()
def extracts() -> None:
    """Write group files for another reporting system: profiles, files, the schedule."""


for command in PROFILE_COMMANDS:
    extracts.add_command(command)


@extracts.command()
@click.argument("profiles", type=click.UUID, nargs=-1, required=True)
@click.option("--one-file/--file-each", "is_consolidated", default=True, show_default=True)
@click.option("--on", type=DAY, help="Look at enrollments of this day instead of today.")
@click.option("--send-to", "targets", type=click.UUID, multiple=True, help="Deliver it there.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path),
    help="Put copies into this folder; they hold state ids of students.",
)  # fmt: skip
@FORMAT
def run(
    profiles: tuple[UUID, ...],
    *,
    is_consolidated: bool,
    on: datetime | None,
    targets: tuple[UUID, ...],
    out: Path | None,
    output: str,
) -> None:
    """Write the group files of some profiles, and say what to know of them."""
    who = operator()
    from rollbook.extracts.actions.files import deliver_files, make_files
    from rollbook.extracts.queries.files import (
        file_path,
        found_file,
        get_file,
        profile_names_of,
        warnings_of,
    )

    day: date | None = on.date() if on else None
    made = make_files(
        who.scope, profiles, is_consolidated=is_consolidated, on=day, by=who.by, now=who.now
    )
    deliver_files(who.scope, made, targets, by=who.by, now=who.now)
    rows = [(get_file(who.scope, file), warnings_of(who.scope, file)) for file in made]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for row, _said in rows:
            with owned(out / row.name) as copied:
                copied.write(file_path(found_file(who.scope, row.uuid)).read_bytes())
    if output == "json":
        print_json([_file(row) | {"warnings": _warnings(said)} for row, said in rows])
        return
    for row, said in rows:
        _print_run(row, said, profile_names_of(who.scope, row.uuid))


@extracts.command("files")
@click.option("--profile", type=click.UUID, help="Of this profile alone.")
@FORMAT
def list_files(profile: UUID | None, output: str) -> None:
    """List the latest 500 files, the latest first."""
    who = operator()
    from rollbook.extracts.queries.files import file_list
    from rollbook.shared.page import PageRequest

    found = file_list(who.scope, PageRequest(size=SHOWN), profile_uuid=profile).items
    rows = [_file(row) for row in found]
    if output == "json":
        print_json(rows)
        return
    columns = ["made_at", "made_by", "name", "rows", "groups", "students", "left_out", "file"]
    print_table("Files", columns, ([row[name] for name in columns] for row in rows))


@extracts.command()
@FILE
@click.option("--against", type=click.UUID, help="Otherwise the file before, of its profiles.")
@click.option("--all", "is_all", is_flag=True, help="List groups that are the same, too.")
@FORMAT
def diff(file: UUID, against: UUID | None, is_all: bool, output: str) -> None:
    """Say how the groups of a file differ from those of an earlier one, in counts."""
    who = operator()
    from rollbook.extracts.queries.files import file_changes

    changes = file_changes(who.scope, file, against)
    shown = [change for change in changes if is_all or change.action != "unchanged"]
    columns = ["action", "school", "group", "students", "users"]
    rows = [
        {
            "action": c.action,
            "school": c.school_natural_id,
            "group": c.name,
            "students": f"+{c.students_added} -{c.students_removed}",
            "users": f"+{c.users_added} -{c.users_removed}",
        }
        for c in shown
    ]
    if output == "json":
        print_json(rows)
        return
    print_table("What changed", columns, ([row[name] for name in columns] for row in rows))
    click.echo(f"{len(changes) - len(shown):,} groups are as they were." if not is_all else "")


@extracts.command("left-out")
@FILE
@click.option("--criterion", type=click.Choice([criterion.value for criterion in LeftOut]))
@click.option("--names", is_flag=True, help="Print the students: names and state ids.")
@FORMAT
def left_out(file: UUID, criterion: str | None, names: bool, output: str) -> None:
    """Count who is not in a file by why; with --names, list the first 500 students."""
    who = operator()
    from rollbook.extracts.queries.files import left_out_counts, left_out_of
    from rollbook.shared.page import PageRequest

    if not names:
        counts = {c.value: n for c, n in left_out_counts(who.scope, file).items()}
        if output == "json":
            print_json(counts)
            return
        print_table("Left out", ["why", "students"], counts.items())
        return
    asked = LeftOut(criterion) if criterion else None
    found = left_out_of(who.scope, file, PageRequest(size=SHOWN), criterion=asked).items
    rows = [
        {
            "student": row.student_name,
            "ssid": row.ssid,
            "school": row.school_name,
            "profile": row.profile_name,
            "why": row.criterion.value,
        }
        for row in found
    ]
    if output == "json":
        print_json(rows)
        return
    columns = ["student", "ssid", "school", "profile", "why"]
    print_table("Left out", columns, ([row[name] for name in columns] for row in rows))


@extracts.command()
@click.argument("organization", type=click.UUID)
@click.option("--at", "time_of_day", metavar="HH:MM", help="Of day.")
@click.option("--days", help="1 is Monday, 7 is Sunday.")
@click.option("--time-zone")
@click.option("--on/--off", "is_on", default=None)
@click.option("--mail", "mails", multiple=True, help="Who hears of each run; several by commas.")
@click.option("--target", "targets", type=click.UUID, multiple=True, help="Where files go.")
@click.option("--no-targets", is_flag=True, help="Send the files nowhere.")
@click.option("--one-file/--file-each", "is_consolidated", default=None)
@FORMAT
def schedule(organization: UUID, *, no_targets: bool, output: str, **given: Any) -> None:
    """Show when an organization's profiles are written by themselves, or change it."""
    who = operator()
    from rollbook.extracts.actions.schedule import save_schedule
    from rollbook.extracts.queries.schedule import schedule_of

    if no_targets or any(value not in (None, ()) for value in given.values()):
        known = schedule_of(who.scope, organization).settings
        settings = _schedule(known, given, no_targets=no_targets)
        save_schedule(who.scope, organization, settings, by=who.by, now=who.now)
    view = schedule_of(who.scope, organization)
    told = {
        "organization": view.organization_name,
        "is_on": view.settings.is_on,
        "days": view.settings.days,
        "time_of_day": view.settings.time_of_day,
        "time_zone": view.settings.time_zone,
        "mails": list(view.settings.mails),
        "targets": list(view.settings.targets),
        "is_consolidated": view.settings.is_consolidated,
        "profiles": view.profile_count,
        "next_run_at": view.next_run_at,
        "last_processed_at": view.last_processed_at,
    }
    if output == "json":
        print_json(told)
        return
    for name, value in told.items():
        click.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


def _file(row: FileRow) -> dict[str, Any]:
    return {
        "file": row.uuid,
        "name": row.name,
        "made_at": row.made_at,
        "made_by": row.made_by,
        "rows": row.row_count,
        "groups": row.group_count,
        "students": row.student_count,
        "left_out": row.left_out_count,
        "sha256": row.sha256,
    }


def _warnings(said: tuple[ExtractWarning, ...]) -> list[dict[str, Any]]:
    return [{"code": w.code, "says": w.says, "fix": w.fix, "count": w.count} for w in said]


def _print_run(row: FileRow, said: tuple[ExtractWarning, ...], names: dict[str, str]) -> None:
    click.echo(
        f"{row.name}: {row.row_count:,} rows, {row.group_count:,} groups, "
        f"{row.student_count:,} students, {row.left_out_count:,} students left out."
    )
    click.echo(f"File {row.uuid}")
    for warning in said:
        about = f"{names[warning.profile]}: " if warning.profile in names else ""
        click.echo(f"warning {about}{warning.says} {warning.fix} [{warning.code}]")
        for example in warning.rows:
            click.echo(f"        {example}")


def _either(said: bool | None, known: bool) -> bool:
    return known if said is None else said


def _schedule(
    known: ScheduleSettings, given: dict[str, Any], *, no_targets: bool
) -> ScheduleSettings:
    from rollbook.extracts.rules.mails import split_mails

    targets = tuple(str(target) for target in given["targets"]) or known.targets
    return ScheduleSettings(
        days=given["days"] or known.days,
        time_of_day=given["time_of_day"] or known.time_of_day,
        time_zone=given["time_zone"] or known.time_zone,
        is_on=_either(given["is_on"], known.is_on),
        mails=split_mails(",".join(given["mails"])) or known.mails,
        targets=() if no_targets else targets,
        is_consolidated=_either(given["is_consolidated"], known.is_consolidated),
    )
