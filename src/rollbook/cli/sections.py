"""Sections from the command line: who is in exactly one, the smallest rules, what is shared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, operator, print_json, print_table
from rollbook.roster.checks.run import check_bundle
from rollbook.roster.plan.sections import CAUSE_WORDS, Cause, SectionWorld, world_of
from rollbook.roster.plan.solver import (
    Proposal,
    Targets,
    proposal_of,
    propose_rules,
    target_students,
)
from rollbook.roster.rules.reading import Reading
from rollbook.roster.rules.sharing import RuleIsUnclear, Sharing, SharingMode, read_rules, rule_text
from rollbook.roster.sources.reading import read_roster

ROSTER = click.argument("roster", metavar="INTAKE|FILE")
RULES = click.option(
    "--rule",
    "rules",
    multiple=True,
    help='Match sections, as in: "course_name contains Homeroom and term_name is Fall". '
    "Give it once for each rule; a section counts when any rule matches.",
)
GRADES = click.option(
    "--grade", "grades", multiple=True, help="Only students of this grade; may be repeated."
)
SCHOOLS = click.option(
    "--school", "schools", multiple=True, help="Instead of rules: all sections of this school (id)."
)
BY_HAND = click.option(
    "--section",
    "by_hand",
    multiple=True,
    help="Instead of rules: this section (id). New sections never come to such a list.",
)
EVERYTHING = click.option(
    "--everything", is_flag=True, help="Instead of rules: the whole district."
)


@click.group()
def sections() -> None:
    """See whether every student is in exactly one section, and choose what is shared."""


@sections.command()
@ROSTER
@RULES
@GRADES
@FORMAT
@click.pass_context
def count(
    context: click.Context,
    *,
    roster: str,
    rules: tuple[str, ...],
    grades: tuple[str, ...],
    output: str,
) -> None:
    """Count the students of a roster in no section, in one, and in two or more.

    Without rules, as the roster was shared; a file, as a whole. Names no student.
    Exit status: 0 when every student is in exactly one section, else 1.
    """
    world, shared = _world(roster)
    sharing = _read(rules) if rules else shared
    students = target_students(world, Targets(grades=frozenset(grades)))
    told = proposal_of(world, sharing, students)
    _print(told, output)
    context.exit(0 if told.tally.one == told.tally.total else 1)


@sections.command()
@ROSTER
@GRADES
@FORMAT
def propose(*, roster: str, grades: tuple[str, ...], output: str) -> None:
    """Propose the smallest rules that put most students into exactly one section.

    Prints the rules as Clever's sharing page says them, what they do, and the smallest corrections
    for who is left. Changes nothing and names no student.
    """
    world, _ = _world(roster)
    _print(propose_rules(world, targets=Targets(grades=frozenset(grades))), output)


@sections.command()
@click.argument("intake", type=click.UUID)
@RULES
@SCHOOLS
@BY_HAND
@EVERYTHING
@FORMAT
def use(
    *,
    intake: UUID,
    rules: tuple[str, ...],
    schools: tuple[str, ...],
    by_hand: tuple[str, ...],
    everything: bool,
    output: str,
) -> None:
    """Check a received roster again, with only the sections that are chosen.

    The plan that comes of it waits like any other; a source keeps the choice for its next rosters.
    """
    sharing = _chosen(rules, schools, by_hand, everything=everything)
    who = operator()
    from rollbook.roster.actions.preflight import check_intake  # after Django has started
    from rollbook.roster.actions.sharing import use_sharing

    again = use_sharing(who.scope, intake, sharing, by=who.by, now=who.now)
    again = check_intake(again.uuid, scope=who.scope, by=who.by, now=who.now)
    plan = again.plan
    if output == "json":
        plan_id = None if plan is None else str(plan.uuid)
        print_json({"intake": str(again.uuid), "status": again.status, "plan": plan_id})
        return
    click.echo(f"Intake {again.uuid}: {again.status}." + (f" Plan {plan.uuid}." if plan else ""))


@sections.command()
@click.argument("source", type=click.UUID)
@RULES
@SCHOOLS
@BY_HAND
@EVERYTHING
def share(
    *,
    source: UUID,
    rules: tuple[str, ...],
    schools: tuple[str, ...],
    by_hand: tuple[str, ...],
    everything: bool,
) -> None:
    """Use only the sections that are chosen of what a source sends from now on."""
    sharing = _chosen(rules, schools, by_hand, everything=everything)
    who = operator()
    from rollbook.roster.actions.sharing import save_sharing  # after Django has started

    saved = save_sharing(who.scope, source, sharing, by=who.by, now=who.now)
    click.echo(f"{saved.name}:\n{rule_text(sharing)}")


def _chosen(
    rules: tuple[str, ...],
    schools: tuple[str, ...],
    by_hand: tuple[str, ...],
    *,
    everything: bool,
) -> Sharing:
    """Read what is shared: one of rules, schools, sections by hand, everything."""
    if sum(map(bool, (rules, schools, by_hand, everything))) > 1:
        raise click.UsageError("Give one kind: --rule, --school, --section or --everything.")
    if everything:
        return Sharing()
    if schools:
        return Sharing(SharingMode.SCHOOLS, school_ids=schools)
    if by_hand:
        return Sharing(SharingMode.SECTIONS, section_ids=by_hand)
    return _read(rules)


def _read(rules: Iterable[str]) -> Sharing:
    try:
        return read_rules(rules)
    except RuleIsUnclear as unclear:
        raise click.UsageError(str(unclear)) from unclear


def _world(roster: str) -> tuple[SectionWorld, Sharing]:
    """Return the sections of an intake by its public id, or of a file; and what was shared."""
    path = Path(roster)
    if path.is_file():
        reading = Reading()
        bundle = read_roster(path, reading, name=path.name)
        result = check_bundle(bundle, profile=reading.profile)
        if result.frames is None:
            raise click.ClickException(
                f"{path.name} cannot be read. `rollbook roster check` says why."
            )
        return world_of(result.frames, on=datetime.now().astimezone().date()), Sharing()
    try:
        uuid = UUID(roster)
    except ValueError:
        raise click.UsageError(f"{roster}: there is no such file, and it is no intake.") from None
    who = operator()
    from rollbook.roster.actions.sharing import section_world  # after Django has started
    from rollbook.roster.queries.sections import sharing_of

    return section_world(who.scope, uuid), sharing_of(who.scope, uuid)


def _print(told: Proposal, output: str) -> None:
    if output == "json":
        print_json(told.as_json() | {"text": rule_text(told.sharing)})
        return
    click.echo(rule_text(told.sharing) or "No rule: there are no sections with students to match.")
    click.echo(
        f"{told.tally.one:,} students are in exactly one section, {told.tally.none:,} in none, "
        f"{told.tally.more:,} in two or more."
    )
    if told.groups.is_empty():
        return
    rows = told.groups.select("cause", "school", "students").iter_rows()
    print_table(
        "Not in exactly one section",
        ["cause", "school", "students"],
        [(CAUSE_WORDS[Cause(cause)][0], school, students) for cause, school, students in rows],
    )
    for fix in told.fixes:
        click.echo(fix.says)
