"""Judge a group file that came in: the state's words, our own findings, and a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import polars as pl

from rollbook.changes.actions import reserve_ids
from rollbook.changes.state import versions_of
from rollbook.changes.types import PlanTable
from rollbook.groups.checks.catalogue import (
    GROUP_FOLLOWS_ROSTER,
    GROUP_LOSES_STUDENTS,
    SSID_UNKNOWN,
)
from rollbook.groups.checks.reading import read_group_file
from rollbook.groups.checks.state import state_answer, state_verdict
from rollbook.groups.checks.statuses import failed_status
from rollbook.groups.models import GroupImport
from rollbook.groups.plan.file import GroupPlan, TakeIds, plan_group_file
from rollbook.groups.plan.keys import KEY
from rollbook.groups.plan.tainting import without_groups
from rollbook.groups.queries.imports import as_text, payload_path, rows_left_out
from rollbook.groups.queries.world import current_groups, schools_to_write, world_of
from rollbook.groups.types import GroupFileReading, ImportStatus
from rollbook.shared.actor import Actor
from rollbook.shared.findings import KEPT_PER_KIND, Finding, Severity
from rollbook.shared.scope import Scope

MOST_TOLD: Final = 100  # messages kept with an import, as the state's service keeps them


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold what a check made of a group file.

    Shape: `status` is ACCEPTED when `plan` may go on. `areas` are the versions that the plan was
           made from; `organization_id` the one district whose schools the file names. `reading`
           parts the rows into those that go in and those that stay out.
    """

    status: ImportStatus
    message: str
    reading: GroupFileReading
    plan: GroupPlan
    areas: Mapping[str, int]
    organization_id: int | None


def judge_import(found: GroupImport, *, scope: Scope, by: Actor, now: datetime) -> Judged:
    """Read the kept bytes of a group file and work out what they would change.

    Shape: of a strict file the state's verdict decides; rows that it takes and nobody here could
           use (an address that is none, say) are left out one by one, with a finding. Any other
           file is refused for such a row; of one that takes part, groups with a wrong row stay out.
    """
    path, world = payload_path(found), world_of(scope)
    verdict = state_verdict(path, world) if found.is_strict else None
    reading = read_group_file(path, name=found.file_name or "groups.csv", world=world)
    is_refused = verdict is not None and not verdict.accepted
    takes_part = found.takes_part and not is_refused
    reading = _parted(reading) if takes_part else reading
    areas, home = _areas(scope, reading)
    leaves_out = takes_part or (verdict is not None and verdict.accepted)
    goes_on = leaves_out or (reading.is_accepted and not is_refused)
    plan = plan_group_file(
        reading.rows,
        current_groups(scope, reading.rows),
        take_ids=_reserving(by=by, now=now) if goes_on else _nothing_taken,
    )
    reading = _with_findings(reading, plan, found.file_name or "groups.csv", leaves_out=leaves_out)
    if verdict is not None and is_refused:
        status, message = failed_status(verdict), state_answer(verdict)
    elif reading.is_accepted or (leaves_out and plan.differences):
        status, message = ImportStatus.ACCEPTED, ""
    else:
        status, message = failed_status(reading), _told(reading)
    return Judged(status, message, reading, plan, areas, home)


def _parted(reading: GroupFileReading) -> GroupFileReading:
    kept, out = rows_left_out(reading)
    return replace(reading, rows=kept, faulty=out)


def _areas(scope: Scope, reading: GroupFileReading) -> tuple[dict[str, int], int | None]:
    """Return what a plan of these rows stands on, and the one district that the file is of.

    Shape: whose people may see all of the file's cells: rows at fault count as well, and a school
           that nobody knows may be anywhere the sender reaches.
    """
    schools = schools_to_write(scope)
    named = _schools_in(reading.rows)
    every = pl.concat([named, _schools_in(reading.faulty)]).unique()
    met = schools.join(named, on="school_natural_id", how="semi")
    areas = versions_of([f"groups:{district}" for district in sorted(met["district_id"].unique())])
    known = schools.join(every, on="school_natural_id", how="semi")
    whole = known if known.height == every.height else schools
    districts = whole["district_id"].unique().to_list()
    return areas, districts[0] if len(districts) == 1 and known.height else None


def _schools_in(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("school_natural_id").unique()


def _reserving(*, by: Actor, now: datetime) -> TakeIds:
    def take(table: PlanTable, count: int) -> int:
        return reserve_ids(table, count, by=by, now=now)

    return take


def _nothing_taken(table: PlanTable, count: int) -> int:
    """Return numbers that no record has, for what will never be written."""
    return -count


def _with_findings(
    reading: GroupFileReading, plan: GroupPlan, file: str, *, leaves_out: bool
) -> GroupFileReading:
    """Add what a file met here: groups of the roster, students who are nobody, groups emptied."""
    found = [
        *_following(plan, file),
        *(
            SSID_UNKNOWN.finding(file=file, line=line, column="student_ssid", value=ssid)
            for line, ssid in plan.unknown.head(KEPT_PER_KIND).iter_rows()
        ),
        *(
            GROUP_LOSES_STUDENTS.finding(
                file=file, line=line, column="group_name", value=name, count=count, weight=count
            )
            for line, name, count in plan.emptied.head(KEPT_PER_KIND).iter_rows()
        ),
    ]
    extra = plan.unknown.height + plan.emptied.height + plan.following.height
    order = {severity: place for place, severity in enumerate(Severity)}
    findings = sorted((*reading.findings, *found), key=lambda each: order[each.severity])
    unknown = plan.unknown["student_ssid"].n_unique()
    reading = replace(
        reading,
        findings=tuple(findings),
        finding_count=reading.finding_count + extra,
        repairs={**reading.repairs, **({"unknown_ssids": unknown} if unknown else {})},
    )
    return _without_following(reading, plan) if leaves_out else reading


def _following(plan: GroupPlan, file: str) -> Iterator[Finding]:
    for line, name in plan.following.select("line", "name").iter_rows():
        yield GROUP_FOLLOWS_ROSTER.finding(file=file, line=line, column="group_name", value=name)


def _without_following(reading: GroupFileReading, plan: GroupPlan) -> GroupFileReading:
    """Take the rows of groups that follow the roster out of those that go in."""
    kept, out = without_groups(reading.rows, plan.following.select(KEY))
    return replace(
        reading, rows=kept, faulty=pl.concat([reading.faulty, as_text(out)]).sort("line")
    )


def _told(reading: GroupFileReading) -> str:
    """Write what refuses a file as sentences, one in a line."""
    wrong = [
        finding
        for finding in reading.findings
        if finding.severity in (Severity.FATAL, Severity.ERROR)
    ]
    told = [str(finding.as_dict()["says"]) for finding in wrong[:MOST_TOLD]]
    more = len(wrong) - len(told)
    return "\n".join([*told, f"And {more} more."] if more else told)
