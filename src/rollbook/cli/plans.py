"""Change plans from the command line: what waits, what it would change, decide on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from rollbook.cli.terminal import FORMAT, Operator, operator, print_json, print_table

if TYPE_CHECKING:
    from rollbook.changes.types import CommitReceipt  # brings frames: commands start without them

PLAN = click.argument("plan", type=click.UUID)


@click.group()
def plans() -> None:
    """Read change plans, commit them, discard them, take them back."""


@plans.command("list")
@click.option("--all", "is_all", is_flag=True, help="Also those that were decided on.")
@FORMAT
def list_plans(is_all: bool, output: str) -> None:
    """List the plans that wait for somebody, the latest first."""
    who = operator()
    from rollbook.changes.queries import open_plans  # after Django has started
    from rollbook.changes.queries import plans as every_plan
    from rollbook.shared.page import PageRequest

    found = (
        every_plan(who.scope, page=PageRequest(size=500)).items if is_all else open_plans(who.scope)
    )
    if output == "json":
        print_json(
            [
                {
                    "plan": str(plan.uuid),
                    "title": plan.title,
                    "kind": plan.kind,
                    "status": plan.status.value,
                    "changes": plan.row_count,
                    "proposed_at": plan.proposed_at,
                    "holds": [hold.says for hold in plan.holds],
                }
                for plan in found
            ]
        )
        return
    rows = [
        (
            plan.uuid,
            plan.title,
            plan.status.value,
            plan.row_count,
            f"{plan.proposed_at:%Y-%m-%d %H:%M} UTC",
        )
        for plan in found
    ]
    print_table("Plans", ["plan", "title", "state", "changes", "proposed"], rows)


@plans.command()
@PLAN
@click.option(
    "--rows", "table", help="Also list the records of this table that change. They name students."
)
@FORMAT
def show(plan: UUID, table: str | None, output: str) -> None:
    """Show what a plan changes, by counts, and why it waits."""
    who = operator()
    from rollbook.changes.queries import approvals, get_plan  # after Django has started

    found, behind = get_plan(who.scope, plan), approvals(who.scope, plan)
    rows = _rows(who, plan, table) if table else []
    if output == "json":
        print_json(
            {
                "plan": str(found.uuid),
                "title": found.title,
                "kind": found.kind,
                "status": found.status.value,
                "digest": found.digest,
                "changes": found.row_count,
                "counts": found.counts,
                "holds": [hold.says for hold in found.holds],
                "needs_second_person": behind.needs_second_person,
                "endorsed_by": behind.endorser,
                "proposed_by": found.proposed_by,
                "decided_by": found.decided_by,
                "undo_of": found.undo_of and str(found.undo_of),
                "conflicts": found.conflict_count,
                **({"rows": rows} if table else {}),
            }
        )
        return
    click.echo(
        f"{found.title}: {found.status.value}, {found.row_count:,} changes, digest {found.digest}."
    )
    counted = [
        (name, ", ".join(f"{count:,} {action}" for action, count in actions.items()))
        for name, actions in found.counts.items()
    ]
    print_table("What changes", ["table", "changes"], counted)
    for hold in found.holds:
        click.echo(f"Waits for a person: {hold.says}")
    if behind.needs_second_person:
        first = f"approved first by {behind.endorser}" if behind.endorser else "nobody yet"
        click.echo(f"Takes two people: {behind.proposer or first}.")
    if table:
        told = [(row["record"], row["action"], "\n".join(row["cells"])) for row in rows]
        print_table(table, ["record", "action", "cells"], told)


def _rows(who: Operator, plan: UUID, table: str) -> list[dict[str, list[str] | str]]:
    from rollbook.changes.queries import plan_rows  # after Django has started
    from rollbook.shared.page import PageRequest

    page = plan_rows(who.scope, plan, table=table, page=PageRequest(size=1_000))
    return [
        {
            "record": row.label,
            "action": row.action.value,
            "cells": [
                f"{cell.column}: {cell.before or '–'} → {cell.after or '–'}" for cell in row.cells
            ],
        }
        for row in page.items
    ]


@plans.command()
@PLAN
@click.option(
    "--approve", type=int, help="Let a plan that waits pass, by the number of its changes."
)
@click.option("--digest", help="Commit only the plan that was reviewed: the digest it showed.")
@click.option("--only-additions-and-updates", "is_partial", is_flag=True, help="Archive nobody.")
def commit(plan: UUID, approve: int | None, digest: str | None, is_partial: bool) -> None:
    """Carry a plan out, whole."""
    who = operator()
    from rollbook.changes.actions import commit_plan  # after Django has started
    from rollbook.changes.queries import get_plan
    from rollbook.roster.actions.commit import commit_intake

    _refuse_group_file(who, plan, "commit")
    digest = digest or get_plan(who.scope, plan).digest
    intake = _intake_of(who, plan)
    receipt = (
        commit_intake(
            who.scope,
            intake,
            digest=digest,
            approved_count=approve,
            only_additions_and_updates=is_partial,
            by=who.by,
            now=who.now,
        )
        if intake
        else commit_plan(
            plan,
            digest=digest,
            approved_count=approve,
            only_additions_and_updates=is_partial,
            scope=who.scope,
            by=who.by,
            now=who.now,
        )
    )
    count = sum(sum(actions.values()) for actions in receipt.counts.values())
    click.echo(f"{plan}: committed, {count:,} changes. Undo it with `rollbook plans undo {plan}`.")


@plans.command()
@PLAN
@click.option(
    "--approve", type=int, required=True, help="The number of changes of the plan, as you read it."
)
@click.option("--digest", help="Approve only the plan that was reviewed: the digest it showed.")
def endorse(plan: UUID, approve: int, digest: str | None) -> None:
    """Approve a plan as the first of two people; another commits it."""
    who = operator()
    from rollbook.changes.actions import endorse_plan  # after Django has started
    from rollbook.changes.queries import get_plan
    from rollbook.roster.actions.commit import endorse_intake

    more = {
        "digest": digest or get_plan(who.scope, plan).digest,
        "approved_count": approve,
        "by": who.by,
        "now": who.now,
    }
    if intake := _intake_of(who, plan):
        endorse_intake(who.scope, intake, **more)
    else:
        endorse_plan(plan, scope=who.scope, **more)
    click.echo(f"{plan}: approved by the first of two. Nothing has changed yet.")


@plans.command()
@PLAN
def discard(plan: UUID) -> None:
    """Put a plan away; nothing changes."""
    who = operator()
    from rollbook.changes.actions import discard_plan  # after Django has started
    from rollbook.changes.queries import get_plan
    from rollbook.roster.actions.commit import discard_intake

    get_plan(who.scope, plan)
    _refuse_group_file(who, plan, "discard")
    if intake := _intake_of(who, plan):
        discard_intake(who.scope, intake, by=who.by, now=who.now)
    else:
        discard_plan(plan, by=who.by, now=who.now)
    click.echo(f"{plan}: discarded. Nothing has changed.")


@plans.command()
@PLAN
def undo(plan: UUID) -> None:
    """Take a committed plan back, except where later changes touched the same cells."""
    who = operator()
    from rollbook.changes.queries import get_plan  # after Django has started

    _refuse_group_file(who, plan, "undo")
    receipt = _undone(who, plan, get_plan(who.scope, plan).kind)
    click.echo(f"{plan}: undone by plan {receipt.plan_uuid}.")
    if receipt.conflict_count:
        click.echo(f"{receipt.conflict_count:,} cells were changed later and stay as they are.")


@plans.command()
@PLAN
def again(plan: UUID) -> None:
    """Check the roster of a plan once more: the records have changed since it was made."""
    who = operator()
    from rollbook.changes.queries import NoSuchPlan, get_plan  # after Django has started
    from rollbook.roster.actions.preflight import preflight_again

    get_plan(who.scope, plan)
    intake = _intake_of(who, plan)
    if intake is None:
        raise NoSuchPlan
    found = preflight_again(who.scope, intake, by=who.by, now=who.now)
    if found.plan is None:
        click.echo(f"{found.uuid}: {found.status}. There is nothing to commit.")
    else:
        click.echo(f"{found.uuid}: {found.status}, plan {found.plan.uuid} ({found.plan.status}).")


def _undone(who: Operator, plan: UUID, kind: str) -> CommitReceipt:
    """Undo a plan by the action of what wrote it: groups, or edits that syncs leave alone."""
    from rollbook.changes.actions import undo_plan  # after Django has started
    from rollbook.people.actions import undo_edit
    from rollbook.roster.actions.commit import undo_intake

    if kind == "edit":
        return undo_edit(who.scope, plan, by=who.by, now=who.now)
    if intake := _intake_of(who, plan):
        return undo_intake(who.scope, intake, by=who.by, now=who.now)
    return undo_plan(plan, scope=who.scope, by=who.by, now=who.now)


def _intake_of(who: Operator, plan: UUID) -> UUID | None:
    """Return the roster that a plan came from: groups follow what is decided about a roster."""
    from rollbook.roster.queries.intakes import intakes_in  # after Django has started

    intake = intakes_in(who.scope).filter(plan__uuid=plan).first()
    return intake.uuid if intake else None


def _refuse_group_file(who: Operator, plan: UUID, action: str) -> None:
    """Send whoever decides on a group file's plan to where its groups' history is written too."""
    from rollbook.groups.queries.imports import imports_in  # after Django has started

    found = imports_in(who.scope).filter(plan__uuid=plan).first()
    if found is not None:
        raise click.ClickException(
            f"This plan is of a group file: `rollbook groups {action} {found.number}`."
        )
