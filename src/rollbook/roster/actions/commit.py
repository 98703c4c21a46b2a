"""Commit the plan of a roster, and undo it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import CASCADE, Model

from rollbook.changes import actions as changes
from rollbook.changes.models import ChangePlan
from rollbook.changes.store import read_plan_file
from rollbook.changes.tables import read_rows
from rollbook.changes.types import CommitReceipt, PlanStatus
from rollbook.groups.actions import withdraw_class_groups
from rollbook.orgs.actions import clear_links, rebuild_links
from rollbook.orgs.models import Organization
from rollbook.people.layouts import STAFF, STUDENTS
from rollbook.people.models import Student
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.intakes import get_intake
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class RosterChanged(events.Event):
    """Say that the roster of one source was committed or undone."""

    source: str


class MayNotCommitRoster(PermissionError):
    """Say that this person may not approve changes to this district's roster."""


class NothingToCommit(ValueError):
    """Say that this intake has no plan: it was refused, or it changes nothing."""


def commit_intake(
    scope: Scope,
    intake_uuid: UUID,
    *,
    digest: str,
    approved_count: int | None = None,
    only_additions_and_updates: bool = False,
    by: Actor,
    now: datetime,
) -> CommitReceipt:
    """Carry out the plan of an intake, whole, and tell the rest of the house.

    Plans of what the same source brought before are put away: nobody could commit them any more.
    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.commit_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    with transaction.atomic():
        receipt = changes.commit_plan(
            intake.plan.uuid,
            digest=digest,
            approved_count=approved_count,
            only_additions_and_updates=only_additions_and_updates,
            by=by,
            now=now,
        )
        rebuild_links()
        _place(intake)
    _put_earlier_away(intake, by=by, now=now)
    events.announce(RosterChanged(source=intake.source))
    return receipt


def endorse_intake(
    scope: Scope,
    intake_uuid: UUID,
    *,
    digest: str,
    approved_count: int | None,
    by: Actor,
    now: datetime,
) -> None:
    """Approve the plan of an intake as the first of two people; the second commits it.

    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.endorse_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    changes.endorse_plan(
        intake.plan.uuid, digest=digest, approved_count=approved_count, by=by, now=now
    )


def undo_intake(scope: Scope, intake_uuid: UUID, *, by: Actor, now: datetime) -> CommitReceipt:
    """Take a committed roster back, except where later changes touched the same cells.

    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.undo_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    with transaction.atomic():
        _let_go(intake.plan, by=by, now=now)
        gone = _gone_elsewhere(scope, intake.plan)
        receipt = changes.undo_plan(intake.plan.uuid, leaving=gone, by=by, now=now)
        rebuild_links()
    events.announce(RosterChanged(source=intake.source))
    return receipt


def _put_earlier_away(intake: Intake, *, by: Actor, now: datetime) -> None:
    """Discard what the source of an intake brought before it, and nobody decided on."""
    if intake.saved_source_id is None:
        return
    earlier = Intake.objects.filter(
        saved_source=intake.saved_source_id,
        pk__lt=intake.pk,
        plan__status__in=[PlanStatus.PROPOSED, PlanStatus.HELD],
    )
    # Each by itself and after the commit: whoever decides on one of them now holds it locked.
    for plan in earlier.order_by("pk").values_list("plan__uuid", flat=True):
        with contextlib.suppress(changes.PlanIsFinished):
            changes.discard_plan(plan, by=by, now=now)


def _place(intake: Intake) -> None:
    """Say which district an intake is of, once the district is there."""
    if intake.organization_id is None and intake.plan and intake.plan.organization_id:
        Intake.objects.filter(pk=intake.pk).update(organization_id=intake.plan.organization_id)


def _let_go(plan: ChangePlan, *, by: Actor, now: datetime) -> None:
    """Take away what follows from the records that an undo deletes: groups, links, places."""
    added = {
        change.table.name: change.frame.filter(change.frame["action"] == "add")["id"].to_list()
        for change in read_plan_file(plan).changes
    }
    withdraw_class_groups(
        class_ids=added.get("classes", []), student_ids=added.get("students", []), by=by, now=now
    )
    _let_go_what_cascades(Student, added.get("students", []))
    if added.get("organizations"):
        clear_links()
        _let_go_what_cascades(Organization, added["organizations"])
        Intake.objects.filter(organization_id__in=added["organizations"]).update(organization=None)


def _let_go_what_cascades(model: type[Model], ids: Sequence[int]) -> None:
    """Delete what Django would delete with some records: a plan deletes them set by set.

    Shape: the tables say themselves what lives no longer than its record, also those of domains
           above this one, such as a student's place in a block of an extract.
    """
    for relation in model._meta.related_objects:
        if relation.on_delete is CASCADE:
            held = relation.related_model._default_manager
            for start in range(0, len(ids), _BATCH):
                some = ids[start : start + _BATCH]
                held.filter(**{f"{relation.field.name}__in": some}).delete()


def _gone_elsewhere(scope: Scope, plan: ChangePlan) -> dict[str, list[int]]:
    """Return the people of a plan who belong to districts by now for which this one may not decide.

    Shape: ids by the name of their table.
    """
    reach = scope.over(Permission.ROSTER_APPROVE)
    found: dict[str, list[int]] = {}
    for change in read_plan_file(plan).changes:
        if change.table in (STUDENTS, STAFF) and not reach.everything:
            rows = read_rows(change.table, change.frame["id"].to_list())
            left = ~rows["district_id"].is_in(list(reach.organization_ids))
            found[change.table.name] = rows.filter(left)["id"].to_list()
    return found


def discard_intake(scope: Scope, intake_uuid: UUID, *, by: Actor, now: datetime) -> None:
    """Put the plan of an intake away; nothing changes.

    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.discard_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    changes.discard_plan(intake.plan.uuid, by=by, now=now)


def _intake_to_decide(scope: Scope, intake_uuid: UUID) -> Intake:
    intake = get_intake(scope, intake_uuid)
    reach = scope.over(Permission.ROSTER_APPROVE)
    district = intake.organization_id
    allowed = reach.everything if district is None else reach.includes(district)
    if not allowed:
        raise MayNotCommitRoster
    if intake.plan is None:
        raise NothingToCommit
    return intake
