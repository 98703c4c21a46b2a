"""Work out, and propose, what a checked roster would change."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import polars as pl
from django.utils import timezone

from rollbook.changes.actions import propose_plan, reserve_ids
from rollbook.changes.models import ChangePlan
from rollbook.changes.state import versions_of
from rollbook.people.actions import note_upstream
from rollbook.people.queries.edits import local_edits
from rollbook.people.queries.roster import (
    enrollments_elsewhere,
    roster_frames,
    student_aliases,
    students_by_school,
)
from rollbook.roster.actions.naming import home_of
from rollbook.roster.actions.receiving import MayNotSendRoster
from rollbook.roster.actions.transfers import note_questions, note_requests
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.plan.bounds import place_of_all, reaches_beyond
from rollbook.roster.plan.draft import CurrentRoster, RosterPlan, live
from rollbook.roster.plan.judgement import judge_plan
from rollbook.roster.plan.roster import plan_roster
from rollbook.roster.queries.identity import released_to, school_answers
from rollbook.roster.rules.policy import IntakePolicy, policy_from
from rollbook.roster.rules.reading import Reading
from rollbook.roster.types import BundleResult, RosterFrames, merged_names
from rollbook.shared.actor import Actor
from rollbook.shared.findings import Finding, Verdict
from rollbook.shared.scope import Permission, Scope

_FRAMES: Final = {"academicSessions": "sessions"}


@dataclass(frozen=True, slots=True)
class Proposed:
    """Hold what became of planning: a plan, or none because nothing would change.

    Shape: `is_unchanged` when everything is as the roster says already; with neither, errors left
           nothing to plan with. `findings` are those of matching people and places.
    """

    plan: ChangePlan | None
    is_unchanged: bool
    organization_id: int | None
    findings: tuple[Finding, ...]


def propose_roster(
    scope: Scope,
    intake: Intake,
    result: BundleResult,
    frames: RosterFrames,
    *,
    reading: Reading,
    by: Actor,
    now: datetime,
) -> Proposed:
    """Plan what a checked roster would change, and propose it, held where a limit is passed.

    Raises: MayNotSendRoster where it reaches beyond what the sender may send.
    """
    areas = versions_of([f"roster:{intake.source}"])
    policy = _policy_of(intake, reading.policy)
    current = CurrentRoster(
        source=intake.source,
        frames=roster_frames(scope, source=intake.source),
        edits=local_edits(scope),
        may_take_from=_may_take_from(scope),
        home_id=home_of(scope, intake),
        aliases=student_aliases(scope),
        elsewhere=enrollments_elsewhere(scope, source=intake.source),
        answers=school_answers(scope),
        second_school=policy.second_school,
        released=released_to(scope),
    )
    plan = plan_roster(
        current,
        frames,
        kept=_kept(result),
        starting=timezone.localdate(now),
        reserve_ids=lambda table, count: reserve_ids(table, count, by=by, now=now),
        new_uuids=_new_uuids,
        uncertain=_uncertain(result),
        named=merged_names([exclusion.names for exclusion in result.excluded.values()]),
    )
    _require_right(scope, plan, current)
    note_requests(intake, plan.asks, by=by, now=now)
    note_questions(intake, plan.questions, by=by, now=now)
    judged = judge_plan(
        plan,
        policy,
        result,
        current=current,
        incoming=frames,
        kept=_kept(result),
        students_by_school=_sizes(scope, current),
    )
    findings = (*plan.findings, *judged.findings)
    if judged.blocks:
        return Proposed(None, False, None, findings)
    note_upstream(plan.upstream, by=by, now=now)
    if not judged.changes:
        is_unchanged = not _is_nothing_left(result, frames)
        home = place_of_all(plan, current) if is_unchanged else None
        return Proposed(None, is_unchanged, home, findings)
    # Of several districts none may decide, or read, alone what is planned for the others.
    home = place_of_all(plan, current)
    is_there = home in set(current.frames["organizations"]["id"])
    proposed = propose_plan(
        title=f"Roster: {intake.file_name}",
        kind="roster",
        changes=judged.changes,
        areas=areas,
        organization_id=home,
        holds=judged.holds,
        needs_second_person=judged.needs_second_person,
        by=by,
        now=now,
    )
    return Proposed(proposed, False, home if is_there else None, findings)


def _policy_of(intake: Intake, policy: IntakePolicy) -> IntakePolicy:
    """Ask for two people where a saved source of this roster does: sending it by hand asks too."""
    saved = Source.objects.exclude(key="").filter(key=intake.source, is_archived=False)
    asked = [policy_from(source.policy).second_person_from for source in saved]
    least = [number for number in (policy.second_person_from, *asked) if number is not None]
    return replace(policy, second_person_from=min(least, default=None))


def _sizes(scope: Scope, current: CurrentRoster) -> dict[int, int]:
    """Return how many students are enrolled today at each school of the source."""
    schools = set(current.frames["school enrollments"]["school_id"].to_list())
    sizes = students_by_school(scope)
    return {school: size for school, size in sizes.items() if school in schools}


def _is_nothing_left(result: BundleResult, frames: RosterFrames) -> bool:
    """Tell whether errors leave out every place, role, class and enrollment that came."""
    left = (frames.orgs, frames.roles, frames.classes, frames.enrollments)
    is_empty = all(live(frame).is_empty() for frame in left)
    return is_empty and result.report.verdict is Verdict.ERROR


def _require_right(scope: Scope, plan: RosterPlan, current: CurrentRoster) -> None:
    """Refuse a roster that reaches beyond the districts for which the sender may send one."""
    reach = scope.over(Permission.ROSTER_WRITE)
    if reach.everything:
        return
    # Who sends for two districts but not for what holds both could never look at such a plan.
    home = place_of_all(plan, current)
    within = home is not None and all(reach.includes(d) for d in (home, *plan.district_ids))
    if not within or reaches_beyond(plan, current, reach.organization_ids):
        raise MayNotSendRoster


def _may_take_from(scope: Scope) -> frozenset[int] | None:
    reach = scope.over(Permission.ROSTER_WRITE)
    return None if reach.everything else reach.organization_ids


def _uncertain(result: BundleResult) -> frozenset[str]:
    """Return the frames with rows that nobody could read, so that nobody knows who they are."""
    return frozenset(
        _FRAMES.get(file, file)
        for file, exclusion in result.excluded.items()
        if exclusion.frame["sourced_id"].null_count()
    )


def _kept(result: BundleResult) -> dict[str, frozenset[str]]:
    """Return the sourcedIds that came but were left out, by frame."""
    return {
        _FRAMES.get(file, file): frozenset(exclusion.frame["sourced_id"].drop_nulls().to_list())
        for file, exclusion in result.excluded.items()
    }


def _new_uuids(count: int) -> Sequence[str]:
    """Draw random uuids of version 4, by the million: 120 random bits each."""
    digits = os.urandom(16 * count).hex()
    drawn = pl.Series([digits[at : at + 32] for at in range(0, len(digits), 32)], dtype=pl.String)
    parts = r"^(.{8})(.{4}).(.{3}).(.{3})(.{12})$"
    return drawn.str.replace(parts, "$1-$2-4$3-8$4-$5").to_list()
