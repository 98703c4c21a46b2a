"""What a source's policy makes of a plan: it goes on, waits, loses its archives, or is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollbook.changes.types import HoldReason, TableChanges
from rollbook.roster.plan.draft import CurrentRoster, RosterPlan
from rollbook.roster.rules.holds import hold_reasons, needs_second_person
from rollbook.roster.rules.policy import IntakePolicy, verdict_of_policy, without_archives
from rollbook.roster.types import BundleResult, RosterFrames
from rollbook.shared.findings import Finding, FindingReport


@dataclass(frozen=True)
class Judgement:
    """Say what may be proposed of a plan, and how.

    Shape: with `blocks` nothing; `changes` may be empty where only archives were planned.
    """

    blocks: bool
    changes: tuple[TableChanges, ...]
    holds: tuple[HoldReason, ...]
    needs_second_person: bool
    findings: tuple[Finding, ...]


def judge_plan(
    plan: RosterPlan,
    policy: IntakePolicy,
    result: BundleResult,
    *,
    current: CurrentRoster,
    incoming: RosterFrames,
    kept: Mapping[str, frozenset[str]],
    students_by_school: Mapping[int, int],
) -> Judgement:
    """Decide what becomes of a plan.

    Shape:  `incoming` and `kept` are those that `plan_roster` was given; `findings` are to stand
            in the report after those of the plan.
    Source: reference, rostering 6.3, items 2 and 5.
    """
    verdict = verdict_of_policy(policy, _report(result, plan), result.counts, result.excluded)
    if verdict.blocks:
        return Judgement(True, (), (), False, verdict.findings)
    changes, findings = plan.changes, verdict.findings
    if policy.is_additive:
        changes, not_archived = without_archives(changes)
        findings += not_archived
    by_table = {change.table.name: change for change in changes}
    students, places = current.frames["students"], current.frames["organizations"]
    reasons = hold_reasons(
        by_table,
        students_by_school=students_by_school,
        school_names=dict(places.select("id", "name").iter_rows()),
        modes=incoming.modes,
        is_first_load=students.filter(students["source"] == current.source).is_empty(),
        thresholds=policy.thresholds,
        current=current.frames,
        source=current.source,
        incoming=incoming,
        kept=kept,
        second_person_from=policy.second_person_from,
    )
    return Judgement(
        blocks=False,
        changes=changes,
        holds=(*reasons, *verdict.holds),
        needs_second_person=needs_second_person(policy, by_table),
        findings=findings,
    )


def _report(result: BundleResult, plan: RosterPlan) -> FindingReport:
    """Return all that was found, by the checks and while planning."""
    report = FindingReport()
    report.merge(result.report)
    report.extend(plan.findings)
    return report
