"""Take a roster file in: keep it, check it, plan it."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.changes.actions import propose_plan, reserve_ids
from rollbook.changes.state import is_current, versions_of
from rollbook.changes.types import HoldReason, PlanStatus
from rollbook.files.digests import sha256_of
from rollbook.files.kept_findings import keep_findings
from rollbook.orgs.queries import school_names
from rollbook.people.queries.roster import (
    known_sourced_ids,
    roster_frames,
    source_of_organizations,
    students_by_school,
)
from rollbook.roster.checks.cell_checks import REPEATED_ROW
from rollbook.roster.checks.run import check_bundle
from rollbook.roster.models.intakes import Intake
from rollbook.roster.plan.draft import CurrentRoster, RosterPlan, live
from rollbook.roster.plan.roster import plan_roster
from rollbook.roster.queries.intakes import intakes_in
from rollbook.roster.rules.holds import hold_reasons
from rollbook.roster.sources.oneroster_csv import read_bundle
from rollbook.roster.types import (
    BundleResult,
    IntakeStatus,
    Mode,
    OneRosterBundle,
    Profile,
    RosterWaits,
)
from rollbook.shared.actor import Actor
from rollbook.shared.events import announce
from rollbook.shared.findings import Finding, Verdict
from rollbook.shared.scope import Permission, Scope

# The share of records of one kind that may be left out before a person must look
# (reference, rostering 6.3).
LARGEST_EXCLUDED_SHARE = 0.02


class MayNotSendRoster(PermissionError):
    """Say that this person may not send rosters for this district."""


def preflight_intake(
    scope: Scope,
    path: Path,
    *,
    file_name: str,
    profile: Profile,
    encoding: str = "utf-8",
    by: Actor,
    now: datetime,
) -> Intake:
    """Keep a roster file, check it, and propose a plan of what it would change.

    Shape:  an Intake whose status is `refused` (nothing can be planned), `unchanged` (the plan
            would be empty) or `planned`; sending the same bytes again, to be read in the same
            way, while their plan still waits returns the same intake. `encoding` is what the
            sender declares; a byte order mark goes before it.
    Raises: MayNotSendRoster.
    """
    if not scope.may(Permission.ROSTER_WRITE):
        raise MayNotSendRoster
    digest = sha256_of(path)
    if (waiting := _waiting_intake(scope, digest, profile, encoding)) is not None:
        return waiting
    bundle = read_bundle(
        path, allow_field_line_breaks=profile is Profile.LENIENT, encoding=encoding
    )
    source = source_of(scope, bundle)
    result = check_bundle(bundle, profile=profile, known=_known_ids(scope, source, bundle))
    intake = Intake(
        source=source,
        file_name=Path(file_name).name[:200],
        sha256=digest,
        byte_count=path.stat().st_size,
        profile=profile.value,
        status=IntakeStatus.REFUSED.value,
        received_by=by.label,
        received_at=now,
    )
    _keep_file(path, digest)
    findings: list[Finding] = []
    if result.frames is not None and not result.report.is_fatal:
        findings = _plan(scope, intake, result, by=by, now=now)
    result.report.extend(findings)
    _finish(intake, result, encoding, by=by, now=now)
    if intake.plan is not None and intake.plan.status == PlanStatus.HELD.value:
        announce(
            RosterWaits(
                intake_uuid=intake.uuid,
                organization_id=intake.plan.organization_id,
                file_name=intake.file_name,
                reason_count=len(intake.plan.hold_reasons),
            )
        )
    return intake


def source_of(scope: Scope, bundle: OneRosterBundle) -> str:
    """Name the source of a bundle, so that the next bundle is known to be its successor.

    Shape: the source that brought the organizations this bundle speaks of, if there is one; else a
           name made from its district.
    """
    orgs = _column(bundle, "orgs", "sourcedId")
    speaks_of = orgs + [
        key
        for file, column in _PLACE_COLUMNS
        for cell in _column(bundle, file, column)
        for key in cell.split(",")
    ]
    if (known := source_of_organizations(scope, set(speaks_of))) is not None:
        return known
    types = _column(bundle, "orgs", "type")
    for kinds in (("district", "local"), ("state",), ("school",)):
        found = [key for key, kind in zip(orgs, types, strict=False) if kind in kinds]
        if found:
            return _short(f"oneroster:{found[0]}")
    return "oneroster"


# Where a bundle without orgs.csv names its schools.
_PLACE_COLUMNS = (
    ("users", "orgSourcedIds"),
    ("roles", "orgSourcedId"),
    ("classes", "schoolSourcedId"),
    ("enrollments", "schoolSourcedId"),
)


def _short(name: str) -> str:
    return (
        name if len(name) <= 40 else "oneroster:" + hashlib.sha256(name.encode()).hexdigest()[:30]
    )


def _column(bundle: OneRosterBundle, file: str, column: str) -> list[str]:
    """Return the distinct cells of one column, in order; none when the file did not come."""
    if file not in bundle.tables:
        return []
    frame = bundle.tables[file].frame
    return frame[column].drop_nulls().to_list() if column in frame.columns else []


def _known_ids(scope: Scope, source: str, bundle: OneRosterBundle) -> dict[str, pl.Series]:
    """Return the ids that references of a delta, or to a file that did not come, may name."""
    whole = all(mode is Mode.BULK for mode in bundle.modes.values() if mode is not Mode.ABSENT)
    if whole and {"orgs", "users", "classes"} <= set(bundle.tables):
        return {}
    return known_sourced_ids(scope, source=source)


def _waiting_intake(scope: Scope, digest: str, profile: Profile, encoding: str) -> Intake | None:
    """Find the intake of the same bytes whose plan still waits, if this reader may see it."""
    found = (
        intakes_in(scope)
        .filter(
            sha256=digest,
            profile=profile.value,
            counts__encoding=encoding,
            plan__status__in=[PlanStatus.PROPOSED, PlanStatus.HELD],
        )
        .first()
    )
    if found is None or found.plan is None:
        return None
    return found if is_current(found.plan) else None


def _plan(
    scope: Scope, intake: Intake, result: BundleResult, *, by: Actor, now: datetime
) -> list[Finding]:
    frames = result.frames
    assert frames is not None
    areas = versions_of([f"roster:{intake.source}"])
    current = CurrentRoster(
        source=intake.source,
        frames=roster_frames(scope, source=intake.source),
        may_take_from=_may_take_from(scope),
    )
    plan = plan_roster(
        current,
        frames,
        kept=_kept(result),
        starting=timezone.localdate(now),
        reserve_ids=lambda table, count: reserve_ids(table, count, by=by, now=now),
        new_uuids=_new_uuids,
        uncertain=_uncertain(result),
    )
    _require_right(scope, plan)
    if not plan.changes:
        if _is_nothing_left(result):
            return list(plan.findings)
        intake.status = IntakeStatus.UNCHANGED.value
        intake.organization_id = plan.district_ids[0] if plan.district_ids else None
        return list(plan.findings)
    known = current.frames["organizations"]["id"].to_list()
    district = next((i for i in plan.district_ids if i in known), None)
    intake.organization_id = district
    intake.plan = propose_plan(
        title=f"Roster: {intake.file_name}",
        kind="roster",
        changes=plan.changes,
        areas=areas,
        organization_id=district or next(iter(plan.district_ids), None),
        holds=_holds(scope, current, plan, result),
        by=by,
        now=now,
    )
    intake.status = IntakeStatus.PLANNED.value
    return list(plan.findings)


def _is_nothing_left(result: BundleResult) -> bool:
    """Tell whether errors leave out every place, role, class and enrollment that came."""
    frames = result.frames
    assert frames is not None
    left = (frames.orgs, frames.roles, frames.classes, frames.enrollments)
    is_empty = all(live(frame).is_empty() for frame in left)
    return is_empty and result.report.verdict is Verdict.ERROR


def _require_right(scope: Scope, plan: RosterPlan) -> None:
    """Refuse a roster that reaches beyond the districts for which the sender may send one."""
    reach = scope.over(Permission.ROSTER_WRITE)
    if reach.everything:
        return
    within = bool(plan.district_ids) and all(reach.includes(d) for d in plan.district_ids)
    if not within or not _organizations_touched(plan) <= reach.organization_ids:
        raise MayNotSendRoster


def _organizations_touched(plan: RosterPlan) -> set[int]:
    """Return the organizations there are that a plan edits, or under which it puts new ones."""
    changes = plan.by_table.get("organizations")
    if changes is None:
        return set()
    added = changes.frame.filter(pl.col("action") == "add")
    edited = changes.frame.filter(pl.col("action") != "add")["id"]
    parents = added["after.parent_id"].drop_nulls().to_list() if added.height else []
    return {*edited, *parents} - set(added["id"])


def _may_take_from(scope: Scope) -> frozenset[int] | None:
    reach = scope.over(Permission.ROSTER_WRITE)
    return None if reach.everything else reach.organization_ids


def _uncertain(result: BundleResult) -> frozenset[str]:
    """Return the frames with rows that nobody could read, so that nobody knows who they are."""
    frames = {"academicSessions": "sessions"}
    return frozenset(
        frames.get(file, file)
        for file, exclusion in result.excluded.items()
        if exclusion.frame["sourced_id"].null_count()
    )


def _kept(result: BundleResult) -> dict[str, frozenset[str]]:
    """Return the sourcedIds that came but were left out, by frame."""
    frames = {"academicSessions": "sessions"}
    return {
        frames.get(file, file): frozenset(exclusion.frame["sourced_id"].drop_nulls().to_list())
        for file, exclusion in result.excluded.items()
    }


def _new_uuids(count: int) -> Sequence[str]:
    raw = os.urandom(16 * count)
    return [str(uuid.UUID(bytes=raw[16 * i : 16 * i + 16], version=4)) for i in range(count)]


def _holds(
    scope: Scope, current: CurrentRoster, plan: RosterPlan, result: BundleResult
) -> list[HoldReason]:
    frames = result.frames
    assert frames is not None
    sizes = students_by_school(scope)
    source_schools = set(current.frames["school enrollments"]["school_id"].to_list())
    holds = hold_reasons(
        plan.by_table,
        students_by_school={
            school: size for school, size in sizes.items() if school in source_schools
        },
        school_names=school_names(scope, sizes.keys()),
        modes=frames.modes,
        is_first_load=current.frames["students"]
        .filter(current.frames["students"]["source"] == current.source)
        .is_empty(),
    )
    return holds + _exclusion_holds(result)


def _exclusion_holds(result: BundleResult) -> list[HoldReason]:
    holds: list[HoldReason] = []
    for file, exclusion in sorted(result.excluded.items()):
        counted = result.counts.by_file.get(f"{file}.csv")
        # A true copy of a row says nothing new: nobody is left out with it.
        lost = exclusion.frame.filter(pl.col("cause") != REPEATED_ROW.code)
        count = lost.height
        # A row that could not be read is not among those that are counted.
        rows = (counted.rows if counted else 0) + lost["sourced_id"].null_count()
        if rows and count > LARGEST_EXCLUDED_SHARE * rows:
            holds.append(
                HoldReason(
                    code="many-left-out",
                    says=(
                        f"{count:,} of {rows:,} rows of {file}.csv are left out because of errors "
                        "(limit 2 %)."
                    ),
                    count=count,
                    of=rows,
                )
            )
    return holds


def _keep_file(path: Path, digest: str) -> None:
    kept = settings.FILES_ROOT / "intakes" / f"{digest}.zip"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}.part")
        shutil.copyfile(path, draft)
        draft.replace(kept)


def findings_path(intake: Intake) -> Path:
    """Return where the findings of an intake are kept, as JSON lines."""
    return Path(settings.FILES_ROOT) / "intakes" / f"{intake.uuid}.findings.jsonl"


def _finish(
    intake: Intake, result: BundleResult, encoding: str, *, by: Actor, now: datetime
) -> None:
    report = result.report
    intake.verdict = report.verdict.value
    intake.finished_at = now
    intake.counts = {
        "encoding": encoding,
        "by_code": report.counts,
        "by_file": {name: asdict(count) for name, count in result.counts.by_file.items()},
        "records": dict(result.counts.records),
        "excluded": {file: exclusion.frame.height for file, exclusion in result.excluded.items()},
    }
    keep_findings(findings_path(intake), report)
    with transaction.atomic():
        intake.save()
        record(
            action="preflight_intake",
            subject_kind="intake",
            subject_uuid=str(intake.uuid),
            organization_id=intake.organization_id,
            detail={"status": intake.status, "verdict": intake.verdict, "sha256": intake.sha256},
            by=by,
            now=now,
        )
