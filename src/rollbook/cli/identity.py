"""Who is who, from the command line: likely duplicates, merges, ids, transfers, second schools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, operator, print_json, print_table

if TYPE_CHECKING:  # tables load only after Django has started
    from rollbook.changes.types import CommitReceipt

ONE = click.argument("one", type=click.UUID)
OTHER = click.argument("other", type=click.UUID)
REQUEST = click.argument("request", type=click.UUID)
NAMES = click.option("--names", is_flag=True, help="Also the names of the students.")


@click.group()
def identity() -> None:
    """Decide who is who: merge records, change ids, release students, answer second schools."""


def _listed(title: str, columns: Iterable[str], rows: list[Mapping[str, object]], to: str) -> None:
    names = list(columns)
    if to == "json":
        print_json([{name: row[name] for name in names} for row in rows])
        return
    print_table(title, names, ([row[name] for name in names] for row in rows))


@identity.command()
@NAMES
@FORMAT
def duplicates(names: bool, output: str) -> None:
    """List up to 200 pairs of records that may be one student, the surest first."""
    who = operator()
    from rollbook.roster.queries.duplicates import possible_duplicates  # after Django has started

    rows: list[Mapping[str, object]] = [
        {
            "one": pair.one.uuid,
            "other": pair.other.uuid,
            "why": pair.likeness.value,
            "differs": ", ".join(sorted(pair.differences)),
            "names": f"{_name(pair.one)} / {_name(pair.other)}",
        }
        for pair in possible_duplicates(who.scope)
    ]
    columns = ["one", "other", "why", "differs", *(["names"] if names else [])]
    _listed("Records that may be one student", columns, rows, output)


def _name(student: object) -> str:
    return f"{getattr(student, 'last_name', '')}, {getattr(student, 'first_name', '')}"


@identity.command()
@click.argument("keep", type=click.UUID)
@click.argument("gone", type=click.UUID)
def merge(keep: UUID, gone: UUID) -> None:
    """Make two records one: KEEP stays, and what hangs on GONE comes to it."""
    who = operator()
    from rollbook.roster.actions.merges import merge_students  # after Django has started

    _written(merge_students(who.scope, keep, gone, by=who.by, now=who.now))


def _written(receipt: CommitReceipt) -> None:
    count = sum(sum(actions.values()) for actions in receipt.counts.values())
    click.echo(f"Wrote {count:,} changes as plan {receipt.plan_uuid}.")
    click.echo(f"`rollbook identity split {receipt.plan_uuid}` takes them back.")


@identity.command()
@click.argument("plan", type=click.UUID)
def split(plan: UUID) -> None:
    """Take a merge or a change of id back, by the plan that wrote it."""
    who = operator()
    from rollbook.roster.actions.merges import split_students  # after Django has started

    receipt = split_students(who.scope, plan, by=who.by, now=who.now)
    left = f" {receipt.conflict_count:,} cells were changed since and stay." * bool(
        receipt.conflict_count
    )
    click.echo(f"Undone.{left}")


@identity.command()
@ONE
@OTHER
def two(one: UUID, other: UUID) -> None:
    """Say that two students who look alike are two, so that nobody is asked again."""
    who = operator()
    from rollbook.roster.actions.merges import decide_two  # after Django has started

    decide_two(who.scope, one, other, by=who.by, now=who.now)
    click.echo("Noted: they are two.")


@identity.command("change-id")
@click.argument("student", type=click.UUID)
@click.option("--ssid", help="The new state id; the old one is retired.")
@click.option("--sourced-id", help="The new id in the source.")
def change_id(student: UUID, ssid: str | None, sourced_id: str | None) -> None:
    """Give a student another id; the old one goes on leading to the student."""
    who = operator()
    from rollbook.roster.actions.merges import change_student_id  # after Django has started

    receipt = change_student_id(
        who.scope, student, ssid=ssid, sourced_id=sourced_id, by=who.by, now=who.now
    )
    _written(receipt)


@identity.command()
@NAMES
@FORMAT
def transfers(names: bool, output: str) -> None:
    """List the requests for students of other districts, the latest 500 first."""
    who = operator()
    from rollbook.roster.queries.identity import transfers_asked_by  # after Django has started

    rows: list[Mapping[str, object]] = [
        {
            "request": request.uuid,
            "status": request.status,
            "asked by": str(request.to_district),
            "asked at": f"{request.asked_at:%Y-%m-%d}",
            "names": f"{request.said.get('last_name')}, {request.said.get('first_name')}",
        }
        for request in transfers_asked_by(who.scope)[:500]
    ]
    columns = ["request", "status", "asked by", "asked at", *(["names"] if names else [])]
    _listed("Transfer requests", columns, rows, output)


@identity.command()
@REQUEST
def release(request: UUID) -> None:
    """Let a student go: the asking district's next roster may take the record over."""
    who = operator()
    from rollbook.roster.actions.transfers import release_transfer  # after Django has started

    release_transfer(who.scope, request, by=who.by, now=who.now)
    click.echo("Released.")


@identity.command()
@REQUEST
@click.option("--reason", default="", help="The asking district reads this: name nobody.")
def refuse(request: UUID, reason: str) -> None:
    """Keep a student, and say why."""
    who = operator()
    from rollbook.roster.actions.transfers import refuse_transfer  # after Django has started

    refuse_transfer(who.scope, request, reason, by=who.by, now=who.now)
    click.echo("Refused.")


@identity.command()
@REQUEST
def withdraw(request: UUID) -> None:
    """Take a request back, as long as the student has not come."""
    who = operator()
    from rollbook.roster.actions.transfers import withdraw_transfer  # after Django has started

    withdraw_transfer(who.scope, request, by=who.by, now=who.now)
    click.echo("Taken back.")


@identity.command("ask-again")
@REQUEST
def ask_again(request: UUID) -> None:
    """Ask again for a student, after a refusal or a withdrawal."""
    who = operator()
    from rollbook.roster.actions.transfers import ask_for_transfer  # after Django has started

    made = ask_for_transfer(who.scope, request, by=who.by, now=who.now)
    click.echo(f"Asked again as {made.uuid}.")


@identity.command()
@NAMES
@FORMAT
def questions(names: bool, output: str) -> None:
    """List the students who came at a second school and wait for an answer."""
    who = operator()
    from rollbook.roster.queries.identity import open_questions  # after Django has started

    rows: list[Mapping[str, object]] = [
        {
            "question": one.uuid,
            "is at": str(one.from_school),
            "came at": str(one.to_school),
            "names": _name(one.student),
        }
        for one in open_questions(who.scope)
    ]
    columns = ["question", "is at", "came at", *(["names"] if names else [])]
    _listed("Students at two schools", columns, rows, output)


@identity.command()
@click.argument("question", type=click.UUID)
@click.argument("answer", type=click.Choice(["add", "move", "cancel"]))
def answer(question: UUID, answer: str) -> None:
    """Say what a second school means: both stay, the student moved, or stays at the first."""
    who = operator()
    from rollbook.roster.actions.transfers import answer_question  # after Django has started

    answer_question(who.scope, question, answer, by=who.by, now=who.now)
    click.echo("Noted: the next roster that lists the student does so.")
