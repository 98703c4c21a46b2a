"""Readiness and login cards from the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from rollbook.cli.orgs import organization_called
from rollbook.cli.owned_files import owned
from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table
from rollbook.roster.rules.cards import MOST_VALID_DAYS, VALID_DAYS
from rollbook.roster.rules.readiness import Method, Stage, StageStatus

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.roster.queries.readiness import ReadinessRow

YEAR = click.option("--year", type=int, help="School year by its end: 2027; the current one.")
DAY = click.DateTime(formats=["%Y-%m-%d"])
PLACE = click.argument("place")


@click.group()
def readiness() -> None:
    """See and plan how schools and districts get ready for their window."""


@readiness.command("list")
@click.option("--status", type=click.Choice([status.value for status in StageStatus]))
@click.option("--stage", type=click.Choice([stage.value for stage in Stage]))
@YEAR
@FORMAT
def list_places(status: str | None, stage: str | None, year: int | None, output: str) -> None:
    """List districts and schools with their stage, due date, owner; late ones first."""
    who = operator()
    from rollbook.roster.queries.readiness import (  # after Django has started
        BoardFilter,
        readiness_board,
    )
    from rollbook.shared.page import PageRequest

    board = readiness_board(
        who.scope,
        school_year=_year(who, year),
        chosen=BoardFilter(status=status or "", stage=stage or ""),
        page=PageRequest(size=1_000_000),
    )
    found = [_as_json(row) for row in board.page.items]
    if output == "json":
        print_json(found)
        return
    columns = ("organization", "status", "stage", "due_on", "owner", "students")
    rows = [[row[column] or "–" for column in columns] for row in found]
    print_table("Readiness", columns, rows)
    click.echo(
        f"{board.rostered_count} of {board.school_count} schools are rostered; "
        f"{board.late_count} late, {board.at_risk_count} at risk."
    )


def _as_json(row: ReadinessRow) -> dict[str, Any]:
    current = row.current
    return {
        "uuid": str(row.organization.uuid),
        "organization": row.organization.name,
        "kind": row.organization.kind.value,
        "status": row.status.value,
        "stage": current.stage.value if current else "",
        "due_on": current.due_on if current else None,
        "owner": row.owner,
        "method": row.plan.method,
        "window_opens_on": row.plan.window.opens_on,
        "window_ends_before": row.plan.window.ends_before,
        "launch_on": row.plan.window.launch(row.days),
        "mail_sent_at": row.plan.mail_sent_at,
        "students": row.facts.student_count,
        "without_class": row.facts.without_class_count,
        "in_several_classes": row.facts.in_several_count,
    }


@readiness.command()
@PLACE
@YEAR
@FORMAT
def show(place: str, year: int | None, output: str) -> None:
    """Show the stages of PLACE (its code or public id), and what stops its mail."""
    who = operator()
    from rollbook.roster.queries.readiness import (  # after Django has started
        administration_team,
        get_readiness,
        mail_waits_for,
    )

    found = organization_called(who, place)
    row = get_readiness(who.scope, found.uuid, school_year=_year(who, year))
    team = administration_team(who.scope, row.organization)
    missing = mail_waits_for(who.scope, row, recipient_count=len(team))
    stages = [
        {
            "stage": state.stage.value,
            "status": state.status.value,
            "due_on": state.due_on,
            "owner": state.said.owner,
            "evidence": state.said.evidence,
            "decided_by_records": state.is_fact,
        }
        for state in row.states
    ]
    if output == "json":
        waits = [each.value for each in missing]
        print_json({**_as_json(row), "stages": stages, "mail_waits_for": waits})
        return
    rows = [[each["stage"], each["status"], each["due_on"] or "–", each["owner"] or "–",
             each["evidence"] or "–"] for each in stages]  # fmt: skip
    print_table(row.organization.name, ["stage", "status", "due", "owner", "evidence"], rows)
    click.echo(
        "The Ready To Assess mail waits for: " + ", ".join(missing)
        if missing
        else f"The Ready To Assess mail may go to {len(team)} people."
    )


@readiness.command("set")
@PLACE
@click.option("--method", type=click.Choice([method.value for method in Method]))
@click.option("--opens", type=DAY, help="First day of the assessment window.")
@click.option("--last-day", type=DAY, help="Last day of the window.")
@click.option("--launch", type=DAY, help="First day on which students can sign in.")
@click.option("--owner", type=click.UUID, help="Public id of an account: of the stage, or of all.")
@click.option("--stage", type=click.Choice([stage.value for stage in Stage]))
@click.option("--done/--not-done", "is_done", default=None, help="Of the stage.")
@click.option("--evidence", help="Of the stage: what shows it. Name no student.")
@click.option("--due", type=DAY, help="Of the stage, if not as planned from the window.")
@YEAR
def set_plan(place: str, year: int | None, **said: Any) -> None:
    """Plan for PLACE: its method, window and launch, or one stage of it."""
    who = operator()
    here = organization_called(who, place).uuid
    says = {"school_year": _year(who, year), "by": who.by, "now": who.now}
    if not _said(who, here, said, says):
        raise click.UsageError("Say what to set, such as --method or --stage. See --help.")
    click.echo("Set.")


def _said(who: Operator, here: UUID, said: Mapping[str, Any], says: dict[str, Any]) -> bool:
    """Do each thing that was said; tell whether there was any."""
    from rollbook.roster.actions import readiness as actions  # after Django has started

    steps: list[Callable[[], None]] = []
    if said["method"]:
        method = Method(said["method"])
        steps.append(lambda: actions.choose_method(who.scope, here, method, **says))
    if said["opens"]:
        last = _date(said["last_day"])
        ends_before = last + timedelta(days=1) if last else None
        opens_on = _date(said["opens"])
        steps.append(
            lambda: actions.set_window(
                who.scope, here, opens_on=opens_on, ends_before=ends_before, **says
            )
        )
    elif said["last_day"]:
        raise click.UsageError("--last-day goes with --opens.")
    if said["launch"]:
        steps.append(lambda: actions.set_launch(who.scope, here, _date(said["launch"]), **says))
    if said["stage"]:
        steps.append(lambda: _set_stage(who, here, said, says))
    elif said["owner"]:
        steps.append(lambda: actions.set_owner(who.scope, here, said["owner"], **says))
    for step in steps:
        step()
    return bool(steps)


def _set_stage(who: Operator, here: UUID, said: Mapping[str, Any], says: dict[str, Any]) -> None:
    from rollbook.roster.actions.readiness import Keep, set_stage  # after Django has started

    set_stage(
        who.scope,
        here,
        Stage(said["stage"]),
        is_done=said["is_done"],
        evidence=said["evidence"],
        owner=said["owner"] or Keep.KEEP,
        due_on=_date(said["due"]) or Keep.KEEP,
        **says,
    )


@readiness.command()
@PLACE
@YEAR
def mail(place: str, year: int | None) -> None:
    """Send the Ready To Assess mail of PLACE to its administration team, once.

    Exit status: 0 when it goes out or has gone out before, 1 while its facts do not hold.
    """
    who = operator()
    from rollbook.roster.actions.readiness import send_ready_mail  # after Django has started

    here = organization_called(who, place).uuid
    sent = send_ready_mail(who.scope, here, school_year=_year(who, year), by=who.by, now=who.now)
    click.echo(
        f"The mail goes to {sent.recipient_count} people."
        if sent.is_new
        else f"The mail went out on {sent.sent_at:%Y-%m-%d}; it was not sent again."
    )


@click.group()
def cards() -> None:
    """Print login cards for students without single sign-on, and void them."""


CLASS = click.option("--class", "class_uuid", type=click.UUID, help="Public id of a class.")
SCHOOL = click.option("--school", help="Code or public id of a school.")
STUDENTS = click.option("--student", "students", type=click.UUID, multiple=True)


@cards.command("list")
@SCHOOL
@YEAR
@FORMAT
def list_classes(school: str | None, year: int | None, output: str) -> None:
    """List classes with how many cards their students have and need."""
    who = operator()
    from rollbook.roster.queries.cards import class_cards  # after Django has started
    from rollbook.shared.page import PageRequest

    page = class_cards(
        who.scope,
        school_year=_year(who, year),
        now=who.now,
        school_id=organization_called(who, school).id if school else None,
        page=PageRequest(size=100_000),
    )
    if output == "json":
        print_json(
            [
                {
                    "class": str(row.uuid),
                    "title": row.title,
                    "school": row.school_name,
                    "students": row.student_count,
                    "open": row.open_count,
                    "used": row.used_count,
                    "needed": row.needed_count,
                }
                for row in page.items
            ]
        )
        return
    rows = [
        (r.uuid, r.title, r.school_name, r.student_count, r.open_count, r.used_count,
         r.needed_count) for r in page.items
    ]  # fmt: skip
    columns = ["class", "title", "school", "students", "open", "used", "needed"]
    print_table("Login cards", columns, rows)


@cards.command()
@CLASS
@SCHOOL
@STUDENTS
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--only-missing", is_flag=True, help="Only for who has no card that works.")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_VALID_DAYS),
    default=VALID_DAYS,
    show_default=True,
    help="Days until they stop working.",
)
@YEAR
def issue(
    class_uuid: UUID | None,
    school: str | None,
    students: tuple[UUID, ...],
    *,
    out: Path,
    only_missing: bool,
    days: int,
    year: int | None,
) -> None:
    """Print login cards as a PDF that only its owner may read; former cards stop working.

    The file is the only place that holds the codes: print it, then delete it.
    """
    who = operator()
    from rollbook.roster.actions.cards import issue_login_cards  # after Django has started

    chosen = _chosen(who, class_uuid, school, students)
    with owned(out) as file:  # before the cards: no code without a place to go
        issued = issue_login_cards(
            who.scope,
            **chosen,
            school_year=_year(who, year),
            only_missing=only_missing,
            valid_days=days,
            by=who.by,
            now=who.now,
        )
        file.write(issued.pdf)
    click.echo(
        f"{issued.card_count} cards for {issued.class_count} classes; "
        f"{issued.voided_count} former cards stopped working."
    )


@cards.command()
@CLASS
@SCHOOL
@STUDENTS
@YEAR
def void(
    class_uuid: UUID | None, school: str | None, students: tuple[UUID, ...], year: int | None
) -> None:
    """Make the cards of a class, a school or some students stop working."""
    who = operator()
    from rollbook.roster.actions.cards import void_cards  # after Django has started

    chosen = _chosen(who, class_uuid, school, students)
    count = void_cards(who.scope, **chosen, school_year=_year(who, year), by=who.by, now=who.now)
    click.echo(f"{count} cards stopped working.")


def _chosen(
    who: Operator, class_uuid: UUID | None, school: str | None, students: tuple[UUID, ...]
) -> dict[str, Any]:
    if sum(map(bool, (class_uuid, school, students))) != 1:
        raise click.UsageError("Choose one of --class, --school and --student.")
    place = organization_called(who, school).uuid if school else None
    return {"class_uuid": class_uuid, "school": place, "students": students}


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _year(who: Operator, year: int | None) -> int:
    from rollbook.orgs.queries import current_school_year  # after Django has started

    return year or int(current_school_year(who.scope.on))
