"""Rosters from the command line: check a bundle, load it, commit it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rollbook.changes.types import PlanStatus
from rollbook.cli.mappings import mapping_called, mapping_in
from rollbook.cli.owned_files import owned
from rollbook.cli.roster_findings import papers, show_findings, summary_of_check, write_papers
from rollbook.cli.terminal import (
    FORMAT,
    Operator,
    exit_code,
    operator,
    print_findings,
    print_json,
    print_table,
)
from rollbook.roster.checks.run import check_bundle
from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.rules.mapping import ColumnMapping
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.reading import read_roster, translated
from rollbook.roster.types import IntakeStatus, Profile, SourceFormat

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.changes.models import ChangePlan
    from rollbook.roster.models.intakes import Intake

BUNDLE = click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
PROFILES = click.Choice([profile.value for profile in Profile])
# Declared, never guessed: a wrong guess changes people's names.
ENCODING = click.option(
    "--encoding",
    type=click.Choice(["utf-8", "windows-1252"]),
    default="utf-8",
    show_default=True,
    help="How the files are written, unless a byte order mark says so.",
)


LAYOUT = click.option(
    "--layout",
    type=click.Choice([layout.value for layout in SourceFormat]),
    help="The layout of the file; told from the file when left out.",
)


@click.group()
def roster() -> None:
    """Check and load rosters: OneRoster, Clever, School Data Sync, or any CSV or XLSX."""


@roster.command()
@BUNDLE
@click.option(
    "--profile",
    type=PROFILES,
    default="strict",
    show_default=True,
    help="Judge as a conformance run would, or as districts really send.",
)
@ENCODING
@LAYOUT
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Which column of a CSV or XLSX is what: JSON of `rollbook mappings show`.",
)
@papers
@FORMAT
@click.pass_context
def check(
    context: click.Context,
    *,
    bundle: Path,
    profile: str,
    encoding: str,
    layout: str | None,
    mapping: Path | None,
    summary: bool,
    output: str,
    **wanted: Path | None,
) -> None:
    """Say what is wrong with a roster bundle. Needs no installation and changes nothing.

    Exit status: 0 when it is sound or has only warnings, 1 when it has errors.
    """
    said = mapping_in(mapping) if mapping else None
    reading = _reading(profile, encoding, layout, said)
    received = read_roster(bundle, reading, name=bundle.name)
    result = check_bundle(received, profile=reading.profile)
    told = translated(result, received)
    write_papers(bundle, result, told, received, encoding=encoding, wanted=wanted)
    if summary:
        click.echo(summary_of_check(bundle, result, told, received), nl=False)
    elif output == "json":
        print_json(told.as_json())
    else:
        print_findings(told.report, told.report.counts)
        records = told.counts.records
        click.echo(f"{bundle.name}: {told.report.verdict.value}. " + _counted(records))
    context.exit(exit_code(told.report.verdict))


roster.add_command(show_findings)


def _reading(
    profile: str, encoding: str, layout: str | None, mapping: ColumnMapping | None
) -> Reading:
    told = SourceFormat(layout) if layout else None
    if mapping is not None and told not in {None, SourceFormat.MAPPED}:
        raise click.UsageError(f"Only a file of the layout {SourceFormat.MAPPED} has a mapping.")
    return Reading(
        format=SourceFormat.MAPPED if mapping is not None else told,
        profile=Profile(profile),
        encoding=encoding,
        mapping=mapping,
    )


def _counted(records: Mapping[str, int]) -> str:
    counted = (f"{count:,} {name}" for name, count in records.items() if count)
    return ", ".join(counted) or "No records."


@roster.command("list")
@FORMAT
def list_intakes(output: str) -> None:
    """List the latest 500 rosters that came in, with the plan of each, the latest first."""
    who = operator()
    from rollbook.roster.queries.intakes import intake_page  # after Django has started
    from rollbook.shared.page import PageRequest

    found = [
        {
            "intake": str(intake.uuid),
            "file": intake.file_name,
            "received_at": intake.received_at,
            "status": intake.plan.status if intake.plan else intake.status,
            "verdict": intake.verdict,
            "plan": intake.plan.uuid if intake.plan else None,
        }
        for intake in intake_page(who.scope, PageRequest(size=500)).items
    ]
    if output == "json":
        print_json(found)
        return
    rows = [(row["file"], row["status"], row["verdict"], row["plan"] or "–") for row in found]
    print_table("Rosters", ["file", "state", "findings", "plan"], rows)


@roster.command()
@click.argument("source")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--as",
    "version",
    type=click.Choice(sorted(LAYOUTS)),
    default="1.2",
    show_default=True,
    help="Version of OneRoster.",
)
@click.option("--without-people", is_flag=True, help="Only places, sessions, courses and classes.")
def export(source: str, *, out: Path, version: str, without_people: bool) -> None:
    """Write what one roster holds now as a OneRoster package, for another system.

    SOURCE is a source as `rollbook sources list` shows it, or the public id or state code of a
    district that has one roster. Cells stay exactly as they are: open the package in a spreadsheet
    only if you trust who wrote them. Only its owner may read the file.
    """
    who = operator()
    from rollbook.roster.actions.export import export_roster  # after Django has started
    from rollbook.roster.queries.export import roster_key

    key = roster_key(who.scope, source)
    with owned(out) as file:
        written = export_roster(
            who.scope, key, version=version, with_people=not without_people, by=who.by, now=who.now
        )
        file.write(written.content)
    click.echo(f"{out}: {_counted(written.counts)}")


@roster.command()
@BUNDLE
@click.option(
    "--commit", is_flag=True, help="Carry the plan out at once, unless it must wait for a person."
)
@click.option(
    "--approve", type=int, help="Approve a plan that waits, by the number of its changes."
)
@click.option("--profile", type=PROFILES, default="lenient", show_default=True)
@ENCODING
@LAYOUT
@click.option("--mapping", help="Name or public id of the saved mapping to read the file by.")
@FORMAT
@click.pass_context
def load(
    context: click.Context,
    *,
    bundle: Path,
    commit: bool,
    approve: int | None,
    profile: str,
    encoding: str,
    layout: str | None,
    mapping: str | None,
    output: str,
) -> None:
    """Check a roster bundle, plan what it changes, and commit the plan when asked to.

    Exit status: 0 when it is planned (or committed), 1 when it is refused or the plan must wait.
    """
    who = operator()
    from rollbook.roster.actions.preflight import preflight_intake  # after Django has started
    from rollbook.roster.queries.intakes import findings_of

    intake = preflight_intake(
        who.scope,
        bundle,
        file_name=bundle.name,
        reading=_reading(
            profile, encoding, layout, mapping_called(who, mapping) if mapping else None
        ),
        by=who.by,
        now=who.now,
    )
    status = _commit(who, intake, approve) if commit else _status(intake)
    findings = findings_of(who.scope, intake.uuid)
    if output == "json":
        print_json(_as_json(intake, status, findings))
    else:
        print_findings(findings, intake.counts.get("by_code", {}))
        _print_plan(intake.plan)
        click.echo(f"{bundle.name}: {status}.")
    is_refused = status == IntakeStatus.REFUSED or (commit and status == PlanStatus.HELD)
    context.exit(1 if is_refused else 0)


def _status(intake: Intake) -> str:
    """Say in one word where an intake stands: its plan's word once that waits or is committed."""
    told = {PlanStatus.COMMITTED, PlanStatus.HELD}
    return intake.plan.status if intake.plan and intake.plan.status in told else intake.status


def _commit(who: Operator, intake: Intake, approve: int | None) -> str:
    """Commit the plan of an intake, if it has an open one, and say where it stands then."""
    from rollbook.changes.actions import PlanIsHeld  # after Django has started
    from rollbook.roster.actions.commit import commit_intake

    if intake.plan is None or intake.plan.status == PlanStatus.COMMITTED:
        return _status(intake)
    try:
        commit_intake(
            who.scope,
            intake.uuid,
            digest=intake.plan.digest,
            approved_count=approve,
            by=who.by,
            now=who.now,
        )
    except PlanIsHeld:
        return PlanStatus.HELD.value
    return PlanStatus.COMMITTED.value


def _as_json(intake: Intake, status: str, findings: list[dict[str, Any]]) -> dict[str, object]:
    plan = intake.plan
    return {
        "status": status,
        "verdict": intake.verdict,
        "intake": str(intake.uuid),
        "plan": None
        if plan is None
        else {
            "uuid": str(plan.uuid),
            "digest": plan.digest,
            "counts": plan.counts,
            "holds": plan.hold_reasons,
        },
        "findings": findings,
        "counts": intake.counts,
    }


def _print_plan(plan: ChangePlan | None) -> None:
    if plan is None:
        return
    counts: dict[str, dict[str, int]] = plan.counts
    actions = sorted({action for row in counts.values() for action in row})
    print_table(
        "What changes",
        ["", *actions],
        ([table, *(row.get(action, 0) for action in actions)] for table, row in counts.items()),
    )
    for hold in plan.hold_reasons:
        click.echo(f"Waits for a person: {hold['says']}")
